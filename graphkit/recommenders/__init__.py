"""Recommender systems (feeds): candidate sources, ranking factors, presets."""

from graphkit.recommenders.context import Context, checked_scores
from graphkit.recommenders.feed import FACTORS, SIGNALS, SOURCES, Feed
from graphkit.recommenders.files import ranker, rankers, read_feed, write_feed
from graphkit.recommenders.interventions import interventions
from graphkit.recommenders.origins import preset_numbers
from graphkit.recommenders.presets import (
    blend,
    chronological,
    circle_popularity,
    follower_centric,
    interest_centric,
    popularity,
    published,
    source_by_ranking,
    uniform,
    watch_time,
)
from graphkit.teaching import teach

__all__ = [
    "FACTORS",
    "SIGNALS",
    "SOURCES",
    "Context",
    "Feed",
    "blend",
    "checked_scores",
    "chronological",
    "circle_popularity",
    "follower_centric",
    "interest_centric",
    "interventions",
    "popularity",
    "preset_numbers",
    "published",
    "ranker",
    "rankers",
    "read_feed",
    "source_by_ranking",
    "uniform",
    "watch_time",
    "write_feed",
]


def __dir__() -> list[str]:
    return __all__


teach(globals())
