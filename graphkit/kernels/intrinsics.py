"""What kernels do with several numbers at once, or with the machine: written in LLVM.

Rows are read and written in whole vectors, and every sum has one order on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

#: Lanes of a vector. The number of columns of the rows of :func:`dot_rows` is a multiple of this.
LANES = 8

_BIT, _BYTE, _WORD, _LONG = (ir.IntType(width) for width in (1, 8, 32, 64))


def splat(builder: Any, value: Any, size: int = LANES) -> Any:
    """Vector of a value in all lanes."""
    blank = ir.Constant(ir.VectorType(value.type, size), ir.Undefined)
    lone = builder.insert_element(blank, value, _WORD(0))
    return builder.shuffle_vector(lone, lone, ir.Constant(ir.VectorType(_WORD, size), [0] * size))


def load_vector(builder: Any, place: Any, kind: Any) -> Any:
    """Vector at an address, which need not be a round one."""
    part = builder.load(builder.bitcast(place, kind.as_pointer()))
    part.align = 4
    return part


def store_vector(builder: Any, value: Any, place: Any) -> None:
    """Write a vector to an address, which need not be a round one."""
    builder.store(value, builder.bitcast(place, value.type.as_pointer())).align = 4


def _fold_lanes(builder: Any, vector: Any, combine: Callable[[Any, Any], Any]) -> Any:
    """Combine neighbouring lanes, until one is left."""
    width = vector.type.count
    while width > 1:
        width //= 2
        kind = ir.VectorType(_WORD, width)
        even, odd = (
            builder.shuffle_vector(
                vector, vector, ir.Constant(kind, [2 * k + side for k in range(width)])
            )
            for side in (0, 1)
        )
        vector = combine(even, odd)
    return builder.extract_element(vector, _WORD(0))


def _row_start(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Address of ``array[index]``, an element or, in two dimensions, the start of a row."""
    wrapped = context.make_array(kind)(context, builder, array)
    stride = cgutils.unpack_tuple(builder, wrapped.strides)[0]
    start = builder.bitcast(wrapped.data, _BYTE.as_pointer())
    return builder.gep(start, [builder.mul(index, stride)])


