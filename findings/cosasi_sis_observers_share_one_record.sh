#!/usr/bin/env bash
# cosasi 0.0.4 with NDlib 6.0.1, get_observers of an SIS model.
#
# Observers are accounts whose times of infection are known; sources are inferred from the differences. In SIS each has
# a list of times, since an account can be infected again. All the lists are one and the same object: an infection of
# any observer is noted for every one, so all have identical times and all differences are 0. An observer that was never
# infected has as many times as the others. In the SI model, where each has one number, it is right. Take the
# times from the status of each step of the history.
#
# Seen (path of 30 accounts, the source at one end, observers 5, 15 and 25, 60 steps; times of infection):
#   get_observers      25 30 43 46 53   25 30 43 46 53   25 30 43 46 53
#   from the history   25 30 43 46      53               never
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cosasi==0.0.4 ndlib==6.0.1 dynetx==0.3.2 networkx==3.6.1 scikit-learn==1.9.1 \
    scipy==1.17.1 numpy==2.4.6 six==1.17.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import cosasi
import networkx as nx
OBSERVERS = [5, 15, 25]
def seed_of_source_zero():
    """A seed for which the one source, which is drawn, is the end of the path."""
    for seed in range(1000):
        run = cosasi.StaticNetworkContagion(
            nx.path_graph(30), model="sis", infection_rate=0.4, recovery_rate=0.05, number_infected=1, seed=seed
        )
        run.forward(60)
        if run.history[0]["status"][0] == 1 and run.history[-1]["node_count"][1] > 5:
            return run
run = seed_of_source_zero()
found = run.get_observers(OBSERVERS)
real = {one: [step for step, row in enumerate(run.history) if row["status"].get(one) == 1] for one in OBSERVERS}
print("get_observers   ", found)
print("from the history", real)
assert found[5] == found[15] == found[25], "changed"
assert sorted(found[5]) == sorted(time for times in real.values() for time in times), "changed: not the union"
assert real[5] != real[15]
print("as described")
PYTHON
