"""What a feed knows of an account before its first session."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.recommenders.feed import Feed
from graphkit.simulation._space import unit
from graphkit.simulation.arrays import Prepared

__all__ = ["first_profiles"]

Floats = npt.NDArray[np.float64]


def first_profiles(scene: Prepared, feed: Feed) -> npt.NDArray[np.float32]:
    """Profiles of length 1: the account's own history, and weakly that of its place and device.

    An account without a history begins with the mean of those of its country and device; one
    of which not even that is known has a profile of zeros until it does something.
    """
    own = scene.profiles.astype(np.float64)
    total = own.copy()
    for signal, codes in (
        ("country", scene.stage.places[:, 0]),
        ("device", scene.devices),
    ):
        weight = feed.signals.get(signal, 0.0)
        if weight and codes.max(initial=-1) >= 0:
            total += weight * unit(_means(own, codes.astype(np.int64)))
    return unit(total).astype(np.float32)


def _means(rows: Floats, codes: npt.NDArray[np.int64]) -> Floats:
    """Sum of the rows of each code, for every row; zero where the code is unknown."""
    order = np.argsort(codes, kind="stable")
    found, begin = np.unique(codes[order], return_index=True)
    sums = np.add.reduceat(rows[order], begin, axis=0)
    sums[found < 0] = 0.0
    out: Floats = sums[np.searchsorted(found, codes)]
    return out
