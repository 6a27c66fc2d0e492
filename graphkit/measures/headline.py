"""Headlines: the few findings about two feeds, as sentences with their level, interval and limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, MissingDataError, OptionError, nearest
from graphkit.measures import conditions as tried
from graphkit.measures.contrast import Contrast, check_outcome, contrast
from graphkit.measures.hosting_visibility import (
    LEAST,
    RANDOM,
    SMALLEST,
    Views,
    count_numbered,
    hosting_by_visibility,
    no_random_arm,
)
from graphkit.measures.intervals import FILLER, HIGHER, LOWER, OVER_SAMPLES, WITHIN_WORLD

__all__ = [
    "CLAIMS",
    "INDISTINCT",
    "Claim",
    "Finding",
    "Gap",
    "Headline",
    "headline",
    "signed_number",
]

INDISTINCT = "not distinguishable from zero"
#: Why there is no interval, by what it would speak about.
_NO_INTERVAL = {
    OVER_SAMPLES: "a part of the data has no value, or no part differs from the others",
    WITHIN_WORLD: "one world, one replication",
}
_NO_DIRECTION = " No direction follows from this."


class Gap(NamedTuple):
    """One measure in two arms, beside random exposure, and the paired difference of the arms.

    `low` and `high` bound its interval, NaN without one; `interval` says what it speaks about.
    `claimed` is false where too much filler forbids a direction.
    """

    value: float
    baseline_value: float
    random: float
    difference: float
    low: float
    high: float
    interval: str
    claimed: bool = True
    confidence: float = 0.95

    @property
    def bounded(self) -> bool:
        """Whether there is an interval."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def sign(self) -> int:
        """+1 or −1 if the interval excludes 0, else 0: not distinguishable from zero, or not claimed."""
        if not (self.claimed and self.bounded):
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
        "the slope of a post's reach in its community, beyond random exposure, over the homophily of "
        "its follows (0: at chance, 1: all inside)",
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


