#!/usr/bin/env bash
# py-rankaggregation 0.1.2, MeanRankAggregator, MedianRankAggregator and GeometricMeanRankAggregator.
#
# Lists of the top items of several feeds are made into one. An item that a list leaves out is to get the place
# behind its end there, so that each item has as many ranks as there are lists. The classes fill up to as many
# ranks as the longest list has places instead. Twenty lists of three: what three accounts have on top and nobody
# else has at all comes out first, before what all twenty have in their first two places. Three lists of
# ten: an item that all three have is filled with seven more places behind the end, and all medians are that
# place, so that the order is the one in which the items came in. What counts is the length of the lists, not their
# number. Fill the lists yourself, up to one length that equals their number, or take pandas.
#
# Seen (item and value, the first three that come out):
#   ten times a b c, seven times b a c, three times z a b
#     mean         z 1.00  a 1.50  b 1.80    by hand  a 1.50  b 1.80  c 3.15
#     median       z 1.00  a 1.50  b 2.00    by hand  a 1.50  b 2.00  c 3.00
#   twice a to j, once j a b c d e f g h i
#     mean         a 8.10  b 8.40  c 8.70    by hand  a 1.33  b 2.33  c 3.33
#     median      a 11.00  b 11.00 c 11.00   by hand  a 1.00  b 2.00  c 3.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# The package also asks for what its notebooks need.
"$folder/venv/bin/pip" install --quiet pandas==3.1.1 scipy==1.17.1 numpy==2.4.6 six==1.17.0
"$folder/venv/bin/pip" install --quiet --no-deps py-rankaggregation==0.1.2
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from py_rankaggregation import GeometricMeanRankAggregator, MeanRankAggregator, MedianRankAggregator

kinds = {
    "mean": (MeanRankAggregator, np.mean),
    "median": (MedianRankAggregator, np.median),
    "geometric mean": (GeometricMeanRankAggregator, lambda ranks: np.exp(np.mean(np.log(ranks)))),
}
short = [list("abc")] * 10 + [list("bac")] * 7 + [list("zab")] * 3
long = [list("abcdefghij"), list("abcdefghij"), list("jabcdefghi")]


def by_hand(lists, mean):
    items = sorted({item for chosen in lists for item in chosen})
    ranks = [[1 + (chosen.index(item) if item in chosen else len(chosen)) for chosen in lists] for item in items]
    return sorted(zip(items, map(mean, ranks), strict=True), key=lambda pair: pair[1])


seen = {
    ("twenty lists of three", "mean"): ("zab", (1, 1.5, 1.8), "abc", (1.5, 1.8, 3.15)),
    ("twenty lists of three", "median"): ("zab", (1, 1.5, 2), "abc", (1.5, 2, 3)),
    ("twenty lists of three", "geometric mean"): ("zab", (1, 1.4142, 1.6676), "abc", (1.4142, 1.6676, 3.1323)),
    ("three lists of ten", "mean"): ("abc", (8.1, 8.4, 8.7), "abc", (1.3333, 2.3333, 3.3333)),
    ("three lists of ten", "median"): ("abc", (11, 11, 11), "abc", (1, 2, 3)),
    ("three lists of ten", "geometric mean"): ("abc", (5.7422, 6.8690, 7.6666), "abc", (1.2599, 2.2894, 3.3019)),
}
for (title, name), (*expected, items, values) in seen.items():
    lists = short if title == "twenty lists of three" else long
    kind, mean = kinds[name]
    found = kind().aggregate([list(chosen) for chosen in lists])
    right = by_hand(lists, mean)
    for who, pairs in {"package": found, "by hand": right}.items():
        print(f"{title:<21} {name:<14} {who}", *(f"{item} {value:.4f}" for item, value in pairs[:3]))
    for pairs, (order, numbers) in ((found, expected), (right, (items, values))):
        assert "".join(item for item, _ in pairs[:3]) == order, f"changed: {title}, {name}"
        assert np.allclose([value for _, value in pairs[:3]], numbers, atol=0.0001), f"changed: {title}, {name}"
medians = MedianRankAggregator().aggregate([list(chosen) for chosen in long])
assert {value for _, value in medians} == {11}, "changed: medians of long lists"
print("as described")
PYTHON
