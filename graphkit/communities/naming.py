"""Community labels from over-represented tags, and the community that matches given tags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, combinations
from typing import Any

import numpy as np
import polars as pl

from graphkit.communities.prepare import Codes, Floats, community_columns, require_partition
from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.incidence import account_tags, incidence
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.tags import STOP_TAGS, fold_tag, fold_tags, stopped, written_tag
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_number,
    nearest,
)

__all__ = ["CommunityMatch", "find_community", "label_communities"]


def require_dataset(dataset: Dataset, *, caller: str) -> None:
    """Raise a DataError unless `dataset` is a Dataset."""
    if not isinstance(dataset, Dataset):
        raise DataError(f"{caller} needs a graphkit Dataset, not a {type(dataset).__name__}.")


def tag_use(
    partition: Partition, dataset: Dataset, *, caller: str
) -> tuple[pl.DataFrame, pl.Series]:
    """Uses of tags by the nodes of a partition (node, tag, uses), and all folded tags.

    An account or author (or a node of unknown kind) uses a tag as defined in
    :func:`graphkit.data.incidence.account_tags`; an item uses the tags that it has, a sound
    those of the items that use it, a tag itself.
    """
    kind = partition.node_kind
    if kind == "tags":
        ids = partition.vocabulary.series.cast(pl.String)
        rows = pl.DataFrame({"id": ids, "tag": fold_tags(ids)}).filter(pl.col("tag") != "")
        known = rows.get_column("tag")
    elif kind in ("items", "sounds"):
        pairs = incidence(dataset, between=kind, through="tags", verb=caller)
        ids, tags = pairs.between.series, pairs.through.series
        rows = pl.DataFrame({"id": ids.gather(pairs.rows), "tag": tags.gather(pairs.columns)})
        known = pairs.through.series
    else:
        rows = account_tags(dataset, verb=caller)
        known = rows.get_column("tag")
    nodes = partition.vocabulary.lookup(rows.get_column("id"))
    uses = (
        rows.select(pl.Series("node", nodes), "tag")
        .filter(pl.col("node") >= 0)
        .group_by("node", "tag")
        .agg(pl.len().cast(pl.Int64).alias("uses"))
        .sort("node", "tag")
    )
    return uses, known.unique().sort()


def frequent_spellings(dataset: Dataset, tags: Iterable[str]) -> dict[str, str]:
    """The most frequent original spelling of each folded tag, without ``#``.

    Ties go to the spelling that sorts first; a tag the data lack stays as it is.
    """
    wanted = sorted(set(tags))
    sources = []
    if dataset.items is not None and "tags" in dataset.items.columns:
        sources.append(dataset.items.get_column("tags").drop_nulls().explode())
    if dataset.interactions is not None and "tag" in dataset.interactions.columns:
        sources.append(dataset.interactions.get_column("tag"))
    written = pl.concat([pl.Series([], dtype=pl.String), *sources]).drop_nulls().alias("written")
    counts = written.value_counts(name="count")
    counts = counts.with_columns(
        fold_tags(counts.get_column("written")).alias("tag"), written_tag(pl.col("written"))
    )
    best = (
        counts.filter(pl.col("tag").is_in(wanted))
        .group_by("tag", "written")
        .agg(pl.col("count").sum())
        .sort("tag", "count", "written", descending=[False, True, False])
        .unique("tag", keep="first", maintain_order=True)
    )
    found = dict(best.select("tag", "written").iter_rows())
    return {tag: found.get(tag) or fold_tag(tag) for tag in wanted}


#: Least number of members that use the tag of a label.
MIN_MEMBERS = 3

#: Weight of the Dirichlet prior, in uses, as in Monroe et al. (2008). Between 100 and 3,000 it
#: hardly changes the first tag.
PRIOR = 500.0


def drop_stop_tags(uses: pl.DataFrame, stop: frozenset[str]) -> pl.DataFrame:
    """Rows whose tag is not a stop tag, nor a spelling of one."""
    named = stopped(uses.get_column("tag").unique().to_list(), stop)
    return uses.filter(~pl.col("tag").is_in(list(named)))


def over_represented(
    partition: Partition, dataset: Dataset, stop: frozenset[str], fdr: float, min_share: float
) -> pl.DataFrame:
    """Over-represented tags of each community by descending z, with the evidence columns."""
    uses, _ = tag_use(partition, dataset, caller="label_communities")
    codes = pl.Series("community", partition.membership)
    uses = uses.with_columns(codes.gather(uses.get_column("node")))
    uses = uses.filter(pl.col("community") >= 0)
    if not uses.height:
        raise MissingDataError(
            "label_communities: no assigned node of the partition uses a tag of the dataset; the "
            f"partition's ids ({partition.node_kind}) are such as "
            f"{', '.join(repr(i) for i in partition.vocabulary.ids[:3].tolist()) or 'none'}."
        )
    # nodes that use only stop tags are observed, and use none of the others
    taggers = uses.group_by("community").agg(
        pl.col("node").n_unique().cast(pl.Int64).alias("taggers")
    )
    everybody = int(taggers.get_column("taggers").sum())
    counted = (
        uses.group_by("community", "tag")
        .agg(pl.len().cast(pl.Int64).alias("nodes"), pl.col("uses").sum().alias("count"))
        .join(taggers, on="community")
        .with_columns(
            pl.col("nodes").sum().over("tag").alias("users"),
            pl.col("nodes").sum().over("community").alias("n_c"),
        )
    )
    # stop tags are never labels, but count among all uses
    n = int(counted.get_column("nodes").sum())
    cells = drop_stop_tags(counted, stop)
    # tags and communities that are too small to pass are not tested
    eligible = cells.filter(pl.col("users") >= MIN_MEMBERS)
    large = taggers.filter(pl.col("taggers") >= MIN_MEMBERS).height
    tests = large * eligible.get_column("tag").n_unique()
    candidates = eligible.filter(
        (pl.col("nodes") >= MIN_MEMBERS)
        & (pl.col("nodes") * everybody > pl.col("users") * pl.col("taggers"))
    )
    scored = _score_tags(candidates, n, everybody)
    scored = scored.with_columns(_benjamini_hochberg(scored.get_column("p").to_numpy(), tests))
    named = scored.filter(
        (pl.col("q") <= fdr) & (pl.col("log_odds") > 0) & (pl.col("share_in") >= min_share)
    )
    return rank_tags(named, ["z", "nodes"])


def rank_tags(frame: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Rows by community and descending keys (ties: by tag), with their rank."""
    order = ["community", *keys, "tag"]
    sorted_frame = frame.sort(order, descending=[False, *[True] * len(keys), False])
    rank = (pl.int_range(pl.len()).over("community") + 1).alias("rank")
    return sorted_frame.with_columns(rank)


