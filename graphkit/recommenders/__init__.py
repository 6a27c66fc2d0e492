"""How a feed ranks: candidate sources, factors, presets; a feed is data."""

from graphkit.recommenders.feed import FACTORS, SIGNALS, SOURCES, Feed
from graphkit.recommenders.presets import (
    blend,
    chronological,
    follower_centric,
    interest_centric,
    popularity,
    source_by_ranking,
    uniform,
)

__all__ = [
    "FACTORS",
    "SIGNALS",
    "SOURCES",
    "Feed",
    "blend",
    "chronological",
    "follower_centric",
    "interest_centric",
    "popularity",
    "source_by_ranking",
    "uniform",
]
