from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from graphkit.simulation import Behaviour
from graphkit.study import demo_config
from graphkit.study.text import all_arms_caption, conditions_text, interval_text, reading_text


def result_of(interval: str, worlds: int, **more: Any) -> Any:
    contrasts = pl.DataFrame({"interval": [None, interval], "low": [None, 0.1]})
    spread = SimpleNamespace(worlds=(None,) * worlds, replications=3, **more)
    return cast("Any", SimpleNamespace(contrasts=contrasts, spread=spread))


def test_what_intervals_speak_about_and_what_is_held_fixed() -> None:
    made = interval_text(result_of("over populations of the same making", 10))
    assert "10 worlds that were made independently" in made
    assert "not about other platforms" in made
    left_out = interval_text(result_of("over samples like this one", 21))
    assert "each of 20 groups of accounts is left out in turn" in left_out
    assert "held fixed" in left_out
    here = interval_text(result_of("within this world", 1))
    assert "3 replications in one world, which is held fixed" in here
    assert "nothing about other worlds" in here
    alone = result_of("within this world", 1)
    alone.contrasts = alone.contrasts.with_columns(low=pl.lit(None, pl.Float64))
    assert interval_text(alone).startswith("There are no intervals")


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Behaviour(), "s = 0.2; behaviour is not calibrated."),
        (
            replace(Behaviour(), watch_base=-1.0, noise=0.2, calibrated=True),
            "s = 0.2; behaviour is calibrated: 2 of its 34 parameters are not",
        ),
    ],
)
def test_captions_say_s_behaviour_filler_and_empty_slots(behaviour: Behaviour, said: str) -> None:
    shares = {"arm": ["a", "b"], "filler": [0.0, 0.218], "kept": [1.0, 0.15]}
    filler = {"summary": lambda: pl.DataFrame(shares)}
    result = result_of(
        "over populations of the same making", 3, calibrated=behaviour.calibrated, **filler
    )
    result.config = demo_config().model_copy(update={"behaviour": behaviour})
    caption = all_arms_caption(result)
    assert said in caption
    assert caption.endswith("0 % to 22 % of a feed's posts are filler; slots left empty: b 85 %.")


def test_what_feeds_read_is_said_and_an_oracle_is_called_one() -> None:
    def said(**known: Any) -> str:
        places = {"post_features": np.array([[1.0], [0.0]]), "taste_features": np.ones((2, 1))}
        record = SimpleNamespace(parameters=known)
        world = SimpleNamespace(provenance=record, n_posts=2, **places)
        return reading_text(cast("Any", SimpleNamespace(spread=SimpleNamespace(worlds=(world,)))))

    none = "1 of 2 posts have no place in the space that feeds read."
    oracle = {"space": "planted", "reads": "planted topics: an oracle", "tastes": "planted topics"}
    assert said(**oracle) == (
        "Feeds read planted topics: an oracle; tastes act on planted topics. Such feeds are oracles, "
        f"which no platform has. {none}"
    )
    content = {"space": "terms", "reads": "content: tags", "tastes": "who acted on what"}
    found = said(**content, rank_correlation=0.163, feature_noise=0.7, profile_noise=0.5)
    assert found == (
        "Feeds read content: tags; tastes act on who acted on what. The likeness of two posts as read "
        "and as tasted has a rank correlation of 0.16. 70 % of the posts are read as another post. "
        f"50 % of a first profile is another account's. {none}"
    )
    cold = said(**content, cold_start=True)
    assert cold.endswith(f"know nothing of their viewers at the start. {none}")
    assert said() == f"What feeds read of a post is not recorded. {none}"


def test_conditions_are_listed() -> None:
    def said(*names: str) -> list[str]:
        return conditions_text(
            cast("Any", SimpleNamespace(conditions=pl.DataFrame({"condition": names})))
        )

    assert said("cold start", "s = 0")[0].endswith("its findings: cold start, s = 0.")
    assert len(said("cold start")) == 1
    assert "both feeds fill" not in said("slots left empty")[1]
    assert "both feeds fill" in said("slots left empty", "shared slots")[1]
    assert conditions_text(cast("Any", SimpleNamespace(conditions=None))) == []
