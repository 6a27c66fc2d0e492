#!/usr/bin/env bash
# recmetrics 0.1.5, catalog_coverage.
#
# The function takes k, the number of lists to choose at random, and gives the percentage of the catalogue that
# occurs in them. With k = the number of all lists nothing is left to choose, and it should agree with
# prediction_coverage. The lists are drawn with replacement: about 37 % of them are never looked at, others counted
# twice. Where lists differ (personal feeds) coverage falls to less than two thirds; where all users see the same
# (a ranking by popularity) nothing is missed. So the personal feed loses a third of its lead, and the figure is
# another one in each run, with Python's global generator. Use prediction_coverage.
#
# Seen (1,000 lists of one item each, catalogue of 1,000 items, k = 1,000, ten runs):
#   every list another item      prediction_coverage 100    catalog_coverage 61.7 to 64.9
#   ten popular items            prediction_coverage 1      catalog_coverage 1
#   expected of draws with replacement, 1 - (1 - 1/1000)^1000: 63.2
#
# recmetrics asks for pandas below 2, of which there is no wheel for Python 3.13; it runs with 2.3.3 too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-deps recmetrics==0.1.5
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 pandas==2.3.3 scipy==1.17.1 scikit-learn==1.9.1 matplotlib==3.11.2 \
    seaborn==0.13.2 plotly==4.14.3 funcsigs==1.0.2
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import random
from recmetrics.metrics import catalog_coverage, prediction_coverage
catalogue = list(range(1000))
cases = {"every list another item": [[i] for i in catalogue], "ten popular items": [[i % 10] for i in catalogue]}
for name, lists in cases.items():
    whole, drawn = prediction_coverage(lists, catalogue), []
    for seed in range(10):
        random.seed(seed)
        drawn.append(catalog_coverage(lists, catalogue, k=len(lists)))
    print(f"{name}: prediction_coverage {whole}, catalog_coverage {min(drawn)} to {max(drawn)}")
    if name == "every list another item":
        assert whole == 100 and len(set(drawn)) > 3 and all(abs(value - 63.2) < 5 for value in drawn), "changed"
    else:
        assert whole == 1 and set(drawn) == {1.0}, "changed: popular items"
print("as described")
PYTHON
