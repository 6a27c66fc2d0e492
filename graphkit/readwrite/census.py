"""Any log in: recognise files by their beginning, read what is known, and account for every file.

A folder or a zip archive is a census: each file in it is read, refused with a reason, or listed as
not understood, and the three add up to all files.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.files import to_toml, write_text
from graphkit.data.frames import advise_frame
from graphkit.data.graph_convert import library_of
from graphkit.data.results import ImportReport
from graphkit.data.times import check_zone
from graphkit.errors import (
    DataError,
    FileError,
    GraphkitError,
    MissingDataError,
    OptionError,
    check_choice,
    name_some,
    nearest,
    shorten,
    warn,
)
from graphkit.parallel import refuse_after_fork, track
from graphkit.readwrite.extract import Direction, Extract, Importer, ImportOptions, combine
from graphkit.readwrite.files import no_such_path
from graphkit.readwrite.folder import is_dataset, is_table, read_dataset
from graphkit.readwrite.hetrec import is_hetrec_lastfm, read_hetrec_lastfm
from graphkit.readwrite.importers import IMPORTERS
from graphkit.readwrite.source import Sample, Source, keep_archive_open, list_sources, look_at
from graphkit.readwrite.tiktok import read_tiktok_api

__all__ = ["formats", "read_any", "write_report"]

#: Formats of whole folders, which have readers of their own.
_FOLDERS = {
    "folder": "a dataset folder of graphkit: tables as Parquet, CSV or NDJSON",
    "hetrec-lastfm": "the folder of HetRec 2011, Last.fm",
}
_ONE_TABLE = "one table: Parquet, CSV or NDJSON"


def formats() -> pl.DataFrame:
    """Formats that :func:`read_any` reads: name, what its files are.

    Examples
    --------
    >>> formats().filter(name="folder").get_column("holds").to_list()
    ['a dataset folder of graphkit: tables as Parquet, CSV or NDJSON']
    """
    rows = [*_FOLDERS.items(), *((i.name, i.holds) for i in IMPORTERS)]
    return pl.DataFrame(rows, schema={"name": pl.String, "holds": pl.String}, orient="row")


def read_any(
    path: str | Path,
    *,
    account: str | Mapping[str, str] | None = None,
    direction: Direction | None = None,
    tz: str | None = None,
    columns: Mapping[str, Any] | None = None,
    table: str | None = None,
    kind_is: str | None = None,
    separator: str | None = None,
    format: str | None = None,
    stitches: Iterable[str | Path] = (),
) -> tuple[Dataset, ImportReport]:
    """Read a log in any format that is known: a file, a folder, or a zip archive of files.

    Files are recognised by their columns, keys or first bytes, never by what is in their cells.
    In a folder or archive, files of several formats and many donors become one dataset; ids stay
    as they are (:func:`graphkit.privacy.pseudonymise` replaces them). What was recognised and why,
    and what became of every file and record, is in the report.

    Parameters
    ----------
    path
        File, folder or zip archive.
    account
        The account whose likes, follows, posts seen or export a file holds, where the file does
        not say it, or in place of the name in an export: one for all files, or a mapping of file
        names, or ends of paths, to accounts, such as ``{"liked.json": "ann", "donor2/liked.json":
        "bob"}``.
    direction
        Whether lists of follows that do not say it hold the ``"followers"`` of the account that was
        asked, or those whom it is ``"following"``.
    tz
        Time zone of times that are written without one, such as ``"Europe/Berlin"`` or ``"+02:00"``.
    columns, table, kind_is, separator
        For tables of no known tool, as in :func:`graphkit.read_dataset`: names of columns, such as
        ``{"user": "account_id"}``, the table that one file holds, the kind of interaction, what parts
        lists in cells.
    format
        A name of :func:`formats`: files are then read as this format, without recognition.
    stitches
        For answers of TikTok's Research API: files or folders of stitch lists.

    Returns
    -------
    tuple of Dataset and ImportReport
        ``report.files`` has a row for each file, ``report.recognised`` a sentence.

    Raises
    ------
    FileError
        If the path does not exist, or no file is of a known format.
    MissingDataError
        If the file needs `account` or `direction`.
    OptionError
        For an unknown format or time zone, for an account of a file that is not there, for one
        account of exports that name several owners, and for `account` or `direction` of tables,
        whose columns say it.
    DataError
        If a frame or graph is passed instead of a path.

    Warns
    -----
    GraphkitWarning
        If some files of a folder were refused or not understood.

    Examples
    --------
    >>> import tempfile
    >>> from graphkit.readwrite import write_dataset
    >>> ds = Dataset(follows={"follower_id": ["a", "b"], "followee_id": ["b", "a"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again, report = read_any(write_dataset(ds, folder))
    >>> again.content_key == ds.content_key, report.recognised
    (True, 'a dataset folder of graphkit: tables as Parquet, CSV or NDJSON, as it has a dataset.toml')
    """
    refuse_after_fork()
    path, lists = _path_of(path), list(stitches)
    if format is not None:
        check_choice("format", format, [*_FOLDERS, *(i.name for i in IMPORTERS)])
    if direction is not None:
        check_choice("direction", direction, ("followers", "following"))
    if tz is not None:
        check_zone(tz)
    if not path.exists():
        raise no_such_path(path)
    if lists:
        known = format or ("folder" if path.is_dir() and is_dataset(path) else "tiktok")
        if known != "tiktok":
            raise OptionError(f"stitches= does not go with format={known!r}.")
    given = {"columns": columns, "table": table, "kind_is": kind_is, "separator": separator}
    given = {name: value for name, value in given.items() if value is not None}
    if lists:
        for name in (*given, *(["direction"] if direction else [])):
            raise OptionError(
                f"{name}= does not go with stitches=, which is for answers of TikTok."
            )
        dataset, report = read_tiktok_api(path, stitches=lists, account=account)
        return dataset, report.with_files(_whole_folder("tiktok", path, "stitches= says so"))
    if given and format not in (None, "folder"):
        raise OptionError(f"{next(iter(given))}= is for tables: it does not go with {format=}.")
    own = format == "folder" or bool(given)
    if own or (format is None and is_dataset(path) and not _is_foreign(path)):
        _refuse_asked(account=account, direction=direction)
        dataset, report = read_dataset(path, tz=tz, **given)  # type: ignore[arg-type]
        has = (path / "dataset.toml").exists()
        why = "it has a dataset.toml" if has else "its files are tables"
        why = "its columns say what it holds" if path.is_file() and not given else why
        why = f"{next(iter(given))}= says so" if given else why
        return dataset, report.with_files(_whole_folder("folder", path, why))
    if format == "hetrec-lastfm" or (format is None and is_hetrec_lastfm(path)):
        _refuse_asked(account=account, direction=direction)
        dataset, report = read_hetrec_lastfm(path)
        why = "it has the files of the set"
        return dataset, report.with_files(_whole_folder("hetrec-lastfm", path, why))
    with keep_archive_open():
        return _read_census(path, ImportOptions(account, direction, tz, path), format)


def _refuse_asked(**options: object) -> None:
    """Refuse what is asked of exports and lists, where tables say it."""
    for name, value in options.items():
        if value is not None:
            raise OptionError(
                f"{name}= is for files that do not say it, such as exports and lists of one account; "
                "these are tables, whose columns do: leave it out."
            )


def write_report(report: ImportReport, path: str | Path) -> Path:
    """Write the report of an import as TOML: counts by format, record and reason, and no file names.

    Names of files may be those of persons, so that files are counted by format, status and reason.

    Parameters
    ----------
    report
        Report of :func:`read_any`.
    path
        File to write.

    Returns
    -------
    Path
        The file.
    """
    path = Path(path)
    counted = report.files.group_by(
        "status", "format", "holds", "evidence", "reason", maintain_order=True
    ).len("files")
    values = {
        "files": [{k: v for k, v in row.items() if v} for row in counted.iter_rows(named=True)],
        "records": report.rows.to_dicts(),
        "dropped": report.dropped.to_dicts(),
        "notes": report.notes.to_dicts(),
    }
    write_text(path, to_toml(values))
    return path


def _is_foreign(path: Path) -> bool:
    """Whether files that are named as graphkit's tables are of another format."""
    if (path / "dataset.toml").exists():
        return False
    files = [path] if path.is_file() else [p for p in path.iterdir() if is_table(p.name)]
    return any(recognise(look_at(Source(file))) is not None for file in files)


def _whole_folder(name: str, path: Path, why: str) -> list[dict[str, Any]]:
    holds = dict(formats().rows())[name]
    holds = _ONE_TABLE if name == "folder" and path.is_file() else holds
    return [_line(str(path), name, holds, why, "read", "")]


def _path_of(path: object) -> Path:
    """The path; a DataError for what is in memory already, with what to call instead."""
    if isinstance(path, str | Path) or hasattr(path, "__fspath__"):
        return Path(path)
    advice = advise_frame(path)
    if not advice and library_of(path):
        advice = "a graph goes into graphkit's functions as it is."
    raise DataError(
        f"read_any reads files: the path is a {type(path).__name__}"
        + (f". This is no file: {advice}" if advice else ", and a text or Path is needed.")
    )


def _line(
    file: str, format: str | None, holds: str | None, why: str, status: str, reason: str
) -> dict[str, Any]:
    return {
        "file": file,
        "format": format,
        "holds": holds,
        "evidence": why,
        "status": status,
        "reason": reason,
    }


def recognise(sample: Sample) -> tuple[Importer, str] | None:
    """The first importer that takes a file, and its evidence."""
    for importer in IMPORTERS:
        evidence = importer.recognise(sample)
        if evidence is not None:
            return importer, evidence
    return None


def _recognise_all(
    path: Path,
    sources: Sequence[Source],
    given: Importer | None,
    lines: dict[Source, dict[str, Any]],
) -> dict[tuple[str, str], list[Sample]]:
    """Files by their importer and group; `lines` gets what each is taken for."""
    found: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    keys: dict[frozenset[str], frozenset[str]] = {}
    for source in track(sources, "looking at files", len(sources)):
        try:
            sample = look_at(source)
        except FileError as error:
            if len(sources) == 1:
                raise
            reason = _reason(error, source, path)
            lines[source] = _line(source.place, None, None, "", "not read", reason)
            continue
        known = (given, "format= names it") if given else recognise(sample)
        if known is None:
            lines[source] = _line(source.place, None, None, "", "not understood", describe(sample))
            continue
        importer, why = known
        lines[source] = _line(source.place, importer.name, importer.holds, why, "read", "")
        # the beginnings of ten thousand files would fill the memory
        sample = sample.without_text(keys) if len(sources) > 1 else sample
        found[importer.name, importer.group(source)].append(sample)
    return found


def _read_found(
    path: Path,
    found: Mapping[tuple[str, str], list[Sample]],
    options: ImportOptions,
    lines: dict[Source, dict[str, Any]],
) -> list[Extract]:
    """What the importers read of their files; `lines` gets why others could not be read.

    Raises if nothing can.
    """
    importers = {i.name: i for i in IMPORTERS}
    extracts: list[Extract] = []
    failures: list[GraphkitError] = []
    for (name, _), samples in track(found.items(), "reading files", len(found)):
        try:
            extracts.append(importers[name].read(samples, options))
        except GraphkitError as error:
            if len(found) == 1 and not any(s["status"] != "read" for s in lines.values()):
                raise
            failures.append(error)
            named = [s.source for s in samples]
            for sample in samples:
                reason = _reason(error, sample.source, path, named)
                lines[sample.source] |= {"status": "not read", "reason": reason}
    for extract in extracts:
        for source, why in extract.refused.items():
            lines[source] |= {"status": "not read", "reason": _reason(why, source, path)}
    if not extracts or all(one["status"] != "read" for one in lines.values()):
        if failures:
            raise failures[0]
        raise _nothing_known(path, lines)
    return extracts


def _read_census(
    path: Path, options: ImportOptions, format: str | None
) -> tuple[Dataset, ImportReport]:
    sources, idle = list_sources(path)
    if not sources:
        raise FileError(f"{path} holds no file.")
    lines: dict[Source, dict[str, Any]] = {
        s: _line(s.place, None, None, "", "not understood", "a file of the system, not data")
        for s in idle
    }
    _check_accounts(options, sources)
    digests = _digest_alike(sources)
    importers = {i.name: i for i in IMPORTERS}
    found = _recognise_all(path, sources, importers[format] if format else None, lines)
    for source in _drop_copies(found, digests, options):
        lines[source] |= {"status": "not read", "reason": "the same bytes as another file here"}
    if not found:
        raise _nothing_known(path, lines)
    extracts = _read_found(path, found, options, lines)
    read = [one for one in lines.values() if one["status"] == "read"]
    source_text = "; ".join(sorted({str(one["holds"]) for one in read}))
    parameters = {
        "formats": dict(sorted(Counter(str(one["format"]) for one in read).items())),
        "direction": options.direction,
        "tz": options.tz,
        "account": None if options.account is None else "given",
    }
    _refuse_merged_owners(path, options, extracts)
    _ask_for_accounts(path, extracts, alone=len(read) == 1)
    if not any(extract.tables for extract in extracts):
        raise _nothing_in(path, source_text, extracts)
    try:
        dataset, total = combine(
            extracts, source=source_text, caller="read_any", parameters=parameters
        )
    except DataError as error:
        # the rows of a table are of all files together
        raise type(error)(f"{path}: {error}") from None
    report = ImportReport.of(total.read, total.kept, total.dropped, total.notes)
    ordered = [lines[s] for s in sorted(lines)]
    report = report.with_files(ordered)
    _warn_of_others(path, ordered)
    platforms = {importers[str(one["format"])].platform for one in read} - {""}
    if len(platforms) > 1:
        warn(
            f"read_any: {path} has files of {name_some(sorted(platforms))}: accounts and items of one "
            "id are taken as the same, whatever the platform. Read each platform by itself."
        )
    return dataset, report


def _refuse_merged_owners(path: Path, options: ImportOptions, extracts: Sequence[Extract]) -> None:
    """Refuse one `account` for exports of several accounts, which would become one."""
    named = set[str]().union(*(extract.renamed for extract in extracts))
    if isinstance(options.account, str) and len(named) > 1:
        raise OptionError(
            f"account={shorten(options.account)} is one account, and {path} has exports of "
            f"{len(named):,}, which say whose they are: name files in account={{'file.json': 'name'}}."
        )


def _digest_alike(sources: Sequence[Source]) -> dict[Source, bytes]:
    """Digests of files that may have the bytes of another: of one size, or packed and unpacked."""
    by_size: dict[int, list[Source]] = defaultdict(list)
    by_name: dict[str, list[Source]] = defaultdict(list)
    for archive, group in groupby(sources, key=lambda s: s.path if s.member else None):
        if archive is None:
            for source in group:
                by_size[source.path.stat().st_size].append(source)
                by_name[source.name].append(source)
            continue
        with zipfile.ZipFile(archive) as opened:
            for source in group:
                by_size[opened.getinfo(source.member).file_size].append(source)
                by_name[source.name].append(source)
    alike = {s for some in by_size.values() if len(some) > 1 for s in some}
    for some in by_name.values():
        if len({s.parts[-1].lower() for s in some}) > 1:
            alike |= set(some)
    digests = {source: _digest(source) for source in sources if source in alike}
    return {source: digest for source, digest in digests.items() if digest is not None}


def _drop_copies(
    found: dict[tuple[str, str], list[Sample]],
    digests: Mapping[Source, bytes],
    options: ImportOptions,
) -> list[Source]:
    """Take out copies: files of one account that occur twice in a group, and copied groups.

    Equal files in the exports of two donors are no copies: an export is one if it has no other file.
    """
    copies: list[Source] = []
    seen: list[tuple[str, set[tuple[str | None, bytes]]]] = []
    for (name, group), samples in list(found.items()):
        own: set[tuple[str | None, bytes]] = set()
        kept, whole = [], True
        for sample in samples:
            digest = digests.get(sample.source)
            mark = None if digest is None else (options.account_of(sample.source), digest)
            if mark is not None and mark in own:
                copies.append(sample.source)
                continue
            whole = whole and mark is not None
            kept.append(sample)
            if mark is not None:
                own.add(mark)
        if whole and any(other == name and own <= marks for other, marks in seen):
            copies += [sample.source for sample in kept]
            del found[name, group]
            continue
        seen.append((name, own))
        found[name, group] = kept
    return copies


def _digest(source: Source) -> bytes | None:
    """SHA-256 of what a file holds, `None` if it cannot be read; the reader says why."""
    hashed = hashlib.sha256()
    try:
        with source.open() as file:
            while block := file.read(1 << 20):
                hashed.update(block)
    except FileError:
        return None
    return hashed.digest()


def _check_accounts(options: ImportOptions, sources: Sequence[Source]) -> None:
    """Refuse a mapping of accounts that names a file that is not there."""
    for name in options.account if isinstance(options.account, Mapping) else ():
        if not any(source.ends_with(name) for source in sources):
            known = sorted({source.parts[-1] for source in sources})
            raise OptionError(
                f"account={{{shorten(name)}: …}}: no file has this name.{nearest(name, known)} A file is "
                "named with its ending, if need be after its folder: 'donor2/liked.json'."
            )


def _reason(
    error: GraphkitError | str, source: Source, root: Path, others: Sequence[Source] = ()
) -> str:
    """Message of an error without names of files and folders, which may be a person's.

    The row has the name of its own file. Of files that were read together and all failed, the
    error is that of one.
    """
    text = str(error).removeprefix(source.place).lstrip(":, ")
    for other in others if others != [source] else ():
        text = text.replace(other.place, "another file")
    for one in (source, *others):
        for name in (one.place, str(one.path), one.member, one.parts[-1]):
            if "." in name or "/" in name:
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "the file", text)
    inside = [root, *(p for p in Path(source.place).parents if root in p.parents)]
    for folder in sorted(map(str, inside), key=len, reverse=True):
        text = text.replace(folder, "its folder")
    return shorten_text(text.removeprefix("is "))


def shorten_text(text: str, most: int = 300) -> str:
    """The beginning of a message."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


#: What is known by its suffix and is not read here.
_ELSEWHERE = {
    (".gexf", ".graphml", ".gml", ".net", ".paj"): "a graph file: read it with "
    "graphkit.readwrite.read_graph(path)",
    (".dot", ".gv"): "a drawing of a graph (DOT): export GraphML or GEXF",
    (".xlsx", ".xls", ".ods"): "a workbook: export its sheet as CSV, with ids as text",
    (".rds", ".rda", ".rdata"): "a file of R: in R, arrow::write_parquet(x, 'x.parquet')",
    (".sav", ".dta", ".sas7bdat"): "a file of SPSS, Stata or SAS: export CSV, with ids as text",
    (".db", ".sqlite", ".sqlite3"): "an SQLite database: export its tables as CSV or Parquet",
    (".pkl", ".pickle"): "a pickle, which may run code: write the frame as Parquet",
    (".txt.zip", ".rar", ".7z", ".tar", ".tgz", ".bz2", ".xz"): "an archive: unpack it",
}


def describe(sample: Sample) -> str:
    """What a file of no known format is, in words, without its content."""
    name = sample.source.parts[-1].lower()
    for endings, what in _ELSEWHERE.items():
        if name.endswith(endings):
            return what
    if sample.kind == "xml" and any(mark in sample.text[:4000] for mark in ("<gexf", "<graphml")):
        return "a graph file: read it with graphkit.readwrite.read_graph(path)"
    if sample.kind == "delimited":
        if sample.text.partition("\n")[0].count("tiktok.com/") == 2:
            return (
                "a list of pairs of addresses of TikTok: name stitch lists with stitches=, on the "
                "command line --stitches"
            )
        return (
            f"{sample.what} of no known tool: name its columns with columns= and table=, pass a frame to "
            "graphkit.from_frame(frame, account=…, item=…), or, if its rows are edges, read it with "
            "graphkit.readwrite.read_graph(path)"
        )
    if sample.kind in ("json", "ndjson", "javascript"):
        return f"{sample.what} with keys of no known tool"
    return sample.what


def _ask_for_accounts(path: Path, extracts: Sequence[Extract], *, alone: bool) -> None:
    """Say which records lack the account whose they are: an error for a file of nothing else."""
    lost = Counter[str]()
    for extract in extracts:
        for (table, reason), rows in extract.dropped.items():
            if "pass account=" in reason:
                lost[table] += rows
    if not lost:
        return
    told = ", ".join(f"{rows:,} {table}" for table, rows in lost.items())
    names = {name for extract in extracts for name in extract.tables}
    text = f"{path} holds {told}, and does not say whose they are: pass account='name'"
    if alone and names <= {"items", "accounts"} and set(lost) != {"impressions"}:
        raise MissingDataError(f"{text}.")
    more = "" if alone else ", or account={'file.json': 'name', …}"
    warn(f"read_any: {text}{more}. They were left out.")


def _nothing_in(path: Path, holds: str, extracts: Sequence[Extract]) -> MissingDataError:
    """Error for files of a known format in which there is nothing to read."""
    why = Counter[str]()
    for extract in extracts:
        for counts in (extract.dropped, extract.notes):
            for (_, reason), rows in counts.items():
                why[reason] += rows
    told = "; ".join(f"{shorten_text(r, 120)} ({n:,})" for r, n in why.most_common(3))
    return MissingDataError(
        f"{path} is {shorten_text(holds, 200)}, and holds nothing for a dataset"
        f"{': ' + told if told else ''}."
    )


def _nothing_known(path: Path, lines: Mapping[Source, Mapping[str, Any]]) -> FileError:
    reasons = Counter(str(one["reason"]) for one in lines.values())
    if len(lines) == 1:
        (reason,) = reasons
        return FileError(
            f"{path} is {shorten_text(reason)}. graphkit.readwrite.formats() lists what is read."
        )
    told = "; ".join(f"{shorten_text(why, 120)} ({n:,})" for why, n in reasons.most_common(3))
    return FileError(
        f"{path}: none of {len(lines):,} files is of a format that is known: {told}. "
        "graphkit.readwrite.formats() lists what is read."
    )


def _warn_of_others(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    others = [one for one in lines if one["status"] != "read"]
    if others:
        most, times = Counter(str(one["reason"]) for one in others).most_common(1)[0]
        warn(
            f"read_any: {len(others):,} of {len(lines):,} files in {path} were not read: "
            f"{shorten_text(most, 200).rstrip('.')} ({times:,}). report.files has the reason for each."
        )
