"""The checks of stylised_facts.py that tallies suffice for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from _facts import Data, Interval, Verdict, agree, every, first_partition
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
    ranker,
    uniform,
    watch_time,
)
from graphkit.simulation import Behaviour

Floats = npt.NDArray[np.float64]
SOCIAL_SHARES = (0.0, 0.2, 0.5, 1.0)


def shown(tally: ArmTally) -> Floats:
    """Impressions of each post."""
    return np.asarray(tally.ticks.sum(axis=1, dtype=np.int64), dtype=np.float64)


def entered(world: World, tally: ArmTally) -> npt.NDArray[np.bool_]:
    """Posts that entered within the run."""
    return np.asarray(world.ticks < tally.ticks.shape[1])


# --- larger accounts -----------------------------------------------------------------------------


def view_slope(world: World, tally: ArmTally) -> float:
    """Slope of ln(1 + views) of a post in ln(1 + followers), posts of one tick among themselves.

    Followers are those of its author when the simulation begins.
    """
    followers = np.bincount(world.follows.indices, minlength=world.n_accounts)
    kept = entered(world, tally)
    x, y, tick = (
        np.log1p(followers[world.posters[kept]]),
        np.log1p(shown(tally)[kept]),
        world.ticks[kept],
    )
    count = np.maximum(np.bincount(tick), 1)
    x = x - (np.bincount(tick, weights=x) / count)[tick]
    y = y - (np.bincount(tick, weights=y) / count)[tick]
    return float((x * y).sum() / (x * x).sum())


def view_rank(world: World, tally: ArmTally) -> float:
    """Spearman correlation over creators: followers with mean views per post."""
    kept = entered(world, tally)
    views, creator = shown(tally)[kept], world.posters[kept]
    posts = np.bincount(creator, minlength=world.n_accounts)
    mean = np.bincount(creator, weights=views, minlength=world.n_accounts) / np.maximum(posts, 1)
    followers = np.bincount(world.follows.indices, minlength=world.n_accounts)
    return float(stats.spearmanr(followers[posts > 0], mean[posts > 0]).statistic)


def check_larger_accounts(data: Data) -> Verdict | None:
    """Larger accounts get more views under For You, which has no weight for followers.

    Rule: the slope is above 0, and above that of the same feed without the base (no source
    `following`, no weight `followed`), at the social shares of taste 0, 0.2 and 1.
    """
    if not all(world.authored for world in data.worlds):
        return None
    feed = interest_centric()
    direct = ("author_followers", "author_hits", "small_creator", "global_reactions")
    assert not any(feed.weights.get(key, 0.0) for key in direct)
    bare = feed.but("no base", sources={"following": 0}, weights={"followed": 0.0})
    signs, table, figure = [], [], ""
    # what a uniform feed shows hangs on nobody's taste
    none = Interval.of(data.each(uniform(), view_slope))
    for s in (0.0, Behaviour().social_share, 1.0):
        mind = Behaviour(social_share=s)
        own, without = (data.each(f, view_slope, mind) for f in (feed, bare))
        slope, base = Interval.of(own), Interval.of(own - without)
        signs += [slope.sign, base.sign]
        rank = Interval.of(data.each(feed, view_rank, mind))
        table.append(
            f"s={s:.1f}: For You {slope}, without the base {Interval.of(without)}, through the "
            f"base {base}; Spearman {rank.mean:.2f}"
        )
        if s == Behaviour().social_share:
            figure = f"slope {slope}, of it through the base {base}, uniform {none}; "
            figure += f"ten times the followers: {10**slope.mean - 1:+.0%} views"
    table.append(f"uniform {none}")
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
    below 0 by all to fail; else it cannot be told. At other social shares than the default it is
    measured in three worlds.
    """
    signs: dict[str, list[int]] = {}
    table, figure = [], ""
    for s in SOCIAL_SHARES:
        own, mind = (
            (data, Behaviour())
            if s == Behaviour().social_share
            else (data.few, Behaviour(social_share=s))
        )
        for filler in ("uniform", "empty"):
            arms = {
                "interest": interest_centric().but("interest", filler=filler),
                "follower": follower_centric().but("follower", filler=filler),
            }
            spread = own.spread(arms, mind)
            outcome = gk.measure_spread(spread).filter(pl.col("community").is_null())
            gaps = gk.contrast(
                outcome.filter(pl.col("measure").is_in(["crossing", "viewer_diet_entropy"])),
                "interest",
                "follower",
            ).frame
            for kind in own.worlds[0].partitions:
                cells = []
                for measure in ("crossing", "viewer_diet_entropy"):
                    row = gaps.row(
                        by_predicate=(pl.col("partition") == kind) & (pl.col("measure") == measure),
                        named=True,
                    )
                    cells.append((measure, Interval(row["difference"], row["low"], row["high"])))
                inside = {
                    arm: [
                        shares_inside(w, t, kind)
                        for w, t in zip(own.worlds, spread.of(arm), strict=True)
                    ]
                    for arm in arms
                }
                apart = np.subtract(inside["interest"], inside["follower"])
                cells.append(("shares E–I", Interval.of(apart)))
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
        "by it; the paper compares platforms by political leaning, and no For You is among them. "
        + "; ".join(
            f"{measure}: {column.count(1)} for, {column.count(-1)} against"
            for measure, column in signs.items()
        ),
        table,
    )


