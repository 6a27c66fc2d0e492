"""Atomic writing, JSON records and locks of folders, TOML, and arrays with a header."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import shutil
import sys
import textwrap
import tomllib
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import polars as pl
import tomli_w

from graphkit.data.frozen import content_key
from graphkit.data.layout import LAYOUTS, RECORDS
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, FileError, GraphkitError, warn
from graphkit.parallel import own_warnings, refuse_after_fork

#: Prefix of files that are still being written, and of folders that are being removed.
_PART = ".part-"
#: File that is locked while a folder is being written to.
_LOCK = ".lock"
_HEADER, _DIGEST = "header", "digest"
_FORMAT = 2
#: A full disk, also where it is a quota or the size of a file that is at its limit.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: No data need deeper tables, nor larger integers (a seed has at most 128 bits).
_DEEPEST_JSON = 100
_DEEPEST, _LARGEST_INTEGER, _LONGEST_KEY = 24, 1 << 128, 1000
#: Remedies for a record and for a saved file that cannot be read.
_ELSEWHERE = "Name another folder, or move this file away."
_SAVE_AGAIN = "Get the file again, or make it again and save it with .save(path)."
#: Deflate makes data at most so many times smaller; zstd, of whose blocks 4 bytes may be 128 KiB.
_DENSEST, _DENSEST_ZSTD = 1032, 1 << 15
#: Suffix of the names of packed arrays.
_PACKED = ".zst"


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file atomically: `write` fills a hidden one in the same folder, which is renamed.

    Raises
    ------
    FileError
        If the file cannot be written; an earlier one is unchanged.
    """
    refuse_after_fork()
    # the process is in the name, as several may write one file; numpy needs its ending
    part = path.with_name(f"{_PART}{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        os.replace(part, path)
    except FileError:
        raise
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise FileError(f"{path} cannot be written: {_why_unwritten(error)}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _why_unwritten(error: BaseException) -> str:
    """Reason and remedy of a file that could not be written."""
    why = getattr(error, "strerror", None) or str(error).strip().split("\n")[0].rstrip(".")
    full = getattr(error, "errno", None) in _FULL
    # Polars passes the words of the system on, without its number
    if full or any(os.strerror(number) in str(error) for number in _FULL):
        return f"{why}. Earlier files are unchanged: make room, and do the same again."
    return f"{why or type(error).__name__}."


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, as UTF-8 and with the same bytes on every system."""
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))


#: What spreadsheets take for a formula, and cells that the guard before such a one begins.
_FORMULA = r"^'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])"
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"


def guard_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """A table for CSV whose texts no spreadsheet takes for formulas.

    An apostrophe is put before cells and column names that begin, after any blanks, with one of
    ``= + - @`` or their full-width forms, or with a tab or line break, unless the text is a number.
    This is the advice of OWASP (CSV Injection): Excel and LibreOffice show what follows as text.
    Texts that begin with apostrophes and then like a formula get one more, so that taking one
    apostrophe from every text that begins with ``'`` and then, or after more of them, like a
    formula gives the table back. Numbers, times and true or false stay as they are; lists of
    texts become words separated by blanks.

    Examples
    --------
    >>> guard_formulas(pl.DataFrame({"tag": ["=1+1", "jazz", "-5", "'@x"]}))["tag"].to_list()
    ["'=1+1", 'jazz', '-5', "''@x"]
    """
    texts = frame.with_columns(
        pl.col(pl.List(pl.String)).list.join(" "), pl.col(pl.Categorical, pl.Enum).cast(pl.String)
    )
    columns = [name for name, kind in texts.schema.items() if kind == pl.String]
    guarded = texts.with_columns(_guard_text(name) for name in columns)
    titles = pl.DataFrame({"name": frame.columns}, schema={"name": pl.String})
    return guarded.rename(
        dict(zip(frame.columns, titles.select(_guard_text("name")).to_series(), strict=True))
    )


def _guard_text(column: str) -> pl.Expr:
    cell = pl.col(column)
    risky = cell.str.contains(_FORMULA) & ~cell.str.contains(_NUMBER)
    return pl.when(risky).then("'" + cell).otherwise(cell).alias(column)


def write_json(path: Path, value: object) -> None:
    """Write a JSON file atomically."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def read_json(path: Path, remedy: str) -> Any:
    """Read a JSON file.

    Raises
    ------
    FileError
        If it cannot be read or is no JSON; the message ends with the `remedy`.
    """
    try:
        value = json.loads(path.read_bytes().decode("utf-8"))
        _check_depth(value)
        return value
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}. {remedy}") from error
    except json.JSONDecodeError as error:
        where = f"{error.msg} in line {error.lineno}, column {error.colno}"
        raise FileError(f"{path} cannot be read: no valid JSON ({where}). {remedy}") from error
    except RecursionError:
        raise FileError(f"{path} cannot be read: it is nested too deeply. {remedy}") from None
    except ValueError as error:
        why = (
            "it is no text in UTF-8" if isinstance(error, UnicodeError) else "a number is too long"
        )
        raise FileError(f"{path} cannot be read: {why}. {remedy}") from error


def _check_depth(value: Any) -> None:
    """Raise a RecursionError for a value that is nested deeper than any that graphkit writes."""
    level = [value]
    for _ in range(_DEEPEST_JSON):
        inner = (
            v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list)
        )
        level = [entry for entries in inner for entry in entries]
        if not level:
            return
    raise RecursionError


