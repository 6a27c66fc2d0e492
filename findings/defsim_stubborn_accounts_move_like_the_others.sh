#!/usr/bin/env bash
# defSim 0.1.3, influence_modifiers of the weighted linear influence.
#
# "smooth" (Flache and Macy) weakens a move towards the nearer end of the opinion scale and hardly one away from it.
# "stubborn" is another: an account at either end does not move at all, one in the middle moves in full. The package has
# a function for each, and calls the one for smoothing in both cases. So stubborn accounts at an end are won over from
# there as by plain influence, and those in the middle move half as far as they should. And if many influence one,
# either modifier is worked out and thrown away: the result is that of no modifier. A comparison of
# the two mechanisms, or of regimes, finds no difference, because there is none. The unused function is right.
#
# Seen (opinion of an account after one meeting; convergence rate 0.5):
#                             plain   smooth   stubborn   by the rule of stubborn
#   one to one,  0.0 hears 1.0   0.50    0.50     0.50      0.00
#   one to one,  0.5 hears 0.9   0.70    0.60     0.60      0.70
#   many to one, 0.5 hears 0.9   0.70    0.70     0.70      0.70
#   many to one, 0.0 hears 1.0   0.50    0.50     0.50      0.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet defsim==0.1.3 networkx==3.6.1 scipy==1.17.1 matplotlib==3.11.2 seaborn==0.13.2 \
    pandas==2.3.3 numpy==2.4.6 tqdm==4.67.1
MPLBACKEND=Agg "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
from defSim.dissimilarity_component.ManhattanDistance import ManhattanDistance
from defSim.influence_sim.WeightedLinear import WeightedLinear
def meet(regime, hearer, speaker, modifiers):
    graph, distance = nx.complete_graph(2), ManhattanDistance()
    nx.set_node_attributes(graph, {0: {"opinion": speaker}, 1: {"opinion": hearer}})
    distance.calculate_dissimilarity_networkwide(graph)
    rule = WeightedLinear(regime, convergence_rate=0.5, homophily=0, influence_modifiers=modifiers)
    focal, other = (1, 0) if regime == "many-to-one" else (0, 1)
    rule.spread_influence(graph, focal, [other], distance, ["opinion"])
    return graph.nodes[1]["opinion"]
def stubborn(hearer, speaker):
    """No move at the ends of the scale, a full one in the middle, linear in between."""
    return hearer + 0.5 * (speaker - hearer) * 2 * min(hearer, 1 - hearer)
for regime in ("one-to-one", "many-to-one"):
    for hearer, speaker in ((0.0, 1.0), (0.5, 0.9), (0.9, 0.1)):
        found = [meet(regime, hearer, speaker, modifiers) for modifiers in ([], ["smooth"], ["stubborn"])]
        rule = stubborn(hearer, speaker)
        print(regime, hearer, "hears", speaker, *(f"{value:.2f}" for value in found), f"  by the rule {rule:.2f}")
        assert found[1] == found[2], "changed: stubborn is not smooth"
        assert (found[0] == found[1]) or regime == "one-to-one", "changed: many to one"
assert meet("one-to-one", 0.5, 0.9, ["smooth"]) < 0.65 and stubborn(0.5, 0.9) == 0.7
assert meet("one-to-one", 0.0, 1.0, ["stubborn"]) == 0.5 and stubborn(0.0, 1.0) == 0
print("as described")
PYTHON
