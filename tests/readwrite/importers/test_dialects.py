"""Dialects of tables: the files of dialects themselves, and the rules by which tables are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import graphkit
from graphkit.data.schema import TABLES
from graphkit.errors import DataError, FileError, GraphkitError, MissingDataError, OptionError
from graphkit.readwrite.extract import Extract, ImportOptions
from graphkit.readwrite.importers.dialects import Column, Entry, Format, Shape, load_formats
from graphkit.readwrite.source import Source, look_at

FOLDER = Path(graphkit.__file__).parent / "readwrite" / "importers"
FILES = sorted(FOLDER.glob("*.toml"))
FORMATS: dict[str, Format] = {}
for _file in FILES:
    FORMATS |= load_formats(_file)
CASES = [
    pytest.param(f, shape, entry, id=f"{f.name}-{shape.records}-{entry.table}-{i}")
    for f in FORMATS.values()
    for shape in f.shapes
    for i, entry in enumerate(shape.entries)
]

#: Names of files that regular expressions of the dialects ask for.
NAMES = {
    "^(?:(?:tiktok|researchtikpy|traktok|user)_)*liked": "liked_videos.csv",
    "^(?:(?:tiktok|researchtikpy|traktok|user)_)*reposted": "reposted.csv",
    "^(?:(?:tiktok|researchtikpy|traktok|user)_)*pinned": "user_pinned.csv",
    "microlens": "MicroLens-50k_pairs.csv",
    r"microlens.*pairs\.tsv$": "MicroLens-50k_pairs.tsv",
    "microlens.*titles": "MicroLens-50k_titles.csv",
    r"^(?:ratings\.dat|u\.data|u[1-5ab]\.(?:base|test))$": "u.data",
    r"^tags\.dat$": "tags.dat",
    r"^movies\.dat$": "movies.dat",
    r"^followers\.csv$": "followers.csv",
    r"^interactions\.csv$": "interactions.csv",
}
#: Cells, and the values that their pattern takes out.
PATTERNS = {
    "^at://([^/]+)": ("at://did:plc:one/app.bsky.feed.post/3k1", "did:plc:one"),
    "^([^,]+)": ("en,de", "en"),
    """['"]unique_id['"]: ?['"]([^'"]+)['"]""": ("{'uid': '1', 'unique_id': 'Ann'}", "ann"),
}
AT = datetime(2024, 5, 30, 15, tzinfo=UTC)


def read(file: Format, path: Path, **options: Any) -> Extract:
    return file.read([look_at(Source(path))], ImportOptions(**options))


def cell_and_value(column: Column, number: int) -> tuple[str, object]:
    """A cell of a column, and what is to be read from it."""
    if column.pattern is not None:
        return PATTERNS[column.pattern]
    if column.kind == "id":
        text = f"70000000000000{number:05}"
        return text, column.prefix + (text if column.glue is None else f"{text}{column.glue}{text}")
    if column.kind == "handle":
        # whose id the file does not tell
        return f"@Name_{number}", f"{'@' if column.known else ''}name_{number}"
    if column.kind in ("time", "local time"):
        return (f"{AT:%Y%m%d%H%M}" if column.form else "2024-05-30T15:00:00"), AT
    if column.kind == "integer":
        return f"{number}.0", number
    if column.kind == "number":
        by = column.per if isinstance(column.per, int) else 2 if column.per else 1
        return str(number + 0.5), (number + 0.5) / by
    if column.kind == "text":
        return f"Text {number}", f"{column.prefix}Text {number}"
    if column.key is not None:
        return f'[{{"other": 1, "{column.key}": "x"}}, {{"{column.key}": "y"}}]', ["x", "y"]
    return f"x{column.separator or '|'}y", ["x", "y"]


def header_of(shape: Shape, entry: Entry) -> list[str]:
    if shape.names is not None:
        return list(shape.names)
    wanted = [need.split("|")[0] for need in (*shape.needs, *entry.needs)]
    for column in shape.columns.values():
        wanted += column.of if column.glue is not None else [column.of[0]]
        wanted += [column.per] if isinstance(column.per, str) else []
    out = {*shape.lacks, *entry.lacks}
    return [name for name in dict.fromkeys(wanted) if name not in out]


@pytest.mark.parametrize(("file", "shape", "entry"), CASES)
def test_every_entry_of_every_dialect(
    file: Format, shape: Shape, entry: Entry, tmp_path: Path
) -> None:
    """One record in the shape of each entry gives its row, from the cells that it names."""
    header = header_of(shape, entry)
    row = dict.fromkeys(header, "1")
    expected: dict[str, object] = {}
    for number, (name, column) in enumerate(shape.columns.items(), start=1):
        cell, value = cell_and_value(column, number)
        condition = entry.where.get(name)
        if condition in ("yes", "no", "empty"):
            cell = {"yes": "1", "no": "0", "empty": ""}[condition]
        for source in column.of if column.glue is not None else column.of[:1]:
            if source in row and row[source] == "1":
                row[source] = cell
        expected[name] = value
    for name, column in shape.columns.items():
        if isinstance(column.per, str):
            row[column.per] = "2"
            for other, divisor in shape.columns.items():
                if divisor.of[0] == column.per and isinstance(divisor.per, int):
                    expected[other] = 2 / divisor.per
        if shape.names is None and column.of[0] in row and name in entry.columns.values():
            shared = [c for c in shape.columns.values() if c.of[0] == column.of[0]]
            if len(shared) > 1:  # one cell that is read in two ways
                cell, value = cell_and_value(shared[0], 99)
                if column.pattern is not None:
                    cell, value = PATTERNS[column.pattern]
                elif any(c.pattern for c in shared):
                    cell = value = next(PATTERNS[c.pattern][0] for c in shared if c.pattern)
                elif column.prefix:
                    value = column.prefix + cell.removeprefix(shared[0].prefix)
                row[column.of[0]], expected[name] = cell, value
    asks = {"account": "@Me", "direction": "followers", "tz": "UTC"}
    separator = entry.separator or ("\t" if shape.names else ",")
    lines = [separator.join(header)] if shape.names is None else []
    lines.append(separator.join(_quoted(cell) for cell in row.values()))
    path = tmp_path / NAMES[entry.file or shape.file or "microlens.*titles"]
    if entry.file is None and shape.file is None:
        path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert file.recognise(look_at(Source(path))), lines
    extract = read(file, path, **asks)
    assert extract.read[shape.records] == 1
    assert extract.kept[shape.records] == (0 if shape.lost else 1)
    rows = extract.tables[entry.table]
    me = "me" if any(c.kind == "handle" for c in shape.columns.values()) else "@Me"
    sources = dict(entry.columns)
    if entry.listed is not None and entry.asked is not None:
        sources |= {"follower_id": entry.listed, "followee_id": entry.asked}
    if (kind := sources.get("kind", "")).startswith("="):
        rows = rows.filter(pl.col("kind") == kind[1:])
    wanted: dict[str, Any] = {}
    for target, source in sources.items():
        special: dict[str, object] = {"@account": me, "@row": 0}
        constant = source[1:] if source.startswith("=") else None
        wanted[target] = constant or special.get(source, expected.get(source))
    spread = [
        t
        for t, v in wanted.items()
        if isinstance(v, list) and TABLES[entry.table].column(t).type == "id"
    ]
    wanted_rows = [wanted]
    if spread:
        wanted_rows = [wanted | {spread[0]: one} for one in wanted[spread[0]]]
    found = rows.select(list(wanted)).to_dicts()
    for one in wanted_rows:
        assert any(_alike(row, one) for row in found), (one, found)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _alike(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(
        row[name] == (pytest.approx(value) if isinstance(value, float) else value)
        for name, value in wanted.items()
    )


def test_names_of_formats_and_records_are_words_of_their_own() -> None:
    assert len(FORMATS) == sum(len(load_formats(file)) for file in FILES)
    for name, file in FORMATS.items():
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert file.holds.startswith(("a ", "an "))
        assert not file.holds.endswith(".")


@pytest.mark.parametrize("table", sorted(TABLES))
def test_tables_of_a_dataset_are_no_dialect(table: str, tmp_path: Path) -> None:
    path = tmp_path / f"{table}.csv"
    names = [column.name for column in TABLES[table].columns]
    path.write_text(f"{','.join(names)}\n{','.join('1' for _ in names)}\n")
    assert not any(file.recognise(look_at(Source(path))) for file in FORMATS.values())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[a]\nholds='x'\n[a.b]\nneeds=['i']\n[a.b.columns]\ni='id'\n[a.b.items]\nitem_id='j'\n",
         "'j' is not among"),
        ("[a]\nholds='x'\n[a.b]\n[a.b.columns]\ni='id'\n[a.b.items]\nitem='i'\n", "no column"),
        ("[a]\nholds='x'\n[a.b]\n[a.b.columns]\ni='id'\n[a.b.items]\nitem_id='i'\ncreated_at='i'\n",
         "cannot be made from id"),
        ("[a]\nholds='x'\n[a.b]\n[a.b.columns]\ni='ids'\n[a.b.items]\nitem_id='i'\n", "a.b: columns.i.as"),
        ("[a]\nholds='x'\n[a.b]\nneed=['i']\n[a.b.columns]\ni='id'\n[a.b.items]\nitem_id='i'\n",
         "Extra inputs"),
        ("[a]\nholds='x'\n[a.b.columns]\ni='id'\n", "a.b: entries"),
        ("[a]\nholds='x'\n[a.b.columns]\ni='id'\n[a.b.items]\nitem_id='i'\nwhere={i='maybe'}\n",
         "'maybe' has no meaning"),
    ],
)  # fmt: skip
def test_a_wrong_file_of_dialects_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(DataError, match=re.escape(problem)) as caught:
        load_formats(file)
    assert str(caught.value).startswith("wrong.toml: a")


