"""Economy of a platform: feeds by payout schemes, in income, survival of creators and four goals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import polars as pl
from scipy.stats import false_discovery_control

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import Spread
from graphkit.errors import DataError, OptionError, check_number
from graphkit.measures.catalogue import outcome_schema, require_spread
from graphkit.measures.contrast import arm_means, contrast
from graphkit.measures.income import MEASURES_OF_INCOME, Income, income
from graphkit.measures.intervals import FILLER, HIGHER, INDISTINCT, LOWER
from graphkit.measures.payouts import Payout, find_payout
from graphkit.measures.spread import measure_spread
from graphkit.parallel import refuse_after_fork

__all__ = ["GOALS", "Economy", "economy"]

#: Measures of the four goals by budget: what takes effect is measured, what does not is foreseen.
GOALS = MappingProxyType(
    {
        "free": MappingProxyType(
            {
                "viewer_value": "short-term viewer value",
                "kept_sessions": "long-term viewer value",
                "accounts_kept": "long-term viewer value",
                "creators_kept": "creator value",
                "creator_value": "creator value",
                "platform_value": "platform value",
            }
        ),
        "matched": MappingProxyType(
            {
                "viewer_value": "short-term viewer value",
                "long_term_value": "long-term viewer value",
                "creator_value": "creator value",
                "platform_value": "platform value",
            }
        ),
    }
)
#: Measures that the sentence is about, and what they are called there.
_TOLD = {
    "income_gini": "the Gini coefficient of income",
    "small_kept_share": "the share of small creators who keep posting",
    "viewer_value": "viewer value",
}
#: Between the names of an arm and a payout scheme; no name has it.
_JOINED = "\x1f"
#: Relative difference that is rounding.
ROUNDING = 1e-12
#: Conclusion where two means are the same in every run.
EQUAL = "equal"

_MEANS_SCHEMA = outcome_schema(
    *("payout", "arm", "measure", "goal", "mean", "low", "high", "se", "interval", "fixed"),
    *("filler", "worlds", "replications", "budget", "calibrated", "responds_to"),
)
_MEANS_SCHEMA |= dict.fromkeys(("payout", "goal", "responds_to"), pl.String())
_GAPS_SCHEMA = outcome_schema(
    *("varies", "payout", "arm", "against", "measure", "arm_mean", "against_mean"),
    *("difference", "low", "high", "interval", "p", "p_adjusted", "direction"),
)
_GAPS_SCHEMA |= dict.fromkeys(("varies", "payout", "against"), pl.String())


@dataclass(frozen=True, repr=False, eq=False)
class Economy(Frozen, title="Economy of creators", table="wide"):
    """Result of :func:`economy`.

    Attributes
    ----------
    frame
        One row per payout scheme, arm and measure: payout, arm, measure, goal (of the four; null
        for measures of income), mean, low, high, se, interval, fixed, filler (share of the arm's
        impressions), worlds, replications, budget, calibrated, responds_to (what creators respond
        to: a payout scheme, ``"reactions"``, or ``"nothing"`` under a matched budget).
    contrasts
        One row per difference: varies (``"feed"``: an arm less the baseline under one payout
        scheme; ``"payout"``: a scheme less the first under one arm), payout, arm, against (the
        baseline arm, or the first scheme), measure, arm_mean, against_mean, difference, low, high,
        interval, p, p_adjusted (Benjamini–Hochberg over all rows), direction (by p_adjusted:
        ``"higher"``, ``"lower"``, ``"not distinguishable"``, ``"equal"`` where nothing differs in
        any run, ``"not claimed: filler"``; null without an interval).
    incomes
        The :class:`Income` of each scheme.
    baseline
        Arm that the others are compared with.
    confidence
        Confidence level; 1 less it is the false discovery rate.
    """

    frame: pl.DataFrame
    contrasts: pl.DataFrame
    incomes: tuple[Income, ...]
    baseline: str
    confidence: float
    provenance: Provenance = field(default_factory=lambda: Provenance("economy"))

    @property
    def payouts(self) -> tuple[str, ...]:
        """Names of the payout schemes, the first of which the others are compared with."""
        return tuple(found.payout.name for found in self.incomes)

    def wide(self) -> pl.DataFrame:
        """One row per scheme and arm, one column per measure: mean and bounds as text."""
        refuse_after_fork()
        known = self.frame.filter(pl.col("mean").is_not_null())
        cells = [
            _rounded(mean)
            if low is None
            else f"{_rounded(mean)} [{_rounded(low)}, {_rounded(high)}]"
            for mean, low, high in known.select("mean", "low", "high").iter_rows()
        ]
        known = known.with_columns(cell=pl.Series(cells, dtype=pl.String))
        return known.pivot("measure", index=["payout", "arm"], values="cell")

    @property
    def sentence(self) -> str:
        """What the table shows, in one sentence with its limits."""
        refuse_after_fork()
        first = self.frame.row(0, named=True)
        clauses = [self._clause(m, name) for m, name in _TOLD.items()]
        units = first["worlds"] if first["worlds"] > 1 else first["replications"]
        kind = "worlds" if first["worlds"] > 1 else "replications"
        over = f"In {units} {kind} (intervals {first['interval']})"
        if units == 1:
            over = "In a single run (no intervals)"
        told = "fitted to a log" if first["calibrated"] else "assumed"
        heard = self.frame["responds_to"].unique().sort().to_list()
        what = "income" if heard == sorted(self.payouts) else ", ".join(heard)
        respond = (
            f"creators respond to {what} by an assumed rule"
            if first["budget"] == "free"
            else "creators respond to nothing, so that incomes are bookkeeping"
        )
        return (
            f"{over}, with viewers' behaviour {told} and "
            f"payout schemes that simplify real ones: {'; '.join(c for c in clauses if c)}; {respond}."
        )

    def _clause(self, measure: str, name: str) -> str:
        """Range of one measure, and how many differences are distinguishable; "" if it is unknown."""
        rows = self.frame.filter(pl.col("mean").is_not_null(), measure=measure)
        rows = rows.sort("mean", maintain_order=True)
        if not rows.height:
            return ""
        ends = [
            f"{_rounded(mean)} ({arm}, {payout})"
            for mean, arm, payout in rows[[0, -1]].select("mean", "arm", "payout").iter_rows()
        ]
        parts = []
        for varies, what in (("feed", "between feeds"), ("payout", "between payout schemes")):
            gaps = self.contrasts.filter(measure=measure, varies=varies).drop_nulls("direction")
            found = gaps.filter(pl.col("direction").is_in([HIGHER, LOWER])).height
            filled = gaps.filter(direction=FILLER).height
            if gaps.height:
                limit = f" ({filled} not claimed: filler)" if filled else ""
                parts.append(f"{found} of {gaps.height} {what}{limit}")
        told = f" (differences that are distinguishable: {', '.join(parts)})" if parts else ""
        return f"{name} is {' to '.join(ends)}{told}"

    def _facts(self) -> dict[str, object]:
        first = self.frame.row(0, named=True)
        return {
            "payout schemes": ", ".join(self.payouts),
            "feeds": ", ".join(self.frame["arm"].unique(maintain_order=True)),
            "baseline": self.baseline,
            "budget": first["budget"],
            "intervals": first["interval"],
            "in short": self.sentence,
        }


def economy(
    spreads: Spread | Sequence[Spread],
    payouts: Sequence[Payout | str],
    *,
    baseline: str,
    living: float = 0.5,
    confidence: float = 0.95,
) -> Economy:
    """Feeds by payout schemes: who earns how much, who keeps posting, and the four goals.

    Under a free budget, give one spread per scheme, each simulated with ``payout=`` of that scheme,
    the same worlds, arms and seed: then creators respond to what they earn, and schemes differ in
    survival and in what viewers get. With one spread for all schemes, they differ in the
    distribution of income alone.

    **Goals.** Of viewers in the short term, mean watch fraction (``viewer_value``); in the long term,
    sessions held and accounts kept; of creators, the share who keep posting, and reactions per post;
    of the platform, time watched, as posts watched in full. Under a matched budget nobody leaves: the
    long term is the propensity to stay (``long_term_value``), and no creator stops.

    **Survival of small creators.** ``small_kept_share``: of the fifth of the creators with fewest
    followers, the share of those with two scheduled posts or more who did not stop posting.

    Parameters
    ----------
    spreads
        Results of :func:`graphkit.simulate_spread`, one per scheme or one for all.
    payouts
        The schemes, or names of :func:`graphkit.measures.payouts`; the others are compared with
        the first.
    baseline
        Arm that the others are compared with, and that sets the unit of income, as in
        :func:`income`.
    living
        Income that is a living, as in :func:`income`.
    confidence
        Confidence level of the intervals; differences are judged at a false discovery rate of 1
        less it, over all of them.

    Returns
    -------
    Economy

    Raises
    ------
    OptionError
        Without schemes, for one that is unknown or occurs twice, and for another number of
        spreads.
    DataError
        If the spreads are not of the same worlds, arms, budget and behaviour, if creators in one
        respond to another scheme than that of its place, or as in :func:`income`.

    Examples
    --------
    >>> import graphkit as gk
    >>> world = gk.build_world(gk.synthetic.platform(60, rng=1), ticks=3, rng=1)
    >>> arms = {"uniform": gk.recommenders.uniform(), "interest": gk.interest_centric()}
    >>> options = {"ticks": 3, "slots": 5, "replications": 2, "budget": "free", "rng": 1}
    >>> schemes = ["per_view", "subscriptions"]
    >>> spreads = [gk.simulate_spread(world, arms, **options, payout=name) for name in schemes]
    >>> found = economy(spreads, schemes, baseline="uniform")
    >>> found.frame.filter(measure="income_gini").select("payout", "arm").rows()[1]
    ('per_view', 'interest')
    """
    refuse_after_fork()
    schemes = [find_payout(payout) for payout in payouts]
    names = [scheme.name for scheme in schemes]
    if not schemes or len(set(names)) < len(names):
        raise OptionError(
            f"payouts={names}: at least one payout scheme is needed, and each but once."
        )
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    several = _spreads_of(spreads, schemes)
    first = several[0]
    measured: dict[int, pl.DataFrame] = {}
    incomes, parts = [], []
    for spread, scheme in zip(several, schemes, strict=True):
        found = income(spread, scheme, baseline=baseline, living=living)
        goals = measured.setdefault(id(spread), _goals(spread))
        joined = pl.concat([found.outcome, goals]).with_columns(
            arm=pl.col("arm") + _JOINED + scheme.name
        )
        incomes.append(found)
        parts.append(joined)
    outcome = pl.concat(parts)
    respond = {s.name: _responds_to(spread) for s, spread in zip(schemes, several, strict=True)}
    frame = _means(outcome, respond, GOALS[first.budget], confidence)
    gaps = list(
        _gaps(outcome, frame, first.arms, names, baseline, confidence, shared=_shared(several))
    )
    record = Provenance.of(
        "economy",
        {"payouts": names, "baseline": baseline, "living": living, "confidence": confidence},
        made_from=tuple(dict.fromkeys(several)) if not _shared(several) else (first,),
    )
    return Economy(
        frame, _adjusted(gaps, 1 - confidence), tuple(incomes), baseline, confidence, record
    )


def _rounded(value: float) -> str:
    """Three digits; whole numbers from a thousand on."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}".replace("-", "−")


