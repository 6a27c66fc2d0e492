"""Published figures about feeds, and the functions that compute them from runs of the model."""

from __future__ import annotations

import importlib.resources
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.spread import ArmTally
from graphkit.data.world import USUAL_SECONDS, World
from graphkit.errors import MissingDataError
from graphkit.kernels.state import WATCH_UNIT
from graphkit.measures import lorenz
from graphkit.measures.catalogue import RunTallies
from graphkit.recommenders import Feed, chronological, follower_centric, interest_centric

__all__ = ["published_figures"]

Codes = npt.NDArray[np.int64]

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
#: Share of the creators whose views are counted as those of few.
FEW = 0.03
#: Posts per step of the curve of amplification; posts per viewer that tell of what comes after.
STEP, LONG = 20, 300

_TEXT = (
    *("key", "statement", "unit", "direction", "authors", "venue", "id", "how_read", "platform"),
    *("computed", "not_tuned_by", "use", "why", "band_reason"),
)
_FIGURES: dict[str, Any] = dict.fromkeys(_TEXT, pl.String) | {
    **dict.fromkeys(("figure", "low", "high"), pl.Float64),
    "year": pl.Int64,
    "expressed": pl.Boolean,
}


@cache
def _read() -> dict[str, Any]:
    file = importlib.resources.files("graphkit.attribution") / "validation.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def entries() -> tuple[dict[str, Any], ...]:
    """The figures of ``validation.toml``."""
    return tuple(_read()["figures"])


def tuning_history() -> str:
    """How the published preset was chosen, and what was seen of the figures before."""
    return str(_read()["tuning"])


def published_figures() -> pl.DataFrame:
    """Published figures that a model of feeds should meet, with their sources.

    Returns
    -------
    polars.DataFrame
        One row per figure: key, statement; figure (null for a mere direction), unit, low and high
        (the band that counts as met), band_reason; direction (the claim whose sign is tested); authors,
        year, venue, id (DOI or arXiv), how_read (abstract, text, summary, report, or from memory),
        platform; computed (how the model computes it); expressed (whether it has a mechanism
        for it) and why not; not_tuned_by (what would set it by hand, and whether that is left
        alone); use (``"tune"`` if the published preset was chosen by it, else ``"test"``).

    Notes
    -----
    Figures marked test are not a blind test: all figures were in view while numbers were tried by
    hand, see ``tuning`` in ``validation.toml``.

    Examples
    --------
    >>> published_figures().filter(key="attention").select("figure", "low", "high", "use").row(0)
    (0.45, 0.4, 0.5, 'tune')
    """
    return pl.DataFrame(list(entries()), schema=_FIGURES)


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
    return float(tally.watch.sum()) / WATCH_UNIT / max(tally.impressions, 1), math.nan


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
    """Share of the rise of the strongest interest that is reached within 200 posts.

    The rise is from the first step of 20 posts to posts 201–300, and within 200 posts to posts
    101–200. By means, not maxima: those of noise rise too. The claim is against a straight line.
    """
    arm = _cold(arms["interest_centric"])
    log = _numbered(arm.impressions())
    own = topics_of(arm.world.interests)[log["account"]]
    match = topics_of(arm.world.taste_features)[log["post"]] == own
    steps = log.select(step=pl.col("number") // STEP).with_columns(own=pl.Series(match))
    steps = steps.filter(pl.col("step") < LONG // STEP)
    curve = steps.group_by("step").agg(pl.col("own").mean()).sort("step")["own"].to_numpy()
    at, middle, end = np.arange(curve.size), EARLY // STEP // 2, EARLY // STEP
    early, late = slice(middle, end), slice(end, None)
    rise, soon = (float(curve[part].mean() - curve[0]) for part in (late, early))
    straight = at[early].mean() / at[late].mean()
    return soon / rise if rise else math.nan, float(soon - straight * rise)


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
        watched = float((arm.tally.watch / WATCH_UNIT * durations).sum())
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
        known = product[~np.isnan(product)]
        if not known.size:
            raise MissingDataError("impressions of posts of known leaning by such viewers")
        means.append(float(known.mean()))
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


def views_of_few(arms: Arms) -> tuple[float, float]:
    """Share of the impressions of the 3 % of the creators with most; parts of one count."""
    arm = arms["interest_centric"]
    impressions = RunTallies(arm.world, arm.tally).creator_impressions
    if not impressions.any():
        raise MissingDataError("impressions")
    holders, held = lorenz(impressions).T
    return 1 - float(np.interp(1 - FEW, holders, held)), math.nan


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
        "views_of_few": Figure(views_of_few),
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


def first_posters(world: World) -> Codes:
    """The first poster of each post: its author, or its first seeder."""
    return world.posters[world.poster_indptr[:-1]].astype(np.int64)


def _tied(world: World, log: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether the viewer of each impression follows the first poster."""
    n = world.n_accounts
    tail, head, _ = world.follows.edge_arrays()
    pair = log["account"].to_numpy() * n + first_posters(world)[log["post"]]
    return np.isin(pair, tail.astype(np.int64) * n + head)


def _grouped(world: World, log: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether viewer and first poster of each impression are in a common group."""
    if world.group_indptr is None or world.groups is None:
        return np.zeros(log.height, np.bool_)
    member = np.repeat(np.arange(world.n_accounts), np.diff(world.group_indptr))
    groups = pl.DataFrame({"account": member, "group": world.groups})
    pairs = log.select(row=pl.int_range(pl.len()), account="account").with_columns(
        poster=pl.Series(first_posters(world)[log["post"]])
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
    viewer, poster = leaning[log["account"]], leaning[first_posters(arm.world)[log["post"]]]
    # posters of unknown leaning are of neither side
    side = np.nan_to_num(np.sign(viewer) * np.sign(poster) * (np.abs(poster) >= NEITHER))
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