def _score_tags(cells: pl.DataFrame, n: int, everybody: int) -> pl.DataFrame:
    """Add the columns share_in, share_out, log_odds, z and p to the counts."""
    from graphkit.kernels.tails import probability

    y, users, n_c, taggers = (
        cells.get_column(c).to_numpy().astype(np.float64)
        for c in ("nodes", "users", "n_c", "taggers")
    )
    prior = PRIOR * users / n
    inside, outside = y + prior, users - y + prior
    log_odds = np.log(inside / (n_c + PRIOR - inside)) - np.log(
        outside / (n - n_c + PRIOR - outside)
    )
    others = everybody - taggers
    share_out = np.divide(users - y, others, out=np.full(y.size, np.nan), where=others > 0)
    log_p = _distinct_tails(y, users, taggers, everybody)
    return cells.with_columns(
        pl.Series("share_in", y / taggers),
        pl.Series("share_out", share_out).fill_nan(None),
        pl.Series("log_odds", log_odds),
        pl.Series("z", log_odds / np.sqrt(1 / inside + 1 / outside)),
        pl.Series("p", probability(log_p)),
    )


def _distinct_tails(y: Floats, users: Floats, taggers: Floats, everybody: int) -> Floats:
    """Hypergeometric tails, each distinct triple once."""
    from graphkit.kernels.tails import log_hypergeometric_tail

    if not y.size:
        return np.zeros(0)
    triples, positions = np.unique(np.stack([y, users, taggers]), axis=1, return_inverse=True)
    tails = log_hypergeometric_tail(triples[0], everybody, triples[1], triples[2])
    found: Floats = tails[positions.ravel()]
    return found


