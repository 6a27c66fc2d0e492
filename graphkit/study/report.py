"""report.html and its figures: all results of a study in one file that opens offline."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined

from graphkit import plot
from graphkit._version import __version__
from graphkit.attribution import Robustness
from graphkit.data.display import number, plain_text
from graphkit.data.spread import Spread
from graphkit.errors import DataError
from graphkit.measures import Economy, Mixing, arm_means, flow, reach_curve
from graphkit.measures.catalogue import DERIVED, MEASURES, Measure, describe_measure
from graphkit.measures.conditions import CANNOT_RUN, UNBOUNDED, rounded
from graphkit.measures.contrast import PRIMARY
from graphkit.measures.headline import INDISTINCT, signed_number
from graphkit.measures.intervals import FILLER
from graphkit.measures.intervals import INDISTINCT as NOT_DISTINGUISHED
from graphkit.plot.style import Canvas
from graphkit.study import text
from graphkit.study.analysis import overall_means
from graphkit.study.citations import bibliography, methods_of, study_sources
from graphkit.study.disclosure import disclosure_text, n_merged, without_few_creators
from graphkit.study.folder import ResultsFolder
from graphkit.study.inputs import StudyInputs, versions
from graphkit.study.published import published_table, published_text
from graphkit.study.results import HEADLINE_MEASURES, StudyResult

__all__ = ["flow_tables", "write_figures", "write_report"]

Flows = Mapping[str, Mapping[str, Mixing]]

#: Notes on differences of which no direction is claimed.
_NOTES = {NOT_DISTINGUISHED: INDISTINCT, FILLER: "no direction is claimed: filler"}
#: Measures over the share of the second feed in a blend.
CURVED = ("crossing", "viewer_value", "hosting_hidden")
#: Outcomes that the figure of a contrast shows beside the findings.
_GOALS = {
    "matched": ("small_creator_share", "long_term_value", "creator_value", "platform_value"),
    "free": ("small_creator_share", "kept_sessions", "creators_kept", "platform_value"),
}
#: Measures of the tables of payout schemes.
_ECONOMY = (
    *(
        "income_gini",
        "living_share",
        "income_small_share",
        "small_living_share",
        "small_kept_share",
    ),
    *("creators_kept", "creator_value", "viewer_value", "kept_sessions", "accounts_kept"),
    *("long_term_value", "platform_value"),
)
#: Measures of the sensitivity sweep that have a figure.
SWEPT = ("crossing", "hosting_hidden")
#: Columns of the table of all arms: measure, kind of partition, column title.
_MEAN_COLUMNS = (
    ("crossing", "interest", "cross-community exposure, interest"),
    ("crossing", "planted", "cross-community exposure, planted"),
    ("viewer_value", None, "viewer value"),
    ("hosting_hidden", "interest", "hosting of hidden communities, interest"),
    ("hosting_hidden", "planted", "hosting of hidden communities, planted"),
    ("creator_gini", None, "creator Gini"),
)


def reported_measures() -> dict[str, Measure]:
    """Measures of the report by name: those of the headlines, by partition, of the whole run."""
    known = [m for m in (*MEASURES, *DERIVED) if m.reported]
    known.sort(key=lambda m: (m.name not in HEADLINE_MEASURES, m.level == "run"))
    return {m.name: m for m in known}


def _defined_measures(result: StudyResult) -> list[Measure]:
    """Measures that the report defines: those of its tables of contrasts and of payouts."""
    known = list(reported_measures().values())
    if result.economy is not None:
        known += [m for m in DERIVED if m.name in _ECONOMY and not m.reported]
        known += [m for m in MEASURES if m.name in _ECONOMY and m not in known and m.level == "run"]
    return known


# name | section | text alternative | caption
_FIGURES = """
communities | communities | Bar chart of community sizes with names | Communities by size.
visibility | visibility | Match of each community with the follow graph | Left: best match with a
    community of the follow graph. Right: share of follows inside the community, observed and
    expected from degrees alone.
borders | visibility | Mixing matrices of communities | Mixing matrices of {graphs}: red, more weight
    than expected; blue, less.
trade_off{suffix} | all arms | Cross-community exposure against viewer value, {kind} partition, one
    dot per feed | Cross-community exposure ({kind} partition; 1 = random exposure) against viewer
    value. {assumed}
