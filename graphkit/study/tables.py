"""Tables of a study's report: texts with fixed decimals per column, and captions with units."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from graphkit.attribution import Robustness
from graphkit.data.dataset import Dataset
from graphkit.data.display import number
from graphkit.data.partition import Partition
from graphkit.data.results import ImportReport
from graphkit.data.visibility import Visibility
from graphkit.measures import arm_means
from graphkit.measures.catalogue import DERIVED, MEASURES, Measure, describe_measure
from graphkit.measures.conditions import CANNOT_RUN, UNBOUNDED, rounded
from graphkit.measures.headline import INDISTINCT
from graphkit.measures.intervals import FILLER
from graphkit.measures.intervals import INDISTINCT as NOT_DISTINGUISHED
from graphkit.study import text
from graphkit.study.analysis import overall_means
from graphkit.study.disclosure import n_merged
from graphkit.study.figures import (
    caption_start,
    hosting_kind,
    rank_of,
    reported_rows,
    shown_economy,
)
from graphkit.study.results import HEADLINE_MEASURES, CommunityStudy, StudyResult

__all__ = ["Table", "difference_texts", "hosting_table", "text_table"]

#: Notes on differences of which no direction is claimed.
_NOTES = {NOT_DISTINGUISHED: INDISTINCT, FILLER: "no direction is claimed: filler"}
#: Beginnings of units of shares, which are shown in per cent.
_SHARES = ("share, ", "probability", "watch fraction")
#: Measures of the tables of payout schemes.
ECONOMY = (
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
#: Measures of the table of all arms: measure, kind of partition, column title.
_MEAN_COLUMNS = (
    ("crossing", "interest", "cross-community exposure, interest"),
    ("crossing", "planted", "cross-community exposure, planted"),
    ("viewer_value", None, "viewer value"),
    ("hosting_hidden", "interest", "hosting of hidden communities, interest"),
    ("hosting_hidden", "planted", "hosting of hidden communities, planted"),
    ("creator_gini", None, "creator Gini"),
)


class Table(NamedTuple):
    """A table of texts: caption with units, column titles, which are numbers, and rows."""

    caption: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


def decimals_of(values: Iterable[float]) -> int:
    """Decimals that give the largest of some numbers three digits; none for whole numbers.

    Examples
    --------
    >>> decimals_of([0.0123, 0.5]), decimals_of([12.5, 3.0]), decimals_of([2.0, 400.0])
    (3, 1, 0)
    """
    known = [abs(v) for v in values if v is not None and math.isfinite(v)]
    top = max(known, default=0.0)
    if not top or all(v == int(v) for v in known):
        return 0
    return min(max(2 - math.floor(math.log10(top)), 0), 6)


def fixed(value: float, decimals: int, *, signed: bool = False) -> str:
    """A number with this many decimals and a true minus; with its sign if asked for.

    Examples
    --------
    >>> fixed(-0.1234, 2), fixed(1234.5, 0), fixed(0.5, 1, signed=True), fixed(-0.001, 1)
    ('−0.12', '1,234', '+0.5', '0.0')
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else str(value).replace("-", "−").replace("inf", "∞")
    shown = f"{value:,.{decimals}f}"
    if not any(c in "123456789" for c in shown):
        return shown.lstrip("-")
    return f"+{shown}" if signed and value > 0 else shown.replace("-", "−")


def unit_of(measure: str) -> tuple[str, float]:
    """Unit that the values of a measure are shown in, and the factor to it.

    Examples
    --------
    >>> unit_of("hosting_hidden"), unit_of("hosting_gap"), unit_of("time_to_cross")
    (('%', 100.0), ('percentage points', 100.0), ('ticks', 1.0))
    """
    known = describe_measure(measure)
    unit = "" if known is None else known.unit
    if unit == "difference of shares" or measure == "hosting_at_chance":
        return "percentage points", 100.0
    if unit.startswith("share per "):
        return f"percentage points {unit.removeprefix('share ')}", 100.0
    return ("%", 100.0) if unit.startswith(_SHARES) else (unit, 1.0)


