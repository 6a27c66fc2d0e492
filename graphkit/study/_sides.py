"""All arms of a study side by side, and the curve from one feed to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from graphkit import plot
from graphkit.measures import arm_means
from graphkit.study._blocks import Table, table

if TYPE_CHECKING:
    from graphkit.study.config import ArmConfig
    from graphkit.study.folder import ResultsFolder
    from graphkit.study.run import StudyResult

__all__ = ["CURVED", "Curve", "curve_of", "draw_sides", "side_by_side", "sides_table"]

#: From so many arms on, their means are a table and a figure of their own.
SIDES = 3
#: Measures whose curve from one feed to the other is drawn.
CURVED = ("crossing", "viewer_value", "hosting_hidden")
#: Columns of the table in the report: measure, kind of partition, head.
_SHOWN = (
    ("crossing", "interest", "crossing, interest"),
    ("crossing", "planted", "crossing, planted"),
    ("viewer_value", None, "viewer value"),
    ("hosting_hidden", "interest", "hosted, interest"),
    ("hosting_hidden", "planted", "hosted, planted"),
    ("creator_gini", None, "creator Gini"),
)


@dataclass(frozen=True)
class Curve:
    """Arms that lie on the way from one feed to another.

    Attributes
    ----------
    ends
        Names of the arms at its ends.
    shares
        Share of the second feed by the name of the arm, ascending, from 0 to 1.
    """

    ends: tuple[str, str]
    shares: dict[str, float]


def curve_of(arms: Sequence[ArmConfig]) -> Curve | None:
    """The first pair of presets whose blends, with both ends, have three shares or more.

    The ends may be blends of share 0 and 1, or the presets themselves. Numbers that a study
    changes in an arm must be changed alike in all of them; of equal shares the first counts.
    """
    own = {"name", "preset", "blend", "share"}
    for first in arms:
        if not first.blend:
            continue
        changes, shares = first.model_dump(exclude=own), dict[float, str]()
        for arm in arms:
            at = {first.blend[0]: 0.0, first.blend[1]: 1.0}.get(arm.preset or "")
            at = arm.share if arm.blend == first.blend else at
            if at is not None and arm.model_dump(exclude=own) == changes:
                shares.setdefault(at, arm.name)
        if len(shares) >= 3 and {0.0, 1.0} <= shares.keys():
            return Curve((shares[0.0], shares[1.0]), {shares[at]: at for at in sorted(shares)})
    return None


def side_by_side(
    outcome: pl.DataFrame, names: Sequence[str], curve: Curve | None
) -> pl.DataFrame | None:
    """Means of all arms with their intervals; `None` for two arms, which have a contrast.

    Parameters
    ----------
    outcome
        All measures, with the hosting of hidden communities.
    names
        Of the arms.
    curve
        Gives arms their share.
    """
    if len(names) < SIDES:
        return None
    return arm_means(outcome, shares=None if curve is None else curve.shares)


def draw_sides(folder: ResultsFolder, means: pl.DataFrame, curve: Curve | None) -> None:
    """Crossing against viewer value, and the curve between two feeds, into the folder."""
    for kind, name in (("interest", "trade_off"), ("planted", "trade_off_planted")):
        if _known(means, "crossing", kind).height and _known(means, "viewer_value").height:
            folder.figure(name, plot.trade_off(means, partition=kind))
    if curve is None:
        return
    for measure in CURVED:
        rows = _known(means, measure).filter(pl.col("share").is_not_null())
        if rows.get_column("share").n_unique() > 1:
            folder.figure(f"blend_{measure}", plot.blend(means, measure, ends=curve.ends))


def _known(means: pl.DataFrame, measure: str, kind: str | None = None) -> pl.DataFrame:
    rows = means.filter(
        pl.col("community").is_null(), pl.col("mean").is_not_null(), measure=measure
    )  # fmt: skip
    return rows if kind is None else rows.filter(partition=kind)


def sides_table(result: StudyResult) -> Table | None:
    """One row per arm: means with intervals, and the share of filler."""
    means = result.arm_means
    if means is None:
        return None
    arms = list(result.spread.arms)
    filler = dict(result.spread.summary().select("arm", "filler").rows())
    columns = [
        pl.Series("arm", arms, pl.String),
        pl.Series("filler", [f"{filler[arm]:.0%}" for arm in arms], pl.String),
    ]
    for measure, kind, head in _SHOWN:
        rows = _known(means, measure, kind)
        if rows.height:
            texts = {arm: _text(*v) for arm, *v in rows.select("arm", "mean", "low", "high").rows()}
            columns.append(pl.Series(head, [texts.get(arm, "–") for arm in arms], pl.String))
    worlds = len(result.spread.worlds)
    over = f"over {worlds} worlds" if worlds > 1 else "within this world"
    caption = (
        f"All feeds: means with 95 % intervals {over}. Hosted: share of its own community that a post "
        "reaches, where the follow graph does not show the community"
    )
    return table(pl.DataFrame(columns), caption)


def _text(mean: float, low: float | None, high: float | None) -> str:
    """Three digits behind the point, alike in all rows, so that columns can be compared."""
    bounds = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
    return f"{mean:.3f}{bounds}".replace("-", "−")
