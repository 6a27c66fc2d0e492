#!/usr/bin/env bash
# coordination-network-toolkit 1.5.2, co-retweet network of three accounts.
#
# "Both reposted the same thing within the window" holds for both accounts or for neither, so one number
# is expected for a pair. The weight of (A, B) counts the messages of A that have a partner in B: three
# reposts by A beside one by B give 3 one way and 1 the other. The minimum weight is then applied to each
# direction by itself, so a pair can be left with one of its two edges. Each account also gets an edge to
# itself, whose weight counts the messages with themselves as partner. Take the smaller of the two
# directions, or count pairs, before the network is treated as undirected; the window holds both ends.
#
# Seen (A at 100, 101 and 102, C at 113, window 10):
#   B at 112, minimum 1: A-A 3, A-B 1, B-A 1, B-B 1, B-C 1, C-B 1, C-C 1
#   B at 103, minimum 1: A-A 3, A-B 3, B-A 1, B-B 1, B-C 1, C-B 1, C-C 1
#   B at 103, minimum 2: A-A 3, A-B 3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet coordination-network-toolkit==1.5.2
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import contextlib
import csv
import io
import pathlib
import sqlite3
import sys

from coordination_network_toolkit import compute_networks, preprocess

folder = pathlib.Path(sys.argv[1])
fields = "message_id user_id username repost_id reply_id message timestamp urls".split()


def network(second, minimum):
    name = folder / f"{second}_{minimum}"
    posts = [("A", 100), ("A", 101), ("A", 102), ("B", second), ("C", 113)]
    with open(f"{name}.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(fields)
        rows.writerows((i, who, who, "post", "", "text", at, "") for i, (who, at) in enumerate(posts))
    with contextlib.redirect_stdout(io.StringIO()):
        preprocess.preprocess_csv_files(f"{name}.db", [f"{name}.csv"])
        compute_networks.compute_co_retweet_parallel(f"{name}.db", 10, 1, minimum)
    with contextlib.closing(sqlite3.connect(f"{name}.db")) as base:
        edges = base.execute("select * from co_retweet_network order by 1, 2").fetchall()
    return ", ".join(f"{a}-{b} {weight}" for a, b, weight in edges)


seen = {
    (112, 1): "A-A 3, A-B 1, B-A 1, B-B 1, B-C 1, C-B 1, C-C 1",
    (103, 1): "A-A 3, A-B 3, B-A 1, B-B 1, B-C 1, C-B 1, C-C 1",
    (103, 2): "A-A 3, A-B 3",
}
for (second, minimum), edges in seen.items():
    found = network(second, minimum)
    print(f"B at {second}, minimum {minimum}: {found}")
    assert found == edges, f"changed: B at {second}, minimum {minimum}"
print("as described")
PYTHON
