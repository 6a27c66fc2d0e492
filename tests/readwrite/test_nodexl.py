"""Workbooks of NodeXL: headers in the second row, ids as text, the package that reads them."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from graphkit.errors import DataError, DependencyError, FileError, MissingDataError
from graphkit.readwrite import read_graph

pytest.importorskip("python_calamine")

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def cell(column: int, row: int, value: Any) -> str:
    place = f"{chr(65 + column)}{row}"
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    """A workbook with the fewest parts that readers need."""
    listed = enumerate(sheets, 1)
    names = "".join(f'<sheet name="{n}" sheetId="{k}" r:id="rId{k}"/>' for k, n in listed)
    links = "".join(
        f'<Relationship Id="rId{k}" Type="{_LINKS}/worksheet" Target="worksheets/sheet{k}.xml"/>'
        for k in range(1, len(sheets) + 1)
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{names}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>',
        )
        for k, rows in enumerate(sheets.values(), 1):
            text = "".join(
                f'<row r="{r}">'
                + "".join(cell(c, r, v) for c, v in enumerate(row) if v is not None)
                + "</row>"
                for r, row in enumerate(rows, 1)
            )
            archive.writestr(
                f"xl/worksheets/sheet{k}.xml",
                f'<worksheet xmlns="{_MAIN}"><sheetData>{text}</sheetData></worksheet>',
            )
    return path


EDGES: list[list[Any]] = [
    [None, None, "Visual Properties", "Other Columns"],
    ["Vertex 1", "Vertex 2", "Color", "Edge Weight", "Relationship"],
    ["ann", "bob", None, 2.5, "Mentions"],
    ["bob", 17, None, None, "Follows"],
]
VERTICES: list[list[Any]] = [
    [None, "Visual Properties", None, "Labels"],
    ["Vertex", "Color", "Followers", "Label"],
    ["ann", "Red", 3, "Ann"],
    ["cec", None, 4.5, None],
]


def test_edges_and_vertices(tmp_path: Path) -> None:
    path = workbook(tmp_path / "g.xlsx", {"Edges": EDGES, "Vertices": VERTICES})
    g, report = read_graph(path, directed=True)
    assert g.edges().rows() == [("ann", "bob", 2.5), ("bob", "17", 1.0)]
    assert g.attributes is not None
    assert g.attributes.rows() == [
        ("17", None, None),
        ("ann", 3.0, "Ann"),
        ("bob", None, None),
        ("cec", 4.5, None),
    ]
    assert g.attributes.columns == ["id", "Followers", "label"]
    assert {*report.notes.rows()} >= {
        ("nodes", "columns of the drawing; left out", 2),
        ("nodes", "named by edges only; added", 2),
        ("edges", "without a weight; 1 each", 1),
        ("edges", "attributes that are not kept: 'Relationship'", 2),
    }
    with pytest.raises(DataError, match="pass directed="):
        read_graph(path)
    assert read_graph(path, directed=False, weight=None)[0].total_weight == 2


def test_the_sheet_of_vertices_may_be_absent(tmp_path: Path) -> None:
    g, _ = read_graph(workbook(tmp_path / "g.xlsx", {"Edges": EDGES}), directed=False)
    assert (g.n_nodes, g.attributes) == (3, None)


@pytest.mark.parametrize(
    ("sheets", "error", "message"),
    [
        ({"Table 1": EDGES}, FileError, "has a sheet 'Edges'; there are 'Table 1'"),
        ({"Edges": [["a", "b"], ["c", "d"]]}, MissingDataError, "no row has the names 'Vertex 1'"),
        (
            {"Edges": [*EDGES, ["ann", 7281986300348026145]]},
            DataError,
            "row 5: the id is a number that a workbook cannot hold exactly",
        ),
        ({"Edges": [*EDGES, [1.5, "bob"]]}, DataError, "row 5: the id is a number"),
    ],
)
def test_other_workbooks(
    sheets: dict[str, Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message) as caught:
        read_graph(workbook(tmp_path / "g.xlsx", sheets), directed=True)
    assert len(str(caught.value)) <= 600


def test_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "g.xlsx", {"Edges": EDGES})
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(
        DependencyError, match=r'pip install "\.\[nodexl\]" in the folder of graphkit'
    ):
        read_graph(path, directed=True)
