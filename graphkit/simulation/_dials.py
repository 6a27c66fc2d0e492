"""A feed and a behaviour as the kernels read them, and room for one thread's work."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from graphkit.kernels.sessions import Mind
from graphkit.kernels.state import LOOKS, MAYBE, RING, Dials, Index, Nearest, Scratch, Stage
from graphkit.recommenders.factors import CIRCLE_FACTORS, FILLERS, PAIR_FACTORS, SOURCES
from graphkit.recommenders.feed import Feed
from graphkit.simulation.behaviour import Behaviour

__all__ = ["dials_of", "mind_of", "scratch_of"]

#: Signals that follow from what a viewer does; the others are known beforehand.
LEARNED = ("completion", "like", "comment", "share", "follow", "answer", "skip")
#: Chosen posts of one author after which its discount hardly changes.
MOST_PICKS = 64


def dials_of(feed: Feed, behaviour: Behaviour, slots: int, ticks: int) -> Dials:
    """The numbers of a feed."""
    quotas = np.array([feed.sources.get(s, 0) for s in SOURCES], np.int64)
    heard = feed.sources.get("circle", 0) or feed.score is not None
    decay: npt.NDArray[np.float64] = np.zeros(0)
    if feed.author_decay < 1:
        powers = feed.author_decay ** np.arange(MOST_PICKS, dtype=np.float64)
        decay = feed.author_floor + (1 - feed.author_floor) * powers
    forget: npt.NDArray[np.float64] = np.ones(1)
    if math.isfinite(feed.half_life):
        forget = 2.0 ** (-np.arange(ticks + 1) / feed.half_life)
    return Dials(
        quotas=quotas,
        interest_cap=max(1, math.ceil(feed.interest_share * feed.sources.get("interest", 0))),
        # a function's scores take their place: its feed has no weights
        weights=np.array([feed.weights.get(name, 0.0) for name in PAIR_FACTORS]),
        topic_penalty=float(feed.topic_penalty),
        author_penalty=float(feed.author_penalty),
        author_decay=decay,
        delivery=float(feed.delivery),
        filler=FILLERS.index(feed.filler),
        slots=slots,
        circle=bool(
            heard
            or behaviour.social_share > 0
            or any(feed.weights.get(name) for name in CIRCLE_FACTORS)
        ),
        forget=forget,
        signals=feed.learning_rate * np.array([feed.signals.get(s, 0.0) for s in LEARNED]),
        halves=0.5 ** np.arange(64),
    )


def mind_of(behaviour: Behaviour, free: bool) -> Mind:
    """The numbers of the viewers; log-odds as the odds against, e^(−base)."""
    values: dict[str, float | bool] = {"free": free}
    for name in Mind._fields:
        if name.endswith("_odds"):
            base = getattr(behaviour, name.removesuffix("_odds") + "_base")
            values[name] = math.exp(min(-base, 700.0))
        elif name != "free":
            values[name] = float(getattr(behaviour, name))
    return Mind(**values)  # type: ignore[arg-type]


def scratch_of(stage: Stage, index: Index, dials: Dials) -> Scratch:
    """Room for every post that one session can meet."""
    m, d = stage.features.shape
    degree = int(np.diff(stage.f_indptr).max(initial=0)) if dials.circle else 0
    room = min(degree * RING + int(dials.quotas.sum()), m) + 1
    cells = index.start.size - 1
    widest = int(np.diff(index.start).max(initial=0))
    most = int(dials.quotas.max(initial=0))
    return Scratch(
        query=np.zeros((1, d), np.float32),
        place=np.zeros(1 << int(2 * room).bit_length(), np.int32),
        met=np.zeros((room, 6), np.int32),
        raw=np.zeros(LOOKS * most + 1, np.int32),
        maybe=np.zeros(MAYBE, np.bool_),
        at=np.zeros(room, np.int32),
        of_topic=np.zeros(room, np.int32),
        of_author=np.zeros(room, np.int32),
        picks=np.zeros(room, np.int32),
        factors=np.zeros((int(dials.quotas.sum()), dials.weights.size)),
        base=np.zeros(room),
        score=np.zeros(room),
        tie=np.zeros(room, np.int64),
        nearest=Nearest(
            dots=np.zeros(max(widest, cells), np.float32),
            of_cell=np.zeros(most + 1, np.int64),
            of_all=np.zeros(most + 1, np.int64),
            cells=np.zeros(cells, np.int32),
        ),
        topics=np.zeros(dials.slots, np.int32),
    )