def text_table(
    frame: pl.DataFrame,
    caption: str,
    last: Sequence[str] = (),
    *,
    missing: str = "–",
    names: Sequence[str] = (),
    mixed: bool = False,
    decimals: Mapping[str, int] | None = None,
) -> Table:
    """A frame as texts: fixed decimals per column, underscores in column titles as spaces.

    `last` are the first texts of a row at the end, if there is one; `missing` stands for null;
    columns of these `names` of arms keep them as they are; numbers of `mixed` rows, each in a unit
    of its own, have three digits each. A column of `decimals` has that many, however large its
    largest number is.
    """
    columns = [
        _column_texts(column, missing, (decimals or {}).get(column.name), mixed=mixed)
        for column in frame.iter_columns()
    ]
    rows = list(zip(*columns, strict=True))
    if last:
        rows.append((*last, *[""] * (frame.width - len(last))))
    return Table(
        caption,
        tuple(name if name in names else name.replace("_", " ") for name in frame.columns),
        tuple(dtype.is_numeric() for dtype in frame.dtypes),
        tuple(rows),
    )


def _column_texts(
    column: pl.Series, missing: str, decimals: int | None, *, mixed: bool
) -> list[str]:
    values = column.to_list()
    if column.dtype.is_float():
        every = decimals_of(v for v in values if v is not None) if decimals is None else decimals
        return [
            missing if v is None else fixed(v, decimals_of([v]) if mixed else every) for v in values
        ]
    return [missing if v is None else _cell_text(v) for v in values]


def _cell_text(value: object) -> str:
    if isinstance(value, list | tuple | pl.Series):
        return ", ".join(str(v) for v in value)
    return number(value).replace("-", "−") if isinstance(value, int) else number(value)


def difference_texts(rows: pl.DataFrame, scale: float = 1.0) -> list[pl.Series]:
    """Differences with confidence intervals as text, and why no direction is claimed."""
    texts, notes = [], []
    bounds = (v for name in ("difference", "low", "high") for v in rows[name].drop_nulls())
    decimals = decimals_of(scale * v for v in bounds)
    columns = ("difference", "low", "high", "direction")
    for d, low, high, direction in rows.select(columns).iter_rows():
        own, below, above = (
            "" if v is None else fixed(scale * v, decimals, signed=True) for v in (d, low, high)
        )
        if d is None:
            texts.append(text.NOT_ESTIMABLE)
            notes.append("")
        elif low is None or high is None:
            texts.append(own)
            notes.append("no interval")
        else:
            texts.append(f"{own} [{below}, {above}]")
            notes.append(_NOTES.get(direction, ""))
    names = ("difference [95 % CI]", "note")
    return [pl.Series(n, v, pl.String) for n, v in zip(names, (texts, notes), strict=True)]


def reported_measures() -> dict[str, Measure]:
    """Measures of the report by name: those of the headlines, by partition, of the whole run."""
    known = [m for m in (*MEASURES, *DERIVED) if m.reported]
    known.sort(key=lambda m: (m.name not in HEADLINE_MEASURES, m.level == "run"))
    return {m.name: m for m in known}


def measure_table(result: StudyResult) -> Table:
    """Definitions of the measures of the tables of contrasts and of payouts."""
    known = list(reported_measures().values())
    shown = shown_economy(result)
    if shown is not None:
        told = {*shown.frame.drop_nulls("mean")["measure"]} & {*ECONOMY}
        known += [m for m in DERIVED if m.name in told and not m.reported]
        known += [m for m in MEASURES if m.name in told and m not in known and m.level == "run"]
    rows = [(m.name, m.meaning, m.unit) for m in known]
    frame = pl.DataFrame(rows, schema=["measure", "meaning", "unit"], orient="row")
    return text_table(frame, "Definitions of the measures, and their units")


