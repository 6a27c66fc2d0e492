"""Tags, sounds and captions of items as rows of TF-IDF."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from graphkit.data.dataset import Dataset
from graphkit.data.incidence import incidence
from graphkit.data.tags import STOP_TAGS, stopped
from graphkit.data.vocabulary import Vocabulary

__all__ = ["TERM_SOURCES", "item_terms", "present_sources", "tfidf_rows"]

#: Sources of terms, in the order of their columns, with the weight of each by default: tags
#: are chosen to say what a video is about, a sound says it by the way, and most words of a
#: caption do not say it. The weights are assumptions.
TERM_SOURCES = {"tags": 1.0, "sounds": 0.5, "captions": 0.25}

#: What in a caption is no word of it: hashtags stand in the tags, mentions name accounts.
_NO_WORDS = r"#[^\s#]+|@\S+|https?://\S+"
_WORD = r"[\p{L}\p{M}\p{N}]{2,}"

VERB = "interest_space"


def present_sources(dataset: Dataset) -> list[str]:
    """The sources of terms that a dataset has something of and that are used by default.

    The captions of items without authors are names, of artists or songs: no likeness.
    """
    there = {
        "tags": _has_tags(dataset),
        "sounds": _filled(dataset, "items", "sound_id"),
        "captions": all(_filled(dataset, "items", c) for c in ("caption", "author_id")),
    }
    return [source for source in TERM_SOURCES if there[source]]


def _filled(dataset: Dataset, table: str, column: str) -> bool:
    frame = dataset.tables.get(table)
    if frame is None or column not in frame.columns:
        return False
    return frame.get_column(column).null_count() < frame.height


def _has_tags(dataset: Dataset) -> bool:
    if _filled(dataset, "items", "tags"):
        lists = dataset.tables["items"].get_column("tags")
        if (lists.list.len() > 0).any():
            return True
    return _filled(dataset, "interactions", "tag") and _filled(dataset, "interactions", "item_id")


def item_terms(dataset: Dataset, source: str, removed: dict[str, int]) -> pl.DataFrame:
    """How often each term stands at each item: item (code), term, count; in this order.

    Stop-tags in any spelling are left out of tags and captions, and so is every term of one
    item only: it brings no two items together.

    Raises
    ------
    MissingDataError
        If the dataset has nothing of the source.
    """
    rows = _captions(dataset) if source == "captions" else _pairs(dataset, source)
    if source != "sounds":
        terms = rows.get_column("term").unique()
        stop = pl.Series(sorted(stopped(terms.to_list(), STOP_TAGS)), dtype=pl.String)
        kept = rows.filter(~pl.col("term").is_in(stop.implode()))
        removed[f"{source}: uses of stop-tags"] = rows.height - kept.height
        rows = kept
    counts = rows.group_by("item", "term").agg(count=pl.len())
    shared = counts.filter(pl.len().over("term") >= 2)
    removed[f"{source}: terms of one item only"] = counts.height - shared.height
    return shared.sort("item", "term")


def _pairs(dataset: Dataset, source: str) -> pl.DataFrame:
    found = incidence(dataset, between="items", through=source, verb=VERB)
    return pl.DataFrame(
        {"item": found.rows, "term": found.through.series.gather(pl.Series(found.columns))}
    )


def _captions(dataset: Dataset) -> pl.DataFrame:
    """Words of captions, NFKC and lower case; of scripts without blanks, whole clauses."""
    items = dataset.require("items", "caption", verb=VERB)
    text = pl.col("caption").str.normalize("NFKC").str.to_lowercase()
    words = text.str.replace_all(_NO_WORDS, " ").str.extract_all(_WORD)
    frame = items.select(item=pl.Series(dataset.item_ids.encode(items["item_id"])), term=words)
    return frame.drop_nulls().explode("term", empty_as_null=False).drop_nulls()


def tfidf_rows(terms: pl.DataFrame, n_items: int) -> tuple[Any, int, int]:
    """Rows of unit length, (1 + ln count) · ln(N / d); also terms used, and N.

    d is the number of items that a term stands at, N that of items with any term of this
    source. A term of all N items tells none of them apart, and has no weight.

    Parameters
    ----------
    terms
        As :func:`item_terms` gives them.
    n_items
        Number of rows.
    """
    vocabulary = Vocabulary(terms.get_column("term"))
    item = terms.get_column("item").to_numpy()
    term = vocabulary.lookup(terms.get_column("term"))
    count = terms.get_column("count").to_numpy()
    degree = np.bincount(term, minlength=len(vocabulary))
    covered = np.unique(item).size
    idf: npt.NDArray[np.float64] = np.log(covered / np.maximum(degree, 1))
    weight = (1 + np.log(count)) * idf[term]
    length = np.sqrt(np.bincount(item, weight**2, minlength=n_items))
    scaled = np.divide(weight, length[item], out=np.zeros_like(weight), where=length[item] > 0)
    matrix = sp.csr_array((scaled, (item, term)), shape=(n_items, len(vocabulary)))
    return matrix, int(np.count_nonzero(idf > 0)), covered
