"""Figures of a study's report: their names, texts, and the functions that draw them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from graphkit import plot
from graphkit.attribution import Robustness
from graphkit.data.spread import Spread
from graphkit.errors import DataError
from graphkit.garbage import without_collections
from graphkit.measures import Economy, Mixing, flow, reach_curve
from graphkit.measures.catalogue import describe_measure
from graphkit.measures.contrast import PRIMARY
from graphkit.measures.headline import INDISTINCT
from graphkit.plot.style import Canvas, Width
from graphkit.study import text
from graphkit.study.analysis import overall_means
from graphkit.study.disclosure import without_few_creators
from graphkit.study.folder import ResultsFolder
from graphkit.study.results import HEADLINE_MEASURES, CommunityStudy, StudyResult

__all__ = [
    "PHONE",
    "ReportFigure",
    "draw_both",
    "flow_tables",
    "report_figures",
    "slugs",
    "write_figures",
]

Flows = Mapping[str, Mapping[str, Mixing]]
#: Draws a figure as wide as a page, or as a phone; `None` if there is nothing to draw.
Draw = Callable[[Width], Canvas | None]

#: End of the name of a figure that is as wide as a phone.
PHONE = "_phone"
#: Measures over the share of the second feed in a blend.
CURVED = ("crossing", "viewer_value", "hosting_hidden")
#: Outcomes that the figure of a contrast shows beside the findings.
_GOALS = {
    "matched": ("small_creator_share", "long_term_value", "creator_value", "platform_value"),
    "free": ("small_creator_share", "kept_sessions", "creators_kept", "platform_value"),
}
#: Units of the figure of a contrast.
_STANDARDISED = (
    "in standard deviations of the difference over populations (d = 1: it is as large as it varies "
    "from one population to another)"
)
_BY_INTERVAL = "in half-widths of the interval (beyond 1: the interval leaves out 0)"
#: Measures of the sensitivity sweep that have a figure.
SWEPT = ("crossing", "hosting_hidden")

# name | section | text alternative | caption
_FIGURES = """
map | communities | Map of the communities: a disc each, lines for ties above chance | The communities:
    a disc each, in proportion to its members; dark lines join those with more ties than expected.
communities | communities | Bar chart of community sizes with names | Communities by size.
borders | mixing | Mixing matrices of communities | Ties between communities in {graphs}: red, more
    weight than expected; blue, less.
visibility | visibility | Match of each community with the follow graph | Left: best match with a
    community of the follow graph. Right: share of follows inside the community, observed and
    expected from degrees alone.
trade_off{suffix} | all arms | Cross-community exposure against viewer value, {kind} partition, one
    dot per feed | Cross-community exposure ({kind} partition; 1 = random exposure) against viewer
    value. {assumed}
blend_{measure} | all arms | {measure} over the share of {second} in the blend | {meaning}, from
    {first} to {second}. {assumed}
hosting_{slug} | contrast {at} | Difference in hosting by community over the homophily of its
    follows, {pair} | Difference in within-community reach, {pair}, by community ({kind} partition):
    left, communities whose members follow each other as often as chance would have it; right, those
    that follow nobody else. Dashed: least-squares line.
contrast_{slug} | contrast {at} | Differences with confidence intervals, {pair} | Differences
    {pair}, {scale}; the numbers beside have the unit of each measure. Grey: {indistinct} (the interval includes 0), or not claimed.
s_scan_{measure}_{slug} | sweep {at} | Difference in {measure} over s, {pair} | {meaning}, {pair},
    over the social share of taste s; dashed: the mean changes its sign.
robustness_{measure}_{slug} | robustness {at} | Difference in {measure} under every condition, {pair} |
    {meaning}, {pair}, under every condition that was tried ({kind}).
economy | economy | Income, survival of small creators and viewer value by payout scheme, one dot per
    feed | Payout schemes by feed. Bars: 95 % intervals; differences are judged in the table, for feeds
    and schemes share their worlds.
flows | flows | Flow matrices of impressions between communities, one per arm | Impressions from a
    post's community of origin (rows) to its viewers' communities (columns), interest partition,
    {worlds}: red, more than expected; blue, less. A dark diagonal means that exposure stays within
    communities.
