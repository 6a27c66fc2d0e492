"""Hosting: visibility of a community's posts and creators to its own members."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["hosting_creators", "hosting_members", "hosting_reach"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.integer]


def hosting_reach(
    views: Codes, membership: Codes, *, homes: Codes, poster_indptr: Codes, posters: Codes
) -> Floats:
    """Within-community reach: share of its own community that a post reaches, shape (C,).

    Mean over the posts of community c of (distinct viewers in c) / (|c| − 1), without the
    author; if several accounts introduce a post, those of them in c are left out. In [0, 1];
    NaN for a community without posts or with a single member.

    Parameters
    ----------
    views, membership, homes, poster_indptr, posters
        As for :func:`crossing`.

    Examples
    --------
    A community of three whose one post reaches one of the other two:

    >>> hosting_reach(
    ...     np.array([[1, 0]]), np.array([0, 0, 0]), homes=np.array([0]),
    ...     poster_indptr=np.array([0, 1]), posters=np.array([2]),
    ... ).tolist()
    [0.5]
    """
    size = views.shape[1] - 1
    sizes = np.bincount(membership[membership >= 0], minlength=size)
    kept = np.flatnonzero(homes >= 0)
    home = homes[kept]
    post_of = np.repeat(np.arange(homes.size), np.diff(poster_indptr))
    inside = membership[posters] == homes[post_of]
    entering = np.bincount(post_of, weights=inside, minlength=homes.size)[kept]
    others = sizes[home] - entering
    able = others > 0
    share = views[kept, home][able] / others[able]
    return _group_means(share, home[able], size)


def hosting_members(diet: Codes, membership: Codes) -> Floats:
    """Share of a community's members who are shown at least one of its posts, shape (C,).

    In [0, 1]; NaN for a community without members.

    Parameters
    ----------
    diet
        Shape (n, C + 1): posts shown to each account by community of origin.
    membership
        Shape (n,): community of each account, −1 for none.

    Examples
    --------
    >>> hosting_members(np.array([[2, 0], [0, 3], [0, 1]]), np.array([0, 0, -1])).tolist()
    [0.5]
    """
    assigned = np.flatnonzero(membership >= 0)
    home = membership[assigned]
    sees = diet[assigned, home] > 0
    return _group_means(sees.astype(np.float64), home, diet.shape[1] - 1)


def hosting_creators(
    member_reach: Codes, membership: Codes, posters: Codes, *, size: int, members_reached: int = 3
) -> Floats:
    """Share of a community's creators who reach at least m other members, shape (C,).

    Creators are the members with a post; a creator's reach is the number of distinct other
    members of its community who were shown any of its posts. In [0, 1]; NaN without creators.

    Parameters
    ----------
    member_reach
        Shape (n,): this reach of each account.
    membership
        Shape (n,): community of each account, −1 for none.
    posters
        Accounts through which posts enter; repeats are allowed.
    size
        Number of communities C.
    members_reached
        The threshold m.

    Examples
    --------
    >>> hosting_creators(
    ...     np.array([3, 2, 9]), np.array([0, 0, 0]), np.array([0, 1, 1]), size=1
    ... ).tolist()
    [0.5]
    """
    creators = np.unique(posters)
    creators = creators[membership[creators] >= 0]
    hosted = member_reach[creators] >= members_reached
    return _group_means(hosted.astype(np.float64), membership[creators], size)


def _group_means(values: Floats, group: Codes, size: int) -> Floats:
    """Mean of the values in each group; NaN for an empty group."""
    total = np.bincount(group, weights=values, minlength=size)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / np.bincount(group, minlength=size), dtype=np.float64)
