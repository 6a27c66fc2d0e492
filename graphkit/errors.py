"""Errors, warnings, and checks of parameters.

Every error is a :class:`GraphkitError` and also the usual builtin, so both ``except
GraphkitError`` and ``except ValueError`` work. A message names the file, row, column or key,
the value found there, and a remedy.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import overload


class GraphkitError(Exception):
    """Base class of all errors that graphkit raises."""


class DataError(GraphkitError, ValueError):
    """Invalid value in a table, column, id, time or weight."""


class MissingDataError(GraphkitError, LookupError):
    """A table, column or kind of time that a function needs is missing from the data."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class OptionError(GraphkitError, ValueError):
    """Parameter with a value outside its range or an unknown name."""


class FileError(GraphkitError, OSError):
    """File or folder that is missing, unreadable or of another format."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class DependencyError(GraphkitError, ImportError):
    """Optional package that is not installed; the message gives the install command."""


class ForkError(GraphkitError, RuntimeError):
    """Call in a process that was forked after graphkit had started threads, which are lost there."""


class GraphkitWarning(UserWarning):
    """Valid input that is probably unintended."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Hint with the spelling in `known` nearest to `name`, ignoring case; empty if none is near.

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
    # case-sensitive first, as known spellings may differ in case only
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


@overload
def check_integer(
    parameter: str, value: object, low: int, high: int | None = None, *, hint: str = ""
) -> int: ...
@overload
def check_integer(
    parameter: str, value: object, low: int, high: int | None = None, *, optional: bool
) -> int | None: ...
def check_integer(
    parameter: str,
    value: object,
    low: int,
    high: int | None = None,
    *,
    optional: bool = False,
    hint: str = "",
) -> int | None:
    """Return `value` as an int; raise an :class:`OptionError` unless it lies in [low, high].

    NumPy's integers are accepted; booleans and floats are refused. `None` is accepted if
    `optional`. `hint` is a sentence added to the message, which names the `parameter`.

    Examples
    --------
    >>> check_integer("top", 0, 1, optional=True)
    Traceback (most recent call last):
        ...
    graphkit.errors.OptionError: top=0: an integer from 1 on is needed, or None.
    """
    if value is None and optional:
        return None
    if isinstance(value, Integral) and not isinstance(value, bool):
        number = int(value)
        if low <= number and (high is None or number <= high):
            return number
    wanted = f"an integer from {low} {'on' if high is None else f'to {high:,}'} is needed"
    raise OptionError(f"{parameter}={value!r}: {wanted}{', or None' * optional}. {hint}".rstrip())


def check_number(
    parameter: str,
    value: object,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    low_open: bool = False,
    high_open: bool = False,
    finite: bool = True,
    hint: str = "",
) -> float:
    """Return `value` as a float; raise an :class:`OptionError` unless it lies in [low, high].

    NumPy's numbers are accepted; booleans, NaN and, if `finite`, infinite numbers are refused.
    `low_open` and `high_open` exclude the end. `hint` is as in :func:`check_integer`.

    Examples
    --------
    >>> check_number("share", 1, 0, 1, high_open=True)
    Traceback (most recent call last):
        ...
    graphkit.errors.OptionError: share=1: a number in [0, 1) is needed.
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        number = float(value)
        inside = low <= number <= high and (math.isfinite(number) or not finite)
        if inside and not (low_open and number == low) and not (high_open and number == high):
            return number
    wanted = "a finite number" if finite and high == math.inf else "a number"
    if high < math.inf:
        wanted += f" in {'[('[low_open]}{low:g}, {high:g}{'])'[high_open]}"
    elif low > -math.inf:
        wanted += f" above {low:g}" if low_open else f" from {low:g} on"
    raise OptionError(f"{parameter}={value!r}: {wanted} is needed. {hint}".rstrip())
