"""Harm as the cost of hosting: whether flagged communities are hosted as others are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import Spread
from graphkit.data.visibility import Visibility
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, check_number
from graphkit.measures.catalogue import MEASURES, PartitionTallies, RunTallies, run_keys
from graphkit.measures.hosting_visibility import SMALLEST
from graphkit.measures.intervals import FILLER, INDISTINCT, OVER_POPULATIONS, Scheme, holm
from graphkit.measures.mixing import partition_of
from graphkit.measures.paired import (
    Family,
    community_names,
    paired_family,
    scheme_of_spread,
    too_filled,
)
from graphkit.parallel import refuse_after_fork, track

__all__ = ["HostingOfFlagged", "hosting_of_flagged"]

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Share of flagged posts from which a community counts as flagged.
THRESHOLD = 0.1
#: Equivalence: differences below this share of the controls' hosting are of no interest.
MARGIN = 0.2
#: Controls have at most so many times the members, or so many times fewer.
SIZE_RATIO = 2.0
#: Largest difference in the homophily of follows between a community and its controls.
CALIPER = 0.25
#: Measures of hosting, the first of which is tested.
HOSTING = ("hosting_reach", "hosting_members", "hosting_creators")

_GROUPS = (
    *("flagged", "flagged, no control", "control", "other", "too small"),
    "homophily unknown",
)


@dataclass(frozen=True, repr=False, eq=False)
class HostingOfFlagged(Frozen, title="Hosting of flagged communities", table="frame"):
    """Result of :func:`hosting_of_flagged`.

    Attributes
    ----------
    frame
        One row per arm and measure: arm, measure, flagged and unflagged (means over the flagged
        communities, and over their controls), difference, low, high, direction (by the interval),
        p, p_holm, p_equivalence (two one-sided tests, adjusted by Holm), verdict (the last four for
        ``hosting_reach`` only), filler, worlds, interval, calibrated.
    contrasts
        The same differences relative to that of the baseline (difference-in-differences): arm,
        baseline, measure, difference, low, high, direction, p, p_holm, worlds, interval, calibrated.
    communities
        One row per community of each world (of a jackknife, of the whole): world, community, size, posts (scheduled), flagged_share,
        homophily (of its follows; null without a visibility), group (``"flagged"``, ``"flagged,
        no control"``, ``"control"``, ``"other"``, ``"too small"``, ``"homophily unknown"``: not in
        the visibility) and controls.
    partition
        Kind of partition.
    threshold, margin
        As given.
    """

    frame: pl.DataFrame
    contrasts: pl.DataFrame
    communities: pl.DataFrame
    partition: str
    threshold: float
    margin: float
    provenance: Provenance = field(default_factory=lambda: Provenance("hosting_of_flagged"))

    def _facts(self) -> dict[str, object]:
        counts = dict(self.communities.group_by("group").len().rows())
        facts: dict[str, object] = {
            "flagged": f"communities with {self.threshold:.0%} flagged posts or more",
            "communities of all worlds": "; ".join(
                f"{counts[g]} {g}" for g in _GROUPS if g in counts
            ),
        }
        if self.frame.height:
            facts["intervals"] = self.frame.item(0, "interval")
        if self.frame.get_column("arm").n_unique() > 1:
            facts["verdicts"] = "adjusted for the number of arms (Holm), which intervals are not"
        for row in self.frame.filter(measure=HOSTING[0]).iter_rows(named=True):
            facts[f"arm {row['arm']}"] = f"{difference_text(row)}; {row['verdict']}"
        return facts | {key: f"{n:,}" for key, n in self.provenance.removed.items()}


def difference_text(row: Mapping[str, object]) -> str:
    """A difference with its bounds, as text."""
    if row["difference"] is None:
        return "undefined"
    text = f"{row['difference']:+.3g}"
    if row["low"] is not None:
        text += f" [{row['low']:+.3g}, {row['high']:+.3g}]"
    return text.replace("-", "−")


class _World(NamedTuple):
    """Communities of a world: which are flagged, and the controls of each that has any."""

    size: Codes
    posts: Codes
    share: Floats
    """Of flagged posts; NaN without posts."""
    homophily: Floats
    judged: Bools
    """Large enough to be in a group."""
    flagged: Codes
    """Codes of the flagged communities, shape (f,)."""
    controls: Bools
    """Shape (f, C)."""


def hosting_of_flagged(
    spread: Spread,
    *,
    partition: str,
    threshold: float = THRESHOLD,
    visibility: Visibility | Sequence[Visibility] | None = None,
    baseline: str | None = None,
    margin: float = MARGIN,
    confidence: float = 0.95,
) -> HostingOfFlagged:
    """Whether communities that hold many flagged posts are hosted as others of their size are.

    In every run, for each community c with a share of flagged posts of `threshold` or more, the
    difference is h_c − mean of h over its controls, with h the within-community reach
    (``hosting_reach``; also ``hosting_members``, ``hosting_creators``). The value of a run is the
    mean over the flagged communities. Controls are the communities below the threshold with half
    to double as many members and, given a `visibility`, a homophily of follows within 0.25 of that
    of c. Random exposure gives every community the same reach, whatever its size.

    Two questions are asked of the mean difference d over worlds. *Does it differ from 0?* A t test,
    and its interval. *Is it so small as to be of no interest?* Two one-sided t tests (Schuirmann
    1987) that the flagged communities have at least 1 − `margin`, and at most 1 + `margin`, of the
    hosting of their controls. The verdict is ``"higher"`` or ``"lower"`` by the first,
    ``"equivalent"`` by the second, both such as ``"lower, within the margin"``, or neither:
    ``"not distinguishable"``, which is no evidence for equal hosting.

    Reach counts flagged posts as well: an intervention that hides them lowers the hosting of their
    community by what it hides. What becomes of the community's other posts is ``bystander_reach``
    of :func:`intervention_costs`.

    Differences between feeds are differences of these differences: the communities of both groups
    differ in more than their flagged posts, and what they differ in alike under two feeds cancels.

    Which communities are flagged follows from the scheduled posts, the same in all arms; in the
    parts of a jackknife these are the communities that are so in the whole. A community of fewer than 10 members or 10 posts is in neither group.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`, of worlds with flagged posts.
    partition
        Kind of partition, such as ``"planted"``.
    threshold
        Share of flagged posts from which a community is flagged, in (0, 1]. The default is an
        assumption.
    visibility
        Visibility of the communities, one per world, or one for all if their communities have the
        same names; of worlds made independently, a number is no name.
    baseline
        Arm with which the others are compared; by default the first.
    margin
        Largest difference that counts as none, as a share of the controls' hosting, in (0, 1). The
        default of 0.2 is an assumption: state yours before looking at the results.
    confidence
        Confidence level of intervals; tests are at 1 − confidence.

    Returns
    -------
    HostingOfFlagged
        Of several worlds made independently, intervals are over populations; of a jackknife, over
        samples; of one world, over replications. Holm's adjustment is over the arms. Above 25 % of
        filler no verdict is given.

    Raises
    ------
    MissingDataError
        For an unknown arm or kind of partition, or worlds whose posts have no flags.
    DataError
        If no world has a flagged community with a control, or a visibility does not fit.
    OptionError
        For a threshold or margin out of range.

    References
    ----------
    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power
    approach for assessing the equivalence of average bioavailability. Journal of Pharmacokinetics
    and Biopharmaceutics, 15(6), 657–680. https://doi.org/10.1007/BF01068419

    Examples
    --------
    A world in which half of the posts of one community are flagged:

    >>> import dataclasses
    >>> import graphkit as gk
    >>> platform = gk.synthetic.platform(160, communities=4, rng=1)
    >>> world = gk.build_world(platform, ticks=3, rng=1)
    >>> flagged = (world.homes["planted"] == 2) & (world.quality > 0.5)
    >>> world = dataclasses.replace(world, flagged=flagged)
    >>> arms = {"interest": gk.interest_centric()}
    >>> spread = gk.simulate_spread(world, arms, ticks=3, replications=2, rng=1)
    >>> found = hosting_of_flagged(spread, partition="planted")
    >>> found.frame.get_column("measure").to_list()
    ['hosting_reach', 'hosting_members', 'hosting_creators']
    """
    refuse_after_fork()
    threshold = check_number("threshold", threshold, 0, 1, low_open=True)
    margin = check_number("margin", margin, 0, 1, low_open=True, high_open=True)
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    keys, scheme = run_keys(spread), scheme_of_spread(spread)
    base = spread.arms[0] if baseline is None else baseline
    spread.of(base)
    views = _views_of(spread, visibility)
    # a number is another community in each of several independent worlds
    numbered = not isinstance(visibility, Visibility) or scheme.interval != OVER_POPULATIONS
    worlds = [
        _split(spread, w, partition, threshold, views[w], numbered)
        for w in range(len(spread.worlds))
    ]
    if scheme.whole is not None:
        # groups stay as they are in the whole, whatever share of the posts a part lacks
        worlds = [
            _as_in(worlds[scheme.whole], found, codes_in_whole(spread, w, partition, scheme.whole))
            for w, found in enumerate(worlds)
        ]
    if not any(found.controls.any() for found in worlds):
        raise DataError(_no_controls(worlds, threshold))
    shape = (len(spread.arms), len(spread.worlds), spread.replications, len(HOSTING))
    own, other = np.full(shape, np.nan), np.full(shape, np.nan)
    of = {m.name: m.compute for m in MEASURES if m.level == "community" and m.name in HOSTING}
    for arm, w, r in track(keys, "measuring hosting", len(keys)):
        run = RunTallies.of(spread, arm, w, r)
        under, at = PartitionTallies(run, partition), spread.arms.index(arm)
        for k, name in enumerate(HOSTING):
            own[at, w, r, k], other[at, w, r, k] = _means(
                np.asarray(of[name](under), np.float64), worlds[w]
            )
    filled = [too_filled(spread, arm) for arm in spread.arms]
    families = [
        paired_family(own[at], other[at], scheme, confidence) for at in range(len(spread.arms))
    ]
    small = np.array(
        [
            _equivalence(a[..., :1], b[..., :1], margin, scheme, confidence)
            for a, b in zip(own, other, strict=True)
        ]
    )
    frame = _hosting_frame(spread, families, small, filled, scheme, 1 - confidence)
    at_base = spread.arms.index(base)
    contrasts = _contrasts(spread, own - other, at_base, filled, scheme, confidence)
    # of a jackknife, the whole: its parts are nearly the whole once more
    whole = [w for w, world in enumerate(spread.worlds) if world.sample != "part"]
    communities = pl.concat(
        [_community_rows(spread.worlds[w], w, partition, worlds[w]) for w in whole]
    )
    record = Provenance.of(
        "hosting_of_flagged",
        {"partition": partition, "threshold": threshold, "margin": margin, "baseline": base},
        made_from=(spread,),
        removed=_left_out(communities, [worlds[w] for w in whole]),
    )
    return HostingOfFlagged(frame, contrasts, communities, partition, threshold, margin, record)


def _views_of(
    spread: Spread, visibility: Visibility | Sequence[Visibility] | None
) -> list[Visibility | None]:
    """The visibility of each world."""
    count = len(spread.worlds)
    if visibility is None:
        return [None] * count
    views = [visibility] * count if isinstance(visibility, Visibility) else list(visibility)
    if len(views) != count:
        raise DataError(f"visibility: {len(views)} for {count} worlds: give one, or one per world.")
    for seen in views:
        if not isinstance(seen, Visibility):
            raise DataError(f"visibility: a {type(seen).__name__}, not a Visibility.")
    return list(views)


def flags_of(world: World, number: int) -> Bools:
    """The flags of a world's posts; an error where they are unknown."""
    if world.flagged is None:
        raise MissingDataError(
            f"world {number}: its posts have no flags, so that nothing is known of flagged ones: "
            "give the column 'flagged' of the posts."
        )
    return world.flagged


def flagged_shares(spread: Spread, w: int, kind: str) -> tuple[Codes, Floats]:
    """Scheduled posts of each community of a world, and the share of flagged ones among them."""
    size = partition_of(spread, w, kind).n_communities
    world = spread.worlds[w]
    # answers of a run are not among them: they differ by arm
    scheduled = world.ticks < spread.tallies[spread.arms[0], w, 0].ticks.shape[1]
    homes, flagged = world.homes[kind], flags_of(world, w)
    known = scheduled & (homes >= 0)
    posts = np.bincount(homes[known], minlength=size)
    share = np.full(size, np.nan)
    count = np.bincount(homes[known & flagged], minlength=size)
    np.divide(count, posts, out=share, where=posts > 0)
    return posts, share


def codes_in_whole(spread: Spread, w: int, kind: str, whole: int) -> Codes:
    """Of each community of a part of a jackknife, the code in the whole: they keep their names."""
    first, own = (partition_of(spread, x, kind) for x in (whole, w))
    code = {first.name(c): c for c in range(first.n_communities)}
    return np.array([code[own.name(c)] for c in range(own.n_communities)], np.int64)


def _as_in(whole: _World, part: _World, codes: Codes) -> _World:
    """A part of a jackknife with the groups of its whole; `codes` are those of its communities."""
    row = np.full(whole.size.size, -1, np.int64)
    row[whole.flagged] = np.arange(whole.flagged.size)
    flagged = np.flatnonzero(row[codes] >= 0)
    controls = whole.controls[np.ix_(row[codes[flagged]], codes)]
    return part._replace(judged=whole.judged[codes], flagged=flagged, controls=controls)


def _split(
    spread: Spread, w: int, kind: str, threshold: float, seen: Visibility | None, numbered: bool
) -> _World:
    """Flagged communities of a world and their controls; `numbered` ones may be in a visibility."""
    part = partition_of(spread, w, kind)
    posts, share = flagged_shares(spread, w, kind)
    size = part.sizes.astype(np.int64)
    homophily = np.full(size.size, np.nan)
    if seen is not None:
        of = dict(seen.frame.select("label", "homophily").rows())
        names = community_names(part, numbered)
        if not any(name in of for name in names):
            told = [part.name(c) for c in range(min(size.size, 3))]
            raise DataError(
                f"visibility: none of its communities is in world {w}, which has "
                f"{', '.join(told)}{', …' if size.size > 3 else ''}: it must be of the partition "
                f"{kind!r}, one per world if communities have no names."
            )
        homophily = np.array([of.get(name, np.nan) for name in names], np.float64)
    judged = (size >= SMALLEST) & (posts >= SMALLEST)
    if seen is not None:
        judged &= ~np.isnan(homophily)
    high = judged & (share >= threshold)
    flagged = np.flatnonzero(high)
    near = np.abs(np.log(size[flagged, None] / np.maximum(size, 1))) <= np.log(SIZE_RATIO) + 1e-9
    if seen is not None:
        near &= np.abs(homophily[flagged, None] - homophily) <= CALIPER
    return _World(size, posts, share, homophily, judged, flagged, near & judged & ~high)


def _means(values: Floats, world: _World) -> tuple[float, float]:
    """Means over flagged communities, and over the means of their controls; NaN without."""
    known = world.controls & ~np.isnan(values)
    count = known.sum(axis=1)
    total = known.astype(np.float64) @ np.nan_to_num(values)
    both = (count > 0) & ~np.isnan(values[world.flagged])
    if not both.any():
        return float("nan"), float("nan")
    own = float(values[world.flagged][both].mean())
    return own, float((total[both] / count[both]).mean())


def _no_controls(worlds: Sequence[_World], threshold: float) -> str:
    """Message if nothing can be compared."""
    shares = np.concatenate([w.share[w.judged] for w in worlds])
    if not any(w.flagged.size for w in worlds):
        most = f"{np.nanmax(shares):.1%}" if shares.size else "none that can be judged"
        return (
            f"no community has {threshold:.1%} of flagged posts, {SMALLEST} members and {SMALLEST} "
            f"posts; the largest share is {most}. Lower the threshold, or mark posts as flagged."
        )
    return (
        "no flagged community has a control: an unflagged community of half to double its size "
        "(and of a similar homophily, given a visibility). A finer partition may have some."
    )


def _equivalence(
    own: Floats, other: Floats, margin: float, scheme: Scheme, confidence: float
) -> float:
    """P-value of two one-sided tests that own lies within ± margin of other, as a share of it.

    NaN without an interval.
    """
    p = []
    for sign in (1.0, -1.0):
        # the mean of own − (1 − margin) · other is above 0, that of own − (1 + margin) · other below
        found = paired_family(own, (1 - sign * margin) * other, scheme, confidence)[0]
        freedom = max(int(found.units[0]) - 1, 1)
        half, centre = float(found.high[0] - found.centre[0]), sign * float(found.centre[0])
        if half > 0:
            se = half / float(stats.t.ppf((1 + confidence) / 2, freedom))
            p.append(float(stats.t.sf(centre / se, freedom)))
        else:
            p.append(half if np.isnan(half) else float(centre <= 0))
    return max(p) if not any(np.isnan(p)) else float("nan")


def holm_of(p: Floats) -> list[float | None]:
    return holm([None if np.isnan(x) else float(x) for x in p])


def _verdict(
    difference: float, p: float | None, p_equivalence: float | None, filled: bool, alpha: float
) -> str | None:
    """What both tests say; null where neither was made."""
    if filled:
        return FILLER
    if p is None and p_equivalence is None:
        return None
    small = p_equivalence is not None and p_equivalence <= alpha
    if p is not None and p <= alpha:
        side = "higher" if difference > 0 else "lower"
        return f"{side}, within the margin" if small else side
    return "equivalent" if small else INDISTINCT


def sides_of(found: Family, filled: bool) -> list[str | None]:
    """Directions by the intervals alone, as :func:`contrast` has them."""
    told: list[str | None] = []
    for low, high in zip(found.low.tolist(), found.high.tolist(), strict=True):
        if np.isnan(low):
            told.append(None)
        elif filled:
            told.append(FILLER)
        else:
            told.append("higher" if low > 0 else "lower" if high < 0 else INDISTINCT)
    return told


def _hosting_frame(
    spread: Spread,
    families: Sequence[tuple[Family, Floats, Floats]],
    small: Floats,
    filled: Sequence[bool],
    scheme: Scheme,
    alpha: float,
) -> pl.DataFrame:
    """Rows of all arms and measures, with the tests of the first measure; `small` of equivalence."""
    hidden = np.array([np.nan if full else 1.0 for full in filled])
    p = np.array([f.p[0] for f, _, _ in families]) * hidden
    adjusted, equivalent = holm_of(p), holm_of(small * hidden)
    rows = []
    for at, (arm, (found, own, other)) in enumerate(zip(spread.arms, families, strict=True)):
        sides = sides_of(found, filled[at])
        for k, measure in enumerate(HOSTING):
            centre = float(found.centre[k])
            tests: tuple[object, ...] = (None, None, None, None)
            if k == 0:
                told = _verdict(centre, adjusted[at], equivalent[at], filled[at], alpha)
                tests = (float(p[at]), adjusted[at], equivalent[at], told)
            values = (own[k], other[k], centre, found.low[k], found.high[k])
            rows.append(
                (
                    *(arm, measure, *(float(v) for v in values), sides[k], *tests),
                    *(spread.filler(arm), int(found.units[k]), scheme.interval, spread.calibrated),
                )
            )
    columns = (
        *("arm", "measure", "flagged", "unflagged", "difference", "low", "high"),
        *("direction", "p", "p_holm", "p_equivalence", "verdict", "filler"),
        *("worlds", "interval", "calibrated"),
    )
    return typed_table(rows, columns)


def _contrasts(
    spread: Spread,
    gaps: Floats,
    first: int,
    filled: Sequence[bool],
    scheme: Scheme,
    confidence: float,
) -> pl.DataFrame:
    """Differences of the arms' differences from that of the baseline."""
    others = [at for at in range(len(spread.arms)) if at != first]
    found = [paired_family(gaps[at], gaps[first], scheme, confidence)[0] for at in others]
    barred = [filled[at] or filled[first] for at in others]
    p = np.array([np.nan if b else f.p[0] for f, b in zip(found, barred, strict=True)])
    adjusted = holm_of(p)
    rows = []
    for at, family, full, one, holms in zip(others, found, barred, p, adjusted, strict=True):
        sides = sides_of(family, full)
        for k, measure in enumerate(HOSTING):
            values = (family.centre[k], family.low[k], family.high[k])
            tests = (float(one), holms) if k == 0 else (None, None)
            rows.append(
                (
                    *(spread.arms[at], spread.arms[first], measure, *(float(v) for v in values)),
                    *(sides[k], *tests, int(family.units[k]), scheme.interval, spread.calibrated),
                )
            )
    columns = ("arm", "baseline", "measure", "difference", "low", "high", "direction", "p")
    return typed_table(rows, (*columns, "p_holm", "worlds", "interval", "calibrated"))


_TEXTS = (
    *("arm", "baseline", "measure", "direction", "verdict", "interval", "role", "unit"),
    *("community", "group", "matching"),
)
_INTEGERS = ("worlds", "world", "size", "posts", "controls")


def typed_table(rows: Sequence[tuple[object, ...]], columns: Sequence[str]) -> pl.DataFrame:
    """A frame of these columns; NaN as null."""
    types = {
        name: pl.String()
        if name in _TEXTS
        else pl.Int64()
        if name in _INTEGERS
        else pl.Boolean()
        if name in ("primary", "calibrated")
        else pl.Float64()
        for name in columns
    }
    frame = pl.DataFrame(rows, schema=types, orient="row")
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def _community_rows(world: World, w: int, kind: str, found: _World) -> pl.DataFrame:
    """Communities of a world with their group and number of controls."""
    part = world.partitions[kind]
    count = dict(zip(found.flagged.tolist(), found.controls.sum(axis=1).tolist(), strict=True))
    used = np.asarray(found.controls.any(axis=0))
    rows = []
    for c in range(part.n_communities):
        if c in count:
            group = _GROUPS[0] if count[c] else _GROUPS[1]
        elif not found.judged[c]:
            small = found.size[c] < SMALLEST or found.posts[c] < SMALLEST
            group = _GROUPS[4] if small else _GROUPS[5]
        else:
            group = _GROUPS[2] if used[c] else _GROUPS[3]
        numbers = (int(found.size[c]), int(found.posts[c]), float(found.share[c]))
        rows.append((w, part.name(c), *numbers, float(found.homophily[c]), group, count.get(c, 0)))
    columns = ("world", "community", "size", "posts", "flagged_share", "homophily", "group")
    return typed_table(rows, (*columns, "controls"))


def _left_out(communities: pl.DataFrame, worlds: Sequence[_World]) -> dict[str, int]:
    """Counts of what is compared with nothing."""
    group = communities.get_column("group")
    counts = {
        "flagged communities without a control, over all worlds": int((group == _GROUPS[1]).sum()),
        "communities too small to be judged, over all worlds": int((group == _GROUPS[4]).sum()),
        "communities of unknown homophily, over all worlds": int((group == _GROUPS[5]).sum()),
        "worlds without a flagged community that has a control": sum(
            not found.controls.any() for found in worlds
        ),
    }
    return {text: n for text, n in counts.items() if n}
