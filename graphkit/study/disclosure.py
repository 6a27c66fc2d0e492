"""Disclosure control: what leaves a study, and what is merged, suppressed or left out before."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.attributes import unique_name
from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.membership import number_by_size
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.schema import KINDS, TABLES
from graphkit.data.tags import fold_tag
from graphkit.data.visibility import Visibility
from graphkit.data.world import World
from graphkit.errors import DataError, FileError, GraphkitError, MissingDataError, OptionError
from graphkit.graphs.describe import describe
from graphkit.measures import Economy, Mixing
from graphkit.measures.income import OF_SMALLEST, SMALLEST
from graphkit.privacy import PseudonymKey, shown_communities
from graphkit.study.config import StudyConfig

__all__ = [
    "MEMBERS",
    "data_summary",
    "disclosed_names",
    "disclosed_outcome",
    "disclosed_visibility",
    "disclosure_facts",
    "disclosure_note",
    "disclosure_text",
    "drop_rare_tags",
    "graph_facts",
    "members_table",
    "merge_small",
    "n_merged",
    "overdue",
    "public_config",
    "public_message",
    "public_record",
    "refresh_text",
    "rounded_mixing",
    "shown_communities",
    "unassign_small",
    "unassign_small_in_world",
    "without_few_creators",
]

#: In place of what may name persons.
LEFT_OUT = "(left out)"

#: What a results folder tells of the members of communities.
MEMBERS = ("none", "pseudonyms", "raw")


#: Why a study cannot be of a partition.
NOBODY = (
    "the {kind} partition has no community of {least} accounts that could be told apart: take more "
    "data, or a smaller report.min_group_size."
)


def unassign_small(partition: Partition, least: int) -> Partition:
    """Partition in which members of suppressed communities are unassigned.

    :func:`shown_communities` has the rule. Members of no community take part in the study: they are
    shown posts and post, but no measure is told of them apart, and a post of theirs has no home.
    A community named "other" would be none: nothing binds its members, so that hosting or exposure
    within it would mean nothing.

    Parameters
    ----------
    partition
        Any partition.
    least
        The smallest community that may be shown.

    Examples
    --------
    >>> sizes = {"a": 12, "b": 11, "c": 9, "d": 3}
    >>> named = {f"{c}{i}": c for c, n in sizes.items() for i in range(n)}
    >>> merged = unassign_small(Partition.from_membership(named), 10)
    >>> merged.labels, merged.n_unassigned, n_merged(merged)
    (('a', 'b'), 12, 2)
    """
    shown = shown_communities(partition.sizes.tolist(), least, partition.n_unassigned)
    count = partition.n_communities - shown
    if not count:
        return partition
    # beside the number of nodes without an edge, that of all unassigned ones would tell the rest
    told = partition.provenance
    removed = {why: n for why, n in told.removed.items() if why != "nodes without an edge"}
    quiet = replace(partition, provenance=replace(told, removed=removed))
    parameters = {"least": least, "communities_merged": count + n_merged(partition)}
    record = Provenance.of("unassign_small", parameters, made_from=(quiet,))
    return replace(partition.largest(shown), provenance=record)


def n_merged(partition: Partition) -> int:
    """Number of communities whose members :func:`unassign_small` made unassigned."""
    return int(partition.provenance.find("communities_merged") or 0)


def unassign_small_in_world(world: World, least: int) -> World:
    """A world whose partitions and homes of posts know no suppressed community.

    A partition of which no community may be told apart is left out.
    """
    merged = {kind: unassign_small(p, least) for kind, p in world.partitions.items()}
    if all(merged[kind] is p for kind, p in world.partitions.items()):
        return world
    merged = {kind: p for kind, p in merged.items() if p.n_communities}
    if not merged:
        raise DataError(NOBODY.format(kind="planted", least=least))
    homes = {
        # the largest communities keep their codes
        kind: np.where(world.homes[kind] < p.n_communities, world.homes[kind], np.int32(-1))
        for kind, p in merged.items()
    }
    return replace(world, partitions=merged, homes=homes)


def disclosed_names(partition: Partition, least: int) -> Partition:
    """A named partition in which no tag that fewer than `least` members use is evidence or a name.

    A name of a few would tell who they are: a community whose name has such a tag is called by the
    best other tag that names it, and else by its number. Shares and statistics that tell how many of
    a few other accounts use a tag, or use none, are left out (:func:`_without_few`).
    """
    evidence = partition.evidence
    if evidence is None or least <= 1:
        return partition
    kept = evidence.filter(pl.col("nodes") >= least)
    labels = _names_of_many(partition, kept)
    return _renamed(partition, labels, kept, least, verb="disclosed_names")


def _renamed(
    partition: Partition,
    labels: Sequence[str | None],
    evidence: pl.DataFrame,
    least: int,
    *,
    verb: str,
) -> Partition:
    """The partition with these labels, and what may be told of this evidence for them."""
    kept = _without_few(evidence, partition, least)
    names = pl.Series("label", labels, dtype=pl.String)
    kept = kept.with_columns(names.gather(kept.get_column("community")))
    record = Provenance.of(verb, {"least": least}, made_from=(partition,))
    return partition.with_labels(labels, kept, record)


#: Figures from which the numbers of other accounts could be worked out.
_OF_OTHERS = ("share_in", "share_out", "lift", "log_odds", "z", "q")


def _without_few(evidence: pl.DataFrame, partition: Partition, least: int) -> pl.DataFrame:
    """Evidence without figures that tell a group of fewer than `least` beside those of the row.

    With `nodes`, `share_in` tells how many members use any tag, and so with the size of the
    community how many use none; `share_out`, the lift, z and q tell how many in all communities
    use this one, and so how many do whose own rows are left out. Where such a number may be from 1 to
    below `least`, the row, or all rows of the tag, keep their tag, uses and members. How many accounts
    use any tag is not known of communities without any evidence: they count as none.
    """
    assert partition.evidence is not None
    taggers = (pl.col("nodes") / pl.col("share_in")).round().max().alias("taggers")
    of = partition.evidence.filter(pl.col("share_in") > 0).group_by("community").agg(taggers)
    rows = evidence.join(of, on="community", how="left", maintain_order="left")
    rows = rows.with_columns(
        pl.Series("members", partition.sizes).gather(evidence.get_column("community"))
    )
    outside = pl.col("share_out") * (of.get_column("taggers").sum() - pl.col("taggers"))
    untold = pl.col("nodes") + outside - pl.col("nodes").sum().over("tag")
    few = untold.is_between(0.5, least - 0.5).any().over("tag")
    few |= (pl.col("members") - pl.col("taggers")).is_between(1, least - 1)
    hidden = rows.select(few.fill_null(False)).to_series()
    told = [name for name in _OF_OTHERS if name in evidence.columns]
    # of why it is no name, what says nothing of them
    kept = pl.col("reason").str.replace_all(r"(q|share inside|lift) [^;]*(; )?", "")
    kept = kept.str.strip_suffix("; ")
    reason = pl.when(kept == "").then(pl.lit("not told: few other accounts")).otherwise(kept)
    return evidence.with_columns(
        *(pl.when(~hidden).then(pl.col(name)).alias(name) for name in told),
        pl.when(~hidden).then(pl.col("reason")).otherwise(reason).alias("reason"),
    )


def _names_of_many(partition: Partition, evidence: pl.DataFrame) -> list[str | None]:
    """Labels whose tags are all in the `evidence`; others are replaced, or taken away."""
    labels = list(partition.labels)
    if partition.node_kind == "tags":  # named after a member, which is no person
        return labels
    known: dict[int, set[str]] = {}
    fit: dict[int, list[str]] = {}
    rows = evidence.sort("community", "rank").select("community", "tag", "reason")
    for code, tag, reason in rows.iter_rows():
        known.setdefault(code, set()).add(tag)
        if reason is None:
            fit.setdefault(code, []).append(f"#{tag}")
    rare = []
    for code, label in enumerate(labels):
        if label is not None and label.startswith("#"):
            tags = {fold_tag(tag) for tag in label.split(" #")}
            if not tags <= known.get(code, set()):
                rare.append(code)
    taken = {label.casefold() for c, label in enumerate(labels) if label and c not in rare}
    for code in rare:
        free = [name for name in fit.get(code, []) if name not in taken]
        labels[code] = free[0] if free else None
        taken |= set(free[:1])
    return labels


def disclosed_visibility(seen: Visibility, least: int) -> Visibility:
    """Visibility without the numbers of communities of which few members are in the follow graph.

    Where few are not in it, how many are is left out, and the F1 with communities of the follow
    graph, whose sizes are known, is rounded to two places, for the number could be worked out.
    """
    few = ((pl.col("shared") > 0) & (pl.col("shared") < least)).fill_null(False)
    missing = pl.col("size") - pl.col("shared")
    beside = (missing > 0) & (missing < least)
    keep = ("community", "label", "size", "verdict")
    columns = {name: pl.col(name) for name in seen.frame.columns if name not in keep}
    for name in {"shared", "coverage"} & columns.keys():
        columns[name] = pl.when(~beside).then(pl.col(name))
    for name in {"follow_f1"} & columns.keys():
        columns[name] = pl.when(beside).then(pl.col(name).round(2)).otherwise(pl.col(name))
    shown = [pl.when(~few).then(column).alias(name) for name, column in columns.items()]
    return replace(seen, frame=seen.frame.with_columns(shown))


def rounded_mixing(found: Mixing, least: int) -> Mixing:
    """A mixing matrix that counts edges, in multiples of `least`, for a few may be those of one account.

    Matrices of weights that are no counts, such as those of shared interest by tf-idf, stay.
    """
    counts = found.observed
    if least <= 1 or not np.array_equal(counts, np.round(counts)):
        return found
    # none stays none, and what is not none does not become it: the ratio would be nonsense
    rounded = np.maximum(np.round(counts / least), counts > 0) * float(least)
    return replace(found, observed=rounded)


def graph_facts(graph: Graph, partition: Partition | None, least: int) -> pl.DataFrame:
    """Statistics of a graph, without those of one node, or that tell the size of a small group.

    Largest degrees are those of one account, and left out. The numbers of nodes without an edge and of the largest component are left out if they, or
    what is left beside them, tell fewer than `least` nodes apart, or if the `partition` has merged
    communities, whose size would be the rest.
    """
    facts = describe(graph).frame
    if least > 1:
        facts = facts.filter(~pl.col("fact").str.contains("^largest .*degree$"))
    sizes = np.bincount(graph.components()) if graph.n_nodes else np.zeros(0, dtype=np.int64)
    alone = int((sizes == 1).sum())
    beside = int(sizes.sum()) - alone - int(sizes.max(initial=0))
    small = any(0 < group < least for group in (alone, beside))
    if not small and not (partition is not None and n_merged(partition)):
        return facts
    telling = ["nodes without an edge", "weak components", "largest component"]
    return facts.filter(~pl.col("fact").is_in([*telling, "share in largest component"]))


def data_summary(dataset: Dataset) -> pl.DataFrame:
    """The columns of the data; extremes of times by the day only, of others, each one row's, not."""
    kind = pl.col("time_kind").is_not_null()
    extremes = (pl.when(kind).then(pl.col(c).str.head(10)).alias(c) for c in ("low", "high"))
    return dataset.summary().with_columns(extremes)


