#!/usr/bin/env bash
# T-RECS (trecs) 0.2.1, AverageFeatureScoreRange (Python 3.11; LensKit 0.14, which it imports, needs less than 3.13).
#
# After Willemsen, Graus and Knijnenburg the diversity of a list is, for each attribute, the largest value minus the
# smallest among its items, averaged over the attributes. The measurement takes the largest minus the smallest of all
# attributes and all items together. A list of one item repeated has a diversity of 0 by the definition, and 0.8
# here if one attribute of the item is 0.9 and another 0.1. Lists that lie in one corner and lists that spread
# over both score the same; what is measured is how unequal the attributes of a single item are. A feed that narrows
# down to one kind of item keeps its diversity, and may even raise it. Compute it from items_shown.
#
# Seen (two attributes, four items in each list; the measurement, and by the definition):
#   all items (0.9, 0.1)                        0.8   0.0
#   (0.9, 0.1) (0.1, 0.9) (0.9, 0.1) (0.1, 0.9) 0.8   0.8
#   all items (0.5, 0.5)                        0.0   0.0
#   (0.7, 0.5) (0.3, 0.5) (0.7, 0.5) (0.3, 0.5) 0.4   0.2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-deps trecs==0.2.1
"$folder/venv/bin/pip" install --quiet lenskit==0.14.4 numpy==1.26.4 scipy==1.15.3 pandas==2.3.3 \
    networkx==3.4.2 tqdm==4.67.1
"$folder/venv/bin/python" -W ignore - 2>"$folder/log" <<'PYTHON' || { cat "$folder/log"; exit 1; }
import numpy as np
from trecs.metrics import AverageFeatureScoreRange
from trecs.models import ContentFiltering
seen = [([(0.9, 0.1)] * 4, 0.8, 0.0), ([(0.9, 0.1), (0.1, 0.9)] * 2, 0.8, 0.8), ([(0.5, 0.5)] * 4, 0.0, 0.0),
        ([(0.7, 0.5), (0.3, 0.5)] * 2, 0.4, 0.2)]
for items, measured, defined in seen:
    attributes = np.array(items).T
    model = ContentFiltering(num_users=5, num_items=4, num_attributes=2, item_representation=attributes,
                             num_items_per_iter=4, seed=0)
    metric = AverageFeatureScoreRange()
    model.add_metrics(metric)
    model.run(timesteps=3)
    shown = attributes[:, model.items_shown]  # attributes x users x places
    found = [round(value, 3) for value in metric.measurement_history[1:]], round(np.ptp(shown, axis=2).mean(), 3)
    print(items, "  measured", *found[0], "  by the definition", found[1])
    assert found == ([measured] * 3, defined), f"changed: {items}"
print("as described")
PYTHON
