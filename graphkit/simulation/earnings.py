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
    ) -> Floats:
        """Income by the first `n_posts` posts, shape (n,); 0 for accounts without one of them.

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
        """
        arrays, n = self.arrays, self.arrays.accounts.size
        posts = np.flatnonzero(~withdrawn[:n_posts])
        author = arrays.static.attributes[posts, AUTHOR].astype(np.int64)
        creators = np.unique(author)
        minutes = counts.watch[posts] / WATCH_UNIT * arrays.seconds[posts] / 60

        def of_creators(values: npt.NDArray[np.generic]) -> Floats:
            total = np.bincount(author, values.astype(np.float64), n)
            return np.asarray(total[creators], dtype=np.float64)

        earned = np.zeros(n)
        earned[creators] = self._payout.amounts(
            of_creators(counts.views[posts]),
            of_creators(minutes),
            np.bincount(follows, minlength=n)[creators],
            of_creators(counts.reactions[posts][:, _REWARDED].sum(axis=1)),
        )
        return earned