reach_hidden | reach | Mean reach of posts of hidden communities by tick, one line per arm |
    Accounts reached by a post of a hidden community, which the follow graph does not show ({kind}
    partition); band: range over worlds.
reach | reach | Mean reach of a post by tick, one line per arm | Accounts reached by a post, all
    posts.
"""


class ReportFigure(NamedTuple):
    """A figure of the report: file name, section, texts, and the function that draws it.

    The function returns `None` if there is nothing to draw. Figures without a function are
    drawn by the stages of the community study.
    """

    name: str
    section: str
    alt: str
    caption: str
    draw: Draw | None


def _fill_figure(key: str, draw: Draw | None = None, **values: object) -> ReportFigure:
    """The row of ``_FIGURES`` whose name starts with the key, with these values."""
    rows = _FIGURES.replace("\n    ", " ").strip().splitlines()
    row = next(r for r in rows if re.split(r"_?\{| ", r)[0] == key)
    name, section, alt, caption = (part.strip().format(**values) for part in row.split("|"))
    return ReportFigure(name, section, alt, caption, draw)


def report_figures(result: StudyResult, flows: Flows | None = None) -> list[ReportFigure]:
    """All figures of the report in their order; `flows` are needed to draw them only."""
    hidden, spread = result.hidden.get("interest", ()), result.spread
    shown = result.communities.partition.n_communities
    whole = spread.worlds[0].sample == "whole"
    alike = len({world.partitions["interest"].labels for world in spread.worlds}) == 1
    worlds = "the data themselves" if whole else "all worlds" if alike else "the first world"

    def draw_flows(width: Width) -> Canvas | None:
        if shown < 2 or flows is None:
            return None
        marked = tuple(hidden)
        return plot.flows(flows["interest"], top=min(16, shown), highlight=marked, width=width)

    def draw_economy(width: Width) -> Canvas | None:
        shown = shown_economy(result)
        return None if shown is None else plot.economy(shown, width=width)

    def draw_hidden_reach(width: Width) -> Canvas | None:
        curve = _hidden_reach(result)
        return None if curve is None else plot.reach(curve, width=width)

    def draw_reach(width: Width) -> Canvas | None:
        curve = reach_curve(spread)
        return None if curve.equal else plot.reach(curve, width=width)

    return [
        *community_figures(result.communities),
        *_all_arm_figures(result),
        *(f for at in range(len(result.config.compared_arms)) for f in _arm_figures(result, at)),
        _fill_figure("economy", draw_economy),
        _fill_figure("flows", draw_flows, worlds=worlds),
        _fill_figure("reach_hidden", draw_hidden_reach, kind=hosting_kind(result)),
        _fill_figure("reach", draw_reach),
    ]


def community_figures(study: CommunityStudy) -> list[ReportFigure]:
    """Figures of a community study, which its own stages draw."""
    known = (study.folder / "figures" / "map.svg").exists()
    return [
        _fill_figure("map" if known else "communities"),
        _fill_figure("visibility"),
        _fill_figure("borders", graphs=" and ".join(study.mixing)),
    ]


def shown_economy(result: StudyResult) -> Economy | None:
    """The economy without what concerns too few creators."""
    found = result.economy
    return (
        None if found is None else without_few_creators(found, result.config.report.min_group_size)
    )


def _arm_figures(result: StudyResult, at: int) -> list[ReportFigure]:
    """Figures of one arm compared with the baseline: contrast, robustness, and sweep over s."""
    base, arms = result.config.arms[0].name, result.config.compared_arms
    arm = arms[at]

    def draw_contrast(width: Width) -> Canvas | None:
        goals = _GOALS[result.spread.budget]
        rows = reported_rows(result.contrasts, arm, [*HEADLINE_MEASURES, *PRIMARY, *goals])
        return plot.contrast(rows, width=width) if rows.height else None

    def draw_sweep(measure: str, width: Width) -> Canvas | None:
        if result.scan is None:
            return None
        lines = result.scan.filter(arm=arm, baseline=base)
        known = lines.filter(measure=measure)["difference"].count()
        return plot.s_scan(lines, measure=measure, width=width) if known else None

    kind = hosting_kind(result)

    def draw_hosting(width: Width) -> Canvas | None:
        views = result.visibility.get(kind)
        rows = result.contrasts.filter(arm=arm, baseline=base)
        hosted = rows.filter(pl.col("community").is_not_null(), measure="hosting_reach")
        hosted = hosted.filter(partition=kind).drop_nulls("difference")
        if not views:
            return None
        known = views[0].frame.drop_nulls("homophily").get_column("label").to_list()
        if hosted.filter(pl.col("community").is_in(known)).height < 2:
            return None
        colours = None
        if kind == "interest":  # a community has one colour in all figures
            colours = plot.palette(result.communities.partition)
        return plot.hosting(rows, views[0], partition=kind, palette=colours, width=width)

    names = slugs([base, *arms])
    values: dict[str, Any] = {"at": at, "slug": f"{names[arm]}_against_{names[base]}"}
    values |= {"pair": f"{arm} − {base}", "kind": kind}
    figures = [_fill_figure("hosting", draw_hosting, **values)]
    known = result.contrasts.filter(arm=arm, baseline=base).get_column("effect_low").count()
    scale = _STANDARDISED if known else _BY_INTERVAL
    values |= {"scale": scale, "indistinct": INDISTINCT}
    figures += [_fill_figure("contrast", draw_contrast, **values)]
    for measure in SWEPT:
        values |= {"measure": measure, "meaning": caption_start(measure)}
        found = robust_of(result, arm, measure)
        shown = found is not None and found.frame.height > 1
        if not _over_s(found):  # it is in the figure of all conditions already
            figures.append(_fill_figure("s_scan", partial(draw_sweep, measure), **values))
        if found is not None and shown:
            values |= {"kind": f"{found.partition} partition"}
            draw = partial(_draw_robustness, found)
            figures.append(_fill_figure("robustness", draw, **values))
    return figures


def _draw_robustness(found: Robustness, width: Width) -> Canvas:
    return plot.robustness(found, width=width)


def robust_of(result: StudyResult, arm: str, measure: str) -> Robustness | None:
    """The finding of an arm over conditions; `None` if it has no value."""
    named = (one for one in result.robustness if (one.arm, one.measure) == (arm, measure))
    return next(named, None)


def _over_s(found: Robustness | None) -> bool:
    """Whether the conditions of a finding are values of s too."""
    if found is None or found.frame.height < 2:
        return False
    return bool(found.frame.get_column("condition").str.starts_with("s = ").any())


def hosting_kind(result: StudyResult) -> str:
    """The partition whose communities hosting is told by: the planted one, if there is one."""
    return "planted" if "planted" in result.visibility else "interest"


def _all_arm_figures(result: StudyResult) -> list[ReportFigure]:
    """Figures of all arms: exposure against viewer value, and curves between two feeds."""
    means, curve = result.arm_means, result.curve
    if means is None:
        return []
    assumed = text.all_arms_caption(result)

    def draw_trade_off(kind: str, width: Width) -> Canvas | None:
        both = (overall_means(means, "crossing", kind), overall_means(means, "viewer_value"))
        known = all(rows.height for rows in both)
        return plot.trade_off(means, partition=kind, width=width) if known else None

    def draw_blend(measure: str, ends: tuple[str, str], width: Width) -> Canvas | None:
        rows = overall_means(means, measure).filter(pl.col("share").is_not_null())
        several = rows.get_column("share").n_unique() > 1
        return plot.blend(means, measure, ends=ends, width=width) if several else None

    figures = []
    for kind, suffix in (("interest", ""), ("planted", "_planted")):
        values = {"kind": kind, "suffix": suffix, "assumed": assumed}
        figures.append(_fill_figure("trade_off", partial(draw_trade_off, kind), **values))
    if curve is None:
        return figures
    first, second = curve.ends
    for measure in CURVED:
        values = {"measure": measure, "meaning": caption_start(measure), "assumed": assumed}
        draw = partial(draw_blend, measure, curve.ends)
        figures.append(_fill_figure("blend", draw, first=first, second=second, **values))
    return figures


def caption_start(measure: str) -> str:
    """Meaning of a measure, capitalised."""
    entry = describe_measure(measure)
    meaning = measure if entry is None else entry.meaning
    return meaning[:1].upper() + meaning[1:]


def write_figures(result: StudyResult, flows: Flows, folder: ResultsFolder) -> None:
    """Draw the figures of the simulation, as far as it is known, that the folder does not have."""
    for figure in report_figures(result, flows):
        if figure.draw is not None and not folder.has_figure(figure.name):
            draw_both(folder, figure.name, figure.draw)


def draw_both(folder: ResultsFolder, name: str, draw: Draw) -> None:
    """Draw a figure into the folder as wide as a page, and as a phone."""
    # a figure is a web of objects, for which all others would be walked
    with without_collections():
        canvas = draw("page")
        narrow = None if canvas is None else draw("phone")
        if canvas is not None and narrow is not None:
            folder.figure(name, canvas)
            folder.figure(name + PHONE, narrow, vector_only=True)


def slugs(names: Sequence[str]) -> dict[str, str]:
    """Parts of file names for these names: plain letters, and no two alike.

    Examples
    --------
    >>> slugs(["Für dich", "fur-dich", "★"])
    {'Für dich': 'fur_dich', 'fur-dich': 'fur_dich_2', '★': 'arm'}
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
        slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40].strip("_") or "arm"
        at, free = 1, slug
        while free in found.values():
            at += 1
            free = f"{slug}_{at}"
        found[name] = free
    return found


