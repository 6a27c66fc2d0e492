"""Income of creators under a payout scheme, and how it is distributed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import Spread
from graphkit.data.world import USUAL_SECONDS
from graphkit.errors import DataError, MissingDataError, check_integer, check_number, nearest
from graphkit.kernels.state import WATCH_UNIT
from graphkit.measures.catalogue import RunTallies, outcome_schema, run_keys
from graphkit.measures.exposure import gini, small_creator_share
from graphkit.measures.payouts import Payout, find_payout
from graphkit.measures.samples import samples_of
from graphkit.parallel import refuse_after_fork

__all__ = ["Income", "income"]

Floats = npt.NDArray[np.float64]
Key = tuple[str, int, int]

#: Share of the creators, those with fewest followers, whose survival is followed.
SMALLEST = 0.2

#: Measures of an income, in the order of the columns and rows.
MEASURES_OF_INCOME = (
    *("income_total", "income_gini", "living_share", "income_small_share"),
    *("small_living_share", "small_kept_share"),
)
#: Those of the creators with fewest followers.
OF_SMALLEST = ("small_living_share", "small_kept_share")
_FRAME: dict[str, Any] = {"arm": pl.String, "world": pl.Int64, "replication": pl.Int64}
_FRAME |= {"creators": pl.Int64} | dict.fromkeys(MEASURES_OF_INCOME, pl.Float64)
_OUTCOME = outcome_schema(
    *("arm", "world", "replication", "partition", "community", "measure", "value"),
    *("budget", "calibrated", "sample"),
)


@dataclass(frozen=True, eq=False)
class CreatorTallies:
    """What creators are paid for, in one arm of one replication of one world, shape (k,) each."""

    run: RunTallies
    creators: npt.NDArray[np.int64]

    @cached_property
    def authors(self) -> npt.NDArray[np.int64]:
        """Author of each post, shape (m,)."""
        world = self.run.world
        return world.posters[world.poster_indptr[:-1]].astype(np.int64)

    def of_posts(self, values: npt.NDArray[np.generic]) -> Floats:
        """Sum over each creator's posts that entered."""
        weights = np.where(self.run.entered, values, 0).astype(np.float64)
        # added by size, so that the order of posts does not change the last digit
        order = np.argsort(weights, kind="stable")
        total = np.bincount(self.authors[order], weights[order], self.run.world.n_accounts)
        return np.asarray(total[self.creators], dtype=np.float64)

    @cached_property
    def views(self) -> Floats:
        """Impressions."""
        return self.of_posts(self.run.reach)

    @cached_property
    def minutes(self) -> Floats:
        """Minutes watched: watch fraction times duration."""
        seconds = np.full(self.run.world.n_posts, USUAL_SECONDS)
        if self.run.world.durations is not None:
            given = self.run.world.durations.astype(np.float64)
            seconds = np.where(np.isnan(given), USUAL_SECONDS, given)
        return self.of_posts(self.run.tally.watch / WATCH_UNIT * seconds / 60)

    @cached_property
    def reactions(self) -> Floats:
        """Likes, comments, shares, follows, duets and stitches."""
        return self.of_posts(self.run.tally.rewards)

    @cached_property
    def first_followers(self) -> npt.NDArray[np.int64]:
        """Followers at the start."""
        world = self.run.world
        count = np.bincount(world.follows.indices, minlength=world.n_accounts)
        return count[self.creators].astype(np.int64)

    @cached_property
    def followers(self) -> Floats:
        """Followers at the end: those at the start, and gained minus lost."""
        tally, creators = self.run.tally, self.creators
        change = tally.gained[creators].astype(np.int64) - tally.lost[creators]
        return np.asarray(self.first_followers + change, dtype=np.float64)

    def paid(self, payout: Payout, threshold: float) -> Floats:
        """Amounts of the scheme before they are scaled."""
        tallies = self.views, self.minutes, self.followers, self.reactions
        return payout.amounts(*tallies, threshold=threshold)