def write_record(path: Path, record: Mapping[str, Any], *, sealed: bool = False) -> None:
    """Write the JSON record that marks a folder as one of graphkit; with a digest if `sealed`."""
    record = {"made_by": "graphkit", **record}
    write_json(path, {**record, "digest": _seal_of(record)} if sealed else record)


def _seal_of(record: Mapping[str, Any]) -> str:
    return content_key(json.dumps(record, sort_keys=True))


def read_record(path: Path) -> dict[str, Any] | None:
    """Read the JSON record of a folder; `None` if there is none.

    Raises
    ------
    FileError
        If it cannot be read, a value is of another type, or graphkit did not write it.
    """
    remedy = _ELSEWHERE
    if not os.path.lexists(path):
        return None
    record = read_json(path, remedy)
    if not isinstance(record, dict) or record.get("made_by") != "graphkit":
        raise FileError(f"{path} is no record of graphkit: name another folder.")
    digest = record.pop("digest", None)
    if digest is not None and digest != _seal_of(record):
        raise FileError(f"{path} cannot be read: it was changed since it was written. {remedy}")
    for name, kinds in RECORDS.get(path.name, {}).items():
        value: Any = record
        for key in name.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if type(value) not in kinds:
            raise FileError(
                f"{path} cannot be read: {name!r} is missing or damaged, or an older version of "
                f"graphkit wrote it. {remedy}"
            )
    return record


def open_folder(root: Path, name: str, purpose: str) -> dict[str, Any] | None:
    """Read the record `name` of a folder; `None` for a folder that is new or empty.

    A damaged record is set aside with a warning, so that it locks nobody out of the folder; what
    an interrupted run had not finished writing is removed.

    Raises
    ------
    FileError
        If the folder holds anything else.
    """
    if root.exists() and not root.is_dir():
        raise FileError(f"{root} is a file: name a folder for {purpose}.")
    path, damaged = root / name, False
    try:
        record = read_record(path)
    except FileError as error:
        if not path.is_file() or _is_of_others(path):
            raise
        set_aside(path, error)
        record, damaged = None, True
    if record is None and not damaged and root.exists():
        held = sorted(p.name for p in root.iterdir() if not p.name.startswith((_PART, _LOCK)))
        if held:
            raise FileError(
                f"{root} is not empty (it holds {held[0]!r}), and is not a folder of {purpose}: "
                "name another one."
            )
    for part in [*root.rglob(f"{_PART}*")]:
        remove_folder(part) if part.is_dir() else part.unlink(missing_ok=True)
    return record


