"""Edge lists: headers or none, separators, comments that are hashtags, weights, nodes beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest

from graphkit.data.graph import Graph
from graphkit.errors import DataError, FileError, GraphkitError, MissingDataError, OptionError
from graphkit.readwrite import read_graph

COMMENTS = ("edges", "comment lines at the beginning; left out")


def write(tmp_path: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def read(tmp_path: Path, name: str, text: str, **options: Any) -> tuple[list[Any], list[Any]]:
    options.setdefault("directed", True)
    g, report = read_graph(write(tmp_path, name, text), **options)
    return g.edges().rows(), report.notes.rows()


AB = [("a", "b", 2.5), ("b", "c", 1.0)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("g.csv", "source,target,weight\na,b,2.5\nb,c,1\n"),
        ("g.csv", "\ufeffSource;Target;Weight\r\na;b;2.5\r\nb;c;1\r\n"),
        ("g.tsv", "SOURCE\tTARGET\tid\tWeight\na\tb\t0\t2.5\nb\tc\t1\t1\n"),
        ("g.csv", "weight,to,from\n2.5,b,a\n1,c,b\n"),
        ("g.csv", 'source,target,weight,note\n"a","b",2.5,"two\nlines, ok"\nb,c,1,\n'),
        ("g.csv", "a,b,2.5\nb,c,1\n"),
        ("g.txt", "a b 2.5\n\nb   c 1\n"),
        ("g.txt", "a\tb\t2.5\nb\tc\t1\n"),
        ("g.csv", "who;whom;times\na;b;2,5\nb;c;1\n"),
        ("g.edgelist", "a b {'weight': 2.5, 'kind': 'x y'}\nb c {}\n"),
        ("g.txt", '"a" "b" 2.5\n"b" "c" 1\n'),
        ("g.txt", "# a comment\n#\n% another one here\na b 2.5\nb c 1\n"),
        ("g.txt", "#source target weight\na b 2.5\nb c 1\n"),
        ("g.net", "source:token\ttarget:token\tweight:float\na\tb\t2.5\nb\tc\t1\n"),
        ("g.csv", "source,target,weight\n a,b ,2.5\nb,c,\n"),
    ],
)
def test_one_list_in_many_forms(name: str, text: str, tmp_path: Path) -> None:
    assert read(tmp_path, name, text)[0] == AB


@pytest.mark.parametrize(
    ("name", "text", "comments"),
    [
        ("g.txt", "#booktok #reading\n#goth #art\n", 0),
        ("g.txt", "# from my notes\n#booktok #reading\n#goth #art\n", 1),
        ("g.txt", "#one\n#booktok #reading\n#goth #art\n", 1),
        ("g.csv", "#booktok,#reading\n#goth,#art\n", 0),
        ("g.csv", "source,target\n#booktok,#reading\n#goth,#art\n", 0),
        ("g.tsv", "#booktok\t#reading\n#goth\t#art\n", 0),
    ],
)
def test_hashtags_are_ids(name: str, text: str, comments: int, tmp_path: Path) -> None:
    edges, notes = read(tmp_path, name, text)
    assert edges == [("#booktok", "#reading", 1.0), ("#goth", "#art", 1.0)]
    assert sum(rows for *where, rows in notes if tuple(where) == COMMENTS) == comments


def test_lines_in_the_middle_are_never_comments(tmp_path: Path) -> None:
    edges, notes = read(tmp_path, "g.txt", "a b\n# c\n")
    assert edges == [("#", "c", 1.0), ("a", "b", 1.0)]
    assert ("edges", "lines in the middle that begin with # or %; taken as edges", 1) in notes


def test_the_first_line_without_names_is_an_edge_and_told(tmp_path: Path) -> None:
    edges, notes = read(tmp_path, "g.csv", "user,friend\nann,bob\n")
    assert len(edges) == 2
    assert ("edges", "no header: the first line is an edge (ends= names columns)", 1) in notes
    named, _ = read(tmp_path, "g.csv", "user,friend\nann,bob\n", ends=("friend", "user"))
    assert named == [("bob", "ann", 1.0)]
    with pytest.raises(MissingDataError, match="Did you mean 'friend'"):
        read(tmp_path, "g.csv", "user,friend\nann,bob\n", ends=("friends", "user"))
    with pytest.raises(OptionError, match="two columns are needed"):
        read(tmp_path, "g.csv", "user,friend\nann,bob\n", ends=("user", "user"))
    numbers, notes = read(tmp_path, "g.csv", "left,right\n0,1\n1,2\n")
    assert numbers == [("0", "1", 1.0), ("1", "2", 1.0)]
    assert ("edges", "the first line is taken as names of columns", 1) in notes


def test_types_of_gephi(tmp_path: Path) -> None:
    text = "Source,Target,Type,Kind,Id,Label,Weight\r\na,b,{},,0,,1.0\r\nb,c,{},,1,,2.0\r\n"
    for types, directed in ((("Directed", "directed"), True), (("Undirected",) * 2, False)):
        g, _ = read_graph(write(tmp_path, "g.csv", text.format(*types)))
        assert (g.directed, g.n_edges) == (directed, 2)
    other, notes = read(tmp_path, "g.csv", "source,target,type\na,b,friend\n")
    assert other == [("a", "b", 1.0)]
    assert ("edges", "attributes that are not kept: 'type'", 1) in notes
    mixed, report = read_graph(write(tmp_path, "g.csv", text.format("Directed", "Undirected")))
    assert mixed.edges().rows() == [("a", "b", 1.0), ("b", "c", 2.0), ("c", "b", 2.0)]
    assert ("edges", "attributes that are not kept: 'Id'", 2) in report.notes.rows()


def test_a_table_of_nodes_beside(tmp_path: Path) -> None:
    edges = write(tmp_path, "e.csv", "source,target\na,b\n")
    table = "Id;Label;score;code;flag;big;none\na;Ann;1.5;007;true;7281986300348026145;\nc;;2;008;false;1;\n"
    g, report = read_graph(edges, directed=True, nodes=write(tmp_path, "n.csv", table))
    assert g.attributes is not None
    assert g.attributes.schema == {
        "id": pl.String,
        "label": pl.String,
        "score": pl.Float64,
        "code": pl.String,
        "flag": pl.Boolean,
        "big": pl.Int64,
    }
    assert g.attributes.row(0) == ("a", "Ann", 1.5, "007", True, 7281986300348026145)
    assert g.attributes["score"].to_list() == [1.5, None, 2.0]
    assert ("nodes", "named by edges only; added", 1) in report.notes.rows()
    cases = [
        ("Id,x\na,1\na,2\n", r"n\.csv, row 3: the node id 'a' is there twice"),
        ("Id,x\n,1\n", r"n\.csv, row 2: the node has no id"),
        ("name,x\na,1\n", "has a column 'Id'"),
        ("", "is empty"),
        ("Id,x,x\na,1,2\n", r"n\.csv, line 1: two columns are called 'x'"),
    ]
    for text, message in cases:
        with pytest.raises(GraphkitError, match=message):
            read_graph(edges, directed=True, nodes=write(tmp_path, "n.csv", text))


def test_a_table_of_nodes_alone_has_no_edges(tmp_path: Path) -> None:
    g, report = read_graph(write(tmp_path, "n.csv", "Id,Label\na,Ann\nb,Bob\n"))
    assert (g.n_nodes, g.n_edges) == (2, 0)
    assert ("nodes", "a table of nodes: the file has no edges", 2) in report.notes.rows()


def test_what_is_missing_or_no_number_is_counted(tmp_path: Path) -> None:
    text = "source,target,weight\na,b,\nb,c,nan\nc,d,Infinity\nd,e,abc\n,f,1\nx,null,2\n"
    g, report = read_graph(write(tmp_path, "g.csv", text), directed=True)
    assert g.edges().rows() == [("a", "b", 1.0), ("x", "null", 2.0)]
    assert {*report.dropped.rows()} == {
        ("edges", "one end is missing", 1),
        ("edges", "the weight is no finite number", 3),
    }
    assert report.rows.rows() == [("nodes", 0, 0), ("edges", 6, 2)]
    assert ("nodes", "'null', a word for a missing id; kept as an id", 1) in report.notes.rows()


@pytest.mark.parametrize(
    ("name", "text", "error", "message"),
    [
        ("g.csv", "a,b\nb,c\n", DataError, "pass directed=True"),
        ("g.csv", "a,b,c,d\nb,c\n", FileError, "line 2: 2 columns, and 4 in line 1"),
        ("g.csv", ";a;b;c\na;0;1;0\nb;1;0;1\nc;0;1;0\n", FileError, "is a matrix: .*from_scipy"),
        ("g.csv", "0,1,0\n1,0,1\n0,1,0\n", FileError, "is a matrix"),
        ("g.csv", "0,1,0,1\n1,0,1,1\n0,1,0,1\n", FileError, "4 columns without a header"),
        ("g.csv", "a\nb\n", FileError, "one column only"),
        ("g.csv", "a,b,1714521600\nb,c,1714521601\n", DataError, "looks like times"),
        ("g.csv", "a,b,friend\nb,c,foe\n", DataError, "'friend', holds no weights"),
        ("g.csv", "source,target\n7.28E+18,b\n72,73\n", DataError, "its digits are lost"),
        ("g.csv", "source,target,target\na,b,c\n", DataError, "two columns are called 'target'"),
        (
            "g.csv",
            "source;target;weight\na;b;1,000\n",
            DataError,
            "a decimal comma, or a mark of thous",
        ),
        ("g.csv", 'source,target\n"a,b\n', FileError, "a quote may be open|columns"),
        (
            "g.csv",
            "source,target,weight\na,b,$5\n",
            DataError,
            r"no weight is a finite number; .*\$5",
        ),
        ("g.csv", "\n \n", FileError, "empty"),
        ("g.txt", "# nothing\n", FileError, "holds no edges"),
        ("g.txt", "a b\rc d\r", FileError, "CR alone"),
        (
            "g.csv",
            "source,target,weight\na,b,1\n",
            MissingDataError,
            "no edge has the attribute 'w'",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(
    name: str, text: str, error: type[Exception], message: str, tmp_path: Path
) -> None:
    options: dict[str, Any] = {} if "pass directed" in message else {"directed": True}
    if "'w'" in message:
        options["weight"] = "w"
    with pytest.raises(error, match=message) as caught:
        read_graph(write(tmp_path, name, text), **options)
    assert len(str(caught.value)) <= 600


def test_times_may_be_left_out(tmp_path: Path) -> None:
    edges, notes = read(tmp_path, "g.csv", "a,b,1714521600\nb,c,1714521601\n", weight=None)
    assert edges == [("a", "b", 1.0), ("b", "c", 1.0)]
    assert ("edges", "attributes that are not kept: 'the third column'", 2) in notes


def test_a_list_of_three_weighted_edges_is_no_matrix(tmp_path: Path) -> None:
    assert len(read(tmp_path, "g.txt", "1 2 5\n2 3 1\n3 1 2\n")[0]) == 3


def test_encodings(tmp_path: Path) -> None:
    text = "source,target\nann,b\nJosé,b\n"
    with pytest.raises(FileError, match="line 3: the text is not in UTF-8"):
        read_graph(write(tmp_path, "g.csv", text, "latin-1"))
    with pytest.raises(FileError, match="UTF-16"):
        read_graph(write(tmp_path, "g.csv", text, "utf-16"))


@pytest.mark.parametrize("writer", [nx.write_edgelist, nx.write_weighted_edgelist])
def test_what_networkx_writes(writer: Any, tmp_path: Path) -> None:
    club = nx.karate_club_graph()
    writer(club, tmp_path / "g.edgelist")
    g, _ = read_graph(tmp_path / "g.edgelist", directed=False)
    named = nx.relabel_nodes(club, {n: str(n) for n in club})
    assert g.content_key == Graph.from_networkx(named).content_key
