"""Observed spread: measures of each surface of a platform, from a log of who was shown what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset, require_dataset
from graphkit.data.display import number
from graphkit.data.frozen import Frozen
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_flag,
    check_integer,
    check_number,
    name_some,
    nearest,
)
from graphkit.measures.catalogue import mean_defined, outcome_schema
from graphkit.measures.contrast import Contrast, arm_means, contrast
from graphkit.measures.exposure import entropy, gini
from graphkit.measures.exposure_log import (
    Log,
    Places,
    count_excluded,
    deal_accounts,
    distinct_pairs,
    encode_places,
    impressions_since,
    item_groups,
    large_enough,
)
from graphkit.measures.hosting import hosting_members, hosting_reach
from graphkit.measures.intervals import holm
from graphkit.measures.matching import Matching, match_strata, weighted_crossing
from graphkit.measures.mixing import (
    Crossing,
    Mixing,
    crossing,
    ei_index,
    ei_null,
    flow_matrix,
    matrix_size,
)
from graphkit.parallel import track
from graphkit.rng import RNGLike, Streams

__all__ = ["Observed", "observed"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Row = tuple[str | None, str | None, str, float]

#: Name of the kind of partition in the outcome.
KIND = "given"

#: Measures of weighted impressions.
MATCHED = {"viewer_value", "crossing", "ei_index"}

#: What every result says of a comparison.
ASSOCIATION = "association: users choose the surface, and surfaces show different items"

#: What the result says where exposure may be that in which the communities were found.
CIRCLE = (
    "partition and exposure may come from the same data: exposure looks less crossing than it is"
)

_SCHEMA = outcome_schema(
    *("arm", "world", "replication", "partition", "community", "measure", "value"),
    *("budget", "calibrated", "sample"),
)
_ROW = ["arm", "partition", "community", "measure"]


@dataclass(frozen=True, repr=False, eq=False)
class Observed(Frozen, title="Observed spread", table="frame"):
    """Result of :func:`observed`: measures of each surface, raw and matched.

    A difference between surfaces is an association: users choose the surface, and surfaces show
    different items.

    Attributes
    ----------
    frame
        One row per surface, partition, community and measure: arm (the surface), partition (null
        where a measure needs none), community (its name; null for the whole), measure, value, low,
        high; matched, matched_low, matched_high (null for measures without a weighted form, and
        without matching); at_baseline (the value of the baseline, if there is one).
    differences
        One row per surface other than the baseline, partition, community and measure: arm,
        baseline, partition, community, measure, difference, low, high, direction, p_holm, and the
        same of the matched values as matched, matched_low, …. Holm's adjustment is over the primary
        rows of all surfaces. `None` without a baseline.
    outcome, matched_outcome
        The raw and the matched values in the columns of :func:`measure_spread`: world 0 is the
        whole, the others lack one group of accounts each. `matched_outcome` is `None` without
        matching.
    balance
        One row per surface and covariate: arm, covariate (``"item views"``,
        ``"viewer activity"``: mean logarithms; ``"strata"``), before, after, difference,
        matched_difference: standardised mean difference from the baseline (without one, from the
        mean of the surfaces); for strata the total variation distance from it, in [0, 1].
        effective: impressions after weighting (Kish), (Σw)² / Σw². `None` without matching.
    impressions
        Counted impressions by surface.
    flows
        Flow matrix of each surface, from community of origin (rows) to viewer's (columns).
    baseline
        Surface compared with.
    removed
        Impressions left out, by reason; what is left out of some measures only is named so.
    notes
        What limits the conclusions.
    groups
        Groups of accounts of the jackknife.
    """

    frame: pl.DataFrame
    differences: pl.DataFrame | None
    outcome: pl.DataFrame
    matched_outcome: pl.DataFrame | None
    balance: pl.DataFrame | None
    impressions: Mapping[str, int]
    flows: Mapping[str, Mixing]
    baseline: str | None
    removed: Mapping[str, int]
    notes: tuple[str, ...]
    groups: int
    provenance: Provenance = field(default_factory=lambda: Provenance("observed"))

    def contrast(
        self,
        arm: str,
        baseline: str | None = None,
        *,
        matched: bool = False,
        primary: Sequence[str] | None = None,
        confidence: float = 0.95,
    ) -> Contrast:
        """Association of the measures with the surface: :func:`contrast` of two surfaces.

        `baseline` is that of the result unless given; `matched` takes the matched values.
        """
        base = self.baseline if baseline is None else baseline
        if base is None:
            raise OptionError("baseline=None: name the surface to compare with.")
        outcome = self.matched_outcome if matched else self.outcome
        if outcome is None:
            raise MissingDataError("nothing was matched: call observed with match=True.")
        return contrast(outcome, arm, base, primary=primary, confidence=confidence)

    def flow(self, arm: str) -> Mixing:
        """Flow matrix of a surface, from community of origin (rows) to viewer's (columns)."""
        if arm not in self.flows:
            raise MissingDataError(
                f"no surface {arm!r}.{nearest(arm, self.flows)} Surfaces: {name_some(self.flows)}."
            )
        return self.flows[arm]

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "surfaces": ", ".join(f"{a} ({n:,} impressions)" for a, n in self.impressions.items()),
            "intervals": f"over samples like this one ({self.groups} groups left out in turn)",
            "comparisons": ASSOCIATION,
        }
        if self.baseline is not None:
            facts["baseline"] = self.baseline
        shown = self.frame.filter(pl.col("community").is_null(), measure="crossing")
        for row in shown.iter_rows(named=True):
            facts[f"crossing, {row['arm']}"] = _with_bounds(row, "value", "low", "high") + (
                ""
                if row["matched"] is None
                else "; matched " + _with_bounds(row, "matched", "matched_low", "matched_high")
            )
        facts |= {f"note {i}": note for i, note in enumerate(self.notes, 1)}
        left_out = enumerate(self.removed.items(), 1)
        return facts | {f"left out {i}": f"{n:,} {reason}" for i, (reason, n) in left_out}


