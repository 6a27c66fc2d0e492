"""Kernels of the one-mode projection: rows of A·Aᵀ by Gustavson's row-wise sparse product.

For actor i, the other actors of each of its objects are added into dense accumulators of length
n, one set per thread. A list of the touched entries makes reading a row cost its length, not n.
Neighbours are sorted by insertion (few), by radix, or by a scan of all n (many). Sums run over
objects in ascending order for every pair, so weights are symmetric to the last bit and depend
neither on threads nor on blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.compile import inner, kernel

#: Form of the weight, from the sum over shared objects.
RAW, JACCARD, COSINE = 0, 1, 2

#: Edge contribution of a shared object: given, or product or minimum of multiplicities.
EACH, PRODUCT, LESSER = 0, 1, 2

#: Rows of at most FEW neighbours are sorted by insertion; rows of at least n / MOST by a scan.
FEW, MOST = 24, 8

Array = Any


@inner
def _weight(value: float, i: int, j: int, form: int, size: Array) -> Any:
    """Weight of a pair from its sum over shared objects."""
    if form == JACCARD:
        return value / (size[i] + size[j] - value)
    if form == COSINE:
        return value / np.sqrt(size[i] * size[j])
    return value


@inner
def _largest(values: Array, n: int, top: int, heap: Array) -> tuple[float, int]:
    """The `top`-th largest of values[:n], and the number of its equals among the `top`."""
    for q in range(top):  # a heap whose root is the smallest of the largest
        value = values[q]
        at = q
        while at > 0 and heap[(at - 1) >> 1] > value:
            heap[at] = heap[(at - 1) >> 1]
            at = (at - 1) >> 1
        heap[at] = value
    for p in range(top, n):
        value = values[p]
        if value > heap[0]:
            at = 0
            while True:
                child = 2 * at + 1
                if child >= top:
                    break
                if child + 1 < top and heap[child + 1] < heap[child]:
                    child += 1
                if heap[child] >= value:
                    break
                heap[at] = heap[child]
                at = child
            heap[at] = value
    equal = 0
    for q in range(top):
        equal += heap[q] == heap[0]
    return heap[0], equal


@inner
def _filter(i: int, n_touched: int, used: int, rule: Array, scratch: Array, out: Array) -> int:
    """Number of neighbours of row i that pass; sets the accumulators to zero again.

    They are moved to the front of `touched`, their weights to `values` from `used` on.
    """
    min_shared, form, size = rule.min_shared, rule.form, rule.size
    count, total, touched = scratch.shared, scratch.total, scratch.touched
    values, tally = out.values, out.tally
    kept = 0
    few = 0
    weightless = 0
    if rule.contribution.size:
        for q in range(n_touched):
            j = touched[q]
            shared, value = total[j, 0], total[j, 1]
            total[j, 0] = 0.0
            total[j, 1] = 0.0
            if shared < min_shared:
                few += j < i
            elif value <= 0.0:
                weightless += j < i
            elif j != i:
                touched[kept] = j
                values[used + kept] = _weight(value, i, j, form, size)
                kept += 1
    else:
        for q in range(n_touched):
            j = touched[q]
            number = count[j]
            count[j] = 0
            if number < min_shared:
                few += j < i
            elif j != i:
                touched[kept] = j
                values[used + kept] = _weight(np.float64(number), i, j, form, size)
                kept += 1
    tally[0] += few
    tally[1] += weightless
    return kept


@inner
def _by_digits(kept: int, n: int, keys: Array, other: Array, counts: Array) -> bool:
    """Radix sort of keys[:kept] by their upper halves, below n; True if `other` has the result."""
    width = 11 if kept > 1024 else 8
    size = 1 << width
    mask = size - 1
    shift = 32
    swapped = False
    while (n - 1) >> (shift - 32):
        counts[:size] = 0
        source, target = (other, keys) if swapped else (keys, other)
        for p in range(kept):
            counts[(source[p] >> shift) & mask] += 1
        before = 0
        for digit in range(size):
            number = counts[digit]
            counts[digit] = before
            before += number
        for p in range(kept):
            digit = (source[p] >> shift) & mask
            target[counts[digit]] = source[p]
            counts[digit] += 1
        swapped = not swapped
        shift += width
    return swapped


@inner
def emit_row(i: int, n_touched: int, used: int, rule: Array, scratch: Array, out: Array) -> int:
    """Number of neighbours of row i, written in ascending order, at most the `top` heaviest.

    The first `n_touched` of `touched` are the actors with an entry in the accumulators.
    """
    kept = _filter(i, n_touched, used, rule, scratch, out)
    top, touched, final = rule.top, scratch.touched, scratch.final
    targets, values = out.targets, out.values
    first = used
    before = 0
    for q in range(kept):
        before += touched[q] < i
    out.tally[2] += before
    cut, equal = 0.0, 0
    if 0 < top < kept:
        cut, equal = _largest(values[used:], kept, top, scratch.heap)
        above = 0
        for q in range(kept):
            if values[first + q] >= cut:
                touched[above] = touched[q]
                values[first + above] = values[first + q]
                above += 1
        kept = above
    if kept <= FEW:
        for q in range(kept):
            j = touched[q]
            value = values[first + q]
            at = used
            while at > first and targets[at - 1] > j:
                targets[at] = targets[at - 1]
                values[at] = values[at - 1]
                at -= 1
            targets[at] = j
            values[at] = value
            used += 1
    elif kept * MOST >= final.size:
        for q in range(kept):
            final[touched[q]] = values[first + q]
        j = 0
        while used < first + kept:  # all weights are above 0
            targets[used] = j
            values[used] = final[j]
            used += final[j] > 0.0
            final[j] = 0.0
            j += 1
    else:
        keys, other, copy = scratch.keys, scratch.other, scratch.copy
        for q in range(kept):
            keys[q] = (np.int64(touched[q]) << 32) | q
            copy[q] = values[first + q]
        ordered = other if _by_digits(kept, final.size, keys, other, scratch.counts) else keys
        for q in range(kept):
            key = ordered[q]
            targets[used] = key >> 32
            values[used] = copy[key & 0xFFFFFFFF]
            used += 1
    if top == 0:
        for p in range(first, used):
            scratch.later[targets[p]] += 1
    elif used - first > top:  # among equal weights the smallest codes stay
        n_read = used
        used = first
        for p in range(first, n_read):
            if values[p] == cut:
                if equal == 0:
                    continue
                equal -= 1
            targets[used] = targets[p]
            values[used] = values[p]
            used += 1
    return used - first


@kernel()
def index_pairs(
    lists: Array, objects: Array, given: Array, object_start: Array, cursor: Array, whole: bool
) -> None:
    """Fill all of `lists` (``PairLists``) but `row_start`, from pairs by actor, then object.

    `given` is the multiplicity of each pair, or empty; `cursor` starts as a copy of the object
    starts. Segments are the actors before the pair's own, or, if `whole`, all of the object.
    """
    row_start, begin, length = lists.row_start, lists.begin, lists.length
    members, multiplicity = lists.members, lists.multiplicity
    for i in range(row_start.size - 1):
        for e in range(row_start[i], row_start[i + 1]):
            t = objects[e]
            at = cursor[t]
            cursor[t] = at + 1
            members[at] = i
            if given.size:
                multiplicity[at] = given[e]
            first = object_start[t]
            begin[e] = first
            length[e] = object_start[t + 1] - first if whole else at - first


@kernel()
def find_segments(lists: Array, objects: Array, object_start: Array, whole: bool) -> None:
    """Fill the segments of `lists` (``PairLists``) of some rows, given `members`."""
    row_start, begin, length, members = lists.row_start, lists.begin, lists.length, lists.members
    for i in range(row_start.size - 1):
        for e in range(row_start[i], row_start[i + 1]):
            first = object_start[objects[e]]
            last = object_start[objects[e] + 1]
            begin[e] = first
            if not whole:  # up to the actor itself
                low = first
                while low < last:
                    middle = (low + last) >> 1
                    if members[middle] < lists.base + i:
                        low = middle + 1
                    else:
                        last = middle
            length[e] = last - first


@kernel()
def shared_rows(
    row: int, stop: int, used: int, lists: Array, rule: Array, scratch: Array, out: Array
) -> tuple[int, int]:
    """Rows `row` … `stop` − 1 of ``PairLists``, or as many as surely fit into `out`.

    `rule` is an ``EdgeRule``, `scratch` a ``Scratch``, `out` a ``RowOutput`` written from `used`
    on; `row_start`, `most` and `lengths` begin with the row `base`. Returns the first row not
    done, and the used part of `out`.
    """
    row_start, begin, length, base = lists.row_start, lists.begin, lists.length, lists.base
    members, multiplicity = lists.members, lists.multiplicity
    contribution, mode = rule.contribution, rule.mode
    count, total, touched = scratch.shared, scratch.total, scratch.touched
    most, lengths, space = out.most, out.lengths, out.targets.size
    weighted = contribution.size > 0
    for i in range(row, stop):
        if used + most[i - base] > space:
            return i, used
        k = 0
        for e in range(row_start[i - base], row_start[i - base + 1]):
            first = begin[e]
            if weighted:
                for p in range(first, first + length[e]):
                    j = members[p]
                    shared = total[j, 0]
                    touched[k] = j
                    k += shared == 0.0
                    total[j, 0] = shared + 1.0
                    if mode == EACH:
                        total[j, 1] += contribution[e]
                    elif mode == PRODUCT:
                        total[j, 1] += contribution[e] * multiplicity[p]
                    else:
                        total[j, 1] += min(contribution[e], multiplicity[p])
            else:
                for p in range(first, first + length[e]):
                    j = members[p]
                    shared = count[j]
                    touched[k] = j
                    k += shared == 0
                    count[j] = shared + 1
        lengths[i - base] = emit_row(i, k, used, rule, scratch, out)
        used += lengths[i - base]
    return stop, used


@inner
def _first_from(times: Array, low: int, high: int, bound: int) -> int:
    """Index of the first of times[low:high] that is at least `bound` (ascending), else `high`."""
    while low < high:
        middle = (low + high) >> 1
        if times[middle] < bound:
            low = middle + 1
        else:
            high = middle
    return low


@kernel()
def windowed_rows(
    row: int, stop: int, used: int, lists: Array, rule: Array, scratch: Array, out: Array
) -> tuple[int, int]:
    """Rows of ``EventLists``, see `shared_rows`: objects are shared only within the window.

    For each actor and object the union of the intervals around its interactions is read once;
    in the mode ``PRODUCT``, each pair of interactions within the window counts.
    """
    row_start, row_objects, row_times = lists.row_start, lists.objects, lists.row_times
    object_start, members, times = lists.object_start, lists.members, lists.times
    window, base = lists.window, lists.base
    contribution, mode = rule.contribution, rule.mode
    count, total, touched, seen = scratch.shared, scratch.total, scratch.touched, scratch.seen
    most, lengths, space = out.most, out.lengths, out.targets.size
    weighted = contribution.size > 0
    limit = scratch.final.size
    for i in range(row, stop):
        if used + most[i - base] > space:
            return i, used
        if rule.top == 0:
            limit = i
        k = 0
        e = row_start[i - base]
        end = row_start[i - base + 1]
        while e < end:
            t = row_objects[e]
            stamp = e
            start = object_start[t]
            p = start
            last = object_start[t + 1]
            while e < end and row_objects[e] == t:
                if mode == PRODUCT:  # every interaction counts with every other
                    p = start
                late = row_times[e] + window
                p = _first_from(times, p, last, row_times[e] - window)
                while p < last and times[p] <= late:
                    j = members[p]
                    p += 1
                    if j >= limit:
                        continue
                    if seen[j] == stamp:
                        if mode == PRODUCT:
                            total[j, 1] += 1.0
                        continue
                    seen[j] = stamp
                    touched[k] = j
                    if weighted:
                        k += total[j, 0] == 0.0
                        total[j, 0] += 1.0
                        total[j, 1] += contribution[stamp]
                    else:
                        k += count[j] == 0
                        count[j] += 1
                e += 1
        lengths[i - base] = emit_row(i, k, used, rule, scratch, out)
        used += lengths[i - base]
    return stop, used


@kernel()
def mirror_rows(rows: Any, low: int, high: int, lengths: Array, cursor: Array, result: Any) -> None:
    """Write the edges of `rows` in both directions, at the ends low … high − 1.

    `rows` are first, last, targets and values: neighbours j < i, one row after the other, in
    ascending calls. `cursor` is the next free slot of each node for a neighbour with a larger
    code. `result` are indptr, indices and weights.
    """
    row, stop, targets, values = rows
    indptr, indices, weights = result
    last = 0
    for i in range(row, stop):
        first, last = last, last + lengths[i]
        if low <= i < high:
            shift = indptr[i] - first
            for p in range(first, last):
                indices[shift + p] = targets[p]
                weights[shift + p] = values[p]
        p = _first_from(targets, first, last, low)
        while p < last and targets[p] < high:
            at = cursor[targets[p]]
            cursor[targets[p]] = at + 1
            indices[at] = i
            weights[at] = values[p]
            p += 1


@kernel()
def transpose(indptr: Array, targets: Array, cursor: Array, sources: Array, places: Array) -> None:
    """Source and position of each entry, by columns; `cursor` starts as their beginnings."""
    for i in range(indptr.size - 1):
        for p in range(indptr[i], indptr[i + 1]):
            at = cursor[targets[p]]
            cursor[targets[p]] = at + 1
            sources[at] = i
            places[at] = p


@kernel()
def merge_rows(
    rows: Any, columns: Any, mutual: bool, starts: Array, indices: Array, weights: Array
) -> None:
    """Union of ascending rows and their columns, or, if `mutual`, their intersection.

    `rows` are indptr, targets and values, `columns` starts, sources and positions in `rows`.
    With empty `indices`, the lengths of the rows are written to starts[1:]; else row i is
    written to `indices` and `weights` from starts[i] on.
    """
    indptr, targets, values = rows
    column_start, sources, places = columns
    fill = indices.size > 0
    for i in range(indptr.size - 1):
        p, last = indptr[i], indptr[i + 1]
        q, end = column_start[i], column_start[i + 1]
        at = starts[i] if fill else 0
        while p < last or q < end:
            ours = q >= end or (p < last and targets[p] <= sources[q])
            theirs = p >= last or (q < end and sources[q] <= targets[p])
            if (ours and theirs) or not mutual:
                if fill:
                    indices[at] = targets[p] if ours else sources[q]
                    weights[at] = values[p] if ours else values[places[q]]
                at += 1
            p += ours
            q += theirs
        if not fill:
            starts[i + 1] = at


@kernel()
def count_near(lists: Array, all_near: Array, own_near: Array) -> None:
    """Interactions with the object of each one within the window, and those of its own account.

    Both include the interaction itself.
    """
    row_start, objects, row_times = lists.row_start, lists.objects, lists.row_times
    object_start, times, window = lists.object_start, lists.times, lists.window
    for i in range(row_start.size - 1):
        e = row_start[i]
        while e < row_start[i + 1]:
            t = objects[e]
            first = e
            last = e
            while last < row_start[i + 1] and objects[last] == t:
                last += 1
            start, end = object_start[t], object_start[t + 1]
            while e < last:
                early, late = row_times[e] - window, row_times[e] + window
                all_near[e] = _first_from(times, start, end, late + 1)
                all_near[e] -= _first_from(times, start, end, early)
                own_near[e] = _first_from(row_times, first, last, late + 1)
                own_near[e] -= _first_from(row_times, first, last, early)
                e += 1


@kernel()
def paired_rows(
    row: int, stop: int, lists: Array, passing: Array, both: bool, scratch: Array, out: Array
) -> tuple[int, int]:
    """Pairs (i, j), j < i, of the rows `row` … `stop` − 1, or as many as fit.

    The sums of a pair are objects shared, pairs of interactions, sum of their distances in
    time, and interactions of i and of j in a pair. A pair is kept if one of its accounts is
    `passing`, or, with `both`, if both are. Returns the first row not done, and the number of
    pairs.
    """
    row_start, objects, row_times = lists.row_start, lists.objects, lists.row_times
    object_start, members = lists.object_start, lists.members
    times, window = lists.times, lists.window
    seen_object, seen_interaction = scratch.seen_object, scratch.seen_interaction
    sums, touched = scratch.sums, scratch.touched
    later, earlier = out.later, out.earlier
    used = 0
    for i in range(row, stop):
        k = 0
        e = row_start[i]
        end = row_start[i + 1]
        while e < end:
            t = objects[e]
            stamp = e
            start, last = object_start[t], object_start[t + 1]
            done_until = start
            while e < end and objects[e] == t:
                p = _first_from(times, start, last, row_times[e] - window)
                late = row_times[e] + window
                while p < last and times[p] <= late:
                    j = members[p]
                    if j < i:
                        if sums[j, 1] == 0:
                            touched[k] = j
                            k += 1
                        if seen_object[j] != stamp:
                            seen_object[j] = stamp
                            sums[j, 0] += 1
                        sums[j, 1] += 1
                        sums[j, 2] += abs(times[p] - row_times[e])
                        if seen_interaction[j] != e:
                            seen_interaction[j] = e
                            sums[j, 3] += 1
                        sums[j, 4] += p >= done_until  # not near an earlier one of i
                    p += 1
                done_until = max(done_until, p)
                e += 1
        if used + k > later.size:
            for q in range(k):
                sums[touched[q], :] = 0
                seen_object[touched[q]] = -1
                seen_interaction[touched[q]] = -1
            return i, used
        for q in range(k):
            j = touched[q]
            if (passing[i] and passing[j]) or (not both and (passing[i] or passing[j])):
                later[used] = i
                earlier[used] = j
                out.sums[used, :] = sums[j, :]
                used += 1
            else:
                out.cut[0] += 1
            sums[j, :] = 0
    return stop, used