# --- amplification -------------------------------------------------------------------------------


def random_groups(
    world: World, kind: str, own: ArmTally, base: ArmTally, rng: np.random.Generator
) -> float:
    """Mean standard deviation of the amplification of 100 random groupings, of sizes as they are."""
    kept = entered(world, own)
    homes, size = world.homes[kind][kept], world.partitions[kind].n_communities
    reach = [shown(tally)[kept] / tally.impressions for tally in (own, base)]
    found = []
    for _ in range(100):
        group = rng.permutation(homes)
        with_home = group >= 0
        first, second = (
            np.bincount(group[with_home], weights=x[with_home], minlength=size) for x in reach
        )
        ratio = np.divide(first, second, out=np.full(size, np.nan), where=second > 0)
        found.append(float(np.nanstd(ratio * 100, ddof=1)))
    return float(np.mean(found))


def check_amplification(data: Data) -> Verdict:
    """The ranked timeline amplifies communities unevenly, against the chronological one.

    Unevenness is the standard deviation over home communities of the amplification of
    ``gk.measures.amplification``. Rule: it exceeds that of random groups of posts of the same
    sizes (mean of 100), which holds the noise of draws and of posts alike, in every ranked feed,
    with slots left empty and with the slots that the feed shares with the chronological one.
    """
    arms = {
        "follower": follower_centric(),
        "interest": interest_centric(),
        "circle": circle_popularity(),
        "watch time": watch_time(),
    }
    signs, table, figure = [], [], ""
    rng = np.random.default_rng(1)
    kind = first_partition(data.worlds[0])
    for reading in ("empty", "shared"):
        for name, feed in arms.items():
            fed = {name: feed, "chronological": chronological()}
            spread = data.spread(fed, reading=reading)
            found = gk.measures.amplification(spread, partition=kind)
            real, random, top, low = [], [], [], []
            for w, world in enumerate(data.worlds):
                values = found.filter(pl.col("community").is_not_null(), arm=name, world=w)
                known = values["value"].drop_nulls().to_numpy()
                real.append(float(known.std(ddof=1)))
                top.append(float(known.max()))
                low.append(float(known.min()))
                own, base = (spread.tallies[a, w, 0] for a in (name, "chronological"))
                random.append(random_groups(world, kind, own, base, rng))
            gap = Interval.of(np.array(real) - np.array(random))
            signs.append(gap.sign)
            text = (
                f"{name:<10} {reading:<7} SD over communities {np.mean(real):.0f} %, random "
                f"groups {np.mean(random):.0f} %, beyond them {gap}; "
                f"from {np.mean(low):+.0f} % to {np.mean(top):+.0f} %"
            )
            table.append(text)
            if reading == "shared" and name in ("follower", "interest"):
                figure += (
                    f"{name}: SD {np.mean(real):.0f} % (random groups {np.mean(random):.0f} %), "
                )
                figure += f"{np.mean(low):+.0f} to {np.mean(top):+.0f} %; "
    # other draws in the same worlds: noise of the simulation alone
    ranked = {"follower": arms["follower"], "chronological": chronological()}
    once, twice = (
        gk.measures.amplification(
            data.few.spread(ranked, again=again, reading="empty"), partition=kind
        )
        for again in (False, True)
    )
    pair = once.join(twice, on=["world", "community"], suffix="_again").drop_nulls("community")
    apart = (pair["value"] - pair["value_again"]).drop_nulls().to_numpy()
    table.append(f"follower: other draws in the same worlds {np.sqrt((apart**2).mean() / 2):.0f} %")
    newest = data.spread({"newest": chronological()}).of("newest")
    empty_share = sum(t.empty for t in newest) / sum(t.offered for t in newest)
    return Verdict(
        "amplification",
        "the ranked timeline amplifies groups unevenly, up to several hundred percent",
        "Huszár et al. (2022), doi:10.1073/pnas.2025334119",
        data.name,
        figure.removesuffix("; "),
        every(signs),
        "a chronological feed that leaves the slots empty which it cannot fill, "
        f"{empty_share:.0%} of them. Communities stand for parties, which the worlds do not have",
        table,
    )