@dataclass(frozen=True, repr=False, eq=False)
class Finding(Frozen):
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
    turned, lost, held
        Conditions under which a sign turns, those under which it cannot be told, and the number
        of those under which it holds.
    nearest
        Of the conditions that turn or end it and have a distance, those nearest to the study,
        with its own value.
    """

    measure: str
    title: str
    sentences: tuple[str, ...]
    verdict: str
    agree: bool
    turned: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    held: int = 0
    nearest: tuple[str, ...] = ()

    def _title(self) -> str:
        return self.title

    def _facts(self) -> dict[str, object]:
        # an entry per sentence, which names its kind of partition itself
        facts: dict[str, object] = {
            f"finding {k}" if k > 1 else "finding": text for k, text in enumerate(self.sentences, 1)
        }
        facts["verdict"] = self.verdict
        told = {"holds under": self.held and f"{self.held:,} conditions"}
        lists = {"turns under": self.turned, "is lost under": self.lost, "nearest": self.nearest}
        told |= {name: "; ".join(texts) for name, texts in lists.items()}
        return facts | {name: text for name, text in told.items() if text}


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
        The figures: measure, partition, arm_mean, baseline_mean, random_mean, difference, low,
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
        facts: dict[str, object] = {
            finding.title.partition(":")[0]: " ".join((*finding.sentences, finding.verdict))
            for finding in self.findings
        }
        known = self.frame.drop_nulls("low").select("interval", "fixed").unique(maintain_order=True)
        if known.height:
            facts["intervals"] = "; ".join(f"{i} (held fixed: {f})" for i, f in known.iter_rows())
        return facts | {key: f"{n:,}" for key, n in self.provenance.removed.items()}


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
    verdict says so, and no direction is claimed above 25 % filler. Signs follow from intervals, each
    at `confidence` by itself: where two feeds do not differ, a finding under one kind of partition is
    told in 1 − `confidence` of the studies, and any of five, or under any of several kinds, in more.
    The Holm-adjusted p of :func:`contrast` is over the primary measures.

    Parameters
    ----------
    outcome
        Result of :func:`measure_spread`, with an arm that shows random posts.
    visibility
        Visibility of the communities, by kind of partition (``{"interest": seen}``), or one, if the
        outcome has one kind of partition with communities. Of worlds with communities of their
        own, a sequence with one per world.
    conditions
        Contrasts of the same arms under other conditions: frames as of :attr:`Contrast.frame`, one
        below the other, with the column ``condition`` in front. Verdicts name the conditions under
        which the sign turns, and those under which nothing can be told; with the columns
        ``dimension``, ``value`` and ``default``, as in the frames of
        :func:`graphkit.attribution.robustness`, also the nearest of them.
    arm, baseline
        The arms compared; by default the two that are not `random`, in their order: baseline first.
        If one of these two is named, the other is the other.
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
        For an unknown arm, no arm of random posts, an unknown kind of partition, or conditions
        without a column or a row of these two arms.
    OptionError
        If there are other than two arms and not both are named, or without a visibility by kind.
    DataError
        As :func:`contrast`, and if the visibility is of other communities.

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
    check_outcome(outcome)
    arms = outcome.get_column("arm").unique(maintain_order=True).to_list()
    arm, baseline = _compared_arms(arms, arm, baseline, random)
    whole = hosting_by_visibility(outcome, visibility, random=random, least=least)
    rows = _overall(contrast(whole, arm, baseline, confidence=confidence).frame)
    beyond = {
        name: _overall(contrast(whole, name, random, confidence=confidence).frame)
        for name in (arm, baseline)
        if name != random
    }
    levels = {
        (r["measure"], r["partition"]): r["baseline_mean"]
        for chance in beyond.values()
        for r in chance.iter_rows(named=True)
    }
    others = _other_conditions(conditions, arm, baseline)
    findings, kept = [], []
    for claim in CLAIMS:
        found = rows.filter(measure=claim.measure).rows(named=True)
        beside = {} if random in (arm, baseline) else levels  # told once
        gaps = {r["partition"]: _gap(r, claim, beside, confidence) for r in found}
        of_claim, places = _conditions_of(others, claim), _places_of(others, claim)
        finding = state_finding(claim, gaps, of_claim, places, arm=arm, baseline=baseline)
        if claim.measure == "hosting_hidden":
            finding = _with_excess(finding, claim, beyond)
        if claim.measure == "hosting_slope":
            finding = _with_closing(finding, rows, arm, baseline)
        findings.append(finding)
        kept += [{**r, "random_mean": levels.get((r["measure"], r["partition"]))} for r in found]
    columns = "measure partition arm_mean baseline_mean random_mean difference low high"
    shown = pl.DataFrame(kept, schema={**rows.schema, "random_mean": pl.Float64})
    frame = shown.select(*columns.split(), "interval", "fixed", "direction")
    names = {"arm": arm, "baseline": baseline, "random": random, "confidence": confidence}
    gone = count_numbered(outcome, visibility)
    removed = {"communities without a name, over all worlds": gone} if gone else {}
    record = Provenance("headline", names, removed=removed)
    return Headline(arm, baseline, random, tuple(findings), frame, record)


def _compared_arms(
    arms: Sequence[str], arm: str | None, baseline: str | None, random: str
) -> tuple[str, str]:
    """The arms compared, checked."""
    if random not in arms:
        raise MissingDataError(no_random_arm(random, arms))
    others = [name for name in arms if name != random]
    for name in (arm, baseline):
        if name is not None and name not in arms:
            raise MissingDataError(
                f"no arm {name!r} in the outcome.{nearest(str(name), arms)} Arms: {', '.join(arms)}."
            )
    if arm is not None and baseline is not None:
        return arm, baseline
    if len(others) == 2:
        first = others[0] if baseline is None else baseline
        if arm is None and first in others:
            return others[first == others[0]], first
        if baseline is None and arm in others:
            return arm, others[arm == others[0]]
    raise OptionError(
        f"headline compares two arms, and there are {len(others)} beside {random!r} "
        f"({', '.join(others)}): name arm= and baseline=."
    )


def _overall(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("community").is_null(), pl.col("difference").is_not_null())


def _gap(
    row: Mapping[str, Any],
    claim: Claim,
    levels: Mapping[Any, float | None],
    confidence: float = 0.95,
) -> Gap:
    """The figures of a row in the unit of its claim."""
    random = levels.get((row["measure"], row["partition"]))
    names = ("arm_mean", "baseline_mean", "difference", "low", "high")
    value, base, difference, low, high, level = (
        math.nan if number is None else claim.scale * number
        for number in (*(row[name] for name in names), random)
    )
    claimed = row["direction"] != FILLER
    return Gap(value, base, level, difference, low, high, row["interval"], claimed, confidence)


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
        start, slope = at.get((kind, "hosting_at_chance")), at.get((kind, "hosting_slope"))
        # a line that cannot be told leads nowhere
        if start is None or slope is None:
            continue
        if not {start["direction"], slope["direction"]} <= {HIGHER, LOWER}:
            continue
        closing = -start["difference"] / slope["difference"]
        end = (
            f"the line crosses zero at a homophily of {closing:.2f}"
            if 0 <= closing <= 1
            else "the line does not cross zero between follows at chance and follows all inside"
        )
        texts = (signed_number(100 * start[name]) for name in ("difference", "low", "high"))
        more.append(
            "By the least-squares line under the {} partition, {} − {} is {} [{}, {}] percentage points "
            "for a community whose follows are at chance; {}.".format(
                *(kind, arm, baseline, *texts), end
            )
        )
    return replace(finding, sentences=(*finding.sentences, *more))


def _other_conditions(
    conditions: pl.DataFrame | None, arm: str, baseline: str
) -> pl.DataFrame | None:
    """Rows of the contrasts of these two arms over all communities, checked."""
    if conditions is None:
        return None
    if isinstance(conditions, Contrast) or not isinstance(conditions, pl.DataFrame):
        raise DataError(
            f"conditions: a {type(conditions).__name__}, not a frame: put the column 'condition' in "
            "front of the .frame of each contrast, and concatenate them by polars.concat."
        )
    needed = "condition arm baseline partition community measure arm_mean baseline_mean difference"
    for name in f"{needed} low high interval direction".split():
        if name not in conditions.columns:
            more = ", which names each of them" if name == "condition" else ""
            raise MissingDataError(
                f"conditions: no column {name!r}{more}: they must be frames of contrast with the "
                "column 'condition' in front."
            )
    rows = conditions.filter(arm=arm, baseline=baseline)
    if conditions.height and not rows.height:
        pairs = conditions.select("arm", "baseline").unique(maintain_order=True).rows()
        known = ", ".join(f"{one} − {other}" for one, other in pairs)
        raise MissingDataError(
            f"conditions: no row of {arm} − {baseline}, but of {known}: contrast the same arms, in "
            "the same order, under every condition."
        )
    return _overall(rows)


def _conditions_of(rows: pl.DataFrame | None, claim: Claim) -> dict[str, dict[str | None, Gap]]:
    """Gaps by condition and kind of partition."""
    found: dict[str, dict[str | None, Gap]] = {}
    if rows is None:
        return found
    for row in rows.filter(measure=claim.measure).iter_rows(named=True):
        found.setdefault(row["condition"], {})[row["partition"]] = _gap(row, claim, {})
    return found


def _places_of(rows: pl.DataFrame | None, claim: Claim) -> dict[str, tuple[float, str]]:
    """Distance from the study's own value, and that value, of conditions of numeric dimensions."""
    if rows is None or not set(tried.COLUMNS) <= set(rows.columns):
        return {}
    placed = tried.place(rows.filter(measure=claim.measure)).drop_nulls("distance")
    columns = ("condition", "distance", "default_number")
    return {
        name: (d, tried.rounded(f"{own:.12g}"))
        for name, d, own in placed.select(columns).iter_rows()
    }


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
    """The difference with its interval and what that speaks about, or why there is none.

    Examples
    --------
    >>> difference_text(Gap(0.8, 0.5, 0.6, 0.3, 0.2, 0.4, "within this world"))
    '+0.3 [+0.2, +0.4] (95 % interval within this world)'
    """
    if not gap.bounded:
        why = _NO_INTERVAL.get(gap.interval, "only one world has a value")
        return f"{_bounded(gap)}{unit}, without an interval: {why}"
    return f"{_bounded(gap)}{unit} ({100 * gap.confidence:g} % interval {gap.interval})"


