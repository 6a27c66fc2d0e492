from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.data import incidence as _encode
from graphkit.data.incidence import Coder
from graphkit.data.vocabulary import Vocabulary

COLUMNS = st.lists(st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=8), max_size=4)


@pytest.mark.parametrize("weak", [False, True], ids=["hash", "colliding hash"])
@settings(max_examples=40)
@given(columns=COLUMNS)
def test_codes_name_their_ids(weak: bool, columns: list[list[str | None]]) -> None:
    def by_length(values: pl.Series, seed: int) -> pl.Series:
        # every id of one length has one hash, until the third seed
        return (
            values.hash(seed=seed) if seed > 1 else values.str.len_bytes().cast(pl.UInt64)
        ).alias("hash")

    with pytest.MonkeyPatch.context() as patch:
        if weak:
            patch.setattr(_encode, "_hash_ids", by_length)
        coder = Coder()
        codes = [coder.add(pl.Series(column, dtype=pl.String)) for column in columns]
    ids, place = coder.finish()
    known = [v for column in columns for v in column if v is not None]
    assert ids.to_list() == sorted(set(known))
    for column, found in zip(columns, codes, strict=True):
        named = [ids[int(place[c])] if c >= 0 else None for c in found]
        assert named == column


def test_known_ids_keep_their_codes() -> None:
    vocabulary = Vocabulary(["a", "c", "b"])
    assert Coder(vocabulary.series).add(pl.Series(["b", "c", "a", "b"])).tolist() == [1, 2, 0, 1]
