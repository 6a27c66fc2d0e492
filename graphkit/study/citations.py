"""Methods of a study as a paragraph, and its sources as BibTeX."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from graphkit._version import __version__
from graphkit.graphs import methods_paragraph
from graphkit.measures.intervals import OVER_SAMPLES
from graphkit.study.results import CommunityStudy, StudyResult

__all__ = ["bibliography", "community_sources", "methods_of", "study_sources"]

#: As in CITATION.cff.
TITLE = "graphkit: how a feed shapes communities"
AUTHORS = "The graphkit developers"

#: Works that the paragraph on communities does not cite.
_STRONA = (
    "Strona, G., Nappo, D., Boccacci, F., Fattorini, S., San-Miguel-Ayanz, J. (2014). A fast and "
    "unbiased procedure to randomize ecological binary matrices with fixed row and column totals. "
    "Nature Communications, 5, 4114. https://doi.org/10.1038/ncomms5114"
)
_PHIPSON = (
    "Phipson, B., Smyth, G. K. (2010). Permutation p-values should never be zero. Statistical "
    "Applications in Genetics and Molecular Biology, 9, 39. https://doi.org/10.2202/1544-6115.1585"
)
_YANG = (
    "Yang, J., Leskovec, J. (2015). Defining and evaluating network communities based on "
    "ground-truth. Knowledge and Information Systems, 42, 181–213. "
    "https://doi.org/10.1007/s10115-013-0693-z"
)
_GARWOOD = (
    "Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika, 28, 437–442. "
    "https://doi.org/10.1093/biomet/28.3-4.437"
)
_CURRARINI = (
    "Currarini, S., Jackson, M. O., Pin, P. (2009). An economic model of friendship: homophily, "
    "minorities, and segregation. Econometrica, 77, 1003–1045. https://doi.org/10.3982/ECTA7528"
)
_KOTT = (
    "Kott, P. S. (2001). The delete-a-group jackknife. Journal of Official Statistics, 17, 521–526."
)
_HOLM = (
    "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal "
    "of Statistics, 6, 65–70."
)
_SHAO = (
    "Shao, J., Wu, C. F. J. (1989). A general theory for jackknife variance estimation. Annals of "
    "Statistics, 17, 1176–1197. https://doi.org/10.1214/aos/1176347263"
)

_FORM = re.compile(
    r"(?P<authors>.+?) \((?P<year>\d{4})\)\. (?P<title>.+)\. (?P<place>[^.]+)\."
    r"(?: https://doi\.org/(?P<doi>\S+))?"
)


def methods_of(study: CommunityStudy) -> tuple[str, list[str]]:
    """How the communities of a study were found, as a paragraph, and the works that it cites."""
    paragraph, _, works = methods_paragraph(
        study.partition, null=study.null, root=study.seed
    ).partition("\n\nReferences\n")
    return paragraph, works.splitlines()


def community_sources(study: CommunityStudy) -> list[str]:
    """Sources of the methods that a community study used."""
    works = methods_of(study)[1]
    if study.null is not None:
        works += [_STRONA, _PHIPSON]
    if study.visibility is not None:
        works += [_YANG, _GARWOOD, _CURRARINI]
    return works


def study_sources(result: StudyResult) -> list[str]:
    """Sources of the methods that a study used."""
    found = result.contrasts
    works = [*community_sources(result.communities), *([_HOLM] if found["p"].count() else [])]
    over_samples = OVER_SAMPLES in found.get_column("interval").to_list()
    return works + ([_KOTT, _SHAO] if over_samples else [])


def bibliography(works: Iterable[str]) -> str:
    """BibTeX of graphkit and of works, in alphabetical order.

    Parameters
    ----------
    works
        References in the form of :func:`graphkit.graphs.methods_paragraph`.

    Examples
    --------
    >>> print(bibliography([_GARWOOD]).partition("\\n\\n")[2])
    @article{garwood1936,
      author = {Garwood, F.},
      year = {1936},
      title = {{Fiducial limits for the Poisson distribution}},
      journal = {Biometrika},
      volume = {28},
      pages = {437--442},
      doi = {10.1093/biomet/28.3-4.437},
    }
    <BLANKLINE>
    """
    own = {"author": f"{{{AUTHORS}}}", "title": f"{{{TITLE}}}", "note": f"Version {__version__}"}
    entries = [_entry_text("misc", "graphkit", own)]
    for work in sorted(set(works), key=lambda one: one.replace("ä", "a").casefold()):
        found = _FORM.fullmatch(work)
        assert found is not None, work
        *name, where = found["place"].split(", ")
        volume = name.pop() if len(name) > 1 else None
        # several names are parted by commas, as are the initials of one from its surname
        people = re.sub(r"(\.),(?= )", r"\1 and", found["authors"])
        fields = {"author": people, "year": found["year"], "title": f"{{{found['title']}}}"}
        fields |= {"journal" if volume else "booktitle": ", ".join(name)}
        fields |= {"volume": volume} if volume else {}
        fields |= {"pages": where.replace("–", "--")}
        fields |= {"doi": found["doi"]} if found["doi"] else {}
        kind, key = "article" if volume else "inproceedings", _key(people, found["year"])
        entries.append(_entry_text(kind, key, fields))
    return "\n".join(entries)


def _key(people: str, year: str) -> str:
    """Key of a work: the first surname in plain letters, and the year."""
    plain = unicodedata.normalize("NFKD", people.split(",")[0]).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]", "", plain.casefold()) + year


def _entry_text(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = [
        f"  {name} = {{{value.replace('&', chr(92) + '&')}}}," for name, value in fields.items()
    ]
    return "\n".join([f"@{kind}{{{key},", *lines, "}", ""])
