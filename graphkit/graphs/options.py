"""Options of a projection, checked once, and the interactions that they select."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit import errors
from graphkit.data import incidence as two_mode
from graphkit.data.dataset import Dataset
from graphkit.data.incidence import Incidence, IncidenceMatrix
from graphkit.data.times import DAY, SECOND
from graphkit.errors import DataError, MissingDataError, OptionError, shorten

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

#: Weights of an edge; each is defined in the docstring of ``cointeraction_graph``.
WEIGHTS = ("count", "pairs", "actions", "jaccard", "cosine", "newman", "tfidf")

#: Units of a window given as text, in microseconds.
UNITS = {"us": 1, "ms": 1000, "s": SECOND, "sec": SECOND, "min": 60 * SECOND, "h": 3600 * SECOND}
UNITS |= {"d": DAY, "w": 7 * DAY}
_WORDS = {"second": "s", "minute": "min", "hour": "h", "day": "d", "week": "w"}
_WORDS |= {f"{word}s": unit for word, unit in _WORDS.items()} | {"µs": "us", "μs": "us"}

#: A length as ISO 8601 writes it, in weeks, or days, hours, minutes and seconds.
_NUMBER = r"[0-9]{1,999}(?:[.,][0-9]{1,999})?"
_ISO = re.compile(
    rf"P(?=[0-9T])(?:({_NUMBER})W)?(?:({_NUMBER})D)?"
    rf"(?:T(?=[0-9])(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?"
)

#: Longer than any log, and safe to add to a time.
FOREVER = 1 << 60

#: Default share of the free memory that a projection may use.
SHARE = 0.8


@dataclass(frozen=True)
class ProjectionOptions:
    """Options of a one-mode projection; :func:`graphkit.cointeraction_graph` defines them.

    Attributes
    ----------
    between, through
        Two different node sets, of :data:`graphkit.data.incidence.SIDES`: actors and objects.
    kinds, exclude
        Known kinds of interaction (`None`: the default ones) and ids, ascending, each once.
    window
        Positive length of time, see `microseconds`; `None` for no window.
    weight
        One of ``WEIGHTS``; ``"actions"`` only without a window.
    min_shared, max_degree, top
        Integers from 1, 2 and 1 on; `None` for no cap (`max_degree`) or all edges (`top`).
    mutual
        True only with `top`.
    memory
        Bytes from 1 on or their text, see `memory_budget`; `None` for a share of the free memory.

    Raises
    ------
    OptionError
        Naming the first invalid option.

    Examples
    --------
    >>> ProjectionOptions(top=0)
    Traceback (most recent call last):
        ...
    graphkit.errors.OptionError: top=0: an integer from 1 on is needed, or None.
    """

    between: str = "accounts"
    through: str = "items"
    kinds: Collection[str] | None = None
    window: str | timedelta | None = None
    exclude: Iterable[str] = ()
    weight: str = "count"
    min_shared: int = 1
    max_degree: int | None = None
    top: int | None = None
    mutual: bool = False
    memory: int | str | None = None

    def __post_init__(self) -> None:
        two_mode.check_sides(self.between, self.through)
        if self.kinds is not None:
            object.__setattr__(
                self, "kinds", tuple(sorted(set(two_mode.checked_kinds(self.kinds))))
            )
        errors.check_choice("weight", self.weight, WEIGHTS)
        for name, low in (("min_shared", 1), ("max_degree", 2), ("top", 1)):
            optional = name != "min_shared"
            value = errors.check_integer(name, getattr(self, name), low, optional=optional)
            object.__setattr__(self, name, value)
        errors.check_flag("mutual", self.mutual)
        if self.mutual and self.top is None:
            raise OptionError("mutual=True goes with top=…, which is not given.")
        if self.span is not None and self.weight == "actions":
            raise OptionError(
                "weight='actions' is not defined within a window=…: take weight='pairs', or "
                "coordinated_accounts, which counts the interactions of each side."
            )
        if isinstance(self.exclude, str):
            raise OptionError(
                f"exclude={shorten(self.exclude)} is one text: pass a set or list of ids."
            )
        object.__setattr__(self, "exclude", tuple(sorted(set(self.exclude))))
        memory_budget(self.memory)

    @property
    def span(self) -> int | None:
        """The window in microseconds."""
        return None if self.window is None else microseconds(self.window)

    @property
    def by_multiplicity(self) -> bool:
        """Whether the weight depends on the multiplicity of pairs."""
        return self.weight in ("pairs", "actions")

    def keywords(self) -> dict[str, Any]:
        """The options as arguments of ``cointeraction_graph``."""
        return {f.name: getattr(self, f.name) for f in fields(ProjectionOptions)}

    def parameters(self) -> dict[str, Any]:
        """The options for a provenance, without `memory`, which does not affect the result."""
        with_kinds = "accounts" in (self.between, self.through)
        found = self.keywords() | {
            "kinds": sorted(self.kinds or two_mode.ACTS) if with_kinds else None,
            "window": None if self.span is None else f"{self.span / 1e6:.15g} s",
            "exclude": list(self.exclude),
        }
        del found["memory"]
        return found


@dataclass(frozen=True)
class Interactions:
    """Codes of actor and object of each interaction, with times `at` where a window needs them.

    `found` includes those without a time; `removed` counts exclusions by reason; `parameters`
    are the options as a provenance records them.
    """

    found: Incidence
    rows: Codes
    columns: Codes
    at: Ints | None
    removed: dict[str, int]
    parameters: dict[str, Any]


def gather_interactions(
    source: Dataset | IncidenceMatrix | Incidence, options: ProjectionOptions, *, caller: str
) -> Interactions:
    """Interactions that the options select; raises if a window needs times that are missing.

    Each pair of a matrix is one interaction, or its multiplicity if the weight counts them.
    """
    if isinstance(source, IncidenceMatrix):
        return _gather_matrix(source, options, caller)
    if isinstance(source, Incidence):
        found = source
    else:
        names = ("between", "through", "kinds", "exclude")
        selected = {name: getattr(options, name) for name in names}
        found = two_mode.incidence(source, **selected, verb=caller)
    removed = dict(found.removed)
    rows, columns, at = found.rows, found.columns, None
    if options.span is not None:
        at = found.at
        if at is None:
            raise MissingDataError(
                f"{caller}: window= needs the time of each interaction, and there is none: give "
                "interactions.at (or, between authors, items.created_at)."
            )
        if isinstance(source, Dataset):
            _require_times(source, found.time_column, caller)
        timed = at >= 0
        if not timed.all():
            removed["interactions without a time"] = int((~timed).sum())
        rows, columns, at = rows[timed], columns[timed], at[timed]
    return Interactions(found, rows, columns, at, removed, options.parameters())


def _gather_matrix(
    matrix: IncidenceMatrix, options: ProjectionOptions, caller: str
) -> Interactions:
    for name, value in (("kinds", options.kinds), ("window", options.window)):
        if value is not None:
            raise OptionError(
                f"{caller}: {name}={shorten(value)} is unknown of an incidence matrix, which keeps pairs "
                "and not interactions: leave it out, choose kinds= when reading, or pass a Dataset."
            )
    rows, columns = matrix.rows, matrix.things
    multiplicity = matrix.acts
    removed: dict[str, int] = {}
    if options.exclude:
        unwanted = np.zeros(len(matrix.through) + 1, dtype=bool)
        # an unknown id has the code −1: the last element
        unwanted[matrix.through.lookup(options.exclude)] = True
        unwanted[-1] = False
        keep = ~unwanted[columns]
        gone = int(multiplicity[~keep].sum(dtype=np.int64))
        if gone:
            removed["interactions with excluded objects"] = gone
        rows, columns, multiplicity = rows[keep], columns[keep], multiplicity[keep]
    if options.by_multiplicity:
        rows, columns = np.repeat(rows, multiplicity), np.repeat(columns, multiplicity)
    if not rows.size:
        raise DataError(f"{caller}: the incidence matrix has no pairs left to project.")
    found = Incidence(matrix.between, matrix.through, rows, columns, None, None, removed)
    own = {"between": matrix.node_kind, "through": "things", "kinds": None}
    return Interactions(found, rows, columns, None, removed, options.parameters() | own)


def _require_times(dataset: Dataset, column: str | None, caller: str) -> None:
    """Raise a :class:`MissingDataError` unless the times are those of interactions."""
    assert column is not None
    if column == "interactions.at":
        dataset.require_event_times(column, verb=f"{caller}(window=…)")
    kind = dataset.time_kinds[column]
    if kind not in ("event", "item_created"):
        raise MissingDataError(
            f"{caller}(window=…) needs the time of creation in {column}, but its time kind is "
            f"{kind!r}."
        )


def microseconds(window: timedelta | str) -> int:
    """Length of time in microseconds.

    Examples
    --------
    >>> microseconds("10s"), microseconds("1.5 h"), microseconds("PT1H30M")
    (10000000, 5400000000, 5400000000)
    """
    if isinstance(window, timedelta):
        length = window // timedelta(microseconds=1)
    elif isinstance(window, str):
        text = window.strip()
        found = re.fullmatch(rf"(-?{_NUMBER})\s*([a-zA-Zµμ]+)", text)
        unit = _WORDS.get(found[2], found[2]) if found else ""
        iso = _ISO.fullmatch(text)
        if iso is None and (found is None or unit not in UNITS):
            hint = " 'm' could be minutes or months." if found and found[2] == "m" else ""
            hint = hint or (errors.nearest(found[2], UNITS) if found else "")
            raise OptionError(
                f"window={shorten(window)} is not understood: write a number and one of "
                f"{', '.join(UNITS)}, such as '10s', '5min', '2h' or '1d', or ISO 8601 such as "
                f"'PT1H'.{hint}"
            )
        if iso is not None:
            parts = zip(iso.groups(), ["w", "d", "h", "min", "s"], strict=True)
        else:
            assert found is not None
            parts = zip([found[1]], [unit], strict=True)
        # exact, as a product of floats may round the last microsecond
        length = round(sum(Fraction((n or "0").replace(",", ".")) * UNITS[u] for n, u in parts))
    else:
        raise OptionError(
            f"window={shorten(window)} has no unit: pass text such as '60s', '5min', '2h' or '1d', or a "
            "datetime.timedelta."
        )
    if length <= 0:
        raise OptionError(f"window={shorten(window)}: a length above 0 is needed (at least '1us').")
    return min(length, FOREVER)


def available_memory() -> int:
    """Bytes of available_memory memory."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            found = re.search(r"MemAvailable:\s+(\d+)", file.read())
            if found:
                return int(found[1]) * 1024
    except OSError:  # not on Linux
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):  # unknown on this system
        return 4_000_000_000


def memory_budget(memory: int | str | None) -> int:
    """Memory budget in bytes: as given, or a share of the available_memory memory.

    Examples
    --------
    >>> memory_budget("4 GB"), memory_budget(10**6)
    (4000000000, 1000000)
    """
    if memory is None:
        return int(available_memory() * SHARE)
    if isinstance(memory, int) and not isinstance(memory, bool) and memory > 0:
        return memory
    units = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
    found = isinstance(memory, str) and re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*", memory)
    if found and found[2].upper() in units and float(found[1]) > 0:
        return round(float(found[1]) * units[found[2].upper()])
    raise OptionError(
        f"memory={shorten(memory)} is not understood: pass a number of bytes, or text such as '500 MB' "
        "or '4 GB'."
    )
