"""What every world needs: keys of its accounts and posts, partitions, homes of its posts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.data.partition import Partition
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError
from graphkit.rng import Streams

__all__ = ["aligned", "draw_keys", "plurality_homes"]


def aligned(
    partition: Partition, accounts: Vocabulary, kind: str, removed: dict[str, int]
) -> Partition:
    """The partition over exactly these accounts; those that it lacks are unassigned.

    Raises
    ------
    DataError
        If no account is in a community, or a community with a name has none of the accounts.
    """
    codes = partition.vocabulary.lookup(accounts.ids)
    membership = np.where(codes >= 0, partition.membership[codes], -1)
    left = np.bincount(membership[membership >= 0], minlength=partition.n_communities)
    if not left.any():
        raise DataError(
            f"build_world: the partition {kind!r} puts none of the accounts into a community; its "
            f"nodes are {partition.node_kind}, such as {partition.vocabulary.ids[:1].tolist()}."
        )
    empty = np.flatnonzero(left == 0).tolist()
    named = [partition.labels[c] for c in empty if partition.labels[c] is not None]
    if named:
        raise DataError(
            f"build_world: of the partition {kind!r}, the community {named[0]!r} has none of the "
            f"accounts ({len(named)} with a name have none): its members are not in this dataset. "
            "Find and name the communities in the same dataset, or leave this one unassigned."
        )
    removed[f"communities of {kind!r} without an account"] = len(empty)
    strangers = len(partition.vocabulary) - int((codes >= 0).sum())
    removed[f"nodes of {kind!r} that are no accounts here"] = strangers
    return Partition.from_membership(
        accounts,
        membership,
        labels=[partition.name(c) for c in range(partition.n_communities)],
        node_kind="accounts",
        provenance=partition.provenance,
    )


def draw_keys(streams: Streams, name: str, size: int) -> npt.NDArray[np.uint64]:
    """Distinct random keys."""
    generator = streams.generator("keys", name)
    drawn = np.unique(generator.integers(0, 2**63, size=size + 64, dtype=np.uint64))
    return generator.permutation(drawn)[:size]


def plurality_homes(
    membership: npt.NDArray[np.int32], indptr: npt.NDArray[np.int64], posters: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """Plurality of each post's posters' communities; ties: smallest code, −1 without any.

    Examples
    --------
    >>> plurality_homes(np.array([0, 1, 1, -1]), np.array([0, 2, 5, 6]), np.array([1, 0, 0, 1, 2, 3]))
    array([ 0,  1, -1], dtype=int32)
    """
    post = np.repeat(np.arange(indptr.size - 1), np.diff(indptr))
    community = membership[posters].astype(np.int64)
    known = community >= 0
    size = int(membership.max(initial=0)) + 1
    cell, count = np.unique(post[known] * size + community[known], return_counts=True)
    # by post, most votes first, then the smallest code: the first row of each post wins
    order = np.lexsort((cell % size, -count, cell // size))
    winners, first = np.unique(cell[order] // size, return_index=True)
    homes = np.full(indptr.size - 1, -1, np.int32)
    homes[winners] = cell[order][first] % size
    return homes
