#!/usr/bin/env bash
# CluSim 0.4, a partition compared with itself where every account is alone, or all are together.
#
# Two methods that both find no community agree fully, and scikit-learn says so: 1 by every index. CluSim
# gives the adjusted Rand index 0 and the pair counts of singletons 0, the mutual information of one single cluster
# is not a number, and the adjusted one raises ZeroDivisionError. A mean over graphs, some of which have no communities,
# is thus pulled down, becomes nan or stops. Element-centric similarity is 1 in both. Treat these
# two partitions before the comparison.
#
# Seen (8 accounts, a partition with itself):
#                 all alone          all together        scikit-learn 1.9.1, both
#   ARI           0                  0                   1
#   NMI           1                  nan                 1
#   AMI           ZeroDivisionError  ZeroDivisionError   1
#   Jaccard       0                  1                   -
#   element       1                  1                   -
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet clusim==0.4 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from clusim import sim
from clusim.clustering import Clustering
from sklearn import metrics

shapes = {"all alone": list(range(8)), "all together": [0] * 8}
found = {}
for name, labels in shapes.items():
    partition = Clustering({account: [label] for account, label in enumerate(labels)})
    for index in ("adjrand_index", "nmi", "adj_mi", "jaccard_index", "element_sim"):
        try:
            value = f"{float(getattr(sim, index)(partition, partition)):.0f}"
        except ZeroDivisionError as error:
            value = type(error).__name__
        found[name, index] = value
        print(name, index, value)
    for index in ("adjusted_rand_score", "normalized_mutual_info_score", "adjusted_mutual_info_score"):
        assert getattr(metrics, index)(labels, labels) == 1, "changed"
alone = ["0", "1", "ZeroDivisionError", "0", "1"]
together = ["0", "nan", "ZeroDivisionError", "1", "1"]
assert list(found.values()) == alone + together, "changed"
print("as described")
PYTHON
