#!/usr/bin/env bash
# NDlib 6.0.1, Hegselmann-Krause model (HKModel) on a graph in which some accounts have no ties.
#
# An account moves to the mean opinion of its neighbours that lie within epsilon, so one without neighbours keeps
# its opinion for ever. In each step the model computes a new opinion for many accounts that it draws, and gives to
# the last one drawn what was computed last. If that account has no neighbours, nothing was computed for it, and it gets the
# opinion of somebody it has no tie with, at any distance. After enough steps all isolated accounts agree with the
# rest, so that consensus and the number of opinion groups are wrong. And a step changes one account, whatever
# the number that it goes through. Remove accounts without ties before the model runs.
#
# Seen (ten accounts, all tied, opinion 0.9; three without ties, opinion -0.9; epsilon 0.3; 300 steps):
#   opinions of the three      0.9 0.9 0.9, with each of four seeds
#   accounts that a step changed   at most 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ndlib==6.0.1 dynetx==0.3.2 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1 six==1.17.0 \
    scikit-learn==1.9.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
import numpy as np
from ndlib.models.ModelConfig import Configuration
from ndlib.models.opinions import HKModel
graph = nx.complete_graph(10)
alone = [10, 11, 12]
graph.add_nodes_from(alone)
for seed in range(4):
    np.random.seed(seed)
    model, settings = HKModel(graph), Configuration()
    settings.add_model_parameter("epsilon", 0.3)
    model.set_initial_status(settings)
    for account in graph:
        model.status[account] = -0.9 if account in alone else 0.9
    steps = model.iteration_bunch(300)
    found = [round(float(model.status[account]), 6) for account in alone]
    most = max(len(step["status"]) for step in steps[1:])
    print("opinions of the three", *found, "  most that a step changed", most)
    assert found == [0.9, 0.9, 0.9], "changed: opinions"
    assert most == 1, "changed: accounts of a step"
print("as described")
PYTHON