def _benjamini_hochberg(p: Floats, tests: int) -> pl.Series:
    """False-discovery rates of the smallest p-values of `tests`; the others are 1."""
    order = np.argsort(p, kind="stable")
    raw = p[order] * tests / np.arange(1, p.size + 1)
    q = np.empty(p.size)
    q[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return pl.Series("q", q)


#: Rows of evidence kept per community.
KEPT = 10

_EVIDENCE: dict[str, Any] = {"community": pl.Int32, "label": pl.String, "rank": pl.Int64}
_EVIDENCE |= {"tag": pl.String, "count": pl.Int64, "nodes": pl.Int64}
_EVIDENCE |= dict.fromkeys(("share_in", "share_out", "log_odds", "z", "q"), pl.Float64)
_EVIDENCE |= {"membership_key": pl.String}


def label_communities(
    partition: Partition,
    dataset: Dataset,
    *,
    by: str = "tags",
    stop: Iterable[str] = STOP_TAGS,
    fdr: float = 0.05,
    min_share: float = 0.05,
) -> Partition:
    r"""Label each community with its most over-represented tag (log-odds ratio).

    The unit is the member, not the post: a member uses a tag or does not, however often, so
    that no prolific account determines a label. With :math:`y_c^t` the members of community c
    that use tag t, :math:`n_c = \sum_t y_c^t` over all tags, and a Dirichlet prior of
    :math:`\alpha_t = \alpha_0 f_t`, f the tag's share of all such uses and
    :math:`\alpha_0 = 500` as in the paper, the log-odds ratio of [1]_ against the rest r and
    its z-score are

    .. math::

       \delta = \log\frac{y_c^t + \alpha_t}{n_c + \alpha_0 - y_c^t - \alpha_t}
              - \log\frac{y_r^t + \alpha_t}{n_r + \alpha_0 - y_r^t - \alpha_t}, \qquad
       z = \delta \Big/ \sqrt{\frac{1}{y_c^t + \alpha_t} + \frac{1}{y_r^t + \alpha_t}}

    A tag is over-represented if δ > 0 and its false-discovery rate q is at most `fdr`: q is
    Benjamini and Hochberg's [2]_ over all pairs of community and tag in one pass, on the exact
    hypergeometric probability that so many of the members that use tags at all use this one.
    (The normal tail of z is far too small for few users, and would accept noise.)

    A label must also be common: used by :math:`\max(3, \texttt{min\_share})` of the members
    that use any tag. Among these tags the largest z gives the label, in its most frequent
    spelling; a tag of two communities goes to the one of larger z, and the other takes its
    next. Without an over-represented tag the label is `None`.

    Parameters
    ----------
    partition
        Of accounts, authors, items or sounds; communities of tags are labelled with the member
        that is on most items, without a test.
    dataset
        The uses of tags: an account uses a tag by posting with it or by giving it to an item.
    by
        ``"tags"``.
    stop
        Tags that are never labels, compared after folding; their other spellings
        (``fypppp``, ``fypシ``, ``for_you``, ``fyp2024``, ``furdich`` for ``fürdich``) are left
        out as well. `graphkit.data.tags.STOP_FAMILIES` holds the default by family.
    fdr
        Bound on the expected share of false ones among the over-represented tags, in (0, 1).
    min_share
        Least share of a community's tag-using members that use its label, in [0, 1].

    Returns
    -------
    Partition
        The same communities with `labels` such as ``"#booktok"`` and `evidence`: the (up to
        ten) best tags of each community: community, label, rank, tag (folded), count (uses
        by members), nodes (members that use it), share_in (of the tag-using members),
        share_out (of the tag-using nodes in other communities), log_odds, z, q, and
        membership_key, by which names and evidence are refused on any other partition.

    Raises
    ------
    MissingDataError
        If the dataset has no tags, or no assigned node uses any.
    OptionError
        If `by` is unknown, `fdr` or `min_share` is out of range, or `stop` is one text.

    References
    ----------
    .. [1] Monroe, B. L., Colaresi, M. P. & Quinn, K. M. (2008). Fightin' words. Political
       Analysis, 16(4), 372–403. doi:10.1093/pan/mpn018
    .. [2] Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. Journal
       of the Royal Statistical Society B, 57(1), 289–300.
       doi:10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> authors = [f"{side}{i}" for side in "bj" for i in range(9)]
    >>> tags = [["BookTok", "fyp"]] * 9 + [["jazz", "fyp"]] * 9
    >>> ds = Dataset(items={"item_id": authors, "author_id": authors, "tags": tags})
    >>> p = Partition.from_membership(authors, [0] * 9 + [1] * 9, node_kind="authors")
    >>> label_communities(p, ds).labels
    ('#BookTok', '#jazz')
    """
    check_choice("by", by, ("tags",))
    require_partition(partition, caller="label_communities")
    require_dataset(dataset, caller="label_communities")
    unwanted = _stop_tags(stop)
    check_number("fdr", fdr, 0, 1, low_open=True, high_open=True)
    check_number("min_share", min_share, 0, 1)
    if partition.node_kind == "tags":
        found = _most_frequent(partition, dataset, unwanted)
    else:
        found = over_represented(partition, dataset, unwanted, fdr, min_share)
    spelled = frequent_spellings(dataset, found.get_column("tag").unique().to_list())
    labels = _assign_names(found, spelled, partition.n_communities)
    kept = found.filter(pl.col("rank") <= KEPT)
    names = pl.Series("label", [labels[c] for c in kept.get_column("community")], dtype=pl.String)
    key = pl.lit(partition.membership_key).alias("membership_key")
    evidence = kept.with_columns(names, key).select(
        pl.col(name).cast(dtype) for name, dtype in _EVIDENCE.items()
    )
    recorded = sorted(unwanted) if unwanted != STOP_TAGS else "STOP_TAGS"
    parameters = {"by": by, "stop": recorded, "fdr": fdr, "min_share": min_share}
    record = Provenance.of("label_communities", parameters, made_from=(partition, dataset))
    return partition.with_labels(labels, evidence, record)


def _stop_tags(stop: Iterable[str]) -> frozenset[str]:
    if isinstance(stop, str):
        raise OptionError(f"stop={stop!r} is one text: pass a set or list of tags.")
    return frozenset(fold_tag(tag) for tag in stop)


def _most_frequent(partition: Partition, dataset: Dataset, stop: frozenset[str]) -> pl.DataFrame:
    """The tags of each community of tags, by the number of their items."""
    pairs = incidence(dataset, between="items", through="tags", verb="label_communities")
    bearing = pl.DataFrame({"item": pairs.rows, "code": pairs.columns}).unique()
    counts = bearing.group_by("code").agg(pl.len().cast(pl.Int64).alias("nodes"))
    tags = pairs.through.series
    uses, _ = tag_use(partition, dataset, caller="label_communities")
    codes = pl.Series("community", partition.membership)
    rows = uses.with_columns(codes.gather(uses.get_column("node"))).join(
        counts.with_columns(tags.gather(counts.get_column("code")).alias("tag")), on="tag"
    )
    rows = drop_stop_tags(rows.filter(pl.col("community") >= 0), stop)
    if not rows.height:
        raise MissingDataError(
            "label_communities: no item bears a tag of the partition that is not a stop-tag."
        )
    untested = ("share_in", "share_out", "log_odds", "z", "q")
    absent = [pl.lit(None, pl.Float64).alias(c) for c in untested]
    rows = rows.with_columns(pl.col("nodes").alias("count"), *absent)
    return rank_tags(rows, ["nodes"])


def _assign_names(
    found: pl.DataFrame, spelled: dict[str, str], n_communities: int
) -> list[str | None]:
    """One unique label per community that has candidates, by descending z."""
    strength = "z" if found.get_column("z").null_count() < found.height else "nodes"
    claims = found.sort([strength, "community", "rank"], descending=[True, False, False]).select(
        "community", "tag"
    )
    labels: list[str | None] = [None] * n_communities
    taken: set[str] = set()
    candidates: dict[int, list[str]] = {}
    for community, tag in claims.iter_rows():
        name = f"#{spelled[tag]}"
        candidates.setdefault(community, []).append(name)
        if labels[community] is None and name not in taken:
            labels[community] = name
            taken.add(name)
    for community in sorted(c for c in candidates if labels[c] is None):
        # all its tags are labels of others: two of them together, or the first with a number
        own = candidates[community]
        pairs = (f"{a} {b}" for a, b in combinations(own, 2))
        numbered = (f"{own[0]} ({k})" for k in range(2, n_communities + 2))
        name = next(name for name in chain(pairs, numbered) if name not in taken)
        labels[community] = name
        taken.add(name)
    return labels


@dataclass(frozen=True, repr=False, eq=False)
class CommunityMatch(Frozen, title="Community by tags"):
    """The community that best matches the users of some tags, if any, and its candidates.

    Attributes
    ----------
    tags
        The folded tags that were asked for.
    found
        Whether some community matches; also the truth value of the object.
    community, label
        The community of best F1, `None` if none was found.
    precision, recall, f1
        Of that community against the nodes that use the tags, in [0, 1].
    lift
        Share of users in the community over their share overall.
    p_value
        Hypergeometric, one-sided, multiplied by the number of communities (Bonferroni).
    n_users
        Nodes of the partition that use at least one of the tags.
    candidates
        The same figures for every community that holds a user, best first.
    hint
        Caveats, such as a tag that nobody uses; else empty.
    """

    tags: tuple[str, ...]
    found: bool
    community: int | None
    label: str | None
    precision: float
    recall: float
    f1: float
    lift: float
    p_value: float
    n_users: int
    candidates: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("find_community"))
    hint: str = ""

    def __bool__(self) -> bool:
        return self.found

    def _facts(self) -> dict[str, object]:
        asked = " ".join(f"#{t}" for t in self.tags)
        hint = {"hint": self.hint} if self.hint else {}
        if not self.found:
            none = {"asked for": asked, "found": "none", "nodes that use the tags": self.n_users}
            return none | hint
        return hint | {
            "asked for": asked,
            "found": f"{self.label} (community {self.community})",
            "precision": self.precision,
            "recall": self.recall,
            "F1": self.f1,
            "lift": self.lift,
            "p (Bonferroni)": self.p_value,
            "nodes that use the tags": self.n_users,
        }

    def _table(self) -> pl.DataFrame:
        return self.candidates.head(5)