def disclosure_facts(
    partitions: Mapping[str, Sequence[Partition]], least: int, members: str
) -> dict[str, Any]:
    """What was merged, for the manifest; `partitions` are those of the worlds by kind."""
    merged = [
        {"partition": kind, "world": world, "communities": n_merged(partition)}
        for kind, found in partitions.items()
        for world, partition in enumerate(found)
        if n_merged(partition)
    ]
    return {"min_group_size": least, "members": members, "merged": merged}


#: What a results folder tells of members.
_MEMBERS_TEXT = {
    "none": "No table of members was written, and no file holds an id of an account or a post: to get "
    "one, ask for members = 'pseudonyms' or 'raw'.",
    "pseudonyms": "The table of members has pseudonyms, keyed hashes of a random key that was not kept: "
    "they cannot be linked with the data or with another run. No other file holds an id of an account "
    "or a post. Pseudonyms are no anonymity: what is told beside them may identify a person.",
    "raw": "The table of members holds ids as they are in the data, as was asked for by members = "
    "'raw': they lead to persons. Keep the folder as you keep the data.",
}


def disclosure_text(told: Mapping[str, Any]) -> list[str]:
    """What was merged and left out, and why, of the facts of :func:`disclosure_facts`."""
    least, merged = told["min_group_size"], told["merged"]
    if least <= 1:
        return [
            "Small communities are told apart (min_group_size = 1): nothing was suppressed.",
            _MEMBERS_TEXT[told["members"]],
        ]
    kinds: dict[str, list[int]] = {}
    for row in merged:
        kinds.setdefault(row["partition"], []).append(row["communities"])
    parts = [
        f"{sum(counts)} of the {kind} partition"
        + (f", over {len(counts)} worlds" if len(counts) > 1 else "")
        for kind, counts in kinds.items()
    ]
    what = f"Merged were: {'; '.join(parts)}." if parts else "No community was that small."
    return [
        f"No community of fewer than {least} accounts is told apart (small-cell suppression, "
        f"min_group_size = {least}). Before names, visibility, measures, tables and figures were made, "
        "members of smaller communities were made members of none, and those of the next larger ones "
        "if the rest would have been one community or too few accounts (complementary suppression). "
        "They still see posts and post; measures under a partition leave them and their posts out. "
        f"{what}",
        f"A tag that fewer than {least} members of a community use is neither counted nor a name, and shares "
        "and statistics that tell a smaller number of others who use it, or of members who use no tag, "
        "are left out. The "
        "number of accounts without a community is not told as a measure, for under several partitions "
        "it would differ by a small one; what is left of all accounts beside those that are told is no "
        "group. The share of a community's creators who are hosted is left out where they are fewer. Where they would tell a small group by subtraction, the numbers of nodes without an "
        f"edge and of the largest component are left out; where fewer than {least} members are in the "
        f"follow graph, so are the figures on it, and where fewer than {least} are not, how many are. "
        "Of numbers in the data and of degrees no extremes are told, of times the day.",
        _MEMBERS_TEXT[told["members"]],
        "Suppression is by the size of groups of accounts. It is no proof against someone who holds "
        "other data on the same persons.",
    ]


