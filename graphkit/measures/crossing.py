"""How often posts are shown outside the community that they are at home in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.data.frozen import Frozen
from graphkit.errors import DataError

__all__ = ["Crossing", "crossing"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Crossing(Frozen):
    """What :func:`crossing` found, post by post, over the posts with a home.

    Attributes
    ----------
    posts
        int64, shape (k,): codes of the posts with a home.
    homes
        int64, shape (k,): their homes.
    views
        n_i, shape (k,): impressions to accounts of communities.
    outside
        x_i, shape (k,): share of these outside the home; NaN without impressions.
    expected
        e_i, shape (k,): the same share over all posts, without the post's own posters.
    """

    posts: npt.NDArray[np.int64]
    homes: npt.NDArray[np.int64]
    views: Floats
    outside: Floats
    expected: Floats

    def ratio(self, home: int | None = None) -> float:
        """Σ n_i x_i / Σ n_i e_i, over all homes or one; NaN where nothing is expected."""
        shown = self._shown(home)
        wanted = float((self.views[shown] * self.expected[shown]).sum())
        if not wanted > 0:
            return float("nan")
        return float((self.views[shown] * self.outside[shown]).sum()) / wanted

    def item_mean(self, home: int | None = None) -> float:
        """Mean of x_i / e_i over the posts with impressions, each post counting once."""
        shown = self._shown(home)
        shown &= self.expected > 0
        if not shown.any():
            return float("nan")
        return float((self.outside[shown] / self.expected[shown]).mean())

    def _shown(self, home: int | None) -> npt.NDArray[np.bool_]:
        shown = self.views > 0
        return shown if home is None else shown & (self.homes == home)


def crossing(
    views: Codes, diet: Codes, membership: Codes, *, homes: Codes, poster_indptr: Codes,
    posters: Codes,
) -> Crossing:  # fmt: skip
    """Impressions outside the home community, against a feed that does not care.

    For a post i with home h, n_i impressions, n_ih of them inside h, its own posters left
    out: x_i = 1 − n_ih / n_i, and e_i = 1 − (all impressions inside h, of all posts,
    without those of i's posters) / (all impressions, likewise). Crossing is
    Σ n_i x_i / Σ n_i e_i: 0 if nothing leaves home, 1 for a feed that draws at random,
    above 1 if posts avoid their home. Posts without a home and accounts without a
    community are left out on both sides.

    Parameters
    ----------
    views
        Shape (m, C + 1): accounts of each community shown each post, the last column
        unassigned, without the post's own posters.
    diet
        Shape (n, C + 1): posts shown to each account by their home, the last homeless.
    membership
        Shape (n,): community of each account, −1 for none.
    homes
        Shape (m,): home of each post, −1 for none.
    poster_indptr, posters
        The accounts through which each post enters, as in :class:`World`.

    Raises
    ------
    DataError
        If `views` and `diet` do not count the same impressions.

    Examples
    --------
    Two communities of two accounts, one post each, all shown at home:

    >>> found = crossing(
    ...     np.array([[1, 0, 0], [0, 1, 0]]),
    ...     np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]]),
    ...     np.array([0, 0, 1, 1]), homes=np.array([0, 1]),
    ...     poster_indptr=np.array([0, 1, 2]), posters=np.array([0, 2]),
    ... )
    >>> found.ratio()
    0.0
    """
    size = views.shape[1] - 1
    kept = np.flatnonzero(homes >= 0)
    home = homes[kept].astype(np.int64)
    assigned = membership >= 0
    inside_of = views[kept, :size].sum(axis=0, dtype=np.float64)
    everything = float(inside_of.sum())
    received = np.where(assigned, diet[:, :size].sum(axis=1), 0).astype(np.float64)
    if received.sum() != everything:
        raise DataError(
            f"views count {everything:,.0f} impressions between homes and communities, the diet "
            f"{received.sum():,.0f}: they are not of one log, partition and set of homes."
        )
    # what the posters of each post were shown themselves: in all, and inside its home
    post_of = np.repeat(np.arange(homes.size), np.diff(poster_indptr))
    own = received[posters]
    at_home = np.where(membership[posters] == homes[post_of], own, 0.0)
    own_all = np.bincount(post_of, weights=own, minlength=homes.size)[kept]
    own_home = np.bincount(post_of, weights=at_home, minlength=homes.size)[kept]
    shown = views[kept, :size].sum(axis=1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        outside = 1 - views[kept, home] / shown
        expected = 1 - (inside_of[home] - own_home) / (everything - own_all)
    return Crossing(kept, home, shown, outside, expected)
