"""What a dataset knows of a world's posts and accounts beside tastes and ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.vocabulary import Vocabulary

__all__ = ["world_facts"]

Codes = npt.NDArray[np.int32]

#: Shorter posts than this count as of unknown length, in seconds.
SHORTEST = 1e-3


def world_facts(
    dataset: Dataset, posts: Vocabulary, place: npt.NDArray[np.float64], removed: dict[str, int]
) -> dict[str, Any]:
    """The optional fields of a world; what the dataset has no value of is left out.

    Parameters
    ----------
    dataset
        The log.
    posts
        Items that are the posts.
    place
        When each enters, in [0, 1]: an answer comes after what it answers.
    removed
        Counts of what is left out are added here.
    """
    facts: dict[str, Any] = {}
    rows = pl.Series(dataset.item_ids.encode(posts.series))
    items, accounts = _in_order(dataset, "items"), _in_order(dataset, "accounts")
    if (durations := _column(items, "duration")) is not None:
        known = durations.set(durations < SHORTEST, None)
        facts["durations"] = known.gather(rows).fill_null(float("nan")).to_numpy()
    if (divisiveness := _column(items, "divisiveness")) is not None:
        facts["divisiveness"] = divisiveness.gather(rows).fill_null(0.0).to_numpy()
    if (flags := _column(items, "flags")) is not None:
        facts["flagged"] = (flags.list.len().fill_null(0) > 0).gather(rows).to_numpy()
    if (origin := _column(items, "origin")) is not None:
        facts["cross_posted"] = origin.is_not_null().gather(rows).to_numpy()
    for name in ("country", "language"):
        of_accounts, of_items = _column(accounts, name), _column(items, name)
        codes = _shared_codes([of_accounts, of_items])
        if codes[0] is not None:
            facts[name] = codes[0]
        if codes[1] is not None:
            facts[f"post_{name}"] = codes[1][rows.to_numpy()]
    (device,) = _shared_codes([_column(accounts, "device")])
    if device is not None:
        facts["device"] = device
    answers = _answers(dataset, posts, place, removed)
    if answers is not None:
        facts["answers_to"] = answers
    return facts | _groups(dataset)


def _in_order(dataset: Dataset, table: str) -> pl.DataFrame | None:
    """The table in the order of its ids, which is that of their codes."""
    frame = dataset.tables.get(table)
    return None if frame is None else frame.sort(frame.columns[0])


def _column(frame: pl.DataFrame | None, name: str) -> pl.Series | None:
    """A column with a value in some row."""
    if frame is None or name not in frame.columns:
        return None
    series = frame.get_column(name)
    return None if series.null_count() == frame.height else series


def _shared_codes(columns: list[pl.Series | None]) -> list[Codes | None]:
    """Codes of texts over the sorted distinct ones of all columns, whatever their case."""
    folded = [None if c is None else c.str.strip_chars().str.to_lowercase() for c in columns]
    present = [c.alias("text") for c in folded if c is not None]
    if not present:
        return [None] * len(columns)
    texts = pl.concat(present).drop_nulls()
    vocabulary = Vocabulary(texts.filter(texts != ""))
    return [None if c is None else vocabulary.lookup(c) for c in folded]


def _answers(
    dataset: Dataset, posts: Vocabulary, place: npt.NDArray[np.float64], removed: dict[str, int]
) -> Codes | None:
    """Post that each duet or stitch answers; the first by id where there are several."""
    table = dataset.tables.get("interactions")
    if table is None or not {"item_id", "target_item_id"} <= set(table.columns):
        return None
    rows = table.filter(pl.col("kind").is_in(["duet", "stitch"])).select(
        "item_id", "target_item_id"
    )
    rows = rows.drop_nulls().unique()
    if not rows.height:
        return None
    answer = posts.lookup(rows.get_column("item_id"))
    original = posts.lookup(rows.get_column("target_item_id"))
    here = (answer >= 0) & (original >= 0)
    answer, original = answer[here], original[here]
    # nothing answers what comes later; and so no chain of answers can be a ring
    later = place[answer] > place[original]
    removed["answers to posts that enter no earlier"] = int((~later).sum())
    answer, original = answer[later], original[later]
    first = np.full(len(posts), len(posts), np.int32)
    np.minimum.at(first, answer, original)
    return np.where(first == len(posts), -1, first).astype(np.int32)


def _groups(dataset: Dataset) -> dict[str, Any]:
    """Groups of each account, ascending, as compressed rows."""
    table = dataset.tables.get("memberships")
    if table is None or not table.height:
        return {}
    account = dataset.account_ids.encode(table.get_column("account_id"))
    group = Vocabulary(table.get_column("group_id")).lookup(table.get_column("group_id"))
    counts = np.bincount(account, minlength=len(dataset.account_ids))
    return {
        "group_indptr": np.concatenate([[0], np.cumsum(counts)]),
        "groups": group[np.lexsort((group, account))],
    }
