"""Keyed draws, float32 sums in the order of the kernels, and a ring of the latest eight."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphkit.kernels import state as codes

FULL, GOLDEN = 2**64 - 1, 0x9E3779B97F4A7C15


def stir(x: int) -> int:
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & FULL
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & FULL
    return x ^ (x >> 31)


def bits(seed: int, event: int, a: int, b: int, n: int) -> int:
    x = stir((seed + event * GOLDEN) & FULL)
    x = stir(x ^ ((a + GOLDEN) & FULL))
    x = stir(x ^ ((b + 0xC2B2AE3D27D4EB4F) & FULL))
    return stir(x ^ ((n + 0x165667B19E3779F9) & FULL))


def share(x: int) -> float:
    """The highest 53 bits as a number in [0, 1)."""
    return (x >> 11) / 2**53


def place(x: int, size: int) -> int:
    """The highest 32 bits as a place below `size`."""
    return ((x >> 32) * size) >> 32


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def turned(values: list[Any], start: int) -> list[Any]:
    start %= max(len(values), 1)
    return values[start:] + values[:start]


def padded(rows: np.ndarray) -> np.ndarray:
    wide = np.zeros((rows.shape[0], -(-rows.shape[1] // 8) * 8), np.float32)
    wide[:, : rows.shape[1]] = rows
    return wide


def dots(row: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Products with all rows, in eight sums that are added pairwise."""
    sums = np.zeros((rows.shape[0], 8), np.float32)
    for x in range(0, row.size, 8):
        sums = sums + row[x : x + 8] * rows[:, x : x + 8]
    while sums.shape[1] > 1:
        sums = sums[:, 0::2] + sums[:, 1::2]
    return sums[:, 0]


def in_order(row: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Products with all columns, dimension after dimension, as the index sums them."""
    total = np.zeros(columns.shape[1], np.float32)
    for x in range(row.size):
        total = total + row[x] * columns[x]
    return total


def unit(row: np.ndarray) -> np.ndarray:
    return row / (math.sqrt((row**2).sum()) or 1.0)


class Ring:
    """The latest eight; the oldest gives way."""

    def __init__(self) -> None:
        self.places: list[Any] = [None] * codes.RECENT
        self.next = 0

    def add(self, value: object) -> None:
        self.places[self.next] = value
        self.next = (self.next + 1) % codes.RECENT

    def __iter__(self) -> Any:
        return (value for value in self.places if value is not None)
