"""Behaviour out of logs: what was put in is found, and what is not there is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

import graphkit as gk
from graphkit.data.platform import Platform
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.simulation import Behaviour, calibrate
from graphkit.simulation.build import item_draws
from graphkit.simulation.calibration import Calibration
from graphkit.simulation.interests import InterestSpace
from graphkit.simulation.log_evidence import TASTE_SHARE, gather_observations

START = datetime(2024, 1, 1, tzinfo=UTC)
TRUE = Behaviour(
    social_share=0.3,
    noise=0.2,
    watch_base=-1.0,
    watch_taste=3.0,
    watch_quality=1.2,
    watch_length=0.3,
    fatigue=0.2,
    like_base=-1.5,
    comment_base=-2.5,
    share_base=-2.5,
    follow_base=-3.0,
    duet_base=-3.5,
    stitch_base=-3.0,
    reaction_slope=3.0,
    comment_divisive=1.5,
    share_flagged=1.0,
    activity=0.4,
    stop_base=-2.2,
    stop_slope=1.5,
)


def planted(
    b: Behaviour,
    *,
    accounts: int = 500,
    items: int = 150,
    days: int = 8,
    seed: int = 1,
    spread: float | None = None,
) -> Platform:
    """A platform whose accounts follow Behaviour's formulas, one session after the other."""
    rng = np.random.default_rng(seed)
    tastes = rng.dirichlet(np.full(5, 0.4), accounts)
    unit = tastes / np.linalg.norm(tastes, axis=1, keepdims=True)
    topic, quality = rng.integers(0, 5, items), rng.random(items)
    duration, divisive = np.exp(rng.normal(3, 0.7, items)), rng.random(items)
    flagged, author = rng.random(items) < 0.3, rng.integers(0, accounts, items)
    follows = {
        (a, int(o)): None for a in range(accounts) for o in rng.integers(0, accounts, 25) if o != a
    }
    circle: list[set[int]] = [{int(a)} for a in author]
    shown, acts = [], []
    sd = b.watch_taste * b.noise if spread is None else spread
    for day in range(days):
        clock = day * 86_400
        for a in np.flatnonzero(rng.random(accounts) < b.activity).tolist():
            seen = np.zeros(5)
            while True:
                i = int(rng.integers(0, items))
                r = sum((a, o) in follows for o in circle[i])
                taste = (1 - b.social_share) * unit[a, topic[i]] + b.social_share * (1 - 0.5**r)
                logit = b.watch_base + b.watch_taste * taste + b.watch_quality * (quality[i] - 0.5)
                logit -= b.watch_length * np.log(duration[i] / 20) + b.fatigue * seen[topic[i]]
                w = float(expit(logit + sd * rng.standard_normal()))
                seen[topic[i]] += 1
                shown.append((a, i, clock, w))
                for kind, more in (
                    ("like", 0.0),
                    ("comment", b.comment_divisive * divisive[i]),
                    ("share", b.share_flagged * flagged[i]),
                    ("duet", 0.0),
                    ("stitch", 0.0),
                    ("follow", 0.0),
                ):
                    base = getattr(b, f"{kind}_base")
                    if rng.random() >= expit(base + b.reaction_slope * (w - 0.5) + more):
                        continue
                    if kind != "follow":
                        acts.append((a, i, kind, clock + 5))
                        circle[i].add(a)
                    elif author[i] != a and (a, int(author[i])) not in follows:
                        follows[a, int(author[i])] = clock + 5
                clock += 20
                if rng.random() < expit(b.stop_base - b.stop_slope * (w - 0.5)):
                    break
        assert clock < (day + 1) * 86_400 - 3600

    def at(seconds: int | None) -> datetime | None:
        return None if seconds is None else START + timedelta(seconds=seconds)

    names, posts = [f"a{i:04}" for i in range(accounts)], [f"v{i:04}" for i in range(items)]
    answer = ("duet", "stitch")
    ds = gk.Dataset(
        accounts={"account_id": names},
        items={
            "item_id": posts,
            "author_id": [names[a] for a in author],
            "duration": duration,
            "divisiveness": divisive,
            "flags": [["x"] if f else [] for f in flagged],
        },
        follows={
            "follower_id": [names[a] for a, _ in follows],
            "followee_id": [names[o] for _, o in follows],
            "since": pl.Series([at(t) for t in follows.values()], dtype=pl.Datetime("us", "UTC")),
        },
        interactions={
            "account_id": [names[a] for a, *_ in acts],
            "item_id": [None if k in answer else posts[i] for _, i, k, _ in acts],
            "target_item_id": [posts[i] if k in answer else None for _, i, k, _ in acts],
            "kind": [k for _, _, k, _ in acts],
            "at": [at(t) for *_, t in acts],
        },
        impressions={
            "account_id": [names[a] for a, *_ in shown],
            "item_id": [posts[i] for _, i, *_ in shown],
            "at": [at(t) for _, _, t, _ in shown],
            "watch_fraction": [w for *_, w in shown],
        },
    )
    truth = gk.Partition.from_membership(ds.account_ids, tastes.argmax(axis=1))
    return Platform(ds, truth, tuple("abcde"), tastes, topic, quality)


