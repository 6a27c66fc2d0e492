#!/usr/bin/env bash
# implicit 0.7.3, precision_at_k and the precision of ranking_metrics_at_k.
#
# Precision at 10 is the number of hits in ten places divided by ten, averaged over users; the other metrics of the
# same call are averages over users. Here the hits of all users are added up and divided by the sum of min(10, relevant
# items). A single hit among ten places is a precision of 1 for a user with one relevant item, and users with many
# relevant items have more say than others. It is a recall of a kind: where everybody has at most ten items in
# the test set, it is hits over relevant items, and a list filled with noise is not punished. Count hits yourself.
#
# Seen (K = 10; by the definition of precision):
#   one relevant item, at first place                       1.000  0.100
#   one relevant item, at tenth place                       1.000  0.100
#   that user, and one with 20 relevant items and no hit    0.091  0.050
#   the mean of their two values by themselves              0.500
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet implicit==0.7.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from implicit.evaluation import precision_at_k
from scipy.sparse import csr_matrix
ITEMS, K = 40, 10
class Fixed:
    """Gives every user the items 0 to 9 in this order."""
    def recommend(self, userids, user_items, N=10, **_):
        shown = np.tile(np.arange(N, dtype=np.int32), (len(userids), 1))
        return shown, np.ones(shown.shape, dtype=np.float32)
def matrix(rows):
    dense = np.zeros((len(rows), ITEMS), dtype=np.float32)
    for user, items in enumerate(rows):
        dense[user, items] = 1
    return csr_matrix(dense)
def both(*relevant):
    train = matrix([[39]] * len(relevant))
    precision = precision_at_k(Fixed(), train, matrix(relevant), K=K, show_progress=False, num_threads=1)
    defined = np.mean([len(set(items) & set(range(K))) / K for items in relevant])
    print(f"{precision:.3f}  {defined:.3f}  relevant items: {[len(items) for items in relevant]}")
    return round(float(precision), 3), round(float(defined), 3)
first, tenth, none = [0], [9], list(range(10, 30))
assert both(first) == (1.0, 0.1), "changed: first place"
assert both(tenth) == (1.0, 0.1), "changed: tenth place"
assert both(first, none) == (0.091, 0.05), "changed: two users"
assert both(none) == (0.0, 0.0), "changed: no hit"
print("as described")
PYTHON