def _with_bounds(row: Mapping[str, Any], value: str, low: str, high: str) -> str:
    text = number(row[value])
    return text if row[low] is None else f"{text} [{number(row[low])}, {number(row[high])}]"


def observed(
    dataset: Dataset,
    partition: Partition,
    *,
    by: str = "surface",
    measures: Sequence[str] | None = None,
    homes: Mapping[str, str | int] | None = None,
    baseline: str | None = None,
    before: str | date | int | None = None,
    groups: int = 20,
    match: bool = True,
    confidence: float = 0.95,
    min_impressions: int = 1_000,
    rng: RNGLike | None = None,
) -> Observed:
    """Measures of spread per surface of a platform, from its log of impressions.

    Each measure is defined as in :func:`measure_spread`, with a surface in the place of an arm. A
    viewer of an item counts once per surface, however often it was shown the item; `viewer_value`
    takes the mean watch fraction of these impressions. An item's community of origin is that of
    its author. Items of the dataset that a surface never shows count there as reaching nobody.

    *Surfaces are compared as an association.* Users choose the surface, and surfaces show
    different items. The matched values remove what follows from how popular the items of a surface
    and how active its viewers are, and nothing else. Strata are fifths of the impressions by the
    views of their item × fifths by the impressions of their viewer, over all reported surfaces
    (coarsened exact matching, Iacus et al. 2012), ties kept together; differences within a fifth
    remain. With p_k(s) the share of stratum s in surface k, the impressions of each surface are
    weighted to one distribution, t(s) ∝ 1 / Σ_k 1 / p_k(s): the overlap weights of Li & Li (2019),
    which weight most what all surfaces show, with surfaces counted alike; strata that a surface
    lacks are dropped and counted. Crossing, E–I index and mean watch fraction are of weighted
    impressions; counts of distinct viewers, entropies and the Gini coefficient have no sound
    weighted form here and are unmatched only. Popularity and activity include the surface itself.

    Intervals are a delete-a-group jackknife over accounts, as in :func:`resample_worlds`: each
    group of accounts is left out in turn, with its items. Items without an author in the log stay.
    Strata are those of the whole log, and their weights are found anew.

    Parameters
    ----------
    dataset
        With impressions; items with authors, unless `homes` are given.
    partition
        Communities of the accounts, found in earlier data. Viewers and authors that are not in it
        have no community.
    by
        Column of the impressions whose values are compared, text, integers or truth values.
    measures
        Names of the measures; by default all: viewer_value, creator_gini, reach, crossing,
        reach_outside, audience_entropy, viewer_diet_entropy, ei_index, ei_null, excluded_share,
        and per community hosting_reach, hosting_members, crossing, reach_outside.
    homes
        Community of origin by item id, as its name or code in the partition, in place of that of
        the author; other items have none. Needed where authors are no viewers.
    baseline
        Surface compared with. Without one of this name, the surfaces whose names begin with it
        and a comma are taken together, as ``"random"`` for those of KuaiRand that show random items
        (``"random, tab 1"``, …).
    before
        Instant until which the partition's data reach: earlier impressions are left out. By
        default that of :meth:`Dataset.split_time`, if the partition was made of its first part.
    groups
        Groups of accounts of the jackknife.
    match
        Whether matched values are computed; needs two surfaces, and one of the three measures.
    confidence
        Confidence level of the intervals.
    min_impressions
        Surfaces with fewer counted impressions are not reported: the jackknife is not sound for
        them.
    rng
        Seed of the groups.

    Returns
    -------
    Observed

    Raises
    ------
    MissingDataError
        Without impressions, the column `by`, authors or `homes`, event times if `before` is given,
        or for an unknown baseline.
    DataError
        If no surface has enough impressions, no viewer or no item has a community, or the tables
        would be too large.
    OptionError
        For a parameter out of its range, or an unknown measure.

    References
    ----------
    Iacus, S. M., King, G., & Porro, G. (2012). Causal inference without balance checking:
    coarsened exact matching. Political Analysis, 20(1), 1–24. https://doi.org/10.1093/pan/mpr013

    Li, F., & Li, F. (2019). Propensity score weighting for causal inference with multiple
    treatments. The Annals of Applied Statistics, 13(4), 2389–2415.
    https://doi.org/10.1214/19-AOAS1282

    Kott, P. S. (2001). The delete-a-group jackknife. Journal of Official Statistics, 17(4),
    521–526.

    Examples
    --------
    Two communities of two accounts, each with one item; the following feed stays at home:

    >>> log = Dataset(
    ...     items={"item_id": ["v", "w"], "author_id": ["a", "c"]},
    ...     impressions={
    ...         "account_id": ["b", "d", "b", "d"], "item_id": ["v", "w", "w", "v"],
    ...         "surface": ["following", "following", "for you", "for you"],
    ...     },
    ... )
    >>> communities = Partition.from_membership({"a": "x", "b": "x", "c": "y", "d": "y"})
    >>> found = observed(log, communities, groups=2, min_impressions=2, rng=1)
    >>> found.frame.filter(measure="ei_index").select("arm", "value").rows()
    [('following', -1.0), ('for you', 1.0)]
    >>> found.notes[0].partition(":")[0]
    'partition and exposure may come from the same data'
    """
    require_dataset(dataset, caller="observed")
    if not isinstance(partition, Partition):
        raise DataError(f"observed: a {type(partition).__name__}, not a Partition of the accounts.")
    check_integer("min_impressions", min_impressions, 1)
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    check_flag("match", match)
    wanted = _check_measures(measures)
    removed: dict[str, int] = {}
    notes: list[str] = []
    places = encode_places(dataset, partition, homes)
    check_integer("groups", groups, 2, len(places.accounts))
    shown, circular = impressions_since(dataset, partition, by, before, removed)
    if circular:
        notes.append(CIRCLE)
    log = distinct_pairs(shown, places, by, baseline, removed)
    log = large_enough(log, min_impressions, baseline, removed)
    count_excluded(log, places, removed)
    match = match and len(log.arms) > 1 and any(MATCHED & set(x) for x in wanted.values())
    matching = None
    if match:
        matching = match_strata(log.account, log.item, log.arm, log.arms)
        removed |= matching.removed
    streams = Streams(rng)
    dealt = deal_accounts(places, groups, streams.generator("groups"))
    columns: list[tuple[Any, ...]] = []
    matched: list[tuple[Any, ...]] = []
    flows: dict[str, Mixing] = {}
    for a, arm in track(list(enumerate(log.arms)), "measuring", len(log.arms)):
        for world, part in enumerate(_parts(log, places, a, dealt, groups)):
            key, tail = (arm, world, 0), ("observed", None, "part" if world else "whole")
            columns += [(*key, *row, *tail) for row in part.rows(wanted)]
            if not world:
                flows[arm] = _flow(part, partition)
    if matching is not None:
        for world, rows in enumerate(_matched_rows(log, places, dealt, groups, matching, wanted)):
            tail = ("observed", None, "part" if world else "whole")
            matched += [(arm, world, 0, *row, *tail) for arm, row in rows]
        notes.append(
            "matched on item views and viewer activity only: other differences between the "
            "surfaces, their items and their users remain"
        )
    outcome = _as_outcome(columns)
    matched_outcome = _as_outcome(matched) if match else None
    options = {
        "by": by,
        "before": None if before is None else str(before),
        "baseline": baseline,
        "groups": groups,
        "match": match,
        "confidence": confidence,
        "min_impressions": min_impressions,
    }
    return Observed(
        frame=_levels(outcome, matched_outcome, baseline, confidence),
        differences=_differences(outcome, matched_outcome, log.arms, baseline, confidence),
        outcome=outcome,
        matched_outcome=matched_outcome,
        balance=None if matching is None else matching.balance(baseline),
        impressions=dict(zip(log.arms, np.diff(log.start).tolist(), strict=True)),
        flows=flows,
        baseline=baseline,
        removed={reason: count for reason, count in removed.items() if count},
        notes=tuple(notes),
        groups=groups,
        provenance=Provenance.of(
            "observed", options, seed=streams.seed, made_from=(dataset, partition), removed=removed
        ),
    )