def disclosure_note(told: Mapping[str, Any]) -> str:
    """The file ``disclosure.md``."""
    return (
        "\n\n".join(["# What this folder tells, and what it does not", *disclosure_text(told)])
        + "\n"
    )


def public_config(config: StudyConfig) -> StudyConfig:
    """A study without what may name persons, unless it asks for ``members = "raw"``.

    That are the accounts whose data the files hold, and objects that are left out by their ids.
    """
    data, wanted = config.data, config.communities
    if config.report.members == "raw":
        return config
    if data.account is not None:
        data = data.model_copy(update={"account": LEFT_OUT})
    if wanted.through != "tags" and wanted.exclude:
        wanted = replace(wanted, exclude=(LEFT_OUT,))
    return config.model_copy(update={"data": data, "communities": wanted})


def public_record(record: dict[str, Any]) -> dict[str, Any]:
    """A record of provenance without the parameters that may name accounts or posts."""
    known = record["parameters"]
    hidden = [name for name in ("account", "stitches") if known.get(name) is not None]
    if known.get("through") != "tags" and known.get("exclude"):
        hidden.append("exclude")
    return record | {
        "parameters": known | dict.fromkeys(hidden, LEFT_OUT),
        "parents": [public_record(parent) for parent in record["parents"]],
    }