def _shared(spreads: Sequence[Spread]) -> bool:
    """Whether all schemes are of one spread."""
    return all(spread is spreads[0] for spread in spreads)


def _responds_to(spread: Spread) -> str:
    """What creators respond to in a simulation."""
    if spread.budget != "free":
        return "nothing"
    payout = spread.provenance.parameters.get("payout")
    return "reactions" if payout is None else str(payout["name"])


def _spreads_of(spreads: Spread | Sequence[Spread], schemes: Sequence[Payout]) -> list[Spread]:
    """One spread per scheme; refused unless they are comparable."""
    if isinstance(spreads, Spread):
        return [spreads] * len(schemes)
    found = list(spreads)
    for spread in found:
        require_spread(spread)
    if len(found) != len(schemes):
        raise OptionError(
            f"{len(found)} spreads for {len(schemes)} payout schemes: one for each, or one for all, "
            "is needed."
        )
    first = found[0]
    for at, (spread, scheme) in enumerate(zip(found, schemes, strict=True)):
        for what in ("arms", "budget", "calibrated", "replications", "reading"):
            if getattr(spread, what) != getattr(first, what):
                raise DataError(
                    f"spread {at} differs from the first in its {what}: payout schemes are compared "
                    "over the same arms, with the same options."
                )
        if [w.content_key for w in spread.worlds] != [w.content_key for w in first.worlds]:
            raise DataError(f"spread {at} is of other worlds than the first.")
        told = spread.provenance.parameters.get("payout")
        own = {"name": scheme.name, **dict(scheme.frame.iter_rows())}
        if told is not None and dict(told) != own:
            raise DataError(
                f"spread {at}: creators respond to {told['name']!r}, and are to be paid by "
                f"{scheme.name!r}: simulate it with payout= that scheme, with the same numbers."
            )
    return found


