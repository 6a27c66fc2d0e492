"""Published figures about feeds, held against the model: one named check each, one honest verdict.

    python benchmarks/stylised_facts.py [--worlds 10] [--check NAME …] [--data bundled …]

Every check states its claim, its source, and a rule that turns figures into a verdict; the
rules were fixed before the figures were known, and no preset was tuned to them. Figures are
means over worlds with 95 % t intervals: worlds drawn from the bundled platform (which share its
posts), platforms made afresh, and worlds drawn from HetRec's Last.fm where that is at hand.
Behaviour is the default one, which is **not calibrated**: a verdict says what the model does
under documented assumptions, and nothing about a platform.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl
from _facts import (
    FAILS,
    HOLDS,
    OPEN,
    STAYED,
    Data,
    Interval,
    Verdict,
    agree,
    bundled,
    every,
    first_partition,
    follows,
    fresh,
    hetrec,
    posters,
    topics,
)
from scipy import stats

import graphkit as gk
from graphkit.data.spread import ArmTally
from graphkit.data.world import World
from graphkit.measures import cascades, ei_index
from graphkit.recommenders import (
    Feed,
    chronological,
    circle_popularity,
    follower_centric,
    interest_centric,
    popularity,
    uniform,
    watch_time,
)
from graphkit.simulation import Behaviour

Floats = npt.NDArray[np.float64]
SOCIAL_SHARES = (0.0, 0.2, 0.5, 1.0)


def shown(tally: ArmTally) -> Floats:
    """Impressions of each post."""
    return tally.ticks.sum(axis=1, dtype=np.int64).astype(np.float64)


def entered(world: World, tally: ArmTally) -> npt.NDArray[np.bool_]:
    """Posts that entered within the run."""
    return np.asarray(world.ticks < tally.ticks.shape[1])


# --- larger accounts -----------------------------------------------------------------------------


def view_slope(world: World, tally: ArmTally) -> float:
    """Slope of ln(1 + views) of a post in ln(1 + followers), posts of one tick among themselves.

    Followers are those of its poster when the simulation begins; of several posters, their sum.
    """
    followers = np.bincount(world.follows.indices, minlength=world.n_accounts)
    of_post = np.add.reduceat(followers[world.posters], world.poster_indptr[:-1])
    kept = entered(world, tally)
    x, y, tick = np.log1p(of_post[kept]), np.log1p(shown(tally)[kept]), world.ticks[kept]
    count = np.maximum(np.bincount(tick), 1)
    x = x - (np.bincount(tick, weights=x) / count)[tick]
    y = y - (np.bincount(tick, weights=y) / count)[tick]
    return float((x * y).sum() / (x * x).sum())


def view_rank(world: World, tally: ArmTally) -> float:
    """Spearman correlation over creators: followers with mean views per post."""
    kept = np.repeat(entered(world, tally), np.diff(world.poster_indptr))
    views = np.repeat(shown(tally), np.diff(world.poster_indptr))[kept]
    creator = world.posters[kept]
    posts = np.bincount(creator, minlength=world.n_accounts)
    mean = np.bincount(creator, weights=views, minlength=world.n_accounts) / np.maximum(posts, 1)
    followers = np.bincount(world.follows.indices, minlength=world.n_accounts)
    return float(stats.spearmanr(followers[posts > 0], mean[posts > 0]).statistic)


def check_larger_accounts(data: Data) -> Verdict:
    """Larger accounts get more views under For You, which has no weight for followers.

    Rule: the slope is above 0, and above that of the same feed without the base (no source
    `following`, no weight `followed`), at every social share s of taste.
    """
    feed = interest_centric()
    direct = ("author_followers", "author_hits", "small_creator", "global_reactions")
    assert not any(feed.weights.get(key, 0.0) for key in direct)
    bare = feed.but("no base", sources={"following": 0}, weights={"followed": 0.0})
    signs, table = [], []
    figure = ""
    for s in SOCIAL_SHARES:
        own = data if s == Behaviour().social_share else data.few
        mind = Behaviour(social_share=s)
        slopes = [own.each(f, view_slope, mind) for f in (feed, bare, uniform())]
        slope, base = Interval.of(slopes[0]), Interval.of(slopes[0] - slopes[1])
        signs += [slope.sign, base.sign]
        rank = Interval.of(own.each(feed, view_rank, mind))
        table.append(
            f"s={s:.1f}: For You {slope}, without the base {Interval.of(slopes[1])}, uniform "
            f"{Interval.of(slopes[2])}, through the base {base}; Spearman {rank.mean:.2f}"
        )
        if own is data:
            tenfold = 10**slope.mean - 1
            figure = f"slope {slope}, of it through the base {base}; ten times the followers: {tenfold:+.0%} views"
    return Verdict(
        "larger_accounts",
        "accounts with more followers get more views, though followers are no direct factor",
        "TikTok Newsroom, 18 June 2020",
        data.name,
        figure,
        every(signs),
        "the source `following`; what is left without it comes with fame, not through the feed: "
        "better posts, larger communities, and viewers' own social taste",
        table,
    )


# --- segregation ---------------------------------------------------------------------------------


def shares_inside(world: World, tally: ArmTally, kind: str) -> float:
    """E–I index of who passes on whose posts."""
    home = world.homes[kind][tally.shares[:, 0]]
    member = world.partitions[kind].membership[tally.shares[:, 1]]
    known = (home >= 0) & (member >= 0)
    size = world.partitions[kind].n_communities
    matrix = np.zeros((size, size))
    np.add.at(matrix, (home[known], member[known]), 1.0)
    return ei_index(matrix)


def check_segregation(data: Data) -> Verdict:
    """Who sees whom is more segregated under a follower-centric than an interest-centric feed.

    Three measures, each higher where there is less segregation: crossing, entropy of a viewer's
    diet, E–I index of who passes on whose posts. Rule: the difference interest − follower must
    be above 0 by all measures, partitions, filler rules and social shares of taste to hold,
    below 0 by all to fail; else it cannot be told.
    """
    signs: dict[str, list[int]] = {}
    table, figure = [], ""
    for s in SOCIAL_SHARES:
        own, mind = (
            (data, Behaviour()) if s == Behaviour().social_share
            else (data.few, Behaviour(social_share=s))
        )  # fmt: skip
        for filler in ("uniform", "empty"):
            arms = {
                "interest": interest_centric().but("interest", filler=filler),
                "follower": follower_centric().but("follower", filler=filler),
            }
            spread = own.spread(arms, mind)
            outcome = gk.measure_spread(spread).filter(pl.col("community").is_null())
            gaps = gk.contrast(
                outcome.filter(pl.col("measure").is_in(["crossing", "viewer_diet_entropy"])),
                "interest", "follower",
            )  # fmt: skip
            for kind in own.worlds[0].partitions:
                cells = []
                for measure in ("crossing", "viewer_diet_entropy"):
                    row = gaps.row(
                        by_predicate=(pl.col("partition") == kind) & (pl.col("measure") == measure),
                        named=True,
                    )
                    cells.append((measure, Interval(row["difference"], row["low"], row["high"])))
                values = [
                    [shares_inside(w, t, kind) for w, t in zip(own.worlds, spread.of(a), strict=True)]
                    for a in arms
                ]
                cells.append(("shares E–I", Interval.of(np.subtract(*values))))
                for measure, gap in cells:
                    signs.setdefault(measure, []).append(gap.sign)
                text = "; ".join(f"{measure} {gap}" for measure, gap in cells)
                table.append(f"s={s:.1f} {filler:<7} {kind:<8} {text}")
                if own is data and filler == "uniform" and kind == first_partition(own.worlds[0]):
                    figure = f"crossing, interest − follower, {kind} partition: {cells[0][1]}"
    every_sign = [sign for column in signs.values() for sign in column]
    count = {sign: every_sign.count(sign) for sign in (1, 0, -1)}
    return Verdict(
        "segregation",
        "homophilic segregation is higher on Facebook and Twitter than on Reddit and Gab",
        "Cinelli et al. (2021), doi:10.1073/pnas.2023301118",
        data.name,
        f"{figure}; of {len(every_sign)} comparisons {count[1]} say follower-centric segregates "
        f"more, {count[-1]} less, {count[0]} neither",
        agree(every_sign),
        "interest here is what communities are made of, so a feed that serves it well segregates "
        "by it; the paper compares platforms by political leaning, which no For You was among. "
        + _where(table, signs),
        table,
    )


def _where(table: Sequence[str], signs: dict[str, list[int]]) -> str:
    """Which conditions have which sign, in words."""
    words = []
    for measure, column in signs.items():
        rows = zip(column, table, strict=True)
        least = sorted({" ".join(line.split()[:3]) for sign, line in rows if sign < 0})
        words.append(f"{measure}: against it in {len(least)} of {len(column)} conditions")
    return "; ".join(words)


# --- amplification -------------------------------------------------------------------------------


def community_amplification(
    homes: npt.NDArray[np.integer], own: Floats, base: Floats, size: int
) -> Floats:
    """Percent by community of post's reach under an arm over that under the baseline."""
    kept = homes >= 0
    totals = [np.bincount(homes[kept], weights=x[kept], minlength=size) for x in (own, base)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(totals[1] > 0, (totals[0] / totals[1] - 1) * 100, np.nan)


def check_amplification(data: Data) -> Verdict:
    """The ranked timeline amplifies communities unevenly, against the chronological one.

    Unevenness is the standard deviation over home communities of the amplification of
    ``gk.measures.amplification``. Two kinds of noise are held against it: replications of the
    same world, and random groups of posts of the same sizes (100 draws). Rule: it exceeds that
    of random groups in every ranked feed, with both filler rules.
    """
    arms = {"follower": follower_centric(), "interest": interest_centric(),
            "circle": circle_popularity(), "watch time": watch_time()}  # fmt: skip
    signs, table, figure = [], [], ""
    rng = np.random.default_rng(1)
    kind = first_partition(data.worlds[0])
    for filler in ("uniform", "empty"):
        fed = {name: feed.but(name, filler=filler) for name, feed in arms.items()}
        fed["chronological"] = chronological().but("chronological", filler=filler)
        spread = data.spread(fed)
        again = data.few.spread(fed, replications=2)
        found = gk.measures.amplification(spread, partition=kind)
        twice = gk.measures.amplification(again, partition=kind)
        for name in arms:
            real, random, top, low = [], [], [], []
            for w, world in enumerate(data.worlds):
                values = found.filter(pl.col("community").is_not_null(), arm=name, world=w)
                known = values["value"].drop_nulls().to_numpy()
                real.append(float(known.std(ddof=1)))
                top.append(float(known.max()))
                low.append(float(known.min()))
                own, base = (spread.tallies[a, w, 0] for a in (name, "chronological"))
                kept = entered(world, own)
                reach = [shown(own)[kept], shown(base)[kept]]
                size = world.partitions[kind].n_communities
                random.append(
                    np.mean([
                        np.nanstd(
                            community_amplification(
                                rng.permutation(world.homes[kind][kept]), *reach, size
                            ), ddof=1,
                        )
                        for _ in range(100)
                    ])
                )  # fmt: skip
            pair = twice.filter(pl.col("community").is_not_null(), arm=name).pivot(
                "replication", index=["world", "community"], values="value"
            )
            noise = float(((pair["0"] - pair["1"]).drop_nulls().to_numpy() / np.sqrt(2)).std())
            gap = Interval.of(np.array(real) - np.array(random))
            signs.append(gap.sign)
            text = (
                f"{name:<10} filler {filler:<7} SD over communities {np.mean(real):.0f} %, random "
                f"groups {np.mean(random):.0f} %, replications {noise:.0f} %; beyond random {gap}; "
                f"from {np.mean(low):+.0f} % to {np.mean(top):+.0f} %"
            )
            table.append(text)
            if filler == "uniform" and name in ("follower", "interest"):
                figure += f"{name}: SD {np.mean(real):.0f} % (random groups {np.mean(random):.0f} %), "
                figure += f"{np.mean(low):+.0f} to {np.mean(top):+.0f} %; "
    return Verdict(
        "amplification",
        "the ranked timeline amplifies groups unevenly, up to several hundred percent",
        "Huszár et al. (2022), doi:10.1073/pnas.2025334119",
        data.name,
        figure.removesuffix("; "),
        every(signs),
        "communities stand for parties, which the worlds do not have; under a matched budget what "
        "one gains others lose, so that one of several hundred percent must be small",
        table,
    )


# --- exploiting known interests ------------------------------------------------------------------


def exploit_shares(world: World, log: pl.DataFrame, most: int = 1000) -> tuple[float, float]:
    """Share of each viewer's first posts whose topic it had engaged with in an earlier tick.

    Engaged: liked, commented, shared, followed, answered, or watched to the end. Beside it the
    share that a uniform draw from all posts would have had at the same moments. Means over
    viewers.
    """
    of_post = topics(world)
    acts = ("like", "comment", "share", "follow", "complete", "duet", "stitch")
    rows = log.with_columns(topic=pl.Series(of_post)[log["post"]], place=pl.int_range(pl.len()))
    rows = rows.filter(pl.col("place").rank("ordinal").over("account") <= most)
    first = (
        rows.filter(pl.any_horizontal(acts)).group_by("account", "topic")
        .agg(since=pl.col("tick").min())
    )  # fmt: skip
    known = rows.join(first, on=["account", "topic"], how="left").with_columns(
        exploit=(pl.col("since") < pl.col("tick")).fill_null(False)
    )
    weight = np.bincount(of_post) / of_post.size
    steps = (
        first.with_columns(chance=pl.Series(weight)[first["topic"]])
        .sort("account", "since", "topic")
        .with_columns(chance=pl.col("chance").cum_sum().over("account"))
        .group_by("account", "since", maintain_order=True).agg(pl.col("chance").last())
    )  # fmt: skip
    known = known.sort("account", "tick").join_asof(
        steps.sort("account", "since"), left_on="tick", right_on="since", by="account",
        strategy="backward", allow_exact_matches=False, check_sortedness=False,
    )  # fmt: skip
    per = known.group_by("account", maintain_order=True).agg(
        pl.col("exploit").mean(), pl.col("chance").fill_null(0.0).mean()
    )
    return float(per["exploit"].mean()), float(per["chance"].mean())  # type: ignore[arg-type]


def check_exploit(data: Data) -> Verdict:
    """30 to 50 % of the first thousand recommendations exploit known interests.

    Rule: the interval of the share under For You lies within 30–50 %, and above the share that
    uniform draws would have; it fails if the interval lies outside the range.
    """
    feed = interest_centric()

    def shares(chosen: Feed, worlds: Sequence[World]) -> tuple[Floats, Floats]:
        logs = data.logs(chosen, worlds=worlds)
        pairs = [exploit_shares(w, log) for w, log in zip(worlds, logs, strict=True)]
        return np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])

    own, chance = shares(feed, data.worlds)
    share, gain = Interval.of(own), Interval.of(own - chance)
    few = data.worlds[:3]
    variants = {
        "topic penalty 0.3": {"topic_penalty": 0.3},
        "topic penalty 1": {"topic_penalty": 1.0},
        "everywhere 60": {"sources": {"everywhere": 60}},
        "interest 10, everywhere 60": {"sources": {"interest": 10, "everywhere": 60}},
        "chance 1": {"weights": {"chance": 1.0}},
        "chance 1, interest 30, everywhere 60": {
            "weights": {"chance": 1.0}, "sources": {"interest": 30, "everywhere": 60},
        },
        "chance 1, interest 10, everywhere 120": {
            "weights": {"chance": 1.0}, "sources": {"interest": 10, "everywhere": 120},
        },
        "chance 1, interest 0, everywhere 120": {
            "weights": {"chance": 1.0}, "sources": {"interest": 0, "everywhere": 120},
        },
    }  # fmt: skip
    table = [f"For You as it is: {share}, uniform draws {Interval.of(chance)}, beyond them {gain}"]
    reached = []
    for name, change in variants.items():
        found, by_chance = shares(feed.but(name, **change), few)  # type: ignore[arg-type]
        table.append(f"{name}: {found.mean():.3f}, uniform draws {by_chance.mean():.3f}")
        if 0.3 <= found.mean() <= 0.5:
            reached.append(name)
    found, by_chance = shares(uniform(), few)
    table.append(f"the uniform feed: {found.mean():.3f}, uniform draws {by_chance.mean():.3f}")
    seen = data.spread({"arm": feed}).impressions("arm") / sum(w.n_accounts for w in data.worlds)
    takes = (
        f"within the range: {'; '.join(reached)}" if reached else "no variant tried reaches it"
    )
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