def overdue(dataset: Dataset) -> bool:
    """Whether the day by which the data must be refreshed is past."""
    return dataset.refresh_due is not None and dataset.refresh_due < date.today()


def refresh_text(dataset: Dataset) -> str:
    """By when the data must be refreshed by their terms, and whether that day has passed."""
    due = dataset.refresh_due
    assert due is not None
    if not overdue(dataset):
        return f"By their terms the data must be refreshed by {due.isoformat()}."
    return (
        f"By their terms the data had to be refreshed by {due.isoformat()}, which is past: check which "
        "posts and accounts still exist, and remove the others with Dataset.keep_valid and "
        "Dataset.purge."
    )


def members_table(partition: Partition, members: str) -> pl.DataFrame | None:
    """One row per node as :meth:`Partition.frame`, or `None`.

    Pseudonyms are of a random key that is not kept, so that nobody can link them, neither with the
    data nor with another run; rows are in their order, for that of the ids would tell them.
    """
    if members == "none":
        return None
    frame = partition.frame()
    if members == "raw":
        return frame
    key = PseudonymKey(secrets.token_bytes(32))
    hashed = [key.pseudonym(str(one), "account") for one in frame.get_column("id").to_list()]
    return frame.with_columns(pl.Series("id", hashed, pl.String)).sort("id")


