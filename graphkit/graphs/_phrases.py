"""What each verb did, in words: one function per verb.

Each takes the record of the verb and the list of works cited so far (which it extends), and
gives sentences. No text of the data enters them but names of columns and kinds, and times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphkit.data.provenance import Provenance
from graphkit.data.tags import STOP_TAGS
from graphkit.graphs._phrase_tables import (
    BACKBONES,
    BY_DEGREE,
    ONE,
    PAIRS_WITHIN,
    QUALITIES,
    SOURCES,
    TIES,
    WEIGHTS,
)
from graphkit.graphs._references import REFERENCES

__all__ = ["PHRASES", "Cited", "counted", "listed", "phrases"]


class Cited(list[str]):
    """Keys of the works cited, in order of mention."""

    def __call__(self, key: str) -> str:
        """The citation as it stands in the text."""
        if key not in self:
            self.append(key)
        return f"({REFERENCES[key][0]})"

    def references(self) -> list[str]:
        """The full references, in alphabetical order."""
        return sorted((REFERENCES[key][1] for key in self), key=_plain)


def _plain(text: str) -> str:
    return text.replace("ä", "a").casefold()


def listed(words: list[str]) -> str:
    """Words with commas, and the last with "and"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(n: int, words: str) -> str:
    """A number of things whose plural ends in s."""
    return f"{n:,} {words[:-1] if n == 1 else words}"


