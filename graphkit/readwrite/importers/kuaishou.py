"""KuaiRec and KuaiRand, data sets of a short-video platform: see kuaishou.toml.

In KuaiRand, following is an act beside a video, whose author another file tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from graphkit.readwrite.extract import Extract, Importer, ImportOptions
from graphkit.readwrite.importers.dialects import importers_of, load_formats
from graphkit.readwrite.source import Sample

__all__ = ["IMPORTERS"]

_FORMATS = load_formats(Path(__file__).with_suffix(".toml"))


def read_kuairand(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    """Files of KuaiRand; follows, from a user to the author of a video, need its features.

    Authors are accounts of another space of ids than users: ``author:9000``. A follow of an unknown
    author is dropped and counted, one that occurs again keeps its first time.
    """
    extract = _FORMATS["kuairand"].read(samples, options)
    acts = extract.tables.pop("follows", None)
    if acts is None:
        return extract
    items = extract.tables["items"]
    known = (
        items.filter(pl.col("author_id").is_not_null()) if "author_id" in items.columns else None
    )
    pairs = pl.DataFrame(schema={"followee_id": pl.String, "author_id": pl.String})
    if known is not None:
        pairs = known.select(pl.col("item_id").alias("followee_id"), "author_id").unique(
            "followee_id"
        )
    joined = acts.join(pairs, on="followee_id", how="left", maintain_order="left")
    told = joined.filter(pl.col("author_id").is_not_null())
    extract.count("follows", joined.height)
    if lost := joined.height - told.height:
        reason = "the author of the video is not known: read video_features_basic with the log"
        extract.dropped["follows", reason] += lost
    follows = told.group_by("follower_id", "author_id", maintain_order=True).agg(
        pl.col("since").min()
    )
    if again := told.height - follows.height:
        extract.notes["follows", "followed again: kept once, at the first time"] += again
    extract.add("follows", follows.rename({"author_id": "followee_id"}))
    return extract


IMPORTERS = tuple(
    Importer(i.name, i.holds, i.recognise, read_kuairand if i.name == "kuairand" else i.read)
    for i in importers_of(_FORMATS)
)
