#!/usr/bin/env bash
# ash-model 1.0.0, star_profile_homogeneity with method="collapse".
#
# The homogeneity of an account's surroundings is the relative frequency of its own label there, a share. With
# method="collapse" the labels of all neighbours are counted, and the count is divided by the number of hyperedges
# instead of the number of neighbours. So an account in one group of five alike has 4, one in two groups can be at 1
# by chance with neighbours of whom a third is alike, and means over accounts grow with the size of the groups. With
# "aggregate", which counts hyperedges, the divisor is right. Divide by the number of distinct neighbours.
#
# Seen (accounts 0 to 4 red, 5 to 8 blue; groups 0-1-2-3-4 and 0-5-6-7-8; collapse, share of neighbours):
#   account 1   4.0  1.0
#   account 0   2.0  0.5
#   account 5   3.0  0.75
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# The package asks for NumPy below 2; what it computes is the same with these.
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 scipy==1.17.1 networkx==3.6.1 pandas==2.3.3 numba==0.68.0 \
    scikit-learn==1.9.1 matplotlib==3.11.2 tqdm==4.70.1 fastjsonschema==2.22.3 pyyaml
"$folder/venv/bin/pip" install --quiet --no-deps ash-model==1.0.0 csrgraph==0.1.28
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from ash_model import ASH
from ash_model.measures import star_profile_homogeneity
camps = ["red"] * 5 + ["blue"] * 4
hypergraph = ASH()
for account, camp in enumerate(camps):
    hypergraph.add_node(account, start=0, end=0, attr_dict={"camp": camp})
groups = [[0, 1, 2, 3, 4], [0, 5, 6, 7, 8]]
for group in groups:
    hypergraph.add_hyperedge(group, start=0, end=0)
for account, seen in ((1, 4.0), (0, 2.0), (5, 3.0)):
    found = star_profile_homogeneity(hypergraph, account, 0, method="collapse")["camp"]
    near = {other for group in groups if account in group for other in group} - {account}
    share = sum(camps[other] == camps[account] for other in near) / len(near)
    print(f"account {account}  {found}  {share}")
    assert found == seen, f"changed: {account}"
print("as described")
PYTHON