@pytest.fixture(scope="module")
def log() -> Platform:
    return planted(TRUE)


@pytest.fixture(scope="module")
def found(log: Platform) -> Calibration[Behaviour]:
    return calibrate(Behaviour(), log, rng=1)


@pytest.fixture(scope="module")
def synthetic() -> Platform:
    return gk.synthetic.platform(200, communities=4, posts_per_account=3, rng=1)


def without(ds: gk.Dataset, **tables: object) -> gk.Dataset:
    return gk.Dataset(**(ds.tables | tables))


def status(c: Calibration[Behaviour], name: str) -> tuple[str, str]:
    return c.parameters.filter(parameter=name).select("status", "why").row(0)


def evidence(ds: gk.Dataset | Platform, **options: object):
    given = {"space": None, "dimensions": 8, "seed": 1, "held_out": 0.2, "gap": 30.0, "tick": 24.0}
    return gather_observations(ds, **(given | options))


def test_what_was_put_in_is_found(found: Calibration[Behaviour]) -> None:
    rows = found.parameters.filter(pl.col("standard_error").is_not_null())
    assert rows.height == 19
    assert set(rows["status"]) == {"estimated"}
    for name, after, error in rows.select("parameter", "after", "standard_error").iter_rows():
        assert after == getattr(found.behaviour, name)
        assert abs(after - getattr(TRUE, name)) < 4 * error, name
    # … and not because everything would be within such errors
    errors = dict(rows.select("parameter", "standard_error").iter_rows())
    assert errors["watch_taste"] < 0.1
    assert errors["social_share"] < 0.05
    assert errors["reaction_slope"] < 0.2
    assert errors["stop_slope"] < 0.3


def test_the_rest_is_kept_and_named(found: Calibration[Behaviour]) -> None:
    assert found.behaviour.calibrated
    assert found.behaviour.quit_base == Behaviour().quit_base
    assert "quit_base" in found.not_estimated
    assert set(found.estimated) | set(found.not_estimated) == set(found.parameters["parameter"])
    assert "calibrated" not in found.parameters["parameter"]
    assert status(found, "drift")[0] == "not estimated"
    assert "19 of 34" in repr(found)
    assert "watch_taste" in found._repr_html_()


def test_held_out_accounts_are_fitted_better_than_before_and_by_a_rate(
    found: Calibration[Behaviour],
) -> None:
    fit = {row["outcome"]: row for row in found.fit.iter_rows(named=True)}
    assert set(fit) == {
        "watch",
        "like",
        "comment",
        "share",
        "follow",
        "duet",
        "stitch",
        "stop",
        "open",
    }
    for name in ("watch", "like", "comment", "share", "stop"):
        assert fit[name]["after"] > fit[name]["before"], name
        assert fit[name]["gain"] > 3 * fit[name]["standard_error"], name
        assert 0 < fit[name]["explained"] < 1
    assert fit["watch"]["n_train"] + fit["watch"]["n_held_out"] > 10_000
    assert fit["open"]["gain"] == 0


def test_simulated_is_as_observed_where_the_model_is_true(found: Calibration[Behaviour]) -> None:
    frame = found.observed_simulated
    assert set(frame["by"]) == {"share", "predicted", "watch fraction", "chain"}
    for (outcome, _), rows in frame.filter(by="share").group_by("outcome", "by"):
        assert rows["observed"].sum() == pytest.approx(1), outcome
        assert (rows["observed"] - rows["simulated"]).abs().max() < 0.04, outcome
    far = (frame["observed"] - frame["simulated"]).abs()
    error = (frame["observed"] * (1 - frame["observed"]) / frame["n"]).sqrt()
    assert (far.filter(frame["by"] == "chain") < 0.01).all()
    rates = frame["by"] == "watch fraction"
    assert (far.filter(rates) < 5 * error.filter(rates) + 0.02).all()


