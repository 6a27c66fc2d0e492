"""Random streams: spawned by name, never global.

Every verb that draws takes ``rng=`` (SPEC 7): nothing, an integer of any size from
zero up, a :class:`numpy.random.SeedSequence`, a bit generator or a generator. It is
turned into one root seed, which the result's provenance records; each use inside the
verb then has a stream of its own name, so that adding a use changes no other.

Foreign engines whose generator is global are fenced: see :func:`fenced_igraph`.
"""

from __future__ import annotations

import hashlib
import operator
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from graphkit.errors import OptionError

__all__ = ["RNGLike", "Streams", "fenced_igraph"]

RNGLike = int | np.integer | np.random.SeedSequence | np.random.BitGenerator | np.random.Generator

_SEED_BITS = 128


def _root_seed(rng: RNGLike | None) -> int:
    if rng is None:
        return int.from_bytes(np.random.SeedSequence().generate_state(4, np.uint32).tobytes())
    if isinstance(rng, np.random.SeedSequence):
        return int.from_bytes(rng.generate_state(4, np.uint32).tobytes())
    if isinstance(rng, np.random.BitGenerator):
        rng = np.random.Generator(rng)
    if isinstance(rng, np.random.Generator):
        # A generator is advanced by its use: two calls with one generator must differ.
        return int.from_bytes(rng.bytes(_SEED_BITS // 8))
    try:
        seed = operator.index(rng)
    except TypeError:
        raise OptionError(
            f"rng={rng!r} cannot seed anything: pass None, an integer >= 0, a NumPy "
            "SeedSequence, BitGenerator or Generator."
        ) from None
    if isinstance(rng, bool) or seed < 0:
        raise OptionError(f"rng={rng!r} is not a seed: integers must be 0 or larger.")
    return seed


class Streams:
    """Independent random streams under one root seed, each found by its name.

    Parameters
    ----------
    rng
        Root of all streams; `None` draws one from the operating system. The seed
        that was used stands in `seed` and reproduces every stream.

    Examples
    --------
    >>> a, b = Streams(7), Streams(7)
    >>> bool(a.generator("follows").random() == b.generator("follows").random())
    True
    >>> bool(a.generator("follows").random() == a.generator("posts").random())
    False
    """

    def __init__(self, rng: RNGLike | None = None) -> None:
        self.seed: int = _root_seed(rng)

    def _sequence(self, *name: str | int) -> np.random.SeedSequence:
        # length-prefixed, so that ("ab", "c") and ("a", "bc") are different names
        text = "".join(f"{len(str(part))}:{part}" for part in name)
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
        return np.random.SeedSequence(self.seed, spawn_key=key)

    def generator(self, *name: str | int) -> np.random.Generator:
        """A fresh generator for this name: the same at every call."""
        return np.random.Generator(np.random.PCG64(self._sequence(*name)))

    def integer(self, *name: str | int, bits: int = 63) -> int:
        """An integer seed below ``2**bits`` for this name, for a foreign engine."""
        words = self._sequence(*name).generate_state(2, np.uint64)
        return int.from_bytes(words.tobytes(), "little") % (1 << bits)


@contextmanager
def fenced_igraph(seed: int) -> Iterator[None]:
    """Give igraph a private generator, and its usual one back afterwards.

    igraph draws from one global generator, by default Python's own :mod:`random`
    module; inside the fence neither is touched.
    """
    import igraph

    igraph.set_random_number_generator(random.Random(seed))
    try:
        yield
    finally:
        igraph.set_random_number_generator(random)
