"""Answers on TikTok (stitches of May 2024, 24 hashtags), fitted on half of the tags, and simulated.

    python benchmarks/stitch_answers.py [--data ../shared/data] [--draws 60] [--figure answers.png]

The tags are split beforehand by a hash of their names: a tag is for testing if the BLAKE2b digest of
"stitch-answers:" + tag begins with an odd byte, else for fitting. Answers that were collected under
tags of both halves, or whose parent has answers in both, are left out of the test and counted.

What is known beforehand: Høgenhaug et al. (2025, arXiv:2502.18661) tell of 31 % of the stitches
within a day and 82 % within 30 days of the original, over 36 tags; 24 of them are in these data.

The stitches were searched by hashtag and month, and then traced to the videos that they cite. So a
stitch is seen whatever the age of its parent (delays are cut only by the month), while a parent is
seen only through its stitches: how many videos are never stitched cannot be estimated from it, and
whether a stitch is stitched only if that stitch has one of the tags.
"""

from __future__ import annotations

import argparse
import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse, stats

import graphkit as gk
from graphkit.measures import AnswerTrees, DelayFit, answers, compare_answers, fit_delays

DAYS = (1.0, 7.0, 30.0, 90.0)
MONTH = (datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC))
PUBLISHED = {1.0: 0.31, 30.0: 0.82}
Floats = npt.NDArray[np.float64]


def is_for_testing(tag: str) -> bool:
    """The half of a tag, by a hash of its name."""
    return hashlib.blake2b(f"stitch-answers:{tag}".encode()).digest()[0] % 2 == 1


@dataclass(frozen=True)
class Half:
    """The data of some tags, and the fit to all of their answers."""

    tags: list[str]
    dataset: gk.Dataset
    found: AnswerTrees


def read(folder: Path, tags: list[str]) -> gk.Dataset:
    """The data of some tags."""
    files = [folder / side / f"{tag}.json" for side in ("sources", "targets") for tag in tags]
    lists = [folder / "edges" / f"{tag}_edges.txt" for tag in tags]
    dataset, _ = gk.readwrite.read_tiktok_api([f for f in files if f.exists()], stitches=lists)
    return dataset


def pairs_of(dataset: gk.Dataset) -> pl.DataFrame:
    """Answers: item_id, target_item_id, account_id."""
    assert dataset.interactions is not None
    rows = dataset.interactions.filter(pl.col("kind").cast(pl.String) == "stitch")
    return rows.select("item_id", "target_item_id", "account_id", "target_account_id")


def without(dataset: gk.Dataset, items: pl.Series) -> gk.Dataset:
    """The dataset without some answers."""
    assert dataset.interactions is not None
    kept = dataset.interactions.filter(~pl.col("item_id").is_in(items.implode()))
    return gk.Dataset(items=dataset.items, interactions=kept)


def per_edge(folder: Path, tags: list[str]) -> tuple[int, int, Floats, Floats]:
    """Lines of the lists, those without a stitched video, shares of lines, and means of the tags'."""
    lines, unknown, by = 0, 0, []
    for tag in tags:
        delays: list[float] = []
        for line in (folder / "edges" / f"{tag}_edges.txt").read_text().splitlines():
            if not line.strip():
                continue
            lines += 1
            ids = [part.rstrip("/").rsplit("/", 1)[-1] for part in line.split(",")[:2]]
            if len(ids) < 2 or not all(i.isdigit() for i in ids):
                unknown += 1
                continue
            # the upper half of an id is the second of its creation
            delays.append(((int(ids[0]) >> 32) - (int(ids[1]) >> 32)) / 86_400)
        by.append(np.array(delays))
    whole = np.concatenate(by)
    shares = np.array([np.mean(whole <= d) for d in DAYS])
    means = np.array([np.mean([np.mean(part <= d) for part in by]) for d in DAYS])
    return lines, unknown, shares, means


def by_tag(folder: Path, tags: list[str]) -> dict[str, DelayFit]:
    """Delays of each tag."""
    return {tag: answers(read(folder, [tag]), window=MONTH).delays for tag in tags}


def refit(parts: list[DelayFit]) -> DelayFit:
    """One fit to the delays of several tags."""
    return fit_delays(
        np.concatenate([p.delays for p in parts]),
        lowest=np.concatenate([p.lowest for p in parts]),
        highest=np.concatenate([p.highest for p in parts]),
    )


