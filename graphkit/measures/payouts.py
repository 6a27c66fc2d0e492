"""Payout schemes: what a platform pays its creators for, with the origin of every number."""

from __future__ import annotations

import importlib.resources
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.errors import OptionError, check_number, nearest, shorten
from graphkit.parallel import refuse_after_fork

__all__ = ["Payout", "payout_numbers", "payouts"]

Floats = npt.NDArray[np.float64]

#: Parts of a payout that are amounts, in the order in which they are described.
_AMOUNTS = ("per_view", "per_minute", "per_follower", "per_reaction", "per_engaged")
_NUMBERS: dict[str, Any] = {
    **dict.fromkeys(("payout", "part"), pl.String),
    "value": pl.Float64,
    **dict.fromkeys(("what", "origin", "source"), pl.String),
    "year": pl.Int64,
}


@dataclass(frozen=True, repr=False, eq=False)
class Payout(Frozen):
    """A payout scheme: what creators are paid for, in an arbitrary unit.

    A creator with V views, W minutes watched, F followers and R reactions (likes, comments,
    shares, follows, duets, stitches) gets

        per_view · V + per_minute · W + per_follower · F + per_reaction · R
        + c · per_engaged · F · R / V

    if its minutes reach the threshold that `entry` sets, else nothing. c is 1 for the creators
    whom advertisers choose, the share `chosen` of all with most reach times engagement F · R / V,
    and 0 for the others; creators that tie at the limit share what is left.

    Attributes
    ----------
    name
        Its name.
    meaning
        What it is, in one clause.
    per_view, per_minute, per_follower, per_reaction, per_engaged
        Amounts, 0 or larger, at least one of them positive. Views are impressions.
    chosen
        In (0, 1]: share of the creators whom advertisers choose.
    entry
        In [0, 1): share of all minutes watched that creators below the threshold hold at most. 0:
        no threshold.
    pooled
        Whether a fixed sum is shared in proportion to these amounts, in place of paying them.

    Examples
    --------
    >>> payout = Payout("tips", per_reaction=1.0)
    >>> payout.amounts([9, 5], [1.0, 2.0], [0, 3], [4, 0]).tolist()
    [4.0, 0.0]
    """

    name: str
    meaning: str = ""
    per_view: float = 0.0
    per_minute: float = 0.0
    per_follower: float = 0.0
    per_reaction: float = 0.0
    per_engaged: float = 0.0
    chosen: float = 1.0
    entry: float = 0.0
    pooled: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise OptionError(f"payout: name={shorten(self.name)}: a text is needed.")
        if not isinstance(self.meaning, str):
            raise OptionError(f"payout: meaning={shorten(self.meaning)}: a text is needed.")
        if not isinstance(self.pooled, bool):
            raise OptionError(f"payout: pooled={shorten(self.pooled)}: True or False is needed.")
        values = {
            part: check_number(f"payout: {part}", getattr(self, part), 0) for part in _AMOUNTS
        }
        values["chosen"] = check_number("payout: chosen", self.chosen, 0, 1, low_open=True)
        values["entry"] = check_number("payout: entry", self.entry, 0, 1, high_open=True)
        self._set(**values)
        if not any(values[part] for part in _AMOUNTS):
            raise OptionError(
                f"payout {self.name!r} pays nothing: one of {', '.join(_AMOUNTS)} must be positive."
            )

    @property
    def frame(self) -> pl.DataFrame:
        """Every part: part, value (1 and 0 for `pooled`)."""
        refuse_after_fork()
        parts = (*_AMOUNTS, "chosen", "entry", "pooled")
        values = [float(getattr(self, part)) for part in parts]
        return pl.DataFrame({"part": parts, "value": values})

    def threshold(self, minutes: npt.ArrayLike) -> float:
        """Minutes that a creator needs: the most that leave those below with at most `entry`.

        Parameters
        ----------
        minutes
            Shape (k,): minutes watched of each creator.

        Examples
        --------
        >>> Payout("minutes", per_minute=1.0, entry=0.25).threshold([1, 2, 7])
        2.0
        """
        ordered = np.sort(np.asarray(minutes, dtype=np.float64))
        if not self.entry or not ordered.size:
            return 0.0
        # the sum of all that have less than each; equal ones are in or out together
        below = np.concatenate([[0.0], np.cumsum(ordered)[:-1]])[np.searchsorted(ordered, ordered)]
        rounding = 1e-12 * float(ordered.sum())
        return float(ordered[below <= self.entry * float(ordered.sum()) + rounding].max())

    def amounts(
        self,
        views: npt.ArrayLike,
        minutes: npt.ArrayLike,
        followers: npt.ArrayLike,
        reactions: npt.ArrayLike,
        *,
        threshold: float | None = None,
    ) -> Floats:
        """What each creator earns before any scaling, shape (k,).

        Parameters
        ----------
        views, minutes, followers, reactions
            Shape (k,): of each creator.
        threshold
            Minutes needed; by default :meth:`threshold` of these creators.
        """
        v, w, f, r = (
            np.asarray(x, dtype=np.float64) for x in (views, minutes, followers, reactions)
        )
        earned = self.per_view * v + self.per_minute * w + self.per_follower * f
        earned = earned + self.per_reaction * r
        if self.per_engaged:
            engaged = f * r / np.maximum(v, 1)
            earned = earned + self.per_engaged * engaged * _chosen(engaged, self.chosen)
        least = self.threshold(w) if threshold is None else threshold
        return np.where(w >= least, earned, 0.0)

    def of_posts(
        self,
        authors: npt.ArrayLike,
        views: npt.ArrayLike,
        minutes: npt.ArrayLike,
        followers: npt.ArrayLike,
        reactions: npt.ArrayLike,
    ) -> Floats:
        """What each post earns, shape (m,): the amounts of its creator, split over its posts.

        What is paid for views, minutes and reactions goes to the post that has them; what is paid
        for engagement is split by reactions; what is paid for followers, who follow no single
        post, is split evenly. The posts of a creator below the threshold earn nothing.

        Parameters
        ----------
        authors
            Shape (m,): code of the creator of each post, 0 … k − 1, each with a post.
        views, minutes, reactions
            Shape (m,): of each post.
        followers
            Shape (k,): of each creator.

        Examples
        --------
        >>> payout = Payout("fans", per_follower=3.0, per_reaction=1.0)
        >>> payout.of_posts([0, 0, 1], [4, 4, 4], [1.0, 1.0, 1.0], [2, 0], [5, 0, 1]).tolist()
        [8.0, 3.0, 1.0]
        """
        of = np.asarray(authors, dtype=np.int64)
        f = np.asarray(followers, dtype=np.float64)
        v, w, r = (np.asarray(x, dtype=np.float64) for x in (views, minutes, reactions))
        totals = [np.bincount(of, weights=x, minlength=f.size) for x in (v, w, r)]
        posts = np.bincount(of, minlength=f.size)
        earned = self.per_view * v + self.per_minute * w + self.per_reaction * r
        earned = earned + self.per_follower * f[of] / posts[of]
        if self.per_engaged:
            engaged = f * totals[2] / np.maximum(totals[0], 1)
            deals = self.per_engaged * engaged * _chosen(engaged, self.chosen)
            earned = earned + deals[of] * r / np.maximum(totals[2], 1)[of]
        return np.where(totals[1][of] >= self.threshold(totals[1]), earned, 0.0)

    def _title(self) -> str:
        return f"Payout {self.name!r}"

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {"meaning": self.meaning} if self.meaning else {}
        usual = {spec.name: spec.default for spec in fields(self)}
        parts = (*_AMOUNTS, "chosen", "entry", "pooled")
        return facts | {p: getattr(self, p) for p in parts if getattr(self, p) != usual[p]}