# ------------------------------------------------------------------ rules of reading
RULES = """
[rules]
holds = "a table of this test"
missing = ["null"]
missing_fields = "made_up"

[rules.posts]
needs = ["id", "who"]

[rules.posts.columns]
id = "id"
who = "handle"
at = { as = "time", missing = ["0"] }
words = { as = "list", separator = "|" }
plays = "integer"
length = { as = "number", per = 1000 }
old = "text"
friend = { as = "handle", known = ["who", "id"] }
score = "number"

[rules.posts.items]
item_id = "id"
author_id = "who"
created_at = "at"
tags = "words"
view_count = "plays"
duration = "length"

[[rules.posts.interactions]]
where = { score = ">= 3" }
account_id = "who"
item_id = "id"
kind = "=rating"
value = "score"

[[rules.posts.interactions]]
where = { old = "no" }
account_id = "who"
kind = "=mention"
target_account_id = "friend"
"""


@pytest.fixture(name="rules")
def _rules(tmp_path: Path) -> Format:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    return load_formats(file)["rules"]


def table(tmp_path: Path, text: str, name: str = "posts.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_rows(rules: Format, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "id,who,at,words,plays,length,old,friend,score,made_up,left out\n"
        "1,@Ann,0,a|b,5.0,1500,no,BOB,3,,secret\n"
        "2,Bob,2024-05-30,,x,-1,yes,ann,2.5,,secret\n"
        ",Cleo,2024-05-30,c,1,1,no,dan,9,,secret\n"
        '4,null,1717081224,c,0,null,FALSE,Dan,3.5,"plays, length",secret\n',
    )
    extract = read(rules, path)
    assert extract.read == {"posts": 4}
    assert extract.dropped == {("posts", "no id"): 1}
    assert extract.tables["items"].rows() == [
        ("1", "ann", None, ["a", "b"], 5, 1.5),
        ("2", "bob", datetime(2024, 5, 30, tzinfo=UTC), None, None, None),
        ("4", None, datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC), ["c"], None, None),
    ]
    # a friend whose id is in the file, and no row without an account
    assert extract.tables["interactions"].rows() == [
        ("ann", "1", "rating", 3.0, None),
        ("ann", None, "mention", None, "2"),
    ]
    assert extract.notes == {
        ("posts", "lists in 'words' parted at '|'"): 1,
        ("posts", "plays: no number: set to missing"): 1,
        ("posts", "duration below 0: set to missing"): 1,
        ("posts", "friend: an id is not in the file: @ and the user name"): 2,
        ("posts", "rows of interactions without account_id or kind: left out"): 2,
    }