def test_without_a_taste_effect_there_is_none(log: Platform) -> None:
    none = replace(TRUE, watch_taste=0.0, watch_quality=0.0, watch_length=0.0, fatigue=0.0)
    c = calibrate(Behaviour(), planted(none, spread=0.8, seed=2), rng=1)
    row = c.parameters.filter(parameter="watch_taste").row(0, named=True)
    assert abs(row["after"]) < 4 * row["standard_error"] < 0.5
    assert status(c, "social_share")[0] == "not estimable"
    noise = c.parameters.filter(parameter="noise").row(0, named=True)
    assert np.isfinite(noise["after"])
    assert abs(c.behaviour.watch_taste * c.behaviour.noise) == pytest.approx(0.8, rel=0.03)
    gain = c.fit.filter(outcome="watch").row(0, named=True)
    assert abs(gain["gain"]) < 4 * gain["standard_error"] + 0.001


def test_taste_that_is_not_social_stays_in_its_range() -> None:
    alone = planted(replace(TRUE, social_share=0.0), accounts=150, seed=3)
    c = calibrate(Behaviour(), alone, rng=1)
    row = c.parameters.filter(parameter="social_share").row(0, named=True)
    assert 0 <= row["after"] < 4 * row["standard_error"] < 0.3
    assert row["status"] in ("estimated", "at its edge")


def test_the_bundled_platform_is_fitted() -> None:
    c = calibrate(Behaviour(), gk.load_platform(), rng=1)
    gain = dict(c.fit.select("outcome", "gain").iter_rows())
    assert gain["watch"] > 0.4
    assert gain["like"] > 0.05
    # its sessions have a length of their own: nothing that is watched ends one
    assert abs(gain["stop"]) < 1e-3


def test_rows_in_another_order_and_other_seeds(synthetic: Platform) -> None:
    ds = synthetic.dataset
    shuffled = gk.Dataset(
        **{n: f.sample(fraction=1, shuffle=True, seed=1) for n, f in ds.tables.items()},
        time_kinds=ds.time_kinds,
    )
    first, second = (calibrate(Behaviour(), d, dimensions=8, rng=1) for d in (ds, shuffled))
    assert first.content_key == second.content_key
    other = replace_dataset(synthetic, shuffled)
    assert calibrate(Behaviour(), synthetic, rng=1).content_key == (
        calibrate(Behaviour(), other, rng=1).content_key
    )
    again = calibrate(Behaviour(), synthetic, rng=2)
    assert again.behaviour == calibrate(Behaviour(), synthetic, rng=1).behaviour


def replace_dataset(platform: Platform, ds: gk.Dataset) -> Platform:
    return replace(platform, dataset=ds)


def test_accounts_are_on_one_side_only(log: Platform) -> None:
    e = evidence(log)
    held = {a for a in range(500) if e.held[e.account == a].any()}
    assert all(e.held[e.account == a].all() for a in held)
    assert 0.1 < len(held) / 500 < 0.3
    fewer = evidence(
        log.dataset.select_accounts(log.dataset.account_ids.ids[:100]), space=space(log)
    )
    assert (fewer.account_held[:100] == e.account_held[:100]).all()


def space(log: Platform) -> InterestSpace:
    eye = np.eye(5, dtype=np.float32)
    return InterestSpace(log.dataset.item_ids, eye[log.item_topics])


def test_tastes_come_from_other_items_than_watching(log: Platform) -> None:
    ds = log.dataset
    e = evidence(ds, space=space(log))
    learnt = item_draws(ds.item_ids) < TASTE_SHARE
    assert np.isnan(e.interest[learnt[e.item]]).all()
    used = ds.item_ids.ids[learnt].tolist()
    on = pl.coalesce("target_item_id", "item_id").is_in(used)
    # acts on items that are watched here change nothing; acts on the others are the taste
    fewer = evidence(without(ds, interactions=ds.interactions.filter(on)), space=space(log))
    np.testing.assert_array_equal(e.interest, fewer.interest)
    others = evidence(without(ds, interactions=ds.interactions.filter(~on)), space=space(log))
    assert np.isnan(others.interest).all()
    # without any acts, what was watched says it
    bare = gk.Dataset(**{k: v for k, v in ds.tables.items() if k != "interactions"})
    assert np.isfinite(evidence(bare, space=space(log)).interest[~learnt[e.item]]).mean() > 0.99
    c = calibrate(Behaviour(), ds, space=space(log), rng=1)
    # learned tastes are blurred ones: the effect is there, and smaller
    assert 1 < c.behaviour.watch_taste < 4
    assert c.fit.filter(outcome="watch")["gain"].item() > 0.1
    assert status(c, "social_share")[0] == "upper bound"
    kept = calibrate(Behaviour(social_share=0.1), ds, space=space(log), social_share="keep", rng=1)
    assert kept.behaviour.social_share == 0.1
    assert "social_share" in kept.not_estimated
    assert status(c, "watch_quality") == ("not estimable", "the log holds no quality of posts")