def _by_unit(rows: pl.DataFrame) -> list[tuple[str, float, pl.DataFrame]]:
    """Rows of contrasts by the unit that they are shown in, with the factor to it."""
    found: dict[tuple[str, float], list[str]] = {}
    for measure in rows.get_column("measure").unique(maintain_order=True):
        found.setdefault(unit_of(measure), []).append(measure)
    return [
        (unit, scale, rows.filter(pl.col("measure").is_in(measures)))
        for (unit, scale), measures in found.items()
    ]


def contrast_tables(result: StudyResult, at: int) -> list[Table]:
    """Tables of one arm compared with the first, one per unit."""
    base, arm = result.headlines[at].baseline, result.headlines[at].arm
    tables = []
    every = reported_rows(result.contrasts, arm, list(reported_measures()))
    for unit, scale, rows in _by_unit(every):
        shown = rows.select(
            "measure",
            pl.col("partition").fill_null("–"),
            (scale * pl.col("baseline_mean")).alias(base),
            (scale * pl.col("arm_mean")).alias(arm),
            *difference_texts(rows, scale),
        )
        caption = f"{arm} compared with {base}, in {unit or 'its own unit'}"
        tables.append(text_table(shown, caption, names=(base, arm)))
    return tables


def sweep_tables(result: StudyResult) -> list[Table]:
    """Differences over s, one table per unit."""
    if result.scan is None:
        return []
    every = result.scan.filter(pl.col("difference").is_not_null())
    order = rank_of([*HEADLINE_MEASURES, "viewer_value"])
    every = every.sort(order, "partition", "arm", "s", nulls_last=True, maintain_order=True)
    tables = []
    for unit, scale, rows in _by_unit(every):
        mark = pl.when("sign_change").then(pl.lit("sign changes")).otherwise(pl.lit(""))
        frame = rows.select(
            *("measure", pl.col("partition").fill_null("–"), "arm", "s"),
            *difference_texts(rows, scale),
            mark.alias("mark"),
        )
        caption = f"Differences from {result.spread.arms[0]} over s (share, 0 … 1), in {unit}"
        tables.append(text_table(frame, caption))
    return tables


def robust_table(found: Robustness) -> Table | None:
    """One row per condition of a finding: what is changed, the difference, what becomes of it."""
    if found.frame.height < 2:
        return None
    unit, scale = unit_of(found.measure)
    frame = found.frame.select(
        "condition",
        pl.Series("default", [rounded(v or "–") for v in found.frame["default"]], pl.String),
        difference_texts(found.frame, scale)[0],
        _become(found.frame).alias("conclusion"),
    )
    about = f"{found.partition} partition; " if found.partition else ""
    caption = f"{found.measure} ({about}{unit}), {found.arm} − {found.baseline}, by condition"
    return text_table(frame, caption)


def _become(frame: pl.DataFrame) -> pl.Expr:
    """What becomes of a conclusion, with the reason if a condition cannot be run."""
    stopped = pl.col("direction").str.starts_with(CANNOT_RUN).fill_null(False)
    lacking = pl.when(pl.col("difference").is_null()).then(pl.lit("–")).otherwise(pl.lit(UNBOUNDED))
    return pl.when(stopped).then("direction").otherwise(pl.coalesce("holds", "direction", lacking))


def import_tables(dataset: Dataset, report: ImportReport | None) -> list[Table]:
    """Rows read, dropped and changed; of data that were not read, the rows of each table."""
    if report is None:
        tables = dataset.tables
        frame = pl.DataFrame({"table": list(tables), "rows": [f.height for f in tables.values()]})
        return [text_table(frame, "Rows of the data")]
    found = [text_table(report.rows, "Rows read and kept")]
    if report.dropped.height:
        found.append(text_table(report.dropped, "Rows dropped on reading, with reasons"))
    if report.notes.height:
        title = "Rows changed or added on reading, and what is absent"
        found.append(text_table(report.notes, title))
    return found


