"""Errors, warnings, and checks of parameters and arrays.

Every error is a :class:`GraphkitError` and also the usual builtin, so both ``except
GraphkitError`` and ``except ValueError`` work. A message names the file, row, column or key,
the value found there, and a remedy.
"""

from __future__ import annotations

import difflib
import math
import sys
import warnings
from collections.abc import Iterable
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


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


class CallError(OptionError, TypeError):
    """Call with a parameter that is unknown, missing, or given in the wrong place."""


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


def warn(message: str, category: type[Warning] = GraphkitWarning) -> None:
    """Warn at the line of the user's code that called graphkit, through whatever functions."""
    frame, level = sys._getframe(1), 2
    inner = ("graphkit", "contextlib")
    while frame.f_back and str(frame.f_globals.get("__name__")).split(".")[0] in inner:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def install_text(extra: str) -> str:
    """How to install the packages of an optional part.

    Examples
    --------
    >>> install_text("spark")
    'pip install ".[spark]" in the folder of graphkit'
    """
    return f'pip install ".[{extra}]" in the folder of graphkit'


def shorten(value: object, most: int = 60) -> str:
    """Value as text for a message, of at most `most` characters.

    Examples
    --------
    >>> shorten("a" * 100, 10)
    "'aaaaaaaa…"
    """
    if isinstance(value, str | bytes):
        value = value[: most + 1]
    try:
        shown = repr(value)
    except (RecursionError, ValueError):  # nested too deeply, or an integer of too many digits
        shown = f"a {type(value).__name__}"
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def name_some(names: Iterable[object], most: int = 20) -> str:
    """Names in quotes for a message, shortened, and how many more there are; empty if none.

    A file without a header has its first row as names, which may be long and many.

    Examples
    --------
    >>> name_some(["at", "kind"]), name_some(range(9), 2)
    ("'at', 'kind'", '0, 1 and 7 more')
    """
    listed = list(names)
    shown = ", ".join(shorten(name, 40) for name in listed[:most])
    return shown + (f" and {len(listed) - most:,} more" if len(listed) > most else "")


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
    return f" Did you mean {shorten(hits[0])}?" if hits else ""


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
            f"{parameter}={shorten(value)} is unknown.{nearest(str(value)[:60], known)} "
            f"Known: {', '.join(known)}."
        )


def check_flag(parameter: str, value: object) -> None:
    """Raise an :class:`OptionError` unless `value` is true or false, also as 0, 1 or NumPy's.

    A text is true, whatever it says.

    Examples
    --------
    >>> check_flag("directed", "no")
    Traceback (most recent call last):
        ...
    graphkit.errors.OptionError: directed='no': True or False is needed.
    """
    whole = isinstance(value, Integral) and value in (0, 1)
    if not whole and type(value).__name__ not in ("bool", "bool_"):
        raise OptionError(f"{parameter}={shorten(value)}: True or False is needed.")


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
    raise OptionError(
        f"{parameter}={shorten(value)}: {wanted}{', or None' * optional}. {hint}".rstrip()
    )


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
    raise OptionError(f"{parameter}={shorten(value)}: {wanted} is needed. {hint}".rstrip())


#: Largest whole number up to which float64 holds each one.
WHOLE = 1 << 53


def check_counts(
    name: str, value: object, shape: tuple[int | None, ...], *, whole: bool = False, hint: str = ""
) -> npt.NDArray[Any]:
    """Return `value` as an array of numbers of 0 or more; raise a :class:`DataError` if it is not.

    `shape` has `None` where any length will do. Booleans, text, complex numbers, objects, masked
    and missing values, infinite ones and ones of infinite sum are refused, and, if `whole`,
    fractions and numbers above 2⁵³. `name` and `hint`, a sentence, are part of the message.

    Examples
    --------
    >>> check_counts("values", [1, 2.5], (None,)).tolist()
    [1.0, 2.5]
    >>> check_counts("values", [3, -1], (None,))
    Traceback (most recent call last):
        ...
    graphkit.errors.DataError: values: finite numbers of 0 or more are needed, and there is -1.
    """
    import numpy as np

    wanted = "whole numbers of 0 or more" if whole else "finite numbers of 0 or more"
    array = _numeric_array(name, value, shape, wanted, "iuf", hint)
    if not array.size:
        return array
    wrong = ~(array >= 0)  # NaN compares as false
    if array.dtype.kind == "f":
        wrong |= ~np.isfinite(array)
        if whole:
            wrong |= array != np.floor(array)
    if whole and array.dtype.itemsize == 8:  # narrower types cannot hold more
        wrong |= array > WHOLE
    _refuse_first(name, array, wrong, wanted, hint)
    if array.dtype.kind == "f":
        # sums of products of these with their number or with each other are finite too
        with np.errstate(over="ignore"):
            total = float(array.sum(dtype=np.float64)) * array.size
        if not math.isfinite(total):
            raise DataError(
                f"{name}: the sum of the numbers is too large (largest: {array.max():g}): divide "
                "them by their mean."
            )
    return array