def _bounded(gap: Gap) -> str:
    """The difference, and its interval in brackets if there is one."""
    difference = signed_number(gap.difference)
    if not gap.bounded:
        return difference
    return f"{difference} [{signed_number(gap.low)}, {signed_number(gap.high)}]"


def state_finding(
    claim: Claim,
    gaps: Mapping[str | None, Gap],
    conditions: Mapping[str, Mapping[str | None, Gap]] | None = None,
    places: Mapping[str, tuple[float, str]] | None = None,
    *,
    arm: str,
    baseline: str,
) -> Finding:
    """One sentence per kind of partition, and a verdict on whether they and the conditions agree.

    `places` are distances of conditions from the study, and its own values there.
    """
    title = f"{claim.title}: {arm} compared with {baseline}"
    if not gaps:
        return Finding(claim.measure, title, (), f"Not estimable: {claim.missing}.", False)
    sentences = tuple(_gap_sentence(claim, kind, gap, arm, baseline) for kind, gap in gaps.items())
    by_sign: dict[int, list[str | None]] = {1: [], -1: [], 0: []}
    for kind, gap in gaps.items():
        by_sign[gap.sign].append(kind)
    above, below, indistinct = by_sign[1], by_sign[-1], by_sign[0]
    barred = [kind for kind in indistinct if not gaps[kind].claimed]
    unclear = [kind for kind in indistinct if gaps[kind].claimed and gaps[kind].bounded]
    unbounded = [kind for kind in indistinct if gaps[kind].claimed and not gaps[kind].bounded]
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
        verdict += _untold(unclear, unbounded)
    else:
        verdict = f"No difference between the {arm} feed and the {baseline} feed can be told"
        verdict += _no_interval(unbounded) if not unclear else _includes_zero(unclear)
        if unclear and unbounded:
            verdict += f"; there is no interval{_under(unbounded)}"
        verdict += "."
    agree = not indistinct and not (above and below)
    found = Finding(claim.measure, title, sentences, verdict, agree)
    return _with_conditions(found, gaps, conditions or {}, places or {})


