"""The TOML writer: what it writes, the standard library reads as the same values."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graphkit.data.toml import to_toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALAR = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXT
VALUE = SCALAR | st.lists(SCALAR, max_size=3)
SECTION = st.dictionaries(TEXT, VALUE, max_size=3)


@given(
    st.dictionaries(
        TEXT, VALUE | SECTION | st.lists(SECTION, min_size=1, max_size=2), max_size=4
    )
)  # fmt: skip
def test_round_trip(values: dict[str, Any]) -> None:
    assert tomllib.loads(to_toml(values)) == values


def test_what_is_not_set_stands_as_a_comment() -> None:
    text = to_toml({"a b": 1, "none": None, "s": {"t": {"u": [1, 2]}}})
    assert text == '"a b" = 1\n# none is not set\n\n[s]\n\n[s.t]\nu = [1, 2]\n'
