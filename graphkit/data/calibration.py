"""Behaviour fitted to a log, with how well it fits what was held out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

import polars as pl

from graphkit.data.display import number
from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance, content_key

__all__ = ["Calibration"]

B = TypeVar("B")


@dataclass(frozen=True, repr=False, eq=False)
class Calibration(Frozen, Generic[B], table="parameters"):
    """Viewers' behaviour as a log shows it, and what it says of accounts it has not seen.

    Attributes
    ----------
    behaviour
        The :class:`graphkit.simulation.Behaviour` with the fitted numbers and
        ``calibrated=True``; numbers of which the log says nothing are as they were given.
    parameters
        One row per parameter: parameter, before, after, standard_error (robust to any
        dependence among the impressions of one account; null where nothing was fitted), n
        (rows fitted to), status and why. Status is ``"estimated"``; ``"weak"`` (the taste
        effect is within two standard errors of zero, and this number hangs on it); ``"at its
        edge"`` (the best value is outside the allowed range); ``"upper bound"`` (see why);
        ``"not estimable"`` (the log lacks what it takes, see why); ``"not estimated"``
        (outside what is fitted, or to be kept).
    fit
        One row per outcome (watch, like, …, stop, open): n_train, n_held_out; mean log
        likelihood of a held-out row under the numbers given (before; null where these make
        it impossible), under the fitted ones (after) and under one without any factor (null);
        gain = after − null, with its standard_error over accounts; and explained
        = 1 − exp(−2 gain), which for watching is the share of variance explained.
    observed_simulated
        Held-out accounts as they were and as simulated: outcome, by, bin, low, high (its
        edges), n, observed, simulated (mean over the draws), simulated_low, simulated_high
        (5th and 95th percentile of the draws). By is ``"share"`` (share of the rows in each
        bin), ``"predicted"`` (mean over bins of the predicted value), ``"watch fraction"``
        (rate given the watch fraction observed), ``"chain"`` (overall rate, watching being
        simulated, too).
    provenance
        How it was made, and what was left out.
    """

    behaviour: B
    parameters: pl.DataFrame
    fit: pl.DataFrame
    observed_simulated: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("calibrate"))

    @property
    def estimated(self) -> tuple[str, ...]:
        """Names of the parameters that were fitted."""
        return tuple(self._names(fitted=True))

    @property
    def not_estimated(self) -> tuple[str, ...]:
        """Names of the parameters that are still assumptions."""
        return tuple(self._names(fitted=False))

    @property
    def content_key(self) -> str:
        """Key of all numbers."""
        return content_key(self.parameters, self.fit, self.observed_simulated)

    def _names(self, *, fitted: bool) -> list[str]:
        rows = self.parameters.filter(pl.col("standard_error").is_not_null() == fitted)
        return list(rows.get_column("parameter"))

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "fitted": f"{len(self.estimated)} of {self.parameters.height} parameters",
            "still assumptions": ", ".join(self.not_estimated) or "none",
        }
        for row in self.fit.iter_rows(named=True):
            facts[f"held out: {row['outcome']}"] = (
                f"gain {number(row['gain'])} ± {number(row['standard_error'])} per row "
                f"({row['n_held_out']:,} rows), explained {number(row['explained'])}"
            )
        return facts | {f"left out: {k}": v for k, v in self.provenance.removed.items()}
