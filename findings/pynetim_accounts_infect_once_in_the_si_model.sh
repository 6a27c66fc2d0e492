#!/usr/bin/env bash
# pynetim 0.5.5, SusceptibleInfectedModel.
#
# In the SI model an infected account stays infected and can infect its neighbours in each step, with chance beta; the
# argument max_steps, which must be given, is the number of steps. The code lets each account try its neighbours once,
# in the step after its own infection, and does not read max_steps: it is the independent cascade with one probability
# for all ties. The chance that a post crosses a tie within 100 steps is beta and not nearly 1, and a curve over
# max_steps is flat. Seeds ranked by "SI" are ranked by the cascade, which they are often to be compared with. Simulate
# it with another package.
#
# Seen (one tie, beta 0.2; mean number infected, right):
#   max_steps 1      1.20  1.20
#   max_steps 3      1.20  1.49
#   max_steps 100    1.20  2.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# All of its compiled modules take minutes to build; the two that are used here take half of one. They are
# imported without the front of the package, which imports all.
"$folder/venv/bin/pip" download --quiet --no-deps --no-binary :all: --dest "$folder" pynetim==0.5.5
tar --extract --directory "$folder" --file "$folder/pynetim-0.5.5.tar.gz"
used="('graph.graph', 'susceptible_infected_model')"
sed --in-place "s/^setup(/ext_modules = [one for one in ext_modules if one.name.endswith($used)]\nsetup(/" \
    "$folder/pynetim-0.5.5/setup.py"
"$folder/venv/bin/pip" install --quiet "$folder/pynetim-0.5.5" networkx==3.6.1 numpy==2.4.6 tqdm==4.67.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

for name in ("pynetim", "pynetim.diffusion_model"):
    sys.modules[name] = ModuleType(name)
    sys.modules[name].__path__ = [str(Path(sysconfig.get_path("platlib"), *name.split(".")))]

from pynetim.diffusion_model.susceptible_infected_model import SusceptibleInfectedModel
from pynetim.graph import IMGraph

beta = 0.2
tie = IMGraph([(0, 1)], weights=1.0)
found = {}
for steps in (1, 3, 100):
    model = SusceptibleInfectedModel(tie, {0}, beta, steps)
    found[steps] = model.run_monte_carlo_diffusion(20_000, random_seed=3)
    right = 2 - (1 - beta) ** steps
    print(f"max_steps {steps:<3} mean {found[steps]:.2f}, right {right:.2f}")
assert len(set(found.values())) == 1, "changed: max_steps"
assert abs(found[100] - (1 + beta)) < 0.02, "changed: tries"
path = IMGraph([(0, 1), (1, 2), (2, 3)], weights=1.0)
one_step = SusceptibleInfectedModel(path, {0}, 1.0, 1).run_single_simulation(random_seed=1)
print("path of 4, beta 1, one step:", one_step, "infected")
assert one_step == 4, "changed: one step"
print("as described")
PYTHON