def small(**tables: object) -> gk.Dataset:
    return gk.Dataset(items={"item_id": ["v", "w"], "author_id": ["b", "c"]}, **tables)


def minute(*minutes: float) -> list[datetime]:
    return [START + timedelta(minutes=m) for m in minutes]


PAIR = InterestSpace(gk.Vocabulary(["v", "w"]), np.eye(2))


def test_sessions_repeats_and_ends() -> None:
    ds = small(
        impressions={
            "account_id": ["a"] * 6 + ["b"],
            "item_id": ["v", "v", "w", "v", "v", "w", "v"],
            "at": minute(0, 1, 2, 3, 40, 100, 100),
            "watch_fraction": [0.5] * 6 + [1.7],
        }
    )
    e = evidence(ds, space=PAIR)
    assert e.session.tolist() == [0, 0, 0, 0, 1, 2, 3]
    assert e.repeats.tolist() == [0, 1, 0, 2, 0, 0, 0]
    # the log ends at 100: nobody knows how the last two went on
    assert e.ended.tolist() == [0, 0, 0, 1, 1, -1, -1]
    assert e.watch[-1] == 1
    assert evidence(ds, space=PAIR, gap=60.0).session.tolist() == [0, 0, 0, 0, 0, 0, 1]
    hours = evidence(ds, space=PAIR, tick=0.5)
    assert hours.ticks == 3
    assert hours.opened.tolist() == [2, 0, -1]


def test_acts_belong_to_the_last_impression_before() -> None:
    ds = small(
        impressions={
            "account_id": ["a"] * 4,
            "item_id": ["v", "v", "w", "v"],
            "at": minute(0, 10, 20, 30),
            "watch_fraction": [0.5] * 4,
        },
        interactions={
            "account_id": ["a", "a", "a", "b", "a"],
            "item_id": ["v", "v", None, "v", "w"],
            "target_item_id": [None, None, "w", None, None],
            "kind": ["like", "repost", "duet", "like", "like"],
            "at": minute(10, 35, 99, 50, 5),
        },
    )
    e = evidence(ds, space=PAIR)
    assert e.reactions["like"].tolist() == [False, True, False, False]
    assert e.reactions["share"].tolist() == [False, False, False, True]
    assert e.reactions["duet"].tolist() == [False, False, True, False]
    assert e.removed["reactions to items of which no impression came before"] == 2


def test_follows_and_the_circle() -> None:
    ds = small(
        impressions={
            "account_id": ["a"] * 4,
            "item_id": ["v", "w", "v", "w"],
            "at": minute(0, 5, 10, 60),
            "watch_fraction": [0.5] * 4,
        },
        interactions={
            "account_id": ["c", "a"],
            "item_id": ["v", "v"],
            "kind": ["like"] * 2,
            "at": minute(4, 4),
        },
        follows={
            "follower_id": ["a", "a"],
            "followee_id": ["b", "c"],
            "since": [minute(7)[0], None],
        },
    )
    e = evidence(ds, space=PAIR)
    # c is followed from the start, b since minute 7: after v at 0 by b
    assert e.at_risk.tolist() == [True, False, False, False]
    assert e.reactions["follow"].tolist() == [True, False, False, False]
    # w: c posted it; v at 10: b posted it, c liked it
    assert e.social.tolist() == [0, 0.5, 0.75, 0.5]
    late = evidence(ds, space=PAIR, gap=6.0)
    assert not late.reactions["follow"].any()


