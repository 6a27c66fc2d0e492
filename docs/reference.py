"""Pages of the reference: one per package, made of what the packages export."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import graphkit as gk

#: Packages in the order in which a study uses them.
PACKAGES = {
    "readwrite": "Reading and writing",
    "datasets": "Public data by name",
    "data": "Types",
    "graphs": "Graphs",
    "communities": "Communities",
    "recommenders": "Feeds",
    "simulation": "Simulation",
    "measures": "Measures",
    "attribution": "Causes and limits of a difference",
    "plot": "Figures",
    "study": "Studies",
    "synthetic": "Synthetic platforms",
    "nullmodels": "Null models",
    "privacy": "Privacy",
}
#: Names at the top that no package exports.
OWN = ("GraphkitError", "GraphkitWarning", "STOP_TAGS", "set_progress", "show_progress")


def _exported() -> dict[str, list[str]]:
    return {name: list(importlib.import_module(f"graphkit.{name}").__all__) for name in PACKAGES}


def _homes() -> dict[int, str]:
    """Public path of every object; of an object that several packages export, the first kept."""
    found = {id(getattr(gk, name)): f"graphkit.{name}" for name in OWN}
    # a type is at home among the types, even if a package that makes it exports it too
    for package in ("data", *PACKAGES):
        for name in _exported()[package]:
            thing = getattr(importlib.import_module(f"graphkit.{package}"), name)
            found.setdefault(id(thing), f"graphkit.{package}.{name}")
    return found


HOMES = _homes()


def find(name: str) -> tuple[str | None, bool]:
    """Public path of the object of this name, wherever it is defined; and whether it exists."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        owner = None
        for attribute in parts[cut:]:
            owner, thing = thing, getattr(thing, attribute, None)
            if thing is None:
                # a field of a dataclass is no attribute of the type: its page says what it is
                known = attribute in getattr(owner, "__annotations__", {})
                return (HOMES.get(id(owner)) if known else None), known
        if id(thing) in HOMES:
            return HOMES[id(thing)], True
        if owner is not None and id(owner) in HOMES:
            return f"{HOMES[id(owner)]}.{parts[-1]}", True
        if inspect.ismodule(thing) and len(parts) > 1 and parts[1] in PACKAGES:
            return f"graphkit.{parts[1]}", True
        return None, True
    return None, False