blend_{measure} | all arms | {measure} over the share of {second} in the blend | {meaning}, from
    {first} to {second}. {assumed}
hosting{suffix} | contrast {at} | Difference in hosting by community over the homophily of its
    follows, {pair} | Difference in within-community reach, {pair}, by community ({kind} partition):
    left, communities whose members follow each other as often as chance would have it; right, those
    that follow nobody else. Dashed: least-squares line.
contrast{suffix} | contrast {at} | Differences with confidence intervals, {pair} | Differences
    {pair}, {scale}. Grey: {indistinct} (the interval includes 0),
    or not claimed.
s_scan_{measure}{suffix} | sweep {at} | Difference in {measure} over s, {pair} | {meaning}, {pair},
    over the social share of taste s; dashed: the mean changes its sign.
robustness_{measure}{suffix} | robustness {at} | Difference in {measure} under every condition, {pair} |
    {meaning}, {pair}, under every condition that was tried ({kind}).
economy | economy | Income, survival of small creators and viewer value by payout scheme, one dot per
    feed | Payout schemes by feed. Bars: 95 % intervals; differences are judged in the table, for feeds
    and schemes share their worlds.
flows | flows | Flow matrices of impressions between communities, one per arm | Impressions from a
    post's community of origin (rows) to its viewers' communities (columns), interest partition,
    {worlds}: red, more than expected; blue, less. A dark diagonal means that exposure stays within
    communities.
reach_hidden | reach | Mean reach of posts of hidden communities by tick, one line per arm |
    Accounts reached by a post of a hidden community, which the follow graph does not show; band:
    range over worlds.
reach | reach | Mean reach of a post by tick, one line per arm | Accounts reached by a post, all
    posts. {equal}
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
    draw: Callable[[], Canvas | None] | None


def _fill_figure(
    key: str, draw: Callable[[], Canvas | None] | None = None, **values: object
) -> ReportFigure:
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

    def draw_flows() -> Canvas | None:
        if shown < 2 or flows is None:
            return None
        return plot.flows(flows["interest"], top=min(16, shown), highlight=tuple(hidden))

    def draw_economy() -> Canvas | None:
        shown = _shown_economy(result)
        return None if shown is None else plot.economy(shown)

    def draw_hidden_reach() -> Canvas | None:
        curve = _reach_of_communities(spread, "interest", hidden)
        return None if curve is None else plot.reach(curve)

    return [
        _fill_figure("communities"),
        _fill_figure("visibility"),
        _fill_figure("borders", graphs=" and ".join(result.communities.mixing)),
        *_all_arm_figures(result),
        *(figure for at in range(len(result.headlines)) for figure in _arm_figures(result, at)),
        _fill_figure("economy", draw_economy),
        _fill_figure("flows", draw_flows, worlds=worlds),
        _fill_figure("reach_hidden", draw_hidden_reach),
        _fill_figure(
            "reach", lambda: plot.reach(reach_curve(spread)), equal=text.reach_text(spread)
        ),
    ]


def _shown_economy(result: StudyResult) -> Economy | None:
    """The economy without what concerns too few creators."""
    found = result.economy
    return (
        None if found is None else without_few_creators(found, result.config.report.min_group_size)
    )


