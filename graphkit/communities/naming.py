"""Community labels from over-represented tags, with effect size and stability over runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from graphkit.communities.comparison import CommunityPairs
from graphkit.communities.prepare import Codes, Counts, Floats, require_partition
from graphkit.data.dataset import Dataset, require_dataset
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.graph_convert import library_of
from graphkit.data.incidence import account_tags, incidence
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.tags import STOP_TAGS, fold_tag, fold_tags, stopped, written_tag
from graphkit.errors import (
    MissingDataError,
    OptionError,
    check_choice,
    check_number,
    name_some,
    nearest,
    shorten,
)

__all__ = ["label_communities"]


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


def attribute_use(partition: Partition, graph: Graph, name: str) -> pl.DataFrame:
    """Values of a node attribute as uses of tags: node, tag, uses; each value of a list is one."""
    known = [] if graph.attributes is None else graph.attributes.columns[1:]
    if graph.attributes is None or name not in known:
        choose = f" Name the one that names communities: by={shorten(known[0])}." if known else ""
        raise MissingDataError(
            f"label_communities: the graph has no attribute {shorten(name)}; there are "
            f"{name_some(known, 8) or 'none'}.{nearest(str(name), known) or choose}"
        )
    nodes = pl.Series("node", partition.vocabulary.lookup(graph.vocabulary))
    rows = pl.DataFrame([nodes, graph.attributes.get_column(name).alias("tag")])
    if isinstance(rows.schema["tag"], pl.List):
        rows = rows.explode("tag")
    return (
        rows.with_columns(pl.col("tag").cast(pl.String))
        .filter((pl.col("node") >= 0) & (pl.col("tag") != ""))
        .group_by("node", "tag")
        .agg(pl.len().cast(pl.Int64).alias("uses"))
        .sort("node", "tag")
    )


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


@dataclass(frozen=True)
class NameRule:
    """What a tag needs to name a community, as in :func:`label_communities`."""

    fdr: float
    min_share: float
    min_lift: float
    min_stability: float

    def effect(self) -> pl.Expr:
        """Whether a scored tag is over-represented enough, apart from its q."""
        outside = pl.col("everybody") - pl.col("taggers")
        # products of whole numbers, so that a lift of 2 is 2
        lift = pl.col("nodes") * outside >= self.min_lift * (
            (pl.col("users") - pl.col("nodes")) * pl.col("taggers")
        )
        return (pl.col("log_odds") > 0) & (pl.col("share_in") >= self.min_share) & lift

    def failures(self, row: dict[str, Any]) -> str:
        """The conditions that a row of evidence does not meet, as text."""
        checks = [
            ("q", row["q"], self.fdr, "{:.2g}"),
            ("share inside", row["share_in"], self.min_share, "{:.0%}"),
            ("lift", row["lift"], self.min_lift, "{:.2f}"),
            ("stability over runs", row["stability"], self.min_stability, "{:.0%}"),
        ]
        found = []
        for name, value, bound, form in checks:
            if value is None:
                continue
            if name == "q" and value > bound:
                found.append(f"q {value:.2g} is above {bound:g}")
            if name != "q" and value < bound:
                found.append(f"{name} {form.format(value)} is below {form.format(bound)}")
        if not found and not row["effect"]:
            found.append("its log-odds are not above 0")
        return "; ".join(found)


def count_members(uses: pl.DataFrame, tags_of: Counts, codes: Codes) -> pl.DataFrame:
    """Members of each community that use each tag: community, tag, nodes, count, and totals.

    `uses` may hold some of the tags only; `tags_of` is the number of tags of each node, all of
    them. Totals: taggers and n_c (members that use tags, and their uses), users (of the tag),
    everybody and n (over all communities).
    """
    tagging = (tags_of > 0) & (codes >= 0)
    taggers = np.bincount(codes[tagging])
    spent = np.bincount(codes[tagging], weights=tags_of[tagging]).astype(np.int64)
    community = pl.Series("community", codes).gather(uses.get_column("node"))
    cells = (
        uses.with_columns(community)
        .filter(pl.col("community") >= 0)
        .group_by("community", "tag")
        .agg(pl.len().cast(pl.Int64).alias("nodes"), pl.col("uses").sum().alias("count"))
    )
    which = cells.get_column("community")
    return cells.with_columns(
        pl.col("nodes").sum().over("tag").alias("users"),
        pl.Series("taggers", taggers, dtype=pl.Int64).gather(which),
        pl.Series("n_c", spent, dtype=pl.Int64).gather(which),
        pl.lit(int(taggers.sum())).alias("everybody"),
        pl.lit(int(spent.sum())).alias("n"),
    )


def could_name(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells that could name a community: of enough members, and more than elsewhere."""
    return cells.filter(
        (pl.col("nodes") >= MIN_MEMBERS)
        & (pl.col("nodes") * pl.col("everybody") > pl.col("users") * pl.col("taggers"))
    )


