"""Published figures about feeds, held against the model: what runs of it give beside them."""

from __future__ import annotations

import importlib.resources
import math
import tempfile
import tomllib
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache as kept
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen, content_key
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.data.spread import FILLER_LIMIT, ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import (
    DataError,
    GraphkitWarning,
    MissingDataError,
    OptionError,
    check_choice,
    check_integer,
)
from graphkit.measures.intervals import HIGHER, Scheme, scheme_of
from graphkit.parallel import refuse_after_fork
from graphkit.recommenders import Feed, chronological, follower_centric, interest_centric
from graphkit.rng import RNGLike, Streams
from graphkit.simulation import Behaviour, perturb_world, scan_impressions, simulate_spread
from graphkit.synthetic import platform
from graphkit.synthetic import worlds as make_worlds

__all__ = ["Validation", "exploit_shares", "published_figures", "validate"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

#: Verdicts on a figure; "not computed: needs …" besides.
WITHIN, DIRECTION, NOT_MET = "within tolerance", "direction only", "not met"
CANNOT, FILLED = "the model cannot express it", "filler forbids a direction"
NOT_COMPUTED = "not computed: needs "

#: Roles of the arms that figures are about, and their feeds.
ROLES: Mapping[str, Callable[[], Feed]] = MappingProxyType(
    {
        "interest_centric": interest_centric,
        "follower_centric": follower_centric,
        "chronological": chronological,
    }
)

#: What tells a feed that a viewer is interested.
ENGAGED = ("like", "comment", "share", "follow", "complete", "duet", "stitch")
#: Leanings nearer to 0 than this are of neither side.
NEITHER = 0.2
#: First recommendations that exploitation is about; posts within which amplification is early.
FIRST, EARLY = 1000, 200
#: Posts per step of the curve of amplification; posts per viewer that tell of what comes after.
STEP, LONG = 20, 300
#: A post without a duration counts as one of so many seconds, as in :class:`Behaviour`.
USUAL_SECONDS = 20.0
#: Acts of a sock puppet, all of one kind, and the signal of the feed by act.
DOSE = 10
ACTS = {"follow": "follow", "like": "like", "watch": "completion"}

_TEXT = ("key", "statement", "unit", "direction", "authors", "venue", "id", "how_read")
_TEXT += ("platform", "computed", "not_tuned_by", "use", "why", "band_reason")
_FIGURES: dict[str, Any] = dict.fromkeys(_TEXT, pl.String) | {
    **dict.fromkeys(("figure", "low", "high"), pl.Float64),
    "year": pl.Int64,
    "expressed": pl.Boolean,
}
_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("figure", "source", "published", "tolerance"), pl.String),
    **dict.fromkeys(("ours", "low", "high"), pl.Float64),
    **dict.fromkeys(("direction_met", "within_tolerance"), pl.Boolean),
    **dict.fromkeys(("verdict", "use"), pl.String),
}


@kept
def _entries() -> tuple[dict[str, Any], ...]:
    file = importlib.resources.files("graphkit.attribution") / "validation.toml"
    return tuple(tomllib.loads(file.read_text(encoding="utf-8"))["figures"])


def published_figures() -> pl.DataFrame:
    """Published figures that a model of feeds should meet, with their sources.

    Returns
    -------
    polars.DataFrame
        One row per figure: key, statement; figure (null for a mere direction), unit, low and high
        (the band that counts as met), band_reason; direction (the claim whose sign is tested); authors,
        year, venue, id (DOI or arXiv), how_read (abstract, text, summary, report, or from memory),
        platform; computed (how the model computes it); expressed (whether it has a mechanism
        for it) and why not; not_tuned_by (what would set it by hand); use (``"tune"`` or ``"test"``:
        whether the published preset was chosen by it).

    Examples
    --------
    >>> published_figures().filter(key="attention").select("figure", "low", "high", "use").row(0)
    (0.45, 0.4, 0.5, 'tune')
    """
    return pl.DataFrame(list(_entries()), schema=_FIGURES)


@dataclass(frozen=True, eq=False)
class Arm:
    """One run of one arm: its world, its tally, and its impressions if they were written.

    `log` has one row per impression, by account, tick and position: account and post (codes of the
    world), tick, position, watch, reshared (from a followee), and a bool for each of ``ENGAGED``.
    """

    world: World
    tally: ArmTally
    log: pl.DataFrame | None = None
    reading: str = "filled"

    def impressions(self) -> pl.DataFrame:
        """The log; a MissingDataError without one."""
        if self.log is None:
            raise MissingDataError("the impression log")
        return self.log

    def known(self, name: str) -> npt.NDArray[Any]:
        """An optional field of the world; a MissingDataError without it."""
        value: npt.NDArray[Any] | None = getattr(self.world, name)
        if value is None:
            raise MissingDataError(f"{name.replace('_', ' ')} in the world")
        return value