def _suppressed_row(partition: Partition) -> tuple[str, ...]:
    """Row for the communities that are suppressed."""
    hidden = n_merged(partition)
    return (f"{hidden} smaller ones, suppressed",) if hidden else ()


def community_table(study: CommunityStudy) -> Table:
    """Names, sizes and evidence of the communities."""
    partition = study.partition
    summary = partition.summary()
    columns = ["label", pl.col("size").alias(f"size ({partition.node_kind})")]
    columns.append((100 * pl.col("share")).alias("share (%)"))
    if "consistency" in summary.columns:
        columns.append(pl.col("consistency").alias("consistency (0 … 1)"))
    frame, caption = summary.select(columns), "Communities of shared interest: members, consistency"
    if partition.evidence is not None:
        common = partition.evidence.sort("community", "rank")
        top = common.group_by("community", maintain_order=True).agg(pl.col("tag").head(5))
        tags_of = {code: ", ".join(tags) for code, tags in top.rows()}
        evidence = [tags_of.get(c, "–") for c in range(summary.height)]
        frame = frame.with_columns(pl.Series("named after", evidence, pl.String))
        caption += ", over-represented tags"
    return text_table(frame, caption, _suppressed_row(partition))


def recovery_table(study: CommunityStudy) -> Table | None:
    """Comparison with the planted communities."""
    if study.recovery is None:
        return None
    frame = study.recovery.rename({"size": f"size ({study.partition.node_kind})"})
    return text_table(
        frame,
        "Comparison with the planted communities: best F1 (0 … 1) per community (last row: AMI over "
        "all), for shared interest, the follow graph, and connected components",
    )


def visibility_table(study: CommunityStudy) -> Table | None:
    """How well the follow graph shows each community."""
    seen = study.visibility
    if seen is None:
        return None
    names = {"verdict": "on the follow graph", "coverage": "coverage (%)"}
    names |= {"follow_f1": "best F1 (0 … 1)", "visible_runs": "runs that show it (%)"}
    names |= {"conductance": "conductance (0 … 1)", "internal_share": "follows inside (%)"}
    names |= {"expected_share": "expected (%)", "ratio": "ratio", "ratio_low": "from"}
    names |= {"ratio_high": "to", "homophily": "homophily (0 … 1)"}
    columns = [
        (100 * pl.col(old) if new.endswith("(%)") else pl.col(old)).alias(new)
        for old, new in names.items()
    ]
    size = pl.col("size").alias(f"size ({study.partition.node_kind})")
    frame = seen.frame.select("label", size, *columns)
    caption = (
        "Visibility of each community on the follow graph; ratio: follows inside over expected, with "
        "its 95 % interval"
    )
    # a small community may have a bound of hundreds, and the verdict hangs on whether it is above 1.5
    every = dict.fromkeys(("ratio", "from", "to"), 2)
    return text_table(frame, caption, _suppressed_row(study.partition), decimals=every)


def feed_table(result: StudyResult) -> Table:
    """Parameters of the feeds, side by side."""
    feeds = result.config.feeds()
    part, key, meaning = next(iter(feeds.values())).frame.select("part", "key", "meaning")
    frame = pl.DataFrame(
        [part, key, *(f.frame["value"].alias(n) for n, f in feeds.items()), meaning]
    )
    used = frame.filter(pl.any_horizontal(pl.col(list(feeds)) != 0))
    caption = "Feed parameters that are not 0 in all feeds; units are in their meaning"
    return text_table(used, caption, names=list(feeds), mixed=True)


