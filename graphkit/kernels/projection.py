"""Kernels of the projection: rows of A·Aᵀ, one after the other, never the whole.

Gustavson's row-wise product: for actor i, walk its objects and the other actors of each
object, and add into dense accumulators of length n that belong to the thread. A list of the
entries touched makes reading a row cost what it holds, not n; those that pass are put into
ascending order by insertion (few), by digits, or by reading all n in turn (most).

Sums run over objects in ascending order for every pair, so weights are symmetric to the
last bit and depend neither on threads nor on blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.compile import kernel

__all__ = ["COSINE", "JACCARD", "RAW", "emit_row"]

#: How a sum over shared objects becomes a weight.
RAW, JACCARD, COSINE = 0, 1, 2

#: Rows of at most this many neighbours are sorted by insertion.
FEW = 24

#: Rows that hold more than one in so many of all actors are read off in turn.
MOST = 8

Array = Any


@kernel()
def _weight(value: float, i: int, j: int, form: int, size: Array) -> Any:
    """Weight of a pair from the sum over what it shares."""
    if form == JACCARD:
        return value / (size[i] + size[j] - value)
    if form == COSINE:
        return value / np.sqrt(size[i] * size[j])
    return value


@kernel()
def _largest(values: Array, n: int, top: int, heap: Array) -> tuple[float, int]:
    """The `top`-th largest of values[:n], and how many equal to it are among the `top`."""
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
    ties = 0
    for q in range(top):
        ties += heap[q] == heap[0]
    return heap[0], ties


@kernel()
def _filter(i: int, n_touched: int, used: int, rule: Array, scratch: Array, out: Array) -> int:
    """Read row i out of the accumulators, which are zero again afterwards; how many pass.

    Neighbours that pass are left in `touched`, their weights in `values` from `used` on.
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


@kernel()
def _by_digits(kept: int, n: int, keys: Array, other: Array, counts: Array) -> bool:
    """Sort keys[:kept] by their upper halves, which are below n; whether `other` has them."""
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


@kernel()
def emit_row(i: int, n_touched: int, used: int, rule: Array, scratch: Array, out: Array) -> int:
    """Write the neighbours of row i that pass, in ascending order, the `top` of them; their number.

    The first `n_touched` of `touched` have something in the accumulators of `scratch`.
    """
    kept = _filter(i, n_touched, used, rule, scratch, out)
    top, touched, final = rule.top, scratch.touched, scratch.final
    heads, values = out.heads, out.values
    first = used
    before = 0
    for q in range(kept):
        before += touched[q] < i
    out.tally[2] += before
    cut, ties = 0.0, 0
    if 0 < top < kept:
        cut, ties = _largest(values[used:], kept, top, scratch.heap)
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
            while at > first and heads[at - 1] > j:
                heads[at] = heads[at - 1]
                values[at] = values[at - 1]
                at -= 1
            heads[at] = j
            values[at] = value
            used += 1
    elif kept * MOST >= final.size:
        for q in range(kept):
            final[touched[q]] = values[first + q]
        j = 0
        while used < first + kept:  # all weights are above 0
            heads[used] = j
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
            heads[used] = key >> 32
            values[used] = copy[key & 0xFFFFFFFF]
            used += 1
    if top == 0:
        for p in range(first, used):
            scratch.later[heads[p]] += 1
    elif used - first > top:  # of those equal to the last, the smallest codes stay
        n_read = used
        used = first
        for p in range(first, n_read):
            if values[p] == cut:
                if ties == 0:
                    continue
                ties -= 1
            heads[used] = heads[p]
            values[used] = values[p]
            used += 1
    return used - first


#: What a shared object adds: its contribution, or the product or the lesser of multiplicities.
EACH, PRODUCT, LESSER = 0, 1, 2


