"""What kernels tell the processor directly: rows to fetch ahead, products in eight lanes.

What looks up rows of large arrays at random spends most of its time waiting for memory. Asking
for the next rows while one is worked on makes local moving in large graphs more than twice as
fast. The hint changes no result. Products are summed in eight sums side by side, which any
processor adds in the same order.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["LANES", "dot_rows", "prefetch"]

#: Rows that :func:`dot_rows` multiplies have a multiple of so many columns.
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

    def generate(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        place = _row_start(context, builder, kinds.args[0], *arguments)
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        hint = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, word, word, word]),
            "llvm.prefetch.p0i8",
        )
        # for reading, to be kept, data
        builder.call(hint, [place, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def dot_rows(typing_context: Any, left: Any, i: Any, right: Any, j: Any) -> Any:
    """Σ_x left[i, x] · right[j, x] of float32 rows, in eight sums that are added pairwise last."""
    whole = numba.types.int64
    signature = numba.types.float32(left, whole, right, whole)

    def generate(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
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
        found = builder.load(total)
        sums = [
            builder.extract_element(found, ir.Constant(ir.IntType(32), k)) for k in range(LANES)
        ]
        while len(sums) > 1:
            sums = [builder.fadd(sums[k], sums[k + 1]) for k in range(0, len(sums), 2)]
        return sums[0]

    return signature, generate
