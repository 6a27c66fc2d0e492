"""Exposure of audiences: what is shown to accounts of an age, country, language or community."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import CODED, World
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_integer,
    check_number,
)
from graphkit.measures.catalogue import require_spread
from graphkit.measures.hosting_visibility import RANDOM
from graphkit.measures.intervals import FILLER, Scheme
from graphkit.measures.mixing import partition_of
from graphkit.measures.paired import (
    by_unit,
    control_discoveries,
    directions,
    find_all,
    match_communities,
    paired_family,
    scheme_of_spread,
    too_filled,
)
from graphkit.parallel import refuse_after_fork, track

__all__ = ["AUDIENCES", "OTHER", "AudienceExposure", "audience_exposure"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

#: What audiences may be made by.
AUDIENCES = (*CODED, "minors", "community")
#: Name of the group of all groups that are too small.
OTHER = "other"

#: Measures, each a sum over the members of a group over another: of what, and per what.
_MEASURES = {
    "impressions_per_member": ("shown", "members"),
    "divisive_share": ("divisive", "shown"),
    "divisive_per_member": ("divisive", "members"),
    "divisive_members": ("saw_divisive", "members"),
    "flagged_share": ("flagged", "shown"),
    "flagged_per_member": ("flagged", "members"),
    "flagged_members": ("saw_flagged", "members"),
    "watch_fraction": ("watch", "shown"),
    "watch_per_member": ("watch", "members"),
}
#: Fields of a tally that are counted for a measure.
_COUNTED = {"divisive": "divisive_shown", "flagged": "flagged_shown"}
_RUN = ("arm", "world", "replication")


@dataclass(frozen=True, repr=False, eq=False)
class AudienceExposure(Frozen, title="Exposure of audiences", table="frame"):
    """Result of :func:`audience_exposure`.

    Attributes
    ----------
    frame
        One row per arm other than the baseline, measure and group: differences between the arms;
        columns as in :func:`audience_exposure`.
    levels
        One row per arm, measure and group: the level, and its gap to all other groups.
    runs
        One row per arm, world, replication, measure and group: value, null where undefined.
    by
        What the groups are made by.
    baseline
        Name of the arm that the others are compared with.
    interval
        What the intervals speak about.
    confidence
        Their level; directions are claimed at an adjusted p of 1 − confidence or less.
    merged
        Groups that were merged into ``"other"``, and the most members that each has in a world.
    calibrated
        Whether the viewers' behaviour was fitted to a log.
    """

    frame: pl.DataFrame
    levels: pl.DataFrame
    runs: pl.DataFrame
    by: str
    baseline: str
    interval: str
    confidence: float
    merged: Mapping[str, int]
    calibrated: bool
    provenance: Provenance = field(default_factory=lambda: Provenance("audience_exposure"))

    def _title(self) -> str:
        return f"Exposure of audiences by {self.by.replace('_', ' ')}"

    def _facts(self) -> dict[str, object]:
        groups = self.levels.get_column("group").unique(maintain_order=True).to_list()
        facts: dict[str, object] = {
            "groups": ", ".join(groups),
            "baseline": self.baseline,
            "intervals": self.interval,
        }
        if self.merged:
            facts["merged into other"] = ", ".join(f"{k} ({n})" for k, n in self.merged.items())
        told = self.frame.get_column("direction")
        for verdict in ("higher", "lower", "not distinguishable", FILLER):
            if count := int((told == verdict).sum()):
                facts[verdict] = f"{count} of {self.frame.height} differences"
        return facts | {key: f"{n:,}" for key, n in self.provenance.removed.items()}


class _Groups(NamedTuple):
    """Names of the groups, their number for the accounts of each world, and what is left out."""

    names: list[str]
    codes: list[Codes]
    merged: dict[str, int]
    removed: dict[str, int]


def audience_exposure(
    spread: Spread,
    *,
    by: str = "age_band",
    baseline: str = RANDOM,
    partition: str | None = None,
    min_group: int = 10,
    impressions: pl.LazyFrame | pl.DataFrame | None = None,
    confidence: float = 0.95,
) -> AudienceExposure:
    r"""What each feed shows to each audience: divisive and flagged posts, and how many of any kind.

    Of a group g of accounts, in each arm, world and replication, with :math:`s_a` posts shown to
    account a, :math:`f_a` of them flagged and :math:`d_a` divisive (divisiveness of at least 0.5):

    * ``impressions_per_member``: :math:`\sum s_a / |g|`;
    * ``flagged_share`` and ``divisive_share``: :math:`\sum f_a / \sum s_a`, per impression;
    * ``flagged_per_member`` and ``divisive_per_member``: :math:`\sum f_a / |g|`;
    * ``flagged_members`` and ``divisive_members``: share of the members who were shown one at all;
    * ``watch_fraction`` (per impression) and ``watch_per_member``, if `impressions` are given: what
      is watched is tallied by post only.

    Members are all accounts of the group, with those to whom nothing was shown. Nobody is shown
    their own posts. A share per impression says what a feed selects; a number per member also how
    much it shows, which differs between arms under a free budget or with empty slots only.

    Groups match over worlds by name. Before anything is computed, those with fewer than
    `min_group` members in a world are merged into ``"other"``, in all worlds (of a jackknife, by the
    whole); if ``"other"`` stays below it, it has no rows. Accounts whose group is unknown are
    left out and counted. A difference between groups is an association: groups differ in
    interests as well.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`.
    by
        ``"age_band"``, ``"country"``, ``"language"``, ``"device"``; ``"minors"`` (accounts of an age
        band below 18, and ``"adults"``, those of any other known band); or ``"community"``.
    baseline
        Arm that the others are compared with.
    partition
        Kind of partition, for ``by="community"``; the only one by default.
    min_group
        Fewest members of a group that is reported, at least 1.
    impressions
        As of :func:`graphkit.simulation.scan_impressions`, of this simulation: for watch
        fractions.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    AudienceExposure
        ``.frame``: arm, baseline, measure, group, members (mean over worlds, or the whole), arm_mean,
        baseline_mean, ratio (of the two; null if the baseline has none), difference, low, high
        (paired within world and replication), interval, p, p_fdr (Benjamini and Hochberg, over the
        groups of an arm and measure), direction (claimed at p_fdr ≤ 1 − confidence; none where more
        than 25 % of either arm's impressions are filler), worlds (of one world, replications).

        ``.levels``: arm, measure, group, members, value, low, high; rest (the measure over all
        other groups), gap (value − rest, within a run), gap_low, gap_high, interval, p, p_fdr, direction
        (of the gap), worlds.

        ``.merged`` and ``.provenance.removed`` tell what was merged and left out.

    Raises
    ------
    MissingDataError
        For an unknown arm, if accounts have no such groups or groups have no names, or columns
        lack in `impressions`.
    OptionError
        For an unknown `by`, or numbers out of range.
    DataError
        If `impressions` are of another simulation, or no group has enough members.

    References
    ----------
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the
    Royal Statistical Society B, 57(1), 289–300. https://doi.org/10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> import graphkit as gk
    >>> platform = gk.synthetic.platform(120, communities=2, ages=1.0, rng=1)
    >>> made = gk.synthetic.worlds(3, like=platform, ticks=3, rng=1)
    >>> arms = {"interest": gk.interest_centric(), "uniform": gk.recommenders.uniform()}
    >>> spread = gk.simulate_spread(made, arms, ticks=3, rng=1)
    >>> found = audience_exposure(spread, by="minors")
    >>> found.levels.filter(measure="flagged_share").get_column("group").unique(maintain_order=True).to_list()
    ['adults', 'minors']
    """
    refuse_after_fork()
    require_spread(spread)
    check_choice("by", by, AUDIENCES)
    spread.of(baseline)
    least = check_integer("min_group", min_group, 1)
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    scheme = scheme_of_spread(spread)
    groups = _make_groups(spread, by, partition, least, scheme)
    watched = None if impressions is None else _watched(spread, impressions)
    kept, lacking = _measures_of(spread, watched is not None)
    shape = (len(spread.worlds), spread.replications, len(groups.names))
    own = {(arm, m): np.full(shape, np.nan) for arm in spread.arms for m in kept}
    rest = {key: np.full(shape, np.nan) for key in own}
    for run in track(sorted(spread.tallies), "measuring audiences", len(spread.tallies)):
        arm, w, r = run
        found = None if watched is None else watched[run]
        sums = _sums_by_group(spread.tallies[run], groups.codes[w], shape[2], found)
        for m in kept:
            above, below = (sums[name] for name in _MEASURES[m])
            own[arm, m][w, r] = _quotient(above, below)
            rest[arm, m][w, r] = _quotient(above.sum() - above, below.sum() - below)
    sizes = np.stack([np.bincount(c[c >= 0], minlength=shape[2]) for c in groups.codes])
    members = sizes.mean(axis=0) if scheme.whole is None else sizes[scheme.whole].astype(float)
    common: dict[str, Any] = {"scheme": scheme, "confidence": confidence}
    levels, frames = [], []
    for arm in spread.arms:
        for m in kept:
            level = _level(own[arm, m], rest[arm, m], too_filled(spread, arm), **common)
            levels.append(_labelled(level, groups.names, members, scheme, arm=arm, measure=m))
            if arm == baseline:
                continue
            filled = too_filled(spread, arm, baseline)
            difference = _difference(own[arm, m], own[baseline, m], filled, **common)
            named = {"arm": arm, "baseline": baseline, "measure": m}
            frames.append(_labelled(difference, groups.names, members, scheme, **named))
    level_frame = pl.concat(levels).select(_LEVELS)
    frame = pl.concat(frames).select(_DIFFERENCES) if frames else pl.DataFrame(schema=_SCHEMA)
    made = Provenance.of(
        "audience_exposure",
        {"by": by, "baseline": baseline, "partition": partition, "min_group": least},
        made_from=(spread,),
        removed=groups.removed | lacking,
    )
    return AudienceExposure(
        frame,
        level_frame,
        _runs_table(own, groups.names),
        by,
        baseline,
        scheme.interval,
        confidence,
        groups.merged,
        spread.calibrated,
        made,
    )


_TAIL = ("interval", "p", "p_fdr", "direction", "worlds")
_DIFFERENCES = (
    *("arm", "baseline", "measure", "group", "members", "arm_mean", "baseline_mean", "ratio"),
    *("difference", "low", "high", *_TAIL),
)
_LEVELS = (
    *("arm", "measure", "group", "members", "value", "low", "high"),
    *("rest", "gap", "gap_low", "gap_high", *_TAIL),
)
_TEXTS = ("arm", "baseline", "measure", "group", "interval", "direction")
_SCHEMA: dict[str, Any] = {c: pl.String if c in _TEXTS else pl.Float64 for c in _DIFFERENCES}
_SCHEMA |= {"worlds": pl.Int64}


def _make_groups(
    spread: Spread, by: str, partition: str | None, least: int, scheme: Scheme
) -> _Groups:
    """Groups of the accounts of every world, the small ones merged."""
    if partition is not None and by != "community":
        raise OptionError(f"partition= belongs to by='community', and by={by!r}.")
    removed: dict[str, int] = {}
    if by == "community":
        names, codes, removed = _by_community(spread, partition, scheme)
    else:
        named = [_named_groups(world, w, by) for w, world in enumerate(spread.worlds)]
        names = sorted({name for texts, _ in named for name in texts})
        number = {name: at for at, name in enumerate(names)}
        codes = [
            np.append([number[name] for name in texts], -1).astype(np.int64)[code]
            for texts, code in named
        ]
    counts = np.stack([np.bincount(c[c >= 0], minlength=len(names)) for c in codes])
    judged = slice(None) if scheme.whole is None else slice(scheme.whole, scheme.whole + 1)
    small = counts[judged].min(axis=0) < least
    kept = [name for name, few in zip(names, small, strict=True) if not few and name != OTHER]
    most = dict(zip(names, counts.max(axis=0).tolist(), strict=True))
    merged = {name: n for name, n in most.items() if n and name not in kept and name != OTHER}
    place = [kept.index(name) if name in kept else len(kept) for name in names]
    codes = [np.append(place, -1).astype(np.int64)[code] for code in codes]
    unknown = sum(int((code < 0).sum()) for code in codes)
    if unknown:
        removed["accounts whose group is unknown, over all worlds"] = unknown
    others = np.array([int((code == len(kept)).sum()) for code in codes])
    if others[judged].min() >= least:
        kept = [*kept, OTHER]
    elif others.any():
        removed["accounts in other, which is too small, over all worlds"] = int(others.sum())
        codes = [np.where(code == len(kept), -1, code) for code in codes]
    if not kept:
        raise DataError(
            f"no group by {by} has {least} members in every world: a smaller min_group= is needed, "
            "or more accounts."
        )
    return _Groups(kept, codes, merged, removed)


def _named_groups(world: World, w: int, by: str) -> tuple[tuple[str, ...], Codes]:
    """Names of the groups of a world, and the group of each account; −1 where unknown."""
    name = "age_band" if by == "minors" else by
    codes: npt.NDArray[np.int32] | None = getattr(world, name)
    if codes is None:
        hint = " Synthetic platforms have them with ages=." if name == "age_band" else ""
        raise MissingDataError(f"by={by!r}: the accounts of world {w} have no {name}.{hint}")
    if name not in world.code_names:
        raise MissingDataError(
            f"by={by!r}: the codes of {name} in world {w} have no names, by which groups match: "
            f"add them as code_names={{{name!r}: …}}."
        )
    if by == "minors":
        young = world.minors
        assert young is not None
        return ("adults", "minors"), np.where(codes < 0, -1, young.astype(np.int64))
    return world.code_names[name], codes.astype(np.int64)


def _by_community(
    spread: Spread, partition: str | None, scheme: Scheme
) -> tuple[list[str], list[Codes], dict[str, int]]:
    kinds = list(spread.worlds[0].partitions)
    if partition is None and len(kinds) != 1:
        raise OptionError(
            f"there are {len(kinds)} kinds of partition ({', '.join(kinds)}): name one by partition=."
        )
    kind = partition or kinds[0]
    for w in range(len(spread.worlds)):
        partition_of(spread, w, kind)
    matched = match_communities(spread, kind, scheme)
    codes = [
        np.append(of, -1)[world.partitions[kind].membership].astype(np.int64)
        for of, world in zip(matched.codes, spread.worlds, strict=True)
    ]
    return list(matched.names), codes, dict(matched.unmatched)


def _measures_of(spread: Spread, watched: bool) -> tuple[list[str], dict[str, int]]:
    """Measures that every run has, and the number of tallies that lack a count."""
    lacking = {
        name: sum(getattr(tally, of) is None for tally in spread.tallies.values())
        for name, of in _COUNTED.items()
    }
    without = {name for name, count in lacking.items() if count}
    if not watched:
        without.add("watch")
    kept = [m for m, (above, _) in _MEASURES.items() if above.removeprefix("saw_") not in without]
    told = {f"tallies without a count of {k} posts": n for k, n in lacking.items() if n}
    return kept, told


def _sums_by_group(
    tally: ArmTally, codes: Codes, size: int, watched: Floats | None
) -> dict[str, Floats]:
    """Sums over the members of each group."""
    shown = next((d.sum(axis=1, dtype=np.int64) for d in tally.diet.values()), None)
    if shown is None:
        raise MissingDataError(
            "audience_exposure: the worlds have no partition, without which impressions are not "
            "tallied by account."
        )
    marked = {name: getattr(tally, of) for name, of in _COUNTED.items()}
    known = {name: counts for name, counts in marked.items() if counts is not None}
    values: dict[str, npt.NDArray[Any]] = {"members": np.ones(codes.size), "shown": shown, **known}
    values |= {f"saw_{name}": counts > 0 for name, counts in known.items()}
    if watched is not None:
        values["watch"] = watched
    inside = codes >= 0
    return {
        name: np.bincount(codes[inside], weights=each[inside], minlength=size).astype(np.float64)
        for name, each in values.items()
    }


def _quotient(above: Floats, below: Floats) -> Floats:
    found = np.full(above.shape, np.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found


def _watched(
    spread: Spread, impressions: pl.LazyFrame | pl.DataFrame
) -> dict[tuple[str, int, int], Floats]:
    """Summed watch fraction of each account in every run."""
    if not isinstance(impressions, pl.LazyFrame | pl.DataFrame):
        raise DataError(
            f"impressions: a {type(impressions).__name__}: the frame of "
            "gk.simulation.scan_impressions(folder) is needed."
        )
    table = impressions.lazy()
    wanted = [*_RUN, "account_id", "watch_fraction"]
    missing = [name for name in wanted if name not in table.collect_schema().names()]
    if missing:
        raise MissingDataError(
            f"the impressions have no column {', '.join(missing)}: they must be those of "
            "scan_impressions."
        )
    watch = pl.col("watch_fraction").cast(pl.Float64)
    sums = table.group_by(*_RUN, "account_id").agg(shown=pl.len(), watch=watch.sort().sum())
    rows = sums.collect()
    parts = rows.partition_by(_RUN, as_dict=True)
    found = {}
    for (arm, w, r), tally in spread.tallies.items():
        part = parts.get((arm, w, r), rows.clear())
        at = spread.worlds[w].accounts.lookup(part.get_column("account_id"))
        shown = np.zeros(spread.worlds[w].n_accounts, np.int64)
        total = np.zeros(shown.size)
        shown[at], total[at] = part.get_column("shown"), part.get_column("watch")
        expected = next(iter(tally.diet.values())).sum(axis=1)
        if (at < 0).any() or not np.array_equal(shown, expected):
            raise DataError(
                f"impressions: arm {arm!r}, world {w}, replication {r}: not those of the spread, which "
                f"showed {int(expected.sum()):,} posts, and there are {int(shown.sum()):,}: they must "
                "be of the same simulation."
            )
        found[arm, w, r] = total
    return found


def _level(
    own: Floats, rest: Floats, filled: bool, *, scheme: Scheme, confidence: float
) -> dict[str, Any]:
    """Level of each group with its bounds, and its gap to the others."""
    units = by_unit(own, scheme)
    level = find_all(units, units, scheme, confidence)
    gap, _, others = paired_family(own, rest, scheme, confidence)
    bounds = {"value": level.centre, "low": level.low, "high": level.high, "rest": others}
    bounds |= {"gap": gap.centre, "gap_low": gap.low, "gap_high": gap.high}
    return bounds | {"worlds": level.units} | _tested(gap.centre, gap.p, filled, confidence)


def _difference(
    own: Floats, base: Floats, filled: bool, *, scheme: Scheme, confidence: float
) -> dict[str, Any]:
    """Difference of two arms in each group with its bounds, and the ratio of the means."""
    found, mean, base_mean = paired_family(own, base, scheme, confidence)
    values = {"arm_mean": mean, "baseline_mean": base_mean, "ratio": _quotient(mean, base_mean)}
    values |= {"difference": found.centre, "low": found.low, "high": found.high}
    return values | {"worlds": found.units} | _tested(found.centre, found.p, filled, confidence)


def _tested(centre: Floats, p: Floats, filled: bool, confidence: float) -> dict[str, Any]:
    tested = np.full(p.shape, np.nan) if filled else p
    adjusted = control_discoveries(tested)
    told = directions(centre, adjusted, alpha=1 - confidence, filled=filled)
    return {"p": tested, "p_fdr": adjusted, "direction": pl.Series(told, dtype=pl.String)}


def _labelled(
    values: dict[str, Any], names: list[str], members: Floats, scheme: Scheme, **texts: str
) -> pl.DataFrame:
    """A row per group."""
    frame = pl.DataFrame({"group": names, "members": members, **values})
    labels = {"interval": scheme.interval, **texts}
    frame = frame.with_columns(**{name: pl.lit(text) for name, text in labels.items()})
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def _runs_table(own: dict[tuple[str, str], Floats], names: list[str]) -> pl.DataFrame:
    """All values of all runs, long."""
    parts = []
    for (arm, measure), values in own.items():
        worlds, replications, groups = np.unravel_index(np.arange(values.size), values.shape)
        columns = {"world": worlds, "replication": replications, "value": values.ravel()}
        frame = pl.DataFrame(columns).with_columns(
            arm=pl.lit(arm),
            measure=pl.lit(measure),
            group=pl.Series(names, dtype=pl.String).gather(groups),
        )
        parts.append(frame.select(*_RUN, "measure", "group", pl.col("value").fill_nan(None)))
    return pl.concat(parts)
