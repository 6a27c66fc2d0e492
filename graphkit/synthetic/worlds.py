"""Independently made worlds: one synthetic platform each."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.world import World
from graphkit.errors import DataError, OptionError, check_integer, shorten
from graphkit.parallel import track
from graphkit.rng import RNGLike, Streams
from graphkit.simulation import InterestSpace, build_world
from graphkit.synthetic.platform import platform

__all__ = ["worlds"]

#: Finds partitions of the accounts of a platform, by kind.
Partitions = Callable[[Platform], Mapping[str, Partition]]

#: Parameters that a platform records only if they were given.
DIALS = ("leaning", "locality", "ages")
#: Parameters that make a platform, as its ``parameters`` record them.
PARAMETERS = frozenset(inspect.signature(platform).parameters) - {"rng", *DIALS}


def worlds(
    n: int,
    *,
    like: Platform | None = None,
    partitions: Partitions | None = None,
    ticks: int = 20,
    stock: float = 0.3,
    space: Mapping[str, float] | str | None = None,
    feature_noise: float = 0.0,
    profile_noise: float = 0.0,
    cold_start: bool = False,
    dimensions: int = 32,
    rng: RNGLike | None = None,
) -> list[World]:
    """Worlds of `n` platforms made independently of each other, with the same parameters.

    Each is a new platform of :func:`platform` with a seed of its own, and a world of it by
    :func:`graphkit.build_world`: other accounts, interests, follows, posts and keys, of the same
    distribution. An interval over their means says how far other populations of the same
    making would differ. World i depends on the seed and i, not on `n`.

    All have the planted communities, as ``"planted"``, with the same names; codes go by size, ties
    by first member, so compare communities of worlds by name. Ids are alike (``a00000``, …), and
    accounts of one id in two worlds have nothing to do with each other.

    Parameters
    ----------
    n
        Number of worlds, at least 1.
    like
        Platform whose parameters are used, without its seed: it is not among the results. By
        default those of :func:`platform`.
    partitions
        Function of a platform that returns further partitions of its accounts by kind, such as
        ``{"interest": …, "follow": …}``; it is called once per platform, and should find them in
        :func:`graphkit.split_world_data` of it.
    ticks, stock, space, feature_noise, profile_noise, cold_start, dimensions
        As in :func:`graphkit.build_world`.
    rng
        Seed; equal seeds give equal worlds.

    Returns
    -------
    list of World
        Of each, ``provenance.parameters`` has its ``number`` and ``"sampling": "independently
        made"``.

    Raises
    ------
    OptionError
        For options out of range, and an interest space of one platform.
    DataError
        If `like` does not record the parameters of the generator, or `partitions` returns no
        mapping of partitions.

    Examples
    --------
    >>> small = platform(60, communities=2, rng=1)
    >>> made = worlds(2, like=small, ticks=3, rng=1)
    >>> [w.n_accounts for w in made], [w.partitions["planted"].labels for w in made]
    ([60, 60], [('comedy', 'dance'), ('comedy', 'dance')])
    >>> made[0].provenance.parameters["sampling"], made[0] == made[1]
    ('independently made', False)
    >>> worlds(1, like=small, ticks=3, rng=1)[0] == made[0]
    True
    """
    n = check_integer("n", n, 1)
    if partitions is not None and not callable(partitions):
        raise OptionError(
            f"partitions={shorten(partitions)}: a function of a platform is needed that returns "
            "partitions by kind, for each world has accounts of its own."
        )
    make = world_maker(
        like=like,
        ticks=ticks,
        stock=stock,
        space=space,
        feature_noise=feature_noise,
        profile_noise=profile_noise,
        cold_start=cold_start,
        dimensions=dimensions,
        rng=rng,
    )
    return [make(number, partitions) for number in track(range(n), "worlds", n)]


def world_maker(
    *,
    like: Platform | None,
    space: Mapping[str, float] | str | None,
    rng: RNGLike | None,
    **options: Any,
) -> Callable[[int, Partitions | None], World]:
    """The function that makes one of the :func:`worlds` by its number, whatever others are made.

    It takes the number and `partitions`. Worlds of several numbers may be made at the same time.

    Parameters
    ----------
    like, space, rng, **options
        As in :func:`worlds`.

    Raises
    ------
    OptionError, DataError
        As :func:`worlds`.
    """
    if isinstance(space, InterestSpace):
        raise OptionError(
            "worlds: space= is an interest space of one platform, and every world has posts of its "
            "own. Name sources with weights instead."
        )
    parameters = _parameters_of(like)
    streams = Streams(rng)

    def make(number: int, find: Partitions | None) -> World:
        one = platform(**parameters, rng=streams.integer("platform", number))
        found = None if find is None else _check_partitions(find(one))
        seed = streams.integer("world", number)
        world = build_world(one, found, space=space, **options, rng=seed)
        record = dataclasses.replace(
            world.provenance,
            verb="synthetic.worlds",
            parameters={
                **world.provenance.parameters,
                "number": number,
                "sampling": "independently made",
            },
            seed=streams.seed,
        )
        return dataclasses.replace(world, provenance=record)

    return make


def _parameters_of(like: Platform | None) -> dict[str, Any]:
    """Parameters of the generator that made a platform, without the seed."""
    if like is None:
        return {}
    if not isinstance(like, Platform):
        raise DataError(f"worlds: like= must be a Platform, not a {type(like).__name__}.")
    missing = sorted(PARAMETERS - set(like.parameters))
    if missing:
        raise DataError(
            f"worlds: the platform like= does not record {', '.join(missing)}: it was not made by "
            "this version of gk.synthetic.platform. Make one with it, or leave out like=."
        )
    known = {name: like.parameters[name] for name in sorted(PARAMETERS)}
    return known | {name: like.parameters.get(name) for name in DIALS}


def _check_partitions(found: object) -> dict[str, Partition]:
    """The partitions that a user's function found, by kind."""
    if not isinstance(found, Mapping) or not all(isinstance(p, Partition) for p in found.values()):
        raise DataError(
            "worlds: partitions= must return a mapping from kinds to partitions, such as "
            f'{{"interest": leiden(…)}}; it returned {shorten(found)}.'
        )
    return dict(found)