@dataclass(frozen=True, eq=False)
class _Surface:
    """Tallies of one surface, with the arrays that measures share."""

    places: Places
    views: Codes
    diet: Codes
    watched: float
    known: int

    @cached_property
    def reach(self) -> Codes:
        """Distinct viewers of each item, shape (m,)."""
        return np.asarray(self.views.sum(axis=1))

    @cached_property
    def exposure(self) -> Crossing:
        return crossing(self.views, self.diet, self.places.membership, **self.places.origins)

    @cached_property
    def outside(self) -> Floats:
        """Viewers of other communities of each item with a community of origin."""
        found = self.exposure
        return np.asarray(found.views - self.views[found.posts, found.homes], np.float64)

    @cached_property
    def flows(self) -> Floats:
        return flow_matrix(self.views, self.places.homes)

    @property
    def creator_impressions(self) -> Floats:
        """Impressions of the items of each author."""
        places = self.places
        own = places.kept & (places.author >= 0)
        authors = places.author[own]
        total = np.bincount(authors, self.reach[own], minlength=len(places.accounts))
        return np.asarray(total[np.unique(authors)], np.float64)

    def rows(self, wanted: Mapping[str, Sequence[str]]) -> Iterator[Row]:
        """Partition, community, measure and value of the measures."""
        for name in wanted["run"]:
            yield None, None, name, _RUN[name](self)
        for name in wanted["partition"]:
            yield KIND, None, name, _PARTITION[name](self)
        names = [self.places.partition.name(c) for c in range(self.places.size)]
        for name in wanted["community"]:
            values = _COMMUNITY[name](self)
            for community, value in zip(names, values, strict=True):
                yield KIND, community, name, float(value)


