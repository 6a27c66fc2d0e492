"""Candidate pairs that a custom score function scores, and the check of its scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.frozen import Frozen
from graphkit.data.world import World
from graphkit.errors import MissingDataError, OptionError, check_choice
from graphkit.recommenders.factors import FACTORS, SOURCES

__all__ = ["Context", "checked_scores"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, repr=False, eq=False)
class Context(Frozen):
    """Candidate pairs (viewer, post) of a batch of viewers, the argument of a score function.

    All arrays have the shape (n_pairs,) and are read-only. Codes are those of the world, whose
    attributes can be looked up: ``context.world.quality[context.post]``.

    Attributes
    ----------
    world
        The world that is shown. Its `interests` and `taste_features` are what no feed knows: a
        score that reads them is an oracle.
    tick
        Current tick.
    viewer
        int32: account codes; the pairs of a viewer are contiguous, in no particular order (the same
        in every run with the same seed, but another in other versions).
    post
        int32: post codes.
    source
        int8: candidate source of the post, its position in ``SOURCES``.
    factors
        Factors by name, each float32, or functions that compute one on first use; see
        :meth:`factor`.

    Raises
    ------
    OptionError
        If an array has another shape, or a code is out of range.

    Examples
    --------
    Two candidates of one viewer, the newer by a followee:

    >>> import graphkit as gk
    >>> context = Context(
    ...     world=gk.build_world(gk.synthetic.platform(accounts=48, rng=1)), tick=3,
    ...     viewer=[1, 1], post=[0, 1], source=[0, 7],
    ...     factors={"followed": [1, 0], "recency": lambda: [0.5, 0.25]},
    ... )
    >>> context.n_pairs
    2
    >>> (context.factor("followed") + 2 * context.factor("recency")).tolist()
    [2.0, 0.5]
    """

    world: World
    tick: int
    viewer: npt.NDArray[np.int32]
    post: npt.NDArray[np.int32]
    source: npt.NDArray[np.int8]
    factors: Mapping[str, npt.ArrayLike | Callable[[], npt.ArrayLike]]

    def __post_init__(self) -> None:
        size = np.size(self.viewer)
        limits = {
            "viewer": (np.int32, self.world.n_accounts),
            "post": (np.int32, self.world.n_posts),
            "source": (np.int8, len(SOURCES)),
        }
        for name, (dtype, end) in limits.items():
            codes = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            if codes.shape != (size,):
                raise OptionError(f"context: {name} has shape {codes.shape}, not ({size},).")
            if size and not 0 <= int(codes.min()) <= int(codes.max()) < end:
                raise OptionError(f"context: {name} must lie in 0 … {end - 1}.")
            self._set(**{name: codes})

    @cached_property
    def _factor_cache(self) -> dict[str, Floats]:
        return {}

    @property
    def n_pairs(self) -> int:
        """Number of pairs."""
        return self.viewer.size

    def factor(self, name: str) -> Floats:
        """Values of a ranking factor, one per pair.

        Parameters
        ----------
        name
            A key of ``FACTORS``.

        Returns
        -------
        numpy.ndarray
            float32, shape (n_pairs,), read-only; in [0, 1], interest in [−1, 1].

        Raises
        ------
        OptionError
            For an unknown factor; the message names the nearest.
        MissingDataError
            For a factor that this context was not given.
        """
        if name not in self._factor_cache:
            check_choice("factor", name, FACTORS)
            if name not in self.factors:
                raise MissingDataError(
                    f"context: factor {name!r} was not given; there are: "
                    f"{', '.join(self.factors) or 'none'}."
                )
            given = self.factors[name]
            values = np.ascontiguousarray(given() if callable(given) else given, np.float32).view()
            if values.shape != (self.n_pairs,):
                raise OptionError(
                    f"context: factor {name!r} has shape {values.shape}, not ({self.n_pairs},)."
                )
            values.setflags(write=False)
            self._factor_cache[name] = values
        return self._factor_cache[name]

    def __getstate__(self) -> dict[str, Any]:
        # functions are stored as the factors that they compute
        factors = {name: self.factor(name) for name in self.factors}
        return super().__getstate__() | {"factors": factors}

    def _facts(self) -> dict[str, object]:
        viewers, factors = np.unique(self.viewer).size, ", ".join(self.factors)
        return {"pairs": self.n_pairs, "viewers": viewers, "tick": self.tick, "factors": factors}


def checked_scores(name: str, context: Context, values: object) -> Floats:
    """Check the scores that the score function of a feed returned.

    Parameters
    ----------
    name
        Name of the feed.
    context
        Argument of the function.
    values
        Its return value.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_pairs,).

    Raises
    ------
    OptionError
        If `values` is not a float32 array of that shape, or has NaN or infinite numbers.
    """
    start = f"feed {name!r}: its score function"
    wanted = f"return a NumPy array of float32, one score per pair, shape ({context.n_pairs},)"
    if not isinstance(values, np.ndarray):
        raise OptionError(f"{start} returned a {type(values).__name__}: {wanted}.")
    if values.dtype != np.float32:
        raise OptionError(f"{start} returned {values.dtype}: {wanted}; see .astype(np.float32).")
    if values.shape != (context.n_pairs,):
        raise OptionError(f"{start} returned shape {values.shape}: {wanted}.")
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        first = int(bad[0])
        raise OptionError(
            f"{start} returned {values[first]} for pair {first} (post {context.post[first]}, "
            f"viewer {context.viewer[first]}), and for {bad.size} of {context.n_pairs} in all: "
            f"{wanted}, every one finite; a low score, such as -1e6, keeps a post out."
        )
    return np.ascontiguousarray(values)
