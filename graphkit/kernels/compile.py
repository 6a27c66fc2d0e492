"""Compilation of kernels with Numba, and the disk cache of compiled kernels.

The cache is read from the folder ``NUMBA_CACHE_DIR``, from beside the sources, and from the user's
cache folder, whether or not they can be written: one filled once, as by ``graphkit warm`` when an
image is built, serves every user. New kernels go to the first of these that can be written; if none
can, every process compiles the kernels that it does not find.

A file holds one kernel for one signature. Its name has the digests of the sources it was compiled
from, of the versions of Python, NumPy and Numba with the type of CPU, and of the signature; its
content begins with its own digest. So what is of other sources, versions or machines is not found,
what is damaged is not used, and both are compiled anew.
"""

from __future__ import annotations

import ast
import hashlib
import operator
import os
import pickle
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from functools import cache, cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import llvmlite
import numba
import numpy as np
from llvmlite import binding
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, DefaultPassBuilder, Flags
from numba.core.types.functions import BaseFunction

from graphkit.garbage import without_collections

__all__ = [
    "BORROWING",
    "borrowing",
    "cache_folders",
    "caching_in",
    "cpu_name",
    "is_filled",
    "kernel",
    "lacks_kernel",
    "mark_filled",
    "writable",
]

#: The folder of the package that this module belongs to.
_PACKAGE = Path(__file__).parents[__name__.count(".") - 1]