def predicted_delays(fit: dict[str, DelayFit], test: dict[str, DelayFit], draws: int) -> None:
    """Shares predicted from one half for the other; intervals by drawing tags of both."""
    rng = np.random.default_rng(1)
    whole, other = refit(list(fit.values())), list(test.values())

    def observed(parts: list[DelayFit]) -> Floats:
        delays = np.concatenate([p.delays for p in parts])
        return np.array([np.mean(delays <= d) for d in DAYS])

    def expected(of: DelayFit, parts: list[DelayFit]) -> Floats:
        low = np.concatenate([p.lowest for p in parts])
        high = np.concatenate([p.highest for p in parts])
        return of.expected(DAYS, lowest=low, highest=high)

    first, told = observed(other), expected(whole, other)
    apart = []
    for _ in range(draws):
        names = rng.choice(sorted(fit), size=len(fit))
        again = refit([fit[name] for name in names])
        chosen = [other[k] for k in rng.integers(len(other), size=len(other))]
        if again.fitted:
            apart.append(observed(chosen) - expected(again, chosen))
    low, high = np.quantile(apart, (0.025, 0.975), axis=0)
    print(
        "\nDelays: fitted on half of the tags, tested on the other (tags drawn anew for intervals)"
    )
    print("  within    predicted  observed  observed − predicted")
    for k, day in enumerate(DAYS):
        print(
            f"  {day:3.0f} days     {told[k]:6.1%}    {first[k]:6.1%}"
            f"  {first[k] - told[k]:+.3f} [{low[k]:+.3f}, {high[k]:+.3f}]"
        )
    size = np.array([p.delays.size for p in other])
    off = np.array([np.mean(p.delays <= 30) - expected(whole, [p])[2] for p in other])
    large = size >= 50
    print(
        f"  of {large.sum()} test tags with 50 answers or more, the share within 30 days is off by "
        f"{np.abs(off[large]).mean():.3f} on average, {np.abs(off[large]).max():.3f} at most"
    )


def show_delays(name: str, fit: DelayFit) -> None:
    """The fit in one line."""
    half = 1.96 * fit.mu_se, 1.96 * fit.sigma_se
    print(
        f"  {name}: {fit.delays.size:,} delays, mu {fit.mu:.3f} ± {half[0]:.2f}, sigma "
        f"{fit.sigma:.3f} ± {half[1]:.2f}, median {math.exp(fit.mu):.2f} days, largest difference "
        f"of shares {fit.distance:.3f}"
    )


def chains(train: Half, test: Half, draws: int = 100_000) -> None:
    """Depth predicted by branching: an answer is answered with the chance seen while fitting."""
    pairs, other = pairs_of(train.dataset), pairs_of(test.dataset)
    answered = pairs["item_id"].is_in(pairs["target_item_id"].implode())
    n, k = pairs.height, int(answered.sum())
    most = float(stats.beta.ppf(0.975, k + 1, n - k))
    sizes = pairs.group_by("target_item_id").len()["len"].to_numpy()
    rng = np.random.default_rng(2)
    print(f"\nChains: {k} of {n:,} answers are answered (at most {most:.2e}, 97.5 % bound)")
    for name, chance in (("estimate", k / n), ("its bound", most)):
        depth = np.ones(draws, np.int64)
        alive = rng.choice(sizes, size=draws)
        while alive.any():
            more = rng.binomial(alive, chance)
            grown = np.flatnonzero(more)
            alive = np.zeros(draws, np.int64)
            if grown.size:
                alive[grown] = [int(rng.choice(sizes, size=m).sum()) for m in more[grown]]
            depth[grown] += 1
        print(f"  predicted share of trees deeper than 1, {name}: {np.mean(depth > 1):.5f}")
    seen = other["item_id"].is_in(other["target_item_id"].implode())
    trees = other["target_item_id"].n_unique()
    print(f"  observed in the test tags: {int(seen.sum())} of {trees:,} trees")
    for half, found in (("fit", train.found), ("test", test.found)):
        row = found.frame.row(by_predicate=pl.col("measure") == "answers_per_post", named=True)
        print(
            f"  answers per answered video, {half}: {row['value']:.3f} "
            f"[{row['low']:.3f}, {row['high']:.3f}]"
        )


