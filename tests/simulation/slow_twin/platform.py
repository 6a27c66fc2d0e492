"""What the platform does: candidates, what it knows of posts and viewers, scores, filler."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise

import numpy as np

from graphkit.data.world import World
from graphkit.kernels import state as codes
from graphkit.kernels.random import E_PAIR
from graphkit.recommenders import FACTORS, SOURCES, Feed
from graphkit.recommenders.context import Context
from graphkit.recommenders.search import build_index
from graphkit.simulation import Behaviour
from slow_twin.draws import (
    FULL,
    GOLDEN,
    Ring,
    bits,
    dots,
    in_order,
    padded,
    place,
    share,
    stir,
    turned,
    unit,
)

#: What the world knows of posts, one number each.
FACTS = (
    *("quality", "durations", "divisiveness", "flagged", "cross_posted"),
    *("post_country", "post_language"),
)

#: Factors of a viewer and a post, in the order in which they are summed, after all others.
PAIRS = (
    "interest",
    "circle_reactions",
    "circle_comments",
    "followed",
    "same_country",
    "same_language",
    "chance",
)


class Platform:
    """One arm, in the world's own codes. Of the index it takes the cells and no search."""

    def __init__(
        self, world: World, feed: Feed, mind: Behaviour, *, slots: int, free: bool, seed: int
    ) -> None:
        self.w, self.feed, self.mind = world, feed, mind
        self.slots, self.free, self.seed = slots, free, seed
        self.n, self.m, self.t = world.n_accounts, world.n_posts, 0
        self.akey = [int(k) for k in world.account_keys]
        self.pkey = [int(k) for k in world.post_keys]
        self.tick = world.ticks.tolist()
        self.facts: dict[str, list[float] | None] = {}
        for name in FACTS:
            values = getattr(world, name)
            self.facts[name] = None if values is None else values.tolist()
        self.homes = {kind: codes.tolist() for kind, codes in world.homes.items()}
        self.by_key = sorted(range(self.n), key=lambda a: self.akey[a])
        p = world.poster_indptr
        self.posters = [world.posters[p[i] : p[i + 1]].tolist() for i in range(self.m)]
        self.author = [who[0] for who in self.posters]
        self.number()
        f = world.follows.indptr
        self.follows = [set(world.follows.indices[f[a] : f[a + 1]].tolist()) for a in range(self.n)]
        self.features, self.tastes = padded(world.post_features), padded(world.interests)
        self.topics = [self.topic(row) for row in self.features]
        # what the posts are, which no feed reads
        self.truths = padded(world.taste_features)
        self.subjects = [self.topic(row) for row in self.truths]
        self.index = build_index(self.features[self.order], padded(world.profiles)[self.by_key])
        start, posts = self.index.start, self.index.posts
        self.cells = [
            [self.order[at] for at in posts[low:high]] for low, high in pairwise(start.tolist())
        ]
        self.profiles = self.initial_profiles()
        self.last: dict[int, int] = {}
        self.seen: dict[int, set[int]] = defaultdict(set)
        self.dropped: set[int] = set()
        self.rings, self.done, self.fans = (
            [Ring() for _ in range(size)] for size in (self.n, self.n, self.m)
        )
        self.watch, self.views, self.reacted = ([0] * self.m for _ in range(3))
        self.did: list[Counter[str]] = [Counter() for _ in range(self.m)]
        self.trial = [feed.trial_size] * self.m

    def number(self) -> None:
        """Order posts by tick, what was scheduled first, and key."""
        first = self.w.n_posts
        self.order = sorted(range(self.m), key=lambda p: (self.tick[p], p >= first, self.pkey[p]))
        self.rank = {p: i for i, p in enumerate(self.order)}
        self.of_poster = [[p for p in self.order if a in self.posters[p]] for a in range(self.n)]
        self.groups_of = cache(self._groups_of)

    def add_post(self, a: int, key: int, parent: int, facts: dict[str, float], mix: float) -> int:
        """One more post, of this tick, between its parent and what its author likes."""
        p, self.m = self.m, self.m + 1
        self.pkey.append(key)
        self.tick.append(self.t)
        self.posters.append([a])
        self.author.append(a)
        for name, values in self.facts.items():
            if values is not None:
                values.append(facts[name])
        for kind, partition in self.w.partitions.items():
            self.homes[kind].append(int(partition.membership[a]))
        rows = []
        own = padded(self.w.profiles)[a], self.tastes[a]
        for table, mine in zip((self.features, self.truths), own, strict=True):
            of = table[parent].astype(np.float64)
            row = mix * of + (1 - mix) * mine.astype(np.float64)
            rows.append((unit(row) if row.any() else of).astype(np.float32))
        self.features = np.vstack([self.features, rows[0]])
        self.truths = np.vstack([self.truths, rows[1]])
        self.topics.append(self.topic(rows[0]))
        self.subjects.append(self.topic(rows[1]))
        near = in_order(rows[0], self.index.centres.reshape(rows[0].size, -1))
        self.cells[int(near.argmax())].append(p)
        self.fans.append(Ring())
        for counts in (self.watch, self.views, self.reacted):
            counts.append(0)
        self.did.append(Counter())
        self.trial.append(self.feed.trial_size)
        return p

    def fact(self, name: str, p: int, unknown: float) -> float:
        values = self.facts[name]
        return unknown if values is None or np.isnan(values[p]) else float(values[p])

    def same(self, what: str, a: int, p: int) -> bool:
        mine, its = getattr(self.w, what), self.facts[f"post_{what}"]
        return mine is not None and its is not None and mine[a] >= 0 and mine[a] == its[p]

    def draw(self, event: int, a: int, p: int | None, n: int) -> float:
        return share(bits(self.seed, event, self.akey[a], 0 if p is None else self.pkey[p], n))

    def of_pair(self, event: int, a: int, p: int) -> float:
        pair = bits(self.seed, E_PAIR, self.akey[a], self.pkey[p], 0)
        return share(stir((pair + event * GOLDEN) & FULL))

    def start(self, a: int, source: int) -> int:
        return bits(self.seed, codes.E_CANDIDATE, self.akey[a], source, self.t)

    def topic(self, row: np.ndarray) -> tuple[int, bool] | None:
        largest = int(np.abs(row).argmax())
        return (largest, bool(row[largest] < 0)) if row.any() else None

    def initial_profiles(self) -> np.ndarray:
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

    def begin_tick(self) -> None:
        """What is the same for all viewers."""
        self.entered = [p for p in self.order if self.tick[p] <= self.t]
        self.posted = [p for p in self.entered if p not in self.dropped]
        recent = [p for p in self.posted if self.tick[p] > self.t - codes.HORIZON]
        self.fresh = [p for p in recent if self.views[p] < self.trial[p]]
        self.popular = sorted(self.posted, key=lambda p: (-self.reacted[p], -self.rank[p]))
        self.trending = [p for p in self.popular if p in set(recent) and self.reacted[p]]
        wanted = FACTORS if self.feed.score else [f for f in FACTORS if self.feed.weights.get(f)]
        self.of_post = {name: self.of_posts(name) for name in wanted if name not in PAIRS}

    def of_posts(self, name: str) -> list[float]:
        """A factor of every post alone."""
        posts, views, shown = range(self.m), self.views, sum(self.views)

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
        followers = Counter(who for mine in self.follows for who in mine)
        if name == "small_creator":
            usual = statistics.median(followers[a] for a in set(self.author))
            return [float(followers[self.author[p]] < usual) for p in posts]
        count = [followers[a] for a in range(self.n)]
        if name == "author_hits":
            count = [
                sum(self.reacted[p] for p in posts if self.author[p] == a) for a in range(self.n)
            ]
        shares = log_share(count)
        return [shares[self.author[p]] for p in posts]

    def begin_session(self, a: int) -> np.ndarray:
        """The profile, faded since the latest session, at length 1."""
        ago, left = self.t - self.last.get(a, self.t), 1.0
        self.last[a] = self.t
        if math.isfinite(self.feed.half_life):
            left = float(np.power(2.0, np.array([-ago / self.feed.half_life]))[0])
        if left != 1.0:
            self.profiles[a] = (self.profiles[a].astype(np.float64) * left).astype(np.float32)
        mine = self.profiles[a]
        length = math.sqrt(float(dots(mine, mine[None])[0]))
        return (mine.astype(np.float64) / (length or 1.0)).astype(np.float32)

    def delivered(self, a: int, f: int, p: int) -> bool:
        key = self.akey[a] ^ stir(self.akey[f])
        return share(bits(self.seed, codes.E_DELIVER, key, self.pkey[p], 0)) < self.feed.delivery

    def circle(self, a: int) -> list[int]:
        return sorted(self.follows[a], key=lambda f: self.akey[f])

    def hear(self, a: int) -> dict[int, list[int]]:
        """What the circle lately did, by post, in the order in which it is heard of."""
        heard: dict[int, list[int]] = {}
        for f in turned(self.circle(a), self.start(a, codes.CIRCLE)):
            for p, t, kind in self.rings[f]:
                if t > self.t - codes.HORIZON and self.delivered(a, f, p):
                    heard.setdefault(p, []).append(kind)
        return heard

    def candidates(self, a: int, query: np.ndarray, heard: dict[int, list[int]]) -> dict[int, int]:
        """Posts by the source that offered them first."""
        source_of: dict[int, int] = {}
        for source, name in enumerate(SOURCES):
            taken, quota = 0, self.feed.sources.get(name, 0)
            for p in self.proposed(source, quota, a, query, heard) if quota else ():
                new = p not in source_of and p not in self.seen[a] and p not in self.dropped
                if new and a not in self.posters[p] and taken < quota:
                    source_of[p] = source
                    taken += 1
        return source_of

    def proposed(
        self, source: int, quota: int, a: int, query: np.ndarray, heard: dict[int, list[int]]
    ) -> list[int]:
        few, found, start = codes.OVERSAMPLE * quota, [], self.start(a, source)
        if source == codes.FOLLOWING:
            part = max(codes.OVERSAMPLE, 2 * quota // max(len(self.follows[a]), 1))
            for f in turned(self.circle(a), start):
                own = [p for p in self.of_poster[f] if self.tick[p] <= self.t]
                found += [p for p in own[::-1][:part] if self.delivered(a, f, p)]
        elif source == codes.CIRCLE:
            found = list(heard)
        elif source == codes.GROUPS:
            mine = self.groups_of(a)
            for posts in turned(mine, start):
                own = [p for p in posts if self.tick[p] <= self.t]
                found += own[::-1][: few // len(mine) + 1]
        elif source == codes.INTEREST:
            found = self.nearest(a, query, quota)
        elif source == codes.TRENDING:
            found = self.trending[: codes.MOST_TRENDING]
        elif source == codes.COVISITED:
            for liked in turned(self.done[a].places, start % codes.RECENT):
                for fan in self.fans[liked] if liked is not None else ():
                    found += [p for p in self.done[fan] if p != liked and fan != a]
        else:
            pool = self.fresh if source == codes.FRESH else self.entered
            looks = 2 * quota if source == codes.FRESH else few
            keys = (stir((start + (j + 1) * GOLDEN) & FULL) for j in range(looks if pool else 0))
            found = [pool[place(key, len(pool))] for key in keys]
        return found[:few]

    def _groups_of(self, a: int) -> list[list[int]]:
        """Posts by members of each of the account's groups; groups by the sum of members' keys."""
        if self.w.groups is None:
            return []
        starts, members = self.w.group_indptr, defaultdict(set)
        for b in range(self.n):
            for g in self.w.groups[starts[b] : starts[b + 1]].tolist():
                members[g].add(b)
        mine = [found for found in members.values() if a in found]
        mine.sort(key=lambda found: sum(self.akey[b] for b in found) & FULL)
        return [[p for p in self.order if found & set(self.posters[p])] for found in mine]

    def nearest(self, a: int, query: np.ndarray, quota: int) -> list[int]:
        """The nearest posts of the nearest cells; none while nothing is known of the viewer."""
        if not query.any():
            return []
        centres = self.index.centres.reshape(query.size, -1)
        near, product = in_order(query, centres), in_order(query, self.features.T)

        def nearer(posts: list[int], size: int) -> list[int]:
            return sorted(posts, key=lambda p: (-product[p], -self.rank[p]))[:size]

        cap, found = max(1, math.ceil(self.feed.interest_share * quota)), []
        for c in sorted(range(near.size), key=lambda c: -near[c])[: self.index.probes]:
            cell = [p for p in self.cells[c] if self.tick[p] <= self.t]
            cell = [p for p in cell if p not in self.seen[a] and p not in self.dropped]
            found += nearer(cell, cap)
        return nearer(found, quota)

    def scores(
        self, a: int, source_of: dict[int, int], query: np.ndarray, heard: dict[int, list[int]]
    ) -> dict[int, float]:
        near = dots(query, self.features)
        pairs = {
            "interest": lambda p: float(near[p]),
            "circle_reactions": lambda p: (
                1
                - 0.5 ** sum(bool(kind & (codes.LIKE | codes.RESHARE)) for kind in heard.get(p, ()))
            ),
            "circle_comments": lambda p: (
                1 - 0.5 ** sum(bool(kind & codes.COMMENT) for kind in heard.get(p, ()))
            ),
            "followed": lambda p: float(bool(self.follows[a] & set(self.posters[p]))),
            "same_country": lambda p: float(self.same("country", a, p)),
            "same_language": lambda p: float(self.same("language", a, p)),
            "chance": lambda p: self.of_pair(codes.E_CHANCE, a, p),
        }
        ordered = [name for name in FACTORS if name not in PAIRS] + list(PAIRS)
        weights = self.feed.weights
        wanted = ordered if self.feed.score else [name for name in ordered if weights.get(name)]
        columns = {
            name: [pairs[name](p) if name in PAIRS else self.of_post[name][p] for p in source_of]
            for name in wanted
        }
        if self.feed.score is not None:
            viewer, sources = np.full(len(source_of), a), list(source_of.values())
            context = Context(
                world=self.world(),
                tick=self.t,
                viewer=viewer,
                post=list(source_of),
                source=sources,
                factors=columns,
            )
            return dict(zip(source_of, self.feed.score(context).tolist(), strict=True))
        total = dict.fromkeys(source_of, 0.0)
        for name in wanted:
            for p, factor in zip(total, columns[name], strict=True):
                total[p] += weights[name] * factor
        return total

    def fill(self, a: int, s: int, barred: bool) -> int:
        free = [p for p in self.posted if p not in self.seen[a] and a not in self.posters[p]]
        free = [p for p in free if not (barred and self.fact("flagged", p, 0))]
        if self.feed.filler == "empty" or not free:
            return -1
        if self.feed.filler == "popularity":
            return next(p for p in self.popular if p in free)
        for j in range(codes.FILL_DRAWS):
            key = bits(self.seed, codes.E_FILL, self.akey[a], s, self.t * 65536 + j)
            if (p := self.entered[place(key, len(self.entered))]) in free:
                return p
        n = self.t * 65536 + 65535 - s
        return min(free, key=lambda p: bits(self.seed, codes.E_FILL, self.akey[a], self.pkey[p], n))
