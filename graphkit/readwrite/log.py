"""Reader of interaction logs larger than memory: files are encoded chunk by chunk."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.ids import check_real_ids, describe_changes, judge_ids, suspect_ids, take_ids
from graphkit.data.incidence import Coder, IncidenceMatrix
from graphkit.data.provenance import Provenance
from graphkit.data.times import (
    PLAUSIBLE,
    check_forms,
    check_time_type,
    check_zone,
    conversions,
    local_notes,
    parse_times,
)
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import (
    DataError,
    FileError,
    MissingDataError,
    OptionError,
    name_some,
    nearest,
    warn,
)
from graphkit.readwrite.files import (
    CSV,
    NDJSON,
    PARQUET,
    expand_paths,
    reading_file,
    refuse_json_ids,
    refuse_other_text,
    scan_csv,
    sniff_csv,
)

__all__ = ["read_incidence"]

#: Rows that are held as text at a time.
CHUNK_ROWS = 1 << 22

Source = str | Path | Iterable[str | Path] | pl.LazyFrame | pl.DataFrame


def read_incidence(
    source: Source,
    *,
    entity: str = "account_id",
    thing: str = "item_id",
    at: str | None = None,
    kinds: Collection[str] | None = None,
    node_kind: str = "accounts",
    tz: str | None = None,
    real_ids: Collection[str] = (),
) -> IncidenceMatrix:
    """Read a two-mode (bipartite) network of actors and objects from an interaction log.

    Reads Parquet, CSV and NDJSON once, in chunks of some million rows; memory holds two 32-bit
    codes per row (and its time, with `at`) and the distinct ids: below 6 GB for 10⁸ rows with
    7 · 10⁶ ids, below 4 GB without times. The order of rows and files does not matter.

    Parameters
    ----------
    source
        Parquet, CSV or NDJSON files (``.csv`` and NDJSON also with ``.gz``), a folder of
        them, a glob, or a Polars frame, best a lazy one. Columns of CSV are separated by commas,
        semicolons, tabs or bars, as the header shows; others than commas are told in the provenance.
    entity, thing
        Columns of the ids of actors and objects, text or integers. Rows without one of them
        are dropped and counted; their actor is still a node. Blanks around ids are stripped, and
        words such as ``nan`` are missing ids; a warning counts both.
    at
        Column of the time of the interaction, of any form of :mod:`graphkit.data.times`; naive
        times are UTC. Times that cannot be read or lie outside 1990–2099 are missing, and counted;
        numbers since 1970 are counted in the provenance.
    kinds
        Kinds of interactions (column ``kind``) to include; other rows are counted. By default
        all rows.
    node_kind
        Type of the actors, for graphs of them.
    tz
        Time zone of times without one, such as ``"Europe/Berlin"`` or ``"+02:00"``; UTC if absent.
    real_ids
        Words that mean missing elsewhere, such as ``"null"``, but are ids here.

    Returns
    -------
    IncidenceMatrix
        Pairs with their number of interactions and, with `at`, the first and last time. Ids
        are sorted; ``removed`` counts the dropped rows by reason.

    Raises
    ------
    FileError
        If a file is missing, damaged, or in an unsupported format.
    DataError
        If ids are floats, lost their digits or hold control characters, if no time can be read, or
        times have several units.
    MissingDataError
        If a column is missing, or no row has both ids.
    OptionError
        If two of the columns are the same, or `kinds` is empty.

    Examples
    --------
    >>> log = pl.LazyFrame({"account_id": ["b", "a", "b", None], "item_id": ["v", "v", "v", "w"]})
    >>> found = read_incidence(log)
    >>> found.n_pairs, found.n_acts, dict(found.removed)
    (2, 3, {'rows without account_id': 1})
    """
    if kinds is not None:
        kinds = sorted({kinds} if isinstance(kinds, str) else set(kinds))
        if not kinds:
            raise OptionError("kinds is empty: name at least one kind of interaction.")
    words = check_real_ids(real_ids)
    if tz is not None:
        check_zone(tz)
    told: set[str] = set()
    columns = [c for c in (entity, thing, at, kinds and "kind") if c]
    lazy, where = _scan_source(source, columns, told)
    with reading_file(Path(where), "Check the file, or write it again."):
        schema = lazy.collect_schema()
    query = _select_columns(lazy, schema, (entity, thing), at, kinds, where)
    tally = dict.fromkeys(_removal_reasons(entity, thing, at), 0)
    coders = Coder(), Coder()
    changes: Counter[tuple[str, str]] = Counter()
    chunks: list[tuple[Any, Any, Any]] = []
    forms: set[str] = set()
    local: Counter[str] = Counter()
    with reading_file(Path(where), "Check the file, or write it again."):
        for chunk in query.collect_batches(chunk_size=CHUNK_ROWS, maintain_order=False):
            chunk = _take_chunk(chunk, (entity, thing), where, words, changes)
            chunks.append(_encode_chunk(chunk, coders, tally, forms if at else None, tz, local))
    check_forms(forms, f"{where}: column {at!r}")
    parameters: dict[str, Any] = {"entity": entity, "thing": thing, "at": at, "kinds": kinds}
    timed = sum(int((part >= 0).sum()) for _, _, part in chunks if part is not None)
    converted = dict.fromkeys(conversions(forms, str(at)), timed)
    converted |= local_notes(local, str(at), tz)
    parameters |= {"tz": tz} if tz is not None else {}
    parameters |= {"files": sorted(told)} if told else {}
    parameters |= {"converted": converted} if converted else {}
    parameters |= {"real_ids": list(words)} if words else {}
    matrix = _build_matrix(chunks, coders, tally, where, node_kind, parameters)
    for name, ids in ((entity, matrix.between.series), (thing, matrix.through.series)):
        seen: Counter[str] = Counter()
        suspect_ids(ids, seen, rows=matrix.n_pairs)
        changes += Counter({(name, text): n for text, n in seen.items()})
    if changes:
        changed = describe_changes(changes, "If such a word is an id, name it in real_ids=.")
        warn(f"read_incidence: {changed}")
    return matrix


def _take_chunk(
    chunk: pl.DataFrame,
    names: tuple[str, str],
    where: str,
    words: tuple[str, ...],
    changes: Counter[tuple[str, str]],
) -> pl.DataFrame:
    """The chunk with cleaned ids; what was changed is counted."""
    columns = []
    for side, name in zip(("actor", "object"), names, strict=True):
        seen: Counter[str] = Counter()
        place = f"{where}: column {name!r}"
        ids = take_ids(chunk.get_column(side), place, real_ids=words, changes=seen, whole=False)
        columns.append(ids)
        for text, count in seen.items():
            changes[name, text] += count
    return chunk.with_columns(columns)


def _scan_source(source: Source, columns: list[str], told: set[str]) -> tuple[pl.LazyFrame, str]:
    """Lazy frame of the source, and its name in messages; what is odd of the files is added to `told`."""
    if isinstance(source, pl.DataFrame):
        return source.lazy(), "the frame"
    if isinstance(source, pl.LazyFrame):
        return source, "the lazy frame"
    known = PARQUET + CSV + NDJSON
    what = "Parquet, CSV or NDJSON files"
    files = expand_paths(source, wanted=lambda p: p.name.lower().endswith(known), what=what)
    where = str(files[0]) + (f" and {len(files) - 1} more" if len(files) > 1 else "")
    names = [glob.escape(str(f)) for f in files]

    def all_end(endings: tuple[str, ...]) -> bool:
        return all(f.name.lower().endswith(endings) for f in files)

    if all_end(PARQUET):
        return pl.scan_parquet(names, hive_partitioning=False), where
    empty = [str(f) for f in files if f.stat().st_size == 0]
    if empty:
        raise FileError(f"{empty[0]} is empty: take it away, or write it again.")
    for file in files:
        if file.name.lower().endswith(CSV + NDJSON):
            with reading_file(file, "Check the file, or write it again."):
                refuse_other_text(file)
    if all_end(CSV):
        # as text, so that ids keep all digits
        forms = {file: sniff_csv(file) for file in files}
        told.update(note for form in forms.values() if (note := form.note()))
        parts = [scan_csv(file, form) for file, form in forms.items()]
        if len(parts) == 1:
            return parts[0], where
        if len(set(forms.values())) == 1:
            ((separator, skipped),) = set(forms.values())
            together = pl.scan_csv(
                names, infer_schema=False, separator=separator, skip_lines=skipped
            )
            return together, where
        return pl.concat([part.select(_present(part, columns)) for part in parts]), where
    if all_end(NDJSON):
        for file in files:
            with reading_file(file, "Check the file, or write it again."):
                refuse_json_ids(file, columns[:2])
        return pl.scan_ndjson(names, schema=dict.fromkeys(columns, pl.String)), where
    odd = next((f for f in files if not f.name.lower().endswith(known)), None)
    if odd is not None:
        raise FileError(f"{odd}: files that end in {', '.join(known)} are read.")
    raise FileError(f"{where}: the files are of several kinds; read one kind at a time.")


def _present(part: pl.LazyFrame, columns: list[str]) -> list[str]:
    there = part.collect_schema()
    return [column for column in columns if column in there]


def _select_columns(
    lazy: pl.LazyFrame,
    schema: pl.Schema,
    ids: tuple[str, str],
    at: str | None,
    kinds: list[str] | None,
    where: str,
) -> pl.LazyFrame:
    """Columns actor, object, wanted (of the given kinds) and, with `at`, at."""
    wanted = [c for c in (*ids, at) if c is not None]
    if len(set(wanted)) < len(wanted):
        raise OptionError(f"entity, thing and at name one column twice: {', '.join(wanted)}.")
    for name in [*wanted, *(["kind"] if kinds else [])]:
        if name not in schema:
            raise MissingDataError(
                f"read_incidence: {where} has no column {name!r}; there are "
                f"{name_some(schema) or 'none'}.{nearest(name, schema)}"
            )
    columns = [
        pl.col(ids[0]).alias("actor"),
        pl.col(ids[1]).alias("object"),
        (pl.col("kind").cast(pl.String).is_in(kinds) if kinds else pl.lit(True)).alias("wanted"),
    ]
    if at is not None:
        check_time_type(schema[at], f"{where}: column {at!r}")
        columns.append(pl.col(at).alias("at"))
    return lazy.select(columns)


def _removal_reasons(entity: str, thing: str, at: str | None) -> list[str]:
    reasons = [f"rows without {entity}", f"rows without {thing}", "rows of other kinds"]
    if at is not None:
        unread = f"times in {at} that cannot be read or lie outside 1990–2099"
        reasons += [unread, f"acts without {at}"]
    return reasons


def _encode_chunk(
    chunk: pl.DataFrame,
    coders: tuple[Coder, Coder],
    tally: dict[str, int],
    forms: set[str] | None,
    tz: str | None,
    local: Counter[str],
) -> tuple[Any, Any, Any]:
    """Codes and times of the interactions of a chunk; dropped rows are counted.

    The forms of its times are added to `forms`, `None` for a log without times, and what was done with
    local ones to `local`.
    """
    reasons = list(tally)
    nameless = chunk.get_column("actor").is_null()
    tally[reasons[0]] += int(nameless.sum())
    if nameless.any():
        chunk = chunk.filter(~nameless)
    rows = coders[0].add(chunk.get_column("actor"))
    wanted = chunk.get_column("wanted").fill_null(False)
    tally[reasons[2]] += int((~wanted).sum())
    kept = wanted & chunk.get_column("object").is_not_null()
    tally[reasons[1]] += int((wanted & ~kept).sum())
    if not kept.all():
        chunk, rows = chunk.filter(kept), rows[kept.to_numpy()]
    columns = coders[1].add(chunk.get_column("object"))
    if forms is None:
        return rows, columns, None
    parsed = parse_times(chunk.get_column("at"), "column 'at'", tz)
    forms |= parsed.forms
    local.update(parsed.local)
    outside = ~parsed.at.is_between(*PLAUSIBLE, closed="left")
    unread = int((parsed.unread | outside.fill_null(False)).sum())
    at = parsed.at.set(outside.fill_null(False), None)
    tally[reasons[3]] += unread
    tally[reasons[4]] += at.null_count() - unread
    return rows, columns, at.fill_null(-1).to_numpy()


def _concat_parts(parts: list[npt.NDArray[Any]], recode: npt.NDArray[np.int32] | None) -> Any:
    """Concatenate arrays, recoded if asked for, and free each on the way."""
    whole = np.empty(sum(p.size for p in parts), dtype=parts[0].dtype if parts else np.int32)
    parts.reverse()
    used = 0
    while parts:
        part = parts.pop()
        whole[used : used + part.size] = part if recode is None else recode[part]
        used += part.size
    return whole


def _build_matrix(
    chunks: list[tuple[Any, Any, Any]],
    coders: tuple[Coder, Coder],
    tally: dict[str, int],
    where: str,
    node_kind: str,
    parameters: dict[str, Any],
) -> IncidenceMatrix:
    entity, thing, at = (parameters[key] for key in ("entity", "thing", "at"))
    rows, columns, times = ([chunk[k] for chunk in chunks] for k in range(3))
    chunks.clear()
    removed = {reason: n for reason, n in tally.items() if n}
    if not sum(part.size for part in columns):
        raise MissingDataError(
            f"read_incidence: no row of {where} has {entity} and {thing}"
            + (f" (left out: {removed})" if removed else "")
            + "; check the names of the columns and kinds=."
        )
    stamps = None if at is None else _concat_parts(times, None)
    if stamps is not None and list(tally.values())[3] and not (stamps >= 0).any():
        raise DataError(
            f"read_incidence: no time in {at!r} of {where} can be read; write ISO 8601, in UTC."
        )
    vocabularies, codes = [], []
    for coder, parts, name in zip(coders, (rows, columns), (entity, thing), strict=True):
        ids, recode = coder.finish()
        judge_ids(ids, f"{where}: column {name!r}")
        vocabularies.append(Vocabulary(ids))
        codes.append(_concat_parts(parts, recode))
    packages = ("polars", "numpy")
    record = Provenance.of("read_incidence", parameters, removed=removed, packages=packages)
    return IncidenceMatrix.from_codes(
        vocabularies[0],
        vocabularies[1],
        codes[0],
        codes[1],
        stamps,
        node_kind=node_kind,
        provenance=record,
    )
