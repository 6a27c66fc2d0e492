"""The simulation against a slow twin: sets, dictionaries and loops, out of the world alone."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from graphkit.data.spread import REACTIONS
from graphkit.data.world import World
from graphkit.recommenders import FACTORS, SIGNALS, SOURCES, Feed
from graphkit.recommenders import _arrays as codes
from graphkit.recommenders._index import build_index
from graphkit.recommenders.context import Context
from graphkit.simulation import Behaviour
from graphkit.simulation._engine import Run
from graphkit.simulation._stage import prepare

FULL, GOLDEN = 2**64 - 1, 0x9E3779B97F4A7C15
PAIRS = (
    "interest", "circle_reactions", "circle_comments", "followed", "same_country",
    "same_language", "chance",
)  # fmt: skip


def stir(x: int) -> int:
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & FULL
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & FULL
    return x ^ (x >> 31)


def bits(seed: int, event: int, a: int, b: int, n: int) -> int:
    x = stir((seed + event * GOLDEN) & FULL)
    x = stir(x ^ ((a + GOLDEN) & FULL))
    x = stir(x ^ ((b + 0xC2B2AE3D27D4EB4F) & FULL))
    return stir(x ^ ((n + 0x165667B19E3779F9) & FULL))


def share(x: int) -> float:
    return (x >> 11) / 2**53


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def turned(values: list, start: int) -> list:
    start %= max(len(values), 1)
    return values[start:] + values[:start]


def padded(rows: np.ndarray) -> np.ndarray:
    wide = np.zeros((rows.shape[0], -(-rows.shape[1] // 8) * 8), np.float32)
    wide[:, : rows.shape[1]] = rows
    return wide


def dots(row: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Products with all rows, in eight sums that are added pairwise, all in float32."""
    sums = np.zeros((rows.shape[0], 8), np.float32)
    for x in range(0, row.size, 8):
        sums = sums + row[x : x + 8] * rows[:, x : x + 8]
    while sums.shape[1] > 1:
        sums = sums[:, 0::2] + sums[:, 1::2]
    return sums[:, 0]


