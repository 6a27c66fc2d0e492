"""amplification: what an arm adds to the reach of each community's posts, in percent."""

from __future__ import annotations

import numpy as np
import polars as pl

from graphkit.data.spread import Spread
from graphkit.errors import MissingDataError, nearest
from graphkit.measures._goals import entered, mean
from graphkit.measures.spread import runs

__all__ = ["amplification"]

_SCHEMA = {
    "arm": pl.String, "baseline": pl.String, "world": pl.Int64, "replication": pl.Int64,
    "partition": pl.String, "community": pl.String, "measure": pl.String, "value": pl.Float64,
    "budget": pl.String, "calibrated": pl.Boolean,
}  # fmt: skip


def amplification(
    spread: Spread, baseline: str = "chronological", *, partition: str
) -> pl.DataFrame:
    """Reach under an arm against reach under a baseline, by home community, in percent.

    a_c = (R_c under the arm / R_c under the baseline − 1) · 100, with R_c the mean number of
    accounts shown a post at home in c, over the posts that entered: 0 % is as many, 200 %
    threefold (Huszár et al. 2022, who hold the ranked timeline against the chronological
    one). Under a matched budget all arms show equally many posts, so that over all posts a
    is 0 (but for slots left empty) and what one community gains others lose.

    Parameters
    ----------
    spread
        What :func:`simulate_spread` tallied.
    baseline
        Name of the arm held against.
    partition
        Kind of partition whose communities the posts are at home in, such as ``"planted"``.

    Returns
    -------
    polars.DataFrame
        arm (all but the baseline), baseline, world, replication, partition, community (null:
        all posts, also those without a home), measure (``"amplification"``), value (null
        where the baseline reaches nobody), budget, calibrated. :func:`arm_means` gives the
        means over worlds with intervals.

    Raises
    ------
    MissingDataError
        For a baseline or a kind of partition that there is not.

    References
    ----------
    Huszár, F., Ktena, S. I., O'Brien, C., Belli, L., Schlaikjer, A., & Hardt, M. (2022).
    Algorithmic amplification of politics on Twitter. Proceedings of the National Academy of
    Sciences, 119(1), e2025334119. https://doi.org/10.1073/pnas.2025334119
    """
    spread.of(baseline)
    for w, world in enumerate(spread.worlds):
        if partition not in world.partitions:
            raise MissingDataError(
                f"world {w} has no partition {partition!r}.{nearest(partition, world.partitions)} "
                f"Kinds: {', '.join(world.partitions)}."
            )
    rows = []
    for arm, w, r in runs(spread):
        if arm == baseline:
            continue
        own = _reach(spread, arm, w, r, partition)
        base = _reach(spread, baseline, w, r, partition)
        for community, reached in own.items():
            value = (reached / base[community] - 1) * 100 if base[community] else float("nan")
            rows.append(
                (arm, baseline, w, r, partition, community, "amplification", value,
                 spread.budget, spread.calibrated)
            )  # fmt: skip
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    return frame.with_columns(pl.col("value").fill_nan(None))


def _reach(spread: Spread, arm: str, w: int, r: int, kind: str) -> dict[str | None, float]:
    """Mean reach of the posts that entered: of all, and by home community."""
    world, tally = spread.worlds[w], spread.tallies[arm, w, r]
    inside = entered(world, tally)
    shown = tally.ticks.sum(axis=1, dtype=np.int64)[inside]
    homes, names = world.homes[kind][inside], world.partitions[kind]
    found: dict[str | None, float] = {None: mean(shown)}
    kept = homes >= 0
    size = names.n_communities
    total = np.bincount(homes[kept], weights=shown[kept], minlength=size)
    count = np.bincount(homes[kept], minlength=size)
    for c in range(size):
        found[names.name(c)] = float(total[c] / count[c]) if count[c] else float("nan")
    return found
