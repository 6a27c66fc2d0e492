"""Graph files of other programs, frames of other libraries, and memberships; for ``fuzz.py``."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from fuzz_files import change_table_file, dataset_found, tables
from fuzz_mutators import (
    CELLS,
    IDENTS,
    MISSING,
    Generator,
    Mutant,
    Table,
    change_bytes,
    change_frame,
    change_lines,
    change_packed,
    change_table,
    change_xml,
    pick,
    short,
)
from fuzz_oracle import Draw, Found, Trial
from fuzz_values import IDS, some_of

import graphkit as gk
from graphkit.errors import GraphkitError
from graphkit.readwrite import read_graph

#: Characters of an error, without the path of its file.
LONGEST = 600


def _gexf(version: str, space: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<gexf xmlns="{space}" version="{version}"><meta><creator>made up</creator></meta>
<graph defaultedgetype="directed" mode="static">
<attributes class="node"><attribute id="0" title="group" type="integer"><default>9</default></attribute>
<attribute id="tags" title="tags" type="liststring"/></attributes>
<attributes class="edge"><attribute id="1" title="minutes" type="float"/></attributes>
<nodes><node id="a" label="Ann"><attvalues><attvalue for="0" value="1"/>
<attvalue for="tags" value="[x, y]"/></attvalues></node>
<node id="b" label="Ben"/><node id="c" label="Cem"/></nodes>
<edges><edge id="0" source="a" target="b" weight="2.5"/>
<edge id="1" source="b" target="c" type="undirected"/>
<edge id="2" source="c" target="a" weight="0.5"><attvalues><attvalue for="1" value="3"/></attvalues></edge>
</edges></graph></gexf>""".encode()


def _graphml(writer: str) -> bytes:
    space = 'xmlns="http://graphml.graphdrawing.org/xmlns"'
    keys = {
        "networkx": '<key id="d0" for="edge" attr.name="weight" attr.type="double"/>'
        '<key id="d1" for="node" attr.name="label" attr.type="string"/>',
        "igraph": '<key id="v_name" for="node" attr.name="name" attr.type="string"/>'
        '<key id="e_weight" for="edge" attr.name="weight" attr.type="double"/>',
        "gephi": '<key attr.name="label" attr.type="string" for="node" id="label"/>'
        '<key attr.name="Edge Label" attr.type="string" for="edge" id="edgelabel"/>'
        '<key attr.name="weight" attr.type="double" for="edge" id="weight"/>',
    }
    label, weight = {
        "networkx": ("d1", "d0"),
        "igraph": ("v_name", "e_weight"),
        "gephi": ("label", "weight"),
    }[writer]
    names = ("Ann", "Ben", "Cem")
    ids = [f"n{k}" for k in range(3)] if writer == "igraph" else ["a", "b", "c"]
    nodes = "".join(
        f'<node id="{i}"><data key="{label}">{name}</data></node>\n'
        for i, name in zip(ids, names, strict=True)
    )
    edges = "".join(
        f'<edge source="{ids[a]}" target="{ids[b]}"><data key="{weight}">{w}</data></edge>\n'
        for a, b, w in ((0, 1, 2.5), (1, 2, 1), (2, 0, 0.5))
    )
    graph = f'<graph edgedefault="directed">\n{nodes}{edges}</graph>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<graphml {space}>{keys[writer]}\n{graph}</graphml>'.encode()


