#!/usr/bin/env bash
# tenetan 0.9.0, first-order-mover scores of TaylorSupraMatrix.
#
# The score says whose centrality changes most over the snapshots (Taylor and others, 2017): a way to find accounts that
# rise or fall. It belongs to the account, and another numbering of the same accounts should give each the same score.
# The big matrix is laid out snapshot by snapshot, and the vectors that are multiplied with it account by account, so
# that the score of an account mixes values of others. With the accounts in another order each has another score, and
# another one leads. The time-averaged centrality, which is computed beside it, is the same in any order. With one
# layout for both, as the paper has it, the order has no effect, and the account that moves from the edge of the network
# to its centre has the highest score.
#
# Seen (six accounts, four snapshots; the account "riser" becomes the hub; place of "riser" by the score, 1 is first):
#   in five orders   1, 4, 4, 4, 4
#   by hand          1 in all of them
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet statsmodels==0.14.6 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
# tenetan also asks for libraries of tensors, which this measure does not use.
"$folder/venv/bin/pip" install --quiet --no-deps tenetan==0.9.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from tenetan.centrality.eigenvector import TaylorSupraMatrix
from tenetan.networks import SnapshotGraph

accounts = np.array(["ann", "bob", "cat", "dan", "eve", "riser"])
ring = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]
new = [[(5, 0)], [(5, 0), (5, 1)], [(5, 0), (5, 1), (5, 2)], [(5, 0), (5, 1), (5, 2), (5, 3), (5, 4)]]
network = np.zeros((6, 6, 4))
for time, more in enumerate(new):
    for one, other in ring + more:
        network[one, other, time] = network[other, one, time] = 1


def scores(network):
    matrix = TaylorSupraMatrix(SnapshotGraph(network))
    matrix.zero_first_order_expansion()
    return np.abs(matrix.tac), matrix.fom


def by_hand(network):
    size, _, times = network.shape
    chain = np.eye(times, k=1) + np.eye(times, k=-1)
    values, vectors = np.linalg.eigh(chain)
    along = np.kron(vectors[:, [-1]], np.eye(size))
    blocks = np.zeros((size * times,) * 2)
    for time in range(times):
        blocks[time * size : (time + 1) * size, time * size : (time + 1) * size] = network[:, :, time]
    inverse = np.kron(np.linalg.pinv(values[-1] * np.eye(times) - chain), np.eye(size))
    first, second = along.T @ blocks @ along, along.T @ blocks @ inverse @ blocks @ along
    sizes, states = np.linalg.eigh(first)
    state = states[:, -1]
    change = (state @ second @ state) * state - second @ state
    change = np.linalg.pinv(first - sizes[-1] * np.eye(size), rcond=1e-9) @ change
    moved = (inverse @ blocks @ along @ state).reshape(times, size)
    return np.sqrt(change**2 + (moved**2).sum(axis=0))


rng = np.random.default_rng(1)
places, tables, right = [], [], []
for turn in range(5):
    order = np.arange(6) if turn == 0 else rng.permutation(6)
    again = network[np.ix_(order, order)]
    back = np.argsort(order)
    average, found = (values[back] for values in scores(again))
    hand = by_hand(again)[back]
    places.append(int((found > found[5]).sum()) + 1)
    tables.append((average, found))
    right.append(hand)
    print("order", *accounts[order], "scores", dict(zip(accounts.tolist(), found.round(2).tolist(), strict=True)))
print("by hand", dict(zip(accounts.tolist(), right[0].round(2).tolist(), strict=True)), "places", places)
assert all(np.allclose(hand, right[0], atol=1e-8) for hand in right) and right[0].argmax() == 5
assert all(np.allclose(average, tables[0][0], atol=1e-8) for average, _ in tables), "changed: time-averaged centrality"
assert not any(np.allclose(found, tables[0][1], atol=0.05) for _, found in tables[1:]), "changed: movers"
assert len(set(places)) > 1, "changed: the same place in any order"
print("as described")
PYTHON