def _row_lanes(context: Any, builder: Any, *rows: tuple[Any, Any, Any]) -> tuple[list[Any], Any]:
    """Addresses of rows of float32 as vectors of LANES, and the vectors of each.

    A row is the type of its array, the array, and the index.
    """
    lanes = ir.VectorType(ir.FloatType(), LANES).as_pointer()
    starts = [builder.bitcast(_row_start(context, builder, *row), lanes) for row in rows]
    kind, array, _ = rows[0]
    shape = cgutils.unpack_tuple(builder, context.make_array(kind)(context, builder, array).shape)
    return starts, builder.udiv(shape[1], ir.Constant(shape[1].type, LANES))


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Prefetch ``array[index]``, an element or, in two dimensions, the start of a row."""
    signature = types.void(array, types.int64)

    def generate_code(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        address = _row_start(context, builder, kinds.args[0], *arguments)
        hint = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), _WORD, _WORD, _WORD]),
            "llvm.prefetch.p0i8",
        )
        # read access, high locality, data cache
        builder.call(hint, [address, _WORD(0), _WORD(3), _WORD(1)])
        return context.get_dummy_value()

    return signature, generate_code


@intrinsic
def trailing_zeros(typing_context: Any, word: Any) -> Any:
    """Number of zero bits below the lowest bit of an int64 other than 0."""

    def generate_code(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], _BIT(1))

    return types.int64(types.int64), generate_code


@intrinsic
def number_of_ones(typing_context: Any, word: Any) -> Any:
    """Number of bits of an int64 that are one."""

    def generate_code(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate_code


@intrinsic
def dot_rows(typing_context: Any, left: Any, i: Any, right: Any, j: Any) -> Any:
    """Dot product Σ_x left[i, x] · right[j, x] of float32 rows, in eight partial sums."""
    signature = types.float32(left, types.int64, right, types.int64)

    def generate_code(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        a, at_a, b, at_b = arguments
        lanes = ir.VectorType(ir.FloatType(), LANES)
        sides = (kinds.args[0], a, at_a), (kinds.args[2], b, at_b)
        rows, steps = _row_lanes(context, builder, *sides)
        total = cgutils.alloca_once_value(builder, ir.Constant(lanes, [0.0] * LANES))
        with cgutils.for_range(builder, steps) as loop:
            parts = [load_vector(builder, builder.gep(row, [loop.index]), lanes) for row in rows]
            product = builder.fmul(*parts)
            builder.store(builder.fadd(builder.load(total), product), total)
        return _fold_lanes(builder, builder.load(total), builder.fadd)

    return signature, generate_code


@intrinsic
def add_row(typing_context: Any, left: Any, i: Any, weight: Any, right: Any, j: Any) -> Any:
    """left[i, x] += weight · right[j, x] for all x, of float32 rows that do not overlap."""
    signature = types.void(left, types.int64, types.float32, right, types.int64)

    def generate_code(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        a, at_a, weight, b, at_b = arguments
        lanes = ir.VectorType(ir.FloatType(), LANES)
        sides = (kinds.args[0], a, at_a), (kinds.args[3], b, at_b)
        rows, steps = _row_lanes(context, builder, *sides)
        weights = splat(builder, weight)
        with cgutils.for_range(builder, steps) as loop:
            places = [builder.gep(row, [loop.index]) for row in rows]
            old, new = (load_vector(builder, place, lanes) for place in places)
            store_vector(builder, builder.fadd(old, builder.fmul(weights, new)), places[0])
        return context.get_dummy_value()

    return signature, generate_code


@intrinsic
def lower_scores(typing_context: Any, arrays: Any, size: Any, topic: Any, author: Any) -> Any:
    """Lower the scores of a topic and of an author, order all scores anew, and find the first.

    `arrays` are the scores, the factor of each where it is positive, and their order, which is
    written: the bits of the product as an int64 of the same order. `topic` and `author` are the
    int32 codes of all, the code whose scores are lowered, and by how much. Arrays are read in whole
    vectors up to `size`.

    Returns where the highest score is; −1 − this if others may be as high.
    """
    signature = types.int64(arrays, types.int64, topic, author)

    def generate_code(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        size = arguments[1]
        lanes, reals, codes, bits = (
            ir.VectorType(kind, LANES) for kind in (_LONG, ir.DoubleType(), _WORD, _BIT)
        )

        def constant(kind: Any, value: Any) -> Any:
            return ir.Constant(kind, [value] * LANES)

        def start(kind: Any, array: Any) -> Any:
            return context.make_array(kind)(context, builder, array).data

        def unpack(k: int) -> Any:
            return zip(kinds.args[k], cgutils.unpack_tuple(builder, arguments[k]), strict=True)

        scores, factors, order = (start(*array) for array in unpack(0))
        lowered = []
        for k in (2, 3):
            array, (_, code), (_, by) = unpack(k)
            lowered.append((start(*array), splat(builder, code), splat(builder, by)))
        nothing = constant(reals, 0.0)
        highest = cgutils.alloca_once_value(builder, constant(lanes, -(2**63)))
        first = cgutils.alloca_once_value(builder, constant(lanes, 0))
        tied = cgutils.alloca_once_value(builder, constant(bits, 0))
        with cgutils.for_range_slice(builder, _LONG(0), size, _LONG(LANES), _LONG) as (i, _):
            value = load_vector(builder, builder.gep(scores, [i]), reals)
            for places, code, by in lowered:
                mine = load_vector(builder, builder.gep(places, [i]), codes)
                same = builder.icmp_signed("==", mine, code)
                value = builder.fsub(value, builder.select(same, by, nothing))
            store_vector(builder, value, builder.gep(scores, [i]))
            scaled = builder.fmul(value, load_vector(builder, builder.gep(factors, [i]), reals))
            value = builder.select(builder.fcmp_ordered(">", value, nothing), scaled, value)
            # bits of a score as an integer of the same order; −0 is 0
            key = builder.bitcast(builder.fadd(value, nothing), lanes)
            flip = builder.and_(builder.ashr(key, constant(lanes, 63)), constant(lanes, 2**63 - 1))
            key = builder.xor(key, flip)
            store_vector(builder, key, builder.gep(order, [i]))
            # the first of the highest of each lane, and whether another is as high
            before = builder.load(highest)
            above = builder.icmp_signed(">", key, before)
            equal = builder.or_(builder.load(tied), builder.icmp_signed("==", key, before))
            builder.store(builder.and_(equal, builder.not_(above)), tied)
            builder.store(builder.select(above, key, before), highest)
            builder.store(builder.select(above, splat(builder, i), builder.load(first)), first)
        tops = builder.load(highest)
        top = _fold_lanes(
            builder, tops, lambda a, b: builder.select(builder.icmp_signed(">", a, b), a, b)
        )
        at_top = builder.icmp_signed("==", tops, splat(builder, top))
        mask = ir.IntType(LANES)
        where = builder.bitcast(at_top, mask)
        lane = builder.cttz(where, _BIT(0))
        others = builder.and_(where, builder.sub(where, mask(1)))
        twice = builder.bitcast(builder.and_(at_top, builder.load(tied)), mask)
        alone = builder.icmp_signed("==", builder.or_(others, twice), mask(0))
        begin = builder.extract_element(builder.load(first), builder.zext(lane, _WORD))
        best = builder.add(begin, builder.zext(lane, _LONG))
        return builder.select(alone, best, builder.xor(best, _LONG(-1)))

    return signature, generate_code
