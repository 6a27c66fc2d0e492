"""Degree-preserving null model of a two-mode network by curveball trades."""

from __future__ import annotations

import numpy as np

from graphkit.data.incidence import IncidenceMatrix
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, check_number
from graphkit.rng import RNGLike, Streams

__all__ = ["curveball"]


def curveball(
    incidence: IncidenceMatrix, *, trades: float = 10.0, rng: RNGLike | None = None
) -> IncidenceMatrix:
    r"""Random two-mode network with the degrees of both sides, by curveball trades [1]_.

    In a trade two nodes drawn at random put the objects that only one of them has into a pool,
    and deal the pool anew at random, each as many as it had. Every node keeps its number of
    objects, and every object its number of nodes. In the long run every incidence matrix with
    these degrees is equally likely [2]_.

    Pairs are kept in number, each once; multiplicities and times, which belong to pairs that are
    no more, are not.

    Parameters
    ----------
    incidence
        Two-mode network.
    trades
        Trades per node that has an object, 0 or more; each node takes part in twice as many.
        Strona et al. found 5 enough for ecological matrices of all shapes.
    rng
        Seed.

    Returns
    -------
    IncidenceMatrix
        The same nodes and objects. The provenance counts the trades, and those of them where
        both nodes had something to trade.

    Raises
    ------
    DataError
        If `incidence` is not an IncidenceMatrix.
    OptionError
        If `trades` is not a finite number from 0 up.

    References
    ----------
    .. [1] Strona, G., Nappo, D., Boccacci, F., Fattorini, S. & San-Miguel-Ayanz, J. (2014). A
       fast and unbiased procedure to randomize ecological binary matrices with fixed row and
       column totals. Nature Communications, 5, 4114. doi:10.1038/ncomms5114
    .. [2] Carstens, C. J. (2015). Proof of uniform sampling of binary matrices with fixed row
       sums and column sums for the fast Curveball algorithm. Physical Review E, 91, 042812.
       doi:10.1103/PhysRevE.91.042812

    Examples
    --------
    >>> from graphkit.data.vocabulary import Vocabulary
    >>> log = IncidenceMatrix.from_codes(
    ...     Vocabulary(["a", "b", "c"]), Vocabulary(["v", "w", "x"]),
    ...     np.array([0, 0, 1, 2], np.int32), np.array([0, 1, 1, 2], np.int32))
    >>> other = curveball(log, rng=1)
    >>> np.diff(other.indptr).tolist(), np.bincount(other.things).tolist()
    ([2, 1, 1], [1, 2, 1])
    """
    if not isinstance(incidence, IncidenceMatrix):
        raise DataError(
            f"curveball needs an IncidenceMatrix, not a {type(incidence).__name__}: make one with "
            "IncidenceMatrix.from_codes or graphkit.readwrite.read_incidence."
        )
    trades = check_number("trades", trades, 0.0)
    streams = Streams(rng)
    objects = incidence.things.copy()
    lengths = np.diff(incidence.indptr)
    actors = np.flatnonzero(lengths)
    wanted = round(trades * actors.size) if actors.size > 1 else 0
    moved = 0
    if wanted:
        from graphkit.kernels.curveball import trade_objects

        mark = np.zeros(len(incidence.through), dtype=np.int8)
        pool = np.empty(2 * int(lengths.max()), dtype=np.int32)
        draws = streams.generator("trades")
        start = incidence.indptr.copy()  # kernels are compiled for writable arrays only
        moved = trade_objects(start, objects, actors, wanted, mark, pool, draws)
    record = Provenance.of(
        "curveball",
        {"trades": trades, "traded": wanted, "with_something_to_trade": moved},
        seed=streams.seed,
        made_from=(incidence,),
        packages=("numba", "numpy"),
    )
    return IncidenceMatrix.from_codes(
        incidence.between,
        incidence.through,
        incidence.rows,
        objects,
        node_kind=incidence.node_kind,
        provenance=record,
    )