def test_parquet_gives_the_rows_of_the_same_csv(rules: Format, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "id": [7374807619341093709, 2],
            "who": ["Ann", None],
            "at": [datetime(2024, 5, 30, tzinfo=UTC), None],
            "words": [["a", "b"], []],
            "plays": [3, None],
        }
    )
    frame.write_parquet(tmp_path / "posts.parquet")
    extract = read(rules, tmp_path / "posts.parquet")
    assert extract.tables["items"].rows() == [
        ("7374807619341093709", "ann", datetime(2024, 5, 30, tzinfo=UTC), ["a", "b"], 3),
        ("2", None, None, [], None),
    ]


def test_ids_that_lost_digits_are_refused(rules: Format, tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [7374807619341093709.0], "who": ["ann"]})
    frame.write_parquet(tmp_path / "posts.parquet")
    with pytest.raises(DataError, match="its digits are lost"):
        read(rules, tmp_path / "posts.parquet")
    with pytest.raises(DataError, match=r"row 2.*7.37481E\+18.*its digits are lost"):
        read(rules, table(tmp_path, "id,who\n1,ann\n7.37481E+18,bob\n"))


def test_one_broken_file_among_several(rules: Format, tmp_path: Path) -> None:
    good = look_at(Source(table(tmp_path, "id,who\n1,ann\n")))
    bad = look_at(Source(table(tmp_path, "id,who\n7.3E+18,ann\n", "bad.csv")))
    extract = rules.read([bad, good], ImportOptions())
    assert extract.read == {"posts": 1}
    assert list(extract.refused) == [bad.source]
    assert "digits are lost" in extract.refused[bad.source]
    with pytest.raises(DataError):
        rules.read([bad], ImportOptions())
    other = look_at(Source(table(tmp_path, "a,b\n1,2\n", "other.csv")))
    with pytest.raises(FileError, match="is not a table of this test"):
        rules.read([other], ImportOptions())