def _community_crossing(s: _Surface) -> list[float]:
    sizes = np.bincount(s.places.membership[s.places.membership >= 0], minlength=s.places.size)
    return [s.exposure.ratio(c) if n > 1 else float("nan") for c, n in enumerate(sizes.tolist())]


_RUN: dict[str, Callable[[_Surface], float]] = {
    "viewer_value": lambda s: s.watched / s.known if s.known else float("nan"),
    "creator_gini": lambda s: gini(s.creator_impressions),
    "reach": lambda s: mean_defined(s.reach[s.places.kept]),
}
_PARTITION: dict[str, Callable[[_Surface], float]] = {
    "crossing": lambda s: s.exposure.ratio(),
    "reach_outside": lambda s: mean_defined(s.outside),
    "audience_entropy": lambda s: mean_defined(entropy(s.views[:, : s.places.size])),
    "viewer_diet_entropy": lambda s: mean_defined(entropy(s.diet[:, : s.places.size])),
    "ei_index": lambda s: ei_index(s.flows),
    "ei_null": lambda s: ei_null(s.views, s.places.membership, **s.places.origins),
    "excluded_share": lambda s: 1 - float(s.flows.sum()) / max(int(s.reach.sum()), 1),
}
_COMMUNITY: dict[str, Callable[[_Surface], Iterable[float]]] = {
    "hosting_reach": lambda s: hosting_reach(s.views, s.places.membership, **s.places.origins),
    "hosting_members": lambda s: hosting_members(s.diet, s.places.membership),
    "crossing": _community_crossing,
    "reach_outside": lambda s: [
        mean_defined(s.outside[s.exposure.homes == c]) for c in range(s.places.size)
    ],
}
_LEVELS: dict[str, Mapping[str, Any]] = {
    "run": _RUN,
    "partition": _PARTITION,
    "community": _COMMUNITY,
}