def _is_of_others(path: Path) -> bool:
    """Whether a record is whole, but not one of graphkit."""
    try:
        record = read_json(path, "")
    except FileError:
        return False
    return not isinstance(record, dict) or record.get("made_by") != "graphkit"


def set_aside(path: Path, why: object) -> None:
    """Rename a damaged file, and warn; `why` is the sentence or error that says what is wrong."""
    aside, number = path.with_name(f"{path.name}.damaged"), 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    try:
        os.replace(path, aside)
    except OSError as error:
        raise FileError(f"{path} is damaged, and cannot be renamed: {error.strerror}.") from error
    why = str(why).removesuffix(_ELSEWHERE).removesuffix(_SAVE_AGAIN).rstrip()
    warn(f"{why} It is set aside as {aside.name}, and made again.")


def remove_folder(path: Path) -> None:
    """Remove a folder with all it holds, if it exists; other processes see all of it or nothing."""
    if not path.exists():
        return
    part = path
    if not path.name.startswith(_PART):
        part = path.with_name(f"{_PART}{os.getpid()}-{path.name}")
        shutil.rmtree(part, ignore_errors=True)
        try:
            os.replace(path, part)
        except OSError as error:
            raise FileError(f"{path} cannot be removed: {error.strerror}.") from error
    shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def locked_folder(root: Path, purpose: str) -> Iterator[None]:
    """Lock a folder, which is made if needed, against other processes that write to it.

    The system frees the lock when the process ends, however it ends.

    Raises
    ------
    FileError
        If another process, or another call in this one, holds the lock.
    """
    if root.exists() and not root.is_dir():
        raise FileError(f"{root} is a file: name a folder for {purpose}.")
    path = root / _LOCK
    try:
        root.mkdir(parents=True, exist_ok=True)
        file = _open_locked(path)
    except OSError as error:
        raise FileError(f"{root} cannot be written to: {error.strerror or error}.") from error
    if file is None:
        raise FileError(
            f"{root} is in use: another run writes {purpose} there. Wait until it has ended, or "
            "name another folder."
        )
    try:
        yield
    finally:
        # Windows keeps a file that is open
        if sys.platform != "win32":
            path.unlink(missing_ok=True)
        file.close()
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                path.unlink()


def _open_locked(path: Path) -> IO[bytes] | None:
    """The file, opened and locked; `None` if it is locked already."""
    while True:
        file = path.open("ab")
        try:
            _lock(file)
            # the one who held it may have deleted it since it was opened
            if os.path.exists(path) and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except BlockingIOError:
            file.close()
            return None
        except FileNotFoundError:
            pass
        except BaseException:
            file.close()
            raise
        file.close()


def _lock(file: IO[bytes]) -> None:
    """Lock an open file; a BlockingIOError if it is locked."""
    if sys.platform == "win32":
        import msvcrt

        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
    else:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError as error:
            # some network file systems have no locks: work goes on there without one
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
                raise