# --- structural virality -------------------------------------------------------------------------

#: Nodes from which on a cascade counts, and the mean virality up to which it is low: a star has 2.
LARGE, LOW = 20, 3.0


def check_structural_virality(data: Data) -> Verdict:
    """Structural virality of share trees is low and almost independent of their size.

    Over trees of at least 20 nodes. Rule, for the follower-centric, interest-centric and
    circle-popularity feed alike: the interval of the mean lies below 3 (a star has 2), and
    that of its rank correlation with size within −0.2 … 0.2. Both must fail or hold in all three,
    else it cannot be told.
    """
    arms = {
        "follower": follower_centric(), "interest": interest_centric(),
        "circle": circle_popularity(), "watch time": watch_time(),
        "posts and shares, newest first": Feed(
            "newest first", {"following": 200, "circle": 200}, {"recency": 1.0}, learning_rate=0.0
        ),
    }  # fmt: skip
    signs, table, figures = [], [], []
    for name, feed in arms.items():
        mean, rank, count, largest = [], [], [], []
        for world, tally in zip(data.worlds, data.spread({name: feed}).of(name), strict=True):
            trees = cascades(tally.shares, world.n_posts, kinds=("share",))
            kept = trees.size >= LARGE
            count.append(int(kept.sum()))
            largest.append(int(trees.size.max()))
            mean.append(float(trees.virality[kept].mean()) if kept.any() else float("nan"))
            rank.append(
                float(stats.spearmanr(trees.size[kept], trees.virality[kept]).statistic)
                if kept.sum() >= 10 else float("nan")
            )  # fmt: skip
        low, flat = Interval.of(mean), Interval.of(rank)
        table.append(
            f"{name}: virality {low}, correlation with size {flat}; {np.mean(count):.0f} trees of "
            f"{LARGE} or more, the largest {np.mean(largest):.0f}"
        )
        if name in ("follower", "interest", "circle"):
            both = (low.inside(0.0, LOW), flat.inside(-0.2, 0.2))
            signs.append(1 if min(both) > 0 else min(both))
            figures.append(f"{name}: {low.mean:.2f}, correlation {flat}")
    return Verdict(
        "structural_virality",
        "structural virality is typically low and nearly independent of size",
        "Goel et al. (2016), doi:10.1287/mnsc.2015.2158",
        data.name,
        "; ".join(figures),
        agree(signs),
        "a tree hangs from the post wherever the feed, not a followee, brought it, so feeds of "
        "strangers' posts make stars; where the circle brings posts, chains grow with size. Their "
        "trees have 100 nodes and more, of a billion; these are few and small",
        table,
    )
