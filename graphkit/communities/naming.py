"""Names of communities, from the tags that their members use more than others do."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, combinations

import polars as pl

from graphkit.communities._tag_evidence import over_represented, ranked, without_stop
from graphkit.communities._tag_use import require_dataset, spellings, tag_use
from graphkit.communities.prepare import require_partition
from graphkit.data.dataset import Dataset
from graphkit.data.incidence import incidence
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.tags import STOP_TAGS, fold_tag
from graphkit.errors import MissingDataError, OptionError, check_choice, check_number

__all__ = ["label_communities"]

#: Rows of evidence kept per community.
KEPT = 10

_EVIDENCE = {
    "community": pl.Int32,
    "label": pl.String,
    "rank": pl.Int64,
    "tag": pl.String,
    "count": pl.Int64,
    "nodes": pl.Int64,
    "share_in": pl.Float64,
    "share_out": pl.Float64,
    "log_odds": pl.Float64,
    "z": pl.Float64,
    "q": pl.Float64,
    "membership_key": pl.String,
}


def label_communities(
    partition: Partition,
    dataset: Dataset,
    *,
    by: str = "tags",
    stop: Iterable[str] = STOP_TAGS,
    fdr: float = 0.05,
    min_share: float = 0.05,
) -> Partition:
    r"""Name each community after the tag that marks it off best from all others.

    The unit is the member, not the post: a member uses a tag or does not, however often, so
    that no prolific account names a community. With :math:`y_c^t` the members of community c
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
    (The normal tail of z is far too small at a handful of users, and would let noise through.)

    A name must also be legible: used by :math:`\max(3, \texttt{min\_share})` of the members
    that use any tag. Among the tags left the largest z names the community, in the spelling
    that the data use most; a tag that marks two communities goes to the one of larger z, and
    the other takes its next. Where nothing is over-represented, the name is `None`.

    Parameters
    ----------
    partition
        Of accounts, authors, items or sounds; communities of tags are named after the member
        that stands on most items, without a test.
    dataset
        Says who uses which tag: an account by posting with it or by giving it to an item.
    by
        ``"tags"``.
    stop
        Tags that name nothing, compared after folding; their other spellings
        (``fypppp``, ``fypシ``, ``for_you``, ``fyp2024``, ``furdich`` for ``fürdich``) are left
        out as well. `graphkit.data.tags.STOP_FAMILIES` holds the default by family.
    fdr
        Bound on the expected share of false ones among the over-represented tags, in (0, 1).
    min_share
        Share of a community's tag-using members that must use its name, in [0, 1].

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
    require_partition(partition, verb="label_communities")
    require_dataset(dataset, verb="label_communities")
    unwanted = _stop_tags(stop)
    check_number("fdr", fdr, 0, 1, low_open=True, high_open=True)
    check_number("min_share", min_share, 0, 1)
    if partition.node_kind == "tags":
        found = _most_frequent(partition, dataset, unwanted)
    else:
        found = over_represented(partition, dataset, unwanted, fdr, min_share)
    spelled = spellings(dataset, found.get_column("tag").unique().to_list())
    labels = _assign(found, spelled, partition.n_communities)
    kept = found.filter(pl.col("rank") <= KEPT)
    names = pl.Series("label", [labels[c] for c in kept.get_column("community")], dtype=pl.String)
    key = pl.lit(partition.membership_key).alias("membership_key")
    evidence = kept.with_columns(names, key).select(
        pl.col(name).cast(dtype) for name, dtype in _EVIDENCE.items()
    )
    return partition.with_labels(
        labels,
        evidence,
        Provenance.of(
            "label_communities",
            {
                "by": by,
                "stop": sorted(unwanted) if unwanted != STOP_TAGS else "STOP_TAGS",
                "fdr": fdr,
                "min_share": min_share,
            },
            made_from=(partition, dataset),
        ),
    )


def _stop_tags(stop: Iterable[str]) -> frozenset[str]:
    if isinstance(stop, str):
        raise OptionError(f"stop={stop!r} is one text: pass a set or list of tags.")
    return frozenset(fold_tag(tag) for tag in stop)


def _most_frequent(partition: Partition, dataset: Dataset, stop: frozenset[str]) -> pl.DataFrame:
    """The tags of each community of tags, by the items that bear them."""
    pairs = incidence(dataset, between="items", through="tags", verb="label_communities")
    bearing = pl.DataFrame({"item": pairs.rows, "code": pairs.columns}).unique()
    counts = bearing.group_by("code").agg(pl.len().cast(pl.Int64).alias("nodes"))
    tags = pairs.through.series
    uses, _ = tag_use(partition, dataset, verb="label_communities")
    codes = pl.Series("community", partition.membership)
    rows = uses.with_columns(codes.gather(uses.get_column("node"))).join(
        counts.with_columns(tags.gather(counts.get_column("code")).alias("tag")), on="tag"
    )
    rows = without_stop(rows.filter(pl.col("community") >= 0), stop)
    if not rows.height:
        raise MissingDataError(
            "label_communities: no item bears a tag of the partition that is not a stop-tag."
        )
    absent = [pl.lit(None, pl.Float64).alias(c) for c in ("share_in", "share_out", "log_odds")]
    rows = rows.with_columns(
        pl.col("nodes").alias("count"), *absent,
        pl.lit(None, pl.Float64).alias("z"), pl.lit(None, pl.Float64).alias("q"),
    )  # fmt: skip
    return ranked(rows, ["nodes"])


def _assign(found: pl.DataFrame, spelled: dict[str, str], n_communities: int) -> list[str | None]:
    """One unique name per community that has candidates; the strongest claim goes first."""
    strength = "z" if found.get_column("z").null_count() < found.height else "nodes"
    claims = found.sort([strength, "community", "rank"], descending=[True, False, False]).select(
        "community", "tag"
    )
    labels: list[str | None] = [None] * n_communities
    taken: set[str] = set()
    wishes: dict[int, list[str]] = {}
    for community, tag in claims.iter_rows():
        name = f"#{spelled[tag]}"
        wishes.setdefault(community, []).append(name)
        if labels[community] is None and name not in taken:
            labels[community] = name
            taken.add(name)
    for community in sorted(c for c in wishes if labels[c] is None):
        # all its tags name others: two of them together, or the first with a number
        own = wishes[community]
        pairs = (f"{a} {b}" for a, b in combinations(own, 2))
        numbered = (f"{own[0]} ({k})" for k in range(2, n_communities + 2))
        name = next(name for name in chain(pairs, numbered) if name not in taken)
        labels[community] = name
        taken.add(name)
    return labels
