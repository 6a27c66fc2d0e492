"""report.html: all results of a study in one file that opens offline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from graphkit._version import __version__
from graphkit.study import tables, text
from graphkit.study.answers import Answer, answers_of, clear_text
from graphkit.study.citations import bibliography, methods_of, study_sources
from graphkit.study.disclosure import disclosure_text
from graphkit.study.figures import report_figures, shown_economy
from graphkit.study.folder import ResultsFolder
from graphkit.study.inputs import StudyInputs, versions
from graphkit.study.page import Picture, embed, render
from graphkit.study.published import published_table, published_text
from graphkit.study.results import StudyResult
from graphkit.study.tables import Table, text_table

__all__ = ["write_report"]

#: Figures that may stand beside the answers: those of hosting first, or those of all feeds.
_HOSTING = ("hosting_", "trade_off", "contrast_")
_OTHERS = ("trade_off", "hosting_", "contrast_")


def write_report(result: StudyResult, inputs: StudyInputs, folder: ResultsFolder) -> None:
    """Write ``report.html`` into the folder, from the result and the figures in the folder.

    The first screen holds the question, an answer to each of its parts, and one picture; all else
    follows by section. The report contains no ids of accounts or items, captions or handles, and no
    community smaller than ``report.min_group_size``.
    """
    folder.text("report.html", render("report.html.j2", _page_content(result, inputs)))


def _page_content(result: StudyResult, inputs: StudyInputs) -> dict[str, Any]:
    """Values of the template."""
    config, data = result.config, inputs.dataset
    synthetic = inputs.platform is not None
    answers = [answers_of(one, result.outcome) for one in result.headlines]
    pairs = [f"{one.arm} feed against {one.baseline} feed" for one in result.headlines]
    figures = embed(report_figures(result), result.folder)
    lead = _take_lead(figures, answers[0])
    shown = shown_economy(result)
    methods, works = methods_of(result.communities)
    limits = text.caution_notices(result, data, synthetic=synthetic)
    return {
        "title": config.report.title,
        "question": config.report.question,
        "pair": pairs[0],
        "clear_text": clear_text(answers[0]),
        "answers": answers[0],
        "more_answers": [
            {"pair": pair, "answers": found}
            for pair, found in zip(pairs[1:], answers[1:], strict=True)
        ],
        "lead": lead,
        "five_words": text.five_words(result),
        "cannot_say": text.cannot_say(result, data, synthetic=synthetic),
        "interval_text": text.interval_text(result),
        "community_text": text.community_text(result),
        "community_table": tables.community_table(result.communities),
        "recovery_table": tables.recovery_table(result.communities),
        "visibility_text": text.visibility_text(result),
        "visibility_table": tables.visibility_table(result.communities),
        "served_table": tables.served_table(result),
        "feed_table": tables.feed_table(result),
        "other_fillers": text.other_fillers_text(config),
        "spread_text": text.spread_text(result),
        "all_arms_text": text.all_arms_text(result),
        "all_arms_table": tables.all_arms_table(result),
        "comparisons": [
            {"title": f"{one.arm} − {one.baseline}", "tables": tables.contrast_tables(result, at)}
            for at, one in enumerate(result.headlines)
        ],
        "hosting_table": tables.hosting_table(result),
        "measure_table": tables.measure_table(result),
        "economy_text": [] if shown is None else text.economy_text(result, shown),
        "economy_tables": tables.economy_tables(result),
        "reach_text": text.reach_text(result.spread),
        "conditions_text": text.conditions_text(result),
        "robustness_text": text.robustness_text(result),
        "robustness": [_robustness_content(result, at) for at in range(len(answers))],
        "sweep_text": text.sweep_text(result),
        "sweep_tables": tables.sweep_tables(result),
        "published_text": published_text(result),
        "published_table": _figures_table(result),
        "limits": [*limits, *text.limitations_text(result)],
        "disclosure_text": disclosure_text(result.disclosure),
        "methods": methods,
        "works": sorted({*works, *study_sources(result)}, key=str.casefold),
        "bibtex": bibliography(study_sources(result)),
        "behaviour_table": text_table(config.behaviour.frame, "Behaviour of viewers", mixed=True),
        "reproduction": "graphkit run study.toml repeats the study, from the file of this name in the "
        f"folder of the report: the same version, data and seed ({config.seed}) give the same bytes.",
        "data_text": text.data_text(data, inputs.report, result),
        "data_tables": tables.import_tables(data, inputs.report),
        "method_table": _method_table(result, inputs),
        "figures": figures,
        "footer": f"Made by graphkit {__version__}. The folder of this report holds its tables, and "
        "more, as CSV and Parquet, and its figures as SVG and PNG.",
    }


def _take_lead(figures: dict[str, list[Picture]], answers: list[Answer]) -> Picture | None:
    """The picture beside the answers, taken out of its section: no figure is shown twice."""
    hosting = answers[0].measure.startswith("hosting")
    for start in _HOSTING if hosting else _OTHERS:
        for section in ("all arms", "contrast 0"):
            for picture in figures.get(section, []):
                if picture.name.startswith(start):
                    figures[section].remove(picture)
                    return picture
    return None


def _robustness_content(result: StudyResult, at: int) -> dict[str, Any]:
    """Each finding of one comparison: verdict, the nearest condition that ends it, and a table."""
    base, arm = result.headlines[at].baseline, result.headlines[at].arm
    parts = [
        {
            "texts": [t for t in (one.verdict, one.nearest_text) if t],
            "measure": one.measure,
            "table": tables.robust_table(one),
        }
        for one in result.robustness
        if one.arm == arm
    ]
    return {"title": f"{arm} compared with {base}", "findings": parts}


def _figures_table(result: StudyResult) -> Table | None:
    """Published figures, and those of the study."""
    frame = published_table(result)
    caption = "Published figures, and those of this study with 95 % intervals over its worlds"
    caption += "; units are those of each figure"
    return None if frame is None else text_table(frame, caption, mixed=True)


def _method_table(result: StudyResult, inputs: StudyInputs) -> Table:
    """The run: seed, data, budget and versions."""
    config, spread = result.config, result.spread
    world = spread.worlds[0]
    used = {"graphkit": __version__, **versions()}
    facts: Mapping[str, Any] = {
        "seed": str(config.seed),
        "data": config.data.source,
        "key of the data": inputs.dataset.content_key,
        "accounts, posts per world": f"{world.n_accounts:,}, {world.n_posts:,}",
        "posts enter through": "their authors" if world.authored else "seeders of their audience",
        "budget": spread.budget,
        **({"creators respond to": text.creators_text(result)} if spread.budget == "free" else {}),
        "versions": ", ".join(f"{name} {version}" for name, version in used.items()),
    }
    frame = pl.DataFrame({"what": list(facts), "value": list(facts.values())})
    return text_table(frame, "The run")
