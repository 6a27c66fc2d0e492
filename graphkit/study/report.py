"""report.html: everything that a study found, in one file that opens offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined

from graphkit._version import __version__
from graphkit.study import text as prose
from graphkit.study._blocks import Table, embed, table
from graphkit.study._facts import versions
from graphkit.study._figures import HEADED, MEASURES
from graphkit.study._sentences import signed
from graphkit.study._sides import CURVED, sides_table
from graphkit.study.disclosure import shown_communities

if TYPE_CHECKING:
    from graphkit.study._materials import Materials
    from graphkit.study.folder import ResultsFolder
    from graphkit.study.run import StudyResult

__all__ = ["write_report"]


def write_report(result: StudyResult, materials: Materials, folder: ResultsFolder) -> None:
    """Write ``report.html`` into the folder, from the result and the figures that are there.

    No ids of accounts or items, captions or handles go into it, and no community that is
    smaller than ``report.min_group_size``.
    """
    environment = Environment(
        loader=PackageLoader("graphkit.study", "templates"), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True,
    )  # fmt: skip
    html = environment.get_template("report.html.j2").render(_context(result, materials))
    folder.text("report.html", html)


def _context(result: StudyResult, materials: Materials) -> dict[str, Any]:
    config, found = result.config, result.communities
    shown = shown_communities(
        found.partition.sizes.tolist(), config.report.min_group_size, found.partition.n_unassigned
    )
    report = materials.report
    recovery = (
        None
        if found.recovery is None
        else found.recovery.filter(pl.col("size") >= config.report.min_group_size)
    )
    return {
        "title": config.report.title,
        "question": config.report.question,
        "notices": prose.notices(result, materials),
        # two of each arm against the first: those of further arms are folded away
        "headlines": result.headlines[:2],
        "more_headlines": result.headlines[2:],
        "n_arms": len(result.spread.arms),
        "data_text": prose.data_text(result, materials),
        "data_rows": _data_rows(materials),
        "data_dropped": table(report.dropped, "Rows dropped on reading, and why")
        if report is not None and report.dropped.height
        else None,
        "community_text": prose.community_text(result, shown),
        "community_table": _communities(result, shown),
        "recovery_table": table(
            recovery,
            "Held against what was planted: best F1 per community (last row: AMI over all), for "
            "shared interest, the follow graph, and connected components",
        )
        if recovery is not None
        else None,
        "visibility_text": prose.visibility_text(result),
        "visibility_table": _visibility(result, shown),
        "feed_table": _feeds(result),
        "filler_table": table(
            result.spread.summary(),
            "What was shown, out of how many candidates, and from which source (shares)",
        ),
        "spread_text": prose.spread_text(result),
        "sides_text": prose.sides_text(result),
        "sides_table": sides_table(result),
        "side_figures": [name for name, _, _ in _sides(result)],
        "comparisons": [_comparison(result, at) for at in range(len(result.spread.arms) - 1)],
        "unfilled": result.unfilled is not None,
        "measure_table": table(
            pl.DataFrame({"measure": list(MEASURES), "meaning": list(MEASURES.values())}),
            "What the measures say",
        ),
        "hosting_table": _hosting(result, shown),
        "scan_text": prose.scan_text(result),
        "scan_figures": [_scan_figures(at) for at in range(len(result.spread.arms) - 1)],
        "scan_table": _scan(result),
        "limits": prose.limits(result, materials),
        "method_table": _method(result, materials),
        "behaviour_table": table(config.behaviour.frame, "Behaviour of viewers"),
        "figures": embed(result.folder, _PICTURES + _more(result) + _sides(result)),
        "footer": f"Made by graphkit {__version__}. The tables of this report, and more, stand "
        "beside it as CSV and Parquet; study.toml repeats the study.",
    }


_PICTURES = [
    ("communities", "Bars of community sizes with their names", "Communities by size."),
    ("visibility", "Match of each community with the follow graph",
     "Left: best match with a community of followers. Right: follows that stay inside, against "
     "what degrees alone would give."),
    ("borders", "Matrices of ties between communities",
     "Where ties run, shared interest beside follows: red more, blue fewer than expected."),
    ("flows", "Matrices of impressions between communities, one per arm",
     "Impressions from a post's home (rows) to its viewers' communities (columns), interest "
     "partition, all worlds: red more, blue fewer than expected. A dark diagonal beside a pale "
     "rest is content that stays at home."),
    ("reach_hidden", "Mean reach of a post of hidden communities by tick, one line per arm",
     "Accounts reached by a post at home in a community that the follow graph does not show; "
     "the band runs over worlds."),
    ("reach", "Mean reach of a post by tick, one line per arm",
     "The same for all posts. Under a matched budget the arms show equally many posts, so that "
     "the mean is the same by construction: what differs is whose posts reach whom."),
]  # fmt: skip


def _more(result: StudyResult) -> list[tuple[str, str, str]]:
    """The figures of each arm against the baseline."""
    named = []
    arms = result.spread.arms
    for at, arm in enumerate(arms[1:]):
        suffix, pair = _suffix(at), f"{arm} − {arms[0]}"
        named += [
            (f"contrast{suffix}", f"Differences with intervals, {pair}",
             f"Differences {pair}, each row on its own scale. Grey: no difference can be told."),
            (f"s_scan_crossing{suffix}", f"Difference in crossing over s, {pair}",
             f"Crossing, {pair}, over s; dashed where the mean changes its sign."),
            (f"s_scan_hosting_hidden{suffix}", f"Difference in hosting over s, {pair}",
             f"Hosting of what the follow graph does not show, {pair}, over s."),
        ]  # fmt: skip
    return named


def _suffix(at: int) -> str:
    return "" if at == 0 else f"_{at + 1}"


def _scan_figures(at: int) -> list[str]:
    return [f"s_scan_{measure}{_suffix(at)}" for measure in ("crossing", "hosting_hidden")]


def _sides(result: StudyResult) -> list[tuple[str, str, str]]:
    """The figures of all arms side by side, and of the curve from one feed to another."""
    if result.arm_means is None:
        return []
    sides = prose.sides_caption(result)
    named = [
        (name, f"Every feed as a dot, crossing against viewer value, {kind} partition",
         f"Crossing ({kind} partition; 1 = chance) against viewer value. {sides}")
        for name, kind in (("trade_off", "interest"), ("trade_off_planted", "planted"))
    ]  # fmt: skip
    if result.curve is not None:
        first, second = result.curve.ends
        named += [
            (f"blend_{measure}", f"{measure} over the share of {second} in the blend",
             f"{MEASURES[measure][:1].upper()}{MEASURES[measure][1:]}, from {first} to {second}. "
             f"{sides}")
            for measure in CURVED
        ]  # fmt: skip
    return named


def _comparison(result: StudyResult, at: int) -> dict[str, Any]:
    """What the report shows of one arm against the first."""
    base, arm = result.spread.arms[0], result.spread.arms[at + 1]
    title = f"{arm} against {base}"
    tables = [_contrasts(result.contrasts, result, arm, list(MEASURES), title)]
    if result.unfilled is not None:
        empty = f"{title}, with slots left empty in place of filler"
        tables.append(_contrasts(result.unfilled, result, arm, [*HEADED, "viewer_value"], empty))
    return {"title": title, "figure": f"contrast{_suffix(at)}", "tables": tables}


def _data_rows(materials: Materials) -> Table:
    if materials.report is not None:
        return table(materials.report.rows, "Rows read and kept")
    tables = materials.dataset.tables
    frame = pl.DataFrame({"table": list(tables), "rows": [f.height for f in tables.values()]})
    return table(frame, "Rows of the data")


def _rest(result: StudyResult, shown: int) -> tuple[str, ...]:
    """The row that stands for the communities that are not shown."""
    hidden = result.communities.partition.n_communities - shown
    return (f"{hidden} smaller ones, suppressed",) if hidden else ()


def _communities(result: StudyResult, shown: int) -> Table:
    partition, least = result.communities.partition, result.config.report.min_group_size
    summary = partition.summary().head(shown)
    keep = [c for c in ("label", "size", "share", "consistency") if c in summary.columns]
    words: dict[int, str] = {}
    if partition.evidence is not None:
        # a tag that few members use would tell them apart
        common = partition.evidence.filter(pl.col("count") >= least).sort("community", "rank")
        top = common.group_by("community", maintain_order=True).agg(pl.col("tag").head(5))
        words = {code: ", ".join(tags) for code, tags in top.rows()}
    evidence = pl.Series("named after", [words.get(c, "–") for c in range(summary.height)])
    frame = summary.select(keep).with_columns(evidence)
    caption = "Communities of shared interest: name, members, how sure, over-represented tags"
    return table(frame, caption, _rest(result, shown))


def _visibility(result: StudyResult, shown: int) -> Table | None:
    seen = result.communities.visibility
    if seen is None:
        return None
    frame = seen.frame.head(shown).select(
        "label", "size", pl.col("visible").alias("shown by the follow graph"),
        pl.col("follow_f1").alias("best F1"), "visible_runs", "conductance",
        pl.col("internal_share").alias("follows inside"),
        pl.col("expected_share").alias("by chance"),
    )  # fmt: skip
    return table(frame, "Each community on the follow graph", _rest(result, shown))


def _feeds(result: StudyResult) -> Table:
    feeds = result.config.feeds()
    first = next(iter(feeds.values())).frame
    columns = {name: feed.frame["value"] for name, feed in feeds.items()}
    frame = first.select("part", "key").with_columns(**columns).with_columns(first["meaning"])
    used = frame.filter(pl.any_horizontal(pl.col(list(feeds)) != 0))
    return table(used, "Every number of every feed that is not 0 in all")


def _contrasts(
    found: pl.DataFrame, result: StudyResult, arm: str, measures: list[str], caption: str
) -> Table:
    base = result.spread.arms[0]
    rows = found.filter(
        (pl.col("arm") == arm) & pl.col("community").is_null()
        & pl.col("measure").is_in(measures) & pl.col("difference").is_not_null()
    )  # fmt: skip
    order = {name: at for at, name in enumerate(measures)}
    rank = pl.col("measure").replace_strict(order, return_dtype=pl.Int64)
    rows = rows.sort(rank, maintain_order=True)
    frame = rows.select(
        "measure", pl.col("partition").fill_null("–"), pl.col("baseline_mean").alias(base),
        pl.col("arm_mean").alias(arm), *_difference(rows),
    )  # fmt: skip
    return table(frame, caption)


def _difference(rows: pl.DataFrame) -> list[pl.Series]:
    """Difference with its interval as text, and whether one can be told at all."""
    texts, told = [], []
    for d, low, high in rows.select("difference", "low", "high").iter_rows():
        bounds = low is not None and high is not None
        texts.append(signed(d) + (f" [{signed(low)}, {signed(high)}]" if bounds else ""))
        clear = bounds and (low > 0 or high < 0)
        told.append("" if clear else "no difference can be told")
    return [pl.Series("difference [95 %]", texts, pl.String), pl.Series("note", told, pl.String)]


def _hosting(result: StudyResult, shown: int) -> Table | None:
    partition, seen = result.communities.partition, result.communities.visibility
    names = [partition.name(c) for c in range(shown)]
    rows = result.contrasts.filter(
        (pl.col("measure") == "hosting_reach") & (pl.col("partition") == "interest")
        & pl.col("community").is_in(names) & (pl.col("arm") == result.spread.arms[1])
        & pl.col("difference").is_not_null()
    )  # fmt: skip
    if not rows.height:
        return None
    hidden = set(seen.hidden) if seen is not None else set()
    texts = ["" if seen is None else "no" if n in hidden else "yes" for n in rows["community"]]
    frame = rows.select(
        "community", pl.Series("shown by the follow graph", texts, pl.String),
        pl.col("baseline_mean").alias(result.spread.arms[0]),
        pl.col("arm_mean").alias(result.spread.arms[1]), *_difference(rows),
    )  # fmt: skip
    caption = f"Hosting by community of shared interest: {HOSTING}"
    return table(frame, caption, _rest(result, shown))


HOSTING = "share of its own community that a post reaches"


def _scan(result: StudyResult) -> Table | None:
    if result.scan is None:
        return None
    rows = result.scan.filter(pl.col("difference").is_not_null())
    rank = {name: at for at, name in enumerate([*HEADED, "viewer_value"])}
    order = pl.col("measure").replace_strict(rank, default=99, return_dtype=pl.Int64)
    rows = rows.sort(order, "partition", "arm", "s", nulls_last=True, maintain_order=True)
    frame = rows.select(
        "measure", pl.col("partition").fill_null("–"), "arm", "s", *_difference(rows),
        pl.when("sign_change").then(pl.lit("sign changes")).otherwise(pl.lit("")).alias("mark"),
    )  # fmt: skip
    return table(frame, f"Differences to {result.spread.arms[0]} over s")


def _method(result: StudyResult, materials: Materials) -> Table:
    config, spread = result.config, result.spread
    world = spread.worlds[0]
    facts = {
        "seed": str(config.seed),
        "data": config.data.source,
        "key of the data": materials.dataset.content_key,
        "accounts, posts per world": f"{world.n_accounts:,}, {world.n_posts:,}",
        "posts enter": "by their authors" if world.authored else "through accounts of their audience",
        "budget": spread.budget,
        "versions": ", ".join(f"{k} {v}" for k, v in {"graphkit": __version__, **versions()}.items()),
    }  # fmt: skip
    frame = pl.DataFrame({"what": list(facts), "value": list(facts.values())})
    return table(frame, "The run")
