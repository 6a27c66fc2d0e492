"""Kernels of nearest-neighbour search in an inverted-file index, for many queries at a time.

Products are summed dimension by dimension in float32, in one order on every machine. A search
visits cell by cell: the posts of a cell are read once for all queries that it is near to.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from graphkit.kernels.compile import BORROWING, borrowing, kernel
from graphkit.kernels.intrinsics import load_vector, prefetch, splat, store_vector, trailing_zeros
from graphkit.kernels.random import has_seen
from graphkit.kernels.state import Array

#: Products that are computed at a time: of so many queries, with so many posts.
QUERIES, TILE = 4, 16
#: Products that are compared with a bar at a time; rows of products are padded to a multiple.
SPAN = 2 * TILE
#: Words of bits, by the last bits of their codes, of the posts that an account has seen.
WORDS = 32
#: Tiles of posts whose sums are in registers at a time, where vectors of a tile have 32 of them.
TILES = 3 if binding.get_host_cpu_features().get("avx512f") else 1


def _element(context: Any, builder: Any, kind: Any, array: Any, *at: Any) -> Any:
    """Address of an element of a contiguous array."""
    wrapped = context.make_array(kind)(context, builder, array)
    place = at[0]
    if kind.ndim == 2:
        width = cgutils.unpack_tuple(builder, wrapped.shape)[1]
        place = builder.add(builder.mul(at[0], width), at[1])
    return builder.gep(wrapped.data, [place])


def _dot_tiles(tiles: int) -> Any:
    """Make the function of products with so many tiles."""

    @intrinsic
    def multiply_tiles(
        typing_context: Any, queries: Any, q: Any, rows: Any, at: Any, stride: Any, out: Any, j: Any
    ) -> Any:
        """out[k, j + l] = Σ_x queries[q[k], x] · rows[at + x · stride + l], for k < 4, all l."""
        whole = types.int64
        signature = types.void(queries, q, rows, whole, whole, out, whole)

        def generate_code(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
            queries, q, rows, at, stride, out, j = arguments
            lanes, pairs = (
                ir.VectorType(ir.FloatType(), TILE),
                [*product(range(tiles), range(QUERIES))],
            )
            offsets = [ir.Constant(j.type, TILE * tile) for tile in range(tiles)]
            zero = ir.Constant(stride.type, 0)
            mine = []
            for k in range(QUERIES):
                place = _element(context, builder, kinds.args[1], q, ir.Constant(j.type, k))
                row = builder.load(place)
                mine.append(_element(context, builder, kinds.args[0], queries, row, zero))
            start = _element(context, builder, kinds.args[2], rows, at)
            wrapped = context.make_array(kinds.args[0])(context, builder, queries)
            d = cgutils.unpack_tuple(builder, wrapped.shape)[1]
            nothing = ir.Constant(lanes, [0.0] * TILE)
            totals = {pair: cgutils.alloca_once_value(builder, nothing) for pair in pairs}
            with cgutils.for_range(builder, d) as loop:
                row = builder.gep(start, [builder.mul(loop.index, stride)])
                parts = []
                for offset in offsets:
                    parts.append(load_vector(builder, builder.gep(row, [offset]), lanes))
                for k in range(QUERIES):
                    value = splat(builder, builder.load(builder.gep(mine[k], [loop.index])), TILE)
                    for tile, part in enumerate(parts):
                        total = totals[tile, k]
                        summed = builder.fadd(builder.load(total), builder.fmul(value, part))
                        builder.store(summed, total)
            for tile, k in pairs:
                at = builder.add(j, offsets[tile])
                place = _element(context, builder, kinds.args[5], out, ir.Constant(j.type, k), at)
                store_vector(builder, builder.load(totals[tile, k]), place)
            return context.get_dummy_value()

        return signature, generate_code

    return multiply_tiles


_dot_tile, _dot_some = _dot_tiles(1), _dot_tiles(TILES)


@intrinsic
def _bits_above(typing_context: Any, values: Any, k: Any, j: Any, bar: Any) -> Any:
    """Bit l: whether values[k, j + l] ≥ bar, for l < 32; all of an int64."""
    signature = types.int64(values, types.int64, types.int64, types.float32)

    def generate_code(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        values, k, j, bar = arguments
        lanes = ir.VectorType(ir.FloatType(), SPAN)
        place = _element(context, builder, kinds.args[0], values, k, j)
        part = load_vector(builder, place, lanes)
        above = builder.fcmp_ordered(">=", part, splat(builder, bar, SPAN))
        return builder.zext(builder.bitcast(above, ir.IntType(SPAN)), ir.IntType(64))

    return signature, generate_code


@intrinsic
def _fold_tile(typing_context: Any, values: Any, k: Any, j: Any, tops: Any, at: Any) -> Any:
    """tops[0, at + l] = the larger of it and values[k, j + l], for l < 16."""
    signature = types.void(values, types.int64, types.int64, tops, types.int64)

    def generate_code(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        values, k, j, tops, at = arguments
        lanes, zero = ir.VectorType(ir.FloatType(), TILE), ir.Constant(k.type, 0)
        source = _element(context, builder, kinds.args[0], values, k, j)
        target = _element(context, builder, kinds.args[3], tops, zero, at)
        new, old = (load_vector(builder, place, lanes) for place in (source, target))
        above = builder.fcmp_ordered(">", new, old)
        store_vector(builder, builder.select(above, new, old), target)
        return context.get_dummy_value()

    return signature, generate_code


@borrowing
def _dot_products(
    queries: Array, q: Any, rows: Array, first: Any, stride: Any, size: Any, out: Array
) -> None:
    """out[k, j] = Σ_x queries[q[k], x] · rows[first + x · stride + j], for j below `size`.

    The rest of the last 32 columns is −∞.
    """
    d = queries.shape[1]
    safe = rows.size - first - (d - 1) * stride
    done = np.int64(0)
    while done + (TILES - 1) * TILE < size and done + TILES * TILE <= safe:
        _dot_some(queries, q, rows, first + done, stride, out, done)
        done += TILES * TILE
    while done < size and done + TILE <= safe:
        _dot_tile(queries, q, rows, first + done, stride, out, done)
        done += TILE
    for k in range(QUERIES):
        # at the end of all rows
        for j in range(done, size):
            total = np.float32(0.0)
            for x in range(d):
                total += queries[q[k], x] * rows[first + x * stride + j]
            out[k, j] = total
        for j in range(size, -(-size // SPAN) * SPAN):
            out[k, j] = np.float32(-np.inf)


@borrowing
def _rank_key(dot: Any, code: Any) -> Any:
    """Sort key of a post: its product, ties by the larger code, that is the newer post."""
    bits = np.int64(np.float32(dot).view(np.int32))
    if bits < 0:
        bits = np.int64(-2147483648) - bits
    return (bits << 32) | np.int64(code)


@borrowing
def _value_of(key: Any) -> Any:
    """Product of a post, from its sort key."""
    bits = key >> 32
    if bits < 0:
        bits = np.int64(-2147483648) - bits
    return np.int32(bits).view(np.float32)


@borrowing
def _count_above(tops: Array, width: Any, bar: Any) -> Any:
    """Number of the first `width` values that reach the bar."""
    above = 0
    for x in range(width):
        above += tops[0, x] >= bar
    return above


@borrowing
def _find_largest(values: Array, row: Any, size: Any, tops: Array) -> Any:
    """The largest of the row's values."""
    for x in range(TILE):
        tops[0, x] = np.float32(-np.inf)
    for j in range(0, size, TILE):
        _fold_tile(values, row, j, tops, 0)
    largest = tops[0, 0]
    for x in range(1, TILE):
        largest = max(largest, tops[0, x])
    return largest