Arms = Mapping[str, Arm]

# --- figures: each returns the figure, and a number that is positive where the claim holds ---------


def topics_of(features: npt.NDArray[np.float32]) -> Codes:
    """Topic of each row: its largest dimension, signed.

    Examples
    --------
    >>> topics_of(np.array([[0.1, 0.9], [-0.8, 0.2]], np.float32)).tolist()
    [2, 1]
    """
    largest = np.abs(features).argmax(axis=1)
    below = features[np.arange(features.shape[0]), largest] < 0
    return np.asarray(2 * largest + below, dtype=np.int64)


def attention(arms: Arms) -> tuple[float, float]:
    """Mean watch fraction of all impressions."""
    tally = arms["interest_centric"].tally
    return float(tally.watch.sum()) / 65536 / max(tally.impressions, 1), math.nan


def attention_stable(arms: Arms) -> tuple[float, float]:
    """Mean watch fraction in the last third of the ticks less that in the first."""
    log = arms["interest_centric"].impressions()
    tick, watch = log["tick"].to_numpy(), log["watch"].to_numpy()
    third = (int(tick.max()) + 1) // 3
    if not third:
        raise MissingDataError("three ticks")
    last = tick > tick.max() - third
    return float(watch[last].mean() - watch[tick < third].mean()), math.nan


def followed_liked_more(arms: Arms) -> tuple[float, float]:
    """Like rate of posts by followees over that of others."""
    arm = arms["interest_centric"]
    log = arm.impressions()
    followed = _tied(arm.world, log)
    liked = log["like"].to_numpy()
    if followed.all() or not followed.any():
        raise MissingDataError("impressions of followed and of other posters")
    own, other = float(liked[followed].mean()), float(liked[~followed].mean())
    return own / other if other else math.nan, own - other


def exploit_share(arms: Arms) -> tuple[float, float]:
    """Share of the first thousand recommendations of topics engaged with before."""
    arm = arms["interest_centric"]
    share, chance = exploit_shares(arm.world, arm.impressions())
    return share, share - chance