def could_be_seen(dataset: gk.Dataset, tags: list[str]) -> None:
    """Parents that would have been collected as answers too, had they been answers."""
    assert dataset.items is not None
    pairs = pairs_of(dataset)
    parents = dataset.items.filter(
        pl.col("item_id").is_in(pairs["target_item_id"].implode()),
        pl.col("created_at").is_between(*MONTH),
        pl.col("tags").list.set_intersection(list(tags)).list.len() > 0,
    )
    both = parents["item_id"].is_in(pairs["item_id"].implode()).sum()
    print(
        f"  parents made in the month with one of the tags, which would be seen as stitches: "
        f"{parents.height:,}; that are: {both}"
    )


# tags of an answer, of its parent, and of the answerer's other videos ---------------------------


def tag_vectors(items: pl.DataFrame, unwanted: set[str]) -> tuple[pl.DataFrame, sparse.csr_array]:
    """Videos with a tag left, and their tf–idf vectors of unit length."""
    rows = items.select("item_id", "author_id", "tags").explode("tags").drop_nulls("tags")
    rows = rows.filter(~pl.col("tags").is_in(sorted(unwanted))).unique(["item_id", "tags"])
    videos = rows.select("item_id", "author_id").unique("item_id").sort("item_id")
    names = rows.select("tags").unique().sort("tags").with_row_index("column")
    rows = rows.join(videos.with_row_index("row"), on="item_id").join(names, on="tags")
    counts = np.bincount(rows["column"], minlength=names.height)
    weight = np.log(videos.height / counts)[rows["column"].to_numpy()]
    shape = (videos.height, names.height)
    table = sparse.csr_array((weight, (rows["row"].to_numpy(), rows["column"].to_numpy())), shape)
    length = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    scale = sparse.diags_array(1 / np.maximum(length, 1e-12))
    return videos.with_row_index("row"), sparse.csr_array(scale @ table)