def merge_small(
    partition: Partition, least: int, seen: Visibility | None = None
) -> tuple[Partition, Visibility | None]:
    """Partition whose small communities are one, called ``other``, and the visibility of the rest.

    For graphs that are exported, where every node has a community. What a study computes is of a
    partition without them: see :func:`unassign_small`.

    Merged are the communities that :func:`shown_communities` suppresses. The others keep the names
    that they go by, also where that is a number.

    Examples
    --------
    >>> p = Partition.from_membership({k: "abbcccddddeeeee"[k] for k in range(15)})
    >>> merged, _ = merge_small(p, 3)
    >>> merged.labels, merged.sizes.tolist()
    (('e', 'd', 'other', 'c'), [5, 4, 3, 3])
    """
    shown = shown_communities(partition.sizes.tolist(), least)
    old = partition.membership
    membership, order = number_by_size(np.where(old >= shown, shown, old))
    names = [partition.name(c) for c in range(shown)]
    other = unique_name("other", names)
    labels = tuple(other if code == shown else names[code] for code in order)
    new = {code: k for k, code in enumerate(order) if code < shown}
    merged = replace(
        partition,
        membership=membership,
        labels=labels,
        labels_key="",
        quality=float("nan"),
        evidence=None,
        provenance=Provenance.of("merge_small", {"least": least}, made_from=(partition,)),
    )
    if partition.evidence is not None:
        key = pl.lit(merged.membership_key).alias("membership_key")
        rows = _recode(partition.evidence, new, labels).with_columns(key)
        merged = replace(merged, evidence=rows)
    if seen is not None:
        seen = replace(seen, frame=_recode(seen.frame, new, labels))
    return merged, seen


def drop_rare_tags(partition: Partition, least: int) -> Partition:
    """Partition of :func:`merge_small` without tags that fewer than `least` members use.

    As :func:`disclosed_names`; a number is that of the merged partition.
    """
    evidence = partition.evidence
    if evidence is None:
        return partition
    kept = evidence.filter(pl.col("nodes") >= least)
    found = _names_of_many(partition, kept)
    labels = [f"community {c}" if name is None else name for c, name in enumerate(found)]
    return _renamed(partition, labels, kept, least, verb="drop_rare_tags")


def _recode(frame: pl.DataFrame, new: dict[int, int], labels: Sequence[str]) -> pl.DataFrame:
    """Rows of the communities that are kept, by their new codes and names."""
    code = pl.col("community")
    rows = frame.filter(code.is_in(list(new))).with_columns(
        code.replace_strict(new, return_dtype=pl.Int32)
    )
    names = pl.Series("label", labels, dtype=pl.String)
    rows = rows.with_columns(names.gather(rows.get_column("community")))
    return rows.sort("community", maintain_order=True)


#: Texts in quotes, the last of which a message may have cut off, and a word before it.
_QUOTED = re.compile(
    r"""(?:(\w+)([ :=]+))?(?<![\w.])(?:b)?(['"])((?:\\.|(?!\3).)*?)(?:\3|…(?!\3))(?!\w)"""
)
#: Lists of the columns or keys that a file has, and spellings that may be meant.
_LISTS = re.compile(
    r"(?:there are|the table has|its keys are|Did you mean)"
    r"""(?: ?(?:'[^']*'|"[^"]*")(?:,| and| or)?)+"""
)
#: Names of columns that are none: a file without a header has its first row as names.
_NO_NAME = re.compile(r"""['"](?:[@#]|https?:|[-\d.:, TZ+]*\d[-\d.:, TZ+]*['"])""")
#: Digits that are no count, which has commas, and no year: an id, or a time.
_LONG_NUMBER = re.compile(r"(?<![\w.,'\"])\d{7,}(?![\w'\"]|[.,]\d)")
#: Parameters that hold ids or names of persons, or of files that are called so.
_OF_PERSONS = re.compile(r"\b(?:account|exclude|fixed|stitches|source and target)\b")
#: Options that hold one of graphkit's own words, which is no id.
_CHOICES = {"format", "direction"}
#: Words before the name of a column, table or the like.
_NAMING = {"column", "columns", "table", "tables", "key", "keys", "kind", "file", "mean", "sheet"}
_NAMING |= {"attribute", "stage", "arm", "as", "to", "partition", "verb", "named"}
#: Texts in quotes that no data can be known by.
_KNOWN = {*TABLES, *KINDS, *(c.name for table in TABLES.values() for c in table.columns)}
_KNOWN |= {"add", "drop", "raise", "first", "last", "text", "name", "followers", "following"}


