"""Headlines: the few findings about two feeds, as sentences with their level, interval and limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, MissingDataError, OptionError, check_integer, nearest
from graphkit.measures.contrast import contrast
from graphkit.measures.intervals import FILLER, HIGHER, LOWER

__all__ = [
    "CLAIMS",
    "INDISTINCT",
    "RANDOM",
    "Claim",
    "Finding",
    "Gap",
    "Headline",
    "headline",
    "hosting_by_visibility",
    "signed_number",
]

INDISTINCT = "not distinguishable from zero"
#: Name of the arm that shows random posts.
RANDOM = "uniform"
#: Members of the smallest community that is counted, unless said otherwise.
SMALLEST = 10
#: Measures of :func:`hosting_by_visibility`.
_FROM_VISIBILITY = (
    "hosting_hidden",
    "hosting_visible",
    "hosting_gap",
    "hosting_slope",
    "hosting_at_chance",
    "hosting_excess",
)
#: Fewer communities that can be judged give no slope.
LEAST = 3
_NO_DIRECTION = " No direction follows from this."

#: Visibility by kind of partition: one for all worlds, or one per world.
Views = Visibility | Mapping[str, Visibility | Sequence[Visibility]]


class Gap(NamedTuple):
    """One measure in two arms, beside random exposure, and the paired difference of the arms.

    `low` and `high` bound its 95 % interval, NaN without one; `interval` says what it speaks
    about. `claimed` is false where too much filler forbids a direction.
    """

    value: float
    baseline_value: float
    random: float
    difference: float
    low: float
    high: float
    interval: str
    claimed: bool = True

    @property
    def sign(self) -> int:
        """+1 or −1 if the interval excludes 0, else 0: not distinguishable from zero, or not claimed."""
        if not (self.claimed and math.isfinite(self.low) and math.isfinite(self.high)):
            return 0
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


class Claim(NamedTuple):
    """Wording of a finding about one measure.

    Attributes
    ----------
    measure, title, subject
        Name of the measure, title of the finding, and what the value is about.
    value
        Format of a value.
    scale, unit
        Factor from the measure to the value, and unit of its difference.
    missing
        Why there may be no partition for it.
    """

    measure: str
    title: str
    subject: str
    value: str
    scale: float
    unit: str
    missing: str


_NO_HIDDEN = "no partition has a hidden community"

#: The findings of a comparison, the first first.
CLAIMS = (
    Claim(
        "hosting_hidden",
        "Hosting of hidden communities",
        "the share of its community that a post of a hidden community reaches",
        "{:.1f} %",
        100.0,
        " percentage points",
        _NO_HIDDEN,
    ),
    Claim(
        "hosting_gap",
        "Hidden against visible communities (difference in differences)",
        "the share that a post of a hidden community reaches, minus that of a visible one,",
        "{:+.1f} points",
        100.0,
        " percentage points",
        "a hidden and a visible community are needed",
    ),
    Claim(
        "hosting_slope",
        "Hosting over visibility",
        "the change of a post's reach in its community, from follows at chance to follows all inside,",
        "{:+.1f} points",
        100.0,
        " percentage points",
        f"no partition has {LEAST} communities that the follow graph can judge",
    ),
    Claim(
        "crossing",
        "Cross-community exposure",
        "cross-community exposure",
        "{:.2f}",
        1.0,
        "",
        "no partition allows it",
    ),
    Claim(
        "viewer_value",
        "Viewer value",
        "the mean share of a post that is watched",
        "{:.3f}",
        1.0,
        "",
        "nothing was watched",
    ),
)


@dataclass(frozen=True)
class Finding:
    """One finding under every kind of partition.

    Attributes
    ----------
    measure
        Name of the measure.
    title
        Measure and arms.
    sentences
        One per kind of partition.
    verdict
        Direction, whether the partitions agree, and the conditions under which it turns.
    agree
        Whether the sign is the same under every partition and condition, and distinguishable
        from zero under each.
    """

    measure: str
    title: str
    sentences: tuple[str, ...]
    verdict: str
    agree: bool


@dataclass(frozen=True, repr=False, eq=False)
class Headline(Frozen, title="Headline", table="frame"):
    """The findings of a comparison of two feeds, the same everywhere they are shown.

    Attributes
    ----------
    arm, baseline, random
        Names of the arms; differences are arm − baseline.
    findings
        One per measure.
    frame
        The figures: finding, partition, arm_mean, baseline_mean, random_mean, difference, low,
        high, interval, fixed, direction.
    """

    arm: str
    baseline: str
    random: str
    findings: tuple[Finding, ...]
    frame: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("headline"))

    def _title(self) -> str:
        return f"{self.arm} compared with {self.baseline}"

    def _facts(self) -> dict[str, object]:
        return {
            finding.title.partition(":")[0]: " ".join((*finding.sentences, finding.verdict))
            for finding in self.findings
        }


def headline(
    outcome: pl.DataFrame,
    visibility: Views,
    conditions: pl.DataFrame | None = None,
    *,
    arm: str | None = None,
    baseline: str | None = None,
    random: str = RANDOM,
    least: int = SMALLEST,
    confidence: float = 0.95,
) -> Headline:
    """The few findings about two feeds, as sentences with level, chance level, interval and limits.

    1. Hosting of hidden communities: the share of its community that a post reaches, in both arms
       and under random exposure.
    2. Difference in differences: the same minus that of visible communities.
    3. Hosting over visibility: the slope of the difference between the arms over the follow
       homophily of the communities. That a feed of followees fails a community whose members do
       not follow each other is nearly mechanical; how fast the difference closes as follows
       appear is the finding.
    4. Cross-community exposure, in which 1 is random exposure. 5. Viewer value.

    Each is given under every kind of partition: if the sign differs, or an interval includes 0, the
    verdict says so, and no direction is claimed above 25 % filler.

    Parameters
    ----------
    outcome
        Result of :func:`measure_spread`, with an arm that shows random posts.
    visibility
        Visibility of the communities, by kind of partition (``{"interest": seen}``), or one, if the
        outcome has one kind of partition with communities. Of worlds with communities of their
        own, a sequence with one per world.
    conditions
        Contrasts under other conditions, as of :attr:`Contrast.frame`, with the column
        ``condition`` in front. Verdicts name the conditions under which the sign turns, and those
        under which nothing can be told.
    arm, baseline
        The arms compared; by default the two that are not `random`, in their order: baseline first.
    random
        Name of the arm that shows random posts, such as
        :func:`graphkit.recommenders.uniform`.
    least
        As in :func:`hosting_by_visibility`.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    Headline

    Raises
    ------
    MissingDataError
        For an unknown arm, no arm of random posts, or an unknown kind of partition.
    OptionError
        If there are other than two arms, and none is named.
    DataError
        As :func:`contrast`.

    Examples
    --------
    >>> import graphkit as gk
    >>> platform = gk.synthetic.platform(300, communities=4, rng=1)
    >>> world = gk.build_world(platform, ticks=4, rng=1)
    >>> arms = {"follower": gk.follower_centric(), "interest": gk.interest_centric()}
    >>> arms["uniform"] = gk.recommenders.uniform()
    >>> outcome = gk.measure_spread(gk.simulate_spread(world, arms, ticks=4, rng=1))
    >>> seen = gk.visibility(platform.truth, gk.follow_graph(platform.dataset), rng=1)
    >>> found = gk.measures.headline(outcome, seen)
    >>> [finding.measure for finding in found.findings]
    ['hosting_hidden', 'hosting_gap', 'hosting_slope', 'crossing', 'viewer_value']
    """
    arms = outcome.get_column("arm").unique(maintain_order=True).to_list()
    arm, baseline = _compared_arms(arms, arm, baseline, random)
    whole = hosting_by_visibility(outcome, visibility, random=random, least=least)
    rows = _overall(contrast(whole, arm, baseline, confidence=confidence).frame)
    chance = _overall(contrast(whole, random, baseline, confidence=confidence).frame)
    levels = {(r["measure"], r["partition"]): r["arm_mean"] for r in chance.iter_rows(named=True)}
    beyond = {
        name: _overall(contrast(whole, name, random, confidence=confidence).frame)
        for name in (arm, baseline)
        if name != random
    }
    findings, kept = [], []
    for claim in CLAIMS:
        found = rows.filter(measure=claim.measure).rows(named=True)
        gaps = {r["partition"]: _gap(r, claim, levels) for r in found}
        others = _conditions_of(conditions, claim, arm, baseline)
        finding = state_finding(claim, gaps, others, arm=arm, baseline=baseline)
        if claim.measure == "hosting_hidden":
            finding = _with_excess(finding, claim, beyond)
        if claim.measure == "hosting_slope":
            finding = _with_closing(finding, rows, arm, baseline)
        findings.append(finding)
        kept += [{**r, "random_mean": levels.get((r["measure"], r["partition"]))} for r in found]
    columns = "measure partition arm_mean baseline_mean random_mean difference low high"
    shown = pl.DataFrame(kept, schema={**rows.schema, "random_mean": pl.Float64})
    frame = shown.select(*columns.split(), "interval", "fixed", "direction")
    return Headline(arm, baseline, random, tuple(findings), frame)


def _compared_arms(
    arms: Sequence[str], arm: str | None, baseline: str | None, random: str
) -> tuple[str, str]:
    """The arms compared, checked."""
    if random not in arms:
        raise MissingDataError(
            f"no arm {random!r} in the outcome: levels are told beside random exposure. Add "
            f"{{{random!r}: gk.recommenders.uniform()}} to the arms, or name it by random=."
            f"{nearest(random, arms)}"
        )
    others = [name for name in arms if name != random]
    if arm is None and baseline is None and len(others) == 2:
        return others[1], others[0]
    if arm is None or baseline is None:
        raise OptionError(
            f"headline compares two arms, and there are {len(others)} ({', '.join(others)}): name "
            "arm= and baseline=."
        )
    return arm, baseline


def _overall(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("community").is_null(), pl.col("difference").is_not_null())


def _gap(row: Mapping[str, Any], claim: Claim, levels: Mapping[Any, float | None]) -> Gap:
    """The figures of a row in the unit of its claim."""
    random = levels.get((row["measure"], row["partition"]))
    names = ("arm_mean", "baseline_mean", "difference", "low", "high")
    value, base, difference, low, high, level = (
        math.nan if number is None else claim.scale * number
        for number in (*(row[name] for name in names), random)
    )
    claimed = row["direction"] != FILLER
    return Gap(value, base, level, difference, low, high, row["interval"], claimed)


def _with_excess(finding: Finding, claim: Claim, beyond: Mapping[str, pl.DataFrame]) -> Finding:
    """The finding with what either arm has beyond random exposure, and its interval."""
    texts: dict[str, list[str]] = {}
    for name, rows in beyond.items():
        for row in rows.filter(measure=claim.measure).iter_rows(named=True):
            gap = _gap(row, claim, {})
            note = "" if gap.sign else f", {INDISTINCT}" if gap.claimed else ", not claimed"
            text = f"{_bounded(gap)}{claim.unit} in the {name} feed{note}"
            texts.setdefault(row["partition"], []).append(text)
    more = [
        f"Beyond random exposure, under the {kind} partition: {'; '.join(parts)}."
        for kind, parts in texts.items()
    ]
    return replace(finding, sentences=(*finding.sentences, *more))


def _with_closing(finding: Finding, rows: pl.DataFrame, arm: str, baseline: str) -> Finding:
    """The slope with the difference at chance, and the homophily at which the line crosses zero."""
    lines = rows.filter(pl.col("measure").is_in(["hosting_at_chance", "hosting_slope"]))
    at = {(r["partition"], r["measure"]): r for r in lines.iter_rows(named=True)}
    more = []
    for kind in dict.fromkeys(kind for kind, _ in at):
        line = [at.get((kind, name)) for name in ("hosting_at_chance", "hosting_slope")]
        # a line whose slope cannot be told leads nowhere
        told = all(row is not None and row["direction"] in (HIGHER, LOWER) for row in line)
        if not told:
            continue
        start, slope = (row["difference"] for row in line if row is not None)
        closing = -start / slope
        end = (
            f"it closes where the follows' homophily is {closing:.2f}"
            if 0 < closing <= 1
            else "it does not close between follows at chance and follows all inside"
        )
        more.append(
            f"By the line of the {kind} partition, {arm} − {baseline} is {signed_number(100 * start)} "
            f"percentage points for a community whose follows are at chance, and {end}."
        )
    return replace(finding, sentences=(*finding.sentences, *more))


def _conditions_of(
    conditions: pl.DataFrame | None, claim: Claim, arm: str, baseline: str
) -> dict[str, dict[str | None, Gap]]:
    """Gaps by condition and kind of partition."""
    found: dict[str, dict[str | None, Gap]] = {}
    if conditions is None:
        return found
    if "condition" not in conditions.columns:
        raise MissingDataError("conditions: no column 'condition', which names each of them.")
    rows = _overall(conditions).filter(measure=claim.measure, arm=arm, baseline=baseline)
    for row in rows.iter_rows(named=True):
        found.setdefault(row["condition"], {})[row["partition"]] = _gap(row, claim, {})
    return found


def hosting_by_visibility(
    outcome: pl.DataFrame, visibility: Views, *, random: str = RANDOM, least: int = SMALLEST
) -> pl.DataFrame:
    r"""The outcome with the hosting of hidden and visible communities, and its slope over visibility.

    For community c with within-community reach :math:`h_c` (``hosting_reach``), :math:`h^0_c` that
    under random exposure, and inbreeding homophily of its follows :math:`x_c`
    (:attr:`Visibility.frame`), in each arm, world, replication and kind of partition:

    * ``hosting_hidden``, ``hosting_visible``: means of :math:`h_c` over the hidden and over the
      visible communities; ``hosting_gap`` the first minus the second;
    * ``hosting_excess``, per community: :math:`h_c - h^0_c`;
    * ``hosting_slope``, ``hosting_at_chance``: slope and intercept of the least-squares line of
      :math:`h_c - h^0_c` over :math:`x_c`, over all communities that can be judged, at least
      three of them. In a difference between two arms :math:`h^0` cancels.

    The slope is over homophily and not over the ratio of observed to expected follows, for the
    largest ratio of a community is the inverse of its size: homophily is 0 at chance and 1 if all
    follows stay inside, whatever the size.

    Parameters
    ----------
    outcome, visibility, random
        As for :func:`headline`.
    least
        Communities of fewer members are in none of these but ``hosting_excess``: one of three
        has a reach of 0, 50 or 100 %.

    Returns
    -------
    polars.DataFrame
        The outcome, and below it the new rows, which replace those of the same measures and kinds
        of partition; kinds without visibility have none.

    Raises
    ------
    MissingDataError
        Without an arm of random posts, or for an unknown kind of partition.
    DataError
        If a sequence of visibilities has not one per world.
    """
    views = _by_kind(outcome, visibility, check_integer("least", least, 0))
    old = pl.col("measure").is_in(_FROM_VISIBILITY) & pl.col("partition").is_in(list(views))
    outcome = outcome.filter(~old.fill_null(False))
    parts = [outcome]
    for kind, seen in views.items():
        rows = outcome.filter(
            pl.col("community").is_not_null(), measure="hosting_reach", partition=kind
        )
        parts += [more.select(outcome.columns) for more in _hosting_rows(rows, seen, random)]
    return pl.concat(parts)


def _hosting_rows(rows: pl.DataFrame, seen: pl.DataFrame, random: str) -> list[pl.DataFrame]:
    """Rows of the measures per arm, and of the excess per community."""
    run = ["world", "replication", "community"]
    chance = rows.filter(arm=random).select(*run, chance="value")
    joined = rows.join(chance, on=run, how="left", nulls_equal=True, maintain_order="left")
    joined = joined.join(seen, on=["world", "community"], how="left", maintain_order="left")
    joined = joined.with_columns(excess=pl.col("value") - pl.col("chance"))
    same = [c for c in rows.columns if c not in ("community", "measure", "value")]
    of = {v: pl.col("value").filter(verdict=v).mean() for v in ("hidden", "visible")}
    judged = pl.col("verdict") != "not judgeable"
    known = judged & pl.col("excess").is_not_null() & pl.col("homophily").is_not_null()
    x, y = pl.col("homophily").filter(known), pl.col("excess").filter(known)
    enough = (known.sum() >= LEAST) & (x.max() - x.min() > 1e-9)
    slope = pl.when(enough).then(((x - x.mean()) * y).sum() / ((x - x.mean()) ** 2).sum())
    wide = joined.group_by(same, maintain_order=True).agg(
        hosting_hidden=of["hidden"],
        hosting_visible=of["visible"],
        hosting_gap=of["hidden"] - of["visible"],
        hosting_slope=slope,
        hosting_at_chance=pl.when(enough).then(y.mean()) - slope * x.mean(),
    )
    long = wide.unpivot(index=same, variable_name="measure", value_name="value")
    excess = joined.with_columns(measure=pl.lit("hosting_excess"), value="excess")
    return [long.with_columns(pl.lit(None, pl.String).alias("community")), excess]


def _by_kind(outcome: pl.DataFrame, visibility: Views, least: int) -> dict[str, pl.DataFrame]:
    """World, community, homophily and verdict by kind of partition; not those of fewer members."""
    kinds = outcome.filter(pl.col("community").is_not_null()).get_column("partition")
    names = [k for k in kinds.unique(maintain_order=True).to_list() if k is not None]
    worlds = outcome.get_column("world").unique().sort().to_list()
    if isinstance(visibility, Visibility):
        if len(names) != 1:
            raise OptionError(
                f"the outcome has {len(names)} kinds of partition ({', '.join(names)}): give the "
                "visibility by kind, such as {'interest': seen}."
            )
        visibility = {names[0]: visibility}
    found = {}
    for kind, given in visibility.items():
        if kind not in names:
            raise MissingDataError(
                f"visibility: no partition {kind!r} in the outcome.{nearest(kind, names)} "
                f"Partitions: {', '.join(names)}."
            )
        several = [given] * len(worlds) if isinstance(given, Visibility) else list(given)
        if len(several) != len(worlds):
            raise DataError(
                f"visibility of the partition {kind!r}: {len(several)} for {len(worlds)} worlds: "
                "give one, or one per world."
            )
        found[kind] = _seen_table(zip(worlds, several, strict=True), least)
    return found


def _seen_table(views: Iterable[tuple[int, Visibility]], least: int) -> pl.DataFrame:
    parts = [
        seen.frame.filter(pl.col("size") >= least).select(
            pl.lit(world, pl.Int64).alias("world"),
            pl.col("label").cast(pl.String).alias("community"),
            pl.col("homophily").cast(pl.Float64),
            "verdict",
        )
        for world, seen in views
    ]
    return pl.concat(parts)


def signed_number(value: float) -> str:
    """A difference with its sign and three digits.

    Examples
    --------
    >>> signed_number(0.12345), signed_number(-2), signed_number(0.0), signed_number(-18923.4)
    ('+0.123', '−2', '0', '−18,923')
    """
    text = f"{abs(value):,.0f}" if abs(value) >= 1000 else f"{abs(value):.3g}"
    return text if value == 0 else ("+" if value > 0 else "−") + text


def difference_text(gap: Gap, unit: str = "") -> str:
    """The difference with its interval, and what that speaks about.

    Examples
    --------
    >>> difference_text(Gap(0.8, 0.5, 0.6, 0.3, 0.2, 0.4, "within this world"))
    '+0.3 [+0.2, +0.4] (95 % interval within this world)'
    """
    if not (math.isfinite(gap.low) and math.isfinite(gap.high)):
        return f"{_bounded(gap)}{unit}, without an interval: one world, one replication"
    return f"{_bounded(gap)}{unit} (95 % interval {gap.interval})"


def _bounded(gap: Gap) -> str:
    """The difference, and its interval in brackets if there is one."""
    difference = signed_number(gap.difference)
    if not (math.isfinite(gap.low) and math.isfinite(gap.high)):
        return difference
    return f"{difference} [{signed_number(gap.low)}, {signed_number(gap.high)}]"


def state_finding(
    claim: Claim,
    gaps: Mapping[str | None, Gap],
    conditions: Mapping[str, Mapping[str | None, Gap]] | None = None,
    *,
    arm: str,
    baseline: str,
) -> Finding:
    """One sentence per kind of partition, and a verdict on whether they and the conditions agree."""
    title = f"{claim.title}: {arm} compared with {baseline}"
    if not gaps:
        return Finding(claim.measure, title, (), f"Not estimable: {claim.missing}.", False)
    sentences = tuple(_gap_sentence(claim, kind, gap, arm, baseline) for kind, gap in gaps.items())
    by_sign: dict[int, list[str | None]] = {1: [], -1: [], 0: []}
    for kind, gap in gaps.items():
        by_sign[gap.sign].append(kind)
    above, below, indistinct = by_sign[1], by_sign[-1], by_sign[0]
    barred = [kind for kind in indistinct if not gaps[kind].claimed]
    unclear = [kind for kind in indistinct if gaps[kind].claimed]
    subject = claim.subject[:1].upper() + claim.subject[1:]
    if barred:
        verdict = "No direction is claimed: more than 25 % of the posts of an arm are filler."
    elif above and below:
        verdict = (
            f"The sign differs between partitions: in the {arm} feed, {claim.subject} is higher "
            f"than in the {baseline} feed{_under(above)}, and lower{_under(below)}.{_NO_DIRECTION}"
        )
    elif above or below:
        direction = "higher" if above else "lower"
        verdict = f"{subject} is {direction} in the {arm} feed than in the {baseline} feed"
        verdict += f"{_under(above or below)}"
        verdict += f"; {_indistinct_under(unclear)}." if unclear else "."
    else:
        text = _indistinct_under(unclear)
        verdict = f"{text[0].upper()}{text[1:]}."
    agree = not indistinct and not (above and below)
    return _with_conditions(
        Finding(claim.measure, title, sentences, verdict, agree), gaps, conditions or {}
    )


def _with_conditions(
    found: Finding,
    gaps: Mapping[str | None, Gap],
    conditions: Mapping[str, Mapping[str | None, Gap]],
) -> Finding:
    """The finding with the conditions under which its sign turns, or can no longer be told."""
    turned, lost, held = [], [], 0
    signs = {kind: gap.sign for kind, gap in gaps.items() if gap.sign}
    if not signs or not conditions:
        return found
    for name, others in conditions.items():
        both = [(signs[kind], others[kind].sign) for kind in signs if kind in others]
        if not both:
            continue
        if any(own * other < 0 for own, other in both):
            turned.append(name)
        elif any(other == 0 for _, other in both):
            lost.append(name)
        else:
            held += 1
    total = held + len(turned) + len(lost)
    if not total:
        return found
    verdict = f"{found.verdict} The sign holds under {held} of {total} other conditions"
    if turned:
        verdict += f"; it turns under: {', '.join(turned)}"
    if lost:
        verdict += f"; it cannot be told under: {', '.join(lost)}"
    agree = found.agree and not turned and not lost
    return Finding(found.measure, found.title, found.sentences, f"{verdict}.", agree)


def _gap_sentence(claim: Claim, kind: str | None, gap: Gap, arm: str, baseline: str) -> str:
    levels = [
        f"{claim.value.format(gap.value)} in the {arm} feed",
        f"{claim.value.format(gap.baseline_value)} in the {baseline} feed",
    ]
    if math.isfinite(gap.random):
        levels.append(f"{claim.value.format(gap.random)} under random exposure")
    text = f"{', '.join(levels[:-1])} and {levels[-1]}".replace("-", "−")
    start = claim.subject if kind is None else f"under the {kind} partition, {claim.subject}"
    note = "" if gap.sign else f" ({INDISTINCT})" if gap.claimed else " (no direction is claimed)"
    return (
        f"{start[:1].upper()}{start[1:]} is {text}; difference: "
        f"{difference_text(gap, claim.unit)}{note}."
    )


def _indistinct_under(kinds: Sequence[str | None]) -> str:
    return f"{INDISTINCT}{_under(kinds)} (the interval includes 0)"


def _under(kinds: Sequence[str | None]) -> str:
    """Kinds of partition as a list in words; nothing for a measure without partitions.

    Examples
    --------
    >>> _under(["interest", "follow", "planted"]), _under([None])
    (' under the interest, follow and planted partitions', '')
    """
    named = [kind for kind in kinds if kind is not None]
    if not named:
        return ""
    if len(named) == 1:
        return f" under the {named[0]} partition"
    return f" under the {', '.join(named[:-1])} and {named[-1]} partitions"
