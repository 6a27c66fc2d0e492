from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

from graphkit.simulation import Behaviour
from graphkit.study import demo_config
from graphkit.study.text import all_arms_caption, interval_text


def result_of(interval: str, worlds: int, **more: Any) -> Any:
    contrasts = pl.DataFrame({"interval": [None, interval]})
    spread = SimpleNamespace(worlds=(None,) * worlds, **more)
    return cast("Any", SimpleNamespace(contrasts=contrasts, spread=spread))


def test_what_intervals_speak_about_and_what_is_held_fixed() -> None:
    made = interval_text(result_of("over populations of the same making", 10))
    assert "10 worlds that were made independently" in made
    assert "not about other platforms" in made
    left_out = interval_text(result_of("over samples like this one", 21))
    assert "each of 20 groups of accounts is left out in turn" in left_out
    assert "held fixed" in left_out
    assert "this world only" in interval_text(result_of("within this world", 1))


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Behaviour(), "s = 0.2; behaviour is not calibrated."),
        (
            replace(Behaviour(), watch_base=-1.0, noise=0.2, calibrated=True),
            "s = 0.2; behaviour is calibrated: 2 of its 29 parameters are not",
        ),
    ],
)
def test_captions_say_s_behaviour_filler_and_what_intervals_are_over(
    behaviour: Behaviour, said: str
) -> None:
    shares = {"arm": ["a", "b"], "filler": [0.0, 0.218], "kept": [1.0, 0.15]}
    filler = {"summary": lambda: pl.DataFrame(shares)}
    result = result_of(
        "over populations of the same making", 3, calibrated=behaviour.calibrated, **filler
    )
    result.config = demo_config().model_copy(update={"behaviour": behaviour})
    caption = all_arms_caption(result)
    assert said in caption
    assert "0% to 22% of a feed's posts are filler; slots left empty: b 85%." in caption
    assert "t intervals over 3 worlds" in caption