def _arm_figures(result: StudyResult, at: int) -> list[ReportFigure]:
    """Figures of one arm compared with the baseline: contrast, robustness, and sweep over s."""
    base, arm = result.headlines[at].baseline, result.headlines[at].arm

    def draw_contrast() -> Canvas | None:
        goals = _GOALS[result.spread.budget]
        rows = _reported_rows(result.contrasts, arm, [*HEADLINE_MEASURES, *PRIMARY, *goals])
        return plot.contrast(rows) if rows.height else None

    def draw_sweep(measure: str) -> Canvas | None:
        if result.scan is None:
            return None
        lines = result.scan.filter(arm=arm, baseline=base)
        known = lines.filter(measure=measure)["difference"].count()
        return plot.s_scan(lines, measure=measure) if known else None

    kind = _hosting_kind(result)

    def draw_hosting() -> Canvas | None:
        views = result.visibility.get(kind)
        rows = result.contrasts.filter(arm=arm, baseline=base)
        hosted = rows.filter(pl.col("community").is_not_null(), measure="hosting_reach")
        hosted = hosted.filter(partition=kind).drop_nulls("difference")
        if not views:
            return None
        known = views[0].frame.drop_nulls("homophily").get_column("label").to_list()
        if hosted.filter(pl.col("community").is_in(known)).height < 2:
            return None
        return plot.hosting(rows, views[0], partition=kind)

    values: dict[str, Any] = {"at": at, "suffix": f"_{at + 1}" if at else ""}
    values |= {"pair": f"{arm} − {base}", "kind": kind}
    figures = [_fill_figure("hosting", draw_hosting, **values)]
    known = result.contrasts.filter(arm=arm, baseline=base).get_column("effect_low").count()
    scale = "in standard deviations over populations" if known else "each on a scale of its own"
    values |= {"scale": scale, "indistinct": INDISTINCT}
    figures += [_fill_figure("contrast", draw_contrast, **values)]
    for measure in SWEPT:
        values |= {"measure": measure, "meaning": _caption_start(measure)}
        figures.append(_fill_figure("s_scan", partial(draw_sweep, measure), **values))
        found = _robust(result, arm, measure)
        if found is not None and found.frame.height > 1:
            values |= {"kind": f"{found.partition} partition"}
            figures.append(_fill_figure("robustness", partial(plot.robustness, found), **values))
    return figures


def _robust(result: StudyResult, arm: str, measure: str) -> Robustness | None:
    """The finding of an arm over conditions; `None` if it has no value."""
    named = (one for one in result.robustness if (one.arm, one.measure) == (arm, measure))
    return next(named, None)


def _hosting_kind(result: StudyResult) -> str:
    """The partition whose communities hosting is told by: the planted one, if there is one."""
    return "planted" if "planted" in result.visibility else "interest"


def _all_arm_figures(result: StudyResult) -> list[ReportFigure]:
    """Figures of all arms: exposure against viewer value, and curves between two feeds."""
    means, curve = result.arm_means, result.curve
    if means is None:
        return []
    assumed = text.all_arms_caption(result)

    def draw_trade_off(kind: str) -> Canvas | None:
        both = (overall_means(means, "crossing", kind), overall_means(means, "viewer_value"))
        return plot.trade_off(means, partition=kind) if all(r.height for r in both) else None

    def draw_blend(measure: str, ends: tuple[str, str]) -> Canvas | None:
        rows = overall_means(means, measure).filter(pl.col("share").is_not_null())
        several = rows.get_column("share").n_unique() > 1
        return plot.blend(means, measure, ends=ends) if several else None

    figures = []
    for kind, suffix in (("interest", ""), ("planted", "_planted")):
        values = {"kind": kind, "suffix": suffix, "assumed": assumed}
        figures.append(_fill_figure("trade_off", partial(draw_trade_off, kind), **values))
    if curve is None:
        return figures
    first, second = curve.ends
    for measure in CURVED:
        values = {"measure": measure, "meaning": _caption_start(measure), "assumed": assumed}
        draw = partial(draw_blend, measure, curve.ends)
        figures.append(_fill_figure("blend", draw, first=first, second=second, **values))
    return figures


def _caption_start(measure: str) -> str:
    """Meaning of a measure, capitalised."""
    entry = describe_measure(measure)
    meaning = measure if entry is None else entry.meaning
    return meaning[:1].upper() + meaning[1:]


def write_figures(result: StudyResult, flows: Flows, folder: ResultsFolder) -> None:
    """Draw the figures of the simulation into the folder."""
    for figure in report_figures(result, flows):
        if figure.draw is not None and (canvas := figure.draw()) is not None:
            folder.figure(figure.name, canvas)


def flow_tables(spread: Spread) -> dict[str, dict[str, Mixing]]:
    """Flow matrices by kind of partition and arm; of the first world if communities differ."""
    found: dict[str, dict[str, Mixing]] = {}
    for kind in spread.worlds[0].partitions:
        try:
            found[kind] = {arm: flow(spread, arm, kind) for arm in spread.arms}
        except DataError:
            found[kind] = {arm: flow(spread, arm, kind, world=0) for arm in spread.arms}
    return found


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


class Table(NamedTuple):
    """A table of texts: caption, column titles, which columns are right-aligned, and rows."""

    caption: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


class Picture(NamedTuple):
    """A PNG as base64, with its text alternative and caption."""

    png: str
    alt: str
    caption: str


