"""Compilation of kernels with Numba, and the disk cache of compiled kernels.

The cache is in the folder ``NUMBA_CACHE_DIR``, else next to the sources, else in the user's cache
folder. If none is writable, every process compiles its kernels (some seconds for Leiden).
"""

from __future__ import annotations

import ast
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["CACHE", "LANES", "dot_rows", "kernel", "prefetch", "trailing_zeros"]


def _is_writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _nearest_existing(folder: Path) -> Path:
    """The folder, or its nearest parent that exists."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


#: Whether compiled kernels are cached on disk.
CACHE = (
    bool(os.environ.get("NUMBA_CACHE_DIR"))
    or _is_writable(Path(__file__).parent)
    or _is_writable(_nearest_existing(Path.home() / ".cache" / "numba"))
)

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


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorator `numba.njit` whose disk cache is valid until a source changes.

    Numba checks the file that defines a kernel; here, also the files of the kernels and
    constants that are imported and compiled into it.
    """
    from numba import njit

    def compile_kernel(function: Callable[..., Any]) -> Any:
        # no wrapper for C either, which nothing here calls: it costs time to compile
        made = njit(nogil=True, cache=CACHE, no_cfunc_wrapper=True, **options)(function)
        cached: Any = getattr(getattr(made, "_cache", None), "_cache_file", None)
        if hasattr(cached, "_source_stamp"):
            cached._source_stamp = _source_digest(Path(function.__code__.co_filename))
        return made

    return compile_kernel


#: Decorator of kernels that only kernels call: compiled without wrappers for Python.
inner = kernel(error_model="numpy", no_cpython_wrapper=True)

#: The number of columns of the rows of :func:`dot_rows` is a multiple of this.
LANES = 8


def _row_start(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Address of ``array[index]``, an element or, in two dimensions, the start of a row."""
    wrapped = context.make_array(kind)(context, builder, array)
    stride = cgutils.unpack_tuple(builder, wrapped.strides)[0]
    start = builder.bitcast(wrapped.data, ir.IntType(8).as_pointer())
    return builder.gep(start, [builder.mul(index, stride)])


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Prefetch ``array[index]``, an element or, in two dimensions, the start of a row."""
    signature = numba.types.void(array, numba.types.int64)

    def generate_code(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        address = _row_start(context, builder, kinds.args[0], *arguments)
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        hint = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, word, word, word]),
            "llvm.prefetch.p0i8",
        )
        # read access, high locality, data cache
        builder.call(hint, [address, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return signature, generate_code


@intrinsic
def trailing_zeros(typing_context: Any, word: Any) -> Any:
    """Number of zero bits below the lowest bit of an int64 other than 0."""

    def generate_code(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return numba.types.int64(numba.types.int64), generate_code


@intrinsic
def dot_rows(typing_context: Any, left: Any, i: Any, right: Any, j: Any) -> Any:
    """Dot product Σ_x left[i, x] · right[j, x] of float32 rows, in eight partial sums."""
    whole = numba.types.int64
    signature = numba.types.float32(left, whole, right, whole)

    def generate_code(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        a, at_a, b, at_b = arguments
        lanes = ir.VectorType(ir.FloatType(), LANES)
        rows = [
            builder.bitcast(_row_start(context, builder, kind, array, at), lanes.as_pointer())
            for kind, array, at in ((kinds.args[0], a, at_a), (kinds.args[2], b, at_b))
        ]
        columns = cgutils.unpack_tuple(
            builder, context.make_array(kinds.args[0])(context, builder, a).shape
        )[1]
        steps = builder.udiv(columns, ir.Constant(columns.type, LANES))
        total = cgutils.alloca_once_value(builder, ir.Constant(lanes, [0.0] * LANES))
        with cgutils.for_range(builder, steps) as loop:
            parts = [builder.load(builder.gep(row, [loop.index])) for row in rows]
            for part in parts:
                part.align = 4
            product = builder.fmul(*parts)
            builder.store(builder.fadd(builder.load(total), product), total)
        whole, kind = builder.load(total), ir.IntType(32)
        sums = [builder.extract_element(whole, ir.Constant(kind, k)) for k in range(LANES)]
        while len(sums) > 1:
            sums = [builder.fadd(sums[k], sums[k + 1]) for k in range(0, len(sums), 2)]
        return sums[0]

    return signature, generate_code
