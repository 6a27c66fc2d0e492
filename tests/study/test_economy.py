"""Payout schemes in a study: their runs, tables and words, and what is refused."""

from __future__ import annotations

import html
import re
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graphkit.errors import OptionError
from graphkit.measures import Payout, economy, payouts
from graphkit.study import StudyConfig, StudyResult, check_study, load_config, run_study
from graphkit.study.disclosure import without_few_creators
from graphkit.study.text import economy_text

STUDIES = Path(__file__).parents[2] / "notebooks" / "studies"
TIPS = {"name": "tips", "per_reaction": 1.0, "meaning": "reactions alone"}


def values(**more: Any) -> dict[str, Any]:
    """A tiny study with nothing tried."""
    return {
        "data": {"source": "synthetic", "accounts": 150},
        "communities": {"runs": 1, "null_draws": 0},
        "world": {"worlds": 2, "ticks": 3},
        "simulation": {"ticks": 3, "slots": 5},
        "s_scan": {"social_share": []},
        "conditions": {"cold_start": False, "partition_seeds": 0}
        | dict.fromkeys(("feature_noise", "profile_noise", "topic_penalty", "resolution"), ()),
        "report": {"min_group_size": 3},
    } | more


def free(**more: Any) -> dict[str, Any]:
    simulation = {"ticks": 3, "slots": 5, "budget": "free", "payout": "subscriptions"}
    schemes = {"payouts": ["per_view", "subscriptions", TIPS], "living": 0.4}
    return values(simulation=simulation, economy=schemes, **more)


def words(result: StudyResult) -> str:
    page = (result.folder / "report.html").read_text(encoding="utf-8")
    return html.unescape(re.sub(r"base64,[A-Za-z0-9+/=]+", "", page)).replace("\xa0", " ")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, all_undrawn: None) -> StudyResult:
    return run_study(StudyConfig.of(free()), tmp_path_factory.mktemp("out") / "free")


def test_each_scheme_is_simulated_and_that_of_the_study_comes_first(result: StudyResult) -> None:
    found = result.economy
    assert found is not None
    assert found.payouts == ("subscriptions", "per_view", "tips")
    told = found.frame.select("payout", "responds_to").unique().sort("payout").rows()
    assert told == [(name, name) for name in sorted(found.payouts)]
    assert (found.baseline, found.incomes[0].living) == ("follower", 0.4)
    # the first is that of the study's own runs
    assert result.spread.provenance.parameters["payout"]["name"] == "subscriptions"
    alone = economy(result.spread, ["subscriptions"], baseline="follower", living=0.4)
    own = found.frame.filter(payout="subscriptions")
    assert own.drop("interval", "fixed").equals(alone.frame.drop("interval", "fixed"))
    # creators post otherwise under another scheme
    posted = found.frame.filter(measure="creator_value", arm="interest")["mean"]
    assert posted.n_unique() > 1


def test_the_report_says_that_answers_are_among_the_posts(result: StudyResult) -> None:
    sizes = [len(tally.answers) for tally in result.spread.tallies.values()]
    assert max(sizes) > min(sizes)
    told = f"with a delay: {min(sizes)} to {max(sizes)} in a run, beside those of the world."
    assert told in words(result)


def test_tables_and_figure_are_in_the_folder(result: StudyResult) -> None:
    tables = result.folder / "tables"
    found = result.economy
    assert found is not None
    assert pl.read_parquet(tables / "economy.parquet").equals(found.frame)
    assert pl.read_parquet(tables / "economy_contrasts.parquet").equals(found.contrasts)
    incomes = pl.read_parquet(tables / "incomes.parquet")
    assert incomes["payout"].unique(maintain_order=True).to_list() == list(found.payouts)
    assert incomes.height == 3 * 3 * 2  # schemes, arms, worlds
    # no table holds the income of one account
    assert not any("account" in name for name in incomes.columns)
    assert (result.folder / "figures" / "economy.png").exists()
    assert not (result.folder / "checkpoints").exists()
    again = load_config(result.folder / "study.toml")
    assert again.compared_payouts == result.config.compared_payouts
    assert found.sentence in repr(result).replace("\n", " ") or "economy" in repr(result)


def test_the_report_tells_it_and_claims_nothing_of_matched_budgets(result: StudyResult) -> None:
    report, found = words(result), result.economy
    assert found is not None
    assert '<a href="#economy">' in report
    # once, among the findings and before the sections
    assert report.count(found.sentence) == 1
    assert report.index(found.sentence) < report.index("<nav")
    assert "creators respond to what they earn under it by an assumed rule" in report
    assert "their income under the payout scheme 'subscriptions'" in report
    assert "a living is 0.4 of it or more, an assumption" in report
    assert "logs of impressions do not show them" in report
    for column in ("income_gini", "small_kept_share", "viewer_value", "kept_sessions"):
        assert f">{column}</th>" in report
        assert f'<th scope="row" class="t">{column}</th>' in report  # with its meaning
    for claim in ("equal in all arms, which share", "equally many posts", "maximises viewer value"):
        assert claim not in report
    assert "not acted on" not in report


