"""Kernels of coordination: acts of two accounts on one thing, close in time.

Acts are given twice: those of each account by thing and time, and those of each thing by
time, as in ``_lists.EventLists``. Work is one step per pair of acts within the window.
"""

from __future__ import annotations

from typing import Any

from graphkit.jit import kernel

__all__ = ["count_near", "paired_rows"]

Array = Any


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
def count_near(
    row_start: Array, things: Array, row_times: Array, thing_start: Array, times: Array,
    window: int, all_near: Array, own_near: Array,
) -> None:  # fmt: skip
    """For each act, how many acts on its thing are near it, and how many of its account.

    The act itself counts in both.
    """
    for i in range(row_start.size - 1):
        e = row_start[i]
        while e < row_start[i + 1]:
            thing = things[e]
            first = e
            last = e
            while last < row_start[i + 1] and things[last] == thing:
                last += 1
            start, end = thing_start[thing], thing_start[thing + 1]
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
    row: int, stop: int, row_start: Array, things: Array, row_times: Array,
    thing_start: Array, members: Array, times: Array, window: int, passing: Array, both: bool,
    seen_thing: Array, seen_act: Array, sums: Array, touched: Array,
    tails: Array, heads: Array, found: Array, used: int, cut: Array,
) -> tuple[int, int]:  # fmt: skip
    """Pairs (i, j), j < i, of the rows `row` … `stop` − 1, or as many as fit.

    `found` gets per pair: things shared, pairs of acts, sum of their distances in time,
    acts of i and acts of j that take part. A pair stands if one of its accounts is
    `passing`, or `both` must be; `cut` counts the others. `seen_thing` and `seen_act` are
    −1 at first, `sums`, shape (n, 5), 0 before and after.
    """
    for i in range(row, stop):
        k = 0
        e = row_start[i]
        end = row_start[i + 1]
        while e < end:
            thing = things[e]
            stamp = e
            start, last = thing_start[thing], thing_start[thing + 1]
            walked = start
            while e < end and things[e] == thing:
                p = _first_from(times, start, last, row_times[e] - window)
                late = row_times[e] + window
                while p < last and times[p] <= late:
                    j = members[p]
                    if j < i:
                        if sums[j, 1] == 0:
                            touched[k] = j
                            k += 1
                        if seen_thing[j] != stamp:
                            seen_thing[j] = stamp
                            sums[j, 0] += 1
                        sums[j, 1] += 1
                        sums[j, 2] += abs(times[p] - row_times[e])
                        if seen_act[j] != e:
                            seen_act[j] = e
                            sums[j, 3] += 1
                        sums[j, 4] += p >= walked  # not near an earlier act of i
                    p += 1
                walked = max(walked, p)
                e += 1
        if used + k > tails.size:
            for q in range(k):
                sums[touched[q], :] = 0
                seen_thing[touched[q]] = -1
                seen_act[touched[q]] = -1
            return i, used
        for q in range(k):
            j = touched[q]
            if (passing[i] and passing[j]) or (not both and (passing[i] or passing[j])):
                tails[used] = i
                heads[used] = j
                found[used, :] = sums[j, :]
                used += 1
            else:
                cut[0] += 1
            sums[j, :] = 0
    return stop, used
