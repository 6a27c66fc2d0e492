"""Bundles of aggregates of a study, without ids and small groups, to be passed on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from graphkit import plot
from graphkit.data.files import read_record
from graphkit.data.partition import Partition, Runs
from graphkit.data.provenance import Provenance
from graphkit.data.visibility import Visibility
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import FileError, MissingDataError, OptionError, check_integer
from graphkit.measures import Mixing
from graphkit.study.config import load_config
from graphkit.study.disclosure import (
    disclosed_visibility,
    drop_rare_tags,
    merge_small,
    rounded_mixing,
)
from graphkit.study.export import MANIFEST, read_results, read_table
from graphkit.study.folder import ResultsFolder, writing_results
from graphkit.study.results import CommunityStudy, StudyResult

__all__ = ["share_bundle"]

#: Tables of sums and means over all accounts, whose rows name no community, or say which.
_SUMS = (
    *("null", "outcome", "contrasts", "arm_means", "conditions", "robustness", "s_scan"),
    *("headlines", "impressions", "feeds", "validation", "calibration"),
)
#: Facts of a graph that are about no single account.
_FACTS = (
    *("nodes", "edges", "arcs", "total weight", "density", "mean degree", "median degree"),
    *("reciprocity", "transitivity", "mean local clustering", "degree assortativity"),
)
#: Figures that are drawn anew, from merged communities.
_DRAWN = ("communities", "borders", "map", "visibility")


@dataclass
class _Bundle:
    """A bundle that is being made: what it holds, and what was left out, with reasons."""

    source: Path
    folder: ResultsFolder
    least: int
    tables: list[str] = field(default_factory=list)
    left_out: list[tuple[str, int | None, str]] = field(default_factory=list)

    def add(self, name: str, frame: pl.DataFrame) -> None:
        self.folder.table(name, frame)
        self.tables.append(name)

    def leave(self, what: str, count: int | None, why: str) -> None:
        if count is None or count > 0:
            self.left_out.append((what, count, why))


def share_bundle(
    results: CommunityStudy | StudyResult | str | Path,
    path: str | Path,
    *,
    min_group_size: int = 10,
) -> Path:
    """Make a folder of aggregates of a study that holds no id, to be passed on.

    Communities of fewer than `min_group_size` members are merged into one, ``other``, before anything
    is computed: sizes, consistency, mixing matrices and figures are those of the merged communities. If
    what is merged were a single community, or fewer than `min_group_size` accounts, the next larger
    ones are merged as well, so that nothing can be derived from a total. Tags are evidence only where
    at least so many members use them. Of a simulation the bundle holds the results over all
    communities. ``README.md`` and the table ``left_out`` say what was left out and why.

    Small groups are protected against being read off the bundle. That is no anonymity of the data:
    whoever has other results of the same data may compare them.

    Parameters
    ----------
    results
        Result of :func:`graphkit.study_communities` or :func:`graphkit.run_study`, or its folder.
    path
        Folder for the bundle: new, empty, or of an earlier bundle.
    min_group_size
        Smallest group that is shown, 2 or more.

    Returns
    -------
    Path
        The folder, with ``README.md``, tables, figures and ``manifest.json``.

    Raises
    ------
    FileError
        If the results are not there or not finished, or the folder holds something else.
    OptionError
        If `min_group_size` is below 2, or the folder is that of the results.
    MissingDataError
        If no community may be shown.
    """
    least = check_integer("min_group_size", min_group_size, low=2)
    held = isinstance(results, CommunityStudy | StudyResult)
    source = Path(results.folder if held else results)  # type: ignore[union-attr, arg-type]
    path = Path(path)
    partition, seen = _read_groups(source)
    if path.absolute() == source.absolute():
        raise OptionError(f"{path} is the folder of the results: name another one for the bundle.")
    merged, kept = merge_small(partition, least, seen)
    merged = drop_rare_tags(merged, least)
    if merged.n_communities < 2:
        raise MissingDataError(
            f"share_bundle: no community of at least {least} members can be shown apart from the "
            f"others ({partition.n_communities} were found): there is nothing to share."
        )
    with writing_results(path):
        bundle = _Bundle(source, ResultsFolder(path), least)
        record = read_record(source / MANIFEST) or {}
        facts = {name: record.get(name) for name in ("seed", "terms")}
        facts["verdict"] = record.get("communities", record).get("verdict")
        _add_communities(bundle, partition, merged, kept, str(facts["verdict"]))
        _add_sums(bundle)
        _copy_figures(bundle)
        bundle.leave("ids of accounts, and whose community is which", None, "they lead to persons")
        schema = {"what": pl.String, "rows": pl.Int64, "why": pl.String}
        bundle.add("left_out", pl.DataFrame(bundle.left_out, schema=schema, orient="row"))
        bundle.folder.text("README.md", _readme(bundle, merged, facts))
        about = {"bundle": True, "min_group_size": least, **facts}
        bundle.folder.finish(about, timed=False)
    return path


def _read_groups(source: Path) -> tuple[Partition, Visibility | None]:
    """Partition and visibility of a results folder; without a table of members, of nobody's ids."""
    record = read_record(source / MANIFEST) if source.is_dir() else None
    table = None if record is None else read_table(source, "communities")
    if record is None or table is None:
        raise FileError(
            f"{source} is no results folder with communities, of which a bundle is made: give the folder "
            "that `graphkit communities --out` or `graphkit run --out` wrote. A bundle needs no members."
        )
    if not record["finished"]:
        raise FileError(f"{source}: this study did not finish: run it again first.")
    if read_table(source, "members") is not None:
        return read_results(source)
    codes = np.repeat(np.arange(table.height, dtype=np.int32), table.get_column("size").to_numpy())
    # those without a community, by the share that one of the others is of all
    total = round(table["size"][0] / table["share"][0]) if table.height else 0
    codes = np.concatenate([codes, np.full(total - codes.size, -1, np.int32)])
    about = record.get("communities", record)
    runs = None
    if "consistency" in table.columns:
        values = table.get_column("consistency").fill_null(float("nan")).to_numpy()
        each = np.where(codes >= 0, values[codes], np.nan).astype(np.float32)
        stability = about.get("agreement_of_runs")
        agreement = float("nan") if stability is None else float(stability)
        runs = Runs(codes[None], np.full(1, np.nan), agreement, each)
    made = Provenance.from_dict(about["provenance"])
    evidence, seen = read_table(source, "names"), read_table(source, "visibility")
    partition = Partition(
        Vocabulary(range(codes.size)),
        codes,
        tuple(table.get_column("label")),
        runs=runs,
        evidence=None if evidence is None else evidence.drop("membership_key"),
        node_kind=made.find("between") or "nodes",
        provenance=made,
    )
    empty = np.empty((0, 0), np.int32)
    return partition, None if seen is None else Visibility(seen, empty, float("nan"))


