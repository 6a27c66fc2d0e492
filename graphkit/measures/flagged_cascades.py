"""Cascades of flagged posts and of others: their shapes, alone and matched by size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import Spread
from graphkit.errors import MissingDataError, check_number
from graphkit.measures.catalogue import RunTallies, run_keys
from graphkit.measures.harm import difference_text, flags_of, typed_table
from graphkit.measures.paired import (
    control_discoveries,
    directions,
    paired_family,
    scheme_of_spread,
    too_filled,
)
from graphkit.parallel import refuse_after_fork, track

__all__ = ["FlaggedCascades", "flagged_cascades"]

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Cascades of fewer nodes have one shape only, so that their structure cannot differ.
LEAST_NODES = 3
#: Posts whose audiences lie within one such part of an octave are matched: 1, 2, 3, 4, 6, 8, 12 …
PER_OCTAVE = 2

#: How flagged and other posts are compared, and the measures that can differ then.
MATCHINGS: Mapping[str, tuple[str, ...]] = {
    "none": ("size", "depth", "breadth", "virality"),
    "audience": ("size", "depth", "breadth", "virality"),
    "cascade size": ("depth", "breadth", "virality"),
}


@dataclass(frozen=True, repr=False, eq=False)
class FlaggedCascades(Frozen, title="Cascades of flagged posts and of others", table="frame"):
    """Result of :func:`flagged_cascades`.

    Attributes
    ----------
    frame
        One row per arm, matching and measure: arm, matching (``"none"``, ``"audience"``,
        ``"cascade size"``), measure (size, depth, breadth, virality), flagged and unflagged (means),
        difference, low, high, p, p_fdr (Benjamini and Hochberg, over all rows), direction, cascades
        (flagged ones compared, mean per run), unmatched (flagged ones without a counterpart, mean
        per run), worlds, interval, filler, calibrated.
    """

    frame: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("flagged_cascades"))

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {}
        if self.frame.height:
            facts["intervals"] = self.frame.item(0, "interval")
        for row in self.frame.filter(pl.col("measure").is_in(["size", "depth"])).iter_rows(
            named=True
        ):
            matched = "" if row["matching"] == "none" else f", matched by {row['matching']}"
            told = f"{difference_text(row)}; {row['direction'] or 'not tested'}"
            facts[f"arm {row['arm']}, {row['measure']}{matched}"] = told
        return facts | {key: f"{n:,}" for key, n in self.provenance.removed.items()}


def flagged_cascades(spread: Spread, *, confidence: float = 0.95) -> FlaggedCascades:
    """Whether the cascades of flagged posts differ from those of others, and whether by size alone.

    False news on Twitter had larger, deeper and broader cascades than true news (Vosoughi et al.
    2018). Compared with cascades of the same size, those of true news had the same structure
    (Juul and Ugander 2021): a difference in depth may be one in size. So each measure of
    :func:`cascades` is compared three times, run by run:

    * ``"none"``: mean over the flagged posts minus mean over the others, of all posts that entered.
      Virality is over cascades of two nodes or more.
    * ``"audience"``: flagged posts with others of the same audience (accounts shown the post,
      within half an octave). A difference in size is one in how often those who see it share it.
    * ``"cascade size"``: cascades with others of exactly as many nodes, of at least three (a
      smaller one has one shape only).

    Matched, the difference is the mean over the flagged posts of the post's value minus the mean
    of the others in its bin; flagged posts in a bin without others are left out and counted. Within
    the model, size differs as far as the behaviour says so (``Behaviour.share_flagged``) and the
    feed shows flagged posts to those who share them.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`, of worlds with flagged posts.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    FlaggedCascades
        Intervals are over worlds as in :func:`contrast`; above 25 % of filler nothing is claimed.

    Raises
    ------
    MissingDataError
        If posts have no flags, or no post that enters is flagged.

    References
    ----------
    Juul, J. L., & Ugander, J. (2021). Comparing information diffusion mechanisms by matching on
    cascade size. Proceedings of the National Academy of Sciences, 118(46), e2100786118.
    https://doi.org/10.1073/pnas.2100786118

    Vosoughi, S., Roy, D., & Aral, S. (2018). The spread of true and false news online. Science,
    359(6380), 1146–1151. https://doi.org/10.1126/science.aap9559

    Examples
    --------
    >>> import dataclasses
    >>> import graphkit as gk
    >>> platform = gk.synthetic.platform(160, communities=4, rng=1)
    >>> world = gk.build_world(platform, ticks=3, rng=1)
    >>> world = dataclasses.replace(world, flagged=world.quality > 0.7)
    >>> arms = {"interest": gk.interest_centric()}
    >>> spread = gk.simulate_spread(world, arms, ticks=3, replications=2, rng=1)
    >>> found = flagged_cascades(spread)
    >>> found.frame.get_column("matching").unique(maintain_order=True).to_list()
    ['none', 'audience', 'cascade size']
    """
    refuse_after_fork()
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    keys, scheme = run_keys(spread), scheme_of_spread(spread)
    names = [(way, measure) for way, measures in MATCHINGS.items() for measure in measures]
    shape = (len(spread.arms), len(spread.worlds), spread.replications, len(names))
    own, other = np.full(shape, np.nan), np.full(shape, np.nan)
    counts = np.zeros((*shape, 2))
    entered = 0
    for arm, w, r in track(keys, "measuring cascades", len(keys)):
        run = RunTallies.of(spread, arm, w, r)
        flagged = flags_of(run.world, w)
        entered += int((flagged & run.entered).sum())
        at = spread.arms.index(arm)
        for k, (way, measure) in enumerate(names):
            means = _compare(run, flagged, way, measure)
            own[at, w, r, k], other[at, w, r, k] = means[:2]
            counts[at, w, r, k] = means[2:]
    if not entered:
        raise MissingDataError("no post that enters is flagged: mark posts as flagged.")
    filled = np.array([too_filled(spread, arm) for arm in spread.arms])
    families = [paired_family(a, b, scheme, confidence) for a, b in zip(own, other, strict=True)]
    p = np.stack([found.p for found, _, _ in families])
    p[filled] = np.nan
    adjusted = control_discoveries(p.ravel()).reshape(p.shape)
    whole = [w for w, world in enumerate(spread.worlds) if world.sample != "part"]
    compared = counts[:, whole].mean(axis=(1, 2))
    rows: list[tuple[object, ...]] = []
    for at, (arm, (found, one, two)) in enumerate(zip(spread.arms, families, strict=True)):
        full = bool(filled[at])
        told = directions(found.centre, adjusted[at], alpha=1 - confidence, filled=full)
        for k, (way, measure) in enumerate(names):
            values = (one[k], two[k], found.centre[k], found.low[k], found.high[k])
            tests = (p[at, k], adjusted[at, k])
            rows.append(
                (
                    *(arm, way, measure, *(float(v) for v in (*values, *tests)), told[k]),
                    *(float(v) for v in compared[at, k]),
                    *(int(found.units[k]), scheme.interval, spread.filler(arm), spread.calibrated),
                )
            )
    columns = (
        *("arm", "matching", "measure", "flagged", "unflagged", "difference", "low", "high"),
        *("p", "p_fdr", "direction", "cascades", "unmatched", "worlds", "interval", "filler"),
        "calibrated",
    )
    lost = int(counts[:, whole, :, names.index(("cascade size", "depth")), 1].sum())
    record = Provenance.of(
        "flagged_cascades",
        {"confidence": confidence},
        made_from=(spread,),
        removed={"flagged cascades without another of their size, over all runs": lost}
        if lost
        else {},
    )
    return FlaggedCascades(typed_table(rows, columns), record)


def _compare(
    run: RunTallies, flagged: Bools, way: str, measure: str
) -> tuple[float, float, int, int]:
    """Means of flagged and other posts, flagged ones compared, and those without a counterpart."""
    trees = run.trees
    kept = run.entered & (trees.size > 0)
    values = np.asarray(getattr(trees, measure), np.float64)
    kept &= ~np.isnan(values)
    if way == "cascade size":
        kept &= trees.size >= LEAST_NODES
        bins = trees.size.astype(np.int64)
    elif way == "audience":
        bins = audience_bins(run.reach)
    else:
        bins = np.zeros(values.size, np.int64)
    return matched_means(values[kept], bins[kept], flagged[kept])


def audience_bins(audience: Codes) -> Codes:
    """Bin of each audience, half an octave wide; 0 for no audience.

    Examples
    --------
    >>> audience_bins(np.array([0, 1, 2, 3, 4, 5, 6, 8])).tolist()
    [0, 1, 3, 4, 5, 5, 6, 7]
    """
    halves = np.floor(PER_OCTAVE * np.log2(np.maximum(audience, 1)) + 1e-9)
    return np.where(audience > 0, halves + 1, 0).astype(np.int64)


def matched_means(values: Floats, bins: Codes, flagged: Bools) -> tuple[float, float, int, int]:
    """Mean of the flagged, mean of the others with the flagged ones' bins, numbers with and without.

    Examples
    --------
    One flagged post of bin 2 has two others, one of bin 5 has none:

    >>> matched_means(
    ...     np.array([4.0, 9.0, 1.0, 2.0]), np.array([2, 5, 2, 2]),
    ...     np.array([True, True, False, False]),
    ... )
    (4.0, 1.5, 1, 1)
    """
    size = int(bins.max(initial=0)) + 1
    here = np.bincount(bins[flagged], minlength=size)
    count = np.bincount(bins[~flagged], minlength=size)
    both = (here > 0) & (count > 0)
    compared, total = int(here[both].sum()), int(here.sum())
    if not compared:
        return float("nan"), float("nan"), 0, total
    own = np.bincount(bins[flagged], values[flagged], minlength=size)[both].sum()
    other = np.bincount(bins[~flagged], values[~flagged], minlength=size)[both] / count[both]
    return (
        float(own / compared),
        float((other * here[both]).sum() / compared),
        compared,
        total - compared,
    )