@pytest.mark.parametrize(
    "text",
    [
        "id,who\n{secret},ann\n7e18,b\n7281986300348026145,ann\n",
        "id,who,id\n1,{secret},2\n",
        "id,who\n\x01{secret},ann\n",
        'id,who,words\n1,ann,"[{secret}"\n',
    ],
)
def test_errors_are_short_and_hold_one_cell(rules: Format, text: str, tmp_path: Path) -> None:
    secret = "planted " * 2000
    with pytest.raises(GraphkitError) as caught:
        read(rules, table(tmp_path, text.replace("{secret}", secret)))
    assert len(str(caught.value)) <= 600
    assert str(caught.value).count("planted") < 10


def test_a_file_that_holds_its_header_again(rules: Format, tmp_path: Path) -> None:
    extract = read(rules, table(tmp_path, "id,who\n1,ann\nid,who\n2,bob\n"))
    assert extract.tables["items"].get_column("item_id").to_list() == ["1", "2"]
    assert extract.read == {"posts": 3}
    assert extract.dropped == {("posts", "the header again"): 1}


@pytest.mark.parametrize("end", ["", "\n\n", "\n\n3,\n"])
def test_blank_lines_are_no_records(rules: Format, end: str, tmp_path: Path) -> None:
    extract = read(rules, table(tmp_path, f"id,who\n1,ann\n\n2,bob\n{end}"))
    assert extract.read == {"posts": 3 if end.strip() else 2}
    assert extract.kept == extract.read
    # a row with cells in columns that are not read is a record
    more = read(rules, table(tmp_path, "id,who,other\n1,ann,\n\n,,x\n"))
    assert (more.read, dict(more.dropped)) == ({"posts": 2}, {("posts", "no id"): 1})
    # rows of another length are read in another way
    ragged = read(rules, table(tmp_path, "id,who\n1,ann\n\n2,bob,x\n\n"))
    assert (ragged.read, ragged.kept) == ({"posts": 2}, {"posts": 1})


# ------------------------------------------------------------------ local times
LOCAL = """
[local]
holds = "a table of local times"

[local.posts]
needs = ["id", "at"]

[local.posts.columns]
id = "id"
at = { as = "local time", ids = "id" }

[local.posts.items]
item_id = "id"
created_at = "at"
"""


@pytest.fixture(name="local")
def _local(tmp_path: Path) -> Format:
    file = tmp_path / "local.toml"
    file.write_text(LOCAL)
    return load_formats(file)["local"]


def ident(at: datetime) -> int:
    return int(at.timestamp()) << 32


def test_local_times_are_asked_for_with_the_offset_of_the_ids(
    local: Format, tmp_path: Path
) -> None:
    made = datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC)
    path = table(tmp_path, f"id,at\n{ident(made)},2024-05-30T20:30:24\n1,\n")
    with pytest.raises(MissingDataError, match=r"5\.5 h ahead of UTC: tz='\+05:30'"):
        read(local, path)
    extract = read(local, path, tz="+05:30")
    assert extract.tables["items"].get_column("created_at").to_list() == [made, None]
    assert extract.notes == {("posts", "at: local times, read in the time zone that was given"): 1}
    wrong = read(local, path, tz="UTC")
    assert (
        "posts",
        "at: more than an hour from the time in the id (median +5.5 h): check the time zone if "
        "these are many",
    ) in wrong.notes
    with pytest.raises(OptionError):
        read(local, path, tz="Nowhere/Town")


