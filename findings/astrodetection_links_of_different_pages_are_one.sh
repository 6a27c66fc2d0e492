#!/usr/bin/env bash
# astrodetection 0.3.6, create_coURL_graph, the network of accounts that share the same links.
#
# Accounts that post the same pages are tied. Links that differ are made one on the way. A link in a text ends
# at its first bracket, so that the articles Mercury_(planet) and Mercury_(myth) are both Mercury_. And beside the
# parameters by which campaigns are told apart, those called s and t are dropped, which are the terms of searches
# in blogs and the topics of forums (viewtopic.php?t=12). Two accounts that never posted the same page are tied with
# weight 1, the highest there is, and count as coordinated. A column of links (url_col) is read as text too, unless
# its cells are lists: give lists, and look at what strip_tracking_params takes away from your hosts.
#
# Seen (ann and bob, three posts each, no page in common; weight of their tie, then with strip_tracking_params=False):
#                             text     url_col    url_col, lists
#   Mercury_(planet), _(myth) 1 1      1 1        0 0
#   viewtopic.php?t=12, ?t=22 1 0      1 0        1 0
#   Mercury/planet, /myth     0 0      0 0        0 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==3.1.1 networkx==3.6.1 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6 \
    ipysigma==0.24.6 demoji==2.0.0 polyleven==0.12.0 tqdm==4.70.1 requests==2.34.2
"$folder/venv/bin/pip" install --quiet --no-deps astrodetection==0.3.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import pandas as pd
from astrodetection_light.network_utilities import create_coURL_graph

names = ("Mercury", "Venus", "Mars")
kinds = {"ann": "planet", "bob": "myth"}
firsts = {"ann": 10, "bob": 20}
wiki = "https://wiki.example.org/wiki"
links = {
    "in brackets": {who: [f"{wiki}/{name}_({kind})" for name in names] for who, kind in kinds.items()},
    "topics": {
        who: [f"https://forum{place}.example.org/viewtopic.php?t={first + place}" for place in (1, 2, 3)]
        for who, first in firsts.items()
    },
    "plain": {who: [f"{wiki}/{name}/{kind}" for name in names] for who, kind in kinds.items()},
}


def weight(pages, column, **options):
    rows = [(who, f"read {link}", link, [link]) for who, chosen in pages.items() for link in chosen]
    table = pd.DataFrame(rows, columns=["screen name", "tweet", "link", "links"])
    graph = create_coURL_graph(table, url_col=None if column == "tweet" else column, **options)
    return round(graph.get_edge_data("ann", "bob", {"weight": 0})["weight"], 6)


seen = {"in brackets": [1, 1, 1, 1, 0, 0], "topics": [1, 0, 1, 0, 1, 0], "plain": [0, 0, 0, 0, 0, 0]}
for name, pages in links.items():
    assert not set(pages["ann"]) & set(pages["bob"]), "a page in common"
    found = [
        weight(pages, column, **options)
        for column in ("tweet", "link", "links")
        for options in ({}, {"strip_tracking_params": False})
    ]
    print(f"{name:<12}", *found)
    assert found == seen[name], f"changed: {name}"
print("as described")
PYTHON
