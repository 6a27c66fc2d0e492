"""From which communities to which a feed carries posts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.results import Mixing
from graphkit.data.spread import Spread
from graphkit.errors import DataError, MissingDataError, check_integer, nearest

__all__ = ["ei_index", "ei_null", "flow", "flow_matrix"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.integer]


def flow(spread: Spread, arm: str, partition: str, *, world: int | None = None) -> Mixing:
    """Impressions of one arm from home communities (rows) to viewers' (columns).

    Expected is row sum × column sum / total. Posts without a home and viewers without a
    community are left out, and their impressions counted. Replications are added up, and
    so are worlds, communities matched by name.

    Parameters
    ----------
    spread
        What :func:`simulate_spread` tallied.
    arm
        Name of the arm.
    partition
        Kind of partition, such as ``"planted"``.
    world
        One world only.

    Raises
    ------
    MissingDataError
        For an arm or a kind of partition that there is not.
    DataError
        If the worlds differ in their communities: choose one world. Also if no impression
        runs between communities.
    """
    spread.of(arm)
    world = check_integer("world", world, 0, len(spread.worlds) - 1, optional=True)
    chosen = range(len(spread.worlds)) if world is None else (world,)
    partitions = []
    for w in chosen:
        known = spread.worlds[w].partitions
        if partition not in known:
            raise MissingDataError(
                f"world {w} has no partition {partition!r}.{nearest(partition, known)} "
                f"Kinds: {', '.join(known)}."
            )
        partitions.append(known[partition])
    first = partitions[0]
    size = first.n_communities
    observed, excluded = np.zeros((size, size)), 0
    for w, own in zip(chosen, partitions, strict=True):
        places = _places(own, first)
        for r in range(spread.replications):
            tally = spread.tallies[arm, w, r]
            found = flow_matrix(tally.views[partition], spread.worlds[w].homes[partition])
            observed[np.ix_(places, places)] += found
            excluded += int(tally.views[partition].sum()) - int(found.sum())
    if not observed.any():
        raise DataError(f"arm {arm!r} shows no post with a home to an account of a community.")
    return Mixing(
        tuple(first.name(c) for c in range(size)),
        observed,
        np.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum(),
        ei_index(observed),
        excluded,
        True,
        Provenance.of(
            "flow",
            {
                "arm": arm,
                "partition": partition,
                "world": world,
                "calibrated": spread.calibrated,
            },
            made_from=(spread,),
        ),
    )


def _places(own: Partition, first: Partition) -> list[int]:
    """Where the communities of one world stand among those of the first."""
    names = [first.name(c) for c in range(first.n_communities)]
    mine = [own.name(c) for c in range(own.n_communities)]
    unnamed = None in own.labels or None in first.labels
    # numbers are no names: then the sizes must be equal too, as in resampled worlds
    same = sorted(mine) == sorted(names)
    if not same or (unnamed and not np.array_equal(own.sizes, first.sizes)):
        raise DataError(
            "the worlds differ in their communities, so that flows cannot be added up: choose one "
            "by world=, or name the communities."
        )
    return [names.index(name) for name in mine]


def flow_matrix(views: Codes, homes: Codes) -> Floats:
    """Impressions from home to viewer's community, shape (C, C).

    `views` has shape (m, C + 1), its last column unassigned viewers; `homes` shape (m,).

    Examples
    --------
    >>> flow_matrix(np.array([[3, 1, 9], [0, 2, 0]]), np.array([0, -1])).tolist()
    [[3.0, 1.0], [0.0, 0.0]]
    """
    size = views.shape[1] - 1
    matrix = np.zeros((size, size))
    kept = homes >= 0
    np.add.at(matrix, homes[kept], views[kept, :size].astype(np.float64))
    return matrix


def ei_index(matrix: Floats) -> float:
    """(external − internal) / (external + internal) of a square matrix of flows.

    −1 if everything stays inside, 1 if nothing does; NaN without any flow.

    References
    ----------
    Krackhardt, D., & Stern, R. N. (1988). Informal networks and organizational crises.
    Social Psychology Quarterly, 51(2), 123–140. https://doi.org/10.2307/2786835

    Examples
    --------
    >>> ei_index(np.array([[3.0, 1.0], [0.0, 0.0]]))
    -0.5
    """
    total, internal = float(matrix.sum()), float(np.trace(matrix))
    return (total - 2 * internal) / total if total else float("nan")


def ei_null(
    views: Codes, membership: Codes, *, homes: Codes, poster_indptr: Codes, posters: Codes
) -> float:
    """Expectation of the E–I index if the memberships of a post's possible viewers are permuted.

    Posts keep home, posters and number of viewers; the memberships of all other assigned
    accounts are exchanged at random, post by post. Of n_i viewers, n_i (|h| − p_ih)/(N − p_i)
    are then expected inside, with N assigned accounts and p_i posters, p_ih of them in h:
    exact, nothing is drawn. Parameters as for :func:`crossing`.

    Examples
    --------
    One post of a community of two among four accounts:

    >>> round(ei_null(
    ...     np.array([[1, 2, 0]]), np.array([0, 0, 1, 1]), homes=np.array([0]),
    ...     poster_indptr=np.array([0, 1]), posters=np.array([0]),
    ... ), 4)
    0.3333
    """
    size = views.shape[1] - 1
    sizes = np.bincount(membership[membership >= 0], minlength=size)
    post_of = np.repeat(np.arange(homes.size), np.diff(poster_indptr))
    known = membership[posters] >= 0
    inside = known & (membership[posters] == homes[post_of])
    own = np.bincount(post_of, weights=known, minlength=homes.size)
    own_home = np.bincount(post_of, weights=inside, minlength=homes.size)
    shown = views[:, :size].sum(axis=1)
    kept = (homes >= 0) & (shown > 0)
    if not kept.any():
        return float("nan")
    chance = (sizes[homes[kept]] - own_home[kept]) / (sizes.sum() - own[kept])
    return float(1 - 2 * (shown[kept] * chance).sum() / shown[kept].sum())