def answer_mix(items: pl.DataFrame, pairs: pl.DataFrame, unwanted: set[str], draws: int) -> str:
    """Weight of the parent in an answer's tags, beside that of the answerer's own topic.

    The tags a of an answer are taken as b_p p + b_o w + error, with p the tags of its parent and w
    the mean of the answerer's other videos, of which two, o and o', are two noisy readings. So
    a·p = b_p p·p + b_o p·o and a·o = b_p p·o + b_o o·o', and the weight is b_p / (b_p + b_o).

    That is the weight of the parent's very tags. Tags are a noisy reading of its topic, which an
    answer may take up in other words; so the weight of the topic is larger. It is estimated with
    another answer s to the same parent, by somebody else, in place of p on the left:
    s·a = b_p s·p + b_o s·o.
    """
    videos, table = tag_vectors(items, unwanted)
    mean = np.asarray(table.mean(axis=0)).ravel()
    # products with the mean taken off, so that common tags do not count
    off = table @ mean
    square = float(mean @ mean)

    def product(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> Floats:
        both = np.asarray(table[a].multiply(table[b]).sum(axis=1)).ravel()
        return both - off[a] - off[b] + square

    row = videos.select("item_id", pl.col("row").cast(pl.Int64))
    triples = (
        pairs.filter(pl.col("account_id") != pl.col("target_account_id"))
        .join(row.rename({"row": "a"}), on="item_id")
        .join(row.rename({"item_id": "target_item_id", "row": "p"}), on="target_item_id")
    )
    own = videos.select(
        account_id=pl.col("author_id"), other="item_id", o=pl.col("row").cast(pl.Int64)
    )
    parent = pairs.select(other="item_id", same=pl.col("target_item_id"))
    others = triples.join(own, on="account_id").filter(pl.col("other") != pl.col("item_id"))
    others = others.join(parent, on="other", how="left").filter(
        pl.col("same").ne_missing(pl.col("target_item_id")),
        pl.col("other") != pl.col("target_item_id"),
    )
    # at most six others of an answer, by id
    others = others.sort("item_id", "other").group_by("item_id", maintain_order=True).head(6)
    twice = others.join(others.select("item_id", q="o"), on="item_id").filter(
        pl.col("o") < pl.col("q")
    )
    moments = others.with_columns(
        ap=product(others["a"].to_numpy(), others["p"].to_numpy()),
        pp=product(others["p"].to_numpy(), others["p"].to_numpy()),
        ao=product(others["a"].to_numpy(), others["o"].to_numpy()),
        po=product(others["p"].to_numpy(), others["o"].to_numpy()),
    )
    by = moments.group_by("item_id", "account_id").agg(pl.col("ap", "pp", "ao", "po").mean())
    pair = twice.with_columns(oo=product(twice["o"].to_numpy(), twice["q"].to_numpy()))
    by = by.join(pair.group_by("item_id").agg(pl.col("oo").mean()), on="item_id").sort("item_id")
    # another answer to the same parent, by somebody else
    beside = triples.select("target_item_id", rival="item_id", who="account_id", s="a")
    siblings = triples.join(beside, on="target_item_id").filter(
        pl.col("account_id") != pl.col("who")
    )
    siblings = siblings.sort("item_id", "rival").group_by("item_id", maintain_order=True).head(6)
    siblings = siblings.with_columns(
        sa=product(siblings["s"].to_numpy(), siblings["a"].to_numpy()),
        sp=product(siblings["s"].to_numpy(), siblings["p"].to_numpy()),
    )
    across = others.join(siblings.select("item_id", "s"), on="item_id")
    across = across.with_columns(so=product(across["s"].to_numpy(), across["o"].to_numpy()))
    topical = (
        by.join(siblings.group_by("item_id").agg(pl.col("sa", "sp").mean()), on="item_id")
        .join(across.group_by("item_id").agg(pl.col("so").mean()), on="item_id")
        .join(pairs.select("item_id", "target_item_id"), on="item_id")
        .sort("item_id")
    )
    rng = np.random.default_rng(3)

    def weigh(rows: pl.DataFrame, group: str, names: tuple[str, ...]) -> str:
        sums = rows.group_by(group).agg(pl.col(*set(names)).sum()).sort(group)
        table = np.column_stack([sums.get_column(name) for name in names])

        def weights(part: Floats) -> Floats:
            first, on_parent, on_own, second, cross, own = part.sum(axis=0)
            b = np.linalg.solve([[on_parent, on_own], [cross, own]], [first, second])
            return np.array([b[0] / b.sum(), *b])

        best = weights(table)
        again = [
            weights(table[rng.integers(len(table), size=len(table))])[0] for _ in range(10 * draws)
        ]
        low, high = np.quantile(again, (0.025, 0.975))
        return (
            f"{best[0]:.3f} [{low:.3f}, {high:.3f}] (parent {best[1]:.3f}, own {best[2]:.3f}; "
            f"{rows.height:,} answers)"
        )

    words = weigh(by, "account_id", ("ap", "pp", "po", "ao", "po", "oo"))
    topics = weigh(topical, "target_item_id", ("sa", "sp", "so", "ao", "po", "oo"))
    return (
        f"weight of the parent, in tags {words}, in topics {topics}; {pairs.height:,} answers, "
        f"{triples.height:,} with tags on both sides"
    )


def shared_tags(items: pl.DataFrame, pairs: pl.DataFrame, unwanted: set[str]) -> str:
    """Share of an answer's tags that its parent has and the answerer's other videos do not."""
    rows = items.select("item_id", "author_id", "tags").explode("tags").drop_nulls("tags")
    rows = rows.filter(~pl.col("tags").is_in(sorted(unwanted))).unique(["item_id", "tags"])
    uses = rows.group_by("author_id", "tags").agg(uses=pl.len())
    at = pairs.filter(pl.col("account_id") != pl.col("target_account_id")).sort("item_id")
    own = at.join(rows.drop("author_id"), on="item_id")
    own = own.join(
        uses, left_on=["account_id", "tags"], right_on=["author_id", "tags"], how="left"
    ).with_columns(elsewhere=pl.col("uses") > 1)
    rng = np.random.default_rng(4)
    shares = []
    for parents in (at["target_item_id"], at["target_item_id"].gather(rng.permutation(at.height))):
        of = at.select("item_id", parent=parents)
        told = rows.select(parent="item_id", tags="tags").with_columns(there=pl.lit(value=True))
        both = own.join(of, on="item_id").join(told, on=["parent", "tags"], how="left")
        found = both.select(
            inside=pl.col("there").fill_null(value=False).mean(),
            beyond=(pl.col("there").fill_null(value=False) & ~pl.col("elsewhere")).mean(),
        )
        shares.append(found.row(0))
    (there, beyond), (chance, chance_beyond) = shares
    return (
        f"{own.height:,} tags of answers: {there:.1%} are the parent's (by chance {chance:.1%}), "
        f"{beyond:.1%} are and no other video of the answerer has them (by chance {chance_beyond:.1%})"
    )


# communities ------------------------------------------------------------------------------------


def by_collecting_tag(items: pl.DataFrame, tags: list[str]) -> gk.Partition:
    """The collecting tag that most of an account's videos have among their own; ties: the rarer."""
    rows = items.select("author_id", "tags").explode("tags").drop_nulls()
    rows = rows.filter(pl.col("tags").is_in(tags))
    rarity = rows.group_by("tags").len(name="all")
    best = (
        rows.group_by("author_id", "tags")
        .len()
        .join(rarity, on="tags")
        .sort("author_id", pl.col("len"), "all", "tags", descending=[False, True, False, False])
        .unique("author_id", keep="first", maintain_order=True)
    )
    return gk.Partition.from_membership(dict(best.select("author_id", "tags").iter_rows()))


def by_cotags(dataset: gk.Dataset, unwanted: set[str]) -> gk.Partition:
    """Leiden communities of authors who use the same tags."""
    graph = gk.cointeraction_graph(
        dataset, between="authors", through="tags", weight="tfidf", exclude=unwanted, top=100
    )
    found = gk.leiden(graph, runs=2, iterations=2, min_size=20, rng=1)
    return gk.label_communities(found, dataset, stop=unwanted)


def show_mixing(name: str, found: AnswerTrees) -> None:
    """Inside share, E–I index and its null, in one line."""

    def text(measure: str) -> str:
        row = found.frame.row(by_predicate=pl.col("measure") == measure, named=True)
        bounds = "" if row["low"] is None else f" [{row['low']:.3f}, {row['high']:.3f}]"
        return "–" if row["value"] is None else f"{row['value']:.3f}{bounds}"

    assert found.mixing is not None
    total = found.mixing.observed.sum()
    print(
        f"  {name}: {len(found.mixing.labels)} communities, {total:,.0f} answers between accounts "
        f"({found.mixing.n_excluded:,} without a community on either side); inside "
        f"{text('inside')}, by the margins {text('inside_margins')}; E–I {text('ei_index')}, "
        f"permuted {text('ei_null')}; trees with an answer from outside {text('trees_crossing')}"
    )


def simulated(n: int, ticks: int, accounts: int) -> tuple[dict[str, AnswerTrees], AnswerTrees]:
    """Answers of free runs on synthetic platforms, and those of a synthetic log."""
    made, log = [], None
    for seed in range(n):
        platform = gk.synthetic.platform(accounts, posts_per_account=20.0, rng=seed)
        log = log or answers(platform, platform.truth)
        first = platform.dataset.items["created_at"].min()  # type: ignore[index]
        since = first + timedelta(days=6)  # type: ignore[operator]
        made.append(gk.build_world(platform, ticks=ticks, since=since, rng=seed))
    arms = {"follower": gk.follower_centric(), "interest": gk.interest_centric()}
    spread = gk.simulate_spread(made, arms, ticks=ticks, slots=8, budget="free", rng=1)
    assert log is not None
    found = {arm: answers(spread, "planted", arm=arm, tick_days=24 / ticks) for arm in spread.arms}
    return found, log


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--draws", type=int, default=60)
    parser.add_argument("--worlds", type=int, default=3)
    parser.add_argument("--ticks", type=int, default=12)
    parser.add_argument("--accounts", type=int, default=400)
    parser.add_argument("--figure", type=Path)
    given = parser.parse_args()
    folder = given.data / "tiktok_stitchgraph"
    tags = sorted(p.stem for p in (folder / "sources").glob("*.json"))
    if not tags:
        parser.exit(0, f"no data in {folder}: nothing to do\n")
    halves = {False: [], True: []}  # type: dict[bool, list[str]]
    for tag in tags:
        halves[is_for_testing(tag)].append(tag)
    for test in (False, True):
        print(f"{'test' if test else 'fit '}: {' '.join(halves[test])}")
    everything = read(folder, tags)
    unwanted = set(gk.STOP_TAGS) | set(tags)
    lines, unknown, edges, means = per_edge(folder, tags)
    whole = answers(everything, window=MONTH)
    print(f"\n{lines:,} lines of stitches, {unknown:,} without the stitched video; {whole!r}")
    print(
        "\nShares within days: published (36 tags); here per stitch, per line, and mean of the 24 tags"
    )
    for k, day in enumerate(DAYS):
        told = f"{PUBLISHED[day]:.0%}" if day in PUBLISHED else "–"
        own = whole.value(f"within_{day:g}")
        print(f"  {day:3.0f}: {told:>4}   {own:.1%}  {edges[k]:.1%}  {means[k]:.1%}")

    fit, test = read(folder, halves[False]), read(folder, halves[True])
    mine, theirs = pairs_of(fit), pairs_of(test)
    leaked = theirs.filter(
        pl.col("item_id").is_in(mine["item_id"].implode())
        | pl.col("target_item_id").is_in(mine["target_item_id"].implode())
    )["item_id"]
    print(
        f"\n{leaked.len():,} of {theirs.height:,} answers of the test tags are in the fit as well: left out"
    )
    train = Half(halves[False], fit, answers(fit, window=MONTH))
    clean = without(test, leaked)
    held = Half(halves[True], clean, answers(clean, window=MONTH))
    show_delays("fit", train.found.delays)
    show_delays("test", held.found.delays)
    show_delays("all", whole.delays)
    tested = {
        tag: answers(without(read(folder, [tag]), leaked), window=MONTH).delays
        for tag in halves[True]
    }
    predicted_delays(by_tag(folder, halves[False]), tested, given.draws)
    chains(train, held)
    could_be_seen(everything, tags)

    assert everything.items is not None
    pairs = pairs_of(everything)
    print("\nTags of answers, of parents, and of the answerer's other videos")
    for name, stop in (("collecting tags left out", unwanted), ("kept", set(gk.STOP_TAGS))):
        print(f"  {name}: {shared_tags(everything.items, pairs, stop)}")
    for name, half in (("fit", fit), ("test", clean)):
        assert half.items is not None
        print(f"  {name}: {answer_mix(half.items, pairs_of(half), unwanted, given.draws)}")
    print(f"  all: {answer_mix(everything.items, pairs, unwanted, given.draws)}")
    kept = answer_mix(everything.items, pairs, set(gk.STOP_TAGS), given.draws)
    print(f"  all, collecting tags kept: {kept}")

    print("\nWho answers whom")
    collected = answers(everything, by_collecting_tag(everything.items, tags), window=MONTH)
    show_mixing("collecting tags", collected)
    cotags = by_cotags(everything, unwanted)
    found = answers(everything, cotags, window=MONTH)
    show_mixing("co-tags", found)
    # the same without circularity: half of the answers, whose tags did not make the communities
    hashed = pairs.with_columns(
        half=pl.col("item_id").map_elements(is_for_testing, return_dtype=pl.Boolean)
    )
    judged = hashed.filter("half")["item_id"]
    rest = everything.items.with_columns(
        tags=pl.when(pl.col("item_id").is_in(judged.implode())).then(None).otherwise(pl.col("tags"))
    )
    blind = gk.Dataset(items=rest, interactions=everything.interactions)
    others = by_cotags(blind, unwanted)
    unjudged = hashed.filter(~pl.col("half"))["item_id"]
    show_mixing(
        "co-tags of other videos", answers(without(everything, unjudged), others, window=MONTH)
    )

    runs, log = simulated(given.worlds, given.ticks, given.accounts)
    sides = {"May 2024": found, "synthetic log": log, **runs}
    both = compare_answers(sides)
    print("\nSide by side")
    with pl.Config(tbl_rows=40, tbl_cols=20, tbl_width_chars=240, float_precision=3):
        print(both.wide)
    for name, side in sides.items():
        interval = side.frame["interval"].drop_nulls().unique().to_list()
        print(f"  {name}: intervals {'; '.join(interval)}; {dict(side.provenance.removed)}")
    if given.figure:
        gk.plot.answers(both).write(given.figure)


if __name__ == "__main__":
    main()
