#!/usr/bin/env bash
# twarc-network 0.2.0 (with twarc 2.14.0 and networkx 3.6.1), twarc2 network --nodes hashtags.
#
# Two hashtags of one tweet are a pair, whichever is written first. The network is directed, from the one that
# stands first in the tweet to the other: a pair that tweets have in either order becomes two edges. Weights,
# degrees, the strongest pairs and every directed measure (PageRank, components, Louvain on the arcs) then depend
# on the order in which people type. A hashtag written twice (#Left and #left) is tied to itself, and each other
# one of that tweet counts twice. Nothing in the file says so but the type of graph. Add
# the weights of both directions (networkx's to_undirected keeps one of the two), and drop loops.
#
# Seen (three tweets "left right", two "right left", four "vote left", one "Vote right vote"):
#   twarc-network  left>right 3 right>left 2 right>vote 1 vote>left 4 vote>right 1 vote>vote 1
#   to_undirected  left>right 2 left>vote 4 right>vote 1 vote>vote 1
#   by hand        left>right 5 left>vote 4 right>vote 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet twarc-network==0.2.0 twarc==2.14.0 networkx==3.6.1 pydot==4.0.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import networkx
from click.testing import CliRunner
from twarc_network import network

posts = [["left", "right"]] * 3 + [["right", "left"]] * 2 + [["vote", "left"]] * 4 + [["Vote", "right", "vote"]]
tweets = [
    {
        "id": str(number),
        "author_id": "1",
        "author": {"id": "1", "username": "ann", "name": "Ann"},
        "created_at": "2022-03-01T12:00:00.000Z",
        "text": "a post",
        "entities": {"hashtags": [{"start": 0, "end": 1, "tag": tag} for tag in tags]},
    }
    for number, tags in enumerate(posts)
]
Path("tweets.jsonl").write_text("".join(json.dumps(tweet) + "\n" for tweet in tweets))
result = CliRunner().invoke(network, ["--nodes", "hashtags", "--format", "json", "tweets.jsonl", "graph.json"])
assert result.exit_code == 0, result.output
links = json.loads(Path("graph.json").read_text())["links"]
found = {(link["source"], link["target"]): link["weight"] for link in links}
right = Counter(pair for tags in posts for pair in combinations(sorted({"#" + tag.lower() for tag in tags}), 2))
graph = networkx.DiGraph()
graph.add_weighted_edges_from((*pair, weight) for pair, weight in found.items())
one = {tuple(sorted(pair)): weight for *pair, weight in graph.to_undirected().edges(data="weight")}
seen = {
    "twarc-network": (found, "left>right 3 right>left 2 right>vote 1 vote>left 4 vote>right 1 vote>vote 1"),
    "to_undirected": (one, "left>right 2 left>vote 4 right>vote 1 vote>vote 1"),
    "by hand": (right, "left>right 5 left>vote 4 right>vote 1"),
}
for name, (edges, expected) in seen.items():
    text = " ".join(f"{'>'.join(pair)} {edges[pair]}" for pair in sorted(edges)).replace("#", "")
    print(f"{name:<14} {text}")
    assert text == expected, f"changed: {name}"
print("as described")
PYTHON
