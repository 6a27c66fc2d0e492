#!/usr/bin/env bash
# birankpy 1.0.1, BipartiteNetwork.unipartite_projection(on="bottom").
#
# A network of users and hashtags is projected to hashtags that share users. The docstring of the method says
# of its argument: top or bottom. The code compares the argument with the name of the bottom column, and takes
# every other text for the top. So on="bottom" gives the network of users, unless the column itself is called
# "bottom", and no text is refused. A PageRank of "hashtags" then holds users; if only the matrix is
# read (unipartite_adj), nothing shows it but its size. Pass the name of the column.
#
# Seen (2 users with 3 hashtags; labels of the projection):
#   on="top"      users
#   on="bottom"   users
#   on="hashtag"  hashtags
#   columns called top and bottom, on="bottom": hashtags
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet birankpy==1.0.1 networkx==3.6.1 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import pandas as pd
from birankpy import BipartiteNetwork

rows = pd.DataFrame({"user": ["ann", "ann", "bob", "bob"], "hashtag": ["#x", "#y", "#y", "#z"]})
users, hashtags = ["ann", "bob"], ["#x", "#y", "#z"]


def labels(columns, on):
    network = BipartiteNetwork()
    network.set_edgelist(rows.set_axis(columns, axis=1), top_col=columns[0], bottom_col=columns[1])
    ranks = network.unipartite_projection(on).generate_pagerank()
    assert network.unipartite_adj.shape == (len(ranks), len(ranks))
    return ranks.iloc[:, 0].tolist()


found = {
    on: labels(["user", "hashtag"], on) for on in ("top", "bottom", "hashtag", "any other text")
}
for on, seen in found.items():
    print(f"{on:<15}", seen)
same_name = labels(["top", "bottom"], "bottom")
print("bottom, if the column has that name", same_name)
assert list(found.values()) == [users, users, hashtags, users], "changed"
assert same_name == hashtags, "changed: column called bottom"
print("as described")
PYTHON
