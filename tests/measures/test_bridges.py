"""Bridges: counts and p by hand, crossing as their sum, observed logs, and laws."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import graphkit as gk
from graphkit.data.impressions import Impressions
from graphkit.data.spread import Spread
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import bridges, crossing


@pytest.fixture(scope="module")
def platform() -> gk.synthetic.Platform:
    return gk.synthetic.platform(300, communities=4, rng=2)


@pytest.fixture(scope="module")
def spread(platform: gk.synthetic.Platform) -> Spread:
    world = gk.build_world(platform, ticks=6, rng=2)
    arms = {"interest": gk.interest_centric(), "uniform": gk.recommenders.uniform()}
    return gk.simulate_spread(world, arms, ticks=6, slots=6, rng=2)


def one_world(by_hand: Any) -> tuple[Any, list[tuple[int, int, int]]]:
    """Six accounts of two communities and one of none; posts of accounts 0, 3, 0 and 6."""
    world = by_hand.world(["x"] * 3 + ["y"] * 3 + [None], [[0], [3], [0], [6]])
    log = [(1, 0, 0), (3, 0, 0), (4, 0, 0), (6, 0, 0), (0, 1, 0), (4, 1, 0), (2, 2, 0), (1, 3, 0)]
    return world, log


def test_posts_and_creators_by_hand(by_hand: Any) -> None:
    world, log = one_world(by_hand)
    spread = by_hand.spread(
        [world], {"a": [[by_hand.tally(world, log, sources=np.array([8, 0, 0]))]]}
    )
    found = bridges(spread, "planted", arm="a")
    rows = {row["item_id"]: row for row in found.frame.iter_rows(named=True)}
    assert set(rows) == {"p0000", "p0001", "p0002"}
    # of 6 views between communities, account 0 had one: 5 remain, 3 of them outside x
    first = rows["p0000"]
    assert (first["viewers"], first["outside"], first["community"]) == (3, 2, "x")
    assert first["expected"] == pytest.approx(3 * 3 / 5)
    assert first["excess"] == pytest.approx(2 - 9 / 5)
    assert first["ratio"] == pytest.approx(2 / (9 / 5))
    drawn = stats.hypergeom(5, 3, 3)
    assert first["p"] == pytest.approx(min(1, 2 * min(drawn.cdf(2), drawn.sf(1))))
    # account 3 had one view too: 5 remain, of accounts 1, 4, 0, 4, 2, and 3 are outside y
    assert rows["p0001"]["expected"] == pytest.approx(2 * 3 / 5)
    assert found.provenance.removed == {
        "posts without a community of origin": 1,
        "views without a community (over 1 runs)": 1,
    }
    by_creator = bridges(spread, "planted", arm="a", by="creator").frame
    row = by_creator.row(by_predicate=pl.col("account_id") == "a0000", named=True)
    assert (row["posts"], row["viewers"], row["outside"]) == (2, 4, 2)
    assert row["expected"] == pytest.approx(4 * 3 / 5)
    drawn = stats.hypergeom(5, 3, 4)
    assert row["p"] == pytest.approx(min(1, 2 * min(drawn.cdf(2), drawn.sf(1))))


def test_the_sum_over_posts_is_crossing(spread: Spread) -> None:
    world = spread.worlds[0]
    for arm in spread.arms:
        tally = spread.tallies[arm, 0, 0]
        exposure = crossing(
            tally.views["planted"],
            tally.diet["planted"],
            world.partitions["planted"].membership,
            homes=world.homes["planted"],
            poster_indptr=world.poster_indptr,
            posters=world.posters,
        )
        seen = exposure.views > 0
        posts = bridges(spread, "planted", arm=arm)
        assert posts.ratio == pytest.approx(exposure.ratio())
        ids = world.posts.series.gather(exposure.posts[seen]).cast(pl.String)
        rows = pl.DataFrame({"item_id": ids}).join(posts.frame, on="item_id", maintain_order="left")
        np.testing.assert_allclose(
            rows["expected"], (exposure.views * exposure.expected)[seen], rtol=1e-9
        )
        np.testing.assert_allclose(
            rows["outside"], (exposure.views * exposure.outside)[seen], atol=1e-9
        )
        creators = bridges(spread, "planted", arm=arm, by="creator").frame
        for column in ("viewers", "outside", "expected", "excess", "posts"):
            assert creators[column].sum() == pytest.approx(posts.frame[column].sum())


def test_a_uniform_feed_has_no_bridges_and_a_feed_of_interests_few(
    spread: Spread, platform: gk.synthetic.Platform
) -> None:
    uniform = bridges(spread, "planted", arm="uniform")
    assert uniform.ratio == pytest.approx(1, abs=0.03)
    told = uniform.frame["direction"].is_in(["higher", "lower"]).sum()
    assert told == 0
    # without replacement by account: p is not below a uniform one
    p = uniform.frame["p"].drop_nulls().to_numpy()
    assert (p <= 0.05).mean() <= 0.07
    tags = bridges(spread, "planted", arm="uniform", by="tag", dataset=platform.dataset).frame
    assert tags["direction"].is_in(["higher", "lower"]).sum() == 0
    assert (tags["p"].drop_nulls() <= 0.05).mean() <= 0.1
    interest = bridges(spread, "planted", arm="interest")
    assert interest.ratio < 0.9
    assert (interest.frame["direction"] == "lower").sum() > 10
    assert interest.frame["excess"].is_sorted(descending=True)


def test_random_draws_of_accounts_give_few_findings(by_hand: Any) -> None:
    """Viewers without replacement among 60 accounts of unequal activity: the level holds."""
    rng = np.random.default_rng(1)
    world = by_hand.world(["x"] * 25 + ["y"] * 20 + ["z"] * 15, [[i] for i in range(60)] * 2)
    weight = rng.gamma(2, size=60)
    p: list[float] = []
    findings = 0
    for _ in range(12):
        log = []
        for post, (poster,) in enumerate(world.posters.reshape(-1, 1).tolist()):
            odds = np.where(np.arange(60) == poster, 0, weight)
            shown = rng.choice(60, rng.integers(5, 15), replace=False, p=odds / odds.sum())
            log += [(int(a), post, 0) for a in shown]
        tally = by_hand.tally(world, log, sources=np.array([len(log), 0, 0]))
        found = bridges(by_hand.spread([world], {"a": [[tally]]}), "planted", arm="a").frame
        p += found["p"].to_list()
        findings += int(found["direction"].is_in(["higher", "lower"]).any())
    assert np.mean(np.array(p) <= 0.05) < 0.05
    assert np.mean(np.array(p) <= 0.2) < 0.2
    assert findings <= 3


def test_tags_by_a_plain_loop(spread: Spread, platform: gk.synthetic.Platform) -> None:
    posts = bridges(spread, "planted", arm="interest").frame
    found = bridges(spread, "planted", arm="interest", by="tag", dataset=platform.dataset)
    of = dict(platform.dataset.items.select("item_id", "tags").iter_rows())
    sums: dict[str, list[float]] = {}
    for item, outside, expected in posts.select("item_id", "outside", "expected").iter_rows():
        for tag in {gk.data.tags.fold_tag(t) for t in of[item] or ()}:
            row = sums.setdefault(tag, [0, 0.0, 0.0])
            row[0] += 1
            row[1] += outside
            row[2] += expected
    kept = {tag: row for tag, row in sums.items() if row[0] >= 5}
    assert set(found.frame["tag"]) == set(kept)
    for tag, count, outside, expected in found.frame.select(
        "tag", "posts", "outside", "expected"
    ).iter_rows():
        assert (count, outside, expected) == pytest.approx(tuple(kept[tag]))
    few = found.provenance.removed["tags of fewer than 5 posts"]
    assert few >= len(sums) - len(kept)
    assert set(found.frame["test"]) == {"normal approximation"}
    with pytest.raises(MissingDataError, match="needs dataset="):
        bridges(spread, "planted", arm="interest", by="tag")


def test_replications_give_an_interval(by_hand: Any) -> None:
    world, log = one_world(by_hand)
    other = [*log[:2], (5, 0, 0), *log[3:]]
    third = [log[0], *log[2:], (5, 2, 0)]
    runs = [by_hand.tally(world, rows, sources=np.array([8, 0, 0])) for rows in (log, other, third)]
    spread = by_hand.spread([world], {"a": [runs]})
    found = bridges(spread, "planted", arm="a")
    single = [bridges(by_hand.spread([world], {"a": [[run]]}), "planted", arm="a") for run in runs]
    for item in ("p0000", "p0001", "p0002"):
        excess = [x.frame.filter(item_id=item)["excess"][0] for x in single]
        row = found.frame.row(by_predicate=pl.col("item_id") == item, named=True)
        assert row["excess"] == pytest.approx(np.mean(excess))
        # counts are whole: the error is at least that of rounding
        error = max(float(np.std(excess, ddof=1)), np.sqrt(1 / 12)) / np.sqrt(3)
        half = float(stats.t.ppf(0.975, 2)) * error
        bounds = row["excess"] - half, row["excess"] + half
        assert (row["low"], row["high"]) == pytest.approx(bounds)
        assert row["p"] == pytest.approx(2 * stats.t.sf(abs(row["excess"]) / error, 2))
        assert row["test"] == "t over replications"
    assert found.interval == "within this world"
    # the same world simulated three times: the same posts, over worlds
    again = by_hand.spread([world] * 3, {"a": [[run] for run in runs]})
    over = bridges(again, "planted", arm="a")
    assert over.interval == "over populations of the same making"
    columns = ["item_id", "excess", "low", "high", "p"]
    assert over.frame.select(columns).equals(found.frame.select(columns))


def test_an_excess_of_nothing_in_every_run_is_no_certainty(by_hand: Any) -> None:
    world = by_hand.world(["x"] * 3 + ["y"] * 3, [[0], [3]])
    # of the views of others, half are outside x, as one of the two viewers of the first post is
    run = by_hand.tally(
        world, [(1, 0, 0), (3, 0, 0), (4, 1, 0), (1, 1, 0)], sources=np.array([4, 0, 0])
    )
    row = bridges(by_hand.spread([world], {"a": [[run] * 3]}), "planted", arm="a").frame.row(
        by_predicate=pl.col("item_id") == "p0000", named=True
    )
    half = float(stats.t.ppf(0.975, 2)) * np.sqrt(1 / 12 / 3)
    assert (row["excess"], row["p"], row["low"], row["high"]) == (
        0,
        1,
        pytest.approx(-half),
        pytest.approx(half),
    )


@pytest.mark.parametrize(("seed", "replications"), [(0, 2), (5, 3)])
def test_posts_that_are_alike_in_few_runs_are_no_discovery(seed: int, replications: int) -> None:
    """A uniform feed has no bridges: counts that are equal by chance are no certainty.

    Without an error of rounding these seeds have a p below 1e-4, and in ten of eighty such tables a
    post or creator was told.
    """
    platform = gk.synthetic.platform(300, rng=100 + seed)
    world = gk.build_world(platform, ticks=6, rng=seed)
    arms = {"uniform": gk.recommenders.uniform()}
    options = {"ticks": 6, "slots": 2, "replications": replications, "rng": seed}
    spread = gk.simulate_spread(world, arms, **options)
    for by in ("post", "creator"):
        found = bridges(spread, "planted", arm="uniform", by=by).frame
        assert set(found["direction"]) == {"not distinguishable"}
        assert found["p"].drop_nulls().min() > 5e-4
        assert (found["high"] - found["low"]).min() > 1


def test_worlds_of_other_posts_are_not_mixed_although_ids_are_alike() -> None:
    platform = gk.synthetic.platform(80, communities=2, rng=1)
    made = gk.synthetic.worlds(2, like=platform, ticks=3, rng=1)
    arms = {"uniform": gk.recommenders.uniform()}
    spread = gk.simulate_spread(made, arms, ticks=3, slots=4, rng=1)
    with pytest.raises(DataError, match="choose one by world="):
        bridges(spread, "planted", arm="uniform")
    assert bridges(spread, "planted", arm="uniform", world=1).frame.height > 5


def test_observed_impressions_give_what_the_same_log_of_a_spread_gives(by_hand: Any) -> None:
    world, log = one_world(by_hand)
    tally = by_hand.tally(world, log, sources=np.array([8, 0, 0]))
    simulated = bridges(by_hand.spread([world], {"a": [[tally]]}), "planted", arm="a", by="post")
    ids, posts = world.accounts.ids, world.posts.ids
    rows = [(ids[a], posts[p]) for a, p, _ in log]
    rows += [rows[0], (ids[0], posts[0])]  # seen again, and seen by its author
    dataset = gk.Dataset(
        impressions={"account_id": [a for a, _ in rows], "item_id": [p for _, p in rows]},
        items={"item_id": list(posts), "author_id": [ids[p] for p in world.posters]},
    )
    shown = Impressions.from_dataset(dataset)
    found = bridges(shown, world.partitions["planted"], dataset=dataset)
    columns = [
        "item_id",
        "community",
        "viewers",
        "outside",
        "expected",
        "excess",
        "ratio",
        "p",
        "p_fdr",
    ]
    assert found.frame.select(columns).equals(simulated.frame.select(columns))
    assert found.ratio == pytest.approx(simulated.ratio)
    assert found.provenance.removed == {
        "repeated views": 1,
        "views of an account's own posts": 1,
        "views of posts without a community of origin": 1,
        "views without a community": 1,
        "posts without a community of origin": 1,
    }
    creators = bridges(shown, world.partitions["planted"], by="creator", dataset=dataset).frame
    assert creators["viewers"].sum() == found.frame["viewers"].sum()
    with pytest.raises(MissingDataError, match="authors"):
        bridges(shown, world.partitions["planted"])
    with pytest.raises(OptionError, match="belong to a Spread"):
        bridges(shown, world.partitions["planted"], arm="a", dataset=dataset)
    with pytest.raises(OptionError, match="a Partition"):
        bridges(shown, "planted", dataset=dataset)


def test_other_names_give_the_same_and_filler_claims_nothing(spread: Spread) -> None:
    world = spread.worlds[0]
    old = world.partitions["planted"]
    named = replace(old, labels=tuple(f"{x}!" for x in old.labels))
    other = replace(
        spread, worlds=(replace(world, partitions={**world.partitions, "planted": named}),)
    )
    before = bridges(spread, "planted", arm="interest").frame
    after = bridges(other, "planted", arm="interest").frame
    assert after.with_columns(pl.col("community").str.strip_chars_end("!")).equals(before)
    filled = {
        key: replace(t, sources=np.append(np.zeros_like(t.sources[:-1]), t.sources.sum()))
        for key, t in spread.tallies.items()
    }
    found = bridges(replace(spread, tallies=filled), "planted", arm="interest")
    assert set(found.frame["direction"]) == {"not claimed: filler"}
    assert found.frame["p"].null_count() == found.frame.height
    assert "filler" in repr(found)


def test_what_is_refused(spread: Spread, by_hand: Any) -> None:
    with pytest.raises(MissingDataError, match="arm= is needed"):
        bridges(spread, "planted")
    with pytest.raises(MissingDataError, match="'uniform'"):
        bridges(spread, "planted", arm="unifrom")
    with pytest.raises(OptionError, match="by='account'"):
        bridges(spread, "planted", arm="uniform", by="account")
    with pytest.raises(DataError, match="Impressions is needed"):
        bridges(spread.worlds[0], "planted")  # type: ignore[arg-type]
    world = by_hand.world(["x"] * 3 + ["y"] * 3, [[0, 3]])
    seeded = by_hand.spread([world], {"a": [[by_hand.tally(world, [(4, 0, 0)])]]})
    with pytest.raises(DataError, match="no creator"):
        bridges(seeded, "planted", arm="a", by="creator")
    silent = by_hand.spread([world], {"a": [[by_hand.tally(world, [])]]})
    with pytest.raises(DataError, match="has a viewer"):
        bridges(silent, "planted", arm="a")


def test_tags_of_other_data_are_refused(spread: Spread, platform: gk.synthetic.Platform) -> None:
    options: dict[str, Any] = {"arm": "interest", "by": "tag"}
    frame = bridges(spread, "planted", dataset=platform.dataset, **options).frame
    # ids of synthetic platforms are alike
    other = gk.synthetic.platform(300, communities=4, rng=3)
    world = spread.worlds[0]
    assert set(world.posts.ids) & set(other.dataset.item_ids.ids)
    with pytest.raises(DataError, match=r"world 0 was made from other data.*build_world\(platform"):
        bridges(spread, "planted", dataset=other.dataset, **options)
    made = gk.synthetic.worlds(2, like=platform, ticks=3, rng=1)
    arms = {"interest": gk.interest_centric()}
    several = gk.simulate_spread(made, arms, ticks=3, slots=4, rng=1)
    with pytest.raises(DataError, match="world 1 was made from other data"):
        bridges(several, "planted", world=1, dataset=platform.dataset, **options)
    # worlds made of the world go back to its data, as do parts of the data
    noisy = gk.simulation.perturb_world(world, feature_noise=0.5)
    others: list[Any] = [noisy, gk.simulation.thin_posts(world, 0.5, rng=1)]
    for made_of in [*others, gk.resample_worlds(noisy, 2, rng=1)]:
        derived = gk.simulate_spread(made_of, arms, ticks=3, slots=4, rng=1)
        with pytest.raises(DataError, match="world 0 was made from other data"):
            bridges(derived, "planted", dataset=other.dataset, **options)
        assert bridges(derived, "planted", dataset=platform.dataset, **options).frame.height
    _, later = platform.dataset.split_time(platform.dataset.items["created_at"].median())
    assert bridges(spread, "planted", dataset=later, **options).frame.height
    # a platform has its dataset, and nothing is asked of a world that records nothing
    assert bridges(spread, "planted", dataset=platform, **options).frame.equals(frame)
    bare = replace(world, provenance=gk.data.provenance.Provenance("World"))
    unknown = replace(spread, worlds=(bare,))
    assert bridges(unknown, "planted", dataset=other.dataset, **options).frame.height
    with pytest.raises(DataError, match="bridges needs a graphkit Dataset, not a DataFrame"):
        bridges(spread, "planted", dataset=platform.dataset.items, **options)  # type: ignore[arg-type]