def test_what_the_log_lacks_is_said(log: Platform) -> None:
    ds = log.dataset
    tables = ds.tables
    no_times = replace_dataset(log, without(ds, impressions=ds.impressions.drop("at")))
    c = calibrate(Behaviour(), no_times, rng=1)
    for name in ("fatigue", "stop_base", "stop_slope", "activity", "follow_base"):
        assert status(c, name)[0] == "not estimable", name
        assert "times" in status(c, name)[1]
    assert c.behaviour.fatigue == Behaviour().fatigue
    assert set(c.fit["outcome"]) == {"watch", "like", "comment", "share", "duet", "stitch"}
    silent = replace_dataset(
        log, gk.Dataset(**{k: v for k, v in tables.items() if k not in ("interactions", "follows")})
    )
    c = calibrate(Behaviour(), silent, rng=1)
    for name in ("like_base", "reaction_slope", "comment_divisive", "social_share", "follow_base"):
        assert status(c, name)[0] == "not estimable", name
    quiet = ds.interactions.filter(pl.col("kind") != "comment")
    plain = ds.items.drop("duration", "flags")
    c = calibrate(
        Behaviour(), replace_dataset(log, without(ds, interactions=quiet, items=plain)), rng=1
    )
    assert status(c, "comment_base") == (
        "not estimable",
        "it happened 0 times; at least 10 are needed",
    )
    assert status(c, "comment_divisive")[0] == "not estimable"
    assert status(c, "share_flagged") == ("not estimable", "there is no column items.flags")
    assert status(c, "watch_length")[1] == "there is no column items.duration"
    assert c.behaviour.comment_base == Behaviour().comment_base
    assert status(c, "like_base")[0] == "estimated"
    for frame in (c.parameters, c.fit):
        numbers = frame.select(pl.selectors.float()).to_numpy()
        assert np.isfinite(numbers[~np.isnan(numbers)]).all()


def test_bad_input_is_refused(log: Platform) -> None:
    ds, b = log.dataset, Behaviour()
    for option in (
        {"held_out": 0.0},
        {"held_out": 1.0},
        {"gap": 0.0},
        {"tick": float("nan")},
        {"draws": 1},
        {"dimensions": 1},
        {"social_share": "guess"},
    ):
        with pytest.raises(OptionError, match=next(iter(option))):
            calibrate(b, log, **option)
    with pytest.raises(MissingDataError, match=r"impressions\.watch_fraction"):
        calibrate(b, without(ds, impressions=ds.impressions.drop("watch_fraction")))
    with pytest.raises(MissingDataError, match="'impressions'"):
        calibrate(b, gk.Dataset(follows=ds.follows))
    with pytest.raises(MissingDataError, match="no rows"):
        calibrate(b, without(ds, impressions=ds.impressions.head(0)))
    with pytest.raises(MissingDataError, match="what items are about"):
        calibrate(b, ds)
    with pytest.raises(DataError, match="places none"):
        calibrate(b, ds, space=InterestSpace(gk.Vocabulary(["x"]), np.ones((1, 1))))
    binary = ds.impressions.with_columns(watch_fraction=(pl.col("watch_fraction") > 0.5) * 1.0)
    with pytest.raises(DataError, match=r"0 of .* watch fractions"):
        calibrate(b, replace_dataset(log, without(ds, impressions=binary)))
    one = ds.impressions.filter(pl.col("account_id") == "a0000")
    with pytest.raises(DataError, match="accounts with usable"):
        calibrate(b, replace_dataset(log, without(ds, impressions=one)))


def test_a_log_without_noise_is_refused(log: Platform) -> None:
    still = log.dataset.impressions.with_columns(watch_fraction=0.5)
    with pytest.raises(DataError, match="without any noise"):
        calibrate(Behaviour(), replace_dataset(log, without(log.dataset, impressions=still)))


def test_repeats_are_of_the_topics_of_the_simulation() -> None:
    """A topic is the largest dimension by size and sign, as in the engine."""
    ds = gk.Dataset(
        impressions={
            "account_id": ["a"] * 4,
            "item_id": ["p", "q", "r", "s"],
            "at": [datetime(2024, 1, 1, 0, minute, tzinfo=UTC) for minute in range(4)],
            "watch_fraction": [0.5] * 4,
        }
    )
    # p and r are of one topic; its opposite q, and s, which is nothing of it, are not
    features = np.array([[-1.0, 0.0], [1.0, 0.0], [-0.8, -0.6], [0.0, 1.0]])
    space = InterestSpace(ds.item_ids, features)
    assert evidence(ds, space=space).repeats.tolist() == [0, 0, 1, 0]


def test_tastes_of_a_platform_are_the_planted_ones_and_audiences_explain_nothing(
    synthetic: Platform,
) -> None:
    planted_taste = evidence(synthetic)
    assert planted_taste.planted
    again = evidence(synthetic, space="planted")
    np.testing.assert_array_equal(again.interest, planted_taste.interest)
    with pytest.raises(OptionError, match="explain their own watching"):
        calibrate(Behaviour(), synthetic, space="interactions", rng=1)
