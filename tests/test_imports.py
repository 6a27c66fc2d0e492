"""Imports between modules: none of a private module of another package, and no cycles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

import graphkit

#: Private modules that every package may import.
SHARED = {"graphkit._version"}


def sources(package: Path) -> dict[str, Path]:
    """Source file of each module of a package, by the module's full name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def statements(node: ast.AST, typing: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """All imports, those inside functions too, and whether only type checkers run them."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, typing
    skipped = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from statements(child, typing or (skipped and name == "body"))


def imports(package: Path) -> Iterator[tuple[str, str, bool]]:
    """(importing module, imported module, whether for type checkers only) within a package.

    ``from a.b import c`` imports the module ``a.b.c`` if there is one, else ``a.b``.
    """
    modules = sources(package)
    for module, path in modules.items():
        for node, typing in statements(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path} has a relative import"
                parent = node.module or ""
                whole = [f"{parent}.{alias.name}" for alias in node.names]
                targets = [name if name in modules else parent for name in whole]
            elif isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            yield from ((module, target, typing) for target in targets if target in modules)


def private_imports(package: Path) -> list[str]:
    """Imports of a private module of another subpackage."""
    found = set()
    for module, target, _ in imports(package):
        other = module.split(".")[1:2] != target.split(".")[1:2]
        private = any(part.startswith("_") for part in target.split("."))
        if other and private and target not in SHARED:
            found.add(f"{module} imports {target}")
    return sorted(found)


def cycles(package: Path, typing: bool = False) -> list[list[str]]:
    """Strongly connected components of more than one module, in the graph of imports.

    Imports for type checkers only are counted if ``typing``.
    """
    graph = nx.DiGraph((a, b) for a, b, checked in imports(package) if typing or not checked)
    return sorted(sorted(each) for each in nx.strongly_connected_components(graph) if len(each) > 1)


class TestGraphkit:
    package = Path(graphkit.__file__).parent

    def test_no_private_module_of_another_package_is_imported(self) -> None:
        assert private_imports(self.package) == []

    @pytest.mark.parametrize("typing", [False, True], ids=["at run time", "for type checkers"])
    def test_no_modules_import_each_other(self, typing: bool) -> None:
        assert cycles(self.package, typing) == []


class TestMadeUpPackages:
    @pytest.fixture
    def package(self, tmp_path: Path) -> Path:
        return tmp_path / "p"

    def write(self, package: Path, **modules: str) -> None:
        """Write modules; ``a__b`` is the file a/b.py, ``a__init`` the package a itself."""
        for name, text in modules.items():
            path = package.joinpath(*name.split("__", 1)).with_suffix(".py")
            path = path.with_stem("__init__") if path.stem == "init" else path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    @pytest.mark.parametrize(
        "text",
        [
            "from p.b._x import y",
            "from p.b import _x",
            "import p.b._x",
            "def f():\n    from p.b._x import y",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.b._x import y",
        ],
    )
    def test_a_private_module_of_another_package_is_reported(
        self, package: Path, text: str
    ) -> None:
        self.write(package, a__c=text, b__d=text, b___x="y = 1")
        assert private_imports(package) == ["p.a.c imports p.b._x"]

    def test_what_is_public_may_be_imported(self, package: Path) -> None:
        self.write(package, a__c="from p.b.x import _y\nfrom p.b import x", b__x="_y = 1")
        assert private_imports(package) == []

    @pytest.mark.parametrize("text", ["from p.b.x import y", "def f():\n    import p.b.x"])
    def test_a_cycle_is_reported(self, package: Path, text: str) -> None:
        self.write(package, a__c=text, b__x="from p.e import z", e="from p.a import c", f=text)
        assert cycles(package) == [["p.a.c", "p.b.x", "p.e"]]

    def test_imports_for_type_checkers_are_counted_on_demand(self, package: Path) -> None:
        checked = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.b import x\n"
        self.write(package, a=checked, b__x="import p.a")
        assert cycles(package) == []
        assert cycles(package, typing=True) == [["p.a", "p.b.x"]]
        self.write(package, a=checked + "else:\n    import p.b.x")
        assert cycles(package) == [["p.a", "p.b.x"]]

    def test_a_package_is_in_a_cycle_only_if_names_are_imported_from_it(
        self, package: Path
    ) -> None:
        both = "from p.a.c import y\nfrom p.a.d import z"
        self.write(package, a__init=both, a__c="y = 1", a__d="from p.a.c import y\nz = 2")
        assert cycles(package) == []
        self.write(package, a__d="from p.a import y\nz = 2")
        assert cycles(package) == [["p.a", "p.a.d"]]
