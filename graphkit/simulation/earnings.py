"""Earnings: income of each account by its posts so far, to which creators respond."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from graphkit.data.spread import REACTIONS, REWARDS
from graphkit.kernels.state import AUTHOR, WATCH_UNIT
from graphkit.simulation.arrays import SimulationArrays
from graphkit.simulation.platform_state import PlatformState

if TYPE_CHECKING:
    from graphkit.measures.payouts import Payout

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Columns of reactions that reward the author.
_REWARDED = [REACTIONS.index(name) for name in REWARDS]


class Earnings:
    """What accounts earn in one run under a payout scheme; ranking reads nothing of it.

    Parameters
    ----------
    arrays
        The world, whose posts have authors.
    payout
        The scheme. Its threshold, and the choice of creators by advertisers, are among those who
        have posted so far.
    """

    def __init__(self, arrays: SimulationArrays, payout: Payout) -> None:
        self.arrays, self._payout = arrays, payout

    def so_far(
        self,
        n_posts: int,
        withdrawn: npt.NDArray[np.bool_],
        counts: PlatformState,
        follows: npt.NDArray[np.int32],
    ) -> tuple[Floats, Floats]:
        """Income by the first `n_posts` posts: of each account, and of each post.

        Parameters
        ----------
        n_posts
            Posts that may have entered.
        withdrawn
            Those that were not posted.
        counts
            Of the run so far.
        follows
            Followees of all accounts, as they are now.

        Returns
        -------
        accounts, posts
            Shape (n,), 0 for accounts without one of the posts; and shape (m,), 0 for later posts
            and those that were not posted. How income is split over posts:
            :meth:`graphkit.measures.Payout.of_posts`.
        """
        n, m = self.arrays.accounts.size, self.arrays.posts.size
        posts = np.flatnonzero(~withdrawn[:n_posts])
        of_post = self.arrays.static.attributes[posts, AUTHOR].astype(np.int64)
        creators, author = np.unique(of_post, return_inverse=True)
        views = counts.views[posts].astype(np.float64)
        minutes = counts.watch[posts] / WATCH_UNIT * self.arrays.seconds[posts] / 60
        reactions = counts.reactions[posts][:, _REWARDED].sum(axis=1).astype(np.float64)
        followers = np.bincount(follows, minlength=n)[creators]

        def of_creators(values: Floats) -> Floats:
            return np.bincount(author, values, creators.size).astype(np.float64, copy=False)

        accounts, single = np.zeros(n), np.zeros(m)
        accounts[creators] = self._payout.amounts(
            of_creators(views), of_creators(minutes), followers, of_creators(reactions)
        )
        single[posts] = self._payout.of_posts(author, views, minutes, followers, reactions)
        return accounts, single
