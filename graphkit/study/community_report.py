"""report.html of a community study: one page, with the parts of a study's report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphkit._version import __version__
from graphkit.data.results import ImportReport
from graphkit.study import tables, text
from graphkit.study.citations import bibliography, community_sources, methods_of
from graphkit.study.disclosure import disclosure_text, n_merged, overdue, refresh_text
from graphkit.study.figures import community_figures
from graphkit.study.folder import ResultsFolder
from graphkit.study.page import embed, render
from graphkit.study.results import CommunityStudy

__all__ = ["write_community_report"]


class _Answer(NamedTuple):
    """An answer of the page."""

    question: str
    clear: bool
    verdict: str
    size: str
    sure: str


def write_community_report(
    study: CommunityStudy,
    folder: ResultsFolder,
    report: ImportReport | None,
    told: Mapping[str, Any],
) -> None:
    """Write ``report.html`` of a community study into its folder, from the figures in there.

    Parameters
    ----------
    study
        The study.
    folder
        Its folder.
    report
        Report of the import, if the data were read.
    told
        What was merged, as of :func:`graphkit.study.disclosure.disclosure_facts`.
    """
    methods, works = methods_of(study)
    kind = study.partition.node_kind
    content = {
        "title": f"Communities of {kind}",
        "question": f"Which communities of shared interest do the {kind} form, and does the follow "
        "graph show them?",
        "answers": [_found_answer(study), _visible_answer(study)],
        "five_words": _five_words(kind),
        "cannot_say": _cannot_say(study),
        "community_table": tables.community_table(study),
        "recovery_table": tables.recovery_table(study),
        "visibility_table": tables.visibility_table(study),
        "notes": [text.NULL_TEXT, *(f"{n[:1].upper()}{n[1:]}." for n in study.notes)],
        "data_text": text.data_text(study.dataset, report),
        "disclosure_text": disclosure_text(told),
        "data_tables": tables.import_tables(study.dataset, report),
        "methods": methods,
        "works": sorted({*works, *community_sources(study)}, key=str.casefold),
        "bibtex": bibliography(community_sources(study)),
        "reproduction": "manifest.json in the folder of this page holds the seed, the options, the "
        "versions and the hash of every file: the same data and seed give the same bytes.",
        "figures": embed(community_figures(study), study.folder),
        "footer": f"Made by graphkit {__version__}. The folder of this page holds its tables, and "
        "more, as CSV and Parquet, and its figures as SVG and PNG.",
    }
    folder.text("report.html", render("communities.html.j2", content))


def _found_answer(study: CommunityStudy) -> _Answer:
    """Whether there are communities, beside those of random logs."""
    partition, null = study.partition, study.null
    question = "Are there communities?"
    told = partition.n_communities
    size = f"{told} {'community' if told == 1 else 'communities'} of {partition.node_kind}"
    if hidden := n_merged(partition):
        size += f", and {hidden} smaller ones that are suppressed"
    agree = f"runs agree to AMI {partition.stability:.2f} (0: by chance, 1: fully)"
    if null is not None:
        seen, chance = null.observed("quality"), float(null.null("quality").mean())
        size += f"; quality {seen:.2f}, in random logs {chance:.2f}"
    verdict = "Yes." if study.found else f"None is established: {study.verdict}."
    start = "Sure" if study.found else "Not sure"
    p = "" if null is None else f"; p = {null.p('quality'):.2g} for quality, "
    p += "" if null is None else f"{null.p('agreement'):.2g} for agreement, of {null.n} random logs"
    return _Answer(question, study.found, verdict, f"{size}.", f"{start}: {agree}{p}.")


def _visible_answer(study: CommunityStudy) -> _Answer:
    """How many of them the follow graph shows."""
    question = "Does the follow graph show them?"
    if study.visibility is None:
        return _Answer(
            question,
            False,
            "Cannot be answered here.",
            "",
            "There is no follow graph to compare with.",
        )
    verdicts = study.visibility.frame.get_column("verdict").to_list()
    hidden, seen = verdicts.count("hidden"), verdicts.count("visible")
    n, rest = len(verdicts), len(verdicts) - hidden - seen
    verdict = (
        f"Yes, all {n}."
        if seen == n
        else f"It hides {hidden} of {n}."
        if hidden
        else f"It shows {seen} of {n}."
    )
    size = f"{hidden} hidden, {seen} visible, {rest} undecided or not judgeable"
    shares = study.visibility.frame.drop_nulls(["internal_share", "expected_share"])
    if shares.height:
        inside, chance = (
            100 * float(shares.get_column(name).median() or 0)  # type: ignore[arg-type]
            for name in ("internal_share", "expected_share")
        )
        size += f"; in the middle community {inside:.1f} % of follows stay inside, {chance:.1f} % by chance"
    clear = study.found and seen + hidden == n
    sure = (
        "Hidden: no community of the follow graph matches in most runs, and follows inside are at most "
        "1.5 times chance, by the upper bound of a 95 % interval."
    )
    return _Answer(question, clear, verdict, f"{size}.", sure)


def _five_words(kind: str) -> list[tuple[str, str]]:
    return [
        ("community", f"{kind} with more in common than chance would give"),
        ("hidden", "not shown by who follows whom"),
        ("random log", "the data with who did what drawn anew: the chance level"),
        ("AMI", "agreement of two runs beyond chance, from 0 to 1"),
        ("consistency", "how far runs agree on the members of one community, from 0 to 1"),
    ]


def _cannot_say(study: CommunityStudy) -> str:
    texts = [refresh_text(study.dataset)] if overdue(study.dataset) else []
    texts.append(
        "Communities depend on the method and its options; other data may have others. A name tells "
        "what members have in common, not who they are."
    )
    return " ".join(texts)