def amplification_early(arms: Arms) -> tuple[float, float]:
    """Share of the rise of the strongest interest that is reached within 200 posts."""
    arm = _cold(arms["interest_centric"])
    log = _numbered(arm.impressions())
    own = topics_of(arm.world.interests)[log["account"]]
    match = topics_of(arm.world.taste_features)[log["post"]] == own
    steps = log.select(step=pl.col("number") // STEP).with_columns(own=pl.Series(match))
    steps = steps.filter(pl.col("step") < LONG // STEP)
    curve = steps.group_by("step").agg(pl.col("own").mean()).sort("step")["own"].to_numpy()
    rise, early = float(curve.max() - curve[0]), float(curve[: EARLY // STEP].max() - curve[0])
    return early / rise if rise else math.nan, early - rise / 2


def diversity_declines(arms: Arms) -> tuple[float, float]:
    """Effective number of topics of posts 201–300 over that of posts 1–100."""
    arm = _cold(arms["interest_centric"])
    log = _numbered(arm.impressions())
    log = log.with_columns(topic=pl.Series(topics_of(arm.world.taste_features)[log["post"]]))

    def effective(begin: int) -> float:
        rows = log.filter(pl.col("number").is_between(begin, begin + 99))
        counts = rows.group_by("account", "topic").len("n").sort("account", "topic")
        n = pl.col("n").cast(pl.Float64)
        each = counts.group_by("account", maintain_order=True).agg(
            number=n.sum().pow(2) / n.pow(2).sum()
        )
        return float(each["number"].to_numpy().mean())

    first, last = effective(0), effective(EARLY)
    return last / first, first - last


def engagement_amplifies_divisive(arms: Arms) -> tuple[float, float]:
    """Divisiveness of impressions, follower-centric less chronological, in standard deviations."""
    divisive = arms["follower_centric"].known("divisiveness").astype(np.float64)
    ranked, plain = (
        arms[role].tally.ticks.sum(axis=1, dtype=np.int64)
        for role in ("follower_centric", "chronological")
    )
    if not ranked.any() or not plain.any():
        raise MissingDataError("impressions in both arms")
    mean = np.average(divisive, weights=plain)
    deviation = math.sqrt(float(np.average((divisive - mean) ** 2, weights=plain)))
    gap = float(np.average(divisive, weights=ranked) - mean)
    return gap / deviation if deviation else math.nan, gap


def chronological_less_time(arms: Arms) -> tuple[float, float]:
    """Seconds watched per session, chronological over follower-centric."""
    seconds = []
    for role in ("chronological", "follower_centric"):
        arm = arms[role]
        if arm.reading == "shared":
            raise MissingDataError("sessions whose lengths may differ: reading='empty'")
        durations = np.nan_to_num(arm.known("durations").astype(np.float64), nan=USUAL_SECONDS)
        watched = float((arm.tally.watch / 65536 * durations).sum())
        seconds.append(watched / max(arm.tally.sessions, 1))
    return seconds[0] / seconds[1] if seconds[1] else math.nan, seconds[1] - seconds[0]


def ranked_less_congruent(arms: Arms) -> tuple[float, float]:
    """Mean product of the leanings of viewer and post, interest-centric less chronological."""
    means = []
    for role in ("interest_centric", "chronological"):
        arm = arms[role]
        viewer, post = arm.known("account_leaning"), arm.known("post_leaning")
        log = arm.impressions()
        product = viewer[log["account"]].astype(np.float64) * post[log["post"]]
        means.append(float(np.nanmean(product)))
    return means[0] - means[1], means[1] - means[0]


def like_minded_share(arms: Arms) -> tuple[float, float]:
    """Median over viewers of the share of impressions by posters on their side."""
    like, cross = _sides(arms["follower_centric"])
    return like, like - cross


def cross_cutting_share(arms: Arms) -> tuple[float, float]:
    """Median over viewers of the share of impressions by posters on the other side."""
    return _sides(arms["follower_centric"])[1], math.nan


def unconnected_share(arms: Arms) -> tuple[float, float]:
    """Share of impressions by posters of no tie or group, unless a followee reshared them."""
    arm = arms["follower_centric"]
    if arm.reading != "filled":
        raise MissingDataError("filler, with which such a feed shows strangers: reading='filled'")
    log = arm.impressions()
    apart = ~_tied(arm.world, log) & ~_grouped(arm.world, log) & ~log["reshared"].to_numpy()
    return float(apart.mean()), math.nan


def influence_order(arms: Arms) -> tuple[float, float]:
    """Needs runs of its own, see :func:`validate`."""
    raise MissingDataError("sock puppets, which validate() runs")


class Figure(NamedTuple):
    """How a figure is computed: its function, the roles of the arms, and the run in `validate`."""

    compute: Callable[[Arms], tuple[float, float]]
    arms: tuple[str, ...] = ("interest_centric",)
    run: str = "empty"


#: How each figure that the model can express is computed.
FIGURES: Mapping[str, Figure] = MappingProxyType(
    {
        "attention": Figure(attention),
        "attention_stable": Figure(attention_stable),
        "followed_liked_more": Figure(followed_liked_more),
        "exploit_share": Figure(exploit_share),
        "amplification_early": Figure(amplification_early, run="long"),
        "diversity_declines": Figure(diversity_declines, run="long"),
        "influence_order": Figure(influence_order, run="puppets"),
        "engagement_amplifies_divisive": Figure(
            engagement_amplifies_divisive, ("follower_centric", "chronological")
        ),
        "chronological_less_time": Figure(
            chronological_less_time, ("follower_centric", "chronological")
        ),
        "ranked_less_congruent": Figure(
            ranked_less_congruent, ("interest_centric", "chronological")
        ),
        "like_minded_share": Figure(like_minded_share, ("follower_centric",)),
        "cross_cutting_share": Figure(cross_cutting_share, ("follower_centric",)),
        "unconnected_share": Figure(unconnected_share, ("follower_centric",), "filled"),
    }
)


def exploit_shares(world: World, log: pl.DataFrame, most: int = FIRST) -> tuple[float, float]:
    """Share of each viewer's first posts whose topic it had engaged with in an earlier tick.

    Engaged: liked, commented, shared, followed, answered, or watched to the end. Beside it the
    share that a uniform draw from all posts would have had at the same moments. Means over
    viewers.

    Parameters
    ----------
    world
        The world.
    log
        Impressions by account, tick and position, with codes of the world: account, post, tick,
        and the reactions.
    most
        Posts per viewer.
    """
    of_post = topics_of(world.taste_features)
    rows = log.with_columns(topic=pl.Series(of_post)[log["post"]], place=pl.int_range(pl.len()))
    rows = rows.filter(pl.col("place").rank("ordinal").over("account") <= most)
    first = (
        rows.filter(pl.any_horizontal(ENGAGED))
        .group_by("account", "topic")
        .agg(since=pl.col("tick").min())
    )
    known = rows.join(first, on=["account", "topic"], how="left").with_columns(
        exploit=(pl.col("since") < pl.col("tick")).fill_null(False)
    )
    weight = np.bincount(of_post) / of_post.size
    steps = (
        first.with_columns(chance=pl.Series(weight)[first["topic"]])
        .sort("account", "since", "topic")
        .with_columns(chance=pl.col("chance").cum_sum().over("account"))
        .group_by("account", "since", maintain_order=True)
        .agg(pl.col("chance").last())
    )
    known = known.sort("account", "tick").join_asof(
        steps.sort("account", "since"),
        left_on="tick",
        right_on="since",
        by="account",
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    per = known.group_by("account", maintain_order=True).agg(
        pl.col("exploit").mean(), pl.col("chance").fill_null(0.0).mean()
    )
    return float(per["exploit"].to_numpy().mean()), float(per["chance"].to_numpy().mean())


def _first_posters(world: World) -> Codes:
    """The first poster of each post: its author, or its first seeder."""
    return world.posters[world.poster_indptr[:-1]].astype(np.int64)


def _tied(world: World, log: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether the viewer of each impression follows the first poster."""
    n = world.n_accounts
    tail, head, _ = world.follows.edge_arrays()
    pair = log["account"].to_numpy() * n + _first_posters(world)[log["post"]]
    return np.isin(pair, tail.astype(np.int64) * n + head)


def _grouped(world: World, log: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether viewer and first poster of each impression are in a common group."""
    if world.group_indptr is None or world.groups is None:
        return np.zeros(log.height, np.bool_)
    member = np.repeat(np.arange(world.n_accounts), np.diff(world.group_indptr))
    groups = pl.DataFrame({"account": member, "group": world.groups})
    pairs = log.select(row=pl.int_range(pl.len()), account="account").with_columns(
        poster=pl.Series(_first_posters(world)[log["post"]])
    )
    shared = pairs.join(groups, on="account").join(
        groups.rename({"account": "poster"}), on=["poster", "group"]
    )
    found = np.zeros(log.height, np.bool_)
    found[shared["row"].to_numpy()] = True
    return found


def _sides(arm: Arm) -> tuple[float, float]:
    """Medians over viewers of the shares of impressions on their and on the other side."""
    leaning = arm.known("account_leaning").astype(np.float64)
    log = arm.impressions()
    viewer, poster = leaning[log["account"]], leaning[_first_posters(arm.world)[log["post"]]]
    side = np.sign(viewer) * np.sign(poster) * (np.abs(poster) >= NEITHER)
    table = log.select("account").with_columns(side=pl.Series(side))
    table = table.filter(pl.Series(np.nan_to_num(viewer) != 0))
    if not table.height:
        raise MissingDataError("viewers with a leaning")
    per = table.group_by("account").agg(
        like=(pl.col("side") > 0).mean(), cross=(pl.col("side") < 0).mean()
    )
    like, cross = (float(np.median(per[name].to_numpy())) for name in ("like", "cross"))
    return like, cross


def _cold(arm: Arm) -> Arm:
    """The arm, if its feed knew nothing of its viewers at first."""
    if np.ptp(arm.world.profiles, axis=0).max() > 1e-6:
        raise MissingDataError("a cold start")
    return arm


def _numbered(log: pl.DataFrame) -> pl.DataFrame:
    """Impressions with their number for the viewer, of viewers who saw enough."""
    log = log.with_columns(number=pl.int_range(pl.len()).over("account"))
    log = log.filter(pl.len().over("account") >= LONG)
    if not log.height:
        raise MissingDataError(f"{LONG} impressions per viewer")
    return log


# --- from runs to verdicts ------------------------------------------------------------------------


@dataclass(frozen=True, repr=False, eq=False)
class Validation(Frozen, title="Published figures", table="frame"):
    """Published figures beside those of the model.

    Attributes
    ----------
    frame
        One row per figure of :func:`published_figures`: figure (its key), source, published,
        tolerance (as text), ours, low, high (95 % interval over worlds), direction_met (the
        interval of the claimed difference is above 0), within_tolerance (ours lies in the band),
        verdict and use. A verdict is ``"within tolerance"``, ``"direction only"``, ``"not met"``,
        ``"the model cannot express it"``, ``"filler forbids a direction"`` (above 25 % in an arm that
        the figure is about), or ``"not computed: needs …"``.
    calibrated
        Whether the viewers' behaviour was fitted to a log.
    provenance
        How it was made.
    """

    frame: pl.DataFrame
    calibrated: bool = False
    provenance: Provenance = field(default_factory=lambda: Provenance("Validation"))

    @classmethod
    def of(
        cls,
        spread: Spread,
        *,
        arms: Mapping[str, str] | None = None,
        impressions: pl.LazyFrame | pl.DataFrame | None = None,
    ) -> Validation:
        """The figures that the runs of a simulation meet; nothing else is simulated.

        Parameters
        ----------
        spread
            The simulation.
        arms
            Arm of the spread by role: ``"interest_centric"``, ``"follower_centric"``,
            ``"chronological"``. By default arms of these names.
        impressions
            Its impressions, as of :func:`graphkit.simulation.scan_impressions`; without them,
            figures that need single impressions are not computed.

        Raises
        ------
        OptionError
            For an unknown role.
        MissingDataError
            If the spread has no such arm.
        DataError
            If the impressions are not those of the spread.

        Examples
        --------
        >>> import graphkit as gk
        >>> world = gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), rng=1)
        >>> arms = {"interest_centric": gk.recommenders.interest_centric()}
        >>> spread = gk.simulate_spread(world, arms, ticks=2, slots=3, rng=1)
        >>> found = Validation.of(spread).frame
        >>> found.filter(figure="exploit_share")["verdict"].item()
        'not computed: needs the impression log'
        """
        refuse_after_fork()
        named = _named_arms(spread, arms)
        found = _compute(FIGURES, spread, named, impressions)
        record = Provenance.of(
            "Validation.of",
            {"arms": dict(named)},
            made_from=(spread,),
            packages=("numpy", "polars"),
        )
        return cls(_frame(found, _scheme(spread.worlds)), spread.calibrated, record)

    @property
    def content_key(self) -> str:
        """Key of all numbers."""
        return content_key(self.frame)

    def met(self, use: str | None = None) -> tuple[int, int]:
        """Number of figures met in direction (or level), and of those within tolerance.

        The second are among the first. `use` is ``"tune"`` or ``"test"`` for these only.
        """
        frame = self.frame if use is None else self.frame.filter(use=use)
        verdicts = frame["verdict"].to_list()
        within = verdicts.count(WITHIN)
        return within + verdicts.count(DIRECTION), within

    def _facts(self) -> dict[str, object]:
        met, within = self.met()
        facts: dict[str, object] = {"figures": self.frame.height}
        facts |= {"met in direction": met, "of these within tolerance": within}
        facts["behaviour"] = "calibrated" if self.calibrated else "not calibrated: assumptions"
        return facts | dict(self.frame.select("figure", "verdict").iter_rows())


class _Found(NamedTuple):
    """A figure by run: its values and claimed differences; or what is missing."""

    values: Floats
    claims: Floats
    worlds: Codes
    needs: str = ""
    filled: bool = False


def _compute(
    figures: Mapping[str, Figure],
    spread: Spread,
    named: Mapping[str, str],
    impressions: pl.LazyFrame | pl.DataFrame | None,
) -> dict[str, _Found]:
    """The figures in every run of a spread; of the log, one run is read at a time."""
    needs = {key: _missing_arm(figure, named) for key, figure in figures.items()}
    values: dict[str, list[tuple[float, float]]] = {key: [] for key in figures}
    jobs = [(w, r) for w in range(len(spread.worlds)) for r in range(spread.replications)]
    for w, r in jobs:
        arms = _arms_of(spread, named, impressions, w, r)
        for key, figure in figures.items():
            if needs[key]:
                continue
            try:
                values[key].append(figure.compute(arms))
            except MissingDataError as error:
                needs[key] = str(error)
    worlds, found = np.array([w for w, _ in jobs], np.int64), {}
    for key, figure in figures.items():
        # a feed that shows strangers by its filler is what the share of strangers is about
        about = () if figure.compute is unconnected_share else figure.arms
        shares = [spread.filler(named[role]) for role in about if role in named]
        pairs = np.array(values[key], np.float64).reshape(-1, 2)
        filled = max(shares, default=0.0) > FILLER_LIMIT
        found[key] = _Found(pairs[:, 0], pairs[:, 1], worlds, needs[key], filled)
    return found


def _missing_arm(figure: Figure, named: Mapping[str, str]) -> str:
    """What a figure lacks of arms, as text; empty if nothing."""
    missing = [role for role in figure.arms if role not in named and figure.run != "puppets"]
    return f"the arm {missing[0]}" if missing else ""


def _named_arms(spread: Spread, arms: Mapping[str, str] | None) -> dict[str, str]:
    """Arm of the spread by role."""
    if arms is None:
        return {role: role for role in ROLES if role in spread.arms}
    for role, arm in arms.items():
        check_choice("arms", role, ROLES)
        spread.of(arm)
    return dict(arms)


def _arms_of(
    spread: Spread,
    named: Mapping[str, str],
    impressions: pl.LazyFrame | pl.DataFrame | None,
    w: int,
    r: int,
) -> dict[str, Arm]:
    """The arms by role in one world and replication."""
    world, found = spread.worlds[w], {}
    for role, arm in named.items():
        tally, log = spread.tallies[arm, w, r], None
        if impressions is not None:
            rows = impressions.lazy().filter(
                pl.col("arm") == arm, pl.col("world") == w, pl.col("replication") == r
            )
            log = coded_log(rows, world)
            if log.height != tally.impressions:
                raise DataError(
                    f"the impressions hold {log.height:,} of arm {arm!r} in world {w}, and the spread "
                    f"{tally.impressions:,}: they must be of the same simulation."
                )
        found[role] = Arm(world, tally, log, spread.reading)
    return found


def coded_log(log: pl.LazyFrame, world: World) -> pl.DataFrame:
    """Impressions of one run by account, tick and position, with codes of the world."""
    accounts = {"account_id": world.accounts.series.cast(pl.String)}
    posts = {"item_id": world.posts.series.cast(pl.String)}
    of_account = pl.LazyFrame({**accounts, "account": np.arange(world.n_accounts)})
    of_post = pl.LazyFrame({**posts, "post": np.arange(world.n_posts)})
    return (
        log.join(of_account, on="account_id")
        .join(of_post, on="item_id")
        .select(
            *("account", "post", "tick", "position", *ENGAGED),
            watch="watch_fraction",
            reshared=pl.col("parent_account_id").is_not_null(),
        )
        .sort("account", "tick", "position")
        .collect()
    )


def _scheme(worlds: Sequence[World]) -> Scheme:
    """What intervals over the worlds speak about."""
    rows = {"world": list(range(len(worlds))), "sample": [world.sample for world in worlds]}
    return scheme_of(pl.DataFrame(rows))


def _frame(found: Mapping[str, _Found], scheme: Scheme) -> pl.DataFrame:
    """One row per published figure."""
    rows = [_row(entry, found.get(entry["key"]), scheme) for entry in _entries()]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _row(entry: Mapping[str, Any], found: _Found | None, scheme: Scheme) -> tuple[Any, ...]:
    source = f"{entry['authors'].split(',')[0]} et al. ({entry['year']}), {entry['id']}"
    number, band = entry.get("figure"), (entry.get("low"), entry.get("high"))
    published = entry["direction"] if number is None else f"{number:g} {entry['unit']}"
    tolerance = None if band[0] is None else f"{band[0]:g} … {band[1]:g}"
    head = (entry["key"], source, published, tolerance)
    if not entry["expressed"] or found is None:
        return (*head, None, None, None, None, None, CANNOT, entry["use"])
    if found.needs:
        why = NOT_COMPUTED + found.needs
        return (*head, None, None, None, None, None, why, entry["use"])
    values = scheme.find(found.values, np.abs(found.values), found.worlds, 0.95)
    numbers = [None if math.isnan(v) else v for v in (values.centre, values.low, values.high)]
    met = None
    if entry["direction"]:
        claim = scheme.find(found.claims, np.abs(found.claims), found.worlds, 0.95)
        sign = claim.direction(filled=False)
        met = None if sign is None else sign == HIGHER
    within = None
    if band[0] is not None and numbers[0] is not None:
        within = bool(band[0] <= numbers[0] <= band[1])
    verdict = _verdict(bool(entry["direction"]), met, within, found.filled)
    if found.filled:
        met = within = None
    return (*head, *numbers, met, within, verdict, entry["use"])


def _verdict(claims: bool, met: bool | None, within: bool | None, filled: bool) -> str:
    """The verdict on a computed figure."""
    if filled:
        return FILLED
    if claims and met is None:
        return f"{NOT_COMPUTED}several worlds, for an interval"
    if within and met is not False:
        return WITHIN
    return DIRECTION if met else NOT_MET


# --- runs of its own ------------------------------------------------------------------------------


def validate(
    worlds: World | Sequence[World] | None = None,
    *,
    arms: Mapping[str, Feed] | None = None,
    behaviour: Behaviour | None = None,
    ticks: int = 20,
    slots: int = 10,
    cache: str | Path | None = None,
    rng: RNGLike | None = None,
) -> Validation:
    """Run the feeds in worlds of their own, and hold them against published figures.

    Of every world there are: all arms, with slots that a feed cannot fill left empty, so that
    no filler is compared; the follower-centric feed with its filler; the interest-centric one after
    a cold start, with enough slots for 300 posts a viewer; and sock puppets. All share random
    numbers. A tenth of the accounts are puppets, each of which does one thing to ten posts of one
    topic before its first session, after a cold start: it follows their posters, likes them, or
    watches them to the end; its twins in the same world do nothing. Influence is the share of
    that topic in what puppets are shown, less that of the twins.

    Parameters
    ----------
    worlds
        Worlds made independently; by default four synthetic platforms of 900 accounts, four posts
        each, without half of the follows between accounts of opposite leaning.
    arms
        Feeds by role: ``"interest_centric"``, ``"follower_centric"`` and ``"chronological"``; by
        default the presets, also for roles that are not named.
    behaviour
        Parameters of the viewers; by default the documented assumptions.
    ticks, slots
        Of the simulation; at least 3 ticks.
    cache
        Folder for checkpoints, from which the same call goes on; new, empty, or of the same call.
    rng
        Seed.

    Returns
    -------
    Validation

    Raises
    ------
    OptionError
        For an unknown role, or options out of range.

    Examples
    --------
    >>> found = validate(ticks=4, slots=4, rng=1)  # doctest: +SKIP
    >>> found.met()  # doctest: +SKIP
    (8, 3)
    """
    refuse_after_fork()
    ticks, slots = check_integer("ticks", ticks, 3), check_integer("slots", slots, 1)
    for role in arms or {}:
        check_choice("arms", role, ROLES)
    feeds = {role: make() for role, make in ROLES.items()} | dict(arms or {})
    streams = Streams(rng)
    population = _population(worlds, ticks, streams)
    mind, seed = behaviour or Behaviour(), streams.integer("simulation")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) if cache is None else None
        runner = _Runner(ticks, mind, seed, Path(cache) if folder is None else folder)  # type: ignore[arg-type]
        found = _validate(population, feeds, slots, runner)
    options = {"ticks": ticks, "slots": slots, "arms": {r: f.name for r, f in feeds.items()}}
    options |= {"behaviour": dict(mind.frame.iter_rows())}
    record = Provenance.of(
        "validate", options, seed=streams.seed, made_from=population, packages=("numba", "numpy")
    )
    return Validation(_frame(found, _scheme(population)), mind.calibrated, record)


def _population(
    worlds: World | Sequence[World] | None, ticks: int, streams: Streams
) -> tuple[World, ...]:
    if isinstance(worlds, World):
        return (worlds,)
    if worlds is not None:
        if not worlds:
            raise OptionError("validate needs at least one world.")
        return tuple(worlds)
    seed = streams.integer("worlds")
    like = platform(900, posts_per_account=4.0, leaning=0.5, rng=seed)
    return tuple(make_worlds(4, like=like, ticks=ticks, rng=seed))


@dataclass(frozen=True)
class _Runner:
    """Simulations with their impressions, in a folder."""

    ticks: int
    behaviour: Behaviour
    seed: int
    folder: Path

    def run(
        self,
        name: str,
        worlds: Sequence[World],
        feeds: Mapping[str, Feed],
        slots: int,
        reading: str,
    ) -> tuple[Spread, pl.LazyFrame]:
        """The feeds in the worlds, and the impressions."""
        root = self.folder / name
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
            spread = simulate_spread(
                worlds,
                feeds,
                ticks=self.ticks,
                slots=slots,
                reading=reading,
                behaviour=self.behaviour,
                impressions=root / "impressions",
                checkpoint=root / "checkpoint",
                rng=self.seed,
            )
        return spread, scan_impressions(root / "impressions")


def _validate(
    worlds: tuple[World, ...], feeds: Mapping[str, Feed], slots: int, runner: _Runner
) -> dict[str, _Found]:
    """Every figure, from the run that it is computed in."""
    own, social = ({r: feeds[r]} for r in ("interest_centric", "follower_centric"))
    cold = [perturb_world(world, cold_start=True) for world in worlds]
    enough = max(slots, math.ceil(1.2 * LONG / (runner.ticks * runner.behaviour.activity)))
    plans: dict[str, tuple[Sequence[World], Mapping[str, Feed], int, str]] = {
        "empty": (worlds, feeds, slots, "empty"),
        "filled": (worlds, social, slots, "filled"),
        "long": (cold, own, enough, "empty"),
    }
    found: dict[str, _Found] = {}
    for name, plan in plans.items():
        spread, log = runner.run(name, *plan)
        figures = {key: figure for key, figure in FIGURES.items() if figure.run == name}
        found |= _compute(figures, spread, {role: role for role in plan[1]}, log)
    moved = influence(cold, feeds["interest_centric"], slots, runner)
    gaps = np.minimum(moved["follow"] - moved["like"], moved["like"] - moved["watch"])
    found["influence_order"] = _Found(gaps, gaps, np.arange(len(worlds)))
    return found


def influence(
    worlds: Sequence[World], feed: Feed, slots: int, runner: _Runner
) -> dict[str, Floats]:
    """Share of the signalled topic in the feeds of puppets beyond that of their twins, by act."""
    plans = [puppets(world) for world in worlds]

    def shares(name: str, changed: Sequence[World]) -> Floats:
        spread, log = runner.run(name, changed, {"arm": feed}, slots, "empty")
        arms = [_arms_of(spread, {"arm": "arm"}, log, w, 0)["arm"] for w in range(len(worlds))]
        pairs = zip(arms, plans, strict=True)
        return np.array([topic_share(arm, chosen, topics) for arm, (chosen, topics, _) in pairs])

    control = shares("twins", worlds)
    found = {}
    for act in ACTS:
        pairs = zip(worlds, plans, strict=True)
        found[act] = shares(f"puppets {act}", [acted(w, act, feed, *p) for w, p in pairs]) - control
    return found


def topic_share(arm: Arm, chosen: Codes, topics: Codes) -> float:
    """Share of its own topic in what each chosen account is shown, all together."""
    wanted = np.full(arm.world.n_accounts, -1, np.int64)
    wanted[chosen] = topics
    log = arm.impressions()
    topic = wanted[log["account"]]
    match = topics_of(arm.world.taste_features)[log["post"]] == topic
    return float(match[topic >= 0].mean()) if (topic >= 0).any() else math.nan


def puppets(world: World) -> tuple[Codes, Codes, Codes]:
    """A tenth of the accounts, the topic of each, and ten posts of it from the stock of each.

    The same whatever the act. Topics of fewer than ten posts in the stock are not drawn.
    """
    rng = np.random.default_rng(7)
    chosen = np.sort(rng.choice(world.n_accounts, max(world.n_accounts // 10, 1), replace=False))
    stock = np.flatnonzero(world.ticks == world.ticks.min())
    of_post = topics_of(world.taste_features)[stock]
    large = np.flatnonzero(np.bincount(of_post) >= DOSE)
    if not large.size:
        raise MissingDataError(f"validate: no topic has {DOSE} posts at the start in a world.")
    topics = rng.choice(large, chosen.size)
    posts = np.stack([rng.choice(stock[of_post == topic], DOSE, replace=False) for topic in topics])
    return chosen, topics, posts


def acted(world: World, act: str, feed: Feed, chosen: Codes, _topics: Codes, posts: Codes) -> World:
    """The world after the chosen accounts did `act` to their posts.

    Each act moves the profile by learning rate · signal, as it does in a session; a follow adds the
    tie besides.
    """
    move = feed.learning_rate * feed.signals.get(ACTS[act], 0.0)
    profiles = world.profiles.astype(np.float64)
    profiles[chosen] += move * world.post_features[posts].astype(np.float64).sum(axis=1)
    length = np.linalg.norm(profiles, axis=1, keepdims=True)
    profiles = np.divide(profiles, length, out=np.zeros_like(profiles), where=length > 0)
    changed = replace(world, profiles=profiles.astype(np.float32))
    if act != "follow":
        return changed
    n = world.n_accounts
    old = world.follows.edge_arrays()
    arcs = old[0].astype(np.int64) * n + old[1]
    arcs = np.union1d(arcs, np.repeat(chosen, DOSE) * n + _first_posters(world)[posts.ravel()])
    arcs = arcs[arcs // n != arcs % n]
    ids = world.accounts.series
    ties = Graph.from_edges(
        ids.gather(arcs // n),
        ids.gather(arcs % n),
        directed=True,
        nodes=world.accounts,
        node_kind="accounts",
    )
    return replace(changed, follows=ties)
