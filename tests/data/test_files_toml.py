"""TOML text: the standard library reads it as the same values."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graphkit.data.files import to_toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALAR = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXT
VALUE = SCALAR | st.lists(SCALAR, max_size=3)
SECTION = st.dictionaries(TEXT, VALUE, max_size=3)


@given(
    st.dictionaries(TEXT, VALUE | SECTION | st.lists(SECTION, min_size=1, max_size=2), max_size=4)
)
def test_round_trip(values: dict[str, Any]) -> None:
    assert tomllib.loads(to_toml(values)) == values


def test_keys_that_are_not_set_are_listed_in_a_comment() -> None:
    arms = [{"name": name, "blend": ["x", "y"], "file": None, "filler": None} for name in "ab"]
    text = to_toml({"none": None, "sections": {"inner": {"path": None, "a": 1}}, "arms": arms})
    assert text.startswith("# not set: none, sections.inner.path, arms.file, arms.filler\n\n")
    expected = [{"name": name, "blend": ["x", "y"]} for name in "ab"]
    assert tomllib.loads(text) == {"sections": {"inner": {"a": 1}}, "arms": expected}
