"""Who acted on what, how often and when: each pair once, as compressed rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance, content_key
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError

__all__ = ["IncidenceMatrix"]

#: Acts that are put in order together; some hundred megabytes.
PIECE = 1 << 23


@dataclass(frozen=True, eq=False, repr=False)
class IncidenceMatrix(Frozen):
    """Entities × things, compressed by row; each entry is one pair, however many acts.

    Attributes
    ----------
    between, through
        Vocabularies of the n entities and m things. Entities without a pair are included.
    indptr
        int64, shape (n + 1,): the pairs of entity i are indptr[i] … indptr[i + 1] − 1.
    things
        int32, shape (nnz,): codes of things, ascending within a row, each once.
    acts
        int32, shape (nnz,): acts of the entity on the thing, from 1 on.
    first, last
        int64, shape (nnz,): earliest and latest act, UTC microseconds, −1 where no act of
        the pair has a time; `None` where the log has no times.
    node_kind
        What the entities are, such as ``"accounts"``.
    provenance
        How it was made; `removed` counts the rows left out.

    Examples
    --------
    >>> found = IncidenceMatrix.from_codes(
    ...     Vocabulary(["a", "b"]), Vocabulary(["v", "w"]),
    ...     np.array([1, 0, 1], np.int32), np.array([0, 1, 0], np.int32))
    >>> found.indptr.tolist(), found.things.tolist(), found.acts.tolist()
    ([0, 1, 2], [1, 0], [1, 2])
    """

    between: Vocabulary
    through: Vocabulary
    indptr: npt.NDArray[np.int64]
    things: npt.NDArray[np.int32]
    acts: npt.NDArray[np.int32]
    first: npt.NDArray[np.int64] | None = None
    last: npt.NDArray[np.int64] | None = None
    node_kind: str = "accounts"
    provenance: Provenance = field(default_factory=lambda: Provenance("IncidenceMatrix"))

    def __post_init__(self) -> None:
        if (self.first is None) != (self.last is None):
            raise DataError("IncidenceMatrix: first and last go together.")
        self._set_arrays(indptr=np.int64, things=np.int32)
        self._set_arrays(self.things.shape, acts=np.int32, first=np.int64, last=np.int64)
        starts = self.indptr
        if starts.shape != (len(self.between) + 1,) or starts[0] or starts[-1] != self.things.size:
            raise DataError(
                f"IncidenceMatrix: indptr must hold {len(self.between) + 1} offsets from 0 to "
                f"{self.things.size}."
            )

    @classmethod
    def from_codes(
        cls,
        between: Vocabulary,
        through: Vocabulary,
        rows: npt.NDArray[np.int32],
        columns: npt.NDArray[np.int32],
        at: npt.NDArray[np.int64] | None = None,
        *,
        node_kind: str = "accounts",
        provenance: Provenance | None = None,
    ) -> IncidenceMatrix:
        """The matrix of acts given as codes, in any order, with repetitions.

        Parameters
        ----------
        between, through
            Vocabularies that the codes belong to.
        rows, columns
            Entity and thing of each act, shape (m,).
        at
            Time of each act in UTC microseconds, −1 where unknown; shape (m,).
        node_kind, provenance
            As the attributes.
        """
        n = len(between)
        bounds = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=n), out=bounds[1:])
        # written front to back, so that what lies behind the last pair takes no memory
        things, acts = np.empty(rows.size, np.int32), np.empty(rows.size, np.int32)
        first = None if at is None else np.empty(rows.size, np.int64)
        last = None if at is None else np.empty(rows.size, np.int64)
        lengths = np.zeros(n, dtype=np.int64)
        used = 0
        for low, high in _cuts(bounds):
            inside = np.flatnonzero((rows >= low) & (rows < high))
            keys = (rows[inside].astype(np.int64) - low) * len(through) + columns[inside]
            order = np.argsort(keys, kind="stable") if at is not None else None
            keys = np.sort(keys) if order is None else keys[order]
            starts = np.flatnonzero(np.diff(keys, prepend=-1))
            stop = used + starts.size
            entity, thing = np.divmod(keys[starts], len(through))
            lengths[low:high] = np.bincount(entity, minlength=high - low)
            things[used:stop] = thing
            acts[used:stop] = np.diff(starts, append=keys.size)
            if at is not None and first is not None and last is not None and starts.size:
                times = at[inside][order]
                last[used:stop] = np.maximum.reduceat(times, starts)
                times[times < 0] = np.iinfo(np.int64).max
                first[used:stop] = np.minimum.reduceat(times, starts)
                first[used:stop][last[used:stop] < 0] = -1
            used = stop
        indptr = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(lengths, out=indptr[1:])
        return cls(
            between, through, indptr, things[:used], acts[:used],
            None if first is None else first[:used], None if last is None else last[:used],
            node_kind, provenance or Provenance("IncidenceMatrix.from_codes"),
        )  # fmt: skip

    @property
    def n_pairs(self) -> int:
        """Number of distinct pairs."""
        return int(self.things.size)

    @property
    def n_acts(self) -> int:
        """Number of acts."""
        return int(self.acts.sum(dtype=np.int64))

    @property
    def removed(self) -> Mapping[str, int]:
        """Rows of the log that were left out, by reason."""
        return self.provenance.removed

    @property
    def rows(self) -> npt.NDArray[np.int32]:
        """int32, shape (nnz,): the entity of each pair, made anew at each call."""
        return np.repeat(np.arange(len(self.between), dtype=np.int32), np.diff(self.indptr))

    @cached_property
    def content_key(self) -> str:
        """Key of the content, see :func:`graphkit.data.provenance.content_key`."""
        times = [a for a in (self.first, self.last) if a is not None]
        ids = (self.between.content_key, self.through.content_key)
        return content_key(*ids, self.indptr, self.things, self.acts, *times)

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {
            self.node_kind: len(self.between),
            "things": len(self.through),
            "pairs": self.n_pairs,
            "acts": self.n_acts,
            "times": self.first is not None,
        }
        return facts | {f"left out: {k}": v for k, v in self.removed.items()}


def _cuts(bounds: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ranges of entities of about `PIECE` acts each, none empty."""
    steps = np.arange(PIECE, int(bounds[-1]), PIECE)
    inner = np.searchsorted(bounds, steps)
    cuts = np.unique(np.concatenate([[0], inner, [bounds.size - 1]])).tolist()
    return list(pairwise(cuts))
