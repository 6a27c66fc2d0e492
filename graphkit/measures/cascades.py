"""Cascades of reshared posts: size, depth, breadth and structural virality of their trees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.data.frozen import Frozen
from graphkit.errors import DataError, OptionError, check_choice, check_codes, check_integer

__all__ = ["KINDS", "Cascades", "cascades"]

Codes = npt.NDArray[np.integer]
Nodes = npt.NDArray[np.int64]

#: How a post is reshared, in the order of the codes in :attr:`ArmTally.shares`.
KINDS = ("share", "duet", "stitch")


#: Largest code of an account, and largest tick.
MOST = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class Cascades(Frozen):
    """Cascade trees, one per post; the root is the post with the accounts through which it entered.

    Attributes
    ----------
    size
        int64, shape (m,): nodes, the root included; 1 for a post that was not reshared, 0
        for a reply, which is counted in the tree of its parent post.
    depth
        int64, shape (m,): longest path from the root, in edges.
    breadth
        int64, shape (m,): most nodes at any one depth.
    virality
        float64, shape (m,): mean distance over ordered pairs of distinct nodes; NaN for
        fewer than two nodes. 1 for one edge, 2(n − 1)/n for a star of n nodes, (n + 1)/3
        for a chain.
    """

    size: Nodes
    depth: Nodes
    breadth: Nodes
    virality: npt.NDArray[np.float64]


def cascades(
    shares: Codes, n_posts: int, *, kinds: Sequence[str] = KINDS, answers_to: Codes | None = None
) -> Cascades:
    """Cascade trees of reshared posts, built from tallies in O(x log x).

    Structural virality is v(T) = Σ_{i≠j} d_ij / (n(n − 1)) (Goel et al. 2016). An edge
    with s nodes below it lies on s(n − s) of the paths, so Σ d_ij = 2 Σ s(n − s). An
    account is a child of its parent account if that reshared the post in an earlier tick, and
    otherwise of the root; only an account's first reshare counts.

    Rows of other `kinds` are left out first: their children become children of the root. With
    `answers_to`, the root of a reply becomes a child of the root of its parent post, with its
    whole subtree: there is one tree per original, and a reply has none of its own (size 0).

    Parameters
    ----------
    shares
        Shape (x, 5): post, account that reshared it, parent (−1: the poster), tick,
        kind (0 share, 1 duet, 2 stitch).
    n_posts
        Number of posts m.
    kinds
        Some of ``"share"``, ``"duet"``, ``"stitch"``.
    answers_to
        Shape (m,): parent post of each post, −1 for none, as in :class:`World`. It applies to
        replies of every kind, regardless of `kinds`.

    Raises
    ------
    OptionError
        For an unknown kind, or none, or a negative number of posts.
    DataError
        If `shares` has another shape, holds what is no integer, names a post outside 0 … m − 1 or
        an unknown kind, or if `answers_to` does so, or contains a cycle.

    References
    ----------
    Goel, S., Anderson, A., Hofman, J., & Watts, D. J. (2016). The structural virality of
    online diffusion. Management Science, 62(1), 180–196.
    https://doi.org/10.1287/mnsc.2015.2158

    Examples
    --------
    >>> shares = np.array([[0, 5, -1, 0, 0], [1, 5, -1, 0, 0], [1, 6, 5, 1, 1]])
    >>> found = cascades(shares, 3)
    >>> found.size.tolist(), found.depth.tolist(), found.virality.round(4).tolist()
    ([2, 3, 1], [1, 2, 0], [1.0, 1.3333, nan])

    Post 2 is a reply to post 1, whose tree it joins:

    >>> cascades(shares, 3, answers_to=np.array([-1, -1, 1])).size.tolist()
    [2, 4, 0]
    """
    n_posts = check_integer("n_posts", n_posts, 0)
    post, sharer, parent, tick = _first_shares(_rows_of_kinds(shares, n_posts, kinds))
    # nodes: the m roots, then the accounts that reshared
    up = np.concatenate(
        [_root_parents(answers_to, n_posts), _parent_nodes(post, sharer, parent, tick, n_posts)]
    )
    top, level = _tree_roots(up)
    size, under = _subtree_sizes(up, level)
    originals = top[:n_posts] == np.arange(n_posts)
    size = np.where(originals, size[:n_posts], 0)
    depth = np.zeros(n_posts, np.int64)
    np.maximum.at(depth, top, level)
    # each edge is counted at its lower node; a root has none, and s(n − s) = 0
    under = under.astype(np.float64)
    paths = np.bincount(top, weights=under * (size[top] - under), minlength=n_posts)
    with np.errstate(divide="ignore", invalid="ignore"):
        virality = np.where(size > 1, 2 * paths / (size * (size - 1.0)), np.nan)
    return Cascades(size, depth, _tree_breadths(top, level, n_posts), virality)


def _rows_of_kinds(shares: Codes, n_posts: int, kinds: Sequence[str]) -> Nodes:
    """The rows of these kinds, after checks."""
    if isinstance(kinds, str) or not kinds:
        raise OptionError(f"kinds={kinds!r}: a sequence of some of {', '.join(KINDS)} is needed.")
    for kind in kinds:
        check_choice("kinds", kind, KINDS)
    hint = "The columns are post, account, parent, tick, kind."
    rows = check_codes("shares", shares, (None, 5), -1, MOST, hint=hint).astype(np.int64)
    ranges = {"posts": (0, n_posts - 1), "accounts": (0, MOST), "parents": (-1, MOST)}
    ranges |= {"ticks": (0, MOST), "kinds": (0, len(KINDS) - 1)}
    for column, (what, (low, high)) in enumerate(ranges.items()):
        check_codes(f"{what} of shares", rows[:, column], (None,), low, high)
    return rows[np.isin(rows[:, 4], [KINDS.index(kind) for kind in kinds])]


def _first_shares(rows: Nodes) -> tuple[Nodes, ...]:
    """Columns of each account's first reshare of each post, sorted by post and account."""
    rows = rows[_order_of(rows[:, [0, 1, 3, 2]])]
    post, sharer, parent, tick = (np.ascontiguousarray(column) for column in rows[:, :4].T)
    new = np.ones(post.size, dtype=bool)
    new[1:] = (post[1:] != post[:-1]) | (sharer[1:] != sharer[:-1])
    return post[new], sharer[new], parent[new], tick[new]