# --- structural virality -------------------------------------------------------------------------

#: Nodes from which on a cascade counts, and the mean virality up to which it is low: a star has 2.
LARGE, LOW = 20, 3.0


def trees_of(
    data: Data, feed: Feed, behaviour: Behaviour | None = None
) -> tuple[Interval, Interval, str]:
    """Mean virality of the large share trees, its rank correlation with size, and both in words."""
    found = []
    for world, tally in zip(data.worlds, data.spread({"": feed}, behaviour).of(""), strict=True):
        trees = cascades(tally.shares, world.n_posts, kinds=("share",))
        order = np.argsort(trees.size, kind="stable")
        order = order[trees.size[order] >= LARGE]
        size, virality = trees.size[order], trees.virality[order]
        if size.size < 12:
            found.append((np.nan, np.nan, size.size, trees.size.max(), np.nan, np.nan))
            continue
        rank, end = stats.spearmanr(size, virality).statistic, size.size // 4
        ends = virality[:end].mean(), virality[-end:].mean()
        found.append((virality.mean(), rank, size.size, trees.size.max(), *ends))
    low, flat, count, largest, small, large = np.array(found, dtype=np.float64).T
    words = f"virality {Interval.of(low)}, correlation with size {Interval.of(flat)}; smallest "
    words += f"quarter {Interval.of(small).mean:.2f}, largest {Interval.of(large).mean:.2f}; {count.mean():.0f} "
    words += f"trees of {LARGE} or more, the largest {largest.mean():.0f}"
    return Interval.of(low), Interval.of(flat), words


