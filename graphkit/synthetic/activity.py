"""What posts carry: hashtags, captions, sounds, the mark of another platform."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.rng import Streams
from graphkit.synthetic._draws import weighted, zipf
from graphkit.synthetic._posts import Posts
from graphkit.synthetic._reactions import Answers
from graphkit.synthetic.topics import CLOSERS, GENERIC_TAGS, OPENERS, PLAIN_WORDS, Topic

__all__ = ["draw_captions", "draw_origins", "draw_sounds", "draw_tags"]

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
    posts: Posts,
    answers: Answers,
    topics: tuple[Topic, ...],
    *,
    tag_noise: float,
    streams: Streams,
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
