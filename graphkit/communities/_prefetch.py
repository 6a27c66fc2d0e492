"""A hint to the processor: fetch this row of an array into the cache, it will be needed soon.

On graphs too large for the cache, local moving spends most of its time waiting for memory;
asking for the next nodes' data while one node is worked on makes it more than twice as fast.
The hint changes no result.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["prefetch"]


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Prefetch ``array[index]``, an element or, in two dimensions, the start of a row."""
    signature = numba.types.void(array, numba.types.int64)

    def generate(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        wrapped = context.make_array(kinds.args[0])(context, builder, arguments[0])
        stride = cgutils.unpack_tuple(builder, wrapped.strides)[0]
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        start = builder.bitcast(wrapped.data, byte)
        place = builder.gep(start, [builder.mul(arguments[1], stride)])
        hint = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, word, word, word]),
            "llvm.prefetch.p0i8",
        )
        # for reading, to be kept, data
        builder.call(hint, [place, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return signature, generate