def test_local_times_that_are_utc_need_no_zone(local: Format, tmp_path: Path) -> None:
    made = datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC)
    path = table(tmp_path, f"id,at\n{ident(made)},2024-05-30 15:00:50\n")
    # a zone that was passed for other files is not applied
    for options in ({}, {"tz": "+02:00"}):
        extract = read(local, path, **options)
        assert extract.tables["items"].rows() == [(str(ident(made)), made.replace(second=50))]
        assert extract.notes == {
            ("posts", "at: times without an offset, which agree with the ids as UTC"): 1
        }


def test_local_times_over_a_change_of_clocks(local: Format, tmp_path: Path) -> None:
    winter = datetime(2024, 1, 5, 12, tzinfo=UTC)
    summer = datetime(2024, 7, 5, 12, tzinfo=UTC)
    path = table(
        tmp_path,
        f"id,at\n{ident(winter)},2024-01-05T13:00:00\n{ident(summer)},2024-07-05T14:00:00\n",
    )
    with pytest.raises(MissingDataError, match=r"offset changes \(\+01:00 and \+02:00\)"):
        read(local, path)
    extract = read(local, path, tz="Europe/Berlin")
    assert extract.tables["items"].get_column("created_at").to_list() == [winter, summer]


def test_times_with_their_offset_need_no_zone(local: Format, tmp_path: Path) -> None:
    path = table(tmp_path, "id,at\n1,2024-05-30T17:00:24+02:00\n2,2024-05-30T15:00:24Z\n")
    created = read(local, path).tables["items"].get_column("created_at")
    assert created.to_list() == [datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC)] * 2


def test_local_times_without_ids_that_tell_are_asked_for(local: Format, tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"such as tz='\+02:00' or tz='UTC'"):
        read(local, table(tmp_path, "id,at\n1,2024-05-30T17:00:24\n"))


# ------------------------------------------------------------------ any cells at all
SHAPES = [
    pytest.param(f, s, id=f"{f.name}-{i}") for f in FORMATS.values() for i, s in enumerate(f.shapes)
]
GARBAGE = (
    "", "nan", "planted", "-1", "1e400", "[", "['a'", "\u200b", "2024-13-45", "9" * 20, "a|b;c,d",
    "+00:00", "1" * 400,
)  # fmt: skip


@pytest.mark.parametrize(("file", "shape"), SHAPES)
def test_any_cells_are_read_or_refused(file: Format, shape: Shape, tmp_path: Path) -> None:
    """Sums match and messages are short, whatever stands in the cells."""
    every = shape.entries[0]
    header = header_of(shape, every)
    header += [c for entry in shape.entries for c in entry.needs if c not in header]
    options = {"account": "me", "direction": "followers", "tz": "UTC"}
    name = NAMES[shape.file] if shape.file else "table.csv"
    separator = "\t" if shape.names else ","
    first = [] if shape.names else [separator.join(header)]
    # ratings and the like are known by a first cell that is a number
    start = ["1"] if shape.names else []
    rows: list[list[list[str]]] = [[], [[""] * len(header)]]
    rows += [[start + [cell] * (len(header) - len(start))] for cell in GARBAGE]
    rows += [
        [
            start + [GARBAGE[(i + j) % len(GARBAGE)] for j in range(len(header) - len(start))]
            for i in range(len(GARBAGE))
        ]
    ]
    for some in rows:
        lines = first + [separator.join(_quoted(cell) for cell in row) for row in some]
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if file.recognise(look_at(Source(path))) is None:
            assert shape.names is not None  # no first row that is like data
            continue
        try:
            extract = read(file, path, **options)
        except GraphkitError as error:
            told = str(error)
        else:
            told = ""
            assert all(kept >= 0 for kept in extract.kept.values())
            assert extract.read[shape.records] == len(some)
            for table, frame in extract.tables.items():
                for column in TABLES[table].columns:
                    if column.required:
                        assert column.name in frame.columns
                        assert not frame.get_column(column.name).null_count()
        assert len(told) <= 600