def _add_communities(
    bundle: _Bundle, partition: Partition, merged: Partition, seen: Visibility | None, verdict: str
) -> None:
    """Tables and figures of the communities."""
    least = bundle.least
    shown = merged.n_communities - 1
    n_merged = partition.n_communities - shown
    if merged.n_communities == partition.n_communities:
        shown, n_merged = partition.n_communities, 0
    bundle.leave(
        "communities, merged into 'other'",
        n_merged,
        f"fewer than {least} members, or derivable from the total",
    )
    total = int(merged.sizes.sum())
    # of the accounts with a community: those without one may be few
    summary = merged.summary().with_columns(share=pl.col("size") / total)
    bundle.add("communities", summary)
    bundle.leave("accounts without a community, not counted", None, "they may be few")
    if partition.evidence is not None and merged.evidence is not None:
        columns = ["community", "label", "rank", "tag", "count", "nodes", "share_in", "share_out"]
        if merged.evidence.height:
            bundle.add("names", merged.evidence.select(*columns, "log_odds", "z", "q"))
        lost = partition.evidence.height - merged.evidence.height
        why = f"fewer than {least} members use them, or their community is merged"
        bundle.leave("tags of communities", lost, why)
    said = verdict + ("; small ones merged" if n_merged else "")
    bundle.folder.figure("communities", plot.communities(merged, top=20, verdict=said))
    borders = read_table(bundle.source, "borders")
    if borders is not None:
        merged_panels = _merged_mixing(borders, partition, merged)
        panels = {name: rounded_mixing(one, least) for name, one in merged_panels.items()}
        rounded = sum(panels[name] is not one for name, one in merged_panels.items())
        why = f"told in multiples of {least}, for a few may be those of one account"
        bundle.leave("counts of edges between communities", 0 if not rounded else None, why)
        named = [f.select(pl.lit(n).alias("graph"), pl.all()) for n, f in _frames(panels).items()]
        bundle.add("borders", pl.concat(named))
        bundle.folder.figure("borders", plot.borders(panels, top=16))
    if seen is not None:
        # the number is left out where few are not in the follow graph; then most are
        there = pl.col("shared").fill_null(
            pl.when(pl.col("inside").is_not_null()).then(pl.col("size") - least).otherwise(0)
        )
        few = seen.frame.filter(there < least)
        bundle.leave(
            "visibility of communities",
            few.height + n_merged,
            f"fewer than {least} members in the follow graph, or merged",
        )
        names = pl.Series("label", merged.labels, dtype=pl.String)
        seen = disclosed_visibility(seen, least)
        frame = seen.frame.filter(~pl.col("community").is_in(few.get_column("community").implode()))
        frame = frame.with_columns(names.gather(frame.get_column("community")))
        if frame.height:
            bundle.add("visibility", frame)
            if frame.get_column("follow_f1").count():
                figure = plot.visibility(
                    Visibility(frame, seen.follow_memberships, seen.follow_agreement)
                )
                bundle.folder.figure("visibility", figure)


