"""The errors and warnings that graphkit raises.

Every error is a :class:`GraphkitError` and also the builtin that a caller would
guess, so both ``except GraphkitError`` and ``except ValueError`` work. A message
names the file, row, column or key, the value found there, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "DataError",
    "DependencyError",
    "FileError",
    "GraphkitError",
    "GraphkitWarning",
    "MissingDataError",
    "OptionError",
    "check_choice",
    "nearest",
]


class GraphkitError(Exception):
    """Base of every error that graphkit raises on purpose."""


class DataError(GraphkitError, ValueError):
    """A table, column, id, time or weight holds something that cannot be right."""


class MissingDataError(GraphkitError, LookupError):
    """A verb needs a table, a column or a kind of time that the data do not have."""

    # KeyError-style quoting of LookupError children would hide line breaks.
    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class OptionError(GraphkitError, ValueError):
    """A parameter has a value outside its range or an unknown name."""


class FileError(GraphkitError, OSError):
    """A file or folder is missing, unreadable or not what its name says."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class DependencyError(GraphkitError, ImportError):
    """An optional package is not installed; the message holds the install line."""


class GraphkitWarning(UserWarning):
    """Something is legal, but probably not what was meant."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the known spelling nearest to `name`, whatever the case, or nothing.

    Examples
    --------
    >>> nearest("modularty", ["cpm", "modularity"])
    " Did you mean 'modularity'?"
    >>> nearest("CPM", ["cpm", "modularity"])
    " Did you mean 'cpm'?"
    >>> nearest("zzz", ["cpm"])
    ''
    """
    listed = [str(k) for k in known]
    # the spelling itself first, for two known ones may differ in case only
    hits = difflib.get_close_matches(str(name), listed, n=1, cutoff=0.6)
    if not hits:
        folded = {k.casefold(): k for k in listed}
        found = difflib.get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.6)
        hits = [folded[k] for k in found]
    return f" Did you mean {hits[0]!r}?" if hits else ""


def check_choice(parameter: str, value: object, known: Iterable[str]) -> None:
    """Raise an :class:`OptionError` unless `value` is one of `known`.

    Examples
    --------
    >>> check_choice("engine", "igraf", ("igraph", "leidenalg"))
    Traceback (most recent call last):
        ...
    graphkit.errors.OptionError: engine='igraf' is unknown. Did you mean 'igraph'? \
Known: igraph, leidenalg.
    """
    known = tuple(known)
    if value not in known:
        raise OptionError(
            f"{parameter}={value!r} is unknown.{nearest(str(value), known)} "
            f"Known: {', '.join(known)}."
        )