def in_order(row: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Products with all columns, dimension by dimension in float32, as the index sums them."""
    total = np.zeros(columns.shape[1], np.float32)
    for x in range(row.size):
        total = total + row[x] * columns[x]
    return total


def unit(row: np.ndarray) -> np.ndarray:
    length = math.sqrt((row**2).sum())
    return row / length if length else row * 0


class Ring:
    """The latest eight; the oldest gives way."""

    def __init__(self) -> None:
        self.places, self.next = [None] * codes.RING, 0

    def add(self, value: object) -> None:
        self.places[self.next] = value
        self.next = (self.next + 1) % codes.RING


class Twin:
    """One arm, in the world's own codes, one session after the other."""

    def __init__(
        self, world: World, feed: Feed, mind: Behaviour, *, slots: int, free: bool, seed: int
    ) -> None:
        self.w, self.feed, self.mind = world, feed, mind
        self.slots, self.free, self.seed = slots, free, seed
        self.n, self.m = world.n_accounts, world.n_posts
        self.akey = [int(k) for k in world.account_keys]
        self.pkey = [int(k) for k in world.post_keys]
        self.tick = world.ticks.tolist()
        self.order = sorted(range(self.m), key=lambda p: (self.tick[p], self.pkey[p]))
        self.rank = {p: i for i, p in enumerate(self.order)}
        self.by_key = sorted(range(self.n), key=lambda a: self.akey[a])
        p = world.poster_indptr
        self.posters = [world.posters[p[i] : p[i + 1]].tolist() for i in range(self.m)]
        self.author = [who[0] for who in self.posters]
        f = world.follows.indptr
        self.follows = [set(world.follows.indices[f[a] : f[a + 1]].tolist()) for a in range(self.n)]
        self.features, self.tastes = padded(world.post_features), padded(world.interests)
        self.index = build_index(self.features[self.order], padded(world.profiles)[self.by_key])
        self.profiles = self.first_profiles()
        self.seen: dict[int, set[int]] = defaultdict(set)
        self.last: dict[int, int] = {}
        self.rings, self.done, self.fans = (
            [Ring() for _ in range(size)] for size in (self.n, self.n, self.m)
        )
        self.watch, self.views, self.reacted = ([0] * self.m for _ in range(3))
        self.did = [Counter() for _ in range(self.m)]
        self.trial = [feed.trial_size] * self.m
        self.dropped: set[int] = set()
        self.gone: set[int] = set()
        self.quit: set[int] = set()
        self.mood = [0.5] * self.n
        self.gained, self.lost = Counter(), Counter()
        self.won: set[tuple[int, int]] = set()
        self.left: set[tuple[int, int]] = set()
        self.candidates, self.propensities = 0, []
        self.posting: list[float] = []
        self.quitting: list[float] = []

    def fact(self, name: str, p: int, unknown: float) -> float:
        values = getattr(self.w, name)
        return unknown if values is None or np.isnan(values[p]) else float(values[p])

    def same(self, what: str, a: int, p: int) -> bool:
        mine, its = getattr(self.w, what), getattr(self.w, f"post_{what}")
        return mine is not None and its is not None and mine[a] >= 0 and mine[a] == its[p]

    def draw(self, event: int, a: int, p: int | None, n: int) -> float:
        return share(bits(self.seed, event, self.akey[a], 0 if p is None else self.pkey[p], n))

    def of_pair(self, event: int, a: int, p: int) -> float:
        pair = bits(self.seed, codes.E_PAIR, self.akey[a], self.pkey[p], 0)
        return share(stir((pair + event * GOLDEN) & FULL))

    def start(self, a: int, source: int) -> int:
        return bits(self.seed, codes.E_CANDIDATE, self.akey[a], source, self.t)

    def topic(self, p: int) -> tuple[int, bool] | None:
        row = self.features[p]
        largest = int(np.abs(row).argmax())
        return (largest, bool(row[largest] < 0)) if row.any() else None

    def first_profiles(self) -> np.ndarray:
        own = padded(self.w.profiles).astype(np.float64)
        total = own.copy()
        for what in ("country", "device"):
            known, weight = getattr(self.w, what), self.feed.signals.get(what, 0.0)
            sums: dict[int, np.ndarray] = defaultdict(lambda: np.zeros(own.shape[1]))
            for a in self.by_key if known is not None and weight else ():
                sums[int(known[a])] += own[a]
            for code, row in sums.items():
                if code >= 0:
                    total[known == code] += weight * unit(row)
        return np.array([unit(row) for row in total]).astype(np.float32)

    # a tick ------------------------------------------------------------------------------

    def step(self, t: int) -> list[tuple[int, ...]]:
        """Rows (tick, account, slot, post, source, watch, react, parent)."""
        self.t = t
        if self.w.authored and t > 0:
            self.create()
        entered = [p for p in self.order if self.tick[p] <= t]
        posted = [p for p in entered if p not in self.dropped]
        recent = [p for p in posted if self.tick[p] > t - codes.HORIZON]
        self.entered, self.posted = entered, posted
        self.fresh = [p for p in recent if self.views[p] < self.trial[p]]
        self.popular = sorted(posted, key=lambda p: (-self.reacted[p], -self.rank[p]))
        self.trending = [p for p in self.popular if p in set(recent) and self.reacted[p]]
        self.trending = self.trending[: codes.MOST_TRENDING]
        wanted = FACTORS if self.feed.score else [f for f in FACTORS if self.feed.weights.get(f)]
        self.of_post = {name: self.of_posts(name) for name in wanted if name not in PAIRS}
        held = [(a, self.session(a)) for a in self.by_key if self.opens(a)]
        for a, (shown, leave, mean) in held:
            for _, _, _, p, _, watch, react, _ in shown:
                if p >= 0:
                    self.count(a, p, watch, react)
            if self.free:
                self.mood[a] = mean
                if self.draw(codes.E_LEAVE, a, None, t) < leave:
                    self.gone.add(a)
        self.widen()
        self.tie(row for _, (shown, _, _) in held for row in shown)
        return sorted(row for _, (shown, _, _) in held for row in shown)

    def opens(self, a: int) -> bool:
        chance = self.mind.activity
        if self.free and chance < 1:
            odds = chance / (1 - chance)
            odds *= math.exp(self.mind.return_slope * (self.mood[a] - 0.5))
            chance = odds / (1 + odds)
        return a not in self.gone and self.draw(codes.E_SESSION, a, None, self.t) < chance

    def count(self, a: int, p: int, watch: int, react: int) -> None:
        self.watch[p] += watch
        self.views[p] += 1
        self.did[p].update(name for bit, name in enumerate(REACTIONS[:8]) if react & (1 << bit))
        self.did[p]["skip"] += watch < 65536 // 4
        if react & codes.HEARD:
            self.reacted[p] += 1
            self.rings[a].add((p, self.t, react & codes.HEARD))
        if react & codes.COMPLETE:
            self.done[a].add(p)
            self.fans[p].add(a)

    def widen(self) -> None:
        finished = sum(did["complete"] for did in self.did)
        for p in range(self.m):
            usual = self.did[p]["complete"] * sum(self.views) >= finished * self.views[p]
            if self.views[p] >= self.trial[p] and usual:
                self.trial[p] = min(math.ceil(self.trial[p] * self.feed.trial_growth), 2**40)

    def tie(self, rows: Iterable[tuple[int, ...]]) -> None:
        new, old = set(), set()
        for _, a, _, p, _, _, react, _ in rows:
            for who in set(self.posters[p]) - {a} if p >= 0 else ():
                if react & codes.FOLLOW:
                    new.add((a, who))
                if react & codes.UNFOLLOW and who in self.follows[a]:
                    old.add((a, who))
        if not self.free:
            new, old = new - self.won, old - self.left
            self.won |= new
            self.left |= old
        self.gained.update(who for _, who in new)
        self.lost.update(who for _, who in old)
        for a, who in new if self.free else ():
            self.follows[a].add(who)
        for a, who in old if self.free else ():
            self.follows[a].remove(who)

    def create(self) -> None:
        before = [p for p in self.order if self.tick[p] < self.t and p not in self.dropped]
        posts = Counter(self.author[p] for p in before)
        reward, quitters, moving = Counter(), set(), []
        for p in before:
            reward[self.author[p]] += self.reacted[p]
        for p in self.order:
            who = self.author[p]
            if self.tick[p] != self.t or not posts[who]:
                continue
            usual = 1 + sum(self.reacted[q] for q in before) / len(before)
            rho = math.log((1 + reward[who] / posts[who]) / usual)
            post = sigmoid(self.mind.post_base + self.mind.post_slope * rho)
            leave = sigmoid(self.mind.quit_base - self.mind.quit_slope * rho)
            self.posting.append(post)
            self.quitting.append(leave)
            if not self.free:
                continue
            if self.draw(codes.E_POST, who, p, 0) >= post or who in self.quit:
                self.dropped.add(p)
            else:
                moving.append(p)
            if self.draw(codes.E_QUIT, who, p, 0) < leave:
                quitters.add(who)
        self.quit |= quitters
        rows = self.features.astype(np.float64)
        for p in moving if self.mind.drift else ():
            own = [q for q in before if self.author[q] == self.author[p] and self.reacted[q]]
            praised = np.zeros(rows.shape[1])
            for q in own:
                praised += rows[q] * self.reacted[q]
            if praised.any():
                moved = rows[p] + self.mind.drift * (unit(praised) - rows[p])
                self.features[p] = unit(moved).astype(np.float32)

    # what the feed knows of posts --------------------------------------------------------

    def of_posts(self, name: str) -> list[float]:
        views, w, posts = self.views, self.w, range(self.m)
        shown = sum(views)
        followers = Counter(who for mine in self.follows for who in mine)

        def rate(counts: list[float], prior: float) -> list[float]:
            return [(counts[p] + 5.0 * prior) / (views[p] + 5.0) for p in posts]

        def log_share(counts: list[int]) -> list[float]:
            logs = {c: float(np.log1p(np.array([c], np.float64))[0]) for c in set(counts)}
            most = logs[max(counts)]
            return [logs[c] / most if most else 0.0 for c in counts]

        if name in ("expected_watch", "expected_watch_time"):
            prior = sum(self.watch) / 65536 / shown if shown else 0.5
            expected = rate([watch / 65536 for watch in self.watch], prior)
            if name == "expected_watch":
                return expected
            seconds = [self.fact("durations", p, 20.0) for p in posts]
            return [min(expected[p] * seconds[p] / 60.0, 1.0) for p in posts]
        if name.startswith("expected_"):
            kinds = (name[9:], "duet", "stitch") if name == "expected_share" else (name[9:],)
            counts = [sum(did[kind] for kind in kinds) for did in self.did]
            return rate(counts, sum(counts) / shown if shown else 0.0)
        if name == "global_reactions":
            return log_share(self.reacted)
        if name == "recency":
            return [2.0 ** (-max(self.t - self.tick[p], 0) / 3) for p in posts]
        if name in ("cross_posted", "flagged"):
            return [self.fact(name, p, 0.0) for p in posts]
        of = [followers[a] for a in range(self.n)]
        if name == "small_creator":
            usual = statistics.median(of[a] for a in set(self.author))
            return [float(of[self.author[p]] < usual) for p in posts]
        if name == "author_hits":
            of = [0] * self.n
            for p in posts:
                of[self.author[p]] += self.reacted[p]
        shares = log_share(of)
        assert w.n_posts == self.m
        return [shares[self.author[p]] for p in posts]

    # a session ---------------------------------------------------------------------------

    def begin(self, a: int) -> np.ndarray:
        """The profile, faded since the latest session, at length 1."""
        ago = self.t - self.last.get(a, self.t)
        left = 1.0
        if math.isfinite(self.feed.half_life):
            left = float(np.power(2.0, np.array([-ago / self.feed.half_life]))[0])
        self.last[a] = self.t
        if left != 1.0:
            self.profiles[a] = (self.profiles[a].astype(np.float64) * left).astype(np.float32)
        mine = self.profiles[a]
        length = math.sqrt(float(dots(mine, mine[None])[0]))
        return (mine / length if length else mine * 0.0).astype(np.float32)

    def delivered(self, a: int, f: int, p: int) -> bool:
        key = self.akey[a] ^ stir(self.akey[f])
        return share(bits(self.seed, codes.E_DELIVER, key, self.pkey[p], 0)) < self.feed.delivery

    def hear(self, a: int, circle: list[int]) -> dict[int, list[int]]:
        """What the circle lately did, by post, in the order in which it is heard of."""
        heard: dict[int, list[int]] = {}
        for f in turned(circle, self.start(a, codes.CIRCLE)):
            for p, t, kind in filter(None, self.rings[f].places):
                if t > self.t - codes.HORIZON and self.delivered(a, f, p):
                    heard.setdefault(p, []).append(kind)
        return heard

    def proposed(
        self, source: int, quota: int, a: int, query: np.ndarray, circle: list[int], heard: dict
    ) -> list[int]:
        """Posts that a source proposes, before any is refused."""
        few, found = codes.LOOKS * quota, []
        if source == codes.FOLLOWING:
            part = max(codes.LOOKS, 2 * quota // max(len(circle), 1))
            for f in turned(circle, self.start(a, source)):
                own = [p for p in self.entered if f in self.posters[p]]
                found += [p for p in own[::-1][:part] if self.delivered(a, f, p)]
        elif source == codes.CIRCLE:
            found = list(heard)
        elif source == codes.GROUPS:
            mine = self.groups_of(a)
            for members in turned(mine, self.start(a, source)):
                own = [p for p in self.entered if members & set(self.posters[p])]
                found += own[::-1][: few // len(mine) + 1]
        elif source == codes.INTEREST:
            return self.nearest(a, query, quota)
        elif source == codes.TRENDING:
            found = self.trending
        elif source == codes.COVISITED:
            for liked in turned(self.done[a].places, self.start(a, source) % codes.RING):
                for fan in self.fans[liked].places if liked is not None else ():
                    if fan is not None and fan != a:
                        found += [p for p in self.done[fan].places if p not in (None, liked)]
        else:
            pool = self.fresh if source == codes.FRESH else self.entered
            base = self.start(a, source)
            for j in range((2 * quota if source == codes.FRESH else few) if pool else 0):
                h = stir((base + (j + 1) * GOLDEN) & FULL) >> 32
                found.append(pool[(h * len(pool)) >> 32])
        return found[:few]

    def groups_of(self, a: int) -> list[set[int]]:
        """Members of the groups of an account, by the sum of the members' keys."""
        if self.w.groups is None:
            return []
        members = defaultdict(set)
        for b in range(self.n):
            for g in self.w.groups[self.w.group_indptr[b] : self.w.group_indptr[b + 1]].tolist():
                members[g].add(b)
        mine = [found for found in members.values() if a in found]
        return sorted(mine, key=lambda found: sum(self.akey[b] for b in found) & FULL)

    def nearest(self, a: int, query: np.ndarray, quota: int) -> list[int]:
        near = in_order(query, self.index.centres)
        cells = sorted(range(near.size), key=lambda c: -near[c])[: self.index.probes]
        cap, found = max(1, math.ceil(self.feed.interest_share * quota)), []
        product = in_order(query, self.features.T).tolist()
        for c in cells:
            places = self.index.posts[self.index.start[c] : self.index.start[c + 1]].tolist()
            cell = [self.order[at] for at in places if self.tick[self.order[at]] <= self.t]
            cell = [p for p in cell if p not in self.seen[a] and p not in self.dropped]
            found += sorted(cell, key=lambda p: (-product[p], -self.rank[p]))[:cap]
        return sorted(found, key=lambda p: (-product[p], -self.rank[p]))[:quota]

    def session(self, a: int) -> tuple[list[tuple[int, ...]], float, float]:
        query, feed = self.begin(a), self.feed
        circle = sorted(self.follows[a], key=lambda f: self.akey[f])
        heard = self.hear(a, circle)
        source_of: dict[int, int] = {}
        for source, name in enumerate(SOURCES):
            quota = feed.sources.get(name, 0)
            for p in self.proposed(source, quota, a, query, circle, heard) if quota else ():
                new = p not in source_of and p not in self.seen[a] and p not in self.dropped
                if new and a not in self.posters[p] and quota:
                    source_of[p] = source
                    quota -= 1
        self.candidates += len(source_of)
        base = self.scores(a, source_of, query, heard)
        picks = dict.fromkeys(base, 0)
        ties = bits(self.seed, codes.E_TIE, self.akey[a], 0, 0)
        rows: list[tuple[int, ...]] = []
        watched, repeated, stay, staying = [], 0, 0.0, 1.0

        def value(p: int) -> tuple[float, int]:
            factor = 1.0
            if feed.author_decay < 1 and base[p] > 0:
                power = float(np.power(feed.author_decay, np.array([picks[p]]))[0])
                factor = feed.author_floor + (1 - feed.author_floor) * power
            return base[p] * factor, stir(ties ^ self.pkey[p]) >> 1

        for s in range(self.slots):
            if base:
                p = max(base, key=value)
                source = source_of[p]
                del base[p]
                for other in base:
                    if self.topic(other) == self.topic(p) is not None:
                        base[other] -= feed.topic_penalty
                    if self.author[other] == self.author[p]:
                        base[other] -= feed.author_penalty
                        picks[other] += 1
            else:
                p, source = self.fill(a, s), codes.FILLER
            if p < 0:
                rows.append((self.t, a, s, -1, source, 0, 0, -1))
                continue
            self.seen[a].add(p)
            topic = self.topic(p)
            before = [row[3] for row in rows if row[3] >= 0]
            repeats = sum(self.topic(q) == topic is not None for q in before)
            w, react, parent = self.react(a, p, circle, heard, repeats)
            rows.append((self.t, a, s, p, source, int(w * 65536), react, parent))
            watched.append(w)
            repeated += repeats > 0
            stay += staying
            stop = sigmoid(self.mind.stop_base - self.mind.stop_slope * (w - 0.5))
            staying *= 1 - stop
            if self.free and self.of_pair(codes.E_STOP, a, p) < stop:
                break
        mean = sum(watched) / len(watched) if watched else 0.0
        bored = self.mind.boredom * repeated / len(watched) if watched else 0.0
        leave = sigmoid(self.mind.leave_base - self.mind.leave_slope * (mean - 0.5) + bored)
        self.propensities.append((leave, mean, stay))
        return rows, leave, mean

    def scores(
        self, a: int, source_of: dict[int, int], query: np.ndarray, heard: dict[int, list[int]]
    ) -> dict[int, float]:
        near = dots(query, self.features)
        columns = defaultdict(list)
        for p in source_of:
            kinds = heard.get(p, ())
            liked = sum(bool(kind & (codes.LIKE | codes.PASSED_ON)) for kind in kinds)
            commented = sum(bool(kind & codes.COMMENT) for kind in kinds)
            row = (
                float(near[p]), 1 - 0.5**liked, 1 - 0.5**commented,
                float(bool(self.follows[a] & set(self.posters[p]))),
                float(self.same("country", a, p)), float(self.same("language", a, p)),
                self.of_pair(codes.E_CHANCE, a, p),
            )  # fmt: skip
            for name, factor in zip(PAIRS, row, strict=True):
                columns[name].append(factor)
            for name, factors in self.of_post.items():
                columns[name].append(factors[p])
        if self.feed.score is not None:
            given = self.feed.score(
                Context(
                    world=self.w, tick=self.t, viewer=np.full(len(source_of), a),
                    post=list(source_of), source=list(source_of.values()),
                    factors={name: columns[name] for name in FACTORS},
                )
            )  # fmt: skip
            return dict(zip(source_of, given.tolist(), strict=True))
        ordered = [name for name in FACTORS if name not in PAIRS] + list(PAIRS)
        total = dict.fromkeys(source_of, 0.0)
        for name in ordered:
            weight = self.feed.weights.get(name, 0.0)
            for p, factor in zip(total, columns[name], strict=True) if weight else ():
                total[p] += weight * factor
        return total

    def fill(self, a: int, s: int) -> int:
        free = [p for p in self.posted if p not in self.seen[a] and a not in self.posters[p]]
        if self.feed.filler == "empty" or not free:
            return -1
        if self.feed.filler == "popularity":
            return next(p for p in self.popular if p in free)
        for j in range(codes.FILL_DRAWS):
            h = bits(self.seed, codes.E_FILL, self.akey[a], s, self.t * 65536 + j) >> 32
            if (p := self.entered[(h * len(self.entered)) >> 32]) in free:
                return p
        n = self.t * 65536 + 65535 - s
        return min(free, key=lambda p: bits(self.seed, codes.E_FILL, self.akey[a], self.pkey[p], n))

    def react(
        self, a: int, p: int, circle: list[int], heard: dict[int, list[int]], repeats: int
    ) -> tuple[float, int, int]:
        m, draw = self.mind, lambda event: self.of_pair(event, a, p)
        follows = sum(who in self.follows[a] for who in self.posters[p])
        social = follows + len(heard.get(p, ()))
        z = math.sqrt(-2.0 * math.log(1 - draw(codes.E_NOISE)))
        z *= math.cos(2.0 * math.pi * draw(codes.E_NOISE2))
        likes = float(dots(self.tastes[a], self.features[p][None])[0])
        answer = m.social_share * (1 - 0.5**social)
        taste = (1 - m.social_share) * likes + answer + m.noise * z
        w = sigmoid(
            m.watch_base + m.watch_taste * taste
            + m.watch_quality * (float(self.w.quality[p]) - 0.5)
            - m.watch_length * math.log(self.fact("durations", p, 20.0) / 20.0)
            - m.fatigue * repeats
        )  # fmt: skip
        lean = m.reaction_slope * (w - 0.5)
        divisive = m.comment_divisive * self.fact("divisiveness", p, 0.0)
        flagged = m.share_flagged * self.fact("flagged", p, 0.0)
        react = codes.COMPLETE if w >= 0.9 else 0
        for name, more in (
            ("like", 0.0), ("comment", divisive), ("share", flagged), ("duet", 0.0),
            ("stitch", 0.0),
        ):  # fmt: skip
            base = getattr(m, f"{name}_base")
            if draw(getattr(codes, f"E_{name.upper()}")) < sigmoid(base + lean + more):
                react |= getattr(codes, name.upper())
        if not follows and draw(codes.E_FOLLOW) < sigmoid(m.follow_base + lean):
            react |= codes.FOLLOW
        if follows and w < 0.25 and draw(codes.E_UNFOLLOW) < sigmoid(m.unfollow_base):
            react |= codes.UNFOLLOW
        parent, latest = -1, self.t - codes.HORIZON
        for f in circle if react & codes.PASSED_ON else ():
            for q, t, kind in filter(None, self.rings[f].places):
                if q == p and kind & codes.PASSED_ON and t > latest:
                    parent, latest = f, t
        self.learn(a, p, w, react)
        return w, react, parent

    def learn(self, a: int, p: int, w: float, react: int) -> None:
        answer = react & (codes.DUET | codes.STITCH)
        happened = (
            react & codes.COMPLETE, react & codes.LIKE, react & codes.COMMENT, react & codes.SHARE,
            react & codes.FOLLOW, answer, w < 0.25,
        )  # fmt: skip
        strength = 0.0
        for signal, flag in zip(SIGNALS, happened, strict=False):
            strength += self.feed.learning_rate * self.feed.signals.get(signal, 0.0) if flag else 0
        if strength:
            self.profiles[a] += np.float32(strength) * self.features[p]


def agrees(
    world: World, feed: Feed, mind: Behaviour, free: bool, log: Callable, run: Run
) -> list[tuple[int, ...]]:
    twin = Twin(world, feed, mind, slots=run.slots, free=free, seed=run.seed)
    expected = [row for t in range(run.ticks) for row in twin.step(t)]
    assert log(run) == expected
    profiles = np.empty_like(run.state.profiles)
    profiles[run.scene.accounts] = run.state.profiles
    assert profiles.tobytes() == twin.profiles.tobytes()
    assert run.candidates == twin.candidates
    return expected


@pytest.mark.parametrize("free", [False, True], ids=["matched", "free"])
def test_kernels_agree_with_the_slow_twin(
    world: World, feed: Feed, lively: Behaviour, free: bool, run_of: Callable, log_of: Callable
) -> None:
    agrees(world, feed, lively, free, log_of, run_of(world, feed, free=free, behaviour=lively))
