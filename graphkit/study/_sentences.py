"""Findings as sentences that say no more than their interval does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

__all__ = ["Gap", "Headline", "headline", "interval", "signed", "without_filler"]


@dataclass(frozen=True)
class Gap:
    """One measure in two arms, and their paired difference.

    Attributes
    ----------
    value, baseline_value
        Means over worlds in the arm and in the baseline.
    difference, low, high
        Mean paired difference and its 95 % interval; NaN bounds if there is none.
    worlds
        How many worlds; with one the interval holds within this world only.
    """

    value: float
    baseline_value: float
    difference: float
    low: float
    high: float
    worlds: int

    @property
    def sign(self) -> int:
        """+1 or −1 if the interval lies on one side of 0, else 0: it cannot be told."""
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            return 0
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


@dataclass(frozen=True)
class Headline:
    """A finding under every partition.

    Attributes
    ----------
    title
        What it is about.
    sentences
        One per kind of partition, in their order.
    verdict
        Whether the kinds agree, in one sentence.
    agree
        Whether no two kinds show opposite signs and none cannot be told.
    """

    title: str
    sentences: tuple[str, ...]
    verdict: str
    agree: bool


def signed(value: float) -> str:
    """A difference with its sign and three digits.

    Examples
    --------
    >>> signed(0.12345), signed(-2), signed(0.0), signed(-18923.4)
    ('+0.123', '−2', '0', '−18,923')
    """
    text = f"{abs(value):,.0f}" if abs(value) >= 1000 else f"{abs(value):.3g}"
    return text if value == 0 else ("+" if value > 0 else "−") + text


def interval(gap: Gap) -> str:
    """The difference with its interval, and what the interval is over.

    Examples
    --------
    >>> interval(Gap(0.8, 0.5, 0.3, 0.2, 0.4, 10))
    '+0.3 [+0.2, +0.4], 95 % interval over 10 worlds'
    """
    if not (math.isfinite(gap.low) and math.isfinite(gap.high)):
        return f"{signed(gap.difference)}, without an interval: one world, one replication"
    over = f"over {gap.worlds} worlds" if gap.worlds > 1 else "within this world"
    return f"{signed(gap.difference)} [{signed(gap.low)}, {signed(gap.high)}], 95 % interval {over}"


def headline(
    title: str, claim: str, gaps: Mapping[str, Gap], *, arm: str, baseline: str, unit: str,
    more: str, less: str, without: str = "no partition allows it",
) -> Headline:  # fmt: skip
    """One sentence per partition, and whether they agree.

    Parameters
    ----------
    title
        What it is about.
    claim
        What a feed does, such as ``"carries content across borders"``.
    gaps
        By kind of partition.
    arm, baseline
        Names of the two feeds.
    unit
        What the value is, such as ``"times chance"``.
    more, less
        What the arm does if the difference is above or below 0.
    without
        Why there may be no gaps.
    """
    sentences = tuple(_sentence(claim, kind, g, arm, baseline, unit) for kind, g in gaps.items())
    if not gaps:
        return Headline(title, (), f"Not estimable: {without}.", False)
    by_sign: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for kind, gap in gaps.items():
        by_sign[gap.sign].append(kind)
    above, below, untold = by_sign[1], by_sign[-1], by_sign[0]
    subject = f"The {arm} feed"
    if above and below:
        verdict = (
            f"The sign differs between the partitions: the {arm} feed {more} under "
            f"{_names(above)}, and {less} under {_names(below)}. No direction follows from this."
        )
    elif above or below:
        claim = more if above else less
        verdict = f"{subject} {claim} than the {baseline} feed under {_names(above or below)}"
        verdict += f"; no difference can be told under {_names(untold)}." if untold else "."
    else:
        verdict = f"No difference can be told under {_names(untold)}."
    return Headline(title, sentences, verdict, not untold and not (above and below))


def without_filler(
    found: Headline, gaps: Mapping[str, Gap], bare: Mapping[str, Gap], *, arm: str, baseline: str,
    unit: str,
) -> Headline:  # fmt: skip
    """The headline beside the same comparison with slots left empty in place of filler.

    A feed with few candidates is filled up at random, and then the filler may be what is
    measured: where the two disagree in sign, the headline says so and claims nothing.

    Parameters
    ----------
    found
        The headline with filler.
    gaps, bare
        By kind of partition, with filler and without.
    arm, baseline, unit
        As in :func:`headline`.
    """
    sentences = tuple(
        f"With slots left empty in place of filler, under the {kind} partition: {arm} "
        f"{_plain(g.value)} {unit}, {baseline} {_plain(g.baseline_value)}; "
        f"{'difference' if g.sign else 'no difference can be told'}: {interval(g)}."
        for kind, g in bare.items()
    )
    both = [kind for kind in gaps if kind in bare]
    flipped = [k for k in both if gaps[k].sign * bare[k].sign < 0]
    lost = [k for k in both if gaps[k].sign and not bare[k].sign]
    gained = [k for k in both if bare[k].sign and not gaps[k].sign]
    split = {-1, 1} <= {bare[k].sign for k in both} and not (
        {-1, 1} <= {gaps[k].sign for k in both}
    )
    empty = "with slots left empty in place of filler"
    if flipped:
        verdict = (
            f"The filler rule decides: with filler, {found.verdict[0].lower()}{found.verdict[1:]} "
            f"With slots left empty the sign is the opposite under {_names(flipped)}. "
            "No direction follows from this."
        )
    elif split:
        verdict = (
            f"{found.verdict} But {empty} the sign differs between the partitions: no direction "
            "follows from this."
        )
    elif lost or gained:
        changes = [f"no difference can be told under {_names(lost)}"] if lost else []
        changes += [f"a difference can be told under {_names(gained)} as well"] if gained else []
        verdict = f"{found.verdict} {empty.capitalize()}, {', and '.join(changes)}."
    else:
        verdict = f"{found.verdict} The sign is the same {empty}."
    agree = found.agree and not (flipped or split or lost or gained)
    return replace(
        found, sentences=(*found.sentences, *sentences), verdict=verdict, agree=agree
    )  # fmt: skip


def _sentence(claim: str, kind: str, gap: Gap, arm: str, baseline: str, unit: str) -> str:
    told = "difference" if gap.sign else "no difference can be told"
    return (
        f"Under the {kind} partition the {arm} feed {claim} {_plain(gap.value)} {unit}, the "
        f"{baseline} feed {_plain(gap.baseline_value)}; {told}: {interval(gap)}."
    )


def _plain(value: float) -> str:
    """Three digits, zeros at the end included.

    Examples
    --------
    >>> _plain(1.0), _plain(0.8704), _plain(39.2)
    ('1.00', '0.870', '39.2')
    """
    return f"{value:#.3g}".rstrip(".").replace("-", "−")


def _names(kinds: Sequence[str]) -> str:
    """A list in words.

    Examples
    --------
    >>> _names(["interest", "follow", "planted"])
    'the interest, follow and planted partitions'
    """
    if len(kinds) == 1:
        return f"the {kinds[0]} partition"
    return f"the {', '.join(kinds[:-1])} and {kinds[-1]} partitions"