@dataclass(frozen=True, repr=False, eq=False)
class Income(Frozen, title="Income of creators", table="frame"):
    """Result of :func:`income`.

    Attributes
    ----------
    frame
        One row per run: arm, world, replication, creators (accounts with a post in some arm), and
        the measures: income_total, what is paid over what the baseline arm pays in this world;
        income_gini; living_share, the share of the creators with a living or more;
        income_small_share, the share of all income that the half of the creators with fewest
        followers gets; small_living_share, the share of the fifth with fewest followers with a
        living; small_kept_share, the share of those of this fifth with two scheduled posts or more
        who did not stop posting (null unless the budget is free). Null where nothing is paid, but
        for the total and the shares with a living.
    outcome
        The same measures in the columns of :func:`graphkit.measure_spread`, with the shares of
        filler: for :func:`graphkit.contrast` and :func:`graphkit.measures.arm_means`.
    incomes
        By (arm, world, replication): float64, shape (k,), income of each creator.
    creators
        By world: int64, shape (k,), codes of the accounts that are its creators.
    payout
        The payout scheme.
    baseline
        Arm in which the mean income per creator is 1.
    living
        Income that is a living.
    """

    frame: pl.DataFrame
    outcome: pl.DataFrame
    incomes: Mapping[Key, Floats]
    creators: tuple[npt.NDArray[np.int64], ...]
    payout: Payout
    baseline: str
    living: float
    provenance: Provenance = field(default_factory=lambda: Provenance("income"))

    def of(self, arm: str, *, world: int = 0, replication: int = 0) -> Floats:
        """Incomes of the creators in one run, shape (k,), in the order of `creators`.

        Raises
        ------
        MissingDataError
            If there is no such run.
        """
        key = (arm, check_integer("world", world, 0), check_integer("replication", replication, 0))
        if key not in self.incomes:
            arms = list(dict.fromkeys(name for name, _, _ in self.incomes))
            raise MissingDataError(
                f"no incomes of arm {arm!r}, world {world}, replication {replication}."
                f"{nearest(str(arm), arms)} Arms: {', '.join(arms)}."
            )
        return self.incomes[key]

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "payout": f"{self.payout.name}: {self.payout.meaning}".rstrip(": "),
            "unit": f"mean income per creator of arm {self.baseline!r} = 1",
            "a living": f"{self.living:g} or more",
        }
        for (arm,), rows in self.frame.group_by("arm", maintain_order=True):
            means = rows.select(pl.col("income_gini", "living_share").mean())
            known, share = means.row(0)
            text = "nothing is paid" if known is None else f"Gini {known:.2f}"
            facts[f"arm {arm}"] = f"{text}, {share:.0%} with a living"
        return facts | dict(self.provenance.removed)


def income(spread: Spread, payout: Payout | str, *, baseline: str, living: float = 0.5) -> Income:
    """Income of every creator under a payout scheme, and how it is distributed.

    Incomes are computed from tallies: of the posts of each creator that entered, impressions,
    minutes watched and reactions, and of the creator, followers at the end (those at the start,
    plus gained, minus lost: under a matched budget these are counted, but do not act). They
    change nothing in the simulation. Creators are the accounts with a scheduled post. Under a free
    budget their answers (duets and stitches that became posts) earn like other posts; accounts that
    only answered are left out, and counted.

    **Unit.** In every world amounts are scaled so that the baseline arm pays 1 per creator, in the
    mean over its replications; the same factor holds for the other arms, which may pay more or
    less. A pooled scheme pays 1 per creator in every run. So all schemes pay the same total in
    the baseline of a world, and compare by how they distribute it; the size of a scheme's amounts
    has no effect, only their ratios have. The threshold of a scheme with `entry` is set in the
    baseline too, as the mean of its replications, and holds in all arms.

    **Living.** An income of `living` or more, in this unit. It is the same sum whatever the scheme
    and the arm. It is an assumption: no income is known at which creators stop.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`, over worlds whose posts have authors.
    payout
        A :class:`Payout`, or the name of one of :func:`payouts`.
    baseline
        Arm that sets the unit and the threshold.
    living
        Income that is a living, larger than 0: by default half the mean income of the baseline.

    Returns
    -------
    Income

    Raises
    ------
    OptionError
        For an unknown payout, or `living` not above 0.
    MissingDataError
        For an unknown baseline.
    DataError
        If posts are introduced by seeders, who did not make them and earn nothing; or if the
        baseline pays nothing in a world.

    Examples
    --------
    >>> import graphkit as gk
    >>> world = gk.build_world(gk.synthetic.platform(60, rng=1), ticks=3, rng=1)
    >>> arms = {"uniform": gk.recommenders.uniform(), "interest": gk.interest_centric()}
    >>> spread = gk.simulate_spread(world, arms, ticks=3, slots=5, reading="empty", rng=1)
    >>> found = income(spread, "watch_fund", baseline="uniform")
    >>> found.frame.get_column("income_total").round(6).to_list()
    [1.0, 1.0]
    >>> gk.contrast(found.outcome, "interest", "uniform").row("income_gini")["arm"]
    'interest'
    """
    refuse_after_fork()
    keys, samples = run_keys(spread), samples_of(spread.worlds)
    scheme = find_payout(payout)
    living = check_number("living", living, 0, low_open=True)
    spread.of(baseline)
    for w, world in enumerate(spread.worlds):
        if not world.authored:
            raise DataError(
                f"world {w}: posts are introduced by seeders, who did not make them, so that nobody "
                "earns by them. Build the world with posts='authored'."
            )
    creators = tuple(_creators(spread, w) for w in range(len(spread.worlds)))
    scales = [_scale(spread, scheme, baseline, w, codes) for w, codes in enumerate(creators)]
    rows: list[dict[str, Any]] = []
    outcome: list[tuple[object, ...]] = []
    incomes: dict[Key, Floats] = {}
    for arm, w, r in keys:
        tallies = _tallies(spread, arm, w, r, creators[w])
        threshold, factor = scales[w]
        paid = _scaled(tallies.paid(scheme, threshold), scheme, factor)
        incomes[arm, w, r] = paid
        scheduled = tallies.run.posters
        free = spread.budget == "free"
        values = dict(_measured(tallies, paid, living, scheduled if free else None))
        rows.append({"arm": arm, "world": w, "replication": r, "creators": paid.size, **values})
        facts = (spread.budget, spread.calibrated, samples[w])
        shown, filler = tallies.run.tally.impressions, int(tallies.run.tally.sources[-1])
        share = filler / shown if shown else float("nan")
        for name, value in {"filler": share, **values}.items():
            outcome.append((arm, w, r, None, None, name, value, *facts))
    silent = sum(x.n_accounts - k.size for x, k in zip(spread.worlds, creators, strict=True))
    only = sum(
        np.setdiff1d(spread.tallies[key].answers.author, creators[key[1]]).size for key in keys
    )
    removed = {
        "accounts without a scheduled post, over all worlds": silent,
        "accounts that only answered, over all runs": only,
    }
    record = Provenance.of(
        "income",
        {"payout": dict(scheme.frame.iter_rows()), "baseline": baseline, "living": living},
        made_from=(spread,),
        removed={reason: count for reason, count in removed.items() if count},
    )
    frame = pl.DataFrame(rows, schema=_FRAME).with_columns(pl.col(pl.Float64).fill_nan(None))
    long = pl.DataFrame(outcome, schema=_OUTCOME, orient="row")
    long = long.with_columns(pl.col("value").fill_nan(None))
    return Income(frame, long, incomes, creators, scheme, baseline, living, record)


