"""Names of codes in a world, and minors by the names of age bands."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import graphkit as gk
from graphkit.errors import GraphkitError


@pytest.fixture(scope="module")
def world() -> gk.World:
    return gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), ticks=3, rng=1)


def test_codes_have_the_names_of_the_data(world: gk.World) -> None:
    log = gk.synthetic.platform(60, communities=2, rng=1).dataset
    assert world.country is not None
    names = np.array(world.code_names["country"])[world.country].tolist()
    assert names == log.accounts.sort("account_id")["country"].str.to_lowercase().to_list()
    assert set(world.code_names) == {"country", "language", "device"}


def test_minors_are_those_of_bands_that_end_below_18(world: gk.World) -> None:
    bands = ("13-17", "18-24", "65+", "under 18", "unter 16", "<18", "over 17", "16+", "adult")
    codes = np.arange(60) % 10 - 1
    aged = dataclasses.replace(world, age_band=codes, code_names={"age_band": bands})
    assert world.minors is None
    assert dataclasses.replace(world, age_band=codes).minors is None
    expected = [False, True, False, False, True, True, True, False, False, False]
    assert aged.minors is not None
    assert aged.minors[:10].tolist() == expected


@pytest.mark.parametrize(
    ("band", "young"),
    [
        *((band, True) for band in ("≤17", "<=17", "17 and under", "17 or younger", "0-12")),
        *((band, True) for band in ("younger than 18", "below 18")),
        *((band, False) for band in ("≥16", ">=16", "16 and up", "16 or more", "at least 16")),
        *((band, False) for band in ("≤18", "<=18", "18 and under", "18 or younger")),
    ],
)
def test_bands_in_other_words(world: gk.World, band: str, young: bool) -> None:
    names = {"age_band": (band,)}
    aged = dataclasses.replace(world, age_band=np.zeros(60, np.int32), code_names=names)
    assert aged.minors is not None
    assert aged.minors.all() == aged.minors.any() == young


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"age_band": ("13-17",)}, r"name every code, 0 … 8"),
        ({"age_band": ("a",) * 10}, "by a text of its own"),
        ({"weight": ("a",)}, "code_names"),
    ],
)
def test_names_that_do_not_fit(
    world: gk.World, names: dict[str, tuple[str, ...]], words: str
) -> None:
    codes = np.arange(60) % 10 - 1
    with pytest.raises(GraphkitError, match=words):
        dataclasses.replace(world, age_band=codes, code_names=names)


def test_names_belong_to_the_content(world: gk.World) -> None:
    renamed = {**world.code_names, "device": tuple(x + "!" for x in world.code_names["device"])}
    other = dataclasses.replace(world, code_names=renamed)
    assert other != world
    assert dataclasses.replace(world) == world