def over_represented(
    partition: Partition, source: Dataset | Graph, by: str, stop: frozenset[str], rule: NameRule
) -> pl.DataFrame:
    """Candidates for the name of each community by descending z, with the evidence columns.

    Column `effect` tells which meet the rule apart from stability. Of a community without any
    only the best candidate is kept.
    """
    if isinstance(source, Graph):
        uses, what = attribute_use(partition, source, by), f"has a value of the attribute {by!r}"
    else:
        uses, _ = tag_use(partition, source, caller="label_communities")
        what = "uses a tag of the dataset"
    assigned = partition.membership[uses.get_column("node").to_numpy()] >= 0
    if not assigned.any():
        raise MissingDataError(
            f"label_communities: no assigned node of the partition {what}; the "
            f"partition's ids ({partition.node_kind}) are such as "
            f"{', '.join(repr(i) for i in partition.vocabulary.ids[:3].tolist()) or 'none'}."
        )
    # nodes that use only stop tags are observed, and use none of the others
    tags_of = np.bincount(uses.get_column("node").to_numpy(), minlength=len(partition.vocabulary))
    counted = count_members(uses, tags_of, partition.membership)
    # stop tags are never labels, but count among all uses
    cells = drop_stop_tags(counted, stop)
    # tags and communities that are too small to pass are not tested
    large = counted.filter(pl.col("taggers") >= MIN_MEMBERS).get_column("community").n_unique()
    tests = large * cells.filter(pl.col("users") >= MIN_MEMBERS).get_column("tag").n_unique()
    scored = score_tags(could_name(cells))
    q = _benjamini_hochberg(scored.get_column("p").to_numpy(), tests)
    scored = scored.with_columns(q).with_columns(rule.effect().alias("effect"))
    scored = scored.with_columns(pl.col("effect") & (pl.col("q") <= rule.fdr))
    ranked = rank_tags(scored, ["effect", "z", "nodes"])
    ranked = ranked.filter(pl.col("effect") | (pl.col("rank") == 1))
    discoveries = scored.filter(pl.col("q") <= rule.fdr).height
    critical = rule.fdr * max(discoveries, 1) / max(tests, 1)
    wanted = uses.filter(pl.col("tag").is_in(ranked.get_column("tag").unique().implode()))
    return ranked.join(
        _run_stability(partition, wanted, tags_of, rule, critical),
        on=["community", "tag"],
        how="left",
        maintain_order="left",
    )