def public_message(error: BaseException, *, lists: bool = True) -> str:
    """The message of an error, in which values of the data are dots.

    Messages on data and files show a shortened cell, in quotes, and messages on options what was
    given for accounts and ids; names of columns, tables and keys stay, unless one that a file has is
    a value, which is what the first row of a file without a header is taken for. Of errors that are
    not graphkit's own only the type is told, for it is not known what they hold.

    Parameters
    ----------
    error
        The error.
    lists
        Whether the names of columns that a file has stay.

    Examples
    --------
    >>> public_message(DataError("table 'follows', row 1: followee_id='ann' is not in 'accounts'."))
    "table 'follows', row 1: followee_id='…' is not in 'accounts'."
    >>> public_message(KeyError("ann"))
    'KeyError'
    """
    if not isinstance(error, GraphkitError):
        return type(error).__name__
    text = str(error)
    if not isinstance(error, DataError | FileError | MissingDataError) and not (
        isinstance(error, OptionError) and _OF_PERSONS.search(text)
    ):
        return text
    spans = [
        found.span()
        for found in _LISTS.finditer(text)
        if lists and not _NO_NAME.search(found.group())
    ]

    chosen = isinstance(error, OptionError)

    def mask(found: re.Match[str]) -> str:
        word, gap, quote, value = found.groups()
        named = word in _NAMING and (gap or "").strip() == ""
        named |= chosen and word in _CHOICES and gap == "="
        listed = any(low <= found.end(3) <= high for low, high in spans)
        if named or listed or value in _KNOWN:
            return found.group()
        before = f"{word}{gap}" if word else ""
        return f"{before}{quote}…{quote}"

    return _LONG_NUMBER.sub("…", _QUOTED.sub(mask, text))


def disclosed_outcome(
    outcome: pl.DataFrame, worlds: Sequence[World], ticks: int, least: int
) -> pl.DataFrame:
    """Measures of runs without those that tell a group of fewer than `least` accounts.

    Accounts without a community are more or fewer by the members of small ones under two partitions. A
    share of a community's creators, such as 5/7, tells their number: it is left out where fewer than
    `least` members have a post in the `ticks` of the run, in any world.
    """
    if least <= 1:
        return outcome
    few = set()
    for world in worlds:
        of_run = np.repeat(world.ticks < ticks, np.diff(world.poster_indptr))
        creators = np.unique(world.posters[of_run])
        for kind, partition in world.partitions.items():
            codes = partition.membership[creators]
            counts = np.bincount(codes[codes >= 0], minlength=partition.n_communities)
            few |= {(kind, partition.name(int(c))) for c in np.flatnonzero(counts < least)}
    rows = pl.DataFrame(
        sorted(few), schema={"partition": pl.String, "community": pl.String}, orient="row"
    ).with_columns(measure=pl.lit("hosting_creators"))
    told = outcome.filter(pl.col("measure") != "unassigned_accounts")
    return told.join(rows, on=rows.columns, how="anti", maintain_order="left")


def without_few_creators(found: Economy, least: int) -> Economy:
    """An economy without the measures of small creators, if these are fewer than `least`.

    They are the fifth of the creators of a world with fewest followers; the world with fewest
    counts.
    """
    fewest = min(codes.size for one in found.incomes for codes in one.creators)
    if SMALLEST * fewest >= least:
        return found
    kept = ~pl.col("measure").is_in(OF_SMALLEST)
    return replace(found, frame=found.frame.filter(kept), contrasts=found.contrasts.filter(kept))