def check_structural_virality(data: Data) -> Verdict:
    """Structural virality of share trees is low and almost independent of their size.

    Over trees of at least 20 nodes. Rule, for the follower-centric, interest-centric and
    circle-popularity feed alike: the interval of the mean lies below 3 (a star has 2), and
    that of its rank correlation with size within −0.2 … 0.2. Both must fail or hold in all three,
    else it cannot be told.
    """
    arms = {
        "follower": follower_centric(),
        "interest": interest_centric(),
        "circle": circle_popularity(),
        "watch time": watch_time(),
        "posts and shares, newest first": Feed(
            "newest first", {"following": 200, "circle": 200}, {"recency": 1.0}, learning_rate=0.0
        ),
    }
    signs, table, figures, parts = [], [], [], []
    for name, feed in arms.items():
        low, flat, line = trees_of(data, feed)
        table.append(f"{name}: {line}")
        if name in ("follower", "interest", "circle"):
            both = (low.inside(0.0, LOW), flat.inside(-0.2, 0.2))
            signs.append(1 if min(both) > 0 else min(both))
            parts.append(both)
            figures.append(f"{name}: {low.mean:.2f}, correlation {flat}")
    for often in (-2.0, -1.0):
        for name in ("follower", "interest"):
            line = trees_of(data.few, arms[name], Behaviour(share_base=often))[2]
            table.append(f"share_base={often:g} {name}: {line}")
    return Verdict(
        "structural_virality",
        "structural virality is typically low and nearly independent of size",
        "Goel et al. (2016), doi:10.1287/mnsc.2015.2158",
        data.name,
        f"low {agree(p[0] for p in parts)}, independent of size {agree(p[1] for p in parts)}; "
        + "; ".join(figures),
        agree(signs),
        "most shares hang from the post itself, which the feed brings; but the larger a "
        "tree, the longer its chains, the more so the more is shared. Their trees have 100 nodes "
        "and more, out of a billion posts; these are few and small, and a star alone already "
        "grows from 1.9 to 2",
        table,
    )


# --- divisive posts ------------------------------------------------------------------------------


def divisive(world: World, tally: ArmTally) -> float:
    """Share of divisive posts in the impressions over their share of the posts that entered."""
    assert world.divisiveness is not None
    kept, seen = entered(world, tally), shown(tally)
    group = (world.divisiveness >= 0.5) & kept
    if not group.any():
        return float("nan")
    return float(seen[group].sum() / seen.sum() / (group.sum() / kept.sum()))


def check_divisive(data: Data) -> Verdict | None:
    """Divisive posts gain under feeds ranked by reactions.

    The gain of a feed is its divisive amplification with viewers who comment more on divisive
    posts (``comment_divisive=1``), less that with viewers who do not (0): same worlds, posts and
    draws, so that what divisive posts happen to be about, how good and how long they are, drops
    out. Rule: under the follower-centric and the circle-popularity feed it is above 0, which is
    that of a uniform feed, and above that of interest-centric.
    """
    if any(world.divisiveness is None for world in data.worlds):
        return None
    arms = {
        "follower": follower_centric(),
        "circle": circle_popularity(),
        "popularity": popularity(),
        "X 2023": ranker("x_2023"),
        "interest": interest_centric(),
        "uniform": uniform(),
    }
    none, table = Behaviour(comment_divisive=0.0), []

    def gains(own: Data, names: tuple[str, ...], strength: float) -> dict[str, Floats]:
        mind, found = Behaviour(comment_divisive=strength), {}
        for name in names:
            raw = own.each(arms[name], divisive, mind)
            found[name] = raw - own.each(arms[name], divisive, none)
            table.append(
                f"comment_divisive={strength:g} {name:<10} gain {Interval.of(found[name])}, "
                f"amplification {Interval.of(raw)}"
            )
        return found

    found = gains(data, ("follower", "circle", "interest"), Behaviour().comment_divisive)
    signs = [Interval.of(found[name]).sign for name in ("follower", "circle")]
    signs += [Interval.of(found[name] - found["interest"]).sign for name in ("follower", "circle")]
    figure = ", ".join(f"{name} {Interval.of(gain)}" for name, gain in found.items())
    # in a uniform feed comments move nothing, so that its gain is exactly 0
    gains(data.few, ("popularity", "X 2023", "uniform"), Behaviour().comment_divisive)
    loud = gains(data.few, tuple(arms), 4.0)
    means = ", ".join(f"{name} {gain.mean():.2f}" for name, gain in loud.items())
    return Verdict(
        "divisive",
        "divisive posts gain under feeds ranked by reactions",
        "Milli et al. (2025), doi:10.1093/pnasnexus/pgaf062; Rathje et al. (2021), "
        "doi:10.1073/pnas.2024292118",
        data.name,
        f"gain by comment_divisive=1: {figure}",
        every(signs),
        "viewers who comment more on what divides, and a weight for comments; before that, divisive "
        f"posts are shown no more than others. With comment_divisive=4: {means}",
        table,
    )
