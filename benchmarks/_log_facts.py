"""The checks of stylised_facts.py that look at single impressions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl
from _facts import STAYED, Data, Interval, Verdict, every, first_partition, follows, posters, topics

from graphkit.attribution.figures import exploit_shares
from graphkit.data.graph import Graph
from graphkit.data.world import World
from graphkit.recommenders import Feed, follower_centric, interest_centric, uniform
from graphkit.simulation import Behaviour

Floats = npt.NDArray[np.float64]

# --- exploiting known interests ------------------------------------------------------------------


def ticks_of(log: pl.DataFrame) -> int:
    """Ticks that a run took."""
    return int(log["tick"].to_numpy().max()) + 1


def check_exploit(data: Data) -> Verdict:
    """30 to 50 % of the first thousand recommendations exploit known interests.

    Rule: the interval of the share under For You lies within 30–50 %, and above the share that
    uniform draws would have; it fails if the interval lies outside the range.
    """
    feed = interest_centric()

    def shares(own: Data, chosen: Feed) -> tuple[Floats, Floats]:
        pairs = [
            exploit_shares(w, log) for w, log in zip(own.worlds, own.logs(chosen), strict=True)
        ]
        return np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])

    exploited, chance = shares(data, feed)
    share, gain = Interval.of(exploited), Interval.of(exploited - chance)
    even, off = {"chance": 1.0}, {"interest": 0, "everywhere": 120}
    variants = [
        feed.but("topic penalty 0.15", topic_penalty=0.15),
        feed.but("topic penalty 0.3", topic_penalty=0.3),
        feed.but("topic penalty 1", topic_penalty=1.0),
        feed.but("everywhere 60", sources={"everywhere": 60}),
        feed.but("interest 10, everywhere 60", sources={"interest": 10, "everywhere": 60}),
        feed.but("interest 0, everywhere 120", sources=off),
        feed.but("interest 0, everywhere 120, chance 1", sources=off, weights=even),
        uniform(),
    ]
    table = [f"For You as it is: {share}, uniform draws {Interval.of(chance)}, beyond them {gain}"]
    reached = []
    for variant in variants:
        found, by_chance = (float(column.mean()) for column in shares(data.few, variant))
        table.append(f"{variant.name}: {found:.3f}, uniform draws {by_chance:.3f}")
        if 0.3 <= found <= 0.5 and variant.name != uniform().name:
            reached.append(f"{variant.name} ({found:.0%})")
    seen = np.mean([log.height / log["account"].n_unique() for log in data.logs(feed)])
    takes = f"within the range: {'; '.join(reached)}" if reached else "no variant tried reaches it"
    return Verdict(
        "exploit",
        "30–50 % of the first thousand recommendations exploit known interests",
        "Vombatkere et al. (2024), doi:10.1145/3589334.3645600",
        data.name,
        f"share {share}, uniform draws {Interval.of(chance).mean:.3f}; {seen:.0f} posts a viewer, "
        f"{np.unique(topics(data.worlds[0])).size} topics",
        every([share.inside(0.3, 0.5), gain.sign]),
        takes + "; the share hangs on how wide a topic is (theirs are hashtags, sounds and "
        "creators), and nothing from before the simulation counts as known",
        table,
    )


# --- the exposure funnel -------------------------------------------------------------------------


def funnel(world: World, log: pl.DataFrame) -> tuple[float, float, float]:
    """Cross-cutting share of what the circle offers, of what the feed shows of it, of what is taken up.

    Offered to a viewer: posts by followees, and those that followees liked, commented on or
    passed on. Cross-cutting: at home in another community than the viewer's. Means over viewers
    with something at every stage.
    """
    kind = first_partition(world)
    home = pl.Series(world.homes[kind].astype(np.int64))
    member = pl.Series(world.partitions[kind].membership.astype(np.int64))
    ties = follows(world)
    heard = log.filter(pl.any_horizontal("like", "comment", "share", "duet", "stitch"))
    made = posters(world).join(
        pl.DataFrame({"post": np.flatnonzero(world.ticks < ticks_of(log))}), on="post"
    )
    source = pl.concat([made, heard.select("post", poster="account")])
    offered = ties.join(source, on="poster").select("account", "post").unique()
    circle = log.filter(pl.col("surface").is_in(["following", "circle"]))
    stages = []
    for rows in (offered, circle, circle.filter(pl.col("watch") >= STAYED)):
        cross = rows.select("account", own=member[rows["account"]], home=home[rows["post"]])
        cross = cross.filter((pl.col("own") >= 0) & (pl.col("home") >= 0))
        stages.append(cross.group_by("account").agg((pl.col("own") != pl.col("home")).mean()))
    both = stages[0]
    for number, stage in enumerate(stages[1:]):
        both = both.join(stage, on="account", suffix=f"_{number}")
    columns = [name for name in both.columns if name != "account"]
    first, second, third = (float(both.sort("account")[name].mean()) for name in columns)  # type: ignore[arg-type]
    return first, second, third


def check_exposure_funnel(data: Data) -> Verdict:
    """The cross-cutting share falls from what friends share to the feed to what is clicked.

    A click is a post watched for at least half. Rule: under the follower-centric feed both falls
    are above 0.
    """
    table, signs, figure = [], [], ""
    for s in (Behaviour().social_share, 0.0, 1.0):
        own = data if s == Behaviour().social_share else data.few
        logs = own.logs(follower_centric(), Behaviour(social_share=s))
        stages = np.array([funnel(w, log) for w, log in zip(own.worlds, logs, strict=True)])
        falls = [Interval.of(stages[:, i] - stages[:, i + 1]) for i in (0, 1)]
        means = " → ".join(f"{x:.1%}" for x in stages.mean(axis=0))
        table.append(f"s={s:.1f}: {means}; falls {falls[0]}, {falls[1]}")
        if own is data:
            figure = f"{means}; falls {falls[0]}, {falls[1]}"
            signs = [fall.sign for fall in falls]
    return Verdict(
        "exposure_funnel",
        "cross-cutting news: 29.5 % of what friends share, 28.9 % of the feed, 24.9 % of clicks",
        "Bakshy et al. (2015), doi:10.1126/science.aaa1160",
        data.name,
        figure,
        every(signs),
        "direction only: communities stand for political leaning. The second fall needs taste for "
        "the topic (s below 1); the first comes with ranking by a circle of like minds",
        table,
    )


# --- unconnected accounts ------------------------------------------------------------------------


def group_members(world: World) -> pl.DataFrame:
    """Account and group, one row per membership."""
    assert world.group_indptr is not None
    size = np.diff(world.group_indptr)
    return pl.DataFrame({"account": np.repeat(np.arange(size.size), size), "group": world.groups})


def unconnected(world: World, log: pl.DataFrame) -> tuple[float, float, float]:
    """Impressions of posters not followed; of these, nor of one's groups; of these, nor by the circle.

    Shares of all impressions.
    """
    ties = follows(world).with_columns(tied=pl.lit(True))
    pairs = log.select("account", "post").unique().join(posters(world), on="post")
    followed = pairs.join(ties, on=["account", "poster"], how="inner").select("account", "post")
    known = [followed.unique().with_columns(followed=pl.lit(True))]
    if world.group_indptr is not None and world.groups is not None:
        groups = group_members(world)
        shared = (
            pairs.join(groups, on="account")
            .join(groups.rename({"account": "poster"}), on=["poster", "group"])
            .select("account", "post")
            .unique()
        )
        known.append(shared.with_columns(grouped=pl.lit(True)))
    rows = log.select("account", "post", "surface")
    for table in known:
        rows = rows.join(table, on=["account", "post"], how="left")
    if len(known) == 1:
        rows = rows.with_columns(grouped=pl.lit(None, pl.Boolean))
    stranger = pl.col("followed").is_null()
    apart = stranger & pl.col("grouped").is_null()
    found = rows.select(
        stranger.mean(), b=apart.mean(), c=(apart & (pl.col("surface") != "circle")).mean()
    )
    first, second, third = (float(x) for x in found.row(0))
    return first, second, third


def connected_supply(world: World, log: pl.DataFrame) -> float:
    """Share of a viewer's slots that posts by its followees and its groups' members could fill."""
    made = posters(world).join(
        pl.DataFrame({"post": np.flatnonzero(world.ticks < ticks_of(log))}), on="post"
    )
    pairs = [follows(world)]
    if world.group_indptr is not None and world.groups is not None:
        groups = group_members(world)
        by = made.join(groups.rename({"account": "poster"}), on="poster").select("post", "group")
        pairs.append(groups.join(by.unique(), on="group").select("account", "post"))
    offered = pairs[0].join(made, on="poster").select("account", "post")
    offered = pl.concat([offered, *pairs[1:]]).unique().group_by("account").len("offered")
    slots = log.group_by("account").len("slots").join(offered, on="account", how="left")
    share = pl.col("offered").fill_null(0) / pl.col("slots")
    return float(slots.select(share.clip(upper_bound=1.0).mean()).item())


def check_unconnected(data: Data) -> Verdict:
    """About 15 % of a classic feed comes from unconnected accounts.

    Unconnected: the viewer follows none of the posters and shares no group with them. Rule: the
    interval of the share under the follower-centric feed lies within 10–20 %.
    """
    logs = data.logs(follower_centric())
    parts = np.array([unconnected(w, log) for w, log in zip(data.worlds, logs, strict=True)])
    strangers, apart, brought = (Interval.of(column) for column in parts.T)
    table = [
        f"not followed {strangers}",
        f"not followed, and of no group of the viewer's {apart}",
        f"the same, and not brought by the circle (filler) {brought}",
    ]
    supply = Interval.of(connected_supply(w, log) for w, log in zip(data.worlds, logs, strict=True))
    table.append(f"posts by followees and groups would fill {supply} of the slots")
    tried = []
    feed = follower_centric()
    for slots, variant in (
        (data.slots, feed.but("no circle", sources={"circle": 0})),
        (data.slots, feed.but("circle 10", sources={"circle": 10})),
        (data.slots, feed.but("followed 2", weights={"followed": 2.0})),
        (2, feed.but("2 slots")),
        (2, feed.but("2 slots, no circle", sources={"circle": 0})),
        (
            2,
            feed.but(
                "2 slots, circle 10, followed 2", sources={"circle": 10}, weights={"followed": 2.0}
            ),
        ),
    ):
        own = replace(data.few, slots=slots)
        found = np.mean(
            [unconnected(w, g)[1] for w, g in zip(own.worlds, own.logs(variant), strict=True)]
        )
        table.append(f"{variant.name}: of no tie or group {found:.3f}")
        tried.append((abs(float(found) - 0.15), f"{variant.name} ({found:.0%})"))
    return Verdict(
        "unconnected",
        "about 15 % of Facebook's feed comes from unconnected accounts",
        "Meta (2022), second-quarter earnings call, 27 July 2022",
        data.name,
        f"{apart} of no tie or group, {brought.mean:.3f} without what the circle brings",
        every([apart.inside(0.1, 0.2)]),
        "more posts by followees and groups, which would fill "
        f"{supply.mean:.0%} of the slots here, and a circle that brings less: most of what it reacts to "
        "is by strangers; "
        f"nearest to 15 %: {min(tried)[1]}",
        table,
    )


# --- follow, like, view --------------------------------------------------------------------------

#: Acts of a puppet, all of one kind.
DOSE = 10
#: Signal of the feed by act.
ACTS = {"follow": "follow", "like": "like", "view": "completion"}


def puppets(world: World, act: str, feed: Feed) -> tuple[World, npt.NDArray[np.int64]]:
    """The world after a tenth of its accounts did `act` to ten posts of the stock each.

    Each act moves the profile by learning rate · signal, as it does in a session; a follow adds the
    tie besides. Accounts and posts are drawn the same whatever the act.
    """
    rng = np.random.default_rng(7)
    n = world.n_accounts
    chosen = np.sort(rng.choice(n, n // 10, replace=False))
    stock = np.flatnonzero(world.ticks == 0)
    posts = np.stack([rng.choice(stock, DOSE, replace=False) for _ in chosen])
    profiles = world.profiles.astype(np.float64)
    move = feed.learning_rate * feed.signals[act]
    profiles[chosen] += move * world.post_features[posts].astype(np.float64).sum(axis=1)
    length = np.linalg.norm(profiles, axis=1, keepdims=True)
    profiles = np.divide(profiles, length, out=np.zeros_like(profiles), where=length > 0)
    changed = replace(world, profiles=profiles.astype(np.float32))
    if act != "follow":
        return changed, chosen
    new = np.repeat(chosen, DOSE), world.posters[world.poster_indptr[posts.ravel()]]
    old = world.follows.edge_arrays()
    pairs = [np.concatenate([a, b]).astype(np.int64) for a, b in zip(old[:2], new, strict=True)]
    arcs = np.unique(pairs[0] * n + pairs[1])
    arcs = arcs[arcs // n != arcs % n]
    ids = world.accounts.ids
    ties = Graph.from_edges(
        ids[arcs // n], ids[arcs % n], directed=True, nodes=world.accounts, node_kind="accounts"
    )
    return replace(changed, follows=ties), chosen


def influence(data: Data, feed: Feed) -> dict[str, Floats]:
    """How far each act moves a puppet's feed, world by world; see `check_influence`."""
    before = data.logs(feed)
    found = {}
    for name, act in ACTS.items():
        changed = [puppets(world, act, feed) for world in data.worlds]
        logs = data.logs(feed, worlds=[world for world, _ in changed])
        values = []
        for log, control, (world, chosen) in zip(logs, before, changed, strict=True):
            others = np.setdiff1d(np.arange(world.n_accounts), chosen)
            values.append(moved(log, control, chosen) - moved(log, control, others))
        found[name] = np.array(values)
    return found