def _with_conditions(
    found: Finding,
    gaps: Mapping[str | None, Gap],
    conditions: Mapping[str, Mapping[str | None, Gap]],
    places: Mapping[str, tuple[float, str]],
) -> Finding:
    """The finding with the conditions under which its sign turns, or can no longer be told.

    The nearest of them is named, of those that have a place.
    """
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
    mixed = len(set(signs.values())) > 1
    start = "Both signs hold" if mixed else "The sign holds"
    verdict = f"{found.verdict} {start} under {held} of {total} other conditions"
    if turned:
        verdict += f"; {'one turns' if mixed else 'it turns'} under: {', '.join(turned)}"
    if lost:
        no = "one or both cannot be told" if mixed else "it cannot be told"
        verdict += f"; {no} under: {', '.join(lost)}"
    ended = [name for name in (*turned, *lost) if name in places]
    near: tuple[str, ...] = ()
    if ended:
        least = min(places[name][0] for name in ended)
        named = [name for name in ended if places[name][0] - least < 1e-9]
        near = tuple(f"{name} (here {places[name][1]})" for name in named)
        verdict += f"; nearest to this study: {', '.join(near)}"
    agree = found.agree and not turned and not lost
    told = replace(found, turned=tuple(turned), lost=tuple(lost), held=held, nearest=near)
    return replace(told, verdict=f"{verdict}.", agree=agree)


def _gap_sentence(claim: Claim, kind: str | None, gap: Gap, arm: str, baseline: str) -> str:
    values = (gap.value, gap.baseline_value, gap.random)
    own, base, chance = (_level_text(claim.value, value) for value in values)
    levels = [f"{own} in the {arm} feed", f"{base} in the {baseline} feed"]
    # the slope of what is beyond random exposure is 0 there by definition
    if math.isfinite(gap.random) and claim.measure != "hosting_slope":
        levels.append(f"{chance} under random exposure")
    text = f"{', '.join(levels[:-1])} and {levels[-1]}"
    start = claim.subject if kind is None else f"under the {kind} partition, {claim.subject}"
    note = "" if gap.sign or not gap.bounded else f" ({INDISTINCT})"
    note = note if gap.claimed else " (no direction is claimed)"
    return (
        f"{start[:1].upper()}{start[1:]} is {text}; difference: "
        f"{difference_text(gap, claim.unit)}{note}."
    )


def _level_text(form: str, value: float) -> str:
    """A level with a true minus, and none before a zero.

    Examples
    --------
    >>> _level_text("{:+.1f} points", -0.01), _level_text("{:+.1f} points", -1.26)
    ('0.0 points', '−1.3 points')
    """
    text = form.format(value)
    if not any(c in "123456789" for c in text):
        return text.lstrip("+-")
    return text.replace("-", "−")


def _includes_zero(kinds: Sequence[str | None]) -> str:
    """Kinds of partition under which an interval includes zero, at the end of a verdict."""
    several = "the intervals include 0" if len(kinds) > 1 else "the interval includes 0"
    return f"{_under(kinds)}: {several}"


def _no_interval(kinds: Sequence[str | None]) -> str:
    return f"{_under(kinds)}: there is no interval"


def _untold(unclear: Sequence[str | None], unbounded: Sequence[str | None]) -> str:
    """The kinds of partition for which a direction of others is not claimed, and the full stop.

    Examples
    --------
    >>> _untold(["follow"], []), _untold([], [])
    ('; no difference can be told under the follow partition: the interval includes 0.', '.')
    """
    text = f"; no difference can be told{_includes_zero(unclear)}" if unclear else ""
    return f"{text}; there is no interval{_under(unbounded)}." if unbounded else f"{text}."


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