#: A match needs at least this lift, and a Bonferroni-corrected p below this.
MIN_LIFT, MAX_P = 2.0, 0.01

#: Precision and recall below which the match is partial.
IN_PART = 0.5


def find_community(
    partition: Partition, dataset: Dataset, *, tags: Iterable[str]
) -> CommunityMatch:
    r"""The community that best matches the nodes that use any of some tags, or none.

    With U the nodes of the partition that use at least one of the tags, and c a community:

    * precision = :math:`|c \cap U| / |c|`, recall = :math:`|c \cap U| / |U|`, F1 their
      harmonic mean, :math:`2|c \cap U| / (|c| + |U|)`. Unassigned users count in U, hence
      against recall;
    * lift = precision over the share of users among all assigned nodes;
    * p = the hypergeometric probability that so many users or more fall into |c| assigned
      nodes drawn at random, times the number of communities (Bonferroni).

    The community of highest F1 is the match if its lift is at least 2 and p below 0.01;
    otherwise there is none.

    Lift and p test whether the users concentrate in the community, not whether it consists of
    them: five users among fifty members can be far beyond chance. Precision (the share of
    members that use the tags) and recall (the share of users found) are not conditions, but if
    one of them is below a half the `hint` says so, and should be reported with the match.

    Parameters
    ----------
    partition
        Communities of accounts, authors, items, sounds or tags.
    dataset
        The uses of tags, as in :func:`graphkit.label_communities`.
    tags
        One or more tags, compared after folding; a single text is one tag.

    Returns
    -------
    CommunityMatch
        False if none is found; figures are then 0, and p is 1. `candidates` has the columns
        community, label, size, users, precision, recall, f1, lift, p_value, best first. `hint`
        reports a tag that nobody in the data uses, with the nearest one; low precision or
        recall; why none was found, and which community of lower F1 would have passed.

    Raises
    ------
    OptionError
        If `tags` is empty.
    MissingDataError
        If the dataset has no tags at all.

    Examples
    --------
    >>> authors = [f"{side}{i}" for side in "bj" for i in range(9)]
    >>> tags = [["BookTok", "fyp"]] * 9 + [["jazz", "fyp"]] * 9
    >>> ds = Dataset(items={"item_id": authors, "author_id": authors, "tags": tags})
    >>> p = Partition.from_membership(authors, [0] * 9 + [1] * 9, node_kind="authors")
    >>> hit = find_community(p, ds, tags="#booktok")
    >>> hit.community, hit.precision, hit.recall, hit.lift
    (0, 1.0, 1.0, 2.0)
    >>> bool(find_community(p, ds, tags="fyp"))
    False
    """
    require_partition(partition, caller="find_community")
    require_dataset(dataset, caller="find_community")
    wanted = _fold_tags(tags)
    uses, known = tag_use(partition, dataset, caller="find_community")
    users = uses.filter(pl.col("tag").is_in(wanted)).get_column("node").unique().to_numpy()
    candidates = _score_communities(partition, users)
    record = Provenance.of("find_community", {"tags": list(wanted)}, made_from=(partition, dataset))
    best = candidates.row(0, named=True) if candidates.height else None
    n_users = int(users.size)
    hint = " ".join(_unknown_tags(wanted, known, n_users) + _match_caveats(candidates, n_users))
    found = best is not None and _passes_test(best)
    match: dict[str, Any] = {"community": None, "label": None, "p_value": 1.0}
    match |= dict.fromkeys(("precision", "recall", "f1", "lift"), 0.0)
    if best is not None and found:
        match = {name: best[name] for name in match}
    return CommunityMatch(
        wanted, found, **match, n_users=n_users, candidates=candidates, provenance=record, hint=hint
    )