def _tallies(
    spread: Spread, arm: str, w: int, r: int, creators: npt.NDArray[np.int64]
) -> CreatorTallies:
    """What the creators of a world are paid for in one run."""
    run = RunTallies.of(spread, arm, w, r)
    return CreatorTallies(run, creators)


def _creators(spread: Spread, w: int) -> npt.NDArray[np.int64]:
    """Accounts with a post in some run of a world, ascending: the same in all arms."""
    keys = [key for key in run_keys(spread) if key[1] == w]
    runs = [RunTallies.of(spread, *key) for key in keys]
    return np.unique(np.concatenate([run.creators for run in runs])).astype(np.int64)


def _scale(
    spread: Spread, scheme: Payout, baseline: str, w: int, creators: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """Threshold in minutes of a world, and the factor of amounts; both by the baseline."""
    runs = [_tallies(spread, baseline, w, r, creators) for r in range(spread.replications)]
    threshold = float(np.mean([scheme.threshold(run.minutes) for run in runs]))
    totals = [_total(run.paid(scheme, threshold)) for run in runs]
    if not sum(totals) > 0:
        raise DataError(
            f"payout {scheme.name!r} pays nothing in world {w} under the baseline arm {baseline!r}, "
            "so that there is no unit: choose another payout or baseline, or run for longer."
        )
    return threshold, creators.size / float(np.mean(totals))


def _scaled(paid: Floats, scheme: Payout, factor: float) -> Floats:
    """Amounts in the unit; of a pooled scheme, shares of 1 per creator."""
    if scheme.pooled and _total(paid) > 0:
        factor = paid.size / _total(paid)
    return paid * factor


def _total(paid: Floats) -> float:
    """Sum of the amounts, whatever their order."""
    return float(np.sort(paid).sum())


def _measured(
    tallies: CreatorTallies, paid: Floats, living: float, scheduled: npt.NDArray[np.integer] | None
) -> Iterator[tuple[str, float]]:
    """The measures of one run; NaN where undefined.

    `scheduled` are the posters of all scheduled posts under a free budget, else `None`.
    """
    run, followers = tallies.run, tallies.first_followers
    # a living that is met but for rounding is met
    lives = (paid >= living * (1 - 1e-12)).astype(np.float64)
    yield "income_total", _total(paid) / paid.size
    yield "income_gini", gini(paid)
    yield "living_share", float(lives.mean())
    order = np.argsort(paid, kind="stable")
    yield "income_small_share", small_creator_share(paid[order], followers[order])
    yield "small_living_share", _mean_of_smallest(lives, followers)
    value = float("nan")
    if scheduled is not None:
        posts = np.bincount(scheduled, minlength=run.world.n_accounts)[tallies.creators]
        kept = 1 - run.tally.quit[tallies.creators].astype(np.float64)
        value = _mean_of_smallest(kept, followers, among=posts >= 2)
    yield "small_kept_share", value


def _mean_of_smallest(
    values: Floats, followers: npt.NDArray[np.int64], among: npt.NDArray[np.bool_] | None = None
) -> float:
    """Mean over the fifth with fewest followers, `among` some of it; ties fill it in equal parts."""
    places = SMALLEST * followers.size
    last = np.sort(followers)[int(np.ceil(places)) - 1]
    below, tied = followers < last, followers == last
    part = (places - np.count_nonzero(below)) / np.count_nonzero(tied)
    if among is not None:
        below, tied = below & among, tied & among
    total = np.count_nonzero(below) + part * np.count_nonzero(tied)
    held = float(values[below].sum()) + part * float(values[tied].sum())
    return held / float(total) if total else float("nan")