def _check_measures(measures: Sequence[str] | None) -> dict[str, list[str]]:
    """Names of the measures by level."""
    known = list(dict.fromkeys(name for level in _LEVELS.values() for name in level))
    if isinstance(measures, str):
        raise OptionError(f"measures={measures!r} is one text: pass a tuple, ({measures!r},).")
    chosen = known if measures is None else list(measures)
    for name in chosen:
        check_choice("measures", name, known)
    return {level: [m for m in table if m in chosen] for level, table in _LEVELS.items()}


def _parts(log: Log, places: Places, arm: int, dealt: Codes, groups: int) -> Iterator[_Surface]:
    """Tallies of one surface: of the whole, then without each group of accounts and its items."""
    rows = log.of(arm)
    account, item, watched = log.account[rows], log.item[rows], log.watched[rows]
    by_item = item_groups(places, dealt)
    whole = _tally(account, item, watched, places)
    yield _Surface(places, *whole)
    for g in range(groups):
        # what leaves is subtracted: tallies are of the whole log once only
        leaves = np.flatnonzero((dealt[account] == g) | (by_item[item] == g))
        lost = _tally(account[leaves], item[leaves], watched[leaves], places)
        rest = places.without(dealt == g, by_item == g)
        views, diet, known = whole[0] - lost[0], whole[1] - lost[1], whole[3] - lost[3]
        yield _Surface(rest, views, diet, whole[2] - lost[2], known)


def _tally(
    account: Codes, item: Codes, watched: Floats, places: Places
) -> tuple[Codes, Codes, float, int]:
    """Viewers of items by community, items of viewers by origin, summed watch fractions, number."""
    width = places.size + 1
    to, origin = places.membership[account], places.homes[item]
    n, m = len(places.accounts), len(places.items)
    views = np.bincount(item * width + np.where(to < 0, width - 1, to), minlength=m * width)
    diet = np.bincount(account * width + np.where(origin < 0, width - 1, origin), None, n * width)
    known = ~np.isnan(watched)
    return (
        views.reshape(m, width),
        diet.reshape(n, width),
        float(watched[known].sum()),
        int(known.sum()),
    )


def _flow(surface: _Surface, partition: Partition) -> Mixing:
    """Flow matrix with its expectation under independence."""
    size = matrix_size(partition, "observed")
    matrix = surface.flows
    total = float(matrix.sum())
    with np.errstate(invalid="ignore"):
        expected = np.outer(matrix.sum(axis=1), matrix.sum(axis=0)) / total
    excluded = int(surface.reach.sum()) - int(total)
    labels = tuple(partition.name(c) for c in range(size))
    made = Provenance("observed")
    return Mixing(labels, matrix, expected, ei_index(matrix), excluded, True, made)