def flow_tables(spread: Spread) -> dict[str, dict[str, Mixing]]:
    """Flow matrices by kind of partition and arm; of the first world if communities differ."""
    found: dict[str, dict[str, Mixing]] = {}
    for kind in spread.worlds[0].partitions:
        try:
            found[kind] = {arm: flow(spread, arm, kind) for arm in spread.arms}
        except DataError:
            found[kind] = {arm: flow(spread, arm, kind, world=0) for arm in spread.arms}
    return found


def _hidden_reach(result: StudyResult) -> pl.DataFrame | None:
    """Reach of the posts of hidden communities, whose names all worlds share if they are planted."""
    kind = hosting_kind(result)
    return _reach_of_communities(result.spread, kind, result.hidden.get(kind, ()))


def _reach_of_communities(spread: Spread, kind: str, names: Sequence[str]) -> pl.DataFrame | None:
    """:func:`reach_curve` of the posts of these communities; `None` if a run has no such post."""
    parts = []
    for (arm, w, r), tally in spread.tallies.items():
        if spread.worlds[w].sample == "part":
            continue  # of a jackknife, the whole
        world = spread.world_of(arm, w, r)
        partition = world.partitions[kind]
        own = [c for c in range(partition.n_communities) if partition.name(c) in names]
        posts = np.isin(world.homes[kind], own) & tally.posted
        posts &= world.ticks < tally.ticks.shape[1]
        if not posts.any():
            return None
        curve = np.cumsum(tally.ticks[posts].sum(axis=0, dtype=np.int64)) / posts.sum()
        keys = (pl.lit(v).alias(k) for k, v in {"arm": arm, "world": w, "replication": r}.items())
        ticks = pl.DataFrame({"tick": np.arange(curve.size), "reach": curve})
        parts.append(ticks.select(*keys, pl.all()))
    return pl.concat(parts).with_columns(pl.lit(spread.calibrated).alias("calibrated"))


def reported_rows(found: pl.DataFrame, arm: str, measures: Sequence[str]) -> pl.DataFrame:
    """Contrasts of an arm over all communities, in the order of the measures."""
    rows = found.filter(
        pl.col("community").is_null(),
        pl.col("measure").is_in(list(measures)),
        pl.col("difference").is_not_null(),
        arm=arm,
    )
    return rows.sort(rank_of(measures), maintain_order=True)


def rank_of(measures: Sequence[str]) -> pl.Expr:
    """Position of a row's measure in a list of measures; 99 if it is not in there."""
    order = {name: at for at, name in enumerate(measures)}
    return pl.col("measure").replace_strict(order, default=99, return_dtype=pl.Int64)
