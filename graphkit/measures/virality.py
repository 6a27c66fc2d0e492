"""How posts were passed on: the size, depth, breadth and structural virality of share trees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.errors import DataError

__all__ = ["Cascades", "cascades"]

Codes = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Cascades:
    """One share tree per post, whose root is the post with those through whom it entered.

    Attributes
    ----------
    size
        int64, shape (m,): nodes, the root included; 1 for a post that nobody shared.
    depth
        int64, shape (m,): longest way from the root, in edges.
    breadth
        int64, shape (m,): most nodes at any one depth.
    virality
        float64, shape (m,): mean distance over ordered pairs of distinct nodes; NaN for a
        single node. 1 for one edge, 2(n − 1)/n for a star of n nodes, (n + 1)/3 for a
        chain.
    """

    size: npt.NDArray[np.int64]
    depth: npt.NDArray[np.int64]
    breadth: npt.NDArray[np.int64]
    virality: npt.NDArray[np.float64]


def cascades(shares: Codes, n_posts: int) -> Cascades:
    """The share trees of posts, in time linear in the shares (after sorting).

    Structural virality is v(T) = Σ_{i≠j} d_ij / (n(n − 1)) (Goel et al. 2016). An edge
    with s nodes below it lies on s(n − s) of the paths, so Σ d_ij = 2 Σ s(n − s). A
    sharer hangs from its parent if that shared the post in an earlier tick, and else from
    the root; of several shares of a post by one account, the first counts.

    Parameters
    ----------
    shares
        Shape (x, 4): post, sharer, parent (−1: from the poster), tick.
    n_posts
        Number of posts m.

    Raises
    ------
    DataError
        If a share names a post outside 0 … m − 1.

    References
    ----------
    Goel, S., Anderson, A., Hofman, J., & Watts, D. J. (2016). The structural virality of
    online diffusion. Management Science, 62(1), 180–196.
    https://doi.org/10.1287/mnsc.2015.2158

    Examples
    --------
    >>> found = cascades(np.array([[0, 5, -1, 0], [1, 5, -1, 0], [1, 6, 5, 1]]), 3)
    >>> found.size.tolist(), found.depth.tolist(), found.virality.round(4).tolist()
    ([2, 3, 1], [1, 2, 0], [1.0, 1.3333, nan])
    """
    post, sharer, parent, tick = _first_shares(np.asarray(shares, np.int64).reshape(-1, 4))
    if post.size and not 0 <= int(post.min()) <= int(post.max()) < n_posts:
        raise DataError(f"shares name posts outside 0 … {n_posts - 1}.")
    up = _parents(post, sharer, parent, tick, n_posts)
    # nodes: the m roots, then the sharers; a parent always shared in an earlier tick
    below = np.ones(n_posts + post.size, np.int64)
    level = np.zeros(n_posts + post.size, np.int64)
    order = np.argsort(tick, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(tick[order])) + 1)
    for nodes in groups:
        level[n_posts + nodes] = level[up[nodes]] + 1
    for nodes in reversed(groups):
        np.add.at(below, up[nodes], below[n_posts + nodes])
    size = below[:n_posts]
    depth = np.zeros(n_posts, np.int64)
    np.maximum.at(depth, post, level[n_posts:])
    under = below[n_posts:].astype(np.float64)
    paths = np.bincount(post, weights=under * (size[post] - under), minlength=n_posts)
    with np.errstate(divide="ignore", invalid="ignore"):
        virality = 2 * paths / (size * (size - 1.0))
    return Cascades(size, depth, _breadth(post, level[n_posts:], n_posts), virality)


def _first_shares(shares: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], ...]:
    """Columns of the first share of each post by each account, sorted by both."""
    shares = shares[np.lexsort((shares[:, 2], shares[:, 3], shares[:, 1], shares[:, 0]))]
    new = np.ones(shares.shape[0], dtype=bool)
    new[1:] = (np.diff(shares[:, :2], axis=0) != 0).any(axis=1)
    post, sharer, parent, tick = shares[new].T
    return post, sharer, parent, tick


def _parents(
    post: npt.NDArray[np.int64], sharer: npt.NDArray[np.int64], parent: npt.NDArray[np.int64],
    tick: npt.NDArray[np.int64], n_posts: int,
) -> npt.NDArray[np.int64]:  # fmt: skip
    """The node that each sharer hangs from: a root (its post) or n_posts + a sharer."""
    if not post.size:
        return post
    span = int(max(sharer.max(), parent.max())) + 1
    keys = post * span + sharer
    wanted = post * span + np.maximum(parent, 0)
    at = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    known = (parent >= 0) & (keys[at] == wanted) & (tick[at] < tick)
    return np.where(known, n_posts + at, post)


def _breadth(
    post: npt.NDArray[np.int64], level: npt.NDArray[np.int64], n_posts: int
) -> npt.NDArray[np.int64]:
    breadth = np.ones(n_posts, np.int64)
    if post.size:
        span = int(level.max()) + 1
        cells, counts = np.unique(post * span + level, return_counts=True)
        np.maximum.at(breadth, cells // span, counts)
    return breadth
