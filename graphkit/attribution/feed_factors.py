"""What differs between two feeds, as factors, and the feeds between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    name_some,
    nearest,
    shorten,
)
from graphkit.recommenders.factors import NUMBERS, TABLES
from graphkit.recommenders.feed import Feed

__all__ = ["FeedFactors", "feed_factors", "feed_keys"]

#: Ways to divide a difference into factors.
DIVISIONS = ("parts", "numbers")


@dataclass(frozen=True, repr=False, eq=False)
class FeedFactors(Frozen, title="Factors of a difference between feeds", table="frame"):
    """Result of :func:`feed_factors`: what differs between two feeds, divided into factors.

    Attributes
    ----------
    a, b
        The two feeds.
    keys
        Keys of each factor, such as ``{"diversity": ("topic_penalty", "author_penalty")}``.
    """

    a: Feed
    b: Feed
    keys: Mapping[str, tuple[str, ...]]
    provenance: Provenance = field(default_factory=lambda: Provenance("feed_factors"))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the factors, in the order of the tables of a feed."""
        return tuple(self.keys)

    @property
    def frame(self) -> pl.DataFrame:
        """One row per key that differs: factor, key, a and b (its values, as text)."""
        rows = [
            (name, key, _value_text(self.a, key), _value_text(self.b, key))
            for name, keys in self.keys.items()
            for key in keys
        ]
        return pl.DataFrame(
            rows, dict.fromkeys(("factor", "key", "a", "b"), pl.String), orient="row"
        )

    def feed(self, factors: Iterable[str]) -> Feed:
        """The feed with the values of B for these factors, and those of A for the others.

        Without factors it is A itself, with all of them B itself.

        Raises
        ------
        MissingDataError
            For an unknown factor.

        Examples
        --------
        >>> from graphkit.recommenders import chronological, uniform
        >>> found = feed_factors(chronological(), uniform())
        >>> mixed = found.feed(["sources"])
        >>> dict(mixed.sources), dict(mixed.weights), mixed.filler
        ({'everywhere': 60}, {'recency': 1.0}, 'empty')
        """
        chosen = set(factors)
        for name in chosen:
            if name not in self.keys:
                raise MissingDataError(
                    f"no factor {shorten(name)}.{nearest(str(name), self.names)} Factors: "
                    f"{', '.join(self.names)}."
                )
        if not chosen:
            return self.a
        if len(chosen) == len(self.keys):
            return self.b
        taken = {key for name in chosen for key in self.keys[name]}

        def owner(key: str) -> Feed:
            return self.b if key in taken else self.a

        numbers: dict[str, Any] = {key: getattr(owner(key), key) for key in NUMBERS}
        for table, (known, _) in TABLES.items():
            values = {key: getattr(owner(f"{table}.{key}"), table).get(key, 0) for key in known}
            numbers[table] = {key: value for key, value in values.items() if value}
        listed = ", ".join(name for name in self.names if name in chosen)
        return Feed(
            f"{self.a.name} with {listed} of {self.b.name}",
            filler=owner("filler").filler,
            score=owner("score").score,
            source=f"numbers of {self.a.name} and {self.b.name}",
            **numbers,
        )

    def _facts(self) -> dict[str, object]:
        ends = {"a": self.a.name, "b": self.b.name, "factors": len(self.keys)}
        return ends | {name: ", ".join(keys) for name, keys in self.keys.items()}


