"""Memberships as people give them: codes, names, mappings, pairs, clusterings of other libraries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frames import column_names
from graphkit.errors import DataError, shorten

Membership = npt.NDArray[np.int32]


def canonical_membership(membership: npt.ArrayLike) -> Membership:
    """Number communities by size, ties by smallest node; −1 stays.

    Examples
    --------
    >>> canonical_membership([5, 3, 3, -1, 9]).tolist()
    [1, 0, 0, -1, 2]
    """
    return number_by_size(np.asarray(membership))[0]


def number_by_size(membership: npt.NDArray[Any]) -> tuple[Membership, list[int]]:
    """Canonical codes, and the old code of each new one."""
    canonical = np.full(membership.size, -1, dtype=np.int32)
    assigned = np.flatnonzero(membership >= 0)
    if not assigned.size:
        return canonical, []
    codes, names = membership[assigned], None
    if codes.dtype.kind != "i" or codes.max() > 2 * membership.size:
        names, codes = np.unique(codes, return_inverse=True)
    counts = np.bincount(codes)
    old = np.flatnonzero(counts)
    first = np.empty(counts.size, dtype=np.int64)
    first[codes[::-1]] = np.arange(codes.size - 1, -1, -1)  # the last one written stays
    order = np.lexsort((first[old], -counts[old]))
    rank = np.empty(counts.size, dtype=np.int32)
    rank[old[order]] = np.arange(old.size, dtype=np.int32)
    canonical[assigned] = rank[codes]
    return canonical, (old if names is None else names)[order].tolist()


def read_membership(given: Any) -> tuple[npt.NDArray[np.int64], list[Any], int]:
    """Dense codes of memberships, the communities in order, and the number of missing entries.

    Entries are as in :meth:`Partition.from_membership`. Code c, from 0 on, stands for the c-th
    community, by value; −1 for unassigned nodes. Needs memory for the entries only.

    Raises
    ------
    DataError
        If an entry is neither an integer from −1 on, text, nor missing.
    """
    if isinstance(clusters := getattr(given, "membership", None), list):
        given = clusters  # a clustering of igraph or leidenalg
    if isinstance(given, np.ndarray) and given.ndim != 1:
        raise DataError(f"memberships have shape {given.shape}; one entry per id is needed.")
    if isinstance(given, pl.Series) and not given.null_count() and given.dtype.is_integer():
        given = given.to_numpy()
    if not isinstance(given, np.ndarray) or np.ma.isMaskedArray(given):
        given = as_list(given)
        if given and {type(entry) for entry in given} == {int}:
            # an array only where no integer is too large for it
            codes = np.array(given)
            given = codes if codes.dtype.kind in "iu" else given
    if isinstance(given, np.ndarray) and given.dtype.kind in "iu":
        below = np.flatnonzero(given < -1)
        if below.size:
            raise _wrong_code(given[below[0]].item(), int(below[0]))
        return _number_groups(given)
    entries = [_read_entry(entry, row) for row, entry in enumerate(as_list(given))]
    kinds = {type(entry) for entry in entries if entry is not None}
    if kinds == {int, str}:
        text = next(entry for entry in entries if isinstance(entry, str))
        code = next(entry for entry in entries if isinstance(entry, int))
        raise DataError(
            f"memberships mix names such as {shown(text)} with codes such as {code}: make all of "
            "them text, and unassigned nodes None."
        )
    groups: list[Any] = sorted({entry for entry in entries if entry not in (None, -1)})
    code_of = {group: code for code, group in enumerate(groups)} | {None: -1}
    codes = np.array([code_of.get(entry, -1) for entry in entries], dtype=np.int64)
    return codes, groups, entries.count(None)


def as_list(given: Any) -> list[Any]:
    """Entries as a list; a DataError if there are none."""
    if isinstance(given, np.ndarray | pl.Series):
        return list(given.tolist() if isinstance(given, np.ndarray) else given.to_list())
    try:
        return list(given)
    except TypeError:
        raise DataError(
            f"a {type(given).__name__} is no membership: give one code or name per id, in their "
            "order, or a mapping from ids to them."
        ) from None


def _number_groups(given: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], list[Any], int]:
    codes = np.full(given.size, -1, dtype=np.int64)
    assigned = given >= 0
    groups, codes[assigned] = np.unique(given[assigned], return_inverse=True)
    return codes, groups.tolist(), 0


def read_pairs(given: Any, membership: Any) -> tuple[list[Any], dict[Any, Any]]:
    """Ids and a mapping from them, of a mapping or of pairs; `membership` must be `None`."""
    if membership is not None:
        raise DataError(
            "the first argument is a mapping from ids to memberships already: leave the second out, "
            "or give the ids first."
        )
    if isinstance(given, Mapping):
        return list(given), dict(given)
    if hasattr(given, "columns") and (names := column_names(given)):
        ids, codes = (names * 2)[:2]
        raise DataError(
            "a frame is neither ids nor pairs: give its columns of ids and of communities, such as "
            f"Partition.from_membership(df[{shorten(ids)}], df[{shorten(codes)}])."
        )
    found: dict[Any, Any] = {}
    for row, pair in enumerate(as_list(given)):
        if isinstance(pair, set | frozenset | list):
            raise DataError(
                f"entry {row + 1} is a {type(pair).__name__}: if these are the nodes of communities, "
                "give {node: code for code, nodes in enumerate(communities) for node in nodes}; pairs "
                "of an id and its community are tuples."
            )
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise DataError(
                f"entry {row + 1}, {shown(pair)}, is no pair of an id and its community: give "
                "memberships as the second argument, a mapping, or pairs."
            )
        one, entry = pair
        try:
            twice = one in found
        except TypeError:
            raise DataError(f"entry {row + 1}: {shown(one)} is no id: ids are hashable.") from None
        if twice:
            raise DataError(f"entry {row + 1}: the id {shown(one)} is there twice: give it once.")
        found[one] = entry
    return list(found), found


def look_up(ids: list[Any], membership: Mapping[Any, Any]) -> list[Any]:
    """The entry of each id in a mapping, `None` where it has none."""
    strange = membership.keys() - set(ids)
    if strange:
        first = min(strange, key=repr)
        raise DataError(
            f"{len(strange):,} keys of the memberships are no ids, such as {shown(first)}: a "
            "mapping goes from ids, of the same type, to communities. Take out nodes that are "
            "not among the ids."
        )
    return [membership.get(one) for one in ids]


def _read_entry(entry: Any, row: int) -> int | str | None:
    """One membership as an integer or text; `None` for a missing one."""
    if entry is None or type(entry).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(entry, str):
        return str(entry)
    if isinstance(entry, int | np.integer | np.bool_):
        code = int(entry)
        if code < -1:
            raise _wrong_code(code, row)
        return code
    if isinstance(entry, float | np.floating):
        if np.isnan(entry):
            return None
        # floats above 2^53 stand for several integers
        if np.isfinite(entry) and float(entry).is_integer() and -1 <= entry <= 2**53:
            return int(entry)
        raise DataError(
            f"membership {entry!s} of node {row + 1} is no code: codes are integers from 0 on, up "
            "to 2^53 if they come as floats, −1 for unassigned. Give the communities as integers, "
            "or as text."
        )
    if isinstance(entry, set | frozenset):
        raise DataError(
            f"membership {row + 1} is a {type(entry).__name__}: these are the nodes of communities. "
            "Give {node: code for code, nodes in enumerate(communities) for node in nodes}."
        )
    raise DataError(
        f"membership {shown(entry)} of node {row + 1} is a {type(entry).__name__}: a community is "
        "a code, from 0 on, or a name: make them text."
    )


def _wrong_code(code: int, row: int) -> DataError:
    return DataError(
        f"membership {code} of node {row + 1} is below 0, and only −1 stands for unassigned: make "
        "the communities text if such numbers are their ids."
    )


def shown(value: Any) -> str:
    """`repr`, shortened."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else text[:39] + "…"