def write_report(result: StudyResult, inputs: StudyInputs, folder: ResultsFolder) -> None:
    """Write ``report.html`` into the folder, from the result and the figures in the folder.

    The report contains no ids of accounts or items, captions or handles, and no community
    smaller than ``report.min_group_size``.
    """
    environment = Environment(
        loader=PackageLoader("graphkit.study", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    html = environment.get_template("report.html.j2").render(_page_content(result, inputs))
    folder.text("report.html", plain_text(html))


def _page_content(result: StudyResult, inputs: StudyInputs) -> dict[str, Any]:
    """Values of the template."""
    config, recovered, recovery = result.config, result.communities.recovery, None
    report, dropped, notes = inputs.report, None, None
    if report is not None and report.dropped.height:
        dropped = _text_table(report.dropped, "Rows dropped on reading, with reasons")
    if report is not None and report.notes.height:
        notes = _text_table(report.notes, "Rows changed or added on reading, and what is absent")
    if recovered is not None:
        recovery = _text_table(
            recovered,
            "Comparison with the planted communities: best F1 per community (last row: AMI over "
            "all), for shared interest, the follow graph, and connected components",
        )
    arms = range(len(result.headlines))
    methods, works = methods_of(result.communities)
    measures = [(m.name, m.meaning, m.unit) for m in _defined_measures(result)]
    return {
        "title": config.report.title,
        "question": config.report.question,
        "notices": text.caution_notices(result, inputs),
        # those of further arms are collapsed
        "headlines": result.headlines[0].findings,
        "more_headlines": [f for h in result.headlines[1:] for f in h.findings],
        "n_more": len(result.headlines) - 1,
        "interval_text": text.interval_text(result),
        "data_text": text.data_text(result, inputs),
        "data_rows": _data_table(inputs),
        "data_dropped": dropped,
        "data_notes": notes,
        "community_text": text.community_text(result),
        "community_table": _community_table(result),
        "recovery_table": recovery,
        "visibility_text": text.visibility_text(result),
        "visibility_table": _visibility_table(result),
        "feed_table": _feed_table(result),
        "filler_table": _text_table(
            result.spread.summary(),
            "Impressions, candidates per session, and share of each source in the impressions",
        ),
        "other_fillers": text.other_fillers_text(config),
        "spread_text": text.spread_text(result),
        "all_arms_text": text.all_arms_text(result),
        "all_arms_table": _all_arms_table(result),
        "comparisons": [_comparison_tables(result, at) for at in arms],
        **_economy_content(result),
        "conditions_text": text.conditions_text(result),
        "robustness_text": text.robustness_text(result),
        "robustness": [_robustness_tables(result, at) for at in arms],
        "measure_table": _text_table(
            pl.DataFrame(measures, schema=["measure", "meaning", "unit"], orient="row"),
            "Definitions of the measures",
        ),
        "hosting_table": _hosting_table(result),
        "sweep_text": text.sweep_text(result),
        "sweep_table": _sweep_table(result),
        "published_text": published_text(result),
        "published_table": _published_table(result),
        "limits": text.limitations_text(result),
        "disclosure_text": disclosure_text(result.disclosure),
        "methods": methods,
        "works": sorted({*works, *study_sources(result)}, key=str.casefold),
        "bibtex": bibliography(study_sources(result)),
        "method_table": _method_table(result, inputs),
        "behaviour_table": _text_table(config.behaviour.frame, "Behaviour of viewers"),
        "figures": _embedded_figures(result),
        "footer": f"Made by graphkit {__version__}. The folder of this report holds its tables, and "
        "more, as CSV and Parquet; study.toml repeats the study.",
    }


def _economy_content(result: StudyResult) -> dict[str, Any]:
    """Sentences and tables on payout schemes; empty without one."""
    shown = _shown_economy(result)
    if shown is None:
        return {"economy_text": [], "economy_tables": []}
    known = set(shown.frame.drop_nulls("mean").get_column("measure"))
    means = shown.wide().select("payout", "arm", *(m for m in _ECONOMY if m in known))
    gaps = shown.contrasts.filter(pl.col("measure").is_in(_ECONOMY)).sort(
        "varies", _rank(_ECONOMY), maintain_order=True
    )
    differences = gaps.select(
        pl.col("varies"),
        *("measure", "payout", "arm", "against"),
        _difference_texts(gaps)[0],
        pl.col("direction").fill_null("no interval").alias("conclusion"),
    )
    tables = [
        _text_table(means, "Means with 95 % intervals by payout scheme and feed", names=_ECONOMY),
        _text_table(
            differences,
            "Differences between feeds under one scheme, and between schemes of one feed",
        ),
    ]
    return {"economy_text": text.economy_text(result, shown), "economy_tables": tables}


def _published_table(result: StudyResult) -> Table | None:
    frame = published_table(result)
    caption = "Published figures, and those of this study with 95 % intervals over its worlds"
    return None if frame is None else _text_table(frame, caption)


def _embedded_figures(result: StudyResult) -> dict[str, list[Picture]]:
    """Figures in the results folder by section of the report."""
    found: dict[str, list[Picture]] = {}
    for figure in report_figures(result):
        path = result.folder / "figures" / f"{figure.name}.png"
        if path.exists():
            png = base64.b64encode(path.read_bytes()).decode("ascii")
            found.setdefault(figure.section, []).append(Picture(png, figure.alt, figure.caption))
    return found


def _text_table(
    frame: pl.DataFrame,
    caption: str,
    last: Sequence[str] = (),
    *,
    missing: str = "–",
    names: Sequence[str] = (),
) -> Table:
    """A frame as texts: numbers rounded, underscores in column titles as spaces.

    `last` are the first texts of a row at the end, if there is one; `missing` stands for null;
    columns of these `names` of arms keep them as they are.
    """
    rows = [
        tuple(missing if v is None else _cell_text(v) for v in row) for row in frame.iter_rows()
    ]
    if last:
        rows.append((*last, *[""] * (frame.width - len(last))))
    return Table(
        caption,
        tuple(name if name in names else name.replace("_", " ") for name in frame.columns),
        tuple(dtype.is_numeric() for dtype in frame.dtypes),
        tuple(rows),
    )


def _cell_text(value: object) -> str:
    if isinstance(value, list | tuple | pl.Series):
        return ", ".join(str(v) for v in value)
    if isinstance(value, float) and value == value and 0 < abs(value) < 1000:
        return f"{value:.3g}".replace("-", "−")
    return number(value).replace("-", "−") if isinstance(value, int | float) else number(value)


def _comparison_tables(result: StudyResult, at: int) -> dict[str, Any]:
    """Tables of one arm compared with the first."""
    base, arm = result.headlines[at].baseline, result.headlines[at].arm
    title = f"{arm} compared with {base}"
    tables = [_contrast_table(result.contrasts, base, arm, list(reported_measures()), title)]
    return {"title": title, "tables": tables}


def _robustness_tables(result: StudyResult, at: int) -> dict[str, Any]:
    """Each finding of one comparison: verdict, the nearest condition that ends it, and a table."""
    base, arm = result.headlines[at].baseline, result.headlines[at].arm
    found = [one for one in result.robustness if one.arm == arm]
    parts = [
        {
            "texts": [t for t in (one.verdict, one.nearest_text) if t],
            "measure": one.measure,
            "table": _robust_table(one),
        }
        for one in found
    ]
    return {"title": f"{arm} compared with {base}", "findings": parts}


def _robust_table(found: Robustness) -> Table | None:
    """One row per condition of a finding: what is changed, the difference, what becomes of it."""
    if found.frame.height < 2:
        return None
    texts = _difference_texts(found.frame)[0]
    frame = found.frame.select(
        "condition",
        pl.Series("default", [rounded(v or "–") for v in found.frame["default"]], pl.String),
        texts,
        _become(found.frame).alias("conclusion"),
    )
    known = describe_measure(found.measure)
    about = [f"{found.partition} partition"] if found.partition else []
    about += [] if known is None else [known.unit]
    caption = f"{found.measure} ({'; '.join(about)}), {found.arm} − {found.baseline}, by condition"
    return _text_table(frame, caption)


def _become(frame: pl.DataFrame) -> pl.Expr:
    """What becomes of a conclusion, with the reason if a condition cannot be run."""
    stopped = pl.col("direction").str.starts_with(CANNOT_RUN).fill_null(False)
    lacking = pl.when(pl.col("difference").is_null()).then(pl.lit("–")).otherwise(pl.lit(UNBOUNDED))
    return pl.when(stopped).then("direction").otherwise(pl.coalesce("holds", "direction", lacking))


def _data_table(inputs: StudyInputs) -> Table:
    if inputs.report is not None:
        return _text_table(inputs.report.rows, "Rows read and kept")
    tables = inputs.dataset.tables
    frame = pl.DataFrame({"table": list(tables), "rows": [f.height for f in tables.values()]})
    return _text_table(frame, "Rows of the data")


def _suppressed_row(result: StudyResult) -> tuple[str, ...]:
    """Row for the communities that are suppressed."""
    hidden = n_merged(result.communities.partition)
    return (f"{hidden} smaller ones, suppressed",) if hidden else ()


def _community_table(result: StudyResult) -> Table:
    partition = result.communities.partition
    summary = partition.summary()
    keep = [c for c in ("label", "size", "share", "consistency") if c in summary.columns]
    frame, caption = summary.select(keep), "Communities of shared interest: members, consistency"
    if partition.evidence is not None:
        common = partition.evidence.sort("community", "rank")
        top = common.group_by("community", maintain_order=True).agg(pl.col("tag").head(5))
        tags_of = {code: ", ".join(tags) for code, tags in top.rows()}
        evidence = [tags_of.get(c, "–") for c in range(summary.height)]
        frame = frame.with_columns(pl.Series("named after", evidence, pl.String))
        caption += ", over-represented tags"
    return _text_table(frame, caption, _suppressed_row(result))


def _visibility_table(result: StudyResult) -> Table | None:
    seen = result.communities.visibility
    if seen is None:
        return None
    names = {"verdict": "on the follow graph", "coverage": "coverage", "follow_f1": "best F1"}
    names |= {"visible_runs": "visible_runs", "conductance": "conductance"}
    names |= {"internal_share": "follows inside", "expected_share": "expected"}
    names |= {"ratio": "ratio", "ratio_low": "from", "ratio_high": "to", "homophily": "homophily"}
    frame = seen.frame.select("label", "size", *names).rename(names)
    caption = "Visibility of each community on the follow graph"
    return _text_table(frame, caption, _suppressed_row(result))


def _feed_table(result: StudyResult) -> Table:
    feeds = result.config.feeds()
    part, key, meaning = next(iter(feeds.values())).frame.select("part", "key", "meaning")
    frame = pl.DataFrame(
        [part, key, *(f.frame["value"].alias(n) for n, f in feeds.items()), meaning]
    )
    used = frame.filter(pl.any_horizontal(pl.col(list(feeds)) != 0))
    return _text_table(used, "Feed parameters that are not 0 in all feeds", names=list(feeds))


def _reported_rows(found: pl.DataFrame, arm: str, measures: Sequence[str]) -> pl.DataFrame:
    """Contrasts of an arm over all communities, in the order of the measures."""
    rows = found.filter(
        pl.col("community").is_null(),
        pl.col("measure").is_in(list(measures)),
        pl.col("difference").is_not_null(),
        arm=arm,
    )
    return rows.sort(_rank(measures), maintain_order=True)


def _rank(measures: Sequence[str]) -> pl.Expr:
    """Position of a row's measure in a list of measures; 99 if it is not in there."""
    order = {name: at for at, name in enumerate(measures)}
    return pl.col("measure").replace_strict(order, default=99, return_dtype=pl.Int64)


def _contrast_table(
    found: pl.DataFrame, base: str, arm: str, measures: Sequence[str], caption: str
) -> Table:
    rows = _reported_rows(found, arm, measures)
    means = (pl.col("baseline_mean").alias(base), pl.col("arm_mean").alias(arm))
    partition = pl.col("partition").fill_null("–")
    shown = rows.select("measure", partition, *means, *_difference_texts(rows))
    return _text_table(shown, caption, names=(base, arm))


def _difference_texts(rows: pl.DataFrame) -> list[pl.Series]:
    """Differences with confidence intervals as text, and why no direction is claimed."""
    texts, notes = [], []
    columns = ("difference", "low", "high", "direction")
    for d, low, high, direction in rows.select(columns).iter_rows():
        if d is None:
            texts.append(text.NOT_ESTIMABLE)
            notes.append("")
        elif low is None or high is None:
            texts.append(signed_number(d))
            notes.append("no interval")
        else:
            texts.append(f"{signed_number(d)} [{signed_number(low)}, {signed_number(high)}]")
            notes.append(_NOTES.get(direction, ""))
    names = ("difference [95 % CI]", "note")
    return [pl.Series(n, v, pl.String) for n, v in zip(names, (texts, notes), strict=True)]


def _hosting_table(result: StudyResult) -> Table | None:
    """Hosting by community beside random exposure, by the planted communities if there are any."""
    kind = _hosting_kind(result)
    views = result.visibility.get(kind)
    if not views:
        return None
    first = result.headlines[0]
    rows = result.contrasts.filter(
        pl.col("community").is_not_null(), measure="hosting_reach", partition=kind, arm=first.arm
    )
    seen = views[0].frame.select(pl.col("label").alias("community"), "homophily", "verdict")
    chance = arm_means(result.outcome.filter(measure="hosting_reach", arm=first.random))
    chance = chance.filter(partition=kind).select(
        "community", pl.col("mean").alias("random exposure")
    )
    rows = seen.join(rows, on="community", how="inner", maintain_order="left")
    rows = rows.join(chance, on="community", how="left", maintain_order="left").sort(
        "homophily", nulls_last=True, maintain_order=True
    )
    if not rows.height:
        return None
    frame = rows.select(
        "community",
        pl.col("homophily").alias("follow homophily"),
        pl.col("verdict").alias("on the follow graph"),
        "random exposure",
        pl.col("baseline_mean").alias(first.baseline),
        pl.col("arm_mean").alias(first.arm),
        *_difference_texts(rows),
    )
    caption = (
        f"Hosting by community ({kind} partition), from hidden to visible. "
        f"{_caption_start('hosting_reach')}"
    )
    return _text_table(
        frame, caption, missing=text.NOT_ESTIMABLE, names=(first.baseline, first.arm)
    )


def _sweep_table(result: StudyResult) -> Table | None:
    if result.scan is None:
        return None
    rows = result.scan.filter(pl.col("difference").is_not_null())
    order = _rank([*HEADLINE_MEASURES, "viewer_value"])
    rows = rows.sort(order, "partition", "arm", "s", nulls_last=True, maintain_order=True)
    mark = pl.when("sign_change").then(pl.lit("sign changes")).otherwise(pl.lit(""))
    partition = pl.col("partition").fill_null("–")
    frame = rows.select(
        "measure", partition, "arm", "s", *_difference_texts(rows), mark.alias("mark")
    )
    return _text_table(frame, f"Differences from {result.spread.arms[0]} over s")


def _all_arms_table(result: StudyResult) -> Table | None:
    """One row per arm: means with intervals, and the shares of filler and of empty slots."""
    means = result.arm_means
    if means is None:
        return None
    arms = list(result.spread.arms)
    filler, empty = result.spread.summary()["filler"], text.empty_shares(result.spread)
    columns = [
        pl.Series("arm", arms, pl.String),
        pl.Series("filler", [text.percent(share) for share in filler], pl.String),
        pl.Series("empty slots", [text.percent(empty[arm]) for arm in arms], pl.String),
    ]
    for measure, kind, title in _MEAN_COLUMNS:
        rows = overall_means(means, measure, kind).select("arm", "mean", "low", "high").rows()
        if rows:
            texts = {arm: _mean_text(*values) for arm, *values in rows}
            columns.append(pl.Series(title, [texts.get(arm, "–") for arm in arms], pl.String))
    caption = "All feeds: means with 95 % intervals"
    return _text_table(pl.DataFrame(columns), caption)


def _mean_text(mean: float, low: float | None, high: float | None) -> str:
    """Mean and interval with three decimals."""
    bounds = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
    return f"{mean:.3f}{bounds}".replace("-", "−")


def _method_table(result: StudyResult, inputs: StudyInputs) -> Table:
    config, spread = result.config, result.spread
    world = spread.worlds[0]
    used = {"graphkit": __version__, **versions()}
    facts = {
        "seed": str(config.seed),
        "data": config.data.source,
        "key of the data": inputs.dataset.content_key,
        "accounts, posts per world": f"{world.n_accounts:,}, {world.n_posts:,}",
        "posts enter through": "their authors" if world.authored else "seeders of their audience",
        "budget": spread.budget,
        **({"creators respond to": text.creators_text(result)} if spread.budget == "free" else {}),
        "versions": ", ".join(f"{name} {version}" for name, version in used.items()),
    }
    frame = pl.DataFrame({"what": list(facts), "value": list(facts.values())})
    return _text_table(frame, "The run")