def _passes_test(candidate: dict[str, Any]) -> bool:
    return bool(candidate["lift"] >= MIN_LIFT and candidate["p_value"] < MAX_P)


def _fold_tags(tags: Iterable[str]) -> tuple[str, ...]:
    given = [tags] if isinstance(tags, str) else list(tags)
    for tag in given:
        if not isinstance(tag, str):
            raise OptionError(f"tags: {tag!r} is no text; pass tags such as 'booktok'.")
    folded = tuple(sorted({fold_tag(tag) for tag in given} - {""}))
    if not folded:
        raise OptionError(f"tags={tags!r} names no tag: pass at least one, such as 'booktok'.")
    return folded


def _match_caveats(candidates: pl.DataFrame, n_users: int) -> list[str]:
    """Why the best candidate fails the test, or in what respect the match is partial."""
    if not candidates.height:
        return []
    best = candidates.row(0, named=True)
    if _passes_test(best):
        doubts = []
        if best["precision"] < IN_PART:
            doubts.append(
                f"only {_format_share(best['users'], best['size'])} of its members use the tags: it is "
                "about more than them."
            )
        if best["recall"] < IN_PART:
            doubts.append(
                f"only {_format_share(best['users'], n_users)} of the users of the tags are in it: most "
                "are elsewhere."
            )
        return doubts
    failed = []
    if best["lift"] < MIN_LIFT:
        failed.append(f"lift {best['lift']:.2f} is below {MIN_LIFT:g}")
    if best["p_value"] >= MAX_P:
        failed.append(f"p {best['p_value']:.2g} is not below {MAX_P:g}")
    doubts = [f"the best candidate, {best['label']}, is no match: {' and '.join(failed)}."]
    second = next((c for c in candidates.iter_rows(named=True) if _passes_test(c)), None)
    if second is not None:
        doubts.append(
            f"{second['label']} would be one (lift {second['lift']:.2f}, p "
            f"{second['p_value']:.2g}), but has a lower F1: "
            f"{_format_share(second['users'], second['size'])} of its members, "
            f"{_format_share(second['users'], n_users)} of the users."
        )
    return doubts