_GML = b"""Creator "made up"
graph
[
  directed 1
  node [ id "x1" label "Ann" graphics [ x 1.5 fill "#FF0000" ] ]
  node [ id "x2" label "Ben" size 3 ]
  node [ id "x3" label "two words" ]
  edge [ source "x1" target "x2" value 2.5 weight 2 ]
  edge [ source "x2" target "x3" ]
]
"""
_PAJEK = b"""% made up
*Vertices 4
1 "a b" 0.1 0.2 ic Red
2 "c"
3 d
4 "e"
*Arcs
1 2 2.5
2 1
*Arcslist
1 3 2
*Edges
3 4 4
"""
_NODES = Table(
    ("Id", "Label", "group"), (("a", "Ann", "1"), ("b", "Ben", "2"), ("c", "Cem", "1")), "csv"
)
_EDGES = Table(
    ("Source", "Target", "Type", "Id", "Label", "Weight"),
    (
        ("a", "b", "Directed", "0", "", "2.5"),
        ("b", "c", "Directed", "1", "x", "1"),
        ("c", "a", "Directed", "2", "", "0.5"),
    ),
    "csv",
)
_LIST = Table(
    ("source", "target", "weight"), (("a", "b", "2.5"), ("b", "c", "1"), ("c", "a", "0.5")), "csv"
)
_KNOWN = {"directed": True}

#: Files of graphs by the name of their subject: files, the first of which is read, and options.
GRAPHS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "gexf-1.3": ({"g.gexf": _gexf("1.3", "http://gexf.net/1.3")}, {}),
    "gexf-1.2": ({"g.gexf": _gexf("1.2", "http://www.gexf.net/1.2draft")}, {}),
    "graphml-networkx": ({"g.graphml": _graphml("networkx")}, {}),
    "graphml-igraph": ({"g.graphml": _graphml("igraph")}, {}),
    "graphml-gephi": ({"g.graphml": _graphml("gephi")}, {}),
    "gml": ({"g.gml": _GML}, {}),
    "pajek": ({"g.net": _PAJEK}, {}),
    "gephi-csv": ({"edges.csv": _EDGES, "nodes.csv": _NODES}, {"nodes": "nodes.csv"}),
    "edges-header": ({"g.csv": _LIST}, _KNOWN),
    "edges-bare": ({"g.txt": b"#books #goth 2.5\n#goth #art 1\n#art #books 0.5\n"}, _KNOWN),
    "edges-tabs": ({"g.tsv": b"# made up\na\tb\nb\tc\nc\ta\n"}, {"directed": False}),
}