def _run_stability(
    partition: Partition, uses: pl.DataFrame, tags_of: Counts, rule: NameRule, critical: float
) -> pl.DataFrame:
    """Share of runs in which each tag passes in the matching community, and in which it is first.

    The communities of a run are matched one to one with those of the partition by descending
    Jaccard index. There only these tags are counted, so that p is compared with the critical
    value of the discoveries in the partition, in place of q.
    """
    shares_of: dict[str, Any] = dict.fromkeys(("stability", "runs_passed"), pl.Float64)
    schema = {"community": pl.Int32, "tag": pl.String} | shares_of
    runs = partition.runs
    if runs is None or len(runs.memberships) < 2:
        return pl.DataFrame(schema=schema)
    times = Counter(row.tobytes() for row in runs.memberships)
    first_of = {row.tobytes(): row for row in runs.memberships}
    width, parts = partition.n_communities, []
    for number, (key, repeats) in enumerate(times.items()):
        codes = first_of[key]
        pairs = CommunityPairs.from_partitions(partition, Partition(partition.vocabulary, codes))
        match = pairs.one_to_one(np.ones(pairs.row.size, dtype=bool))
        home = np.full(pairs.column_sizes.size, -1, dtype=np.int64)
        home[match[match >= 0]] = np.flatnonzero(match >= 0)
        cells = could_name(count_members(uses, tags_of, codes))
        here = home[cells.get_column("community").to_numpy()]
        # a number of run and community, as the tags of all runs are scored at once
        place = pl.Series("community", number * width + here)
        cells = cells.with_columns(place, pl.lit(repeats).alias("times"))
        parts.append(cells.filter(pl.Series(here >= 0)))
    scored = score_tags(pl.concat(parts)).filter(rule.effect() & (pl.col("p") <= critical))
    ranked = rank_tags(scored, ["z", "nodes"])
    own_community = (pl.col("community") % max(width, 1)).cast(pl.Int32)
    passed = ranked.group_by(own_community, "tag").agg(
        pl.col("times").filter(pl.col("rank") == 1).sum().alias("stability"),
        pl.col("times").sum().alias("runs_passed"),
    )
    # tags that passed in no run are 0 there, not unknown
    all_tags = uses.select("tag").unique()
    own = pl.DataFrame({"community": np.arange(partition.n_communities, dtype=np.int32)})
    counts = all_tags.join(own, how="cross").join(passed, on=["community", "tag"], how="left")
    # polars divides by multiplying, which may leave a share just below its bound
    shares = [
        pl.Series(name, counts.get_column(name).fill_null(0).to_numpy() / len(runs.memberships))
        for name in ("stability", "runs_passed")
    ]
    return counts.with_columns(shares).select(*schema)