def _frames(panels: dict[str, Mixing]) -> dict[str, pl.DataFrame]:
    return {name: panel.frame for name, panel in panels.items()}


def _merged_mixing(
    borders: pl.DataFrame, partition: Partition, merged: Partition
) -> dict[str, Mixing]:
    """Mixing matrices of merged communities: observed and expected weights add up."""
    names = [partition.name(c) for c in range(partition.n_communities)]
    first = [int(np.flatnonzero(partition.membership == c)[0]) for c in range(len(names))]
    new = merged.membership[first].astype(np.int64)
    code = dict(zip(names, new.tolist(), strict=True))
    size = merged.n_communities
    labels = tuple(merged.name(c) for c in range(size))
    panels = {}
    for (graph,), rows in borders.group_by("graph", maintain_order=True):
        ends = [rows.get_column(n).replace_strict(code).to_numpy() for n in ("source", "target")]
        sums = np.zeros((2, size, size))
        for layer, column in zip(sums, ("observed", "expected"), strict=True):
            np.add.at(layer, tuple(ends), rows.get_column(column).to_numpy())
        observed, expected = sums
        total, inside = observed.sum(), np.trace(observed)
        index = float((total - 2 * inside) / total) if total else float("nan")
        directed = not np.allclose(observed, observed.T, rtol=1e-9)
        panels[str(graph)] = Mixing(labels, observed, expected, index, 0, directed)
    return panels


def _add_sums(bundle: _Bundle) -> None:
    """Tables over all accounts, without rows of single communities."""
    source = bundle.source
    data = read_table(source, "dataset")
    if data is not None:
        bundle.add("dataset", data.drop("low", "high", strict=False))
        bundle.leave("lowest and highest values of columns", None, "they are those of one account")
    graphs = read_table(source, "graphs")
    if graphs is not None:
        kept = graphs.filter(pl.col("fact").is_in(list(_FACTS)))
        bundle.add("graphs", kept)
        why = "they are about one account, or a few"
        bundle.leave(
            "facts of graphs, such as the largest degree", graphs.height - kept.height, why
        )
    for name in _SUMS:
        frame = read_table(source, name)
        if frame is None:
            continue
        if "measure" in frame.columns:  # two of them would differ by the members of small groups
            frame = frame.filter(pl.col("measure") != "unassigned_accounts")
        if "community" in frame.columns:
            whole = frame.filter(pl.col("community").is_null()).drop("community")
            bundle.leave(f"rows of {name}", frame.height - whole.height, "of single communities")
            frame = whole
        bundle.add(name, frame)
    present = {p.stem for p in (source / "tables").glob("*.parquet")}
    for name in sorted(present - {*bundle.tables, "members", "left_out"}):
        bundle.leave(f"the table {name}", None, "of single communities, worlds or files")


def _copy_figures(bundle: _Bundle) -> None:
    """Figures of a simulation, if their study suppresses at least as much."""
    others = sorted(p for p in (bundle.source / "figures").glob("*.png") if p.stem not in _DRAWN)
    study = bundle.source / "study.toml"
    if not others:
        return
    theirs = load_config(study).report.min_group_size if study.exists() else 0
    if theirs < bundle.least:
        why = f"they may show groups of fewer than {bundle.least} members"
        bundle.leave("figures of the simulation", len(others), why)
        return
    for figure in others:
        bundle.folder.copy(f"figures/{figure.name}", figure)


def _readme(bundle: _Bundle, merged: Partition, facts: dict[str, object]) -> str:
    """What is inside, what was left out, and what that means."""
    tables = "\n".join(f"- `tables/{name}` (Parquet and CSV)" for name in sorted(bundle.tables))
    figures = "\n".join(f"- `{f}`" for f in sorted(bundle.folder.files) if f.endswith(".png"))
    left = "\n".join(
        f"- {what}{'' if count is None else f': {count:,}'} ({why})"
        for what, count, why in bundle.left_out
    )
    terms = f"\nTerms of the data: {facts['terms']}\n" if facts.get("terms") else ""
    return f"""# Aggregates of a study of communities

Made by graphkit. It holds sums, shares and means of groups of at least {bundle.least} accounts, and no
id of an account or item. There are {merged.n_communities} groups, "other" among them if small
communities were merged. Verdict of the study: {facts.get("verdict")}.
{terms}
## What is inside

{tables}

{figures}

## What was left out

{left}

Communities were merged before anything was computed, so that tables and figures agree. If what is
merged were one community, or fewer than {bundle.least} accounts, the next larger ones were merged too. Small
groups cannot be read off this folder; whoever has other results of the same data may compare them.
"""