@borrowing
def _find_bar(values: Array, row: Any, size: Any, k: Any, tops: Array) -> Any:
    """A value that at least k of the row's values reach, seldom many more; −∞ if only k are there.

    The largest of disjoint groups are values of their own: what k of these reach, k values reach.
    """
    if size <= k:
        return np.float32(-np.inf)
    lanes = -(-size // TILE) * TILE
    width = min(-(-3 * k // TILE) * TILE, lanes)
    for x in range(width + TILE):
        tops[0, x] = np.float32(-np.inf)
    at: Any = np.int64(0)
    for j in range(0, lanes, TILE):
        _fold_tile(values, row, j, tops, at)
        at = at + TILE if at + TILE < width else 0
    for j in range(0, width, TILE):
        _fold_tile(tops, 0, j, tops, width)
    low = high = tops[0, width]
    for x in range(1, TILE):
        low, high = min(low, tops[0, width + x]), max(high, tops[0, width + x])
    # downward until so many reach it, then by halves
    step, above = max(high - low, np.float32(1e-6)), _count_above(tops, width, low)
    while above < k:
        high, low, step = low, low - step, step + step
        above = _count_above(tops, width, low)
    for _ in range(10):
        if above <= k + (k >> 3):
            break
        middle = np.float32(0.5) * (low + high)
        reached = _count_above(tops, width, middle)
        if reached >= k:
            low, above = middle, reached
        else:
            high = middle
    return low


@borrowing
def _list_above(values: Array, row: Any, size: Any, bar: Any, places: Array) -> Any:
    """List the places of the row's values that reach the bar; returns their number."""
    got: Any = np.int64(0)
    for j in range(0, size, SPAN):
        bits = _bits_above(values, row, j, bar)
        # two without a branch, which would be predicted wrongly
        for _ in range(2):
            places[got] = j + trailing_zeros(bits | (1 << SPAN))
            got += bits != 0
            bits &= bits - 1
        while bits != 0:
            places[got] = j + trailing_zeros(bits)
            got += 1
            bits &= bits - 1
    while got > 0 and places[got - 1] >= size:
        got -= 1
    return got


@borrowing
def _keep_largest(keys: Array, row: Any, size: Any, k: Any) -> Any:
    """Move the k largest of a row of different keys to its front; returns min(size, k)."""
    if size <= k:
        return size
    low = high = keys[row, 0]
    for x in range(size):
        low, high = min(low, keys[row, x]), max(high, keys[row, x])
    while low < high:
        # their mean, rounded up: the difference may have more than 63 bits
        middle = (low | high) - ((low ^ high) >> 1)
        above = 0
        for x in range(size):
            above += keys[row, x] >= middle
        low, high = (middle if above >= k else low), (high if above >= k else middle - 1)
        if above == k:
            break
    got = np.int64(0)
    for x in range(size):
        key = keys[row, x]
        keys[row, got] = key
        got += key >= low
    return got


@borrowing
def _choose_cells(
    values: Array, row: Any, cells: Any, probes: Any, tops: Array, places: Array, keys: Array
) -> None:
    """The cells of the `probes` largest values, ties: the first, as the bits below of keys[0].

    The nearest is the first.
    """
    got = _list_above(values, row, cells, _find_bar(values, row, cells, probes, tops), places)
    for z in range(got):
        c = places[z]
        keys[0, z] = _rank_key(values[row, c], 0x7FFFFFFF - c)
    got = _keep_largest(keys, 0, got, probes)
    for z in range(1, got):
        key, at = keys[0, z], z
        while at > 0 and keys[0, at - 1] < key:
            keys[0, at] = keys[0, at - 1]
            at -= 1
        keys[0, at] = key


@borrowing
def _choose_posts(
    values: Array,
    row: Any,
    size: Any,
    ids: Array,
    first: Any,
    seen: Array,
    seen_bits: Array,
    i: Any,
    withdrawn: Array,
    any_withdrawn: Any,
    cap: Any,
    bar: Any,
    tops: Array,
    places: Array,
    keys: Array,
    marks: Any,
) -> Any:
    """Keys of the `cap` largest values of posts that are neither seen nor withdrawn; their number.

    Of those below the `bar`, any may be left out. `seen_bits` of query i say what may be seen.
    """
    maybe, barred = marks
    k = cap + (cap >> 2) + 4
    known = bar > np.float32(-np.inf)
    some: Any = np.int64(0)
    if known:
        some = _list_above(values, row, size, bar, places)
        known = some <= k
    while True:
        if not known:
            some = _list_above(values, row, size, _find_bar(values, row, size, k, tops), places)
        # without branches, which would be predicted wrongly: only few may be seen
        count: Any = np.int64(0)
        for z in range(some):
            code = np.uint64(ids[first + places[z]])
            word = seen_bits[i, (code >> np.uint64(6)) & np.uint64(WORDS - 1)]
            barred[z] = any_withdrawn and withdrawn[code]
            maybe[count] = z
            count += np.int64((word >> (code & np.uint64(63))) & np.uint64(1))
        for y in range(count):
            z = maybe[y]
            barred[z] = barred[z] or has_seen(seen, np.int64(ids[first + places[z]]))
        got: Any = np.int64(0)
        for z in range(some):
            at = places[z]
            keys[0, got] = _rank_key(values[row, at], ids[first + at])
            got += not barred[z]
        if known or got >= cap or size <= k:
            return _keep_largest(keys, 0, got, cap)
        # most of the nearest are seen
        k *= 4


@kernel(error_model="numpy", **BORROWING)
def search_cells(
    index: Any,
    cell_end: Array,
    queries: Array,
    accounts: Array,
    barred: Any,
    each: Any,
    search: Any,
    plan: Any,
    near: Array,
    bars: Array,
    found: Array,
    sizes: Array,
    nearest: Array,
) -> None:
    """Fill the rows of `found` as :func:`search_index` says; `near` has room for all cells."""
    quota = np.int64(found.shape[1])
    centres, start, ids, blocks = index.centres, index.start, index.posts, index.blocks
    seen_start, all_seen, withdrawn, any_withdrawn = barred
    dots, tops, places, room, q, seen_bits, marks = search
    known, chosen, visits, begin, fill = plan
    cells, n, probes = start.size - 1, queries.shape[0], chosen.shape[1]
    # the nearest cells of every query
    size_known: Any = np.int64(0)
    for i in range(n):
        sizes[i] = 0
        some = False
        for x in range(queries.shape[1]):
            some = some or queries[i, x] != 0.0
        if some:
            known[size_known] = i
            size_known += 1
            for at in range(seen_start[accounts[i]], seen_start[accounts[i] + 1]):
                # a free slot, −1, marks the last bit
                code = np.uint64(np.int64(all_seen[at]))
                word = (code >> np.uint64(6)) & np.uint64(WORDS - 1)
                seen_bits[i, word] |= np.uint64(1) << (code & np.uint64(63))
    for low in range(0, size_known, QUERIES):
        last = size_known - 1
        for k in range(QUERIES):
            q[k] = known[min(low + k, last)]
        _dot_products(queries, q, centres, np.int64(0), cells, cells, dots)
        for k in range(min(QUERIES, size_known - low)):
            i = known[low + k]
            _choose_cells(dots, k, cells, probes, tops, places, room)
            for p in range(probes):
                chosen[i, p] = 0x7FFFFFFF - (room[0, p] & 0x7FFFFFFF)
            nearest[accounts[i]] = chosen[i, 0]
    lead = min(-(-quota // each), probes)
    for part in range(2):
        # the queries of every cell
        near_by, far = (0, lead) if part == 0 else (lead, probes)
        begin[:] = 0
        for z in range(size_known):
            for p in range(near_by, far):
                begin[chosen[known[z], p] + 1] += 1
        for c in range(cells):
            begin[c + 1] += begin[c]
            fill[c] = begin[c]
        for z in range(size_known):
            i = known[z]
            for p in range(near_by, far):
                c = chosen[i, p]
                visits[fill[c]] = i
                fill[c] += 1
        for c in range(cells):
            first, size = start[c], cell_end[c] - start[c]
            if size <= 0:
                continue
            last = begin[c + 1] - 1
            for low in range(begin[c], begin[c + 1], QUERIES):
                for k in range(QUERIES):
                    q[k] = visits[min(low + k, last)]
                    a = accounts[q[k]]
                    for at in range(seen_start[a], seen_start[a + 1], 16):
                        prefetch(all_seen, at)
                _dot_products(
                    queries, q, blocks, first * queries.shape[1], start[c + 1] - first, size, dots
                )
                for k in range(min(QUERIES, last + 1 - low)):
                    i = q[k]
                    a = accounts[i]
                    seen = all_seen[seen_start[a] : seen_start[a + 1]]
                    got = _choose_posts(
                        dots,
                        k,
                        size,
                        ids,
                        first,
                        seen,
                        seen_bits,
                        i,
                        withdrawn,
                        any_withdrawn,
                        each,
                        bars[i],
                        tops,
                        places,
                        room,
                        marks,
                    )
                    for r in range(got):
                        near[i, sizes[i] + r] = room[0, r]
                    sizes[i] += got
        for i in range(n):
            sizes[i] = _keep_largest(near, i, sizes[i], quota)
            if sizes[i] == quota and quota > 0:
                least = near[i, 0]
                for r in range(1, quota):
                    least = min(least, near[i, r])
                bars[i] = _value_of(least)
            if part == 1:
                for r in range(np.uint64(sizes[i])):
                    found[i, r] = near[i, r]


def search_index(
    index: Any,
    cell_end: Array,
    queries: Array,
    accounts: Array,
    seen_start: Array,
    all_seen: Array,
    withdrawn: Array,
    any_withdrawn: bool,
    cap: int,
    found: Array,
    sizes: Array,
    nearest: Array,
) -> None:
    """The nearest posts of each query in its `probes` nearest cells, at most `cap` of each cell.

    Posts that its account has seen, and withdrawn ones, are left out. Fills the rows of `found`
    with sort keys, in no order, with the post in the lower 31 bits; `sizes` with their numbers, and
    `nearest` with the nearest cell of each account. Queries of zeros find nothing.

    The nearest cells of all queries are visited first: what fills `found` there is the bar for
    posts of other cells.
    """
    cells, quota, n = index.start.size - 1, found.shape[1], queries.shape[0]
    probes, each = min(int(index.probes), cells), min(cap, quota)
    wide = _tiles(max(cells, int(np.diff(index.start).max())))
    # memory is taken here, so that the kernel counts no references and is compiled in less time
    search = (
        np.empty((QUERIES, wide), np.float32),
        np.empty((1, wide + TILE), np.float32),
        np.empty(wide, np.int64),
        np.empty((1, wide), np.int64),
        np.empty(QUERIES, np.int64),
        np.zeros((n, WORDS), np.uint64),
        (np.empty(wide, np.int64), np.empty(wide, np.bool_)),
    )
    plan = (
        np.empty(n, np.int64),
        np.empty((n, probes), np.int32),
        np.empty(n * probes, np.int32),
        np.empty(cells + 1, np.int64),
        np.empty(cells + 1, np.int64),
    )
    search_cells(
        index,
        cell_end,
        queries,
        accounts,
        (seen_start, all_seen, withdrawn, any_withdrawn),
        each,
        search,
        plan,
        np.empty((n, probes * each), np.int64),
        np.full(n, -np.inf, np.float32),
        found,
        sizes,
        nearest,
    )


def _tiles(size: int) -> int:
    """Columns of products with so many rows: whole spans, and one more."""
    return (-(-size // SPAN) + 1) * SPAN


@kernel(**BORROWING)
def assign_rows(
    rows: Array, centres: Array, low: int, high: int, dots: Array, q: Array, tops: Array, out: Array
) -> None:
    """Rows low … high − 1 of :func:`assign`."""
    cells = centres.size // rows.shape[1]
    for i in range(low, high, QUERIES):
        last = high - 1
        for k in range(QUERIES):
            q[k] = min(i + k, last)
        _dot_products(rows, q, centres, np.int64(0), np.int64(cells), np.int64(cells), dots)
        for k in range(min(QUERIES, high - i)):
            largest = _find_largest(dots, k, cells, tops)
            bits, at = np.int64(0), np.int64(0)
            while bits == 0 and at < cells:
                bits = _bits_above(dots, k, at, largest)
                at += SPAN
            # a row that is not a number is near to none: the first; what is padded is no cell
            place = at - SPAN + trailing_zeros(bits)
            out[i + k] = place if bits != 0 and place < cells else 0


def assign(rows: Array, centres: Array, low: int, high: int, out: Array) -> None:
    """Nearest centre of rows low … high − 1, ties: the first; `centres` are (d, cells), flat."""
    dots = np.empty((QUERIES, _tiles(centres.size // rows.shape[1])), np.float32)
    tops, q = np.empty((1, TILE), np.float32), np.empty(QUERIES, np.int64)
    assign_rows(rows, centres, low, high, dots, q, tops, out)