def _find_source(module: str) -> Path | None:
    """Source file of a module of the package; None for any other name."""
    package, *parts = module.split(".")
    if package != _PACKAGE.name:
        return None
    path = _PACKAGE.joinpath(*parts)
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def _import_time_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module that run on import, without those for type checkers."""
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _import_time_statements(node.orelse)
        elif isinstance(node, ast.If | ast.Try):
            yield from _import_time_statements([*node.body, *node.orelse])
        else:
            yield node


@cache
def _read_source(path: Path) -> tuple[bytes, frozenset[Path]]:
    """Source of a module, and the files of the package that it imports at module level."""
    source = path.read_bytes()
    found: set[Path | None] = set()
    for node in _import_time_statements(ast.parse(source).body):
        if isinstance(node, ast.ImportFrom):
            parent = node.module or ""
            found |= {
                _find_source(f"{parent}.{a.name}") or _find_source(parent) for a in node.names
            }
        elif isinstance(node, ast.Import):
            found |= {_find_source(a.name) for a in node.names}
    return source, frozenset(file for file in found if file)


@cache
def _find_dependencies(path: Path) -> frozenset[Path]:
    """File of a module and, transitively, of the modules of the package that it imports."""
    found, new = {path}, {path}
    while new:
        new = {file for each in new for file in _read_source(each)[1]} - found
        found |= new
    return frozenset(found)


@cache
def _source_digest(path: Path) -> str:
    """Digest of the sources of the kernels in this file, imported ones included."""
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(_find_dependencies(path)):
        digest.update(hashlib.blake2b(_read_source(file)[0]).digest())
    return digest.hexdigest()


#: Length of the digest that a file of the cache begins with.
_DIGEST = 16
#: Files of other sources that are older than so many seconds (thirty days) are removed.
_STALE = 30 * 24 * 3600.0
#: Versions that compiled code depends on.
_VERSIONS = (
    sys.implementation.cache_tag,
    getattr(sys, "abiflags", ""),
    numba.__version__,
    llvmlite.__version__,
    np.__version__,
)

#: The only folder of the cache, within :func:`caching_in`.
_only: Path | None = None


def cache_folders() -> list[Path]:
    """Folders of the cache, in the order in which they are read, and tried for writing."""
    from numba.misc.appdirs import AppDirs

    if _only is not None:
        return [_only]
    named = numba.config.CACHE_DIR
    folders = [Path(named).absolute() / _PACKAGE.name] if named else []
    folders.append(Path(__file__).parent / "__pycache__")
    own = Path(AppDirs(appname="numba", appauthor=False).user_cache_dir)
    if own.is_absolute():  # else it begins with ~, as the user has no home
        folders.append(own / _PACKAGE.name)
    return folders


@contextmanager
def caching_in(folder: Path) -> Iterator[None]:
    """Context in which the cache is read from, and written to, one folder."""
    global _only
    before, _only = _only, folder
    try:
        yield
    finally:
        _only = before


def writable(folders: list[Path]) -> Path | None:
    """The first of the folders that takes a file, or None."""
    for folder in folders:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
    return None


def cpu_name() -> str:
    """Type of CPU that kernels are compiled for."""
    return str(numba.config.CPU_NAME or binding.get_host_cpu_name())


@cache
def _machine() -> str:
    """Digest of the type of CPU and of the versions that compiled code depends on."""
    return hashlib.blake2b(repr((cpu_name(), _VERSIONS)).encode(), digest_size=4).hexdigest()


def _begin_name(base: str, stamp: str) -> str:
    """Begin of the names of the files of a kernel, of these sources, versions and CPU."""
    return f"{base}-{stamp[:16]}-{_machine()}"


def lacks_kernel(names: Iterable[str]) -> bool:
    """Whether the folders hold no file of one of these kernels, such as ``leiden.move_nodes``."""
    held = [os.listdir(folder) for folder in cache_folders() if folder.is_dir()]
    files = [file for folder in held for file in folder if file.endswith(".nbc")]
    for name in names:
        module, function = name.split(".")
        parent = f"{__name__.rpartition('.')[0]}.{module}"
        source = _find_source(parent)
        assert source is not None, name
        begin = _begin_name(f"{parent}.{function}", _source_digest(source))
        if not any(file.startswith(begin) for file in files):
            return True
    return False


def _mark() -> str:
    """Name of the file that says that a folder holds the kernels of these sources and versions."""
    digest = hashlib.blake2b(_machine().encode(), digest_size=8)
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(_digest(file.read_bytes()))
    return f"filled-{digest.hexdigest()}"


def is_filled() -> bool:
    """Whether one of the folders was filled with all kernels that default calls use."""
    mark = _mark()
    return any((folder / mark).exists() for folder in cache_folders())


def mark_filled(folder: Path) -> None:
    """Note that the folder was filled; a folder that takes no file stays without the note."""
    with suppress(OSError):
        mark = folder / _mark()
        _write(mark, b"")
        _remove_stale(folder, "filled", mark.name)


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()


class _KernelCache:
    """Disk cache of one kernel, with the methods that a dispatcher of Numba calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._source = Path(function.__code__.co_filename)
        self._base = f"{function.__module__}.{function.__qualname__}"

    @cached_property
    def stamp(self) -> str:
        """Digest of the sources that the kernel is compiled from."""
        return _source_digest(self._source)

    @property
    def cache_path(self) -> str:
        """The folder that is tried first."""
        return str(cache_folders()[0])

    def flush(self) -> None:
        """Before a recompilation in this process: files are only replaced."""

    def _file_name(self, signature: Any, codegen: Any) -> str:
        key = repr((str(signature), codegen.magic_tuple(), _VERSIONS))
        return f"{_begin_name(self._base, self.stamp)}{_digest(key.encode()).hex()[:16]}.nbc"

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The compiled kernel, or None."""
        from numba.core.compiler import CompileResult

        context.refresh()
        name = self._file_name(signature, context.codegen())
        for folder in cache_folders():
            try:
                content = (folder / name).read_bytes()
            except OSError:
                continue
            if _digest(content[_DIGEST:]) == content[:_DIGEST]:
                # the class of an argument may have moved: its module is no source of the kernel
                with suppress(AttributeError, ImportError):
                    return CompileResult._rebuild(context, *pickle.loads(content[_DIGEST:]))
        return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Write the compiled kernel to the first folder that takes it."""
        from numba.core.serialize import dumps

        if result.lifted or result.library.has_dynamic_globals:
            return
        content = dumps(result._reduce())
        name = self._file_name(signature, result.codegen)
        for folder in cache_folders():
            with suppress(OSError):
                _write(folder / name, _digest(content) + content)
                _remove_stale(folder, self._base, f"{self._base}-{self.stamp[:16]}-*.nbc")
                return