def _order_of(columns: Nodes) -> npt.NDArray[np.intp]:
    """Order of rows of integers from −1 on, by the first column, the second, …; ties in any order."""
    spans = [int(highest) + 2 for highest in columns.max(axis=0, initial=-1)]
    if math.prod(spans) > np.iinfo(np.int64).max:
        return np.lexsort(columns.T[::-1])
    # one number per row is sorted in a fifth of the time
    keys = np.zeros(columns.shape[0], np.int64)
    for column, span in zip(columns.T, spans, strict=True):
        keys = keys * span + (column + 1)
    return np.argsort(keys)


def _parent_nodes(
    post: Nodes, sharer: Nodes, parent: Nodes, tick: Nodes, n_posts: int
) -> npt.NDArray[np.int64]:
    """Parent node of each account: a root (its post) or n_posts + the row of an account."""
    if not post.size:
        return post
    span = int(max(sharer.max(), parent.max())) + 1
    keys = post * span + sharer
    wanted = post * span + np.maximum(parent, 0)
    at = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    known = (parent >= 0) & (keys[at] == wanted) & (tick[at] < tick)
    return np.where(known, n_posts + at, post)


def _root_parents(answers_to: Codes | None, n_posts: int) -> Nodes:
    """Parent node of each root: the root of its parent post, or itself."""
    own = np.arange(n_posts, dtype=np.int64)
    if answers_to is None:
        return own
    answered = check_codes("answers_to", answers_to, own.shape, -1, n_posts - 1).astype(np.int64)
    if (answered == own).any():
        post = int(np.flatnonzero(answered == own)[0])
        raise DataError(f"answers_to: post {post} is its own parent.")
    return np.where(answered < 0, own, answered)


def _tree_roots(up: Nodes) -> tuple[Nodes, Nodes]:
    """Root of each node and its depth, by pointer jumping."""
    top = up.copy()
    level = (up != np.arange(up.size)).astype(np.int64)
    for _ in range(int(up.size).bit_length()):
        above = top[top]
        if np.array_equal(above, top):
            break
        level += level[top]
        top = above
    if (up[top] != top).any():
        raise DataError("answers_to: some posts are replies to each other in a cycle.")
    return top, level


def _subtree_sizes(up: Nodes, level: Nodes) -> tuple[Nodes, Nodes]:
    """Nodes of the subtree of each node, and the same with 0 at the roots."""
    below = np.ones(up.size, np.int64)
    order = np.argsort(level, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(level[order])) + 1)
    for nodes in reversed(groups[1:]):
        np.add.at(below, up[nodes], below[nodes])
    return below, np.where(level > 0, below, 0)


def _tree_breadths(top: Nodes, level: Nodes, n_posts: int) -> Nodes:
    """Most nodes at one depth, by tree."""
    breadth = np.zeros(n_posts, np.int64)
    if top.size:
        span = int(level.max()) + 1
        cells, counts = np.unique(top * span + level, return_counts=True)
        np.maximum.at(breadth, cells // span, counts)
    return breadth