def moved(log: pl.DataFrame, control: pl.DataFrame, accounts: npt.NDArray[np.int64]) -> float:
    """Share of what these accounts are shown that their twins of the control run are not."""
    mine, twin = (
        rows.filter(pl.col("account").is_in(accounts)).select("account", "post")
        for rows in (log, control)
    )
    return 1 - mine.join(twin, on=["account", "post"]).height / mine.height


def check_influence(data: Data) -> Verdict:
    """Following moves the feed most, then liking, then watching to the end.

    A tenth of the accounts are puppets, each of which did one thing to ten random posts before its
    first session; their twins in the same world did nothing. How far the feed moved is the share
    of what a puppet is shown that its twin is not, less the same of the other accounts. Rule:
    follow > like > view, both differences above 0.
    """
    feed = interest_centric()
    found = influence(data, feed)
    gaps = [
        Interval.of(found["follow"] - found["like"]),
        Interval.of(found["like"] - found["view"]),
    ]
    table = [f"{name}: feed moved by {Interval.of(values)}" for name, values in found.items()]
    table += [f"follow − like {gaps[0]}", f"like − view {gaps[1]}"]
    swapped = feed.but("likes 1, completions 0.6", signals={"like": 1.0, "completion": 0.6})
    other = influence(data.few, swapped)
    gap = Interval.of(other["like"] - other["view"])
    moves = ", ".join(f"{name} {np.mean(values):.3f}" for name, values in other.items())
    table.append(f"{swapped.name}: {moves}; like − view {gap}")
    signals = ", ".join(f"{name} {feed.signals[act]:g}" for name, act in ACTS.items())
    return Verdict(
        "influence",
        "follow > like > view rate as influence on what is recommended",
        "Boeker & Urman (2022), doi:10.1145/3485447.3512102",
        data.name,
        ", ".join(f"{name} {np.mean(values):.3f}" for name, values in found.items())
        + f"; follow − like {gaps[0]}, like − view {gaps[1]}",
        every(gap.sign for gap in gaps),
        f"the signals of the preset ({signals}) set it: completion first, as in TikTok's own words. "
        f"With {swapped.name}: {moves}",
        table,
    )