def _remove_stale(folder: Path, base: str, kept: str) -> None:
    """Remove old files of other sources than those `kept`, or of writes that were cut off."""
    before = time.time() - _STALE
    for old in folder.glob(f"{base}-*"):
        if not old.match(kept):
            with suppress(OSError):
                if old.stat().st_mtime < before:
                    old.unlink()


def _write(path: Path, content: bytes) -> None:
    """Write a file at once, readable for all whom the user's mask lets read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}")
    try:
        made.write_bytes(content)
        os.replace(made, path)
    except BaseException:
        with suppress(OSError):
            made.unlink()
        raise


class _Library(JITCodeLibrary):  # type: ignore[misc]
    """Code of a kernel, optimised as a whole: before, its functions are only cleaned up.

    Numba also optimises each function in full, for a twentieth of the seconds of a compilation.
    """

    def _optimize_functions(self, ll_module: Any) -> None:
        """Put variables into registers, and remove what that leaves unused."""
        if not hasattr(self._codegen, "_pass_builder"):  # older versions of Numba do no more
            super()._optimize_functions(ll_module)
            return
        ll_module.data_layout = self._codegen._data_layout
        builder = self._codegen._pass_builder()
        passes = binding.create_new_function_pass_manager()
        passes.add_sroa_pass()
        passes.add_simplify_cfg_pass()
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
        for function in ll_module.functions:
            if not function.is_declaration:
                passes.run(function, builder)


class _RolledLibrary(_Library):
    """Code of a kernel whose loops stay as they are: short ones, that gather and branch.

    To unroll and to vectorise them takes a sixth of the seconds of its compilation.
    """

    def _optimize_final_module(self) -> None:
        """Optimise the whole once, with its loops as they are."""
        if not hasattr(self._codegen, "_pass_builder"):  # older versions of Numba do more
            super()._optimize_final_module()
            return
        options = binding.create_pipeline_tuning_options()
        options.loop_unrolling = options.loop_interleaving = False
        options.loop_vectorization = options.slp_vectorization = False
        passes = binding.create_pass_builder(self._codegen._tm, options)
        passes.getModulePassManager().run(self._final_module, passes)


class _LinkedLibrary(_Library):
    """Code of a kernel that only kernels call: linked into theirs, and optimised with it.

    It never runs on its own, so that it is neither optimised in full nor translated to machine code:
    that took a quarter of the seconds of the first simulation in a process.
    """

    def _optimize_final_module(self) -> None:
        """Leave the whole to the callers; single functions are simplified when they are added."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """No function has an address here."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> Any:
        """What callers of a library need of the code generator; no environment has an address."""
        return SimpleNamespace(
            magic_tuple=self._codegen.magic_tuple, set_env=lambda name, environment: None
        )

    def serialize_using_object_code(self) -> tuple[str, str, bytes]:
        """The code for linking, as there is no other."""
        return cast("tuple[str, str, bytes]", self.serialize_using_bitcode())


class _Flags(Flags):  # type: ignore[misc]
    """Options of a compilation that are compared by a text, which is made once.

    Numba looks them up with each call that it types, and compares them option by option, by a hash
    that is the same for all: a tenth of the seconds of a first simulation.
    """

    __slots__ = ("_text",)
    _text: str

    def __hash__(self) -> int:
        return hash(self._summary)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Flags):
            return self._summary == other._summary
        return bool(super().__eq__(other))

    @property
    def _summary(self) -> str:
        """All options that are not at their defaults."""
        try:
            return self._text
        except AttributeError:
            self._text = self.summary()
            return self._text


