"""Lists of stitches, a line each: URL of the stitching video, URL of the stitched one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from graphkit.parallel import track
from graphkit.readwrite._tiktok_videos import handle
from graphkit.readwrite.files import read_lines

__all__ = ["is_stitch_list", "read_stitches"]

_URL = (
    r"^(?:https?://)?(?:[a-z]+\.)?tiktok\.com/@(?<handle>[^/?#\s@]+)/(?:video|photo)/(?<id>[0-9]+)"
)
_HEADER = r"^[A-Za-z_ ]+,[A-Za-z_ ]+$"
_UNKNOWN = ("", "none", "null", "nan", "na")


def is_stitch_list(path: Path) -> bool:
    """Whether a file of a folder is a list of stitches by its name."""
    return path.name.lower().endswith(("_edges.txt", "_edges.csv"))


def read_stitches(files: list[Path], dropped: Counter[tuple[str, str]]) -> tuple[pl.DataFrame, int]:
    """Stitches of all files, each once, and the number of lines read.

    Columns: account_id, item_id, target_account_id, target_item_id.
    """
    lines = [_data_lines(path) for path in track(files, "reading stitches", len(files))]
    rows = pl.concat([pl.Series("line", [], dtype=pl.String), *lines]).to_frame()
    fields = pl.col("line").str.splitn(",", 2)
    rows = rows.select(
        *(fields.struct[i].str.strip_chars(" \"'").alias(side) for i, side in enumerate("ab"))
    ).with_columns(
        unknown=pl.col("b").str.to_lowercase().is_in(_UNKNOWN),
        first=pl.col("a").str.extract_groups(_URL),
        second=pl.col("b").str.extract_groups(_URL),
    )
    read = rows.height
    first, second = (pl.col(c).struct.field("id").is_not_null() for c in ("first", "second"))
    for reason, right in (
        ("the first field is no video URL", first),
        ("stitched video unknown", ~pl.col("unknown").fill_null(False)),
        ("the second field is no video URL", second),
    ):
        fit = rows.filter(right)
        dropped["stitches", reason] += rows.height - fit.height
        rows = fit
    stitches = rows.select(
        account_id=handle(pl.col("first").struct.field("handle")),
        item_id=pl.col("first").struct.field("id"),
        target_account_id=handle(pl.col("second").struct.field("handle")),
        target_item_id=pl.col("second").struct.field("id"),
    )
    # a video with several tags stands in the list of each
    once = stitches.unique(["item_id", "target_item_id"], keep="first", maintain_order=True)
    dropped["stitches", "the same stitch again"] += stitches.height - once.height
    return once, read


def _data_lines(path: Path) -> pl.Series:
    lines = read_lines(path)
    lines = lines.filter(lines != "").alias("line")
    if len(lines) and lines.head(1).str.contains(_HEADER)[0]:
        lines = lines.slice(1)
    return lines