def check_codes(
    name: str, value: object, shape: tuple[int | None, ...], low: int, high: int, *, hint: str = ""
) -> npt.NDArray[np.integer[Any]]:
    """Return `value` as an array of integers from `low` to `high`, or raise a :class:`DataError`.

    Floats are refused, also whole ones. See :func:`check_counts` for `shape`, `name` and `hint`.

    Examples
    --------
    >>> check_codes("homes", [0, -1], (2,), -1, 3).tolist()
    [0, -1]
    >>> check_codes("homes", [0, 4], (2,), -1, 3)
    Traceback (most recent call last):
        ...
    graphkit.errors.DataError: homes: integers from -1 to 3 are needed, and there is 4.
    """
    wanted = f"integers from {low:,} to {high:,}"
    import numpy as np

    array = _numeric_array(name, value, shape, wanted, "iu", hint)
    if array.dtype == np.uint64:
        _refuse_first(name, array, array > np.uint64(2**63 - 1), wanted, hint)
    # NumPy 2.1 compares narrow integers with larger numbers wrongly
    array = array.astype(np.int64, copy=False)
    if array.size:
        _refuse_first(name, array, (array < low) | (array > high), wanted, hint)
    return array


def check_square(name: str, value: object) -> npt.NDArray[Any]:
    """Return `value` as a square matrix of numbers of 0 or more, see :func:`check_counts`.

    Examples
    --------
    >>> check_square("matrix", [[1, 2, 3], [4, 5, 6]])
    Traceback (most recent call last):
        ...
    graphkit.errors.DataError: matrix: the shape is (2, 3), and a square matrix is needed.
    """
    array = check_counts(name, value, (None, None))
    if array.shape[0] != array.shape[1]:
        raise DataError(f"{name}: the shape is {array.shape}, and a square matrix is needed.")
    return array


def _numeric_array(
    name: str, value: object, shape: tuple[int | None, ...], wanted: str, kinds: str, hint: str
) -> npt.NDArray[Any]:
    """The array of a shape, its type one of `kinds` of NumPy; masked values become NaN."""
    import numpy as np

    try:
        if isinstance(value, np.ma.MaskedArray):
            masked = np.ma.getmaskarray(value).any()
            array = np.ma.filled(value.astype(np.float64), np.nan) if masked else value.data
        else:
            array = np.asarray(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{name}: {wanted} are needed, in rows of equal length.") from error
    if not array.size and array.dtype.kind in "fO":
        array = array.astype(np.float64 if "f" in kinds else np.int64)
    fits = array.ndim == len(shape) and all(
        need in (None, have) for need, have in zip(shape, array.shape, strict=True)
    )
    if array.dtype.kind not in kinds:
        raise DataError(
            f"{name}: {wanted} are needed, and the type of the values is {array.dtype}. {hint}".rstrip()
        )
    if not fits:
        lengths = ", ".join("any" if n is None else f"{n:,}" for n in shape)
        raise DataError(
            f"{name}: the shape is {array.shape}, and ({lengths}{',' * (len(shape) == 1)}) is "
            f"needed. {hint}".rstrip()
        )
    return array


def _refuse_first(
    name: str, array: npt.NDArray[Any], wrong: npt.NDArray[np.bool_], wanted: str, hint: str
) -> None:
    if wrong.any():
        first = array[wrong].ravel()[0]
        raise DataError(f"{name}: {wanted} are needed, and there is {first:g}. {hint}".rstrip())