def rank_tags(frame: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Rows by community and descending keys (ties: by tag), with their rank."""
    order = ["community", *keys, "tag"]
    sorted_frame = frame.sort(order, descending=[False, *[True] * len(keys), False])
    rank = (pl.int_range(pl.len()).over("community") + 1).alias("rank")
    return sorted_frame.with_columns(rank)


def score_tags(cells: pl.DataFrame) -> pl.DataFrame:
    """Add the columns share_in, share_out, lift, log_odds, z and p to the counts."""
    from graphkit.kernels.tails import probability

    y, users, n_c, taggers, n, everybody = (
        cells.get_column(c).to_numpy().astype(np.float64)
        for c in ("nodes", "users", "n_c", "taggers", "n", "everybody")
    )
    prior = PRIOR * users / n
    inside, outside = y + prior, users - y + prior
    log_odds = np.log(inside / (n_c + PRIOR - inside)) - np.log(
        outside / (n - n_c + PRIOR - outside)
    )
    others = everybody - taggers
    share_out = np.divide(users - y, others, out=np.full(y.size, np.nan), where=others > 0)
    lift = np.full(y.size, np.inf)
    np.divide(y * others, (users - y) * taggers, out=lift, where=users > y)
    log_p = np.zeros(y.size)
    for total in np.unique(everybody):
        rows = everybody == total
        log_p[rows] = _distinct_tails(y[rows], users[rows], taggers[rows], int(total))
    return cells.with_columns(
        pl.Series("share_in", y / taggers),
        pl.Series("share_out", share_out).fill_nan(None),
        pl.Series("lift", lift),
        pl.Series("log_odds", log_odds),
        pl.Series("z", log_odds / np.sqrt(1 / inside + 1 / outside)),
        pl.Series("p", probability(log_p)),
    )


def _distinct_tails(y: Floats, users: Floats, taggers: Floats, everybody: int) -> Floats:
    """Hypergeometric tails, each distinct triple once."""
    from graphkit.kernels.tails import log_hypergeometric_tail

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
_EVIDENCE |= dict.fromkeys(("share_in", "share_out", "lift", "log_odds", "z", "q"), pl.Float64)
_EVIDENCE |= {"stability": pl.Float64, "runs_passed": pl.Float64, "reason": pl.String}
_EVIDENCE |= {"membership_key": pl.String}


def label_communities(
    partition: Partition,
    dataset: Dataset | GraphLike,
    *,
    by: str = "tags",
    stop: Iterable[str] = STOP_TAGS,
    fdr: float = 0.05,
    min_share: float = 0.1,
    min_lift: float = 2.0,
    min_stability: float = 0.8,
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

    Over-representation is no effect yet: in large communities a tag of 54 % inside and 44 %
    outside passes. A label also needs

    * a share: :math:`\max(3, \texttt{min\_share})` of the members that use any tag use it;
    * a lift: that share is at least `min_lift` times the share in the other communities;
    * stability: it would be the first tag of the same community in `min_stability` of the
      partition's runs. The communities of each run are matched with those of the partition
      one to one by descending Jaccard index. Without several runs this is not tested.

    The label is the tag of largest z that meets all, in its most frequent spelling. Communities
    with the same first tag are told apart by a second one, the best that none of the others
    has (``"#books #tea"``); where there is none, the community of larger z has the tag alone, and
    the others no label. A community without a label is *unnamed*: its name is such as
    ``community 3 (unnamed)``, and the evidence holds its best candidate and the reason.

    With a graph in place of the dataset, the values of one of its node attributes take the place
    of tags, as they are written, without ``#`` and without stop tags: a value that most members
    of a community have, and others have less, is its label.

    If the edges of the graph were made of the same tags, a label describes how the graph was
    made, and is no independent evidence for the community.

    Parameters
    ----------
    partition
        Of accounts, authors, items or sounds; communities of tags are labelled with the member
        that is on most items, without a test.
    dataset
        The uses of tags: an account uses a tag by posting with it or by giving it to an item. Or
        the graph, with attributes of its nodes; a graph of networkx or igraph will do.
    by
        ``"tags"``; with a graph the name of the attribute, whose values are text, numbers, truth
        values or lists of them.
    stop
        Tags that are never labels, compared after folding; their other spellings
        (``fypppp``, ``fypシ``, ``for_you``, ``fyp2024``, ``furdich`` for ``fürdich``) are left
        out as well. `graphkit.data.tags.STOP_FAMILIES` holds the default by family.
    fdr
        Bound on the expected share of false ones among the over-represented tags, in (0, 1).
    min_share
        Least share of a community's tag-using members that use its label, in [0, 1].
    min_lift
        Least ratio of that share to the share of users outside, at least 1.
    min_stability
        Least share of runs with the same label, in [0, 1]; 0 does not ask for any.

    Returns
    -------
    Partition
        The same communities with `labels` such as ``"#booktok"`` and `evidence`: the (up to
        ten) best tags of each community: community, label, rank, tag (folded), count (uses
        by members), nodes (members that use it), share_in (of the tag-using members),
        share_out (of the tag-using nodes in other communities), lift (share_in / share_out,
        infinite where nobody else uses it), log_odds, z, q, stability (share of runs in which
        it would be the label), runs_passed (share of runs in which it has the share, the lift
        and the significance; both null without several runs), reason (why it is no label;
        null if it could be one), and membership_key, by which names and evidence are refused
        on any other partition. A community without any over-represented tag that has the
        share and the lift shows its best candidate only.

    Raises
    ------
    MissingDataError
        If the dataset has no tags, or no assigned node uses any; if the graph has no such
        attribute.
    OptionError
        If `by` is unknown, a bound is out of range, or `stop` is one text.

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
    >>> g = Graph.from_edges([], [], directed=False, nodes=authors,
    ...                      attributes={"id": authors, "side": ["books"] * 9 + ["jazz"] * 9})
    >>> label_communities(p, g, by="side").labels
    ('books', 'jazz')
    """
    require_partition(partition, caller="label_communities")
    source: Dataset | Graph
    if isinstance(dataset, Graph) or library_of(dataset):
        source = as_graph(dataset, "label_communities")
    else:
        require_dataset(dataset, caller="label_communities")
        check_choice("by", by, ("tags",))
        source = dataset
    unwanted = _stop_tags(stop)
    check_number("fdr", fdr, 0, 1, low_open=True, high_open=True)
    rule = NameRule(
        fdr,
        check_number("min_share", min_share, 0, 1),
        check_number("min_lift", min_lift, 1),
        check_number("min_stability", min_stability, 0, 1),
    )
    if isinstance(source, Graph):
        unwanted = frozenset()
        found = over_represented(partition, source, by, unwanted, rule)
        spelled, mark = {value: value for value in found.get_column("tag").to_list()}, ""
    else:
        if partition.node_kind == "tags":
            found = _most_frequent(partition, source, unwanted)
        else:
            found = over_represented(partition, source, by, unwanted, rule)
        spelled = frequent_spellings(source, found.get_column("tag").unique().to_list())
        mark = "#"
    labels, reasons = _assign_names(found, spelled, partition.n_communities, rule, mark)
    kept = found.with_columns(pl.Series("reason", reasons, dtype=pl.String))
    kept = kept.filter(pl.col("rank") <= KEPT)
    names = pl.Series("label", [labels[c] for c in kept.get_column("community")], dtype=pl.String)
    key = pl.lit(partition.membership_key).alias("membership_key")
    evidence = kept.with_columns(names, key).select(
        pl.col(name).cast(dtype) for name, dtype in _EVIDENCE.items()
    )
    recorded = sorted(unwanted) if unwanted != STOP_TAGS else "STOP_TAGS"
    parameters: dict[str, Any] = {"by": by, "stop": recorded, "fdr": fdr, "min_share": min_share}
    parameters |= {"min_lift": min_lift, "min_stability": min_stability}
    if isinstance(source, Graph) and source.attributes is not None:
        parameters["values"] = source.attributes.get_column(by)
    record = Provenance.of("label_communities", parameters, made_from=(partition, source))
    return partition.with_labels(labels, evidence, record)


def _stop_tags(stop: Iterable[str]) -> frozenset[str]:
    if isinstance(stop, str):
        raise OptionError(f"stop={stop!r} is one text: pass a set or list of tags.")
    # the default is folded already
    return STOP_TAGS if stop is STOP_TAGS else frozenset(fold_tag(tag) for tag in stop)


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
    untested = ("share_in", "share_out", "lift", "log_odds", "z", "q", "stability", "runs_passed")
    absent = [pl.lit(None, pl.Float64).alias(c) for c in untested]
    passed = pl.lit(True).alias("effect")
    rows = rows.with_columns(pl.col("nodes").alias("count"), passed, *absent)
    return rank_tags(rows, ["nodes"])


def _assign_names(
    found: pl.DataFrame, spelled: dict[str, str], n_communities: int, rule: NameRule, mark: str
) -> tuple[list[str | None], list[str | None]]:
    """One unique label per community, or none, and why each row of `found` is no label."""
    rows = found.select(
        "community",
        "tag",
        "nodes",
        "share_in",
        "lift",
        "z",
        "q",
        "stability",
        "runs_passed",
        "effect",
    ).rows(named=True)
    reasons = [rule.failures(row) or None for row in rows]
    first: dict[int, int] = {}
    own: dict[int, list[int]] = {}
    for i, row in enumerate(rows):
        if row["effect"]:
            own.setdefault(row["community"], []).append(i)
            if reasons[i] is None:
                first.setdefault(row["community"], i)
    labels: list[str | None] = [None] * n_communities
    namesakes: dict[str, list[int]] = {}
    for community, i in first.items():
        namesakes.setdefault(rows[i]["tag"], []).append(community)
    taken: set[str] = set()
    for tag, group in namesakes.items():
        strength = {c: rows[first[c]]["z"] or rows[first[c]]["nodes"] for c in group}
        bare = False
        for community in sorted(group, key=lambda c: (-strength[c], c)):
            others = {rows[i]["tag"] for c in group if c != community for i in own[c]}
            seconds = (
                rows[i]["tag"]
                for i in own[community]
                if rows[i]["tag"] not in others | {tag}
                and (rows[i]["runs_passed"] is None or rows[i]["runs_passed"] >= rule.min_stability)
            )
            name = f"{mark}{spelled[tag]}"
            second = next(seconds, None) if len(group) > 1 else None
            if second is not None:
                name = f"{name} {mark or '/ '}{spelled[second]}"
            elif bare:
                reasons[first[community]] = (
                    f"{mark}{spelled[tag]} names another community, and no second "
                    f"{'tag' if mark else 'value'} tells them apart"
                )
                continue
            bare = bare or second is None
            if name not in taken:
                labels[community] = name
                taken.add(name)
    return labels, reasons