#: Types of calls that were found, while the thread compiles a kernel; absent otherwise.
_calls = threading.local()


class _Typing:
    """Numba's context of types, which remembers those of calls while a kernel is compiled.

    Numba tries what a function can take, one after another, and most calls are of an operator with
    the same few types: a tenth of the seconds of a first Leiden.
    """

    def resolve_function_type(self, function: Any, args: Any, kws: Any) -> Any:
        """Type of a call, as it was found before."""
        find = super().resolve_function_type  # type: ignore[misc]
        known = getattr(_calls, "known", None)
        if known is None or kws or not isinstance(function, BaseFunction):
            return find(function, args, kws)
        # with what is added to the function meanwhile, another type may be first
        call = function, len(function.templates), tuple(args)
        if call not in known:
            known[call] = find(function, args, kws)
        return known[call]

    def resolve_setitem(self, target: Any, index: Any, value: Any) -> Any:
        """Type of an assignment to an element."""
        function = self.resolve_value_type(operator.setitem)  # type: ignore[attr-defined]
        return self.resolve_function_type(function, (target, index, value), {})

    @classmethod
    def of(cls, context: Any) -> Any:
        """A context that shares all that another one holds."""
        view = copy(context)
        view.__class__ = type("Typing", (cls, type(context)), {})
        return view


@contextmanager
def _remembering_calls() -> Iterator[None]:
    """Context in which this thread remembers the types of calls."""
    before = getattr(_calls, "known", None)
    _calls.known = {} if before is None else before
    try:
        yield
    finally:
        _calls.known = before


class _KernelCompiler(Compiler):  # type: ignore[misc]
    """Compiler of all kernels."""

    _library: ClassVar[type[_Library]] = _Library

    def __init__(
        self,
        typing_context: Any,
        target_context: Any,
        library: Any,
        args: Any,
        return_type: Any,
        flags: Any,
        locals: Any,
    ) -> None:
        types = _Typing.of(typing_context)
        super().__init__(types, target_context, library, args, return_type, _Flags(flags), locals)

    def define_pipelines(self) -> list[Any]:
        """The usual passes, with a library of this package."""
        state = self.state
        state.library = self._library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return [DefaultPassBuilder.define_nopython_pipeline(state)]


class _RolledCompiler(_KernelCompiler):
    """Compiler of kernels whose loops gather and branch."""

    _library = _RolledLibrary


class _LinkedCompiler(_KernelCompiler):
    """Compiler of kernels that only kernels call."""

    _library = _LinkedLibrary


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorator `numba.njit` with a disk cache that is valid until a source changes.

    The sources are the file that defines a kernel, and those of the kernels and constants that are
    imported and compiled into it.
    """
    from numba import njit

    chosen = {"pipeline_class": _KernelCompiler} | options

    def compile_kernel(function: Callable[..., Any]) -> Any:
        # no wrapper for C either, which nothing here calls: it costs time to compile
        made = njit(nogil=True, no_cfunc_wrapper=True, **chosen)(function)
        if not numba.config.DISABLE_JIT:
            made._cache = _KernelCache(function)
            compiled = _remembering_calls()(made._compiler.compile)
            made._compiler.compile = without_collections()(compiled)
        return made

    return compile_kernel


_LINKED: dict[str, Any] = {"no_cpython_wrapper": True, "pipeline_class": _LinkedCompiler}
#: Decorator of kernels that only kernels call: compiled without wrappers for Python.
inner = kernel(error_model="numpy", **_LINKED)
#: Option of kernels that neither make nor return arrays: references to arrays are not counted, each
#: time in an atomic operation, which takes a third of the time where many arrays are passed on.
BORROWING = {"_nrt": False}
#: Options of such kernels whose loops gather and branch: neither unrolled nor vectorised.
ROLLED: dict[str, Any] = BORROWING | {"pipeline_class": _RolledCompiler}
#: Decorator of such kernels that only kernels call.
borrowing = kernel(error_model="numpy", **_LINKED, **BORROWING)
