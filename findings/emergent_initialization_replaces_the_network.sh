#!/usr/bin/env bash
# emergent 0.1.3, AgentModel with a network of one's own.
#
# set_graph gives the model a network, and initialize_graph, says its description, initializes "the graph" and gives
# each node its first data. It does not take the network that was set, but makes another one, of num_nodes
# accounts (3 unless told): complete, a cycle, or, for every other graph_type, a wheel. The network of followers is gone
# without a word; with num_nodes set to its size, only the ties show it. On a complete network opinions average
# in one step; in two separate communities they never do. Set the network, set the data of its nodes by
# hand, and do not initialize.
#
# Seen (two rings of five accounts, opinions 0 and 1; 100 steps, each the mean of oneself and one's neighbours):
#   network set, data set by hand            10 ties, opinions 0 and 1
#   network set, num_nodes 10, initialized   45 ties, opinion 0.5
#   graph_type "barabasi_albert", "ring", "star"   all the wheel of 18 ties
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-deps emergent==0.1.3
"$folder/venv/bin/pip" install --quiet networkx==3.6.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import itertools
import networkx as nx
from emergent.main import AgentModel
def average(model):
    graph = model.get_graph()
    opinion = nx.get_node_attributes(graph, "opinion")
    for account in graph:
        circle = [account, *graph.neighbors(account)]
        graph.nodes[account]["opinion"] = sum(opinion[other] for other in circle) / len(circle)
def run(model):
    for _ in range(100):
        model.timestep()
    graph = model.get_graph()
    return graph.number_of_edges(), sorted({round(value, 3) for _, value in graph.nodes(data="opinion")})
def make(**parameters):
    model, slants = AgentModel(), itertools.chain([0.0] * 5, [1.0] * 5)
    model.update_parameters({"num_nodes": 10, **parameters})
    model.set_initial_data_function(lambda _: {"opinion": next(slants)})
    model.set_timestep_function(average)
    return model
rings = nx.disjoint_union(nx.cycle_graph(5), nx.cycle_graph(5))
model = make()
model.set_graph(rings.copy())
for account in model.get_graph():
    model.get_graph().nodes[account].update(model.initial_data_function(model))
by_hand = run(model)
model = make()
model.set_graph(rings.copy())
model.initialize_graph()
initialized = run(model)
print("set by hand", *by_hand)
print("initialized", *initialized)
assert by_hand == (10, [0.0, 1.0]), "changed: by hand"
assert initialized == (45, [0.5]), "changed: initialized"
for kind in ("barabasi_albert", "ring", "star"):
    model = make(graph_type=kind)
    model.initialize_graph()
    print(kind, model.get_graph().number_of_edges())
    assert set(model.get_graph().edges) == set(nx.wheel_graph(10).edges), f"changed: {kind}"
print("as described")
PYTHON
