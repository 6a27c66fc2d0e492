"""Constants of the synthetic platform (``topics.toml``): communities, countries, hours."""

from __future__ import annotations

import importlib.resources
import tomllib
from typing import Any, NamedTuple


class Topic(NamedTuple):
    """A planted community: size, hashtags, words of captions, neighbouring communities.

    `share` is its share of accounts, renormalised over the communities that take part. A member
    may have a second interest in one of the `neighbours`. The share `homophily` of the interest in
    a community is followed and joined there, the rest in `mainstream` communities. `divisiveness`
    is the mean of its posts in [0, 1], `flagged` the share of posts that carry the flag `flag`.
    Its home `countries` and its members' typical `age` in years matter for platforms of a locality,
    or with ages.
    """

    label: str
    share: float
    tags: tuple[str, ...]
    words: tuple[str, ...]
    neighbours: tuple[str, ...]
    countries: tuple[str, ...]
    age: float
    mainstream: bool = False
    homophily: float = 1.0
    divisiveness: float = 0.1
    flagged: float = 0.004
    flag: str = "misinformation"


def _split_words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _split_phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(","))


def _make_topic(entry: dict[str, Any]) -> Topic:
    """A topic from its table in ``topics.toml``."""
    tags, words = _split_words(entry["tags"]), _split_phrases(entry["words"])
    lists = {name: tuple(entry[name]) for name in ("neighbours", "countries")}
    return Topic(**entry | {"tags": tags, "words": words} | lists)


_FILE = importlib.resources.files("graphkit.synthetic") / "topics.toml"
_DATA = tomllib.loads(_FILE.read_text(encoding="utf-8"))

#: The communities of a platform by default, largest first; homophily from 0 (``#alttok``) to 1.
TOPICS = tuple(_make_topic(entry) for entry in _DATA["topics"])

#: Communities that take part only where they are named, for studies of harm.
OPTIONAL_TOPICS = tuple(_make_topic(entry) for entry in _DATA["optional_topics"])

#: Tags that name no topic, in order of use.
GENERIC_TAGS = _split_words(_DATA["generic_tags"])

#: Beginnings and ends of captions, and words that belong to no community.
OPENERS, CLOSERS, PLAIN_WORDS = (
    _split_phrases(_DATA[key]) for key in ("openers", "closers", "plain_words")
)

#: Country, main language and share of accounts; device and share of accounts.
COUNTRIES: list[tuple[str, str, float]] = _DATA["countries"]
DEVICES: list[tuple[str, float]] = _DATA["devices"]

#: Age band, an age in its middle, and share of accounts.
AGES: list[tuple[str, float, float]] = _DATA["ages"]

#: Relative activity in each hour of the day, UTC.
HOURS: list[int] = _DATA["hours"]
