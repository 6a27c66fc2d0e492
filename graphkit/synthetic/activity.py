"""A uniform feed: who was shown what, when and in which place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.rng import Streams
from graphkit.synthetic.accounts import Population, categorical, moments, weighted, zipf
from graphkit.synthetic.topics import CLOSERS, GENERIC_TAGS, OPENERS, PLAIN_WORDS, Topic

__all__ = [
    "Actions",
    "Answers",
    "Feed",
    "Posts",
    "draw_answers",
    "draw_captions",
    "draw_origins",
    "draw_posts",
    "draw_sounds",
    "draw_tags",
    "react",
    "show_posts",
    "watch",
]

_OFF_TOPIC = 0.05
"""Share of posts whose topic is anybody's instead of the author's."""
_ANSWERS = 0.07
"""Share of posts that are meant as duets or stitches, if the author has seen something to answer."""


@dataclass(frozen=True)
class Posts:
    """Items by code, 0 … m−1, in an order that says nothing about them."""

    author: npt.NDArray[np.int64]
    topic: npt.NDArray[np.int64]
    created: npt.NDArray[np.int64]
    """Seconds from the start of the window."""
    duration: npt.NDArray[np.float64]
    """Seconds."""
    quality: npt.NDArray[np.float32]
    """0 … 1."""
    divisiveness: npt.NDArray[np.float64]
    """0 … 1."""
    misleading: npt.NDArray[np.bool_]
    answer: npt.NDArray[np.bool_]
    """Meant as an answer to another post."""

    def __len__(self) -> int:
        return len(self.author)


def draw_posts(population: Population, *, per_account: float, days: int, streams: Streams) -> Posts:
    """Post on topic j at rate activity × interest in j × supply of j."""
    rng = streams.generator("posts")
    n = len(population.home)
    size = max(1, round(n * per_account))
    rates = population.interests * population.supply
    author = weighted(population.activity * rates.sum(axis=1), size, rng)
    topic = categorical(rates, author, rng)
    off = rng.random(size) < _OFF_TOPIC
    topic[off] = weighted(population.shares * population.supply, int(off.sum()), rng)
    created = moments(days, size, rng)
    duration = np.clip(np.rint(rng.lognormal(np.log(22.0), 0.65, size)), 5.0, 180.0)
    merit = -0.1 + 0.8 * population.skill[author] + 0.8 * rng.standard_normal(size)
    quality = np.round(1.0 / (1.0 + np.exp(-merit)), 3).astype(np.float32)
    answer = rng.random(size) < _ANSWERS
    opinion, chance = streams.generator("opinion"), streams.generator("flags").random(size)
    mean = np.array([t.divisiveness for t in population.topics])[topic]
    divisiveness = np.round(opinion.beta(6.0 * mean, 6.0 * (1.0 - mean)), 2)
    misleading = chance < np.array([t.flagged for t in population.topics])[topic]
    return Posts(author, topic, created, duration, quality, divisiveness, misleading, answer)


_SHAPE = 6.0
"""Of the gamma law of impressions per account: lower is more unequal."""
_SESSION = (6, 17)
"""Slots of a session, drawn once per account; the upper end is excluded."""
_LARGEST_SHARE = 0.8
"""Nobody is shown more than this share of what exists; it keeps redrawing short on tiny platforms."""


@dataclass(frozen=True)
class Feed:
    """Impressions, ordered by account, session and position."""

    account: npt.NDArray[np.int64]
    item: npt.NDArray[np.int64]
    opened: npt.NDArray[np.int64]
    """When the session began, in seconds from the start of the window."""
    position: npt.NDArray[np.int64]
    """Place in the session, from 0."""

    def __len__(self) -> int:
        return len(self.account)


def show_posts(posts: Posts, n: int, *, per_account: float, days: int, streams: Streams) -> Feed:
    """Fill every session with a uniform draw from the posts that exist when it begins.

    Own posts and posts shown before are left out, which makes this a draw without replacement from
    all others. Each slot takes the first value of its own sequence of draws that no earlier slot of
    the account holds; the loop below redraws until that is so.
    """
    rng = streams.generator("feed")
    account, opened, position = _slots(n, per_account, days, rng)
    order = np.argsort(posts.created, kind="stable")
    existing = np.searchsorted(posts.created[order], opened, side="right")
    room = np.floor(_LARGEST_SHARE * (existing - _own(posts, n, account, opened, days)))
    kept = _fits(account, room.astype(np.int64))
    account, opened, position, existing = (a[kept] for a in (account, opened, position, existing))
    drawn = (rng.random(len(account)) * existing).astype(np.int64)
    open_slots = np.arange(len(account))
    while open_slots.size:
        who, what = account[open_slots], order[drawn[open_slots]]
        clash = _repeats(who * len(posts) + what) | (posts.author[what] == who)
        again = open_slots[clash]
        drawn[again] = (rng.random(len(again)) * existing[again]).astype(np.int64)
        unsettled = np.zeros(n, dtype=bool)
        unsettled[account[again]] = True
        open_slots = open_slots[unsettled[who]]
    return Feed(account, order[drawn], opened, position)


def _slots(
    n: int, per_account: float, days: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Account, beginning of session and position of each slot, in order of account and time."""
    count = np.maximum(1, np.rint(rng.gamma(_SHAPE, per_account / _SHAPE, n)).astype(np.int64))
    length = rng.integers(*_SESSION, n)
    sessions = -(-count // length)
    owner = np.repeat(np.arange(n), sessions)
    begin = moments(days, len(owner), rng)
    begin -= 3_600 * (begin >= days * 86_400 - 3_600)  # a session ends within the window
    begin = begin[np.lexsort((begin, owner))]
    account = np.repeat(np.arange(n), count)
    index = np.arange(len(account)) - np.repeat(np.cumsum(count) - count, count)
    session = np.repeat(np.cumsum(sessions) - sessions, count) + index // length[account]
    return account, begin[session], index % length[account]


def _own(
    posts: Posts, n: int, account: npt.NDArray[np.int64], opened: npt.NDArray[np.int64], days: int
) -> npt.NDArray[np.int64]:
    """How many posts of the account itself exist at that time."""
    span = days * 86_400 + 1
    made = np.sort(posts.author * span + posts.created)
    before = np.searchsorted(made, account * span + opened, side="right")
    found: npt.NDArray[np.int64] = before - np.searchsorted(made, account * span, side="left")
    return found


def _fits(account: npt.NDArray[np.int64], room: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which slots can be filled if the first c slots of an account may hold at most `room` items.

    With slots 0, 1, … of one account, c(j + 1) = min(c(j) + 1, room(j)) and `room` never falling,
    so c(j + 1) = j + min(1, min over i ≤ j of room(i) − i).
    """
    if not len(account):
        return np.zeros(0, dtype=bool)
    begins = np.flatnonzero(np.diff(account, prepend=-1))
    index = np.arange(len(account)) - np.repeat(begins, np.diff(begins, append=len(account)))
    slack = room - index
    step = int(slack.max() - slack.min()) + 1  # a drop at each account restarts the running minimum
    lowest = np.minimum.accumulate(slack - account * step) + account * step
    filled = index + np.minimum(1, lowest)
    before = np.concatenate([[0], filled[:-1]])
    before[begins] = 0
    return filled > before


def _repeats(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which keys occurred earlier in the array."""
    order = np.argsort(keys, kind="stable")
    repeats = np.zeros(len(keys), dtype=bool)
    repeats[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    return repeats


_LONGEST_SESSION = 3_300
"""Seconds after which a session's clock stands still."""
_IDLE, _TAKEN, _BEND = 0.05, 0.95, 0.8
"""Expected watch fraction without interest, and its rise per unit of interest in a post of middling quality."""
_NOISE = 0.4
"""Standard deviation of the logarithm of watch fractions around their expectation."""
_HALF = 0.5
"""Watch fraction at which an account reacts half as readily as it ever does."""
CHANCES: dict[str, float] = {"like": 0.75, "comment": 0.08, "share": 0.07, "save": 0.09}
"""Chance of each reaction of a fully captured viewer."""


@dataclass(frozen=True)
class Answers:
    """Duets and stitches: the new item, the original that its author had seen, which of the two."""

    item: npt.NDArray[np.int64]
    original: npt.NDArray[np.int64]
    duet: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Actions:
    """Reactions to impressions: position in the feed, kind (index into CHANCES), second."""

    impression: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]


def draw_answers(population: Population, posts: Posts, feed: Feed, *, streams: Streams) -> Answers:
    """Let every post meant as an answer pick its original among what its author had been shown.

    Originals are posts that answer nothing, shown in a session that began an hour or more before;
    each is picked with weight (interest in its topic × quality)². Posts that find none stay ordinary.
    """
    rng = streams.generator("answers")
    item = np.flatnonzero(posts.answer)
    n = len(population.home)
    first = np.searchsorted(feed.account, np.arange(n + 1))
    author = posts.author[item]
    length = first[author + 1] - first[author]
    which = np.repeat(np.arange(len(item)), length)
    offset = np.arange(len(which)) - np.repeat(np.cumsum(length) - length, length)
    shown = np.repeat(first[author], length) + offset
    usable = (feed.opened[shown] + 3_600 <= posts.created[item[which]]) & ~posts.answer[
        feed.item[shown]
    ]
    which, original = which[usable], feed.item[shown[usable]]
    appeal = population.interests[author[which], posts.topic[original]] * posts.quality[original]
    score = 2.0 * np.log(appeal.astype(np.float64) + 1e-6) + rng.gumbel(size=len(which))
    best = np.lexsort((score, which))
    last = np.flatnonzero(np.diff(which[best], append=-1))
    chosen = best[last]
    duet = rng.random(len(item)) < 0.5
    return Answers(item[which[chosen]], original[chosen], duet[which[chosen]])


def watch(
    population: Population, posts: Posts, feed: Feed, *, streams: Streams
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Watch fraction of each impression, rounded to two decimals, and the second it was shown."""
    rng = streams.generator("watching")
    interest: npt.NDArray[np.float64] = population.interests[
        feed.account, posts.topic[feed.item]
    ].astype(np.float64)
    duration = posts.duration[feed.item]
    expected = _IDLE + _TAKEN * interest**_BEND * (0.5 + 0.8 * posts.quality[feed.item])
    expected *= (20.0 / duration) ** 0.15
    noise = np.exp(_NOISE * rng.standard_normal(len(feed)) - _NOISE**2 / 2.0)
    fraction: npt.NDArray[np.float64] = np.minimum(expected * noise, 4.0).round(2)
    seconds: npt.NDArray[np.int64] = np.ceil(fraction * duration).astype(np.int64) + 1
    elapsed = np.cumsum(seconds) - seconds
    begins = np.flatnonzero(feed.position == 0)
    elapsed -= np.repeat(elapsed[begins], np.diff(begins, append=len(feed)))
    shown_at: npt.NDArray[np.int64] = feed.opened + np.minimum(elapsed, _LONGEST_SESSION)
    return fraction, shown_at


def react(
    posts: Posts,
    feed: Feed,
    fraction: npt.NDArray[np.float64],
    shown_at: npt.NDArray[np.int64],
    *,
    streams: Streams,
) -> Actions:
    """Draw reactions from watching: chance × w³ / (w³ + half³), comments more so when divisive."""
    rng = streams.generator("reactions")
    cube = fraction**3
    capture = cube / (cube + _HALF**3)
    found: list[npt.NDArray[np.int64]] = []
    for kind, chance in CHANCES.items():
        ready = chance * capture
        if kind == "comment":
            ready = ready * (1.0 + 2.0 * posts.divisiveness[feed.item])
        found.append(np.flatnonzero(rng.random(len(feed)) < ready))
    impression = np.concatenate(found)
    kinds = np.repeat(np.arange(len(found)), [len(f) for f in found])
    watched = np.minimum(fraction[impression], 1.0) * posts.duration[feed.item[impression]]
    delay = np.ceil(watched * rng.random(len(impression))).astype(np.int64)
    order = np.lexsort((kinds, impression))
    at = shown_at[impression] + delay
    return Actions(impression[order], kinds[order], at[order])


_TOPICAL = (0.12, 0.20, 0.30, 0.24, 0.14)
"""Chance of 0, 1, 2, … topical tags on a post."""
_GENERIC = (0.18, 0.36, 0.30, 0.16)
"""Chance of 0, 1, 2, … generic tags on a post."""
_SPELLING = (0.74, 0.14, 0.12)
"""Chance that a tag is written in lower case, capitalised, in capitals."""
_NO_SOUND, _EVERYBODYS_SOUND = 0.25, 0.40
"""Shares of posts with their author's own recording, and with a sound that all communities use."""
_POSTS_PER_SOUND = 15
_CROSS_POSTED = 0.06
"""Share of posts that were first posted elsewhere; answers, which are made here, never are."""

Codes = npt.NDArray[np.int64]


def draw_tags(
    posts: Posts, answers: Answers, topics: tuple[Topic, ...], *, tag_noise: float, streams: Streams
) -> pl.Series:
    """One list of distinct tags per post, in the order and spelling of its author."""
    rng = streams.generator("tags")
    m, k = len(posts), len(topics)
    vocabulary = sorted({*GENERIC_TAGS, "duet", "stitch", *(t for c in topics for t in c.tags)})
    code = {tag: i for i, tag in enumerate(vocabulary)}
    lists = [np.array([code[t] for t in topic.tags]) for topic in topics]

    topical = np.repeat(np.arange(m), weighted(np.array(_TOPICAL), m, rng))
    foreign = np.flatnonzero(rng.random(m) < tag_noise)
    other = (posts.topic[foreign] + rng.integers(1, k, len(foreign))) % k
    owner = np.concatenate([topical, foreign])
    about = np.concatenate([posts.topic[topical], other])
    tag = np.empty(len(owner), dtype=np.int64)
    for j, codes in enumerate(lists):
        chosen = np.flatnonzero(about == j)
        tag[chosen] = codes[zipf(len(codes), len(chosen), rng)]
    generic = np.repeat(np.arange(m), weighted(np.array(_GENERIC), m, rng))
    generic_codes = np.array([code[t] for t in GENERIC_TAGS])
    named = rng.random(len(answers.item)) < 0.6
    form = np.where(answers.duet, code["duet"], code["stitch"])[named]
    owner = np.concatenate([owner, generic, answers.item[named]])
    tag = np.concatenate([tag, generic_codes[zipf(len(generic_codes), len(generic), rng)], form])

    _, first = np.unique(owner * len(vocabulary) + tag, return_index=True)
    owner, tag = owner[first], tag[first]
    order = np.lexsort((rng.random(len(owner)), owner))
    owner, tag = owner[order], tag[order]
    spelling = weighted(np.array(_SPELLING), len(owner), rng)
    written = pl.Series(_spellings(vocabulary, topics)).gather(tag * 3 + spelling)
    lists_of_tags = (
        pl.DataFrame({"item": owner, "tag": written})
        .group_by("item", maintain_order=True)
        .agg("tag")
    )
    every = pl.DataFrame({"item": np.arange(m)})
    joined = every.join(lists_of_tags, on="item", how="left", maintain_order="left")
    empty = pl.lit([], dtype=pl.List(pl.String))
    return joined.select(pl.col("tag").fill_null(empty)).to_series().alias("tags")


def _spellings(vocabulary: list[str], topics: tuple[Topic, ...]) -> list[str]:
    """Three spellings of every tag: lower case, capitalised (as in the label), capitals."""
    labels = {t.label.lstrip("#").casefold(): t.label.lstrip("#") for t in topics}
    spelt: list[str] = []
    for tag in vocabulary:
        label = labels.get(tag, tag)
        spelt += [tag, label if label != tag else tag.capitalize(), tag.upper()]
    return spelt


def draw_captions(
    posts: Posts, tags: pl.Series, topics: tuple[Topic, ...], *, streams: Streams
) -> pl.Series:
    """Short captions from an opener, words of the topic, a closer, and the post's hashtags."""
    rng = streams.generator("captions")
    m = len(posts)
    words = [*PLAIN_WORDS, *(w for topic in topics for w in topic.words)]
    picks = []
    for _ in range(2):
        word = rng.integers(0, len(PLAIN_WORDS), m)
        own = rng.random(m) < 0.8
        start = len(PLAIN_WORDS)
        for j, topic in enumerate(topics):
            chosen = np.flatnonzero(own & (posts.topic == j))
            word[chosen] = start + zipf(len(topic.words), len(chosen), rng)
            start += len(topic.words)
        picks.append(word)
    second = pl.Series(rng.random(m) < 0.5) & pl.Series(picks[0] != picks[1])
    closed = pl.Series(rng.random(m) < 0.5)
    frame = pl.DataFrame(
        {
            "opener": pl.Series(OPENERS).gather(rng.integers(0, len(OPENERS), m)),
            "first": pl.Series(words).gather(picks[0]),
            "second": pl.select(
                pl.when(second).then(pl.lit("and ") + pl.Series(words).gather(picks[1]))
            ).to_series(),
            "closer": pl.Series(CLOSERS)
            .gather(rng.integers(0, len(CLOSERS), m))
            .set(~closed, None),
            "tags": tags,
        }
    )
    hashtags = pl.col("tags").list.eval(pl.lit("#") + pl.element()).list.join(" ")
    hashtags = pl.when(pl.col("tags").list.len() > 0).then(hashtags)
    parts = pl.concat_str(
        "opener", "first", "second", "closer", hashtags, separator=" ", ignore_nulls=True
    )
    return frame.select(parts.alias("caption")).to_series()


def draw_sounds(
    posts: Posts, answers: Answers, topics: tuple[Topic, ...], *, streams: Streams
) -> tuple[Codes, int]:
    """Sound of each post, −1 for the author's own recording, and the number of sounds."""
    rng = streams.generator("sounds")
    m = len(posts)
    pools = np.concatenate([[m], np.bincount(posts.topic, minlength=len(topics))])
    share = np.concatenate([[_EVERYBODYS_SOUND], np.full(len(topics), 1 - _EVERYBODYS_SOUND)])
    size = np.maximum(3, np.rint(pools * share / _POSTS_PER_SOUND).astype(np.int64))
    first = np.cumsum(size) - size
    draw = rng.random(m)
    pool = np.where(draw < _NO_SOUND + _EVERYBODYS_SOUND, 0, 1 + posts.topic)
    sound = np.empty(m, dtype=np.int64)
    for j in range(len(size)):
        chosen = np.flatnonzero(pool == j)
        sound[chosen] = first[j] + zipf(int(size[j]), len(chosen), rng)
    total = int(size.sum())
    sound = rng.permutation(total)[sound]
    sound[draw < _NO_SOUND] = -1
    sound[answers.item[answers.duet]] = sound[answers.original[answers.duet]]
    return sound, total


def draw_origins(posts: Posts, answers: Answers, *, streams: Streams) -> pl.Series:
    """Where each post was first posted: ``"other"`` for another platform, else nothing."""
    elsewhere = streams.generator("origins").random(len(posts)) < _CROSS_POSTED
    elsewhere[answers.item] = False
    origins = pl.repeat("other", len(posts), dtype=pl.String, eager=True)
    return origins.set(pl.Series(~elsewhere), None).alias("origin")
