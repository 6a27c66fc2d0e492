"""Lists inside the cells of text tables, for the readers: see :mod:`graphkit.data.cells`."""

from graphkit.data.cells import split_lists

__all__ = ["split_lists"]