def feed_factors(
    a: Feed, b: Feed, *, factors: str | Mapping[str, str | Sequence[str]] = "parts"
) -> FeedFactors:
    """What differs between feeds A and B, divided into factors.

    Every number of a feed has a key: ``"sources.following"``, ``"weights.interest"``,
    ``"signals.like"``, ``"topic_penalty"`` and so on, ``"filler"`` and ``"score"``. Those of equal
    values in both feeds belong to no factor; a quota, weight or signal that is absent is 0.

    A score function takes the place of all weights. If the functions of A and B differ, or only
    one has any, the function and all weights that differ are one factor, ``"score"``: a feed
    cannot have both.

    Parameters
    ----------
    a, b
        Two feeds.
    factors
        ``"parts"``: one factor per part that differs, of sources, weights, signals, diversity
        (penalties and discounts of topics and authors), learning, candidates, intervention (a
        cap for minors, friction on sharing), filler and score. ``"numbers"``: one per key. Or a mapping of names to keys, where the name of a part
        stands for all its keys; it must cover all that differ.

    Returns
    -------
    FeedFactors

    Raises
    ------
    OptionError
        If a mapping names an unknown key, one key twice, nothing that differs, only some of
        the keys that differ, or divides weights and a score function.
    DataError
        If nothing differs, or one of the two is no feed.

    Examples
    --------
    >>> from graphkit.recommenders import follower_centric
    >>> a = follower_centric()
    >>> b = a.but("b", weights={"interest": 1.0, "recency": 0.2}, author_penalty=0.2)
    >>> feed_factors(a, b).names
    ('weights', 'diversity')
    >>> feed_factors(a, b, factors="numbers").names
    ('weights.interest', 'weights.recency', 'author_penalty')
    """
    for feed in (a, b):
        if not isinstance(feed, Feed):
            raise DataError(f"a {type(feed).__name__} has no factors: give two feeds.")
    parts = {key: _part_of(key) for key in feed_keys() if _differs(a, b, key)}
    if not parts:
        raise DataError(
            f"feeds {shorten(a.name)} and {shorten(b.name)} have the same numbers, filler and score: "
            "there is no difference to explain."
        )
    if "score" in parts:
        parts |= {key: "score" for key, part in parts.items() if part == "weights"}
    if isinstance(factors, Mapping):
        return FeedFactors(a, b, _divide(factors, parts))
    check_choice("factors", factors, DIVISIONS)
    found: dict[str, list[str]] = {}
    for key, part in parts.items():
        found.setdefault(part if factors == "parts" or part == "score" else key, []).append(key)
    return FeedFactors(a, b, {name: tuple(keys) for name, keys in found.items()})


def feed_keys() -> list[str]:
    """Keys of all numbers of a feed, in the order of its tables; filler and score at the end.

    Examples
    --------
    >>> "weights.interest" in feed_keys(), feed_keys()[-2:]
    (True, ['filler', 'score'])
    """
    tables = [f"{name}.{key}" for name, table in TABLES.items() for key in table.known]
    return [*tables, *NUMBERS, "filler", "score"]


def _part_of(key: str) -> str:
    return NUMBERS[key].part if key in NUMBERS else key.partition(".")[0]


def _value(feed: Feed, key: str) -> Any:
    table, _, name = key.partition(".")
    return getattr(feed, table).get(name, 0) if name else getattr(feed, key)


def _value_text(feed: Feed, key: str) -> str:
    value = _value(feed, key)
    if key == "score":
        return "weights" if value is None else getattr(value, "__qualname__", type(value).__name__)
    return value if key == "filler" else f"{value:.12g}"


def _differs(a: Feed, b: Feed, key: str) -> bool:
    return bool(_value(a, key) != _value(b, key))


def _divide(
    given: Mapping[str, str | Sequence[str]], parts: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Keys that differ by the factors of a mapping; `parts` has the part of each."""
    known = dict.fromkeys((*feed_keys(), *map(_part_of, feed_keys())))
    found: dict[str, tuple[str, ...]] = {}
    for name, keys in given.items():
        listed = [keys] if isinstance(keys, str) else keys
        if not isinstance(listed, Iterable):
            raise OptionError(f"factors[{shorten(name)}]={shorten(keys)}: give the names of keys.")
        listed = list(listed)
        for key in listed:
            check_choice(f"factors[{shorten(name)}]", key, known)
        wanted = {k for k in parts for key in listed if key in (k, _part_of(k), parts[k])}
        if not wanted:
            raise OptionError(
                f"factors[{shorten(name)}]: none of its keys differs between the feeds. Those that do: "
                f"{name_some(parts)}."
            )
        found[str(name)] = tuple(key for key in parts if key in wanted)
    joined = [name for name, own in found.items() if any(parts[key] == "score" for key in own)]
    if len(joined) > 1:
        raise OptionError(
            f"factors: weights and the score function are divided among {name_some(joined)}, "
            "but a function takes the place of all weights: give them to one factor."
        )
    owners: dict[str, str] = {}
    for name, own in found.items():
        for key in own:
            if key in owners:
                raise OptionError(
                    f"factors: {key!r} is in {shorten(owners[key])} and in {shorten(name)}: give it to "
                    "one of them."
                )
            owners[key] = name
    if rest := [key for key in parts if key not in owners]:
        raise OptionError(
            f"factors: {name_some(rest)} differ between the feeds and are in no factor: give them to "
            "one, such as 'others'."
        )
    return found