def save_arrays(
    path: str | Path,
    kind: str,
    header: Mapping[str, Any],
    arrays: Mapping[str, npt.NDArray[Any]],
    *,
    compressed: bool = True,
    passing: bool = False,
) -> Path:
    """Write arrays and a JSON-representable header as one ``.npz`` file; returns its path.

    They must have the layout of their kind; a digest of the content is kept with them. The file
    is flushed to the disk if it is not compressed. Of a `passing` file, which only graphkit reads
    and which is removed soon, each array is packed by zstd, in a quarter of the time.
    """
    path = _as_npz(Path(path))
    text = json.dumps({"noun": kind, "format": _FORMAT, **header}, sort_keys=True)
    if fault := LAYOUTS[kind].fault(json.loads(text), arrays):
        raise DataError(f"a {kind} cannot be saved: {fault}.")
    if passing:
        arrays = {f"{name}{_PACKED}": _pack(array) for name, array in arrays.items()}
    about = np.frombuffer(text.encode(), dtype=np.uint8)
    digest = np.frombuffer(_digest_of(about, arrays), dtype=np.uint8)
    held: dict[str, Any] = {_HEADER: about, _DIGEST: digest, **arrays}

    def write(part: Path) -> None:
        if compressed:
            # level 1 takes a sixth of the time of numpy's, for files a fifth larger
            kind_of_zip = zipfile.ZIP_STORED if passing else zipfile.ZIP_DEFLATED
            with zipfile.ZipFile(part, "w", kind_of_zip, compresslevel=1) as archive:
                for name, array in held.items():
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
            return
        with part.open("wb") as file:
            np.savez(file, **held)
            file.flush()
            os.fsync(file.fileno())

    write_whole(path, write)
    return path


def _as_npz(path: Path) -> Path:
    """The path with the suffix that saved files have."""
    return path if path.suffix == ".npz" else path.with_name(path.name + ".npz")


