#!/usr/bin/env bash
# python-zstandard 0.25.0 and DuckDB 2.0.1, a .zst dump whose download stopped half-way.
#
# gzip raises on a cut file, and so do Polars and pyarrow on a cut .zst. In python-zstandard the readers
# for streams (stream_reader, open, copy_stream, read_to_iter) end as if the file were whole: the later
# records are missing, and the last line that is read can be half of one, so an id at its end becomes a
# shorter id. DuckDB reads such a CSV the same way. Where a file has several frames one after the other,
# decompress and read_to_iter give the first frame only, the others give all. Ask decompressobj().eof
# after the last bytes (its unused_data holds a next frame), or read through Polars; drop a last line
# that lacks its line end.
#
# Seen (10,000 lines, 19 digits each, the last third of the file missing):
#   stream_reader, open, copy_stream, read_to_iter: 6,554 lines, no error, the last id of 12 digits
#   duckdb read_csv: the same
#   decompressobj().eof: False; decompress: ZstdError; polars, pyarrow: OSError; gzip: EOFError
#   two frames: stream_reader 20,000, open 20,000, read_to_iter 10,000, decompress 10,000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet zstandard==0.25.0 duckdb==2.0.1 polars==2.1.0 pyarrow==26.0.1
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import gzip
import io
import pathlib
import random
import sys

import duckdb
import polars as pl
import pyarrow as pa
import zstandard

folder = pathlib.Path(sys.argv[1])
draw = random.Random(1)
ids = [str(draw.randrange(10**18, 10**19)) for _ in range(10_000)]
text = "".join(f"{account}\n" for account in ids).encode()
whole = zstandard.ZstdCompressor().compress(text)
cut, two = folder / "cut.zst", folder / "two.zst"
cut.write_bytes(whole[: len(whole) * 2 // 3])
two.write_bytes(whole + whole)
(folder / "cut.gz").write_bytes(gzip.compress(text)[:20_000])


def stream_reader(path):
    with open(path, "rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file).read()


def opened(path):
    with zstandard.open(path, "rb") as file:
        return file.read()


def copy_stream(path):
    with open(path, "rb") as file:
        zstandard.ZstdDecompressor().copy_stream(file, out := io.BytesIO())
        return out.getvalue()


def read_to_iter(path):
    with open(path, "rb") as file:
        return b"".join(zstandard.ZstdDecompressor().read_to_iter(file))


def decompress(path):
    return zstandard.ZstdDecompressor().decompress(path.read_bytes())


def table(path):
    rows = duckdb.read_csv(
        str(path), header=False, compression="zstd", columns={"id": "VARCHAR"}
    ).fetchall()
    return "".join(f"{account}\n" for (account,) in rows).encode()[:-1]


def raised(read):
    try:
        read()
    except Exception as error:
        return type(error).__name__
    return "no error"


for read in (stream_reader, opened, copy_stream, read_to_iter, table):
    lines = read(cut).decode().split("\n")
    print(f"cut: {read.__name__:<13} {len(lines):,} lines, the last one {lines[-1]!r}")
    assert 5_000 < len(lines) < 8_000 and lines[:-1] == ids[: len(lines) - 1], "changed: lines"
    assert len(lines[-1]) < 19, "changed: the last line"
ended = zstandard.ZstdDecompressor().decompressobj()
ended.decompress(cut.read_bytes())
errors = {
    "eof": str(ended.eof),
    "decompress": raised(lambda: decompress(cut)),
    "polars": raised(lambda: pl.read_csv(cut, has_header=False)),
    "pyarrow": raised(lambda: pa.input_stream(str(cut), compression="zstd").read()),
    "gzip": raised(lambda: gzip.open(folder / "cut.gz").read()),
}
print(f"cut: {errors}")
assert list(errors.values()) == ["False", "ZstdError", "OSError", "OSError", "EOFError"], (
    "changed: eof"
)
frames = [read(two).count(b"\n") for read in (stream_reader, opened, read_to_iter, decompress)]
print(f"two frames: stream_reader, open, read_to_iter, decompress: {frames}")
assert frames == [20_000, 20_000, 10_000, 10_000], "changed: frames"
print("as described")
PYTHON
