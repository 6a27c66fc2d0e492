"""Plain answers of a study: one per question, with its size, its chance level and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from graphkit.measures import Headline
from graphkit.measures.headline import CLAIMS, Finding
from graphkit.measures.intervals import FILLER, HIGHER, LOWER

__all__ = ["Answer", "answers_of", "clear_text"]

#: What an answer is, the clearest first: the same direction under every kind of partition, and no
#: condition turns it; the same, but a condition turns it; a direction under some partitions;
#: opposite directions; no difference can be told; nothing is claimed, or there is no value.
CLEAR, TURNED, PARTLY, DEPENDS, OPEN, NOTHING = range(6)

#: Words for kinds of partition.
_KINDS = {
    "planted": "planted communities",
    "interest": "communities of shared interest",
    "follow": "communities of the follow graph",
}
#: Of more conditions than these, the first is named and the others are counted.
_MOST_NAMED = 2


class _Question(NamedTuple):
    """Wording of a question: the sign that means yes, the levels, and how numbers are written."""

    text: str
    yes: int
    levels: str
    chance: str
    scale: float
    decimals: int
    unit: str
    level: str


_QUESTIONS = {
    "hosting_hidden": _Question(
        "Do posts from hidden communities reach more of their own members?",
        1,
        "A post from a hidden community reaches {own} of its members under the {arm} feed, {base} "
        "under the {baseline} one",
        "random exposure would give {chance}",
        *(100.0, 1, "points", "{} %"),
    ),
    "hosting_gap": _Question(
        "Do hidden communities gain on visible ones?",
        1,
        "Their reach minus that of visible ones is {own} under the {arm} feed, {base} under the "
        "{baseline} one",
        "random exposure: {chance}",
        *(100.0, 1, "points", "{} points"),
    ),
    "hosting_slope": _Question(
        "Does reach hang less on follows inside a community?",
        -1,
        "From follows at chance to all inside, reach changes by {own} under the {arm} feed, {base} "
        "under the {baseline} one",
        "random exposure: 0",
        *(100.0, 1, "points", "{} points"),
    ),
    "crossing": _Question(
        "Does content travel further across the borders of communities?",
        1,
        "Cross-community exposure is {own} under the {arm} feed, {base} under the {baseline} one",
        "random exposure: {chance}",
        *(1.0, 2, "times random exposure", "{}"),
    ),
    "viewer_value": _Question(
        "Do viewers watch more of each post?",
        1,
        "They watch {own} of a post under the {arm} feed, {base} under the {baseline} one",
        "random exposure: {chance}",
        *(100.0, 1, "points", "{} %"),
    ),
}


class Answer(NamedTuple):
    """An answer to a question.

    Attributes
    ----------
    measure, question
        Name of the measure, and what is asked.
    rank
        How clear it is: :data:`CLEAR` first.
    verdict
        The answer in a word or two, such as ``Yes.``
    size
        Both levels and the chance level, as a sentence; empty without a value.
    sure
        How sure it is: the worlds that agree, the difference with its interval, and what ends it.
    finding
        The finding that it is of, with every partition and condition.
    """

    measure: str
    question: str
    rank: int
    verdict: str
    size: str
    sure: str
    finding: Finding

    @property
    def clear(self) -> bool:
        """Whether every kind of partition gives the same direction, and no condition turns it."""
        return self.rank == CLEAR


def answers_of(headline: Headline, outcome: pl.DataFrame) -> list[Answer]:
    """One answer per finding of a comparison, the clear ones first.

    Nothing is claimed that the finding does not: where signs differ between partitions, an interval
    includes 0, or filler forbids a direction, the answer says so.

    Parameters
    ----------
    headline
        The comparison.
    outcome
        The measures by world that it is of.
    """
    found = [_answer(finding, headline, outcome) for finding in headline.findings]
    return sorted(found, key=lambda answer: answer.rank)  # of equal ones, their order stays


def clear_text(answers: Sequence[Answer]) -> str:
    """How many answers are clear, as the end of a sentence."""
    clear, n = sum(answer.clear for answer in answers), len(answers)
    if not clear:
        return "no answer is clear beyond this setting"
    if clear == n:
        return f"all {n} answers are clear"
    return f"{clear} of {n} answers {'is' if clear == 1 else 'are'} clear"


def _answer(finding: Finding, headline: Headline, outcome: pl.DataFrame) -> Answer:
    asked = _QUESTIONS[finding.measure]
    rows = headline.frame.filter(measure=finding.measure).rows(named=True)
    if not rows:
        why = next(claim.missing for claim in CLAIMS if claim.measure == finding.measure)
        lacking = f"Cannot be answered here: {why}."
        return Answer(finding.measure, asked.text, NOTHING, lacking, "", "", finding)
    signs = [{HIGHER: 1, LOWER: -1}.get(row["direction"] or "", 0) for row in rows]
    rank, verdict = _verdict(asked, rows, signs, finding)
    told = [row for row, sign in zip(rows, signs, strict=True) if sign]
    row = (told or rows)[0]
    if rank == DEPENDS:  # both sides are told
        others = [r for r, s in zip(rows, signs, strict=True) if s == -signs[rows.index(row)]]
        size = f"{_size_text(asked, row, headline, by_kind=True)} "
        size += _size_text(asked, others[0], headline, by_kind=True, short=True)
    else:
        size = _size_text(asked, row, headline, by_kind=rank == PARTLY)
    sure = _sure_text(asked, row, rank, finding, _agreeing(row, headline, outcome))
    return Answer(finding.measure, asked.text, rank, verdict, size, sure, finding)


def _verdict(
    asked: _Question, rows: Sequence[Mapping[str, Any]], signs: Sequence[int], finding: Finding
) -> tuple[int, str]:
    """How clear an answer is, and the answer in a word or two."""
    if any(row["direction"] == FILLER for row in rows):
        return NOTHING, "No direction is claimed: more than 25 % of a feed's posts are filler."
    yes = [row["partition"] for row, sign in zip(rows, signs, strict=True) if sign == asked.yes]
    no = [row["partition"] for row, sign in zip(rows, signs, strict=True) if sign == -asked.yes]
    untold = [row for row, sign in zip(rows, signs, strict=True) if not sign]
    if yes and no:
        text = f"It depends on what a community is: yes by {_kinds(yes)}, the opposite by {_kinds(no)}."
        return DEPENDS, text
    if not (yes or no):
        if all(row["low"] is None for row in rows):
            return NOTHING, "No answer: there is no interval, so nothing is claimed."
        return OPEN, "No difference can be told: the 95 % interval includes 0."
    word = "Yes" if yes else "No, the opposite"
    if untold:
        open_kinds = _kinds([row["partition"] for row in untold])
        return PARTLY, f"{word}, by {_kinds(yes or no)}; no difference can be told by {open_kinds}."
    return (TURNED if finding.turned else CLEAR), f"{word}."


def _kinds(kinds: Sequence[str | None]) -> str:
    """Kinds of partition in words."""
    return " and ".join(_KINDS.get(kind or "", f"the {kind} partition") for kind in kinds)


def _size_text(
    asked: _Question,
    row: Mapping[str, Any],
    headline: Headline,
    *,
    by_kind: bool = False,
    short: bool = False,
) -> str:
    """Both levels and the chance level of a row, as a sentence."""
    signed = asked.level == "{} points"
    own, base, chance = (
        None if value is None else asked.level.format(_fixed(asked, value, signed=signed))
        for value in (row["arm_mean"], row["baseline_mean"], row["random_mean"])
    )
    start = f"By {_kinds([row['partition']])}: " if by_kind and row["partition"] else ""
    names = {"arm": headline.arm, "baseline": headline.baseline}
    if short:
        return f"{start}{own} and {base}."
    text = asked.levels.format(own=own, base=base, **names)
    if start:
        text = text[:1].lower() + text[1:]
    end = f"; {asked.chance.format(chance=chance)}" if chance is not None else ""
    return f"{start}{text}{end}."


def _fixed(asked: _Question, value: float, decimals: int = 0, *, signed: bool = False) -> str:
    """A value in the unit of its question, with that many decimals and a true minus."""
    text = f"{asked.scale * value:,.{max(decimals, asked.decimals)}f}"
    if not any(c in "123456789" for c in text):
        return text.lstrip("-")
    return f"+{text}" if signed and value > 0 else text.replace("-", "−")


def _difference(asked: _Question, row: Mapping[str, Any]) -> str:
    """The difference with its interval; no bound but 0 is written as 0."""
    values = [v for v in (row["difference"], row["low"], row["high"]) if v is not None]
    small = min((abs(asked.scale * v) for v in values if v), default=1.0)
    decimals = min(max(asked.decimals, math.ceil(-math.log10(2 * small))), 6)
    own = _fixed(asked, row["difference"], decimals)
    if row["low"] is None or row["high"] is None:
        return f"difference {own} {asked.unit}, without an interval"
    low, high = (_fixed(asked, row[name], decimals) for name in ("low", "high"))
    return f"difference {own} {asked.unit} [{low}, {high}]"


def _agreeing(row: Mapping[str, Any], headline: Headline, outcome: pl.DataFrame) -> str:
    """In how many worlds or replications the difference has the sign of the whole."""
    partition = pl.col("partition").eq_missing(pl.lit(row["partition"], pl.String))
    rows = outcome.filter(
        pl.col("community").is_null() & partition & pl.col("value").is_finite(),
        measure=row["measure"],
    )
    if "part" in rows.get_column("sample"):
        return ""  # parts share most of their accounts
    unit = "world" if rows.get_column("world").n_unique() > 1 else "replication"
    by_arm = (
        rows.filter(arm=name).group_by(unit).agg(pl.col("value").mean())
        for name in (headline.arm, headline.baseline)
    )
    own, base = by_arm
    gaps = own.join(base, on=unit).select(pl.col("value") - pl.col("value_right")).to_series()
    if gaps.len() < 2:
        return ""
    same = int((gaps > 0).sum() if row["difference"] > 0 else (gaps < 0).sum())
    share = f"all of {gaps.len()}" if same == gaps.len() else f"{same} of {gaps.len()}"
    return f"in {share} {unit}s"


def _sure_text(
    asked: _Question, row: Mapping[str, Any], rank: int, finding: Finding, agreeing: str
) -> str:
    """How sure an answer is: worlds, difference with interval, and what ends it."""
    parts = [agreeing] if agreeing and rank <= DEPENDS else []
    parts.append(_difference(asked, row))
    tried = finding.held + len(finding.turned) + len(finding.lost)
    firm = rank == CLEAR and tried and not finding.lost
    start = "Not sure" if rank > DEPENDS else "Sure" if firm else "Sure in this setting"
    start = "Open" if rank in (PARTLY, DEPENDS) else start
    text = f"{start}: {', '.join(parts)}."
    if rank > DEPENDS:
        return text
    return f"{text} {_ends_text(finding, tried, both=rank == DEPENDS)}"


def _ends_text(finding: Finding, tried: int, *, both: bool) -> str:
    """Under which conditions an answer turns or ends, the nearest named."""
    subject, verb = ("Both directions", "hold") if both else ("It", "holds")
    if not tried:
        return "No other condition was tried."
    text = f"{subject} {verb} under {finding.held} of {tried} other conditions."
    if finding.held == tried:
        return f"{subject} {verb} under all {tried} other conditions."
    ended = len(finding.turned) + len(finding.lost)
    start = "One of them" if both else "It"
    texts = []
    if finding.turned:
        texts.append(f"{start} reverses {_conditions(finding.turned)}.")
    if finding.lost and not (finding.turned and finding.nearest):
        texts.append(f"{start} ends {_conditions(finding.lost)}.")
    if finding.nearest and ended > 1:
        texts.append(f"Nearest end: {', '.join(finding.nearest)}.")
    return f"{text} {' '.join(texts)}"


def _conditions(names: Sequence[str]) -> str:
    """Conditions as the end of a sentence."""
    named = [
        "from a cold start" if name == "cold start" else f"{'at' if '=' in name else 'with'} {name}"
        for name in names
    ]
    if len(named) <= _MOST_NAMED:
        return " and ".join(named)
    return f"{named[0]} and under {len(named) - 1} more"
