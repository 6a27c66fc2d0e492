"""The page of a study and of communities: its order, its tables, and that it loads nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from itertools import pairwise
from pathlib import Path

import pytest

import graphkit as gk
from graphkit.study import StudyConfig, StudyResult, run_study, study_communities
from graphkit.study.figures import slugs

NONE = ("feature_noise", "profile_noise", "topic_penalty", "resolution")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, all_undrawn: None) -> StudyResult:
    values = {
        "data": {"source": "synthetic", "accounts": 150},
        "communities": {"runs": 2, "null_draws": 0},
        "world": {"worlds": 2, "ticks": 2},
        "simulation": {"ticks": 3, "slots": 4},
        "s_scan": {"social_share": [0.0, 1.0], "worlds": 2},
        "conditions": {"partition_seeds": 0, "worlds": 2} | dict.fromkeys(NONE, ()),
        "report": {"min_group_size": 3, "question": "Who is <seen> by whom?"},
    }
    return run_study(StudyConfig.of(values), tmp_path_factory.mktemp("out") / "study")


def page_of(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(result: StudyResult) -> str:
    return page_of(result.folder)


@pytest.fixture(scope="module")
def one_page(tmp_path_factory: pytest.TempPathFactory, all_undrawn: None) -> str:
    platform = gk.synthetic.platform(300, communities=4, mixing=0.2, rng=1)
    out = tmp_path_factory.mktemp("out") / "communities"
    study_communities(platform.dataset, out, runs=3, null_draws=19, rng=1)
    return page_of(out)


def first_screen(page: str) -> str:
    header = re.search(r'<header id="first">(.*?)</header>', page, re.DOTALL)
    assert header is not None
    plain = re.sub(r"<[^>]+>", " ", header.group(1))
    return " ".join(html.unescape(plain).replace("\xa0", " ").split())


def test_the_first_screen_holds_question_answers_chance_level_and_interval(
    page: str, result: StudyResult
) -> None:
    shown = first_screen(page)
    wanted = (
        *("Who is <seen> by whom?", "interest feed against follower feed", "random exposure"),
        *("Five words", "What this cannot say"),
    )
    places = [shown.index(part) for part in wanted]
    assert places == sorted(places)
    assert len(re.findall('<li class="(?:clear|open)">', page)) == len(result.headlines[0].findings)
    assert re.search(r"difference −?[\d.,]+ [a-z ]+ \[−?[\d.,]+, −?[\d.,]+\]", shown)
    # cautions come after the answers
    assert "not calibrated" not in shown[: places[-1]]
    assert "not calibrated" in shown
    assert page.count('<img src="data:image/svg+xml,') == page.count("<figure")


def test_sections_are_in_order(page: str) -> None:
    wanted = "answers communities visibility feeds spread time robustness published limits method"
    ids = re.findall(r'<h2 id="(\w+)"', page)
    assert [i for i in ids if i != "words"] == [*wanted.split(), "reproduction"]
    heads = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert heads[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(heads))
    assert set(re.findall(r'href="#(\w+)"', page)) <= set(re.findall(r'id="(\w+)"', page))


@pytest.mark.parametrize("name", ["page", "one_page"])
def test_every_table_has_a_caption_heads_with_scope_and_can_be_reached(
    name: str, request: pytest.FixtureRequest
) -> None:
    page = request.getfixturevalue(name)
    tables = re.findall(r"<table>(.*?)</table>", page, re.DOTALL)
    assert tables
    assert page.count('<div class="scroll" tabindex="0" role="region"') == len(tables)
    for table in tables:
        assert re.match(r'\s*<caption>.{7,}</caption>\s*<thead><tr><th scope="col"', table)
        columns = table.count('scope="col"')
        for row in re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2]):
            assert len(re.findall(r"<t[hd][ >]", row)) == columns


def test_tables_of_differences_say_their_unit(page: str) -> None:
    captions = re.findall(r"<caption>(.*?)</caption>", page)
    compared = [c for c in captions if c.startswith("interest compared with follower, in ")]
    assert "interest compared with follower, in %" in compared
    assert "interest compared with follower, in ticks" in compared
    assert len(compared) == len(set(compared))


@pytest.mark.parametrize("name", ["page", "one_page"])
def test_nothing_is_loaded_and_only_the_own_script_may_run(
    name: str, request: pytest.FixtureRequest
) -> None:
    page = request.getfixturevalue(name)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    assert f"{allowed}script-src 'sha256-{digest}'" in page
    assert not re.search(r"<(?:link|iframe|object|embed|script )", page)
    assert not re.search(r'(?:src|href)="(?!data:image/svg|#)', page)
    assert "url(" not in page


def test_the_page_of_communities_answers_first(one_page: str) -> None:
    shown = first_screen(one_page)
    assert shown.index("Are there communities?") < shown.index("Does the follow graph show them?")
    assert re.search(r"Sure: runs agree to AMI [\d.]+|Not sure: runs agree", shown)
    assert "in random logs" in shown
    assert shown.index("Five words") < shown.index("What this cannot say")
    assert "@misc{graphkit," in one_page


def test_slugs_of_arms_never_collide() -> None:
    names = ["a b", "A-B", "a_b_2", "a/b", "", "★", "x" * 90, "x" * 91]
    found = slugs(names)
    assert list(found) == names
    assert len(set(found.values())) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_]{1,44}", slug) for slug in found.values())