@dataclass(frozen=True)
class GraphFiles:
    """Files of one graph, of which one is changed and all are read."""

    folder: Path
    sources: Mapping[str, Any]
    options: Mapping[str, Any]
    form: str = "plain"
    keys: dict[str, str] = field(default_factory=dict)

    def __call__(self, rng: Generator) -> Trial:
        contents = {n: s.write() if isinstance(s, Table) else s for n, s in self.sources.items()}
        name = pick(rng, sorted(contents))
        source, chance = self.sources[name], rng.random()
        first, packed = next(iter(contents)), chance < 0.1
        if packed:
            name = first
            mutant = change_packed(gzip.compress(contents[name], mtime=0), rng)
        elif isinstance(source, Table):
            mutant = change_table_file(source, rng)
        elif source.startswith(b"<?xml"):
            mutant = change_xml(source, rng) if chance < 0.75 else change_bytes(source, rng)
        elif chance < 0.4:
            mutant = _change_word(source, rng)
        elif chance < 0.6:
            mutant = change_lines(source, rng)
        else:
            mutant = change_bytes(source, rng)
        options = dict(self.options)
        if rng.random() < 0.2:
            extra = pick(
                rng,
                (
                    {"directed": bool(rng.integers(2))},
                    {"weight": None},
                    {"weight": pick(rng, ("value", "x", "Weight", ""))},
                    {"id": pick(rng, ("label", "id", "name", "x"))},
                    {"label": pick(rng, ("group", "x"))},
                    {"ends": ("source", "target")},
                ),
            )
            options |= extra
            mutant = replace(mutant, what=f"{mutant.what}; {extra}", harmless=False)
        contents[name] = mutant.value
        names = {n: f"{n}.gz" if packed and n == first else n for n in contents}
        what = f"{name}: {mutant.what}"

        def read() -> Found:
            found = self._read({names[n]: data for n, data in contents.items()}, options)
            return replace(found, key="") if found.key == self._original() else found

        text = b"\n".join(contents.values()).decode("utf-8", "replace")
        shown = replace(mutant, what=what, value=None, rows=None, cells=(), doubtful=False)
        return Trial(shown, read, text, (str(self.folder), *names.values()))

    def _original(self) -> str:
        if not self.keys:
            files = {n: s.write() if isinstance(s, Table) else s for n, s in self.sources.items()}
            self.keys["original"] = self._read(files, self.options).key
        return self.keys["original"]

    def _read(self, files: Mapping[str, bytes], options: Mapping[str, Any]) -> Found:
        place = self.folder / "graph"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for name, data in files.items():
            (place / name).write_bytes(data)
        given = dict(options)
        if "nodes" in given:
            given["nodes"] = place / given["nodes"]
        try:
            graph, report = read_graph(place / next(iter(files)), **given)
        except GraphkitError as error:
            bare = str(error).replace(str(place), "")
            wrong = f"message of more than {LONGEST} characters" * (len(bare) > LONGEST)
            wrong = "the rows of the report do not add up" if "import report:" in bare else wrong
            if wrong:
                return Found("", wrong=wrong)
            raise
        # every part is used once, so that what was read holds together
        repr(graph), repr(report)
        ids = graph.vocabulary.series
        # words such as NA are names of nodes, and blanks belong to them; both are told
        if report.notes.get_column("note").str.contains("blanks around ids; kept").any():
            ids = ids.str.strip_chars()
        if report.notes.get_column("note").str.contains("a word for a missing id; kept").any():
            ids = ids.filter(~ids.is_in(list(MISSING)))
        wrong = ""
        if not np.isfinite(graph.total_weight):
            wrong = "a weight that is no finite number"
        elif graph.attributes is not None and graph.attributes.height != graph.n_nodes:
            wrong = "attributes of other nodes than those of the graph"
        elif ids.dtype != pl.String or ids.null_count():
            wrong = "ids that are no texts"
        reported = bool(report.dropped.height or report.notes.height)
        return Found(graph._key, {"node": ids}, reported, wrong=wrong)


def _change_word(data: bytes, rng: Generator) -> Mutant:
    """Replace a word by an odd one."""
    words = data.split(b" ")
    at = int(rng.integers(len(words)))
    new = str(pick(rng, (*CELLS, *IDENTS))).encode("utf-8", "replace")
    what = f"word {short(words[at].decode())} := {short(new.decode())}"
    words[at] = new
    return Mutant(b" ".join(words), what)


def graph_file(name: str) -> Callable[[Path], Draw]:
    """Subject of a graph file."""

    def make(folder: Path) -> Draw:
        made = GraphFiles(folder, *GRAPHS[name])

        def draw(rng: Generator) -> Trial:
            return made(rng)

        return draw

    return make


#: Parameters of ``from_frame`` for the columns of each table.
_COLUMNS: dict[str, dict[str, str]] = {
    "interactions": {
        "account": "account_id",
        "item": "item_id",
        "kind": "kind",
        "at": "at",
        "value": "value",
    },
    "impressions": {
        "account": "account_id",
        "item": "item_id",
        "at": "at",
        "surface": "surface",
        "position": "position",
        "watch_fraction": "watch_fraction",
    },
    "follows": {"follower": "follower_id", "followee": "followee_id", "since": "since"},
    "memberships": {"account": "account_id", "group": "group_id"},
    "items": {
        "item": "item_id",
        "author": "author_id",
        "created": "created_at",
        "duration": "duration",
        "tags": "tags",
        "sound": "sound_id",
        "caption": "caption",
    },
}


def _as_library(frame: pl.DataFrame, rng: Generator) -> tuple[str, Any]:
    """A frame of another library with the same values; of Polars where that cannot hold them."""
    kind = pick(rng, ("polars", "lazy", "pandas", "pandas-arrow", "pyarrow", "mapping", "duckdb"))
    try:
        if kind == "lazy":
            return kind, frame.lazy()
        if kind == "pandas":
            return kind, frame.to_pandas()
        if kind == "pandas-arrow":
            return kind, frame.to_pandas(use_pyarrow_extension_array=True)
        if kind == "pyarrow":
            return kind, frame.to_arrow()
        if kind == "mapping":
            return kind, frame.to_dict(as_series=False)
        if kind == "duckdb":
            import duckdb

            return kind, duckdb.from_arrow(frame.to_arrow())
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
    return "polars", frame