def _format_share(part: int, whole: int) -> str:
    return f"{part / whole:.0%} ({part:,} of {whole:,})"


def _unknown_tags(wanted: tuple[str, ...], known: pl.Series, n_users: int) -> list[str]:
    """Hints about tags that nobody uses."""
    unknown = [tag for tag in wanted if not (known == tag).any()]
    hints = []
    for tag in unknown:
        # a misspelling has nearly the right length; comparing with all tags would be slow
        difference = known.str.len_chars().cast(pl.Int64) - len(tag)
        alike = nearest(tag, known.filter(difference.abs() <= 2).to_list())
        hints.append(f"nobody in the data uses #{tag}.{alike}")
    if not unknown and not n_users:
        hints.append("the tags are used, but by no node of the partition.")
    return hints


def _score_communities(partition: Partition, users: Codes) -> pl.DataFrame:
    """Figures of every community that holds a user, best first."""
    from graphkit.kernels.tails import log_hypergeometric_tail, probability

    codes = partition.membership[users]
    codes = codes[codes >= 0]
    inside = np.bincount(codes, minlength=partition.n_communities)
    held = np.flatnonzero(inside)
    x, sizes = inside[held], partition.sizes[held]
    assigned = int(partition.sizes.sum())
    log_p = log_hypergeometric_tail(x, assigned, codes.size, sizes)
    figures = {
        "users": x,
        "precision": x / sizes,
        "recall": x / max(users.size, 1),
        "f1": 2 * x / (sizes + users.size),
        # one division of whole numbers, so that a lift of 2 is 2
        "lift": x * assigned / (sizes * max(codes.size, 1)),
        "p_value": np.minimum(probability(log_p) * partition.n_communities, 1.0),
    }
    frame = pl.DataFrame(community_columns(partition))[held].hstack(pl.DataFrame(figures))
    return frame.sort(["f1", "community"], descending=[True, False])
