#!/usr/bin/env bash
# NDlib 6.0.1, GeneralThresholdModel on a directed graph such as follows or replies.
#
# An account adopts once the weights of its arcs from adopters reach its threshold. In a directed graph the model goes
# through the predecessors of an account, as it should, and then looks for the weight of the arc back to each of
# them. Where there is none, the weight is 0: in a graph without mutual ties nothing ever spreads, whatever the weights.
# Where the arc back exists, its weight decides: a strong influence that is weakly returned has no effect, and the
# reverse spreads. It looks like a result, a high threshold of diffusion. Give the model the weights of the
# reversed arcs: for each arc (u, v), set (v, u) as well.
#
# Seen (0 has adopted, thresholds of 0.5; adopters at the end):
#   path 0-1-2, weights 1, undirected            3
#   arcs 0 to 1 to 2, weights 1                  1
#   mutual, 0 to 1 with 1.0, 1 to 0 with 0.1     1
#   mutual, 0 to 1 with 0.1, 1 to 0 with 1.0     2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ndlib==6.0.1 dynetx==0.3.2 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1 six==1.17.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
from ndlib.models.epidemics import GeneralThresholdModel
from ndlib.models.ModelConfig import Configuration
def adopters(graph, weights):
    model, settings = GeneralThresholdModel(graph), Configuration()
    settings.add_model_initial_configuration("Infected", [0])
    for edge, weight in weights.items():
        settings.add_edge_configuration("weight", edge, weight)
    for account in graph:
        settings.add_node_configuration("threshold", account, 0.5)
    model.set_initial_status(settings)
    return model.iteration_bunch(10)[-1]["node_count"][1]
path = {(0, 1): 1.0, (1, 2): 1.0}
cases = (
    ("undirected path", nx.Graph(path.keys()), path, 3),
    ("directed path", nx.DiGraph(path.keys()), path, 1),
    ("strong, weakly returned", nx.DiGraph([(0, 1), (1, 0)]), {(0, 1): 1.0, (1, 0): 0.1}, 1),
    ("weak, strongly returned", nx.DiGraph([(0, 1), (1, 0)]), {(0, 1): 0.1, (1, 0): 1.0}, 2),
)
for name, graph, weights, seen in cases:
    found = adopters(graph, weights)
    print(f"{name:<24} {found}")
    assert found == seen, f"changed: {name}"
print("as described")
PYTHON
