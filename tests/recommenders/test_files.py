"""Feeds in files, and published rankers."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphkit.errors import FileError, OptionError
from graphkit.recommenders import (
    FACTORS,
    SIGNALS,
    SOURCES,
    Feed,
    circle_popularity,
    follower_centric,
    interest_centric,
    ranker,
    rankers,
    read_feed,
    uniform,
    watch_time,
    write_feed,
)

FEW = "[sources]\n[weights]\n"


@pytest.mark.parametrize(
    "feed",
    [
        circle_popularity(),
        follower_centric(),
        interest_centric(),
        uniform(),
        watch_time(),
        ranker("x_2023"),
    ],
    ids=lambda feed: feed.name,
)
def test_what_is_written_is_read(feed: Feed, tmp_path: Path) -> None:
    assert read_feed(write_feed(feed, tmp_path / "feed.toml")) == feed


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    sources=st.dictionaries(st.sampled_from(list(SOURCES)), st.integers(0, 2**31)),
    weights=st.dictionaries(
        st.sampled_from(list(FACTORS)), st.floats(allow_nan=False, allow_infinity=False)
    ),
    signals=st.dictionaries(st.sampled_from(list(SIGNALS)), st.floats(-1, 1)),
    half_life=st.floats(1e-300, math.inf),
    source=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
def test_round_trip(
    tmp_path: Path,
    name: str,
    sources: dict[str, int],
    weights: dict[str, float],
    signals: dict[str, float],
    half_life: float,
    source: str,
) -> None:
    feed = Feed(name, sources, weights, signals=signals, half_life=half_life, source=source)
    assert read_feed(write_feed(feed, tmp_path / "feed.toml", overwrite=True)) == feed


def test_what_a_file_leaves_out_has_its_default(tmp_path: Path) -> None:
    file = tmp_path / "short.toml"
    file.write_text("delivery = 1\n[sources]\nfresh = 3\n[weights]\nrecency = 1\n")
    assert read_feed(file) == Feed("short", {"fresh": 3}, {"recency": 1.0})
    file.write_text("half_life = inf\n" + FEW + "[signals]\nlike = 1\n")
    assert dict(read_feed(file).signals) == {"like": 1.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("halflife = 3\n" + FEW, r"'halflife' is unknown. Did you mean 'half_life'\?"),
        ("[weigths]\n", r"'weigths' is unknown. Did you mean 'weights'\?"),
        ("[sources]\n", r"the table \[weights\] is missing"),
        ("[weights]\n", r"the table \[sources\] is missing"),
        ("[sources]\nfersh = 3\n[weights]\n", "sources='fersh' is unknown. Did you mean 'fresh'"),
        ("[sources]\n[weights]\nlikes = 3\n", "weights='likes' is unknown"),
        ("[sources]\n[weights]\nrecency = nan\n", "nan: a finite number"),
        ("[sources]\n[weights]\nrecency = true\n", "True: a finite number"),
        ("[sources]\n[weights]\nrecency = 2024-01-01\n", "a finite number"),
        ("sources = 3\n[weights]\n", "must be a mapping"),
        ("[source]\nfresh = 3\n" + FEW, "quotas go into sources"),
        ("name = 3\n" + FEW, "name is 3"),
        ("filler = ['empty']\n" + FEW, "filler="),
        ("trial_size = 2.5\n" + FEW, "trial_size=2.5"),
        ("score = 'f'\n" + FEW, "a function has no place in a file"),
    ],
)
def test_what_cannot_be_is_refused_by_file_and_key(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(OptionError, match=message) as caught:
        read_feed(file)
    assert str(caught.value).startswith(f"{file}: ")


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none.toml cannot be read"):
        read_feed(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"name = \xff")
    with pytest.raises(FileError, match=r"broken.toml cannot be read: line 1 is not in UTF-8"):
        read_feed(broken)
    with pytest.raises(FileError, match=r"broken.toml is there already: overwrite=True"):
        write_feed(uniform(), broken)
    with pytest.raises(FileError, match="cannot be written"):
        write_feed(uniform(), broken / "new.toml")
    with pytest.raises(OptionError, match="has a score function, which cannot be written"):
        write_feed(uniform().but("mine", score=lambda c: c.factor("chance")), tmp_path / "f.toml")


@pytest.mark.parametrize("name", rankers())
def test_published_rankers_name_their_source(name: str) -> None:
    assert ranker(name).source


def test_the_ranker_of_x_has_the_published_weights() -> None:
    feed = ranker("x_2023")
    assert dict(feed.weights) == {
        "expected_like": 0.5,
        "expected_share": 1.0,
        "expected_comment": 13.5,
        "expected_watch": 0.005,
    }
    assert (feed.author_decay, feed.author_floor) == (0.5, 0.25)
    assert feed.sources["following"] * 2 == sum(feed.sources.values())
    with pytest.raises(OptionError, match=r"ranker='x_2032' is unknown. Did you mean 'x_2023'\?"):
        ranker("x_2032")
