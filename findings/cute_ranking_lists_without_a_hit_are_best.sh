#!/usr/bin/env bash
# cute_ranking 0.0.3, mean_rank.
#
# The mean rank of the first relevant item over lists: the first place is rank 1, and less is better. A list without
# any relevant item, which should be the worst, has rank 0, the best there is, better than a hit at the first place.
# So a feed that shows half of its accounts nothing of interest beats one that has it in second place for everybody, and
# one that never shows anything of interest has the ideal mean rank of 0. mean_reciprocal_rank, of the same
# lists, is right. Leave lists without a hit out and count them, or give them the length of the list plus one.
#
# Seen (lists of four; mean rank and mean reciprocal rank):
#   a hit in second place for all four accounts                 2.0  0.500
#   a hit in third place for two, none for the other two        1.5  0.167
#   no hit for anybody                                          0.0  0.000
#   as the second, with rank 5 for no hit                       4.0  by hand
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6
# The package asks for NumPy 1.19.4, which Python 3.11 and newer do not have; what is called here is in all.
"$folder/venv/bin/pip" install --quiet --no-deps cute_ranking==0.0.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from cute_ranking.core import mean_rank, mean_reciprocal_rank

feeds = {
    "second place for all": ([[0, 1, 0, 0]] * 4, 2.0, 0.5),
    "third place for half": ([[0, 0, 1, 0]] * 2 + [[0, 0, 0, 0]] * 2, 1.5, 1 / 6),
    "no hit": ([[0, 0, 0, 0]] * 4, 0.0, 0.0),
}
for name, (lists, rank, reciprocal) in feeds.items():
    found, other = float(mean_rank(lists)), float(mean_reciprocal_rank(lists))
    hand = sum(one.index(1) + 1 if 1 in one else len(one) + 1 for one in lists) / len(lists)
    print(f"{name:<21} mean rank {found:.2f}, reciprocal {other:.3f}, with the length plus one {hand:.2f}")
    assert abs(other - reciprocal) < 1e-9
    assert found == rank, f"changed: {name}"
print("as described")
PYTHON