def served_table(result: StudyResult) -> Table:
    """What each feed served, one column per feed."""
    served = result.spread.summary()
    rows: list[tuple[str, ...]] = []
    for name in served.columns[1:]:
        values = served.get_column(name)
        if not (values.fill_null(0) != 0).any():
            continue
        share = name not in ("impressions", "sessions", "candidates_per_session") and not (
            name.startswith("reactions") or values.dtype.is_integer()
        )
        known = [None if v is None else (100 * v if share else float(v)) for v in values]
        decimals = decimals_of(v for v in known if v is not None)
        shown = ("–" if v is None else fixed(v, decimals) for v in known)
        rows.append((f"{name.replace('_', ' ')}{' (%)' if share else ''}", *shown))
    arms = served.get_column("arm").to_list()
    caption = (
        "What each feed served: counts, candidates per session, and shares of its impressions in %"
    )
    return Table(caption, ("what", *arms), (False, *[True] * len(arms)), tuple(rows))


def hosting_table(result: StudyResult) -> Table | None:
    """Hosting by community beside random exposure, by the planted communities if there are any."""
    kind = hosting_kind(result)
    views: Sequence[Visibility] | None = result.visibility.get(kind)
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
        pl.col("homophily").alias("follow homophily (0 … 1)"),
        pl.col("verdict").alias("on the follow graph"),
        100 * pl.col("random exposure"),
        (100 * pl.col("baseline_mean")).alias(first.baseline),
        (100 * pl.col("arm_mean")).alias(first.arm),
        *difference_texts(rows, 100),
    )
    caption = (
        f"Hosting by community ({kind} partition), from hidden to visible, in % of the community; "
        f"differences in percentage points. {caption_start('hosting_reach')}"
    )
    names = (first.baseline, first.arm)
    return text_table(frame, caption, missing=text.NOT_ESTIMABLE, names=names)


def all_arms_table(result: StudyResult) -> Table | None:
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
    units = {}
    for measure, kind, title in _MEAN_COLUMNS:
        rows = overall_means(means, measure, kind).select("arm", "mean", "low", "high").rows()
        if rows:
            texts = {arm: _mean_text(*values) for arm, *values in rows}
            columns.append(pl.Series(title, [texts.get(arm, "–") for arm in arms], pl.String))
            known = describe_measure(measure)
            units[title.partition(",")[0]] = "" if known is None else known.unit
    told = "; ".join(f"{title}: {unit}" for title, unit in units.items())
    caption = f"All feeds: means with 95 % intervals ({told})"
    return text_table(pl.DataFrame(columns), caption)


def _mean_text(mean: float, low: float | None, high: float | None) -> str:
    """Mean and interval with three decimals."""
    bounds = "" if low is None or high is None else f" [{fixed(low, 3)}, {fixed(high, 3)}]"
    return f"{fixed(mean, 3)}{bounds}"


def economy_tables(result: StudyResult) -> list[Table]:
    """Means by payout scheme, and the differences; empty without a scheme."""
    shown = shown_economy(result)
    if shown is None:
        return []
    known = set(shown.frame.drop_nulls("mean").get_column("measure"))
    means = shown.wide().select("payout", "arm", *(m for m in ECONOMY if m in known))
    gaps = shown.contrasts.filter(pl.col("measure").is_in(ECONOMY)).sort(
        "varies", rank_of(ECONOMY), maintain_order=True
    )
    units = {m: describe_measure(m) for m in ECONOMY if m in known}
    told = "; ".join(f"{name}: {m.unit}" for name, m in units.items() if m is not None)
    tables = [
        text_table(
            means,
            f"Means with 95 % intervals by payout scheme and feed. Units: {told}",
            names=ECONOMY,
        )
    ]
    for unit, scale, rows in _by_unit(gaps):
        frame = rows.select(
            *("varies", "measure", "payout", "arm", "against"),
            difference_texts(rows, scale)[0],
            pl.col("direction").fill_null("no interval").alias("conclusion"),
        )
        title = "Differences between feeds under one scheme, and between schemes of one feed"
        tables.append(text_table(frame, f"{title}, in {unit}"))
    return tables
