"""Posts, impressions under a uniform feed, and reactions of a synthetic platform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.rng import Streams
from graphkit.synthetic.accounts import (
    Codes,
    Floats,
    Population,
    draw_columns,
    draw_times,
    draw_weighted,
    draw_zipf,
)
from graphkit.synthetic.topics import CLOSERS, GENERIC_TAGS, OPENERS, PLAIN_WORDS, Topic

_OFF_TOPIC = 0.05
"""Share of posts whose topic is drawn from all topics instead of the author's interests."""
_REPLIES = 0.07
"""Share of posts meant as replies (duets or stitches), if the author has seen a parent post."""


@dataclass(frozen=True)
class Posts:
    """Posts 0 … m−1, in random order.

    `created` is in seconds from the start of the window, `duration` in seconds; `quality` and
    `divisiveness` are in [0, 1]; `reply` marks posts meant as replies to another post.
    """

    author: Codes
    topic: Codes
    created: Codes
    duration: Floats
    quality: npt.NDArray[np.float32]
    divisiveness: Floats
    misleading: npt.NDArray[np.bool_]
    reply: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.author)


def draw_posts(population: Population, *, per_account: float, days: int, streams: Streams) -> Posts:
    """Draw posts: an account posts on topic j at rate activity × interest in j × supply of j."""
    rng = streams.generator("posts")
    n = len(population.home)
    size = max(1, round(n * per_account))
    rates = population.interests * population.supply
    author = draw_weighted(population.activity * rates.sum(axis=1), size, rng)
    topic = draw_columns(rates, author, rng)
    off = rng.random(size) < _OFF_TOPIC
    topic[off] = draw_weighted(population.shares * population.supply, int(off.sum()), rng)
    created = draw_times(days, size, rng)
    duration = np.clip(np.rint(rng.lognormal(np.log(22.0), 0.65, size)), 5.0, 180.0)
    score = -0.1 + 0.8 * population.skill[author] + 0.8 * rng.standard_normal(size)
    quality = np.round(1.0 / (1.0 + np.exp(-score)), 3).astype(np.float32)
    reply = rng.random(size) < _REPLIES
    opinion, chance = streams.generator("opinion"), streams.generator("flags").random(size)
    mean = np.array([t.divisiveness for t in population.topics])[topic]
    divisiveness = np.round(opinion.beta(6.0 * mean, 6.0 * (1.0 - mean)), 2)
    misleading = chance < np.array([t.flagged for t in population.topics])[topic]
    return Posts(author, topic, created, duration, quality, divisiveness, misleading, reply)


_SHAPE = 6.0
"""Shape of the gamma distribution of impressions per account: lower is more unequal."""
_SESSION = (6, 17)
"""Slots of a session, drawn once per account; the upper end is excluded."""
_LARGEST_SHARE = 0.8
"""No account is shown more than this share of existing posts, which bounds redrawing."""


@dataclass(frozen=True)
class ObservedFeed:
    """Impressions, ordered by account, session and position.

    `opened` is the beginning of the session in seconds from the start of the window, `position`
    the rank in the session, from 0.
    """

    account: Codes
    item: Codes
    opened: Codes
    position: Codes

    def __len__(self) -> int:
        return len(self.account)


def show_posts(
    posts: Posts, n: int, *, per_account: float, days: int, streams: Streams
) -> ObservedFeed:
    """Uniform feed: each session is a uniform draw from the posts that exist when it begins.

    Posts of the account itself and posts shown before are excluded (a draw without replacement):
    a slot takes the first of its draws that no earlier slot of the account has.
    """
    rng = streams.generator("feed")
    account, opened, position = _draw_slots(n, per_account, days, rng)
    order = np.argsort(posts.created, kind="stable")
    existing = np.searchsorted(posts.created[order], opened, side="right")
    others = existing - _count_own_posts(posts, account, opened, days)
    kept = _slots_within_limit(account, np.floor(_LARGEST_SHARE * others).astype(np.int64))
    account, opened, position, existing = (a[kept] for a in (account, opened, position, existing))
    drawn = (rng.random(len(account)) * existing).astype(np.int64)
    open_slots = np.arange(len(account))
    while open_slots.size:
        who, what = account[open_slots], order[drawn[open_slots]]
        clash = _mark_repeats(who, what, len(posts)) | (posts.author[what] == who)
        again = open_slots[clash]
        drawn[again] = (rng.random(len(again)) * existing[again]).astype(np.int64)
        unsettled = np.zeros(n, dtype=bool)
        unsettled[account[again]] = True
        open_slots = open_slots[unsettled[who]]
    return ObservedFeed(account, order[drawn], opened, position)


