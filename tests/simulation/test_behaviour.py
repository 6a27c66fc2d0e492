"""Behaviour: its table, and where each number is from."""

from __future__ import annotations

import re

import polars as pl

from graphkit.simulation import Behaviour


def origins(behaviour: Behaviour) -> dict[str, str]:
    return dict(behaviour.frame.select("parameter", "origin").rows())


def test_every_parameter_says_where_it_is_from() -> None:
    usual = Behaviour().frame
    assert usual.columns == ["parameter", "value", "origin"]
    assert usual["parameter"].to_list() == list(Behaviour.__dataclass_fields__)
    estimated = usual.filter(pl.col("origin") != "assumption")
    assert set(estimated["origin"]) == {"estimated"}
    assert estimated["parameter"].to_list() == [
        *("answer_delay", "answer_spread", "answer_mix", "stitch_chain")
    ]


def test_tuned_given_and_calibrated_numbers_are_told_apart() -> None:
    tuned = origins(Behaviour.published())
    assert {name for name, origin in tuned.items() if origin == "tuned"} == {
        "watch_base",
        "comment_divisive",
    }
    own = origins(Behaviour(watch_base=-1.5, noise=0.2))
    assert (own["watch_base"], own["noise"], own["drift"]) == ("tuned", "given", "assumption")
    fitted = origins(Behaviour(watch_base=-1.5, noise=0.2, calibrated=True))
    assert fitted["watch_base"] == fitted["noise"] == fitted["calibrated"] == "calibrated"


def test_a_behaviour_shows_its_chosen_parameters_first() -> None:
    shown = Behaviour(noise=0.3)._repr_html_()
    assert "not calibrated" in shown
    rows = re.findall("<tr><td>([a-z_]+)</td><td>[^<]*</td><td>([a-z]+)</td></tr>", shown)
    assert ("noise", "given") in rows
    origins = [origin for _, origin in rows]
    assert origins == sorted(origins, key="assumption".__eq__)