def write_pages(folder: Path) -> None:
    """Write the index and one page per package, each with a table of its names."""
    folder.mkdir(exist_ok=True)
    lines = [
        "Reference",
        "=========",
        "",
        "What ``import graphkit as gk`` gives, package by package, from the docstrings.",
        "Names that most studies need are at the top, too: ``gk.leiden`` is",
        "``gk.communities.leiden``.",
        "",
        ".. toctree::",
        "   :maxdepth: 1",
        "",
        *(f"   {package}" for package in PACKAGES),
        "",
        "At the top",
        "----------",
        "",
        ".. list-table::",
        "   :header-rows: 1",
        "   :widths: 30 30 40",
        "",
        *("   * - name", "     - reference", "     - what"),
    ]
    for name in sorted(set(gk.__all__) - {"__version__"}, key=str.lower):
        path = HOMES[id(getattr(gk, name))]
        thing = getattr(gk, name)
        first = (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
        first = re.sub(r"(\[\d\])_", r"\1", first).replace("|", r"\|")
        if isinstance(thing, frozenset):
            first = "Hashtags that address the ranking and name no topic."
        lines += [f"   * - ``gk.{name}``", f"     - :py:obj:`{path}`", f"     - {first}"]
    lines += ["", ".. currentmodule:: graphkit", ""]
    lines += [".. autosummary::", "   :toctree: generated", "   :nosignatures:", ""]
    lines += [f"   {name}" for name in OWN]
    _write(folder / "index.rst", lines)
    for package, title in PACKAGES.items():
        module = importlib.import_module(f"graphkit.{package}")
        here = [
            n for n in module.__all__ if HOMES[id(getattr(module, n))] == f"graphkit.{package}.{n}"
        ]
        there = [n for n in module.__all__ if n not in here]
        kinds = {
            "Functions": [n for n in here if inspect.isroutine(getattr(module, n))],
            "Types": [n for n in here if inspect.isclass(getattr(module, n))],
        }
        kinds["Tables"] = [n for n in here if n not in kinds["Functions"] + kinds["Types"]]
        lines = [title, "=" * len(title), "", f".. py:module:: graphkit.{package}", ""]
        lines += [f".. currentmodule:: graphkit.{package}", ""]
        lines += [(module.__doc__ or "").strip(), ""]
        lines += [f"``import graphkit as gk``, then ``gk.{package}.…``.", ""]
        for kind, names in kinds.items():
            if names:
                lines += [kind, "-" * len(kind), "", ".. autosummary::", "   :toctree: generated"]
                lines += ["   :nosignatures:", "", *(f"   {n}" for n in names), ""]
        if there:
            lines += ["Exported here, too: "]
            lines += [", ".join(f":py:obj:`{HOMES[id(getattr(module, n))]}`" for n in there) + "."]
        _write(folder / f"{package}.rst", lines)


def _write(path: Path, lines: list[str]) -> None:
    """Write only what has changed, so that a second build reads only that again."""
    text = "\n".join(lines) + "\n"
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def resolve(app: Any, env: Any, node: Any, contents: Any) -> Any:
    """Reference to a name that is exported elsewhere than it is defined."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    module, owner = node.get("py:module"), node.get("py:class")
    tries = [target, f"{module}.{owner}.{target}", f"{module}.{target}", f"graphkit.{target}"]
    there = False
    for name in (name for name in tries if name.startswith("graphkit")):
        path, exists = find(name)
        there |= exists
        if path is not None and path != target:
            domain = env.get_domain("py")
            kind = "mod" if path.removeprefix("graphkit.") in PACKAGES else "obj"
            found = domain.resolve_xref(
                env, node["refdoc"], app.builder, kind, path, node, contents
            )
            if found is not None:
                return found
    # what exists and is not public is told without a link
    return contents if there else None


#: What the tables of names are, for their own docstrings are those of `dict` and `tuple`.
TABLES = {
    "STOP_TAGS": "Hashtags that address the ranking and name no topic, such as the fyp and foryou "
    "family; normalised.",
    "FACTORS": "Ranking factors of a feed, in the order of their columns.",
    "SIGNALS": "Reactions from which a feed learns, each with a weight.",
    "SOURCES": "Candidate sources of a feed: where it looks for posts.",
    "MEASURES": "Every measure that :func:`graphkit.measures.measure_spread` yields: name, unit, "
    "meaning and level.",
}
_LITERAL = re.compile(r"(``.*?``|:\w+:`[^`]*`|`[^`]*`)", re.DOTALL)


def settle_docstring(
    app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Make the text of a docstring reStructuredText, where a reader of Python needs no marks.

    Bars are those of absolute values and sizes, and a first sentence is read on other pages, too,
    where no footnote is at hand.
    """
    last = name.rsplit(".", 1)[-1]
    if last in TABLES and what in ("data", "attribute", "variable", "module"):
        words = [getattr(x, "name", x) for x in thing]
        listed = ", ".join(
            f"``{word}``" for word in (sorted(words) if last == "STOP_TAGS" else words)
        )
        lines[:] = [TABLES[last], "", f"{listed}.", ""]
        return
    text = "\n".join(lines)
    first, blank, rest = text.partition("\n\n")
    first = re.sub(r"(\[\d\])_", r"\1", first)
    text = first + blank + rest
    formula = False
    parts = _LITERAL.split(text)
    for k in range(0, len(parts), 2):
        kept = []
        for line in parts[k].split("\n"):
            formula = (formula and (not line.strip() or line.startswith("  "))) or (
                line.lstrip().startswith(".. math::")
            )
            # bars, and indices as in w_·b
            safe = re.sub(r"(\w)_(?=·)", r"\1\\_", re.sub(r"(?<!\\)\|", r"\\|", line))
            kept.append(line if formula else safe)
        parts[k] = "\n".join(kept)
    lines[:] = "".join(parts).split("\n")


def skip_member(
    app: Any, what: str, name: str, thing: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out what Matplotlib adds to its own types."""
    return (
        True if "matplotlib" in (getattr(thing, "__module__", "") or "") or name == "set" else None
    )
