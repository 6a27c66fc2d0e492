from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graphkit.data.dataset import Dataset
from graphkit.data.impressions import Impressions
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, MissingDataError


@pytest.fixture
def shown() -> Impressions:
    return Impressions.from_dataset(
        Dataset(
            accounts={"account_id": ["a", "b", "c"]},
            impressions={
                "account_id": ["b", "a", "b"],
                "item_id": ["v", "v", "w"],
                "at": ["2024-01-01", None, "2024-01-02"],
                "surface": ["for_you", None, "following"],
                "watch_fraction": [0.5, None, 1.5],
            },
        )
    )


def test_counts_include_those_without_any(shown: Impressions) -> None:
    assert shown.views_per_account().tolist() == [1, 2, 0]
    assert shown.views_per_item().tolist() == [2, 1]


def test_frame_is_the_table_again(shown: Impressions) -> None:
    again = Impressions.from_dataset(
        Dataset(accounts={"account_id": ["a", "b", "c"]}, impressions=shown.frame())
    )
    assert again.content_key == shown.content_key


def test_save_and_load(shown: Impressions, tmp_path: Path) -> None:
    again = Impressions.load(shown.save(tmp_path / "i"))
    assert again.content_key == shown.content_key
    assert again.frame().equals(shown.frame())


def test_select_counts_what_goes(shown: Impressions) -> None:
    some = shown.select(np.array([True, False, True]))
    assert len(some) == 2
    assert some.provenance.removed == {"impressions": 1}
    with pytest.raises(DataError, match="mask"):
        shown.select(np.array([0, 1, 2]))


def test_codes_and_values_are_checked() -> None:
    ids = Vocabulary(["a"])
    with pytest.raises(DataError, match="item codes"):
        Impressions(ids, ids, np.array([0]), np.array([1]))
    with pytest.raises(DataError, match="0 or larger"):
        Impressions(ids, ids, np.array([0]), np.array([0]), watch_fraction=np.array([-1.0]))
    with pytest.raises(DataError, match="shape"):
        Impressions(ids, ids, np.array([0]), np.array([0, 0]))
    with pytest.raises(MissingDataError, match="'impressions'"):
        Impressions.from_dataset(Dataset(accounts={"account_id": ["a"]}))


def test_it_shows_itself(shown: Impressions) -> None:
    assert "impressions" in repr(shown)
    assert "mean watch fraction" in shown._repr_html_()