def _digest_of(about: npt.NDArray[np.uint8], arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    named = (part for name in sorted(arrays) for part in (name, arrays[name]))
    return bytes.fromhex(content_key(about, *named))


def load_arrays(path: str | Path, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and arrays of a file that :func:`save_arrays` wrote for this kind of value.

    The suffix ``.npz``, which that function adds, may be left out.

    Raises
    ------
    FileError
        If it cannot be read, is damaged, or holds anything else.
    """
    path = Path(path)
    if path.name and not path.exists() and _as_npz(path).exists():
        path = _as_npz(path)  # .save() wrote it so
    remedy = _SAVE_AGAIN
    try:
        with path.open("rb") as file:
            header, arrays = _read_arrays(file, path, kind)
    except GraphkitError:
        raise
    except OSError as error:
        raise FileError(
            f"{path} cannot be read as a saved {kind}: {error.strerror or error}. Save one with "
            ".save(path)."
        ) from error
    except Exception as error:
        # damaged bytes may raise anything in the libraries that read them
        raise FileError(
            f"{path} cannot be read as a saved {kind}: it is damaged, or not a file of .save(). "
            f"{remedy}"
        ) from error
    if fault := LAYOUTS[kind].fault(header, arrays):
        raise FileError(f"{path} cannot be read as a saved {kind}: {fault}. {remedy}")
    return header, arrays


@contextlib.contextmanager
def loading(path: str | Path, kind: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Header and arrays of a file, as :func:`load_arrays`, of which the block makes a value.

    What the block raises about them is an error that names the file.
    """
    content = load_arrays(path, kind)
    try:
        yield content
    except GraphkitError as error:
        raise type(error)(f"{path}: {error}") from error
    except Exception as error:
        raise FileError(
            f"{path} cannot be read as a saved {kind}: its content does not fit together. Make it "
            "again and save it with .save(path)."
        ) from error


def _read_arrays(
    file: IO[bytes], path: Path, kind: str
) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    size = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        about = _read_member(archive, infos.pop(_HEADER), size)
        header = json.loads(about.tobytes().decode())
        if header["noun"] != kind:
            raise FileError(f"{path} holds a {str(header['noun'])[:40]}, not a {kind}.")
        if header["format"] != _FORMAT:
            age = "an older" if header["format"] < _FORMAT else "a newer"
            raise FileError(
                f"{path} was made by {age} version of graphkit (format {header['format']}; this "
                f"one reads {_FORMAT}): make it again with this version."
            )
        digest = _read_member(archive, infos.pop(_DIGEST), size).tobytes()
        arrays = {name: _read_member(archive, info, size) for name, info in infos.items()}
    if len(infos) + 2 != len(archive.infolist()) or digest != _digest_of(about, arrays):
        raise ValueError("the digest is of other content")
    unpacked = dict(_unpack(name, array) for name, array in arrays.items())
    if len(unpacked) < len(arrays):
        raise ValueError("an array is there twice")
    return header, unpacked


def _pack(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """An array as the bytes of a ``.npy`` file, packed by zstd."""
    from zstandard import ZstdCompressor

    held = io.BytesIO()
    np.lib.format.write_array(held, np.asarray(array), allow_pickle=False)
    return np.frombuffer(ZstdCompressor(level=1).compress(held.getbuffer()), dtype=np.uint8)


def _unpack(name: str, array: npt.NDArray[Any]) -> tuple[str, npt.NDArray[Any]]:
    """Name and content of an array that may be packed; nothing is allocated that it cannot hold."""
    if not name.endswith(_PACKED):
        return name, array
    from zstandard import ZstdDecompressor, frame_content_size

    packed = array.tobytes()
    if not 0 <= frame_content_size(packed) <= _DENSEST_ZSTD * len(packed):
        raise ValueError("a size is wrong")
    held = io.BytesIO(ZstdDecompressor().decompress(packed, allow_extra_data=False))
    _check_shape(held, len(held.getbuffer()))
    held.seek(0)
    return name.removesuffix(_PACKED), np.lib.format.read_array(held, allow_pickle=False)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int) -> npt.NDArray[Any]:
    """An array of an archive of `size` bytes; nothing is allocated that it cannot hold."""
    if info.compress_size > size or info.file_size > _DENSEST * (info.compress_size + 1):
        raise ValueError("a size is wrong")
    with archive.open(info) as member:
        _check_shape(member, info.file_size)
    with archive.open(info) as member:
        array: npt.NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
        return array


def _check_shape(held: IO[bytes], size: int) -> None:
    """Refuse the bytes of a ``.npy`` file of this size that do not hold what they declare."""
    with own_warnings():
        # of other warnings nothing may change: other threads have the same filters
        warnings.filterwarnings("error", "Reading `.npy` or `.npz` file", UserWarning)
        if np.lib.format.read_magic(held) != (1, 0):
            raise ValueError("the version of an array is another")
        shape, _, dtype = np.lib.format.read_array_header_1_0(held)
        if dtype.hasobject or min(shape, default=0) < 0:
            raise ValueError("an array is of a kind that is never written")
        if math.prod(shape) * dtype.itemsize != size - held.tell():
            raise ValueError("the shape of an array is another than its size")


def pack_ids(vocabulary: Vocabulary) -> dict[str, npt.NDArray[Any]]:
    """Ids as arrays without pickling: integers as they are, strings as bytes and lengths."""
    if vocabulary.kind == "int":
        return {"ids": np.asarray(vocabulary.ids)}
    if vocabulary.kind == "object":
        raise DataError(
            "only graphs whose ids are strings or integers can be saved; these are "
            f"{type(vocabulary.ids[0]).__name__} objects."
        )
    ids = vocabulary.series
    return {
        "id_bytes": np.frombuffer("".join(ids.to_list()).encode(), dtype=np.uint8),
        "id_lengths": ids.str.len_bytes().to_numpy().astype(np.int32),
    }


def unpack_ids(arrays: Mapping[str, npt.NDArray[Any]]) -> Vocabulary:
    """The inverse of :func:`pack_ids`; ids that are not in ascending order are refused."""
    if "ids" in arrays:
        return _check_order(Vocabulary(arrays["ids"]), pl.Series(arrays["ids"]))
    blob, lengths = arrays["id_bytes"].tobytes(), arrays["id_lengths"]
    ends = np.cumsum(lengths, dtype=np.int64)
    if (lengths.size and int(lengths.min()) < 0) or (int(ends[-1]) if ends.size else 0) != len(
        blob
    ):
        raise DataError("the lengths of its ids do not add up.")
    starts = ends - lengths
    ids = [blob[a:b].decode() for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    series = pl.Series(ids, dtype=pl.String)
    return _check_order(Vocabulary(series), series)


def _check_order(vocabulary: Vocabulary, ids: pl.Series) -> Vocabulary:
    if not vocabulary.series.equals(ids):
        raise DataError("its ids are not in ascending order, or one is there twice.")
    return vocabulary


def pack_frame(frame: pl.DataFrame) -> npt.NDArray[np.uint8]:
    """A frame as the bytes of a Parquet file."""
    held = io.BytesIO()
    frame.write_parquet(held, compression="zstd")
    return np.frombuffer(held.getvalue(), dtype=np.uint8)


def unpack_frame(held: npt.NDArray[np.uint8]) -> pl.DataFrame:
    """The inverse of :func:`pack_frame`."""
    try:
        return pl.read_parquet(io.BytesIO(held.tobytes()))
    except pl.exceptions.PanicException as error:  # Polars panics on some damaged files
        raise DataError("its table of attributes is damaged.") from error


def read_toml(path: Path, remedy: str = "Correct it there.") -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    FileError
        If it cannot be read, is no valid TOML, or holds tables nested too deeply or an integer of
        more than 128 bits; the message names the line or the key, and ends with the `remedy`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        # editors of Windows begin a file with a mark of its encoding
        values = tomllib.loads(data.decode("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"{path} is no valid TOML: {error}. {remedy}") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"{path} cannot be read: line {line} is not in UTF-8. Save the file as UTF-8."
        ) from error
    except RecursionError:
        raise FileError(f"{path} is no valid TOML: it is nested too deeply. {remedy}") from None
    except ValueError as error:
        raise FileError(
            f"{path} is no valid TOML: a number or date in it is out of range. {remedy}"
        ) from error
    _check_toml(values, path, remedy)
    return values


def _check_toml(values: dict[str, Any], path: Path, remedy: str) -> None:
    """Refuse what other functions could not walk through or print."""
    level: list[tuple[str, Any]] = [*values.items()]
    for _ in range(_DEEPEST):
        inner: list[tuple[str, Any]] = []
        for key, value in level:
            if len(key) > _LONGEST_KEY:
                raise FileError(f"{path} is no valid TOML: {key[:40]}… is no key. {remedy}")
            if isinstance(value, dict):
                inner += [(f"{key}.{name}", entry) for name, entry in value.items()]
            elif isinstance(value, list):
                inner += [(key, entry) for entry in value]
            elif isinstance(value, int) and abs(value) >= _LARGEST_INTEGER:
                raise FileError(f"{path} is no valid TOML: {key} has too many digits. {remedy}")
        level = inner
    if level:
        key = level[0][0].split(".")[0]
        raise FileError(f"{path} is no valid TOML: {key} is nested too deeply. {remedy}")


def to_toml(values: Mapping[str, Any]) -> str:
    """TOML text of nested tables; keys that are `None` are listed in a comment at its head.

    Examples
    --------
    >>> print(to_toml({"sources": {"fresh": 30}, "name": "new", "seed": None}))
    # not set: seed
    <BLANKLINE>
    name = "new"
    <BLANKLINE>
    [sources]
    fresh = 30
    <BLANKLINE>
    """
    unset: dict[str, None] = {}
    text = tomli_w.dumps(_drop_unset(values, "", unset))
    if not unset:
        return text
    wrapper = textwrap.TextWrapper(100, "# not set: ", "#   ", break_on_hyphens=False)
    comment = wrapper.fill(", ".join(unset))
    return f"{comment}\n\n{text}"


def _drop_unset(value: Any, name: str, unset: dict[str, None]) -> Any:
    """The value without keys that are `None`, whose dotted names are added to `unset`."""
    if isinstance(value, list):
        return [_drop_unset(entry, name, unset) for entry in value]
    if not isinstance(value, Mapping):
        return value
    names = {key: f"{name}.{key}" if name else key for key in value}
    unset |= {names[key]: None for key, entry in value.items() if entry is None}
    return {k: _drop_unset(v, names[k], unset) for k, v in value.items() if v is not None}