def phrases(record: Provenance, cited: Cited) -> list[str]:
    """What a verb did; its own name and numbers where no words are known for it."""
    if record.verb in PHRASES:
        return PHRASES[record.verb](record, cited)
    if record.verb == "read_hetrec_lastfm":
        return [SOURCES[record.verb].format(hetrec=cited("hetrec"))]
    if record.verb in SOURCES:
        return [SOURCES[record.verb]]
    numbers = [
        f"{name} = {value:g}"
        for name, value in record.parameters.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return [f"graphkit's {record.verb} was applied{f' ({listed(numbers)})' if numbers else ''}."]


def _records(record: Provenance, cited: Cited) -> list[str]:
    files = record.parameters.get("files")
    many = f" ({counted(files, 'files')})" if files else ""
    return [f"The data are records of the TikTok Research API{many}."]


def _split(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    side = {"past": "before", "future": "from"}[asked["side"]]
    untimed = {
        "raise": "", "drop": "; acts without a time were left out",
        "past": "; acts without a time were taken as earlier",
    }[asked["untimed"]]  # fmt: skip
    return [f"Only what happened {side} {asked['when']} was used{untimed}."]


def _chosen(record: Provenance, cited: Cited) -> list[str]:
    return [f"Kept were {counted(record.parameters['n'], 'accounts')} chosen beforehand."]


def _log(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    return [_columns(asked), *_kinds(asked)]


def _columns(asked: Any) -> str:
    return (
        f"The data are a log whose column {asked['entity']} says who acted and whose column "
        f"{asked['thing']} says on what."
    )


def _follow(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    found = ["An arc runs from each account to every account that it follows."]
    if asked.get("until"):
        untimed = asked.get("untimed", 0)
        rest = f"; {untimed:,} follows without a time were taken as earlier" if untimed else ""
        found.append(f"Only follows made before {asked['until']} count{rest}.")
    if asked.get("complete_only"):
        found.append("Only the follows of accounts whose list is known to be whole count.")
    if asked.get("mutual"):
        found.append("Only follows that are returned count.")
    if "whole_lists" in asked:
        found.append(
            f"The list of follows is known to be whole for {asked['whole_lists']:,} accounts and "
            f"known to be cut short for {asked['cut_lists']:,}; for {asked['unknown_lists']:,} it "
            "is not known."
        )
    return found


def _interaction(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    kinds = listed(list(asked["kinds"]))
    found = [
        f"An arc runs from an account to each account that it answers (interactions of kind "
        f"{kinds}: to the account named, else to the author of the item that is answered or acted "
        "on); its weight is the number of these interactions."
    ]
    ends = [
        f"{word} {asked[name]}"
        for name, word in (("since", "from"), ("until", "before"))
        if asked.get(name)
    ]
    if ends:
        found.append(f"Only interactions {' and '.join(ends)} count.")
    return found


def _projection(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    between, through = asked["between"], asked["through"]
    if through == "things":  # of an incidence matrix, which has been told of already
        return _tied(asked, between, through, cited)
    pair = (between, through) if (between, through) in TIES else (through, between)
    first, second = (ONE[side] for side in (between, through))
    found = [
        f"Two {between}, i and j, are tied by the {through} t that they share; {first} and "
        f"{second} go together (B_it = 1, else 0) if {TIES[pair]}.",
        *_kinds(asked),
    ]
    return found + _tied(asked, between, through, cited)


def _spark(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    found = [
        f"{_columns(asked)[:-1]}, read by Spark {asked['spark']}; more of its origin is not "
        "recorded.",
        "Two entities, i and j, are tied by the things t that they share; an entity and a thing "
        "go together (B_it = 1, else 0) if a row of the log names both.",
        *_kinds(asked),
    ]
    return found + _tied(asked, "entities", "things", cited)


def _kinds(asked: Any) -> list[str]:
    kinds = asked.get("kinds")
    return [f"Acts are of kind {listed(list(kinds))}."] if kinds else []


def _tied(asked: Any, entities: str, things: str, cited: Cited) -> list[str]:
    """What projections have in common: what is left out, the window, the weight, the cuts."""
    found = _excluded(asked, things)
    window, top = asked.get("window"), asked.get("top")
    if asked.get("max_degree") is not None:
        found.append(
            f"{things.capitalize()} of more than {asked['max_degree']:,} {entities} were left out "
            "before counting."
        )
    if window:
        made = "" if entities == "entities" or "accounts" in (entities, things) else (
            " (the act of an author, item or tag being the creation of the item)"
        )  # fmt: skip
        found.append(
            f"Of the {things}, i and j share those on which an act of i and an act of j lie at "
            f"most {_length(window)} apart{made}; acts without a time do not count."
        )
    weight = asked["weight"]
    formula, work = WEIGHTS[weight]
    if weight == "pairs" and window:
        formula = PAIRS_WITHIN
    words = formula.format(things=things, entities=entities)
    found.append(f"The weight of a tie is {words}{f' {cited(work)}' if work else ''}.")
    if window and weight in BY_DEGREE:
        found.append("Degrees are those of all acts that have a time.")
    if asked.get("min_shared", 1) > 1:
        found.append(f"Ties of fewer than {asked['min_shared']:,} shared {things} were left out.")
    if top is not None:
        end = "both its ends keep" if asked.get("mutual") else "one of its ends keeps"
        found.append(
            f"Of the ties of each node the {top:,} heaviest are kept (equal weights: the smaller "
            f"id), and a tie stays if {end} it."
        )
    return found


def _excluded(asked: Any, things: str) -> list[str]:
    names = set(asked.get("exclude") or ())
    if not names:
        return []
    if not names >= STOP_TAGS:
        return [f"Excluded by name: {counted(len(names), things)}."]
    own = len(names) - len(STOP_TAGS)
    rest = f" and {counted(own, f'other {things}')}" if own else ""
    return [
        f"Excluded by name: graphkit's {len(STOP_TAGS):,} stop-tags (the fyp, foryou and viral "
        f"family){rest}."
    ]


def _length(window: str) -> str:
    """A length as recorded ("3600 s") in its largest whole unit."""
    seconds = float(window.removesuffix(" s"))
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= size and seconds % size == 0:
            return counted(int(seconds // size), unit)
    return f"{seconds:g} s"


def _coordination(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    between, through, least = asked["between"], asked["through"], asked["min_participation"]
    found = [
        f"Coordinated {between} were found as by CooRTweet {cited('coortweet')}: two are tied if "
        f"they acted on the same {through} at most {_length(asked['window'])} apart, and the weight of a "
        "tie is the number of such pairs of acts.",
        *_kinds(asked),
        *_excluded(asked, through),
    ]
    end = {"any": "either end has", "both": "both ends have"}[asked["ends"]]
    loops = " (acts near others of the same account included)" if asked["loops"] else ""
    found.append(
        f"A tie counts if {end} {least:,} or more acts in such pairs{loops}; who acted less often "
        "than that at all was left out first."
    )
    return found


def _backbone(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    sentence, works = BACKBONES[asked["method"]]
    values = {
        name: f"{value:,}" if isinstance(value, int) else f"{value:g}"
        for name, value in asked.items()
        if isinstance(value, int | float)
    }
    return [sentence.format(*(cited(work) for work in works), **values) + "."]


def _leiden(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    name, work = QUALITIES[asked["quality"]]
    limits = [
        f"{word} {asked[key]:,} nodes"
        for key, word in (("min_size", "at least"), ("max_size", "at most"))
        if asked.get(key) and asked[key] != 1
    ]
    engine = {"native": "graphkit"}.get(asked["engine"], asked["engine"])
    resolution, runs = asked.get("resolution"), asked["runs"]
    gamma = f" at resolution γ = {resolution:.4g}" if isinstance(resolution, int | float) else ""
    layered = asked.get("layer_weights")
    over = f" summed over {len(layered)} layers {cited('multiplex')}" if layered else ""
    best = f"; of {runs:,} runs the one of highest quality is reported" if runs > 1 else ""
    found = [
        f"Communities maximise {name} {cited(work)}{over}{gamma}, by the Leiden algorithm "
        f"{cited('leiden')} as implemented in {engine}{best}."
    ]
    if asked.get("initial"):
        found.append("Every run starts from communities that were given.")
    if asked.get("fixed"):
        found.append(f"{asked['fixed']:,} nodes are held in the community that was given for them.")
    if asked.get("theta"):
        found.append(f"Parts merge at random in refinement, with θ = {asked['theta']:g}.")
    if limits:
        found.append(f"Communities have {listed(limits)}.")
    if layered and len(set(layered.values())) > 1:
        found.append(
            f"The layers count with {listed([f'{v:g} ({k})' for k, v in layered.items()])}."
        )
    return found


def _named(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    return [
        f"Communities are named after over-represented {asked['by']}, by log-odds with an "
        f"informative Dirichlet prior {cited('names')} at a false-discovery rate of "
        f"{asked['fdr']:g} {cited('bh')}."
    ]


#: Verbs that say something of their options.
PHRASES: dict[str, Callable[[Provenance, Cited], list[str]]] = {
    "backbone": _backbone,
    "cointeraction_graph": _projection,
    "coordinated_accounts": _coordination,
    "follow_graph": _follow,
    "interaction_graph": _interaction,
    "label_communities": _named,
    "leiden": _leiden,
    "read_incidence": _log,
    "read_tiktok_api": _records,
    "select_accounts": _chosen,
    "spark_cointeraction": _spark,
    "split_time": _split,
}