def _matched_rows(
    log: Log,
    places: Places,
    dealt: Codes,
    groups: int,
    matching: Matching,
    wanted: Mapping[str, Sequence[str]],
) -> Iterator[list[tuple[str, Row]]]:
    """Matched values of all surfaces: of the whole, then without each group of accounts."""
    by_item = item_groups(places, dealt)
    names = [places.partition.name(c) for c in range(places.size)]
    for g in range(-1, groups):
        stays, rest = np.ones(log.arm.size, np.bool_), places
        if g >= 0:
            stays = (dealt[log.account] != g) & (by_item[log.item] != g)
            rest = places.without(dealt == g, by_item == g)
        weight = matching.weights(stays)
        rows: list[tuple[str, Row]] = []
        for a, arm in enumerate(log.arms):
            part = np.zeros(log.arm.size, np.bool_)
            part[log.of(a)] = True
            part &= weight > 0
            account, item, w = log.account[part], log.item[part], weight[part]
            watched = log.watched[part]
            known = ~np.isnan(watched)
            if "viewer_value" in wanted["run"]:
                total = float(w[known].sum())
                value = float((w * watched)[known].sum()) / total if total else float("nan")
                rows.append((arm, (None, None, "viewer_value", value)))
            found = weighted_crossing(
                account, item, w, rest.membership, homes=rest.homes, author=rest.author,
                size=rest.size,
            )  # fmt: skip
            if "crossing" in wanted["partition"]:
                rows.append((arm, (KIND, None, "crossing", found.crossing)))
            if "ei_index" in wanted["partition"]:
                rows.append((arm, (KIND, None, "ei_index", found.ei_index)))
            if "crossing" in wanted["community"]:
                values = zip(names, found.by_community.tolist(), strict=True)
                rows += [(arm, (KIND, name, "crossing", value)) for name, value in values]
        yield rows


def _as_outcome(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    return frame.with_columns(pl.col("value").fill_nan(None))


def _levels(
    outcome: pl.DataFrame, matched: pl.DataFrame | None, baseline: str | None, confidence: float
) -> pl.DataFrame:
    """Values with their intervals, raw and matched side by side."""
    means = arm_means(outcome, confidence=confidence)
    frame = means.select(*_ROW, pl.col("mean").alias("value"), "low", "high")
    names = ("matched", "matched_low", "matched_high")
    if matched is None:
        frame = frame.with_columns(pl.lit(None, pl.Float64).alias(name) for name in names)
    else:
        other = arm_means(matched, confidence=confidence)
        columns = [pl.col(x).alias(y) for x, y in zip(("mean", "low", "high"), names, strict=True)]
        other = other.select(*_ROW, *columns)
        frame = frame.join(other, on=_ROW, how="left", nulls_equal=True, maintain_order="left")
    if baseline is None:
        return frame
    base = frame.filter(arm=baseline).select(*_ROW[1:], pl.col("value").alias("at_baseline"))
    return frame.join(base, on=_ROW[1:], how="left", nulls_equal=True, maintain_order="left")


def _differences(
    outcome: pl.DataFrame,
    matched: pl.DataFrame | None,
    arms: Sequence[str],
    baseline: str | None,
    confidence: float,
) -> pl.DataFrame | None:
    """Differences of all surfaces from the baseline, raw and matched side by side."""
    if baseline is None:
        return None
    figures, keys = ["difference", "low", "high", "direction", "p_holm"], ["arm", "baseline"]
    sides: list[pl.DataFrame | None] = []
    for source in (outcome, matched):
        parts = [
            contrast(source, arm, baseline, confidence=confidence).frame
            for arm in arms
            if source is not None and arm != baseline
        ]
        if not parts:
            sides.append(None)
            continue
        frame = pl.concat(parts)
        adjusted = pl.Series("p_holm", holm(frame["p"].to_list()), dtype=pl.Float64)
        sides.append(frame.with_columns(adjusted).select(*keys, *_ROW[1:], *figures))
    raw, weighted = sides
    if raw is None:
        return None
    if weighted is None:
        return raw
    names = {x: f"matched_{x}" if x != "difference" else "matched" for x in figures}
    on = [*keys, *_ROW[1:]]
    return raw.join(
        weighted.rename(names), on=on, how="left", nulls_equal=True, maintain_order="left"
    )