@pytest.mark.usefixtures("undrawn")
def test_under_a_matched_budget_schemes_are_bookkeeping(tmp_path: Path) -> None:
    config = StudyConfig.of(values(economy={"payouts": list(payouts())}))
    result = run_study(config, tmp_path / "out")
    assert result.economy is not None
    assert set(result.economy.frame["responds_to"]) == {"nothing"}
    report = words(result)
    assert "the schemes distribute the income of the same runs" in report
    assert ">small_kept_share</th>" not in report
    assert ">long_term_value</th>" in report


def test_few_small_creators_are_suppressed(result: StudyResult) -> None:
    found = result.economy
    assert found is not None
    fifth = 0.2 * min(codes.size for one in found.incomes for codes in one.creators)
    assert without_few_creators(found, int(fifth)) is found
    shown = without_few_creators(found, int(fifth) + 1)
    gone = {"small_kept_share", "small_living_share"}
    assert set(found.frame["measure"]) - set(shown.frame["measure"]) == gone
    assert set(found.contrasts["measure"]) - set(shown.contrasts["measure"]) == gone
    told = " ".join(economy_text(result, shown))
    assert "fewer than 3 in some world: what concerns them is suppressed" in told
    assert "small creators who keep posting" not in told
    assert "suppressed" not in " ".join(economy_text(result, found))


def test_schemes_are_names_or_numbers() -> None:
    config = StudyConfig.of(free())
    assert config.payout == payouts()["subscriptions"]
    assert config.compared_payouts[1:] == (payouts()["per_view"], Payout(**TIPS))
    again = StudyConfig.of(tomllib.loads(config.to_toml()))
    assert again == config
    numbers = free()
    numbers["simulation"]["payout"] = TIPS
    assert StudyConfig.of(numbers).payout == Payout(**TIPS)
    assert StudyConfig.of({}).compared_payouts == ()


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"simulation": {"payout": "per_view"}}, "simulation.payout needs simulation.budget"),
        ({"simulation": {"payout": "per_veiw", "budget": "free"}}, r"Did you mean 'per_view'\?"),
        ({"simulation": {"payout": 3, "budget": "free"}}, "payout = 3"),
        ({"simulation": {"payout": {"per_view": 1.0}, "budget": "free"}}, "name"),
        ({"simulation": {"payout": TIPS | {"per_veiw": 1.0}}}, r"Did you mean 'per_view'\?"),
        ({"economy": {"payouts": [TIPS | {"per_reaction": -1.0}]}}, "per_reaction=-1"),
        ({"economy": {"payouts": [TIPS | {"per_reactoin": 1.0}]}}, r"mean 'per_reaction'\?"),
        ({"economy": {"payouts": [{"name": "none"}]}}, "pays nothing"),
        ({"economy": {"payouts": ["per_view", "per_view"]}}, "must be distinct"),
        ({"economy": {"payouts": "per_view"}}, "payouts"),
        ({"economy": {"living": 0}}, "economy.living = 0"),
        (
            {
                "economy": {"payouts": ["per_view"]},
                "world": {"posts": "introduced"},
                "data": {"source": "folder", "path": "x"},
            },
            "who introduces a post did not make it",
        ),
    ],
)
def test_what_is_refused(section: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        StudyConfig.of(section, place="my.toml")
    assert str(caught.value).startswith("my.toml: ")
    assert "pydantic" not in str(caught.value)


@pytest.mark.parametrize(
    ("payout", "message"),
    [
        (3, r"simulation\.payout = 3 must be the name of a payout scheme, or its numbers: \{ name"),
        ({"per_view": 1.0}, r"my\.toml: simulation\.payout\.name: field required\.$"),
        (TIPS | {"per_reaction": -1.0}, r"my\.toml: simulation\.payout: payout: per_reaction=-1"),
        (
            TIPS | {"pooled": 1},
            r"my\.toml: simulation\.payout\.pooled = 1: input should be a valid b",
        ),
        (["per_view"], r"my\.toml: simulation\.payout = \['per_view'\]: input should be an object"),
    ],
)
def test_a_wrong_payout_is_told_once(payout: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        StudyConfig.of({"simulation": {"payout": payout, "budget": "free"}}, place="my.toml")


def test_the_dry_run_of_the_example_says_what_would_run() -> None:
    plan = dict(check_study(STUDIES / "economy.toml").iter_rows())
    assert plan["economy"] == (
        "partner_programme, view_fund, marketplace, tips; 3 with as many runs of their own as the "
        "simulation"
    )
    assert plan["simulation"].endswith("budget free")
