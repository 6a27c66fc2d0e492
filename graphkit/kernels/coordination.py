"""Kernels of coordination: interactions of two accounts with one object within a window of time."""

from __future__ import annotations

from typing import Any

from graphkit.kernels.compile import kernel
from graphkit.kernels.projection import first_from

Array = Any


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
                all_near[e] = first_from(times, start, end, late + 1)
                all_near[e] -= first_from(times, start, end, early)
                own_near[e] = first_from(row_times, first, last, late + 1)
                own_near[e] -= first_from(row_times, first, last, early)
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
                p = first_from(times, start, last, row_times[e] - window)
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
