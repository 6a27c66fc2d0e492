#!/usr/bin/env bash
# statsmodels 0.15.0 with SciPy 1.17.1, power of a paired t test for a large effect.
#
# A comparison of simulations with common random numbers varies little, so that effects of three to six
# standard deviations are normal, and a pilot of a few of them says whether that suffices. TTestPower
# gives 1.000 for most of them and NaN for some in between, without a rule that one could see and
# without a warning. It adds the tail on the far side, which is far below 1e-20, and the noncentral t
# distribution of SciPy has no value there for some pairs of numbers while it has one for their
# neighbours. A one-sided call (alternative="larger") leaves that tail out and has no holes; pingouin
# replaces a missing tail.
#
# Seen (power for alpha = .05, two-sided; n pairs by size of the effect, in standard deviations):
#   n = 4    d 3.0 0.967   d 4.0 nan   d 5.0 1.000   d 6.0 1.000   d 7.5 nan
#   n = 6    d 3.0 1.000   d 4.0 nan   d 5.0 nan     d 6.0 1.000   d 7.5 nan
#   larger, n = 4: 1.000 at d 4.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet statsmodels==0.15.0 scipy==1.17.1 numpy==2.4.6 pandas==2.3.3
"$folder/venv/bin/python" -W error - <<'PYTHON'
import math

from statsmodels.stats.power import TTestPower

power = TTestPower().power
for n in (4, 6):
    found = [(d, power(d, n, 0.05)) for d in (3.0, 4.0, 5.0, 6.0, 7.5)]
    print(f"n = {n}  ", "  ".join(f"d {d} {p:.3f}" for d, p in found))
one_sided = power(4.0, 4, 0.05, alternative="larger")
print(f"larger, n = 4: {one_sided:.3f} at d 4.0")
assert math.isnan(power(4.0, 4, 0.05)), "changed: d = 4 of n = 4 has a power"
assert power(3.0, 4, 0.05) < 0.97 and power(5.0, 4, 0.05) > 0.999
assert one_sided > 0.99
print("as described")
PYTHON
