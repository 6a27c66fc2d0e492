"""Random streams, spawned by name from one root seed.

Every function that draws takes ``rng=``: `None`, a non-negative integer of any size, a
:class:`numpy.random.SeedSequence`, a bit generator or a generator. It becomes one root seed,
recorded in the provenance of the result; each use has a named stream, so that adding a use
changes no other.
"""

from __future__ import annotations

import hashlib
import operator
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from graphkit.errors import OptionError
from graphkit.parallel import refuse_after_fork

RNGLike = int | np.integer | np.random.SeedSequence | np.random.BitGenerator | np.random.Generator


def _root_seed(rng: RNGLike | None) -> int:
    if rng is None:
        return int.from_bytes(np.random.SeedSequence().generate_state(4, np.uint32).tobytes())
    if isinstance(rng, np.random.SeedSequence):
        return int.from_bytes(rng.generate_state(4, np.uint32).tobytes())
    if isinstance(rng, np.random.BitGenerator):
        rng = np.random.Generator(rng)
    if isinstance(rng, np.random.Generator):
        # this advances the generator, so that two calls with it differ
        return int.from_bytes(rng.bytes(16))
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
    """Independent random streams under one root seed, addressed by name.

    `rng` is the root of all streams; `None` draws one from the operating system. The attribute
    `seed` holds the seed used, which reproduces every stream.

    Examples
    --------
    >>> a, b = Streams(7), Streams(7)
    >>> bool(a.generator("follows").random() == b.generator("follows").random())
    True
    >>> bool(a.generator("follows").random() == a.generator("posts").random())
    False
    """

    def __init__(self, rng: RNGLike | None = None) -> None:
        refuse_after_fork()
        self.seed: int = _root_seed(rng)

    def _seed_sequence(self, *name: str | int) -> np.random.SeedSequence:
        # length-prefixed, so that ("ab", "c") and ("a", "bc") are different names
        text = "".join(f"{len(str(part))}:{part}" for part in name)
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
        return np.random.SeedSequence(self.seed, spawn_key=key)

    def generator(self, *name: str | int) -> np.random.Generator:
        """New generator for this name: the same stream at every call."""
        return np.random.Generator(np.random.PCG64(self._seed_sequence(*name)))

    def integer(self, *name: str | int, bits: int = 63) -> int:
        """Integer seed below ``2**bits`` for this name, for another library."""
        words = self._seed_sequence(*name).generate_state(2, np.uint64)
        return int.from_bytes(words.tobytes(), "little") % (1 << bits)


@contextmanager
def fenced_igraph(seed: int) -> Iterator[None]:
    """Context in which igraph uses a private generator, seeded by `seed`.

    igraph draws from one global generator, by default Python's :mod:`random`, which is restored
    afterwards and does not advance.
    """
    import igraph

    igraph.set_random_number_generator(random.Random(seed))
    try:
        yield
    finally:
        igraph.set_random_number_generator(random)