def _goals(spread: Spread) -> pl.DataFrame:
    """Measures of the four goals of every run."""
    names = list(GOALS[spread.budget])
    whole = pl.col("partition").is_null() & pl.col("community").is_null()
    return measure_spread(spread).filter(whole, pl.col("measure").is_in(names))


def _means(
    outcome: pl.DataFrame, respond: dict[str, str], goals: Any, confidence: float
) -> pl.DataFrame:
    """Means of every scheme, arm and measure, with the arm's share of filler."""
    rows = arm_means(outcome, confidence=confidence)
    parts = pl.col("arm").str.split_exact(_JOINED, 1)
    rows = rows.with_columns(
        payout=parts.struct.field("field_1"), arm=parts.struct.field("field_0")
    )
    filler = rows.filter(measure="filler").select("payout", "arm", pl.col("mean").alias("filler"))
    rows = rows.filter(pl.col("measure") != "filler").join(
        filler, on=["payout", "arm"], how="left", maintain_order="left"
    )
    rows = rows.with_columns(
        goal=pl.col("measure").replace_strict(dict(goals), default=None, return_dtype=pl.String),
        responds_to=pl.col("payout").replace_strict(respond, return_dtype=pl.String),
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in _MEANS_SCHEMA.items())


def _gaps(
    outcome: pl.DataFrame,
    frame: pl.DataFrame,
    arms: Sequence[str],
    names: Sequence[str],
    baseline: str,
    confidence: float,
    *,
    shared: bool,
) -> Iterator[dict[str, Any]]:
    """Differences between arms under each scheme, and between schemes under each arm."""
    known = set(frame.filter(pl.col("mean").is_not_null())["measure"])
    measures = [m for m in frame["measure"].unique(maintain_order=True) if m in known]
    pairs = [
        ("feed", name, arm, (arm, name), (baseline, name), measures)
        for name in names
        for arm in arms
        if arm != baseline
    ]
    # one spread has the same goals under all schemes
    paid = [m for m in measures if not shared or m in MEASURES_OF_INCOME]
    paid = [m for m in paid if not (shared and m == "small_kept_share")]
    pairs += [
        ("payout", name, arm, (arm, name), (arm, names[0]), paid)
        for name in names[1:]
        for arm in arms
    ]
    for varies, name, arm, own, other, wanted in pairs:
        two = outcome.filter(pl.col("arm").is_in([_JOINED.join(own), _JOINED.join(other)]))
        rows = contrast(
            two, _JOINED.join(own), _JOINED.join(other), primary=wanted, confidence=confidence
        ).frame
        for row in rows.filter(pl.col("measure").is_in(wanted)).iter_rows(named=True):
            yield row | {
                "varies": varies,
                "payout": name,
                "arm": arm,
                "against": other[0] if varies == "feed" else other[1],
                "against_mean": row["baseline_mean"],
                "p_adjusted": None,
            }


def _adjusted(rows: Sequence[dict[str, Any]], rate: float) -> pl.DataFrame:
    """The differences, judged by false discovery over all of them."""
    picked = [{name: row[name] for name in _GAPS_SCHEMA} for row in rows]
    tested = [row for row in picked if row["p"] is not None]
    adjusted = false_discovery_control([row["p"] for row in tested]) if tested else []
    for row, p in zip(tested, adjusted, strict=True):
        row["p_adjusted"] = float(p)
        if p > rate:
            row["direction"] = INDISTINCT
    for row in picked:
        # nothing varies: by rounding alone the means differ still
        still = row["p"] is None and row["low"] is not None and row["direction"] != FILLER
        if still and abs(row["difference"]) <= ROUNDING * abs(row["against_mean"]):
            row["direction"] = EQUAL
    return pl.DataFrame(picked, schema=_GAPS_SCHEMA)
