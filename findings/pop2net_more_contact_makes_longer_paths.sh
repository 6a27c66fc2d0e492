#!/usr/bin/env bash
# pop2net 1.3.0, network_measures of a NetworkInspector.
#
# In pop2net an edge weighs what two actors have in common: hours at the places where both are. The table of "common
# network measures" is weighted by default, and its diameter and average path length hand these weights to networkx,
# where a weight is the length of an edge. So the more two actors meet, the farther apart they are: ten times
# the hours make ten times the distance, and actors who never stay long are the closest. Calibrating contacts moves
# both measures the wrong way, and a path through two short meetings is taken before a long one. Clustering in
# the same table reads a weight as strength. weighted=False counts steps; else give networkx 1 / weight yourself.
#
# Seen (three actors in a row, hours of each meeting; diameter, average path length, steps):
#   0.1 hours     0.2    0.13   2
#   1 hour        2.0    1.33   2
#   10 hours     20.0   13.33   2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pop2net==1.3.0 networkx==3.6.1 scipy==1.17.1 pandas==2.3.3 numpy==2.4.6 \
    seaborn==0.12.2
MPLBACKEND=Agg "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
import numpy as np
import pop2net
def measures(hours, weighted=True):
    """A row of three actors: the first and the second meet, and the second and the third."""
    class Place(pop2net.Location):
        def weight(self, actor):
            return hours
    world = pop2net.Environment()
    actors = [pop2net.Actor() for _ in range(3)]
    world.add_actors(actors)
    for pair in (actors[:2], actors[1:]):
        place = Place()
        world.add_location(place)
        place.add_actors(pair)
    graph = world.export_actor_network()
    assert all(weight == hours for _, _, weight in graph.edges(data="weight")) and nx.is_connected(graph)
    (found,) = pop2net.NetworkInspector(world).network_measures(actor_attrs=["type"], weighted=weighted)
    return found["diameter"], found["avg_path_length"]
for hours in (0.1, 1, 10):
    diameter, length = measures(hours)
    steps = measures(hours, weighted=False)
    print(f"{hours:>4} hours   diameter {diameter:4.1f}   average path {length:5.2f}   diameter in steps {steps[0]}")
    assert np.isclose(diameter, 2 * hours) and np.isclose(length, hours * 4 / 3), "changed"
    assert steps[0] == 2
print("as described")
PYTHON