def other_frames(folder: Path) -> Draw:
    """Frames of several libraries that are handed to from_frame."""

    def draw(rng: Generator) -> Trial:
        own = tables(bool(rng.integers(2)))
        name = pick(rng, sorted(_COLUMNS))
        if rng.random() < 0.6:
            mutant = change_frame(own[name].frame(), rng)
        else:
            mutant = change_table(replace(own[name], form="parquet"), rng)
            mutant = replace(mutant, value=mutant.value.frame())
        frame, given = mutant.value, dict(_COLUMNS[name])
        options: dict[str, Any] = {}
        if rng.random() < 0.3:
            key = pick(rng, sorted(given))
            given[key] = pick(rng, (*frame.columns, "x", "", given[key].upper()))
            options = {key: given[key]}
        library, value = _as_library(frame, rng)
        what = f"{name} of {library}: {mutant.what}" + f"; {options}" * bool(options)
        harmless = mutant.harmless and not options
        shown = Mutant(None, what, harmless=harmless)

        def read() -> Found:
            return dataset_found(gk.from_frame(value, **given, table=name), None)

        columns = (name, "from_frame", "the frame", *given, *given.values())
        return Trial(shown, read, names=columns)

    return draw


def given_memberships(folder: Path) -> Draw:
    """Memberships as mappings, pairs, series and graphs, which must be those of two lists."""
    import pandas as pd

    pool = (*IDS, 1382979469312, 7281986300348026145, 0.2, -2, -1.0)

    def draw(rng: Generator) -> Trial:
        n = int(rng.integers(1, 7))
        ids: list[Any] = list("abcdefg"[:n]) if rng.random() < 0.7 else some_of(rng, IDS, n)
        groups = some_of(rng, pool, n)
        form = pick(rng, ("mapping", "pairs", "pandas", "object array", "graph"))

        def call() -> Any:
            if form == "mapping":
                return gk.Partition.from_membership(_mapping(ids, groups))
            if form == "pairs":
                return gk.Partition.from_membership(list(zip(ids, groups, strict=True)))
            if form == "pandas":
                series = pd.Series(groups, dtype=object)
                return gk.Partition.from_membership(ids, series)
            if form == "object array":
                given = np.empty(n, dtype=object)
                given[:] = groups
                return gk.Partition.from_membership(ids, given)
            graph = gk.Graph.from_edges(["a", "b"], ["b", "z"], directed=False)
            return gk.Partition.from_membership(ids, groups, graph=graph)

        def read() -> Found:
            try:
                plain = gk.Partition.from_membership(ids, groups)
            except GraphkitError:
                plain = None
            found = call()
            repr(found)
            if form == "graph":
                wrong = "other nodes than those of the graph" * (len(found.vocabulary) != 3)
                return Found("", wrong=wrong)
            if form == "mapping" and len(_mapping(ids, groups)) < n:
                return Found("")
            if plain is None:
                return Found("", wrong="accepted in this form, refused as two lists")
            same = found.n_communities == plain.n_communities and np.array_equal(
                found.membership, plain.membership
            )
            return Found("", wrong="" if same else "other communities than as two lists")

        what = f"{form}: ids {short(ids, 60)}, memberships {short(groups, 80)}"
        return Trial(Mutant(None, what), read)

    return draw


def _mapping(ids: list[Any], groups: list[Any]) -> dict[Any, Any]:
    """Mapping of the ids that can be keys."""
    found = {}
    for one, group in zip(ids, groups, strict=True):
        try:
            found[one] = group
        except TypeError:
            found["unhashable"] = group
    return found