def _draw_slots(
    n: int, per_account: float, days: int, rng: np.random.Generator
) -> tuple[Codes, Codes, Codes]:
    """Account, beginning of session and position of each slot, in order of account and time."""
    count = np.maximum(1, np.rint(rng.gamma(_SHAPE, per_account / _SHAPE, n)).astype(np.int64))
    length = rng.integers(*_SESSION, n)
    sessions = -(-count // length)
    owner = np.repeat(np.arange(n), sessions)
    begin = draw_times(days, len(owner), rng)
    begin -= 3_600 * (begin >= days * 86_400 - 3_600)  # a session ends within the window
    begin = begin[np.lexsort((begin, owner))]
    account = np.repeat(np.arange(n), count)
    index = np.arange(len(account)) - np.repeat(np.cumsum(count) - count, count)
    session = np.repeat(np.cumsum(sessions) - sessions, count) + index // length[account]
    return account, begin[session], index % length[account]


def _count_own_posts(posts: Posts, account: Codes, opened: Codes, days: int) -> Codes:
    """Number of posts by the account itself that exist at that time."""
    span = days * 86_400 + 1
    made = np.sort(posts.author * span + posts.created)
    before = np.searchsorted(made, account * span + opened, side="right")
    first = np.searchsorted(made, np.arange(account.max(initial=-1) + 1) * span)
    return before - first[account]


def _slots_within_limit(account: Codes, limit: Codes) -> npt.NDArray[np.bool_]:
    """Mask of the slots that are filled if an account may be shown at most `limit` posts.

    For slots 0, 1, … of one account, c(j + 1) = min(c(j) + 1, limit(j)) with `limit` never
    falling, so c(j + 1) = j + min(1, min over i ≤ j of limit(i) − i).
    """
    if not len(account):
        return np.zeros(0, dtype=bool)
    begins = np.flatnonzero(np.diff(account, prepend=-1))
    index = np.arange(len(account)) - np.repeat(begins, np.diff(begins, append=len(account)))
    slack = limit - index
    step = int(slack.max() - slack.min()) + 1  # a drop at each account restarts the running minimum
    lowest = np.minimum.accumulate(slack - account * step) + account * step
    filled = index + np.minimum(1, lowest)
    before = np.concatenate([[0], filled[:-1]])
    before[begins] = 0
    return filled > before


def _mark_repeats(account: Codes, post: Codes, n_posts: int) -> npt.NDArray[np.bool_]:
    """Mask of the slots whose post an earlier slot of the account has; slots are by account."""
    from graphkit.kernels.repeats import mark_repeats

    repeats = np.zeros(len(account), dtype=bool)
    mark_repeats(account, post, np.full(n_posts, -1), repeats)
    return repeats


_LONGEST_SESSION = 3_300
"""Seconds after which the times of a session no longer advance."""
_BASE, _RISE, _EXPONENT = 0.05, 0.95, 0.8
"""Expected watch fraction: base without interest, rise with interest, exponent of interest."""
_NOISE = 0.4
"""Standard deviation of the logarithm of watch fractions around their expectation."""
_HALF = 0.5
"""Watch fraction at which the chance of a reaction is half of its maximum."""
CHANCES: dict[str, float] = {"like": 0.75, "comment": 0.08, "share": 0.07, "save": 0.09}
"""Maximum chance of each reaction."""


@dataclass(frozen=True)
class Replies:
    """Duets and stitches: the reply, its parent post (seen by the author), whether it is a duet."""

    item: Codes
    parent: Codes
    duet: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Reactions:
    """Reactions to impressions: index of the impression, kind (index into CHANCES), second."""

    impression: Codes
    kind: Codes
    at: Codes


def draw_replies(
    population: Population, posts: Posts, feed: ObservedFeed, *, streams: Streams
) -> Replies:
    """Draw the parent post of every reply among the posts that its author was shown.

    Candidates are posts that are not replies, shown in a session that began at least an hour
    before, with weight (interest in the topic × quality)². A post without one is no reply.
    """
    rng = streams.generator("answers")
    item = np.flatnonzero(posts.reply)
    n = len(population.home)
    first = np.searchsorted(feed.account, np.arange(n + 1))
    author = posts.author[item]
    length = first[author + 1] - first[author]
    which = np.repeat(np.arange(len(item)), length)
    offset = np.arange(len(which)) - np.repeat(np.cumsum(length) - length, length)
    shown = np.repeat(first[author], length) + offset
    early = feed.opened[shown] + 3_600 <= posts.created[item[which]]
    usable = early & ~posts.reply[feed.item[shown]]
    which, parent = which[usable], feed.item[shown[usable]]
    appeal = population.interests[author[which], posts.topic[parent]] * posts.quality[parent]
    score = 2.0 * np.log(appeal.astype(np.float64) + 1e-6) + rng.gumbel(size=len(which))
    best = np.lexsort((score, which))
    last = np.flatnonzero(np.diff(which[best], append=-1))
    chosen = best[last]
    duet = rng.random(len(item)) < 0.5
    return Replies(item[which[chosen]], parent[chosen], duet[which[chosen]])


def draw_watching(
    population: Population, posts: Posts, feed: ObservedFeed, *, streams: Streams
) -> tuple[Floats, Codes]:
    """Watch fraction of each impression, rounded to two decimals, and the second it was shown."""
    rng = streams.generator("watching")
    interest = population.interests[feed.account, posts.topic[feed.item]].astype(np.float64)
    duration = posts.duration[feed.item]
    expected = _BASE + _RISE * interest**_EXPONENT * (0.5 + 0.8 * posts.quality[feed.item])
    expected *= (20.0 / duration) ** 0.15
    noise = np.exp(_NOISE * rng.standard_normal(len(feed)) - _NOISE**2 / 2.0)
    fraction = np.minimum(expected * noise, 4.0).round(2)
    seconds = np.ceil(fraction * duration).astype(np.int64) + 1
    elapsed = np.cumsum(seconds) - seconds
    begins = np.flatnonzero(feed.position == 0)
    elapsed -= np.repeat(elapsed[begins], np.diff(begins, append=len(feed)))
    return fraction, feed.opened + np.minimum(elapsed, _LONGEST_SESSION)


def draw_reactions(
    posts: Posts, feed: ObservedFeed, fraction: Floats, shown_at: Codes, *, streams: Streams
) -> Reactions:
    """Draw reactions to impressions: chance × w³ / (w³ + half³), comments more so when divisive."""
    rng = streams.generator("reactions")
    cube = fraction**3
    capture = cube / (cube + _HALF**3)
    found: list[Codes] = []
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
    return Reactions(impression[order], kinds[order], at[order])


_TOPICAL = (0.14, 0.20, 0.29, 0.23, 0.14)
"""Chance of 0, 1, 2, … topical tags on a post; with `tag_noise`, set from public videos."""
_GENERIC = (0.18, 0.36, 0.30, 0.16)
"""Chance of 0, 1, 2, … generic tags on a post."""
_SPELLING = (0.74, 0.14, 0.12)
"""Chance that a tag is written in lower case, capitalised, in capitals."""
_OWN_SOUND, _SHARED_SOUND = 0.25, 0.40
"""Shares of posts with a recording of the author, and with a sound that all communities use."""
_POSTS_PER_SOUND = 15
_CROSS_POSTED = 0.06
"""Share of posts that were first posted on another platform; replies never are."""


def draw_tags(
    posts: Posts, replies: Replies, topics: tuple[Topic, ...], *, tag_noise: float, streams: Streams
) -> pl.Series:
    """One list of distinct tags per post, in random order and spelling."""
    rng = streams.generator("tags")
    m, k = len(posts), len(topics)
    vocabulary = sorted({*GENERIC_TAGS, "duet", "stitch", *(t for c in topics for t in c.tags)})
    code = {tag: i for i, tag in enumerate(vocabulary)}
    lists = [np.array([code[t] for t in topic.tags]) for topic in topics]

    topical = np.repeat(np.arange(m), draw_weighted(np.array(_TOPICAL), m, rng))
    foreign = np.flatnonzero(rng.random(m) < tag_noise)
    other = (posts.topic[foreign] + rng.integers(1, k, len(foreign))) % k
    owner = np.concatenate([topical, foreign])
    about = np.concatenate([posts.topic[topical], other])
    tag = np.empty(len(owner), dtype=np.int64)
    for j, codes in enumerate(lists):
        chosen = np.flatnonzero(about == j)
        tag[chosen] = codes[draw_zipf(len(codes), len(chosen), rng)]
    generic = np.repeat(np.arange(m), draw_weighted(np.array(_GENERIC), m, rng))
    generic_codes = np.array([code[t] for t in GENERIC_TAGS])
    named = rng.random(len(replies.item)) < 0.6
    form = np.where(replies.duet, code["duet"], code["stitch"])[named]
    owner = np.concatenate([owner, generic, replies.item[named]])
    tag = np.concatenate(
        [tag, generic_codes[draw_zipf(len(generic_codes), len(generic), rng)], form]
    )

    _, first = np.unique(owner * len(vocabulary) + tag, return_index=True)
    owner, tag = owner[first], tag[first]
    order = np.lexsort((rng.random(len(owner)), owner))
    owner, tag = owner[order], tag[order]
    spelling = draw_weighted(np.array(_SPELLING), len(owner), rng)
    written = pl.Series(_spell_tags(vocabulary, topics)).gather(tag * 3 + spelling)
    tagged = pl.DataFrame({"item": owner, "tag": written})
    lists_of_tags = tagged.group_by("item", maintain_order=True).agg("tag")
    every = pl.DataFrame({"item": np.arange(m)})
    joined = every.join(lists_of_tags, on="item", how="left", maintain_order="left")
    empty = pl.lit([], dtype=pl.List(pl.String))
    return joined.select(pl.col("tag").fill_null(empty)).to_series().alias("tags")


def _spell_tags(vocabulary: list[str], topics: tuple[Topic, ...]) -> list[str]:
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
    """Captions of an opener, words of the topic, a closer, and the hashtags of the post."""
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
            word[chosen] = start + draw_zipf(len(topic.words), len(chosen), rng)
            start += len(topic.words)
        picks.append(word)
    second = pl.Series(rng.random(m) < 0.5) & pl.Series(picks[0] != picks[1])
    closed = pl.Series(rng.random(m) < 0.5)
    opener = pl.Series(OPENERS).gather(rng.integers(0, len(OPENERS), m))
    closer = pl.Series(CLOSERS).gather(rng.integers(0, len(CLOSERS), m)).set(~closed, None)
    texts = pl.Series(words)
    more = pl.when(second).then(pl.lit("and ") + texts.gather(picks[1]))
    hashtags = pl.col("tags").list.eval(pl.lit("#") + pl.element()).list.join(" ")
    hashtags = pl.when(pl.col("tags").list.len() > 0).then(hashtags)
    parts = [pl.lit(opener), pl.lit(texts.gather(picks[0])), more, pl.lit(closer), hashtags]
    caption = pl.concat_str(parts, separator=" ", ignore_nulls=True).alias("caption")
    return pl.DataFrame({"tags": tags}).select(caption).to_series()


def draw_sounds(
    posts: Posts, replies: Replies, topics: tuple[Topic, ...], *, streams: Streams
) -> tuple[Codes, int]:
    """Sound of each post (−1: a recording of the author), and the number of sounds."""
    rng = streams.generator("sounds")
    m = len(posts)
    pools = np.concatenate([[m], np.bincount(posts.topic, minlength=len(topics))])
    share = np.concatenate([[_SHARED_SOUND], np.full(len(topics), 1 - _SHARED_SOUND)])
    size = np.maximum(3, np.rint(pools * share / _POSTS_PER_SOUND).astype(np.int64))
    first = np.cumsum(size) - size
    draw = rng.random(m)
    pool = np.where(draw < _OWN_SOUND + _SHARED_SOUND, 0, 1 + posts.topic)
    sound = np.empty(m, dtype=np.int64)
    for j in range(len(size)):
        chosen = np.flatnonzero(pool == j)
        sound[chosen] = first[j] + draw_zipf(int(size[j]), len(chosen), rng)
    total = int(size.sum())
    sound = rng.permutation(total)[sound]
    sound[draw < _OWN_SOUND] = -1
    sound[replies.item[replies.duet]] = sound[replies.parent[replies.duet]]
    return sound, total


def draw_origins(posts: Posts, replies: Replies, *, streams: Streams) -> pl.Series:
    """Platform of first posting: ``"other"`` for cross-posts, else null."""
    elsewhere = streams.generator("origins").random(len(posts)) < _CROSS_POSTED
    elsewhere[replies.item] = False
    origins = pl.repeat("other", len(posts), dtype=pl.String, eager=True)
    return origins.set(pl.Series(~elsewhere), None).alias("origin")
