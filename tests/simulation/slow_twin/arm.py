"""Ticks and sessions: who opens the feed, is shown what, answers how, and what follows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import NormalDist
from typing import Any

import numpy as np

from graphkit.data.answers import Answers, world_with_answers
from graphkit.data.spread import REACTIONS
from graphkit.data.world import World
from graphkit.kernels import state as codes
from graphkit.measures import Payout
from graphkit.recommenders import SIGNALS
from slow_twin.draws import bits, dots, share, sigmoid, stir, unit
from slow_twin.platform import Platform

Row = tuple[int, ...]


class Twin(Platform):
    """One arm, one session after the other."""

    def __init__(
        self,
        *args: Any,
        caps: Mapping[tuple[int, int], int] | None = None,
        payout: Payout | None = None,
        **options: Any,
    ) -> None:
        self.ticks = options.pop("ticks", 10**6)
        super().__init__(*args, **options)
        self.payout = payout
        #: (account, tick): shared slots of the session; the tallies leave out the others
        self.caps = caps
        self.tallied_watch, self.tallied_reacted = [0] * self.m, [0] * self.m
        self.tallied_did: list[Counter[str]] = [Counter() for _ in range(self.m)]
        self.gone: set[int] = set()
        self.quit: set[int] = set()
        self.mood = [0.5] * self.n
        self.gained: Counter[int] = Counter()
        self.lost: Counter[int] = Counter()
        self.won: set[tuple[int, int]] = set()
        self.left: set[tuple[int, int]] = set()
        self.n_candidates = 0
        #: (due, key, author, parent, kind), and of those that entered (author, parent, kind, tick)
        self.waiting: list[tuple[int, int, int, int, int]] = []
        self.answers: list[tuple[int, int, int, int]] = []
        self.unanswered: Counter[str] = Counter()
        self.after = self.w
        #: of sessions: to leave, mean watch fraction, posts; of posts: to post it, to give up
        self.staying: list[tuple[float, float, float]] = []
        self.creating: list[tuple[float, float]] = []

    def step(self, t: int) -> list[Row]:
        """Rows (tick, account, slot, post, source, watch, react, parent)."""
        self.t = t
        if self.w.authored and t > 0:
            self.create()
        self.enter_answers()
        self.begin_tick()
        held = [(a, *self.session(a)) for a in self.by_key if self.opens(a)]
        rows = [row for _, shown, _, _ in held for row in shown]
        for row in rows:
            _, a, _, p, _, watch, react, _ = row
            if p >= 0:
                self.count(a, p, watch, react)
                self.answer(a, p, react)
            if self.tallied(row):
                self.tallied_watch[p] += watch
                self.tallied_did[p].update(self.kinds(watch, react))
                self.tallied_reacted[p] += react & codes.ACTIVITY > 0
        self.widen_exploration()
        self.tie(row for row in rows if self.tallied(row))
        for a, _, leave, mean in held if self.free else ():
            self.mood[a] = mean
            if self.draw(codes.E_LEAVE, a, None, t) < leave:
                self.gone.add(a)
        return sorted(rows)

    def answer(self, a: int, p: int, react: int) -> None:
        """Draw when each duet and stitch is posted, if ever."""
        for kind, name in ((1, "DUET"), (2, "STITCH")):
            if not (self.free and react & getattr(codes, name)):
                continue
            key = bits(0, getattr(codes, f"E_{name}"), self.akey[a], self.pkey[p], 0)
            drawn = share(bits(self.seed, codes.E_DELAY, key, 0, 0))
            z = NormalDist().inv_cdf(max(drawn, 2.0**-54))
            delay = self.mind.answer_delay * math.exp(min(self.mind.answer_spread * z, 40.0))
            due = self.t + max(math.ceil(delay), 1)
            chance, before = self.mind.answer_posts, p - self.w.n_posts
            if kind == 2 and before >= 0 and self.answers[before][2] == 2:
                chance *= self.mind.stitch_chain
            if share(bits(self.seed, codes.E_ANSWER, key, 0, 0)) >= chance:
                self.unanswered["declined"] += 1
            elif due >= self.ticks:
                self.unanswered["late"] += 1
            else:
                self.waiting.append((due, key, a, p, kind))

    def enter_answers(self) -> None:
        """Post what is due, by those who are still there and post."""
        for due, key, a, parent, kind in sorted(self.waiting):
            if due != self.t:
                continue
            if a in self.gone or a in self.quit:
                self.unanswered["left" if a in self.gone else "quit"] += 1
                continue
            facts = {
                name: float("nan") if values is None else values[parent]
                for name, values in self.facts.items()
            }
            mix, own = self.mind.answer_mix, share(bits(0, codes.E_QUALITY, key, 0, 0))
            facts["quality"] = float(np.float32(mix * facts["quality"] + (1 - mix) * own))
            facts["cross_posted"] = 0.0
            for what in ("country", "language"):
                known = getattr(self.w, what)
                facts[f"post_{what}"] = -1 if known is None else int(known[a])
            self.add_post(a, key, parent, facts, mix)
            self.tallied_watch.append(0)
            self.tallied_reacted.append(0)
            self.tallied_did.append(Counter())
            self.answers.append((a, parent, kind, self.t))
        self.number()

    def world(self) -> World:
        """The world with the answers so far."""
        if self.m > self.after.n_posts:
            columns = [np.array(column) for column in zip(*self.answers, strict=True)]
            self.after = world_with_answers(self.w, Answers(*columns, self.mind.answer_mix))
        return self.after

    def tallied(self, row: Row) -> bool:
        t, a, s, p, *_ = row
        return p >= 0 and (self.caps is None or s < self.caps[a, t])

    def opens(self, a: int) -> bool:
        chance = self.mind.activity
        if self.free and chance < 1:
            odds = chance / (1 - chance)
            odds *= math.exp(self.mind.return_slope * (self.mood[a] - 0.5))
            chance = odds / (1 + odds)
        return a not in self.gone and self.draw(codes.E_SESSION, a, None, self.t) < chance

    def kinds(self, watch: int, react: int) -> list[str]:
        names = [name for bit, name in enumerate(REACTIONS[:8]) if react & (1 << bit)]
        return names + ["skip"] * (watch < 65536 // 4)

    def count(self, a: int, p: int, watch: int, react: int) -> None:
        self.watch[p] += watch
        self.views[p] += 1
        self.did[p].update(self.kinds(watch, react))
        if react & codes.ACTIVITY:
            self.reacted[p] += 1
            self.rings[a].add((p, self.t, react & codes.ACTIVITY))
        if react & codes.COMPLETE:
            self.done[a].add(p)
            self.fans[p].add(a)

    def widen_exploration(self) -> None:
        shown, finished = sum(self.views), sum(did["complete"] for did in self.did)
        for p in range(self.m):
            usual = self.did[p]["complete"] * shown >= finished * self.views[p]
            if self.views[p] >= self.trial[p] and usual:
                self.trial[p] = min(math.ceil(self.trial[p] * self.feed.trial_growth), 2**40)

    def tie(self, rows: Iterable[Row]) -> None:
        new, old = set(), set()
        for _, a, _, p, _, _, react, _ in rows:
            for who in set(self.posters[p]) - {a} if p >= 0 else ():
                if react & codes.FOLLOW:
                    new.add((a, who))
                if react & codes.UNFOLLOW and who in self.follows[a]:
                    old.add((a, who))
        if self.free:
            for a, who in new:
                self.follows[a].add(who)
            for a, who in old:
                self.follows[a].remove(who)
        else:
            new, old = new - self.won, old - self.left
            self.won |= new
            self.left |= old
        self.gained.update(who for _, who in new)
        self.lost.update(who for _, who in old)

    def create(self) -> None:
        """Post what is scheduled, give up, drift; under a matched budget, record it only."""
        before = [p for p in self.order if self.tick[p] < self.t and p not in self.dropped]
        posts = Counter(self.author[p] for p in before)
        reward: dict[int, float] = dict.fromkeys(posts, 0.0)
        for p in before:
            reward[self.author[p]] += self.tallied_reacted[p]
        weight = [float(reacted) for reacted in self.reacted]
        if self.payout is not None:
            weight = self.earn(before)
            reward = self.in_reactions(before, weight)
        quitting, moving = set(), []
        for p in (p for p in self.order if self.tick[p] == self.t and posts[self.author[p]]):
            who = self.author[p]
            usual = 1 + sum(self.tallied_reacted[q] for q in before) / len(before)
            rho = math.log((1 + reward[who] / posts[who]) / usual)
            post = sigmoid(self.mind.post_base + self.mind.post_slope * rho)
            leave = sigmoid(self.mind.quit_base - self.mind.quit_slope * rho)
            self.creating.append((post, leave))
            if self.free and (self.draw(codes.E_POST, who, p, 0) >= post or who in self.quit):
                self.dropped.add(p)
            elif self.free:
                moving.append(p)
            if self.free and self.draw(codes.E_QUIT, who, p, 0) < leave:
                quitting.add(who)
        self.quit |= quitting
        for table, topics in ((self.features, self.topics), (self.truths, self.subjects)):
            rows = table.astype(np.float64)
            for p in moving if self.mind.drift else ():
                praised = np.zeros(rows.shape[1])
                for q in before:
                    if self.author[q] == self.author[p]:
                        praised += rows[q] * weight[q]
                if praised.any():
                    moved = rows[p] + self.mind.drift * (unit(praised) - rows[p])
                    table[p] = unit(moved).astype(np.float32)
                    topics[p] = self.topic(table[p])

    def earn(self, before: list[int]) -> list[float]:
        """What each post earned: its own tallies, and its part of what its author is paid for."""
        pay = self.payout
        assert pay is not None
        creators = sorted({self.author[p] for p in before})
        own = {a: [p for p in before if self.author[p] == a] for a in creators}
        minutes = {p: self.watch[p] / 65536 * self.fact("durations", p, 20.0) / 60 for p in before}
        rewards = ("like", "comment", "share", "follow", "duet", "stitch")
        hearts = {p: sum(self.did[p][kind] for kind in rewards) for p in before}
        fans = {a: sum(a in followees for followees in self.follows) for a in creators}
        total = {a: sum((minutes[p] for p in own[a]), 0.0) for a in creators}
        engaged = {
            a: fans[a] * sum(hearts[p] for p in own[a]) / max(sum(self.views[p] for p in own[a]), 1)
            for a in creators
        }
        # who has so many minutes that all below together hold at most the share
        whole = sum(total.values())
        least = max(
            (
                total[a]
                for a in creators
                if pay.entry
                and sum(total[b] for b in creators if total[b] < total[a])
                <= pay.entry * whole + 1e-12 * whole
            ),
            default=0.0,
        )
        # places for those with most engagement; whoever ties with the last shares what is left
        places, part = pay.chosen * len(creators), {}
        for value in sorted(set(engaged.values()), reverse=True):
            tied = [a for a in creators if engaged[a] == value]
            part |= dict.fromkeys(tied, min(max(places, 0.0) / len(tied), 1.0))
            places -= len(tied)
        earned = [0.0] * self.m
        for a in creators:
            count = sum(hearts[p] for p in own[a])
            for p in own[a] if total[a] >= least else ():
                earned[p] = pay.per_view * self.views[p] + pay.per_minute * minutes[p]
                earned[p] += pay.per_reaction * hearts[p]
                earned[p] += pay.per_follower * fans[a] / len(own[a])
                deal = pay.per_engaged * engaged[a] * part[a]
                earned[p] += deal * hearts[p] / max(count, 1)
        return earned

    def in_reactions(self, before: list[int], earned: list[float]) -> dict[int, float]:
        """Income in the unit in which all posts earn as many as they have reactions."""
        whole, reacted = sum(earned), sum(self.tallied_reacted[p] for p in before)
        found = dict.fromkeys((self.author[p] for p in before), 0.0)
        for p in before:
            share = earned[p] / whole if whole else 1 / len(before)
            found[self.author[p]] += share * reacted
        return found

    def session(self, a: int) -> tuple[list[Row], float, float]:
        """Rows, the chance to leave for good, and the mean watch fraction."""
        query, heard = self.begin_session(a), self.hear(a)
        source_of = self.candidates(a, query, heard)
        self.n_candidates += len(source_of)
        pool = self.scores(a, source_of, query, heard)
        picks = dict.fromkeys(pool, 0)
        base = bits(self.seed, codes.E_TIE_BREAK, self.akey[a], 0, 0)
        tie = {p: stir(base ^ self.pkey[p]) >> 1 for p in pool}
        rows: list[Row] = []
        watched, repeated, stay, staying = [], 0, 0.0, 1.0
        for s in range(self.slots):
            p, source = -1, codes.FILLER
            barred = self.has_had_its_share(a, rows)
            if may := [p for p in pool if not (barred and self.fact("flagged", p, 0))]:
                p = max(may, key=lambda p: (pool[p] * self.discount(pool[p], picks[p]), tie[p]))
                source = source_of[p]
                self.choose(p, pool, picks)
            else:
                p = self.fill(a, s, barred)
            if p < 0:
                rows.append((self.t, a, s, -1, source, 0, 0, -1))
                continue
            self.seen[a].add(p)
            topic = self.subjects[p]
            repeats = sum(self.subjects[row[3]] == topic is not None for row in rows if row[3] >= 0)
            w, react = self.react(a, p, heard, repeats)
            self.learn(a, p, w, react)
            rows.append((self.t, a, s, p, source, int(w * 65536), react, self.parent(a, p, react)))
            if self.caps is None or s < self.caps[a, self.t]:
                watched.append(w)
                repeated += repeats > 0
                stay += staying
            stop = sigmoid(self.mind.stop_base - self.mind.stop_slope * (w - 0.5))
            staying *= 1 if self.free else 1 - stop
            if self.free and self.of_pair(codes.E_STOP, a, p) < stop:
                break
        mean = sum(watched) / len(watched) if watched else 0.0
        bored = self.mind.boredom * repeated / len(watched) if watched else 0.0
        leave = sigmoid(self.mind.leave_base - self.mind.leave_slope * (mean - 0.5) + bored)
        if self.caps is None or self.caps[a, self.t]:
            self.staying.append((leave, mean, stay))
        return rows, leave, mean

    def has_had_its_share(self, a: int, rows: list[Row]) -> bool:
        """Whether a minor has been shown as many flagged posts as the cap allows."""
        young = self.w.minors is not None and bool(self.w.minors[a])
        flagged = sum(self.fact("flagged", row[3], 0) > 0 for row in rows if row[3] >= 0)
        return young and (flagged + 1) / self.slots > self.feed.minor_cap + 1e-12

    def discount(self, score: float, picks: int) -> float:
        if self.feed.author_decay == 1 or score <= 0:
            return 1.0
        power = float(np.power(self.feed.author_decay, np.array([float(picks)]))[0])
        return self.feed.author_floor + (1 - self.feed.author_floor) * power

    def choose(self, p: int, pool: dict[int, float], picks: dict[int, int]) -> None:
        """Take it out of the pool and discount those like it."""
        del pool[p]
        for other in pool:
            if self.topics[other] == self.topics[p] is not None:
                pool[other] -= self.feed.topic_penalty
            if self.author[other] == self.author[p]:
                pool[other] -= self.feed.author_penalty
                picks[other] += 1

    def react(self, a: int, p: int, heard: dict[int, list[int]], repeats: int) -> tuple[float, int]:
        """Watch fraction, and bits of the reactions."""
        m = self.mind
        follows = sum(who in self.follows[a] for who in self.posters[p])
        z = math.sqrt(-2.0 * math.log(1 - self.of_pair(codes.E_NOISE, a, p)))
        z *= math.cos(2.0 * math.pi * self.of_pair(codes.E_NOISE2, a, p))
        likes = float(dots(self.tastes[a], self.truths[p][None])[0])
        answer = m.social_share * (1 - 0.5 ** (follows + len(heard.get(p, ()))))
        w = sigmoid(
            m.watch_base
            + m.watch_taste * ((1 - m.social_share) * likes + answer + m.noise * z)
            + m.watch_quality * (self.facts["quality"][p] - 0.5)
            - m.watch_length * math.log(self.fact("durations", p, 20.0) / 20.0)
            - m.fatigue * repeats
        )
        lean = m.reaction_slope * (w - 0.5)
        chances = {
            "like": m.like_base + lean,
            "comment": m.comment_base + lean + m.comment_divisive * self.fact("divisiveness", p, 0),
            "share": m.share_base + lean + m.share_flagged * self.fact("flagged", p, 0),
            "duet": m.duet_base + lean,
            "stitch": m.stitch_base + lean,
        }
        if not follows:
            chances["follow"] = m.follow_base + lean
        elif w < 0.25:
            chances["unfollow"] = m.unfollow_base
        react = codes.COMPLETE if w >= 0.9 else 0
        for name, odds in chances.items():
            event = getattr(codes, f"E_{name.upper()}")
            if self.of_pair(event, a, p) < sigmoid(odds):
                react |= getattr(codes, name.upper())
        asked = react & codes.SHARE and self.fact("flagged", p, 0)
        if asked and self.of_pair(codes.E_FRICTION, a, p) < self.feed.share_friction:
            react -= codes.SHARE
        return w, react

    def parent(self, a: int, p: int, react: int) -> int:
        """The followee who passed it on last; of several, the first by key."""
        parent, latest = -1, self.t - codes.HORIZON
        for f in self.circle(a) if react & codes.RESHARE else ():
            for q, t, kind in self.rings[f]:
                heard = q == p and kind & codes.RESHARE and self.delivered(a, f, p)
                if heard and t > latest:
                    parent, latest = f, t
        return parent

    def learn(self, a: int, p: int, w: float, react: int) -> None:
        answer = react & (codes.DUET | codes.STITCH)
        happened = (
            react & codes.COMPLETE,
            react & codes.LIKE,
            react & codes.COMMENT,
            react & codes.SHARE,
            react & codes.FOLLOW,
            answer,
            w < 0.25,
        )
        strength = 0.0
        for signal, flag in zip(list(SIGNALS)[:7], happened, strict=True):
            if flag:
                strength += self.feed.learning_rate * self.feed.signals.get(signal, 0.0)
        if strength:
            self.profiles[a] += np.float32(strength) * self.features[p]