def _chosen(values: Floats, share: float) -> Floats:
    """Weight of each in the share of them with the highest values, in [0, 1]; ties share."""
    if share >= 1 or not values.size:
        return np.ones(values.size)
    places = share * values.size
    last = np.sort(values)[::-1][min(math.ceil(places), values.size) - 1]
    above, tied = values > last, values == last
    part = (places - np.count_nonzero(above)) / np.count_nonzero(tied)
    return np.asarray(above + part * tied, dtype=np.float64)


@cache
def _read() -> Mapping[str, Any]:
    file = importlib.resources.files("graphkit.measures") / "payouts.toml"
    return MappingProxyType(tomllib.loads(file.read_text(encoding="utf-8")))


def payouts() -> dict[str, Payout]:
    """The payout schemes that come with the package, by name.

    ``per_view``; ``partner_programme``, minutes watched above a threshold; ``subscriptions``, with
    gifts; ``watch_fund`` and ``view_fund``, fixed sums that are shared; and ``marketplace``, in
    which advertisers choose creators. :func:`payout_numbers` says where each number is from.

    Examples
    --------
    >>> list(payouts())
    ['per_view', 'partner_programme', 'subscriptions', 'watch_fund', 'view_fund', 'marketplace']
    >>> round(payouts()["subscriptions"].per_follower, 4)
    0.0499
    """
    found = {}
    for name, entry in _read().items():
        parts: dict[str, float] = {}
        for number in entry["numbers"]:
            parts[number["part"]] = parts.get(number["part"], 1.0) * number["value"]
        pooled = entry.get("pooled", False)
        found[name] = Payout(name, meaning=entry["meaning"], pooled=pooled, **parts)
    return found


def find_payout(payout: Payout | str) -> Payout:
    """A payout scheme as it is, or that of this name.

    Raises
    ------
    OptionError
        For an unknown name, or anything else.
    """
    if isinstance(payout, Payout):
        return payout
    known = payouts()
    if isinstance(payout, str) and payout in known:
        return known[payout]
    hint = nearest(payout, known) if isinstance(payout, str) else ""
    raise OptionError(
        f"payout={shorten(payout)} is no payout scheme.{hint} Give a Payout, or one of "
        f"{', '.join(known)}."
    )


def payout_numbers() -> pl.DataFrame:
    """Every number of the schemes of :func:`payouts`, with its origin.

    Returns
    -------
    polars.DataFrame
        One row per number: payout, part (a field of :class:`Payout`, which is the product of its
        numbers), value, what (its meaning), origin (``"source"``: read there; ``"memory: not
        checked"``; ``"assumption"``), source, year (null where there is none).

    Examples
    --------
    >>> payout_numbers().get_column("origin").unique().sort().to_list()
    ['assumption', 'memory: not checked', 'source']
    """
    refuse_after_fork()
    rows = [
        {"payout": name, **number} for name, entry in _read().items() for number in entry["numbers"]
    ]
    return pl.DataFrame(rows, schema=_NUMBERS)
