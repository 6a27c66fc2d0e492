#!/usr/bin/env bash
# SALib 1.6.0, Sobol indices of outputs of which one is missing.
#
# A simulation that ends without a value for one parameter set leaves a NaN among hundreds of
# outputs. One would expect NaN in the indices, or an error. All first and total indices come back as
# 0.0, with bounds of 0.0, and no warning: read as a result, it says that no parameter matters. A
# constant output, which has no indices, gives the same zeros (with a warning from NumPy). Look for
# missing outputs before the analysis, and leave out the whole block of the point.
#
# Seen (Ishigami function, 2,048 outputs; first order, total, half-widths):
#   all there     0.27 0.45 0.02   0.50 0.44 0.25
#   one is NaN    0.00 0.00 0.00   0.00 0.00 0.00   half-widths 0.00 0.00 0.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet SALib==1.6.0 numpy==2.4.6 scipy==1.17.1 pandas==2.3.3
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from SALib.analyze import sobol as analysis
from SALib.sample import sobol as sampling
from SALib.test_functions import Ishigami

problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[-np.pi, np.pi]] * 3}
points = sampling.sample(problem, 256, calc_second_order=True, seed=1)
values = Ishigami.evaluate(points)
whole = analysis.analyze(problem, values, calc_second_order=True, seed=1)
values[7] = np.nan
holed = analysis.analyze(problem, values, calc_second_order=True, seed=1)
text = lambda numbers: " ".join(f"{x:.2f}" for x in numbers)
print("all there    ", text(whole["S1"]), " ", text(whole["ST"]))
print("one is NaN   ", text(holed["S1"]), " ", text(holed["ST"]), "  half-widths", text(holed["S1_conf"]))
assert whole["S1"][1] > 0.3
assert not holed["S1"].any() and not holed["ST"].any(), "changed: NaN is seen"
assert not holed["S1_conf"].any(), "changed: the half-widths"
print("as described")
PYTHON
