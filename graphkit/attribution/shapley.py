"""Shapley values of the factors in which two feeds differ: each one's part of the gap."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.attribution.coalitions import (
    CoalitionValues,
    MeasureRow,
    as_numbers,
    as_population,
    draw_groups,
    evaluate_coalitions,
    gap_frame,
    named_measures,
    rows_frame,
    share_of,
    share_text,
    signed_text,
    without_rounding,
)
from graphkit.attribution.feed_factors import FeedFactors, feed_factors
from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.world import World
from graphkit.errors import DataError, OptionError, check_integer, check_number
from graphkit.measures.catalogue import outcome_schema
from graphkit.measures.hosting_visibility import Views
from graphkit.measures.intervals import HIGHER, LOWER, OVER_POPULATIONS, holm
from graphkit.parallel import refuse_after_fork
from graphkit.recommenders.feed import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.behaviour import Behaviour

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["Shapley", "interaction_index", "shapley", "shapley_values"]

Floats = npt.NDArray[np.float64]

#: Factors up to which all coalitions are simulated unless said otherwise, and at most.
EXACT, MOST_EXACT = 8, 10

_ROW = ("measure", "partition", "community", "factor")
_COUNTS = ("interval", "fixed", "se", "worlds", "replications")
_SCHEMA: dict[str, Any] = outcome_schema(
    *(*_ROW, "value", "low", "high", "share", "p", "p_holm", "direction", "sampling_error"),
    *_COUNTS,
) | {"factor": pl.String()}
_PAIRS: dict[str, Any] = outcome_schema(
    *(*_ROW, "other", "value", "low", "high", "direction", *_COUNTS)
) | dict.fromkeys(("factor", "other"), pl.String())


@dataclass(frozen=True, repr=False, eq=False)
class Shapley(Frozen, table="_shown"):
    """Result of :func:`shapley`: the gap between two feeds, divided among its factors.

    Attributes
    ----------
    frame
        One row per measure and factor: measure, partition, community, factor, value, low, high,
        share (of the gap; null where the interval of the gap includes zero), p (t test), p_holm
        (adjusted over the factors of a measure), direction (``"higher"``, ``"lower"``, ``"not
        distinguishable"``, ``"not claimed: filler"``), sampling_error (standard error that the
        sampling of permutations adds; 0 if exact), interval, fixed, se, worlds, replications.
    gap
        One row per measure: a_mean, b_mean, gap (B − A), low, high, p, direction, filler and
        baseline_filler (of B and of A), interval, fixed, se, worlds, replications,
        budget, calibrated.
    interactions
        One row per measure and pair of factors: factor, other, value (interaction index), low,
        high, direction; without rows if permutations were sampled.
    factors
        The factors.
    exact
        Whether all coalitions were simulated.
    facts
        What the display says of method, intervals and filler.
    """

    frame: pl.DataFrame
    gap: pl.DataFrame
    interactions: pl.DataFrame
    factors: FeedFactors
    exact: bool
    facts: Mapping[str, object]
    provenance: Provenance = field(default_factory=lambda: Provenance("shapley"))

    def _title(self) -> str:
        return f"Shapley values: {self.factors.b.name} − {self.factors.a.name}"

    def _facts(self) -> dict[str, object]:
        shown: dict[str, object] = dict(self.facts)
        for gap in self.gap.iter_rows(named=True):
            measure = MeasureRow(gap["measure"], gap["partition"], gap["community"])
            shown[f"gap in {measure.text}"] = signed_text(gap["gap"], gap)
            same = [pl.col(c).eq_missing(pl.lit(gap[c], pl.String)) for c in _ROW[:3]]
            rows = self.frame.filter(*same)
            still = (pl.col("value") == 0) & (pl.col("se") == 0)
            for row in rows.filter(~still.fill_null(False)).iter_rows(named=True):
                text = signed_text(row["value"], row)
                if row["share"] is not None:
                    text += f"; {share_text(row['share'])}"
                if row["direction"] is not None:
                    text += f"; {row['direction']}"
                shown[f"{row['factor']}: {measure.text}"] = text
            pairs = self.interactions.filter(*same, pl.col("direction").is_in([HIGHER, LOWER]))
            for row in pairs.iter_rows(named=True):
                pair = f"{row['factor']} × {row['other']}"
                shown[f"{pair}: {measure.text}"] = f"{signed_text(row['value'], row)}; interaction"
            if names := rows.filter(still)["factor"].to_list():
                shown[f"zero in every run: {measure.text}"] = ", ".join(names)
        return shown

    def _shown(self) -> pl.DataFrame:
        """Columns for a notebook."""
        shown = ("measure", "partition", "community", "factor", "value", "low", "high", "share")
        return self.frame.select(*shown, "p_holm", "direction")


def shapley_values(values: npt.ArrayLike) -> Floats:
    r"""Shapley values of all players of a game, from the values of all coalitions.

    .. math:: φ_i = \sum_{S ⊆ N \setminus i} \frac{|S|!\,(k - |S| - 1)!}{k!} (v(S ∪ i) - v(S))

    Parameters
    ----------
    values
        Shape (2^k,) or (2^k, u): entry S is the value of the coalition of the players whose bits
        are set in S; of u games at once.

    Returns
    -------
    numpy.ndarray
        Shape (k,) or (k, u). They sum to v(N) − v(∅) to rounding. The sums are correctly
        rounded, so that no order of terms matters, and the dual game has the same values.

    Raises
    ------
    DataError
        If the length is no power of two from 2 on.

    References
    ----------
    Shapley, L. S. (1953). A value for n-person games. In Contributions to the Theory of Games II,
    307–317. Princeton University Press. https://doi.org/10.1515/9781400881970-018

    Examples
    --------
    The glove game, in which one player has a left glove, and two have a right one:

    >>> pairs = [0, 0, 0, 1, 0, 1, 0, 1]
    >>> shapley_values(pairs).round(4).tolist()
    [0.6667, 0.1667, 0.1667]
    """
    games, k = _as_games(values)
    found = np.empty((k, games.shape[1]))
    for i in range(k):
        without = np.array([s for s in range(1 << k) if not s >> i & 1])
        sizes = [s.bit_count() for s in without.tolist()]
        weights = np.array([_weight(size, k) for size in sizes])
        gains = weights[:, None] * (games[without | 1 << i] - games[without])
        found[i] = [_exact_sum(gains[:, u]) for u in range(games.shape[1])]
    return found if np.ndim(values) > 1 else found[:, 0]


def interaction_index(values: npt.ArrayLike) -> Floats:
    r"""Shapley interaction index of all pairs of players, from the values of all coalitions.

    .. math::

        I_{ij} = \sum_{S ⊆ N \setminus \{i, j\}} \frac{|S|!\,(k - |S| - 2)!}{(k - 1)!}
        (v(S ∪ ij) - v(S ∪ i) - v(S ∪ j) + v(S))

    It is positive where two players do more together than each on its own, and 0 for all pairs of
    an additive game.

    Parameters
    ----------
    values
        As for :func:`shapley_values`.

    Returns
    -------
    numpy.ndarray
        Shape (k, k) or (k, k, u), symmetric; NaN on the diagonal.

    References
    ----------
    Grabisch, M., & Roubens, M. (1999). An axiomatic approach to the concept of interaction among
    players in cooperative games. International Journal of Game Theory, 28(4), 547–565.
    https://doi.org/10.1007/s001820050125

    Examples
    --------
    >>> interaction_index([0, 0, 0, 1]).tolist()
    [[nan, 1.0], [1.0, nan]]
    """
    games, k = _as_games(values)
    found = np.full((k, k, games.shape[1]), np.nan)
    for i, j in combinations(range(k), 2):
        both = 1 << i | 1 << j
        without = np.array([s for s in range(1 << k) if not s & both])
        weights = np.array([_weight(s.bit_count(), k - 1) for s in without.tolist()])
        together = games[without | both] + games[without]
        apart = games[without | 1 << i] + games[without | 1 << j]
        gains = weights[:, None] * (together - apart)
        found[i, j] = found[j, i] = [_exact_sum(gains[:, u]) for u in range(games.shape[1])]
    return found if np.ndim(values) > 1 else found[:, :, 0]


def _as_games(values: npt.ArrayLike) -> tuple[Floats, int]:
    """The values with a column per game, and the number of players."""
    games = as_numbers("values", values)
    k = games.shape[0].bit_length() - 1 if games.ndim in (1, 2) else 0
    if k < 1 or games.shape[0] != 1 << k:
        raise DataError(
            f"values: the shape is {games.shape}, and one value per coalition of k players is needed, "
            "2^k of them."
        )
    return games.reshape(1 << k, -1), k


def _weight(size: int, k: int) -> float:
    """|S|! (k − |S| − 1)! / k!."""
    return math.factorial(size) * math.factorial(k - size - 1) / math.factorial(k)


def _exact_sum(terms: Floats) -> float:
    """Correctly rounded sum; NaN if a term is."""
    return math.fsum(terms.tolist()) if np.isfinite(terms).all() else float("nan")


def permutation_gains(
    orders: npt.NDArray[np.int64], values: Mapping[int, Floats], k: int
) -> Floats:
    """What each player adds in each order of entry, shape (orders, k, u).

    `orders` has a permutation of the players per row; `values` by coalition, shape (u,).
    """
    gains = np.empty((orders.shape[0], k, values[0].size))
    for at, order in enumerate(orders.tolist()):
        mask = 0
        for player in order:
            gains[at, player] = values[mask | 1 << player] - values[mask]
            mask |= 1 << player
    return gains


def antithetic_orders(k: int, permutations: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Random orders of k players, each followed by its reverse."""
    drawn = [rng.permutation(k) for _ in range(permutations // 2)]
    return np.array([order for one in drawn for order in (one, one[::-1])], dtype=np.int64)


def _prefixes(orders: npt.NDArray[np.int64]) -> list[int]:
    """All coalitions on the way through these orders, ascending."""
    masks = {0}
    for order in orders.tolist():
        mask = 0
        for player in order:
            mask |= 1 << player
            masks.add(mask)
    return sorted(masks)


def shapley(
    worlds: World | Sequence[World],
    a: Feed,
    b: Feed,
    *,
    measure: str | Sequence[str],
    ticks: int,
    factors: str | Mapping[str, str | Sequence[str]] = "parts",
    exact: bool | None = None,
    permutations: int = 16,
    partition: str | None = None,
    community: str | None = None,
    replications: int = 1,
    slots: int = 10,
    budget: str = "matched",
    reading: str = "filled",
    behaviour: Behaviour | None = None,
    visibility: Views | None = None,
    confidence: float = 0.95,
    cache: str | Path | None = None,
    executor: Executor | None = None,
    rng: RNGLike | None = None,
) -> Shapley:
    r"""Divide the gap between two feeds in a measure among the factors in which they differ.

    Factors are the players of a game. The value v(S) of a coalition S is the measure under the
    feed with the values of B for the factors in S, and those of A for the others (:func:`feed_factors`),
    so that v(∅) is that of A and v(N) that of B. The part of factor f is its Shapley value

    .. math:: φ_f = \sum_{S ⊆ N \setminus f} \frac{|S|!\,(k - |S| - 1)!}{k!} (v(S ∪ f) - v(S)),

    what it adds on average over all orders in which the factors of A can be exchanged for those
    of B. The parts sum to the gap v(B) − v(A), to a rounding of about 10⁻¹⁴ of the largest value;
    with A and B exchanged, they are exactly the negatives.

    **Exact.** All 2^k feeds run in every world, up to 8 factors by default and 10 at most. Then
    ``.interactions`` has the interaction index of each pair (:func:`interaction_index`).

    **Sampled.** With more factors, orders are drawn, each with its reverse (Castro et al. 2009),
    anew in each world from a stream of its own, and what a factor adds is averaged over them.
    Worlds made independently differ in their orders, too, so that the interval over worlds
    contains the sampling error. In a jackknife, and in one world, all share their orders and
    draws, and the sampling error widens the interval in quadrature. ``sampling_error`` gives it
    apart. The draws of a world are other ones than those of the exact division.

    **Intervals.** The division is made in each world and replication, all feeds with common random
    numbers; intervals are over the worlds, as in :func:`graphkit.contrast`. A run in which a
    feed has no value of the measure is left out, and ``worlds`` and ``replications`` count the
    others. Holm's adjustment is over the factors of a measure; directions follow from the intervals,
    which are not adjusted. Where more than 25 % of the
    impressions of A or B are filler, no direction is claimed and nothing is tested; nor is any of a
    factor where one of the feeds between them has so much.

    Parameters
    ----------
    worlds
        One world; several made independently; or those of :func:`graphkit.resample_worlds`.
    a, b
        The two feeds; the gap is B − A.
    measure
        A measure, or several, which share their simulations.
    ticks, replications, slots, budget, reading, behaviour
        As for :func:`graphkit.simulate_spread`. Of shared slots, those that all simulated feeds
        fill are tallied.
    factors
        As for :func:`feed_factors`.
    exact
        Whether all coalitions are simulated; by default up to 8 factors.
    permutations
        Orders per world otherwise, an even number from 4 on.
    partition, community
        Row of the measures: without a partition the row that needs none, the only one, or
        that of ``"interest"``, else ``"planted"``; without a community that of all.
    visibility
        For measures over the visibility of communities (``hosting_hidden``, ``hosting_slope``),
        as for :func:`graphkit.measures.hosting_by_visibility`; an arm of random posts is added.
    confidence
        Confidence level of the intervals.
    cache, executor
        As for :func:`evaluate`. With a cache give a seed, too: other draws are other runs.
    rng
        Seed of the draws and of the orders.

    Returns
    -------
    Shapley

    Raises
    ------
    OptionError
        For more than 10 factors with ``exact=True``, and as for :func:`feed_factors`.
    MissingDataError, DataError
        For a measure that the outcome lacks or has under several partitions, and as for
        :func:`evaluate`.

    References
    ----------
    Castro, J., Gómez, D., & Tejada, J. (2009). Polynomial calculation of the Shapley value based
    on sampling. Computers & Operations Research, 36(5), 1726–1730.
    https://doi.org/10.1016/j.cor.2008.04.004

    Shapley, L. S. (1953). A value for n-person games. In Contributions to the Theory of Games II,
    307–317. Princeton University Press. https://doi.org/10.1515/9781400881970-018

    Examples
    --------
    >>> import graphkit as gk
    >>> world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    >>> a = gk.recommenders.Feed("newest", {"everywhere": 60}, {"recency": 1.0})
    >>> b = a.but("by interest", weights={"interest": 1.0}, trial_growth=2.0)
    >>> found = shapley(world, a, b, measure="viewer_value", ticks=2, slots=3, rng=1)
    >>> found.frame.select("factor", pl.col("share").round(3)).rows()
    [('weights', 1.0), ('candidates', 0.0)]
    """
    refuse_after_fork()
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    population, measures = as_population(worlds), named_measures(measure, visibility)
    divided = feed_factors(a, b, factors=factors)
    k, streams = len(divided.names), Streams(rng)
    if exact and k > MOST_EXACT:
        raise OptionError(
            f"exact=True: {k} factors have {1 << k:,} coalitions, and up to {MOST_EXACT} factors can be "
            "divided exactly. Join some by factors=, or sample permutations with exact=False."
        )
    enumerated = k <= EXACT if exact is None else bool(exact)
    orders: list[npt.NDArray[np.int64]] = []
    coalitions: list[Sequence[int]] = [range(1 << k)]
    if not enumerated:
        permutations = check_integer("permutations", permutations, 4)
        if permutations % 2:
            raise OptionError(
                f"permutations={permutations}: an even number is needed, for each order runs with its "
                "reverse."
            )
        groups = range(len(draw_groups(population)))
        orders = [
            antithetic_orders(k, permutations, streams.generator("orders", g)) for g in groups
        ]
        coalitions = [_prefixes(drawn) for drawn in orders]
    found = evaluate_coalitions(
        population,
        divided,
        coalitions,
        measures=measures,
        partition=partition,
        community=community,
        visibility=visibility,
        streams=streams,
        options={
            "ticks": ticks,
            "replications": replications,
            "slots": slots,
            "budget": budget,
            "reading": reading,
            "behaviour": behaviour,
            "cache": cache,
            "executor": executor,
        },
    )
    rows: list[tuple[Any, ...]] = []
    pairs: list[tuple[Any, ...]] = []
    for at, row in enumerate(found.rows):
        if enumerated:
            values = np.stack([found.values[mask][at] for mask in range(1 << k)])
            parts, errors = shapley_values(values), np.zeros((k, values.shape[1]))
            magnitude = np.abs(values).max(axis=0)
            pairs += _pair_rows(
                found, row, divided, interaction_index(values), magnitude, confidence
            )
        else:
            parts, errors, magnitude = _sampled(found, at, orders, draw_groups(population))
        rows += _rows_of(found, at, divided, (parts, errors, magnitude), confidence)
    options = {"measure": measures, "ticks": ticks, "exact": enumerated, "factors": divided.names}
    options |= {} if enumerated else {"permutations": permutations}
    record = Provenance.of("shapley", options, seed=streams.seed, removed=found.removed)
    number = f"all {1 << k} coalitions" if enumerated else f"{permutations} orders per world"
    facts = {"method": number, **found.facts()}
    gaps, mixes = gap_frame(found, confidence), rows_frame(pairs, _PAIRS)
    return Shapley(rows_frame(rows, _SCHEMA), gaps, mixes, divided, enumerated, facts, record)


def _rows_of(
    found: CoalitionValues,
    at: int,
    divided: FeedFactors,
    numbers: tuple[Floats, Floats, Floats],
    confidence: float,
) -> list[tuple[Any, ...]]:
    """Rows of the factors of one measure: Shapley values of every run, their errors, magnitudes."""
    parts, errors, magnitude = numbers
    gap, row = found.gap(at, confidence)[0], found.rows[at]
    rows: list[list[Any]] = []
    # a sampled value of independent worlds varies with their orders, too
    shared = found.scheme.interval != OVER_POPULATIONS
    for f, factor in enumerate(divided.names):
        error = _joint_error(found, errors[f])
        part, *count = found.find(parts[f], magnitude, confidence, error if shared else 0.0)
        filled = found.filled(found.filler)
        p = None if filled or math.isnan(part.p) else part.p
        bounds = (part.centre, part.low, part.high, share_of(part.centre, gap))
        test = (p, None, part.direction(filled=filled), error)
        kind = (found.scheme.interval, found.scheme.fixed, part.se)
        rows.append([*row.key, factor, *bounds, *test, *kind, *count])
    place = list(_SCHEMA).index("p")
    for listed, adjusted in zip(rows, holm([r[place] for r in rows]), strict=True):
        listed[place + 1] = adjusted
    return [tuple(listed) for listed in rows]


def _pair_rows(
    found: CoalitionValues,
    row: MeasureRow,
    divided: FeedFactors,
    index: Floats,
    magnitude: Floats,
    confidence: float,
) -> list[tuple[Any, ...]]:
    """Rows of the pairs of factors of one measure."""
    rows = []
    for (i, one), (j, other) in combinations(enumerate(divided.names), 2):
        values = without_rounding(index[i, j], magnitude)
        part, *count = found.find(values, magnitude, confidence)
        bounds = (
            part.centre,
            part.low,
            part.high,
            part.direction(filled=found.filled(found.filler)),
        )
        kind = (found.scheme.interval, found.scheme.fixed, part.se)
        rows.append((*row.key, one, other, *bounds, *kind, *count))
    return rows


def _sampled(
    found: CoalitionValues,
    at: int,
    orders: Sequence[npt.NDArray[np.int64]],
    groups: Sequence[Sequence[int]],
) -> tuple[Floats, Floats, Floats]:
    """Sampled Shapley values and their standard errors, shape (k, u), and magnitudes of the runs."""
    k, runs = orders[0].shape[1], found.worlds.size
    parts, errors, magnitude = np.empty((k, runs)), np.empty((k, runs)), np.zeros(runs)
    for drawn, members in zip(orders, groups, strict=True):
        units = np.flatnonzero(np.isin(found.worlds, members))
        values = {mask: found.values[mask][at, units] for mask in _prefixes(drawn)}
        gains = permutation_gains(drawn, values, k)
        for player in range(k):
            own = gains[:, player]
            sums = [_exact_sum(own[:, u]) for u in range(units.size)]
            parts[player, units] = np.array(sums) / drawn.shape[0]
        # an order and its reverse are one draw
        twos = (gains[::2] + gains[1::2]) / 2
        errors[:, units] = twos.std(axis=0, ddof=1) / math.sqrt(twos.shape[0])
        magnitude[units] = np.abs(np.stack(list(values.values()))).max(axis=0)
    return parts, errors, magnitude


def _joint_error(found: CoalitionValues, errors: Floats) -> float:
    """Sampling error of the centre of an interval: of independent worlds, that of their mean."""
    known = ~np.isnan(errors)
    if found.scheme.whole is not None:
        known &= found.worlds == found.scheme.whole
    if not known.any():
        return float("nan")
    worlds, of = np.unique(found.worlds[known], return_inverse=True)
    # the replications of a world share their orders: their mean is at most this uncertain
    by_world = np.bincount(of, weights=errors[known] ** 2) / np.bincount(of)
    return math.sqrt(float(by_world.sum())) / worlds.size