@kernel()
def index_pairs(
    lists: Array, objects: Array, given: Array, object_start: Array, cursor: Array, whole: bool
) -> None:
    """Fill `lists` (``PairLists``) but for `row_start` from pairs sorted by actor, then object.

    `given` is the multiplicity of each pair, if there is any. `cursor` starts as the beginning
    of each object's list. Stretches are the actors before the pair's own, or `whole` lists.
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
def find_stretches(lists: Array, objects: Array, object_start: Array, whole: bool) -> None:
    """Fill the stretches of `lists` (``PairLists``) for some rows, where `members` are there."""
    row_start, begin, length = lists.row_start, lists.begin, lists.length
    members = lists.members
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
    """Rows `row` … `stop` − 1 of pairs, or as many as surely fit into `out`, from `used` on.

    Takes ``PairLists``, ``EdgeRule``, ``Scratch`` and ``RowOutput``; `row_start`, `most` and
    `lengths` begin with the row `base`. Returns the first row not done, and how much of `out`
    is used.
    """
    row_start, begin, length, base = lists.row_start, lists.begin, lists.length, lists.base
    members, multiplicity = lists.members, lists.multiplicity
    contribution, mode = rule.contribution, rule.mode
    count, total, touched = scratch.shared, scratch.total, scratch.touched
    most, lengths, space = out.most, out.lengths, out.heads.size
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


@kernel()
def windowed_rows(
    row: int, stop: int, used: int, lists: Array, rule: Array, scratch: Array, out: Array
) -> tuple[int, int]:
    """The same of ``EventLists``: an object is shared only if both had it within the window.

    For each actor and object the union of the intervals around its interactions is walked
    once. In the mode ``PRODUCT``, pairs of interactions within the window are counted, each
    once.
    """
    row_start, row_objects, row_times = lists.row_start, lists.objects, lists.row_times
    object_start, members, times = lists.object_start, lists.members, lists.times
    window, base = lists.window, lists.base
    contribution, mode = rule.contribution, rule.mode
    count, total, touched, seen = scratch.shared, scratch.total, scratch.touched, scratch.seen
    most, lengths, space = out.most, out.lengths, out.heads.size
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
                early = row_times[e] - window
                late = row_times[e] + window
                high = last
                while p < high:  # first event of the object, not yet walked, from `early` on
                    middle = (p + high) >> 1
                    if times[middle] < early:
                        p = middle + 1
                    else:
                        high = middle
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
def mirror_rows(
    row: int,
    stop: int,
    low: int,
    high: int,
    heads: Array,
    values: Array,
    lengths: Array,
    indptr: Array,
    cursor: Array,
    indices: Array,
    weights: Array,
) -> None:
    """Write rows `row` … `stop` − 1 and their mirror images into the nodes low … high − 1.

    `heads` and `values` hold the neighbours j < i of these rows. `cursor` says where the
    next neighbour after itself goes for each node; rows must come in ascending order.
    """
    last = 0
    for i in range(row, stop):
        first, last = last, last + lengths[i]
        if low <= i < high:
            shift = indptr[i] - first
            for p in range(first, last):
                indices[shift + p] = heads[p]
                weights[shift + p] = values[p]
        p, above = first, last
        while p < above:  # heads ascend: find those from `low` on
            middle = (p + above) >> 1
            if heads[middle] < low:
                p = middle + 1
            else:
                above = middle
        while p < last and heads[p] < high:
            at = cursor[heads[p]]
            cursor[heads[p]] = at + 1
            indices[at] = i
            weights[at] = values[p]
            p += 1


@kernel()
def transpose(indptr: Array, heads: Array, cursor: Array, tails: Array, places: Array) -> None:
    """Rows turned into columns: tail and place of each entry.

    `cursor` starts as the beginning of each column.
    """
    for i in range(indptr.size - 1):
        for p in range(indptr[i], indptr[i + 1]):
            at = cursor[heads[p]]
            cursor[heads[p]] = at + 1
            tails[at] = i
            places[at] = p


@kernel()
def merge_rows(
    indptr: Array,
    heads: Array,
    values: Array,
    columns: Array,
    tails: Array,
    places: Array,
    mutual: bool,
    starts: Array,
    indices: Array,
    weights: Array,
) -> None:
    """Union of ascending rows and their columns, or, if `mutual`, what both hold.

    With empty `indices`, the lengths of the rows are written to starts[1:]; else row i goes
    to `indices` and `weights` from starts[i] on.
    """
    fill = indices.size > 0
    for i in range(indptr.size - 1):
        p, last = indptr[i], indptr[i + 1]
        q, end = columns[i], columns[i + 1]
        at = starts[i] if fill else 0
        while p < last or q < end:
            ours = q >= end or (p < last and heads[p] <= tails[q])
            theirs = p >= last or (q < end and tails[q] <= heads[p])
            if (ours and theirs) or not mutual:
                if fill:
                    indices[at] = heads[p] if ours else tails[q]
                    weights[at] = values[p] if ours else values[places[q]]
                at += 1
            p += ours
            q += theirs
        if not fill:
            starts[i + 1] = at


@kernel()
def _first_from(times: Array, low: int, high: int, bound: int) -> int:
    """The first of times[low:high] not below `bound`."""
    while low < high:
        middle = (low + high) >> 1
        if times[middle] < bound:
            low = middle + 1
        else:
            high = middle
    return low


@kernel()
def count_near(lists: Array, all_near: Array, own_near: Array) -> None:
    """For each interaction, how many with its object are near it, and how many of its account.

    The interaction itself counts in both.
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
                all_near[e] = _first_from(times, start, end, late + 1) - _first_from(
                    times, start, end, early
                )
                own_near[e] = _first_from(row_times, first, last, late + 1) - _first_from(
                    row_times, first, last, early
                )
                e += 1


@kernel()
def paired_rows(
    row: int, stop: int, lists: Array, passing: Array, both: bool, scratch: Array, out: Array
) -> tuple[int, int]:
    """Pairs (i, j), j < i, of the rows `row` … `stop` − 1, or as many as fit.

    The sums of a pair: objects shared, pairs of interactions, sum of their distances in time,
    interactions of i and of j that take part. A pair stays if one of its accounts is
    `passing`, or `both` must be. Returns the first row not done, and the number of pairs.
    """
    row_start, objects, row_times = lists.row_start, lists.objects, lists.row_times
    object_start, members, times = lists.object_start, lists.members, lists.times
    window = lists.window
    seen_object, seen_interaction = scratch.seen_object, scratch.seen_interaction
    sums, touched = scratch.sums, scratch.touched
    tails, heads = out.tails, out.heads
    used = 0
    for i in range(row, stop):
        k = 0
        e = row_start[i]
        end = row_start[i + 1]
        while e < end:
            t = objects[e]
            stamp = e
            start, last = object_start[t], object_start[t + 1]
            walked = start
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
                        sums[j, 4] += p >= walked  # not near an earlier one of i
                    p += 1
                walked = max(walked, p)
                e += 1
        if used + k > tails.size:
            for q in range(k):
                sums[touched[q], :] = 0
                seen_object[touched[q]] = -1
                seen_interaction[touched[q]] = -1
            return i, used
        for q in range(k):
            j = touched[q]
            if (passing[i] and passing[j]) or (not both and (passing[i] or passing[j])):
                tails[used] = i
                heads[used] = j
                out.sums[used, :] = sums[j, :]
                used += 1
            else:
                out.cut[0] += 1
            sums[j, :] = 0
    return stop, used
