"""The simulation against a slow twin, and the laws that every feed must obey."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import chisquare

import graphkit as gk
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.recommenders import FACTORS, SIGNALS, Feed, presets
from graphkit.recommenders import _arrays as rank
from graphkit.simulation import Behaviour
from graphkit.simulation import _engine as engine
from graphkit.simulation._engine import Run

PRESETS: dict[str, Callable[[], Feed]] = {
    "interest": presets.interest_centric,
    "follower": presets.follower_centric,
    "chronological": presets.chronological,
    "popularity": presets.popularity,
    "uniform": presets.uniform,
    "half": lambda: presets.blend(
        presets.follower_centric(), presets.interest_centric(), 0.5
    ),
    "all factors": lambda: Feed(
        "all", {"following": 9, "circle": 9, "interest": 9, "fresh": 9, "trending": 9, "everywhere": 9},
        {factor: 0.1 * (i + 1) for i, factor in enumerate(FACTORS)}, 0.1, 0.2,
        filler="popularity",
    ),
}  # fmt: skip
TICKS, SLOTS = 5, 4


@pytest.fixture(scope="session")
def world() -> World:
    return gk.build_world(
        gk.synthetic.platform(150, communities=5, posts_per_account=3, rng=1), ticks=TICKS, rng=1
    )


def simulate(world: World, arms: dict[str, Feed], **options: object) -> Spread:
    known = {"ticks": TICKS, "slots": SLOTS, "rng": 1} | options
    return gk.simulate_spread(world, arms, **known)


# the slow twin ---------------------------------------------------------------------------

FULL = 2**64 - 1


def mix(x: int) -> int:
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & FULL
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & FULL
    return x ^ (x >> 31)


def bits(seed: int, event: int, a: int, b: int, n: int) -> int:
    x = mix((seed + event * 0x9E3779B97F4A7C15) & FULL)
    x = mix(x ^ ((a + 0x9E3779B97F4A7C15) & FULL))
    x = mix(x ^ ((b + 0xC2B2AE3D27D4EB4F) & FULL))
    return mix(x ^ ((n + 0x165667B19E3779F9) & FULL))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


class Twin:
    """The same simulation with sets, dictionaries and loops, one session after the other."""

    def __init__(self, world: World, feed: Feed, mind: Behaviour, slots: int, seed: int) -> None:
        self.w, self.feed, self.mind, self.slots, self.seed = world, feed, mind, slots, seed
        self.akey = [int(k) for k in world.account_keys]
        self.pkey = [int(k) for k in world.post_keys]
        p = world.poster_indptr
        self.posters = [world.posters[p[i] : p[i + 1]].tolist() for i in range(world.n_posts)]
        f = world.follows.indptr
        self.followees = [
            sorted(world.follows.indices[f[a] : f[a + 1]].tolist(), key=lambda x: self.akey[x])
            for a in range(world.n_accounts)
        ]
        self.profiles = world.profiles.copy()
        self.ring: dict[int, list[tuple[int, int, int]]] = {
            a: [(-1, -(10**6), 0)] * 8 for a in range(world.n_accounts)
        }
        self.turn = [0] * world.n_accounts
        self.seen: dict[int, set[int]] = defaultdict(set)
        self.watch, self.views, self.reacted = ([0] * world.n_posts for _ in range(3))

    def draw(self, event: int, a: int, post: int | None, n: int) -> float:
        key = 0 if post is None else self.pkey[post]
        return (bits(self.seed, event, self.akey[a], key, n) >> 11) / 2**53

    def entry(self, post: int) -> tuple[int, int]:
        return int(self.w.ticks[post]), self.pkey[post]

    def topic(self, post: int) -> int | None:
        row = self.w.post_features[post]
        return int(row.argmax()) if row.any() else None

    def dot(self, rows: np.ndarray, a: int, post: int) -> float:
        total = 0.0
        for x, y in zip(rows[a].tolist(), self.w.post_features[post].tolist(), strict=True):
            total += x * y
        return total

    def step(self, t: int) -> list[tuple[int, list[tuple[int, int, int, int, int]]]]:
        eligible = sorted(
            (p for p in range(self.w.n_posts) if self.w.ticks[p] <= t), key=self.entry
        )
        recent = [p for p in eligible if self.w.ticks[p] > t - rank.HORIZON]
        self.eligible = eligible
        self.fresh = [p for p in recent if self.views[p] < rank.TRIAL]
        popular = sorted(eligible, key=lambda p: (-self.reacted[p], self.pkey[p]))
        self.popular = popular
        self.trending = [p for p in popular if p in set(recent) and self.reacted[p] > 0]
        out = []
        for a in range(self.w.n_accounts):
            if self.draw(rank.E_SESSION, a, None, t) < self.mind.activity:
                out.append((a, self.session(a, t)))
        for a, shown in out:
            for post, _, watch, react, _ in shown:
                if post < 0:
                    continue
                self.watch[post] += watch
                self.views[post] += 1
                kind = react & (rank.LIKE | rank.COMMENT | rank.SHARE)
                if kind:
                    self.reacted[post] += 1
                    self.ring[a][self.turn[a]] = (post, t, kind)
                    self.turn[a] = (self.turn[a] + 1) % 8
        return out

    def merit(self, post: int, t: int) -> float:
        value, weights = 0.0, self.feed.weights
        if weights.get("expected_watch"):
            shown = sum(self.views)
            prior = sum(self.watch) / 65536 / shown if shown else 0.5
            value += weights["expected_watch"] * (
                (self.watch[post] / 65536 + 5 * prior) / (self.views[post] + 5)
            )
        if weights.get("global_reactions") and max(self.reacted):
            part = math.log1p(self.reacted[post]) / math.log1p(max(self.reacted))
            value += weights["global_reactions"] * part
        if weights.get("recency"):
            value += weights["recency"] * 2 ** (-(t - int(self.w.ticks[post])) / 3)
        return value

    def candidates(self, a: int, t: int) -> dict[int, int]:
        found: dict[int, int] = {}

        def offer(post: int, source: int) -> int:
            if post in found or a in self.posters[post] or post in self.seen[a]:
                return 0
            found[post] = source
            return 1

        circle = self.followees[a]
        if circle:
            start = bits(self.seed, rank.E_CANDIDATE, self.akey[a], rank.FOLLOWING, t) % len(circle)
            circle = circle[start:] + circle[:start]
        quota = [self.feed.sources.get(s, 0) for s in gk.recommenders.SOURCES]
        taken = 0
        for f in circle:
            own = [p for p in self.eligible if f in self.posters[p]]
            for post in reversed(own):
                if taken < quota[rank.FOLLOWING]:
                    taken += offer(post, rank.FOLLOWING)
        taken = 0
        for f in circle:
            for post, tick, _ in reversed(self.ring[f]):
                if tick > t - rank.HORIZON and taken < quota[rank.CIRCLE]:
                    taken += offer(post, rank.CIRCLE)
        taken, profile = 0, self.profiles[a].tolist()
        total = 0.0
        for value in profile:
            total += value
        for c in sorted(
            (c for c, v in enumerate(profile) if v > 0), key=lambda c: (-profile[c], c)
        ):
            got, part = 0, math.ceil(quota[rank.INTEREST] * profile[c] / total)
            for post in reversed([p for p in self.eligible if self.topic(p) == c]):
                if got < part and taken < quota[rank.INTEREST]:
                    new = offer(post, rank.INTEREST)
                    got, taken = got + new, taken + new
        for source, pool in ((rank.FRESH, self.fresh), (rank.TRENDING, self.trending),
                             (rank.EVERYWHERE, self.eligible)):  # fmt: skip
            for j in range(quota[source] if pool else 0):
                if source != rank.TRENDING:
                    h = bits(self.seed, rank.E_CANDIDATE, self.akey[a], source, t * 65536 + j)
                    offer(pool[h % len(pool)], source)
                elif j < len(pool):
                    offer(pool[j], source)
        return found

    def fill(self, a: int, t: int, s: int) -> int:
        unseen = [
            p for p in self.eligible if p not in self.seen[a] and a not in self.posters[p]
        ]  # fmt: skip
        if self.feed.filler == "empty" or not unseen:
            return -1
        if self.feed.filler == "popularity":
            return next(p for p in self.popular if p in unseen)
        for j in range(rank.FILL_DRAWS):
            h = bits(self.seed, rank.E_FILL, self.akey[a], s, t * 65536 + j)
            if (post := self.eligible[h % len(self.eligible)]) in unseen:
                return post
        n = t * 65536 + 65535 - s
        return min(
            unseen, key=lambda p: bits(self.seed, rank.E_FILL, self.akey[a], self.pkey[p], n)
        )

    def session(self, a: int, t: int) -> list[tuple[int, int, int, int, int]]:
        weights = defaultdict(float, self.feed.weights)
        did: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for f in self.followees[a]:
            for post, tick, kind in self.ring[f]:
                if tick > t - rank.HORIZON:
                    did[post].append((f, tick, kind))
        found = self.candidates(a, t)
        scores = {}
        for post in found:
            likes = sum(bool(kind & (rank.LIKE | rank.SHARE)) for _, _, kind in did[post])
            comments = sum(bool(kind & rank.COMMENT) for _, _, kind in did[post])
            value = self.merit(post, t)
            value += weights["interest"] * self.dot(self.profiles, a, post)
            value += weights["circle_reactions"] * (1 - 0.5**likes)
            value += weights["circle_comments"] * (1 - 0.5**comments)
            if set(self.posters[post]) & set(self.followees[a]):
                value += weights["followed"]
            value += weights["chance"] * self.draw(rank.E_CHANCE, a, post, 0)
            scores[post] = value
        shown: list[tuple[int, int, int, int, int]] = []
        for s in range(self.slots):
            if scores:
                post = max(scores, key=lambda p: (
                    scores[p], bits(self.seed, rank.E_TIE, self.akey[a], self.pkey[p], 0)))  # fmt: skip
                source = found[post]
                del scores[post]
                for other in scores:
                    if self.topic(other) == self.topic(post) is not None:
                        scores[other] -= self.feed.topic_penalty
                    if self.posters[other][0] == self.posters[post][0]:
                        scores[other] -= self.feed.author_penalty
            else:
                post, source = self.fill(a, t, s), rank.FILLER
            if post < 0:
                shown.append((-1, source, 0, 0, -1))
                continue
            self.seen[a].add(post)
            shown.append(self.react(a, t, post, source, shown, did[post]))
        return shown

    def react(
        self, a: int, t: int, post: int, source: int,
        before: list[tuple[int, int, int, int, int]], did: list[tuple[int, int, int]],
    ) -> tuple[int, int, int, int, int]:  # fmt: skip
        m = self.mind
        social = len(did) + sum(p in self.followees[a] for p in self.posters[post])
        u1, u2 = 1 - self.draw(rank.E_NOISE, a, post, 0), self.draw(rank.E_NOISE2, a, post, 0)
        z = math.sqrt(-2.0 * math.log(u1)) * math.cos(2.0 * math.pi * u2)
        taste = (
            (1 - m.social_share) * self.dot(self.w.interests, a, post)
            + m.social_share * (1 - 0.5**social)
            + m.noise * z
        )
        repeats = sum(self.topic(p) == self.topic(post) is not None for p, *_ in before if p >= 0)
        w = sigmoid(
            m.watch_base + m.watch_taste * taste
            + m.watch_quality * (float(self.w.quality[post]) - 0.5) - m.fatigue * repeats
        )  # fmt: skip
        lean = m.reaction_slope * (w - 0.5)
        react = rank.COMPLETE if w >= 0.9 else 0
        for bit, event, base in (
            (rank.LIKE, rank.E_LIKE, m.like_base), (rank.COMMENT, rank.E_COMMENT, m.comment_base),
            (rank.SHARE, rank.E_SHARE, m.share_base), (rank.FOLLOW, rank.E_FOLLOW, m.follow_base),
        ):  # fmt: skip
            if self.draw(event, a, post, 0) < sigmoid(base + lean):
                react |= bit
        parent = -1
        sharers = [(-tick, self.akey[f], f) for f, tick, kind in did if kind & rank.SHARE]
        if react & rank.SHARE and sharers:
            parent = min(sharers)[2]
        signals = [self.feed.signals.get(s, 0.0) for s in SIGNALS]
        flags = [react & rank.COMPLETE, react & rank.LIKE, react & rank.COMMENT,
                 react & rank.SHARE, w < 0.25]  # fmt: skip
        strength = 0.0
        for value, flag in zip(signals, flags, strict=True):
            strength += value if flag else 0.0
        step = self.feed.learning_rate * strength
        moved = [
            max(float(x) + step * float(y), 0.0)
            for x, y in zip(self.profiles[a], self.w.post_features[post], strict=True)
        ]
        norm = 0.0
        for value in moved:
            norm += value * value
        if step != 0.0 and norm > 0.0:
            self.profiles[a] = np.array([v / math.sqrt(norm) for v in moved], np.float32)
        return post, source, int(w * 65536), react, parent


def run_of(world: World, feed: Feed, **options: object) -> Run:
    known = {"ticks": TICKS, "slots": SLOTS, "free": False, "seed": 7} | options
    behaviour = known.pop("behaviour", Behaviour())
    return Run(world, feed, behaviour, **known)  # type: ignore[arg-type]


def log_of(world: World, feed: Feed, **options: object) -> list[tuple[int, ...]]:
    """Rows (tick, account, slot, post, source, watch, react, parent)."""
    run, rows = run_of(world, feed, **options), []
    for t in range(run.ticks):
        active, shown, _ = run.step(t)
        columns = zip(
            shown.post, shown.source, shown.watch, shown.react, shown.parent, strict=True
        )  # fmt: skip
        for a, session in zip(active.tolist(), columns, strict=True):
            for s, cells in enumerate(zip(*(c.tolist() for c in session), strict=True)):
                rows.append((t, a, s, *cells))
    return rows


@pytest.mark.parametrize("name", PRESETS)
def test_kernel_agrees_with_the_slow_twin(world: World, name: str) -> None:
    feed, mind = PRESETS[name](), Behaviour(share_base=-1.5)
    twin = Twin(world, feed, mind, SLOTS, 7)
    expected = [
        (t, a, s, *cells)
        for t in range(TICKS)
        for a, session in twin.step(t)
        for s, cells in enumerate(session)
    ]
    run = run_of(world, feed, behaviour=mind)
    assert log_of(world, feed, behaviour=mind) == expected
    for t in range(TICKS):
        run.step(t)
    assert run.state.profiles.tobytes() == twin.profiles.tobytes()
    if name == "follower":
        assert any(row[-1] >= 0 for row in expected)


def test_kernel_agrees_with_the_slow_twin_on_introduced_posts() -> None:
    platform = gk.synthetic.platform(100, communities=3, posts_per_account=4, rng=4)
    world = gk.build_world(
        platform.dataset, platform.truth, posts="introduced", share_of_posts=0.5, ticks=1, rng=4
    )
    feed, mind = PRESETS["all factors"](), Behaviour(share_base=-1.5)
    twin = Twin(world, feed, mind, SLOTS, 7)
    expected = [
        (t, a, s, *cells)
        for t in range(TICKS)
        for a, session in twin.step(t)
        for s, cells in enumerate(session)
    ]
    assert log_of(world, feed, behaviour=mind) == expected


# laws ------------------------------------------------------------------------------------


def same(first: ArmTally, second: ArmTally) -> bool:
    pairs = [(first.views[k], second.views[k]) for k in first.views]
    pairs += [(first.diet[k], second.diet[k]) for k in first.views]
    pairs += [(first.member_reach[k], second.member_reach[k]) for k in first.views]
    names = ("ticks", "reactions", "watch", "sources", "shares")
    pairs += [(getattr(first, n), getattr(second, n)) for n in names]
    numbers = [(t.sessions, t.empty, t.leave, t.back) for t in (first, second)]
    return numbers[0] == numbers[1] and all(a.tobytes() == b.tobytes() for a, b in pairs)


def renamed(world: World) -> tuple[World, np.ndarray, np.ndarray]:
    """The world under other ids and codes with its keys; new codes of accounts and posts."""
    rng = np.random.default_rng(3)
    ids = [np.array([f"{p}{x:05d}" for x in rng.permutation(10**5)[:n]])
           for p, n in (("x", world.n_accounts), ("y", world.n_posts))]  # fmt: skip
    accounts, posts = Vocabulary(ids[0].tolist()), Vocabulary(ids[1].tolist())
    of_account, of_post = accounts.encode(ids[0].tolist()), posts.encode(ids[1].tolist())
    back_a, back_p = np.argsort(of_account), np.argsort(of_post)
    edges = world.follows.edges()
    name = dict(zip(world.accounts.ids.tolist(), ids[0].tolist(), strict=True))
    lengths = np.diff(world.poster_indptr)[back_p]
    starts = world.poster_indptr[:-1][back_p]
    posters = [of_account[world.posters[s : s + n]] for s, n in zip(starts, lengths, strict=True)]
    partitions, homes = {}, {}
    for kind, old in world.partitions.items():
        new = Partition.from_membership(
            accounts, old.membership[back_a], labels=[old.name(c) for c in range(old.n_communities)]
        )
        codes = np.array([new.labels.index(old.name(c)) for c in range(old.n_communities)] + [-1])
        partitions[kind], homes[kind] = new, codes[world.homes[kind]][back_p]
    other = dataclasses.replace(
        world, accounts=accounts, posts=posts, account_keys=world.account_keys[back_a],
        post_keys=world.post_keys[back_p], interests=world.interests[back_a],
        profiles=world.profiles[back_a], post_features=world.post_features[back_p],
        ticks=world.ticks[back_p], quality=world.quality[back_p],
        poster_indptr=np.concatenate([[0], np.cumsum(lengths)]), posters=np.concatenate(posters),
        partitions=partitions, homes=homes,
        follows=Graph.from_edges(
            [name[x] for x in edges["source"]][::-1], [name[x] for x in edges["target"]][::-1],
            directed=True, nodes=accounts,
        ),
    )  # fmt: skip
    return other, of_account, of_post


@pytest.mark.parametrize("name", PRESETS)
def test_renaming_with_keys_kept_changes_no_byte(world: World, name: str) -> None:
    other, of_account, of_post = renamed(world)
    arms = {"arm": PRESETS[name]()}
    first, second = (simulate(w, arms).of("arm")[0] for w in (world, other))
    old, new = world.partitions["planted"], other.partitions["planted"]
    column = [new.labels.index(old.labels[c]) for c in range(old.n_communities)]
    column.append(old.n_communities)
    back = ArmTally(
        {"planted": second.views["planted"][of_post][:, column]},
        {"planted": second.diet["planted"][of_account][:, column]},
        {"planted": second.member_reach["planted"][of_account]},
        second.ticks[of_post], second.reactions[of_post], second.watch[of_post], second.sources,
        second.sessions, second.empty, second.leave, second.back, first.shares,
    )  # fmt: skip
    assert same(first, back)
    forward = first.shares.copy()
    forward[:, 0], forward[:, 1] = of_post[first.shares[:, 0]], of_account[first.shares[:, 1]]
    forward[:, 2] = np.where(first.shares[:, 2] < 0, -1, of_account[first.shares[:, 2]])
    assert sorted(forward.tolist()) == sorted(second.shares.tolist())


@pytest.mark.parametrize("name", PRESETS)
def test_threads_change_no_byte(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "FEW", 16)
    logs = [log_of(world, PRESETS[name](), workers=n) for n in (1, 2, 3)]
    assert logs[0] == logs[1] == logs[2]


def test_matched_arms_get_the_same(world: World) -> None:
    arms = {name: make() for name, make in PRESETS.items()} | {"twice": PRESETS["interest"]()}
    spread = simulate(world, arms, replications=2)
    assert len({spread.impressions(arm) for arm in arms}) == 1
    assert len({t.sessions for arm in arms for t in spread.of(arm)[:1]}) == 1
    for r in range(2):
        assert same(spread.of("interest")[r], spread.of("twice")[r])
    assert not same(*spread.of("interest"))
    again = simulate(world, arms, replications=2)
    assert again.content_key == spread.content_key
    for tally in spread.tallies.values():
        total = tally.impressions
        assert tally.views["planted"].sum() == tally.diet["planted"].sum() == total
        assert tally.ticks.sum() == total
        # nothing is shown before it enters
        early = np.arange(TICKS)[None, :] < world.ticks[:, None]
        assert not tally.ticks[early].any()
    assert spread.summary()["filler"].to_list()[list(arms).index("uniform")] == 0


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_shown_is_new_and_of_others(world: World, name: str) -> None:
    feed = PRESETS[name]()
    rows = log_of(world, feed, behaviour=Behaviour(share_base=-1.0))
    pairs = [(a, post) for _, a, _, post, *_ in rows]
    assert len(set(pairs)) == len(pairs)
    assert not any(a in world.posters[post : post + 1] for a, post in pairs)
    assert all(world.ticks[row[3]] <= row[0] for row in rows)
    shared = {(a, post): t for t, a, _, post, _, _, react, _ in rows if react & rank.SHARE}
    indptr, indices = world.follows.indptr, world.follows.indices
    for t, a, _, post, _, _, react, parent in rows:
        if parent >= 0:
            assert react & rank.SHARE
            assert shared[parent, post] < t
            assert parent in indices[indptr[a] : indptr[a + 1]]


def test_reactions_belong_to_the_pair(world: World) -> None:
    mind = Behaviour(social_share=0.0, fatigue=0.0)
    logs = [
        {(row[1], row[3]): row[5:7] for row in log_of(world, PRESETS[name](), behaviour=mind)}
        for name in ("interest", "uniform", "popularity")
    ]
    for other in logs[1:]:
        both = logs[0].keys() & other.keys()
        assert len(both) > 50
        assert all(logs[0][pair] == other[pair] for pair in both)


def test_taste_counts_the_circle_in_every_arm(world: World) -> None:
    mind = Behaviour(social_share=1.0, noise=0.0, fatigue=0.0, watch_quality=0.0)
    rows = log_of(world, PRESETS["uniform"](), behaviour=mind)
    indptr, indices = world.follows.indptr, world.follows.indices
    alone = int(sigmoid(mind.watch_base) * 65536)
    reacted = {(a, p): t for t, a, _, p, _, _, react, _ in rows if react & 7}
    known = 0
    for t, a, _, post, _, watch, _, _ in rows:
        circle = indices[indptr[a] : indptr[a + 1]]
        social = world.posters[post] in circle or any(reacted.get((f, post), t) < t for f in circle)
        known += social
        # a followee whose latest eight reactions came later is forgotten
        assert watch == alone or social
        assert watch > alone or not social or world.posters[post] not in circle
    assert known > 20


@pytest.mark.parametrize("feed", [PRESETS["uniform"](), Feed("filler only", {}, {})])
def test_uniform_feed_is_uniform_over_homes(feed: Feed) -> None:
    platform = gk.synthetic.platform(300, communities=6, posts_per_account=4, rng=2)
    world = gk.build_world(platform, ticks=1, rng=2)
    tally = simulate(world, {"arm": feed}, ticks=4, slots=5).of("arm")[0]
    homes = world.homes["planted"]
    seen = np.array([tally.views["planted"][homes == c].sum() for c in range(6)])
    sessions = tally.diet["planted"].sum(axis=1)
    posts = np.bincount(homes, minlength=6)
    expected = np.zeros(6)
    for a in range(world.n_accounts):
        others = posts - np.bincount(homes[world.posters == a], minlength=6)
        expected += sessions[a] * others / others.sum()
    assert seen.sum() > 2000
    assert chisquare(seen, expected).pvalue > 0.01


def test_free_budget_acts_on_satisfaction_and_matched_does_not(world: World) -> None:
    arms = {"interest": PRESETS["interest"](), "uniform": PRESETS["uniform"]()}
    unhappy = Behaviour(leave_base=0.0)
    matched = simulate(world, arms, behaviour=unhappy)
    free = simulate(world, arms, behaviour=unhappy, budget="free")
    usual = simulate(world, arms)
    for arm in arms:
        assert matched.of(arm)[0].sessions == usual.of(arm)[0].sessions
        assert free.of(arm)[0].sessions < matched.of(arm)[0].sessions
        assert matched.of(arm)[0].leave > usual.of(arm)[0].leave
    assert free.of("interest")[0].sessions > free.of("uniform")[0].sessions


def test_filler_is_marked_counted_and_can_be_left_out(world: World) -> None:
    feed = PRESETS["chronological"]()
    arms = {"uniform": feed, "empty": feed.but("e", filler="empty"),
            "popularity": feed.but("p", filler="popularity")}  # fmt: skip
    spread = simulate(world, arms)
    tallies = {arm: spread.of(arm)[0] for arm in arms}
    assert tallies["uniform"].sources[rank.FILLER] > 0
    assert tallies["empty"].sources[rank.FILLER] == 0
    assert tallies["empty"].impressions + tallies["empty"].empty == spread.impressions("uniform")
    shown = [
        np.sort(tallies[arm].ticks.sum(axis=1))[-10:].sum() for arm in ("popularity", "uniform")
    ]
    assert shown[0] > shown[1]


def test_an_exhausted_world_is_an_error(world: World) -> None:
    with pytest.raises(
        DataError, match=r"arm 'u', world 0: in tick \d+ \d+ slots cannot be filled"
    ):
        simulate(world, {"u": PRESETS["uniform"]()}, slots=60)
    assert simulate(world, {"u": PRESETS["uniform"]()}, slots=60, budget="free").of("u")[0].empty


def test_bad_input_is_refused(world: World) -> None:
    arms = {"u": PRESETS["uniform"]()}
    for options in ({"ticks": 0}, {"replications": 0}, {"slots": 0}, {"budget": "fair"}):
        with pytest.raises(OptionError):
            simulate(world, arms, **options)
    with pytest.raises(OptionError, match="at least one world and one arm"):
        simulate(world, {})
    lonely = dataclasses.replace(
        world, follows=Graph.from_edges([], [], directed=True, nodes=world.accounts)
    )
    with pytest.raises(MissingDataError, match="no follows"):
        simulate(lonely, {"f": PRESETS["follower"]()})
    blank = dataclasses.replace(world, profiles=np.zeros_like(world.profiles))
    with pytest.raises(MissingDataError, match="ranks by interest"):
        simulate(blank, {"i": PRESETS["interest"]()})
    with pytest.raises(OptionError, match="social_share"):
        Behaviour(social_share=1.5)


def test_progress_is_reported_per_job_and_an_interrupt_leaves_nothing(world: World) -> None:
    seen = []

    def report(what: str, done: int, total: int) -> None:
        seen.append((what, done, total))
        if done == 1:
            raise KeyboardInterrupt

    arms = {"u": PRESETS["uniform"](), "i": PRESETS["interest"]()}
    key = world.content_key
    with pytest.raises(KeyboardInterrupt), gk.show_progress(report):
        simulate(world, arms)
    assert seen == [("simulating", 0, 2), ("simulating", 1, 2)]
    assert world.content_key == key


def test_several_worlds_and_replications(world: World) -> None:
    worlds = gk.resample_worlds(world, 2, rng=1)
    spread = gk.simulate_spread(
        worlds, {"i": PRESETS["interest"]()}, ticks=3, slots=3, replications=2, rng=1
    )
    assert sorted(spread.tallies) == [("i", w, r) for w in range(2) for r in range(2)]
    assert len({t.watch.tobytes() for t in spread.of("i")}) == 4
    assert "not calibrated" in repr(spread)
