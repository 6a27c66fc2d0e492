"""The public surface: what packages export, how functions are called, where types are found."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import types

import pytest

import graphkit as gk

PACKAGES = {
    name: importlib.import_module(f"graphkit.{name}")
    for _, name, is_package in pkgutil.iter_modules(gk.__path__)
    if is_package and name not in ("cli", "kernels", "networkx_backend")
}
EXPORTED = {("graphkit", name): getattr(gk, name) for name in gk.__all__} | {
    (package, name): getattr(module, name)
    for package, module in PACKAGES.items()
    for name in module.__all__
}
FUNCTIONS = {
    f"{package}.{name}": value
    for (package, name), value in EXPORTED.items()
    if inspect.isfunction(value)
}
PUBLIC_TYPES = {value for value in EXPORTED.values() if inspect.isclass(value)}


def test_the_packages_are_those_that_the_package_names() -> None:
    assert set(PACKAGES) == set(dir(gk)) - set(gk.__all__)


@pytest.mark.parametrize("package", PACKAGES)
def test_dir_lists_what_a_package_exports_and_nothing_else(package: str) -> None:
    module = PACKAGES[package]
    assert dir(module) == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name).__doc__, name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures(name: str) -> None:
    """The main object first, at most two more positional arguments, `rng` last."""
    parameters = list(inspect.signature(FUNCTIONS[name]).parameters.values())
    assert sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters) <= 3
    assert not any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in parameters)
    # a study's seed is a value of its file
    forbidden = {"inplace", "copy", "random_state"}
    if name != "study.demo_config":
        forbidden.add("seed")
    assert not forbidden & {p.name for p in parameters}
    if "rng" in {p.name for p in parameters}:
        assert parameters[-1].name == "rng"
        assert parameters[-1].kind is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings_follow_numpydoc(name: str) -> None:
    text = inspect.getdoc(FUNCTIONS[name]) or ""
    signature = inspect.signature(FUNCTIONS[name])
    first = text.splitlines()[0]
    assert first.endswith((".", ":")), first
    if signature.parameters:
        assert "Parameters\n----------" in text
    for parameter in signature.parameters:
        assert parameter in text, f"{name} does not explain {parameter}"


def all_classes() -> dict[str, type]:
    """Classes of graphkit by name."""
    found = {}
    for info in pkgutil.walk_packages(gk.__path__, "graphkit."):
        if "spark_worker" not in info.name:
            for value in vars(importlib.import_module(info.name)).values():
                if inspect.isclass(value) and value.__module__.startswith("graphkit."):
                    found[value.__name__] = value
    return found


def named_in(annotation: str, classes: dict[str, type]) -> set[type]:
    """Classes that an annotation names, at any depth."""
    names = {n.id for n in ast.walk(ast.parse(annotation)) if isinstance(n, ast.Name)}
    return {classes[name] for name in names & set(classes)}


def handed_out() -> dict[type, str]:
    """Types that a user can hold, from returns of functions to fields and properties, and where."""
    classes, found = all_classes(), {}
    waiting = [(str(f.__annotations__.get("return")), name) for name, f in FUNCTIONS.items()]
    waiting += [(cls.__name__, cls.__name__) for cls in PUBLIC_TYPES & set(classes.values())]
    while waiting:
        annotation, origin = waiting.pop()
        for cls in named_in(annotation, classes) - set(found):
            found[cls] = origin
            public = {k: str(v) for k, v in vars(cls).get("__annotations__", {}).items()}
            for key, member in vars(cls).items():
                function = getattr(member, "fget", getattr(member, "func", member))
                if isinstance(function, types.FunctionType):
                    public[key] = str(function.__annotations__.get("return"))
            waiting += [(v, f"{cls.__name__}.{k}") for k, v in public.items() if k[0] != "_"]
    return found


def test_every_type_that_a_user_can_hold_has_an_address() -> None:
    held = handed_out()
    assert len(held) > 30
    without = {f"{c.__module__}.{c.__name__} ({held[c]})" for c in held if c not in PUBLIC_TYPES}
    assert without == set()
