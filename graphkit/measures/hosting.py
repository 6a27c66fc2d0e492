"""Hosting: visibility of a community's posts and creators to its own members."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.errors import check_codes, check_counts, check_integer
from graphkit.measures.mixing import check_log

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

    Raises
    ------
    DataError
        If the arrays do not fit each other, or hold what is no count or no code.

    Examples
    --------
    A community of three whose one post reaches one of the other two:

    >>> hosting_reach(
    ...     np.array([[1, 0]]), np.array([0, 0, 0]), homes=np.array([0]),
    ...     poster_indptr=np.array([0, 1]), posters=np.array([2]),
    ... ).tolist()
    [0.5]
    """
    views, membership, homes, poster_indptr, posters = check_log(
        views, membership, homes, poster_indptr, posters
    )
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

    In [0, 1]; NaN for a community of fewer than two members: nobody but the author is there to be
    shown a post.

    Parameters
    ----------
    diet
        Shape (n, C + 1): posts shown to each account by community of origin.
    membership
        Shape (n,): community of each account, −1 for none.

    Raises
    ------
    DataError
        If the two differ in length, or hold what is no count or no code.

    Examples
    --------
    >>> hosting_members(np.array([[2, 0], [0, 3], [0, 1]]), np.array([0, 0, -1])).tolist()
    [0.5]
    """
    diet = check_counts("diet", diet, (None, None), whole=True)
    size = diet.shape[1] - 1
    membership = check_codes("membership", membership, (diet.shape[0],), -1, size - 1)
    assigned = np.flatnonzero(membership >= 0)
    home = membership[assigned]
    sees = diet[assigned, home] > 0
    return _group_means(sees.astype(np.float64), home, size, least=2)


def hosting_creators(
    member_reach: Codes, membership: Codes, posters: Codes, *, size: int, members_reached: int = 3
) -> Floats:
    """Share of a community's creators who reach at least m other members, shape (C,).

    Creators are the members with a post; a creator's reach is the number of distinct other
    members of its community who were shown any of its posts. In [0, 1]; NaN without creators, and
    for a community of no more than m members, where nobody could reach as many others.

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

    Raises
    ------
    OptionError
        If `size` is negative or `members_reached` below 1.
    DataError
        If the arrays differ in length, or hold what is no count or no code.

    Examples
    --------
    >>> hosting_creators(
    ...     np.array([3, 2, 9, 0]), np.array([0, 0, 0, 0]), np.array([0, 1, 1]), size=1
    ... ).tolist()
    [0.5]
    """
    size = check_integer("size", size, 0)
    members_reached = check_integer("members_reached", members_reached, 1)
    member_reach = check_counts("member_reach", member_reach, (None,), whole=True)
    n = member_reach.size
    membership = check_codes("membership", membership, (n,), -1, size - 1)
    posters = check_codes("posters", posters, (None,), 0, n - 1)
    creators = np.flatnonzero((np.bincount(posters, minlength=n) > 0) & (membership >= 0))
    hosted = member_reach[creators] >= members_reached
    found = _group_means(hosted.astype(np.float64), membership[creators], size)
    members = np.bincount(membership[membership >= 0], minlength=size)
    return np.where(members > members_reached, found, np.nan)


def _group_means(values: Floats, group: Codes, size: int, *, least: int = 1) -> Floats:
    """Mean of the values in each group; NaN for a group of less than `least`."""
    total = np.bincount(group, weights=values, minlength=size)
    count = np.bincount(group, minlength=size)
    found = np.full(size, np.nan)
    np.divide(total, count, out=found, where=count >= least)
    return found
