from __future__ import annotations

import re
from pathlib import Path

from graphkit.graphs.methods import REFERENCES
from graphkit.study import citations
from graphkit.study.citations import bibliography

ROOT = Path(__file__).parents[2]


def test_the_package_is_cited_as_its_citation_file_says() -> None:
    told = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f'title: "{citations.TITLE}"' in told
    assert f'name: "{citations.AUTHORS}"' in told
    assert bibliography([]).startswith("@misc{graphkit,\n  author = {{The graphkit developers}},")


def test_every_work_becomes_an_entry() -> None:
    own = [v for k, v in vars(citations).items() if re.fullmatch(r"_[A-Z]+", k) and k != "_FORM"]
    works = [work for _, work in REFERENCES.values()] + own
    text = bibliography(works)
    keys = re.findall(r"@\w+\{(\w+),", text)
    assert len(keys) == len(set(works)) + 1
    assert len(set(keys)) == len(keys)
    for work in works:
        doi = work.rpartition("https://doi.org/")[2]
        assert f"doi = {{{doi}}}" in text or "https://" not in work
    assert "author = {Traag, V. A. and Waltman, L. and van Eck, N. J.}," in text
    assert "title = {{Scientific collaboration networks. II. Shortest paths" in text
    assert "journal = {Journal of the Royal Statistical Society B},\n  volume = {57}," in text
    assert text.count("{") == text.count("}")
