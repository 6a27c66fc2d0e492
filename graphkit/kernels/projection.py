"""Kernels of the one-mode projection: rows of A·Aᵀ by Gustavson's row-wise sparse product.

For actor i, the other actors of each of its objects are counted in dense arrays of length n, one
set per thread. Counts begin at a mark above all counts of earlier rows, so that none is reset. Only
actors that reach `min_shared` are listed. Neighbours are sorted by insertion (few), or in a
bitmap (many). Where every actor that shares an object is a neighbour, rows are counted first, by
bits alone, and then written where they belong, in the order of bits. Sums run over objects in
ascending order for every pair, so weights are symmetric to the last bit and depend neither on
threads nor on blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.compile import inner, kernel
from graphkit.kernels.intrinsics import number_of_ones, prefetch, trailing_zeros

#: Form of the weight, from the sum over shared objects.
RAW, JACCARD, COSINE = 0, 1, 2

#: Edge contribution of a shared object: given, or product or minimum of multiplicities.
EACH, PRODUCT, LESSER = 0, 1, 2

#: Rows of at most FEW neighbours are sorted by insertion.
FEW = 24

#: Rows of at least one neighbour to so many words of bits are found by a look at all words.
THIN = 32

#: The actors of so many objects further on are fetched.
AHEAD = 8

#: Largest mark, below the largest int32.
LAST_MARK = 2**31 - 2

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
def _begin_row(entries: int, scratch: Array) -> Any:
    """Mark of a row of at most so many objects: its counts are above, all earlier ones are not."""
    mark = scratch.mark[0]
    if mark + entries > LAST_MARK:
        for j in range(scratch.shared.size):
            scratch.shared[j] = 0
        mark = 0
    scratch.mark[0] = mark + entries
    return mark


@inner
def _largest(values: Array, first: int, n: int, top: int, heap: Array) -> tuple[float, int]:
    """The `top`-th largest of n values from `first` on, and the number of its equals among them."""
    for q in range(top):  # a heap whose root is the smallest of the largest
        value = values[first + q]
        at = q
        while at > 0 and heap[(at - 1) >> 1] > value:
            heap[at] = heap[(at - 1) >> 1]
            at = (at - 1) >> 1
        heap[at] = value
    for p in range(first + top, first + n):
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
def _take_word(w: Any, k: Any, words: Array, touched: Array) -> Any:
    """Move the actors of a word to touched[k:], ascending; returns the end of what was moved.

    Three entries are written in any case: most words have no more, and none is guessed wrongly.
    """
    word = words[w]
    words[w] = 0
    first = np.int64(w << np.uint64(6))
    end = k + np.uint64(number_of_ones(word))
    touched[k] = first + trailing_zeros(word)
    word &= word - 1
    touched[k + np.uint64(1)] = first + trailing_zeros(word)
    word &= word - 1
    touched[k + np.uint64(2)] = first + trailing_zeros(word)
    word &= word - 1
    k += np.uint64(3)
    while word != 0:
        touched[k] = first + trailing_zeros(word)
        k += np.uint64(1)
        word &= word - 1
    return end


@inner
def _take_group(g: Any, group: Any, k: Any, words: Array, touched: Array) -> Any:
    """Move the actors of the words of a group to touched[k:], ascending; returns their end."""
    while group != 0:
        k = _take_word((g << np.uint64(6)) + np.uint64(trailing_zeros(group)), k, words, touched)
        group &= group - 1
    return k


@inner
def _sort_touched(kept: int, scratch: Array) -> None:
    """Sort touched[:kept], all different; three entries behind may be overwritten."""
    touched, words, groups = scratch.touched, scratch.words, scratch.groups
    if kept <= FEW:
        for q in range(1, kept):
            j = touched[q]
            at = q
            while at > 0 and touched[at - 1] > j:
                touched[at] = touched[at - 1]
                at -= 1
            touched[at] = j
        return
    one = np.int64(1)
    for q in range(kept):
        j = np.uint32(touched[q])
        w = j >> np.uint32(6)
        words[w] |= one << np.int64(j & np.uint32(63))
        groups[w >> np.uint32(6)] |= one << np.int64(w & np.uint32(63))
    k = np.uint64(0)
    for g in range(groups.size):
        group = groups[g]
        groups[g] = 0
        k = _take_group(np.uint64(g), group, k, words, touched)


@inner
def _write_pairs(
    i: int, mark: int, kept: int, used: int, rule: Array, scratch: Array, out: Array
) -> None:
    """Write touched[:kept], and the weights of their pairs with i, from `used` on."""
    shared, sums, touched = scratch.shared, scratch.sums, scratch.touched
    form, size, weighted = rule.form, rule.size, rule.contribution.size > 0
    targets, values = out.targets, out.values
    for q in range(kept):
        j = np.uint32(touched[q])
        value = sums[j] if weighted else np.float64(shared[j] - mark)
        targets[used + q] = j
        values[used + q] = _weight(value, i, j, form, size)


@inner
def emit_row(
    i: int, mark: int, n_touched: int, used: int, rule: Array, scratch: Array, out: Array
) -> Any:
    """Number of neighbours of row i, written in ascending order, at most the `top` heaviest.

    The first `n_touched` of `touched` are the actors that share enough objects.
    """
    top, touched, sums, later = rule.top, scratch.touched, scratch.sums, scratch.later
    targets, values = out.targets, out.values
    weighted = rule.contribution.size > 0
    kept: Any = np.int64(0)  # a literal would compile what takes it twice
    before: Any = 0
    weightless: Any = 0
    for q in range(n_touched):
        j = np.uint32(touched[q])
        if weighted and sums[j] <= 0.0:
            weightless += j < i
        elif j != i:
            touched[kept] = j
            kept += 1
            before += j < i
    out.tally[0] -= before + weightless
    out.tally[1] += weightless
    out.tally[2] += before
    cut, equal = 0.0, -1
    if 0 < top < kept:
        _write_pairs(i, mark, kept, used, rule, scratch, out)
        cut, equal = _largest(values, used, kept, top, scratch.heap)
        above: Any = np.int64(0)
        for q in range(kept):
            if values[used + q] >= cut:
                touched[above] = touched[q]
                above += 1
        kept = above
    _sort_touched(kept, scratch)
    _write_pairs(i, mark, kept, used, rule, scratch, out)
    if equal >= 0 and kept > top:  # among equal weights the smallest codes stay
        at = used
        for p in range(used, used + kept):
            if values[p] == cut:
                if equal == 0:
                    continue
                equal -= 1
            targets[at] = targets[p]
            values[at] = values[p]
            at += 1
        return at - used
    if later.size:
        for p in range(used, used + kept):
            later[np.uint32(targets[p])] += 1
    return kept


@kernel()
def order_pairs(
    rows: Array, columns: Array, object_at: Array, actor_at: Array, by_object: Array, pairs: Array
) -> int:
    """Distinct pairs by actor, then object, and their multiplicity; returns their number.

    `object_at` and `actor_at` are the starts of the interactions of each object and actor;
    `by_object`, shape (2, interactions), takes them by object; `pairs` are actors, objects and
    multiplicity, or empty.
    """
    actors, objects, multiplicity = pairs
    for e in range(rows.size):
        t = columns[e]
        at = object_at[t]
        object_at[t] = at + 1
        by_object[0, at] = rows[e]
        by_object[1, at] = t
    for e in range(rows.size):
        i = by_object[0, e]
        at = actor_at[i]
        actor_at[i] = at + 1
        objects[at] = by_object[1, e]
    used = 0
    first = 0
    for i in range(actor_at.size):
        last = -1
        start = first
        for e in range(start, actor_at[i]):
            t = objects[e]
            if t != last:
                actors[used] = i
                objects[used] = t
                if multiplicity.size:
                    multiplicity[used] = 0
                used += 1
                last = t
            if multiplicity.size:
                multiplicity[used - 1] += 1
        first = actor_at[i]
    return used


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
    contribution, mode, least = rule.contribution, rule.mode, rule.min_shared
    shared, sums, touched = scratch.shared, scratch.sums, scratch.touched
    most, lengths, space = out.most, out.lengths, out.targets.size
    weighted = contribution.size > 0
    for i in range(row, stop):
        if used + most[i - base] > space:
            return i, used
        start, end = row_start[i - base], row_start[i - base + 1]
        mark = _begin_row(end - start, scratch)
        enough = mark + least - 1
        k = np.uint64(0)
        found: Any = 0
        for e in range(start, end):
            # without a sign, indices need no check
            first = np.uint64(begin[e])
            last = first + np.uint64(length[e])
            if weighted:
                for p in range(first, last):
                    j = np.uint32(members[p])
                    number = shared[j]
                    if mode == EACH:
                        value = contribution[e]
                    elif mode == PRODUCT:
                        value = contribution[e] * multiplicity[p]
                    else:
                        value = min(contribution[e], multiplicity[p])
                    if number <= mark:
                        number = mark
                        found += j < i
                        sums[j] = value
                    else:
                        sums[j] += value
                    shared[j] = number + 1
                    if number == enough:
                        touched[k] = j
                        k += np.uint64(1)
            else:
                for p in range(first, last):
                    j = np.uint32(members[p])
                    number = shared[j]
                    if number <= mark:
                        number = mark
                        found += j < i
                    shared[j] = number + 1
                    if number == enough:
                        touched[k] = j
                        k += np.uint64(1)
        out.tally[0] += found
        lengths[i - base] = emit_row(i, mark, np.int64(k), used, rule, scratch, out)
        used += lengths[i - base]
    return stop, used


@inner
def _fetch_ahead(e: int, begin: Array, members: Array) -> None:
    """Fetch the actors of an entry further on: the first three cache lines, which is most of them."""
    first = begin[min(e + AHEAD, begin.size - 1)]
    prefetch(members, first)
    prefetch(members, first + 16)
    prefetch(members, first + 32)


@inner
def _count_again(k: Any, mark: int, listed: Any, least: int, scratch: Array) -> Any:
    """Count `repeated`[:k], and list the actors that reach `least`, from `listed` on."""
    shared, touched, repeated = scratch.shared, scratch.touched, scratch.repeated
    enough = mark + least - 1
    for q in range(k):
        j = np.uint32(repeated[q])
        number = max(shared[j], mark + 1)
        shared[j] = number + 1
        if number == enough:
            touched[listed] = j
            listed += np.uint64(1)
    return listed


@kernel()
def repeated_rows(
    row: int, stop: int, used: int, lists: Array, rule: Array, scratch: Array, out: Array
) -> tuple[int, int]:
    """Rows as of `shared_rows`, of pairs j < i that share at least two objects, unweighted.

    Most actors are met once in a row, which one bit says: bits are fewer than counts, and nearer.
    """
    row_start, begin, length, base = lists.row_start, lists.begin, lists.length, lists.base
    members, least = lists.members, rule.min_shared
    words, repeated = scratch.words, scratch.repeated
    most, lengths, space = out.most, out.lengths, out.targets.size
    one = np.int64(1)
    for i in range(row, stop):
        if used + most[i - base] > space:
            return i, used
        start, end = row_start[i - base], row_start[i - base + 1]
        mark = _begin_row(end - start, scratch)
        listed = k = np.uint64(0)
        reads = np.int64(0)
        twice = np.int64(0)
        for e in range(start, end):
            _fetch_ahead(e, begin, members)
            first = np.uint64(begin[e])
            reads += length[e]
            if np.int64(k) + length[e] > repeated.size:
                listed = _count_again(k, mark, listed, least, scratch)
                twice += np.int64(k)
                k = np.uint64(0)
            for p in range(first, first + np.uint64(length[e])):
                j = np.uint32(members[p])
                w = j >> np.uint32(6)
                word = words[w]
                bit = np.int64(j & np.uint32(63))
                words[w] = word | one << bit
                repeated[k] = j
                k += np.uint64(word >> bit & one)
        if reads * THIN >= i:
            words[: (i >> 6) + 1] = 0
        else:
            for e in range(start, end):
                first = np.uint64(begin[e])
                for p in range(first, first + np.uint64(length[e])):
                    words[np.uint32(members[p]) >> np.uint32(6)] = 0
        listed = _count_again(k, mark, listed, least, scratch)
        out.tally[0] += reads - twice - np.int64(k)
        lengths[i - base] = emit_row(i, mark, np.int64(listed), used, rule, scratch, out)
        used += lengths[i - base]
    return stop, used


@inner
def _mark_actor(j: Any, k: Any, dense: bool, words: Array, filled: Array) -> Any:
    """Set the bit of an actor; unless the row is `dense`, list its word if it is the first there.

    Returns the end of the listed words, of which there are `k` so far.
    """
    w = j >> np.uint32(6)
    word = words[w]
    words[w] = word | np.int64(1) << np.int64(j & np.uint32(63))
    if not dense:
        filled[k] = w
        k += np.uint64(word == 0)
    return k


@kernel()
def count_rows(row: int, stop: int, lists: Array, scratch: Array, lengths: Array) -> None:
    """Number of actors that share an object with each of the rows `row` … `stop` − 1."""
    row_start, begin, length, base = lists.row_start, lists.begin, lists.length, lists.base
    members, words, filled = lists.members, scratch.words, scratch.filled
    for i in range(row, stop):
        start, end = row_start[i - base], row_start[i - base + 1]
        reads = np.int64(0)
        for e in range(start, end):
            reads += length[e]
        dense = reads * THIN >= words.size
        k = np.uint64(0)
        for e in range(start, end):
            first = np.uint64(begin[e])
            for p in range(first, first + np.uint64(length[e])):
                k = _mark_actor(np.uint32(members[p]), k, dense, words, filled)
        found: Any = np.int64(0)
        if dense:
            for at in range(words.size):
                found += number_of_ones(words[at])
                words[at] = 0
        else:
            for q in range(k):
                w = np.uint32(filled[q])
                found += number_of_ones(words[w])
                words[w] = 0
        lengths[i - base] = found - (found > 0)  # without itself


@inner
def _sort_words(k: Any, dense: bool, scratch: Array) -> Any:
    """Move the actors of all words to `touched`, ascending, and return their number.

    Unless the row is `dense`, filled[:k] are the words that have any.
    """
    words, groups, filled, touched = scratch.words, scratch.groups, scratch.filled, scratch.touched
    one = np.int64(1)
    kept = np.uint64(0)
    if not dense and k <= np.uint64(FEW):
        for q in range(np.int64(k)):
            w = filled[q]
            at = q
            while at > 0 and filled[at - 1] > w:
                filled[at] = filled[at - 1]
                at -= 1
            filled[at] = w
        for q in range(k):
            kept = _take_word(np.uint64(filled[q]), kept, words, touched)
        return kept
    for q in range(k):
        w = np.uint32(filled[q])
        groups[w >> np.uint32(6)] |= one << np.int64(w & np.uint32(63))
    for g in range(groups.size):
        group = groups[g]
        groups[g] = 0
        if dense:
            first = np.uint64(g) << np.uint64(6)
            for bit in range(np.uint64(64)):
                group |= np.int64(words[first + bit] != 0) << np.int64(bit)
        kept = _take_group(np.uint64(g), group, kept, words, touched)
    return kept


@kernel()
def whole_rows(
    row: int, stop: int, starts: Array, lists: Array, rule: Array, scratch: Array, out: Any
) -> None:
    """Rows `row` … `stop` − 1, whose every actor that shares an object is a neighbour.

    `starts` begins with the row `base`: where each row goes in `out`, indices and weights. Sums
    are 0 before and after a row, and its actors are bits, so that nothing is sorted.
    """
    row_start, begin, length, base = lists.row_start, lists.begin, lists.length, lists.base
    members, multiplicity = lists.members, lists.multiplicity
    contribution, mode = rule.contribution, rule.mode
    shared, sums, touched = scratch.shared, scratch.sums, scratch.touched
    words, filled = scratch.words, scratch.filled
    form, size, weighted = rule.form, rule.size, contribution.size > 0
    indices, weights = out
    one = np.int64(1)
    for i in range(row, stop):
        used = starts[i - base]
        kept = starts[i - base + 1] - used
        if kept == 0:
            continue
        dense = kept * THIN >= words.size
        k = np.uint64(0)
        for e in range(row_start[i - base], row_start[i - base + 1]):
            first = np.uint64(begin[e])
            for p in range(first, first + np.uint64(length[e])):
                j = np.uint32(members[p])
                if not weighted:
                    shared[j] += 1
                elif mode == EACH:
                    sums[j] += contribution[e]
                elif mode == PRODUCT:
                    sums[j] += contribution[e] * multiplicity[p]
                else:
                    sums[j] += min(contribution[e], multiplicity[p])
                k = _mark_actor(j, k, dense, words, filled)
        own = np.uint32(i)
        words[own >> np.uint32(6)] &= ~(one << np.int64(own & np.uint32(63)))
        at = np.uint64(used)
        for q in range(_sort_words(k, dense, scratch)):
            j = np.uint32(touched[q])
            if weighted:
                value = sums[j]
                sums[j] = 0.0
            else:
                value = np.float64(shared[j])
                shared[j] = 0
            indices[at] = j
            weights[at] = _weight(value, i, j, form, size)
            at += np.uint64(1)
        if weighted:
            sums[own] = 0.0
        else:
            shared[own] = 0


@inner
def first_from(times: Array, low: int, high: int, bound: int) -> int:
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
    shared, sums, touched, seen = scratch.shared, scratch.sums, scratch.touched, scratch.seen
    most, lengths, space = out.most, out.lengths, out.targets.size
    least, weighted = rule.min_shared, contribution.size > 0
    limit = shared.size
    for i in range(row, stop):
        if used + most[i - base] > space:
            return i, used
        if rule.top == 0:
            limit = i
        k = 0
        found: Any = 0
        e = row_start[i - base]
        end = row_start[i - base + 1]
        mark = _begin_row(end - e, scratch)
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
                p = first_from(times, p, last, row_times[e] - window)
                while p < last and times[p] <= late:
                    j = members[p]
                    p += 1
                    if j >= limit:
                        continue
                    if seen[j] == stamp:
                        if mode == PRODUCT:
                            sums[j] += 1.0
                        continue
                    seen[j] = stamp
                    number = max(shared[j] - mark, 0)
                    shared[j] = mark + number + 1
                    touched[k] = j
                    k += number + 1 == least
                    found += (number == 0) & (j < i)
                    if weighted:
                        value = contribution[stamp]
                        sums[j] = value if number == 0 else sums[j] + value
                e += 1
        out.tally[0] += found
        lengths[i - base] = emit_row(i, mark, k, used, rule, scratch, out)
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
        p = first_from(targets, first, last, low)
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
