"""What interventions against flagged posts do to exposure, and what they cost elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import REACTIONS, Spread
from graphkit.data.world import LEAST_DIVISIVE, USUAL_SECONDS
from graphkit.errors import OptionError, check_number, shorten
from graphkit.kernels.state import WATCH_UNIT
from graphkit.measures.catalogue import (
    MEASURES,
    PartitionTallies,
    RunTallies,
    mean_defined,
    run_keys,
)
from graphkit.measures.harm import (
    HOSTING,
    THRESHOLD,
    codes_in_whole,
    difference_text,
    flagged_shares,
    holm_of,
    sides_of,
    typed_table,
)
from graphkit.measures.hosting_visibility import SMALLEST
from graphkit.measures.intervals import Scheme
from graphkit.measures.mixing import partition_of
from graphkit.measures.paired import (
    Family,
    check_pair,
    directions,
    paired_family,
    scheme_of_spread,
    too_filled,
)
from graphkit.parallel import refuse_after_fork, track

__all__ = ["InterventionCosts", "intervention_costs"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

#: Role, unit and meaning of the measures of an intervention.
COSTS: Mapping[str, tuple[str, str, str]] = {
    "flagged_exposure": ("harm", "share of impressions", "impressions that are of flagged posts"),
    "flagged_exposure_minors": (
        "harm",
        "share of impressions",
        "impressions of minors that are of flagged posts",
    ),
    "divisive_exposure": ("harm", "share of impressions", "impressions of divisive posts"),
    "flagged_amplification": ("harm", "ratio, 1 = proportional", "their share over that of posts"),
    "divisive_amplification": ("harm", "ratio, 1 = proportional", "their share over that of posts"),
    "flagged_shares": ("harm", "per 1,000 impressions", "shares of flagged posts"),
    "viewer_value": ("cost", "watch fraction", "mean watch fraction"),
    "watch_time": ("cost", "seconds per impression", "time watched"),
    "hosting_unflagged": (
        "cost",
        "share, 0 … 1",
        "within-community reach, mean over unflagged communities",
    ),
    "bystander_reach": (
        "cost",
        "accounts per post",
        "reach of unflagged posts of flagged communities",
    ),
    "unflagged_reach": ("cost", "accounts per post", "reach of the unflagged posts of all others"),
}
#: Those that the catalogue has for whole runs, and the hosting of each community.
_RUN = {m.name: m.compute for m in MEASURES if m.level == "run" and m.name in COSTS}
_HOSTED = next(m.compute for m in MEASURES if m.level == "community" and m.name == HOSTING[0])
#: Measures that are tested.
PRIMARY = ("flagged_exposure", "viewer_value", "hosting_unflagged", "bystander_reach")


@dataclass(frozen=True, repr=False, eq=False)
class InterventionCosts(Frozen, title="Interventions against flagged posts", table="frame"):
    """Result of :func:`intervention_costs`.

    Attributes
    ----------
    frame
        One row per arm and measure: baseline, arm, measure, role (``"harm"`` or ``"cost"``), unit,
        baseline_mean, arm_mean, difference, low, high, percent (the difference in percent of the
        baseline's mean), primary, p, p_holm (of primary measures, over all arms), direction (of
        primary measures by p_holm, of others by the interval), worlds, interval, filler, calibrated.
    partition, threshold
        As given.
    """

    frame: pl.DataFrame
    partition: str
    threshold: float
    provenance: Provenance = field(default_factory=lambda: Provenance("intervention_costs"))

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {}
        if self.frame.height:
            facts["intervals"] = self.frame.item(0, "interval")
        if self.frame.filter(pl.col("p_holm").is_not_null()).height > 1:
            facts["directions"] = "adjusted for the number of tests (Holm), which intervals are not"
        for (arm,), rows in self.frame.filter("primary").group_by("arm", maintain_order=True):
            told = (
                f"{row['measure']} {difference_text(row)}, {row['direction'] or 'not tested'}"
                for row in rows.iter_rows(named=True)
                if row["difference"] is not None
            )
            facts[f"arm {arm}"] = "; ".join(told)
        return facts | {key: f"{n:,}" for key, n in self.provenance.removed.items()}


def intervention_costs(
    spread: Spread,
    interventions: Mapping[str, Sequence[str]],
    *,
    partition: str,
    threshold: float = THRESHOLD,
    confidence: float = 0.95,
) -> InterventionCosts:
    """What interventions do to flagged exposure, and what they cost elsewhere: paired differences.

    Each arm is compared with its baseline within the same world and replication. Harm:
    ``flagged_exposure`` (share of flagged posts in all impressions), ``flagged_exposure_minors``
    (in those of minors), ``divisive_exposure`` (divisiveness ≥ 0.5), ``flagged_amplification``
    and ``divisive_amplification`` (share of the impressions over share of the posts),
    ``flagged_shares`` (per 1,000 impressions of all posts). Cost: ``viewer_value`` (mean watch
    fraction), ``watch_time`` (seconds per impression; posts without a duration count as of 20 s),
    ``hosting_unflagged`` (within-community reach, mean over the communities below the threshold
    with 10 members or more),
    ``bystander_reach`` (accounts shown an unflagged post of a community above it) and
    ``unflagged_reach`` (likewise of all other communities).

    An account of unknown age is no minor. Exposure of minors is null where the worlds do not know
    ages, and of tallies that do not count the flagged posts shown to each account.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`, of worlds with flagged posts.
    interventions
        Arms by the arm that they are compared with, such as those of
        :func:`graphkit.recommenders.interventions`.
    partition
        Kind of partition.
    threshold
        Share of flagged posts from which a community is flagged, as for
        :func:`hosting_of_flagged`.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    InterventionCosts
        Tested are ``flagged_exposure``, ``viewer_value``, ``hosting_unflagged`` and
        ``bystander_reach``, adjusted by Holm over all arms. Above 25 % of filler in either arm no
        direction is claimed.

    Raises
    ------
    MissingDataError
        For an unknown arm or kind of partition, or worlds whose posts have no flags.
    OptionError
        Without an arm, or if an arm is compared with itself.

    Examples
    --------
    >>> import graphkit as gk
    >>> from graphkit.recommenders import interventions
    >>> platform = gk.synthetic.platform(160, communities=4, rng=1)
    >>> made = gk.synthetic.worlds(2, like=platform, ticks=3, rng=1)
    >>> feeds = interventions(gk.interest_centric())
    >>> spread = gk.simulate_spread(made, {"interest": gk.interest_centric()} | feeds, ticks=3, rng=1)
    >>> found = intervention_costs(spread, {"interest": list(feeds)}, partition="planted")
    >>> found.frame.get_column("arm").n_unique()
    4
    """
    refuse_after_fork()
    threshold = check_number("threshold", threshold, 0, 1, low_open=True)
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    pairs = _pairs(interventions)
    for base, arm in pairs:
        check_pair(arm, base, spread)
    scheme = scheme_of_spread(spread)
    high, large = [], []
    for w in range(len(spread.worlds)):
        # of a jackknife, the communities that are flagged and large in the whole
        first = w if scheme.whole is None else scheme.whole
        own = codes_in_whole(spread, w, partition, first)
        high.append((flagged_shares(spread, first, partition)[1] >= threshold)[own])
        large.append((partition_of(spread, first, partition).sizes >= SMALLEST)[own])
    shape = (len(spread.worlds), spread.replications, len(COSTS))
    wanted = {arm for pair in pairs for arm in pair}
    values = {arm: np.full(shape, np.nan) for arm in spread.arms if arm in wanted}
    keys = [key for key in run_keys(spread) if key[0] in wanted]
    for arm, w, r in track(keys, "measuring costs", len(keys)):
        run = RunTallies.of(spread, arm, w, r)
        values[arm][w, r] = _costs_of(run, partition, high[w], large[w])
    filled = {pair: too_filled(spread, *pair) for pair in pairs}
    found = {
        (base, arm): paired_family(values[arm], values[base], scheme, confidence)
        for base, arm in pairs
    }
    names = list(COSTS)
    tested = [names.index(name) for name in PRIMARY]
    p = np.array([np.nan if filled[x] else found[x][0].p[k] for x in pairs for k in tested])
    adjusted = np.array([np.nan if x is None else x for x in holm_of(p)]).reshape(-1, len(tested))
    rows: list[tuple[object, ...]] = []
    for pair, holms in zip(pairs, adjusted, strict=True):
        rows += _cost_rows(pair, found[pair], holms, spread, filled[pair], confidence, scheme)
    columns = (
        *("baseline", "arm", "measure", "role", "unit", "baseline_mean", "arm_mean"),
        *("difference", "low", "high", "percent", "primary", "p", "p_holm", "direction"),
        *("worlds", "interval", "filler", "calibrated"),
    )
    frame = typed_table(rows, columns)
    record = Provenance.of(
        "intervention_costs",
        {"interventions": dict(interventions), "partition": partition, "threshold": threshold},
        made_from=(spread,),
        removed=_unknown_ages(spread),
    )
    return InterventionCosts(frame, partition, threshold, record)


def _pairs(interventions: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Pairs of baseline and arm, each once."""
    if not isinstance(interventions, Mapping):
        raise OptionError(
            f"interventions={shorten(interventions)}: give the arms by the arm that they are compared "
            "with, such as {'interest': ['interest, demoted']}."
        )
    pairs = []
    for base, arms in interventions.items():
        if isinstance(arms, str):
            raise OptionError(
                f"interventions[{base!r}]={arms!r} is one text: give a list of arms, [{arms!r}]."
            )
        if not isinstance(arms, Iterable):
            raise OptionError(f"interventions[{base!r}]={shorten(arms)}: give a list of arms.")
        pairs += [(base, arm) for arm in arms]
    if not pairs:
        raise OptionError("interventions: no arm is named.")
    return list(dict.fromkeys(pairs))


def _costs_of(run: RunTallies, kind: str, high: Bools, large: Bools) -> list[float]:
    """The measures of a run, in the order of ``COSTS``, of flagged and of large communities."""
    world, tally = run.world, run.tally
    shown = float(run.reach.sum()) or float("nan")
    flagged = np.zeros(world.n_posts, np.bool_) if world.flagged is None else world.flagged
    divisive = None if world.divisiveness is None else world.divisiveness >= LEAST_DIVISIVE
    under = PartitionTallies(run, kind)
    homes = under.homes
    inside = (homes >= 0) & np.append(high, False)[homes]
    hosted = np.asarray(_HOSTED(under), np.float64)
    seconds = np.full(world.n_posts, USUAL_SECONDS)
    if world.durations is not None:
        seconds = np.where(np.isnan(world.durations), USUAL_SECONDS, world.durations)
    found = {
        "flagged_exposure": float(run.reach[flagged].sum()) / shown,
        "flagged_exposure_minors": _minors_exposure(run, kind),
        **{name: float(_RUN[name](run)) for name in _RUN},
        "flagged_shares": 1000.0
        * float(tally.reactions[flagged, REACTIONS.index("share")].sum())
        / shown,
        "watch_time": float((tally.watch * seconds).sum()) / WATCH_UNIT / shown,
        "hosting_unflagged": mean_defined(hosted[large & ~high]),
        "bystander_reach": mean_defined(run.reach[run.entered & ~flagged & inside]),
        "unflagged_reach": mean_defined(run.reach[run.entered & ~flagged & ~inside]),
    }
    if divisive is not None:
        found["divisive_exposure"] = float(run.reach[divisive].sum()) / shown
    return [found.get(name, float("nan")) for name in COSTS]


def _minors_exposure(run: RunTallies, kind: str) -> float:
    """Share of flagged posts in what minors were shown; NaN where it is not known."""
    minors = run.world.minors
    flagged = run.tally.flagged_shown
    if minors is None or flagged is None:
        return float("nan")
    shown = int(run.tally.diet[kind][minors].sum())
    return int(flagged[minors].sum()) / shown if shown else float("nan")


def _cost_rows(
    pair: tuple[str, str],
    found: tuple[Family, Floats, Floats],
    holms: Floats,
    spread: Spread,
    filled: bool,
    confidence: float,
    scheme: Scheme,
) -> list[tuple[object, ...]]:
    """Rows of one arm and its baseline."""
    base, arm = pair
    family, own, other = found
    sides = sides_of(family, filled)
    centre = np.array([family.centre[list(COSTS).index(name)] for name in PRIMARY])
    told = dict(
        zip(PRIMARY, directions(centre, holms, alpha=1 - confidence, filled=filled), strict=True)
    )
    rows: list[tuple[object, ...]] = []
    for k, (name, (role, unit, _)) in enumerate(COSTS.items()):
        primary = name in PRIMARY
        percent = 100 * family.centre[k] / other[k] if other[k] else float("nan")
        values = (other[k], own[k], family.centre[k], family.low[k], family.high[k], percent)
        tests: tuple[object, ...] = (None, None)
        if primary and not filled:
            tests = (float(family.p[k]), float(holms[PRIMARY.index(name)]))
        rows.append(
            (
                *(base, arm, name, role, unit, *(float(v) for v in values), primary, *tests),
                *(told[name] if primary else sides[k], int(family.units[k]), scheme.interval),
                *(max(spread.filler(arm), spread.filler(base)), spread.calibrated),
            )
        )
    return rows


def _unknown_ages(spread: Spread) -> dict[str, int]:
    """Accounts whose age is unknown, which count as no minors."""
    whole = [world for world in spread.worlds if world.sample != "part"]
    bands = [world.age_band for world in whole if world.age_band is not None]
    count = sum(int(np.count_nonzero(band < 0)) for band in bands)
    return {"accounts of unknown age, no minors, over all worlds": count} if count else {}
