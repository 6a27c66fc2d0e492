"""The community that matches given tags: either half of the nodes scores what the other chose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities.naming import tag_use
from graphkit.communities.prepare import Counts, Floats, community_columns, require_partition
from graphkit.communities.resolution import ResolutionProfile
from graphkit.data.dataset import Dataset, require_dataset
from graphkit.data.frozen import Frozen
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.tags import fold_tag
from graphkit.errors import DataError, OptionError, nearest
from graphkit.rng import RNGLike, Streams

Mask = npt.NDArray[np.bool_]

__all__ = ["CommunityMatch", "find_community"]


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
    precision, recall, f1, lift
        Of what either half of the nodes chose, against the users of the tags in the other half.
    p_value
        Hypergeometric, one-sided, over both halves, multiplied by the number of candidates
        (Bonferroni).
    n_users, n_taggers
        Nodes of the partition that use at least one of the tags (`None` if `suppress` left the
        number out), and that use any tag.
    n_untagged
        Members of the community that use no tag at all, which are left out of all figures; `None`
        if so few that `suppress` left the number out.
    candidates
        Every community that holds a user, best first.
    domain, resolution
        Of a resolution profile: index of the partition in its `partitions`; and its γ.
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
    n_users: int | None
    n_taggers: int
    n_untagged: int | None
    candidates: pl.DataFrame
    domain: int | None = None
    resolution: float | None = None
    provenance: Provenance = field(default_factory=lambda: Provenance("find_community"))
    hint: str = ""

    def __bool__(self) -> bool:
        return self.found

    def _facts(self) -> dict[str, object]:
        asked = " ".join(f"#{t}" for t in self.tags)
        base: dict[str, object] = {}
        if self.n_users is not None:
            of = f"{self.n_users:,} of {self.n_taggers:,} that use any"
            base["nodes that use the tags"] = of
        hint: dict[str, object] = {"hint": self.hint} if self.hint else {}
        if not self.found:
            return {"asked for": asked, "found": "none", **base, **hint}
        at = "" if self.domain is None else f", domain {self.domain} at γ = {self.resolution:.3g}"
        return hint | {
            "asked for": asked,
            "found": f"{self.label} (community {self.community}{at})",
            "precision": self.precision,
            "recall": self.recall,
            "F1": self.f1,
            "lift": self.lift,
            "p (Bonferroni)": self.p_value,
            **base,
            **({} if self.n_untagged is None else {"members without any tag": self.n_untagged}),
        }

    def _table(self) -> pl.DataFrame:
        return self.candidates.head(5)

    def suppress(self, min_group_size: int) -> CommunityMatch:
        """The match without counts of small groups (small-cell suppression), to be published.

        Parameters
        ----------
        min_group_size
            Numbers from 1 to below this are left out, and candidates with so few users. If so few
            nodes use the tags at all, nothing is told but that: no community, no candidates, all
            figures nan. Precision, recall and lift stay.

        Returns
        -------
        CommunityMatch
        """
        if self.n_users is not None and 0 < self.n_users < min_group_size:
            untold = ("community", "label", "domain", "resolution", "n_users", "n_untagged")
            less: dict[str, Any] = dict.fromkeys(untold)
            less |= dict.fromkeys(("precision", "recall", "f1", "lift", "p_value"), float("nan"))
            less["candidates"] = self.candidates.clear()
            less["hint"] = f"Fewer than {min_group_size} nodes use {', '.join(self.tags)}."
            return replace(self, found=False, **less)
        users, untagged = pl.col("users"), pl.col("size") - pl.col("taggers")
        few = untagged.is_between(1, min_group_size, closed="left")
        shown = self.candidates.filter(~users.is_between(1, min_group_size, closed="left"))
        shown = shown.with_columns(pl.when(~few).then("taggers").alias("taggers"))
        n_untagged = self.n_untagged
        if n_untagged is not None and 0 < n_untagged < min_group_size:
            n_untagged = None
        return replace(self, n_untagged=n_untagged, candidates=shown)


#: A match needs at least this lift, and a Bonferroni-corrected p below this.
MIN_LIFT, MAX_P = 2.0, 0.01

#: Precision and recall below which the match is partial.
IN_PART = 0.5


def find_community(
    partition: Partition | ResolutionProfile,
    dataset: Dataset,
    *,
    tags: Iterable[str],
    rng: RNGLike | None = 0,
) -> CommunityMatch:
    r"""The community that best matches the nodes that use any of some tags, or none.

    All figures are among the nodes that use any tag at all, T; of the others nothing is known,
    and they are no misses (`n_untagged` counts those in the community). With U the nodes of T
    that use at least one of the tags asked for, and :math:`c_T` the members of community c in T:

    * precision = :math:`|c \cap U| / |c_T|`, recall = :math:`|c \cap U| / |U|`, F1 their
      harmonic mean, :math:`2|c \cap U| / (|c_T| + |U|)`. Unassigned users count in U, hence
      against recall;
    * lift = precision over the share of users among all assigned nodes of T;
    * p = the hypergeometric probability that so many users or more fall into :math:`|c_T|`
      assigned nodes of T drawn at random, times the number of candidates (Bonferroni): the
      communities of the partition, or of all partitions of a resolution profile that are not
      trivial. No single resolution serves a large and a small culture.

    The best of many candidates looks better than it is. So U, and the rest of T, are halved at
    random, either half chooses its community of highest F1, :math:`c_1` and :math:`c_2`, and the
    members and users that enter precision, recall, F1 and lift of the match are those of
    :math:`c_1` in the second half and of :math:`c_2` in the first. No node scores what it chose,
    and all are used, so that the figures hardly depend on the halves (cross-fitting, Chernozhukov
    et al. 2018). The match itself is the community of highest F1 in both halves together, usually
    also :math:`c_1` and :math:`c_2`; p is its own, and corrected. It stands if the lift is at
    least 2 and p below 0.01; otherwise there is none.

    Lift and p test whether the users concentrate in the community, not whether it consists of
    them: five users among fifty members can be far beyond chance. Precision and recall are not
    conditions, but if one of them is below a half (in both halves together) the `hint` says so,
    and should be reported with the match. It also says so if the edges of the graph were made
    of the same tags, by the provenance: the match then describes how the graph was made.

    Parameters
    ----------
    partition
        Communities of accounts, authors, items, sounds or tags, or a resolution profile.
    dataset
        The uses of tags, as in :func:`graphkit.label_communities`.
    tags
        One or more tags, compared after folding; a single text is one tag.
    rng
        Seed of the halves.

    Returns
    -------
    CommunityMatch
        False if none is found; figures are then 0, and p is 1. `candidates` has the columns
        domain, resolution, community, label, size, taggers (members in T), users, precision,
        recall, f1, lift, p_value (of both halves together), first_f1 and second_f1 (in either
        half), best first by f1. `hint` reports a tag that nobody in the data uses, with
        the nearest one; low precision or recall; why none was found, and which community of
        lower F1 would have passed.

    Raises
    ------
    OptionError
        If `tags` is empty.
    MissingDataError
        If the dataset has no tags at all.

    References
    ----------
    Chernozhukov, V., Chetverikov, D., Demirer, M., Duflo, E., Hansen, C., Newey, W., & Robins, J.
    (2018). Double/debiased machine learning for treatment and structural parameters. The
    Econometrics Journal, 21(1), C1–C68. doi:10.1111/ectj.12097

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
    partitions = _partitions_of(partition)
    require_dataset(dataset, caller="find_community")
    wanted = _fold_tags(tags)
    streams = Streams(rng)
    first = partitions[0][1]
    uses, known = tag_use(first, dataset, caller="find_community")
    asked = uses.filter(pl.col("tag").is_in(wanted)).get_column("node").unique().to_numpy()
    n = len(first.vocabulary)
    tagging, using = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    tagging[uses.get_column("node").unique().to_numpy()] = True
    using[asked] = True
    half = _draw_half(tagging, using, streams)
    candidates = pl.concat(
        [
            _score_communities(p, tagging, using, half).select(
                pl.lit(domain, pl.Int64).alias("domain"),
                pl.lit(p.resolution, pl.Float64).alias("resolution"),
                pl.all(),
            )
            for domain, p in partitions
        ]
    ).sort(["f1", "domain", "community"], descending=[True, False, False])
    tested = sum(p.n_communities for _, p in partitions)
    candidates = candidates.with_columns((pl.col("p_value") * tested).clip(upper_bound=1.0))
    n_users = int(using.sum())
    best = candidates.row(0, named=True) if candidates.height else None
    match: dict[str, Any] = {"community": None, "label": None, "p_value": 1.0, "n_untagged": 0}
    match |= dict.fromkeys(("precision", "recall", "f1", "lift"), 0.0)
    hints = _unknown_tags(wanted, known, n_users)
    found = False
    if best is not None:
        held_out = _cross_fit(candidates)
        found = held_out["lift"] >= MIN_LIFT and best["p_value"] < MAX_P
        hints += _match_caveats(candidates, n_users, held_out["lift"], found=found)
        if found:
            names = ("community", "label", "p_value", "domain", "resolution")
            match = held_out | {name: best[name] for name in names}
            match["n_untagged"] = best["size"] - best["taggers"]
    if _made_of_tags(partition.provenance):
        hints.append(
            "the edges of the graph were made of tags: the match describes how the graph was made, "
            "and is no independent evidence."
        )
    record = Provenance.of(
        "find_community",
        {"tags": list(wanted)},
        seed=streams.seed,
        made_from=(*(p for _, p in partitions), dataset),
    )
    return CommunityMatch(
        wanted,
        found,
        **match,
        n_users=n_users,
        n_taggers=int(tagging.sum()),
        candidates=candidates.select(pl.all().exclude(*_COUNTS)),
        provenance=record,
        hint=" ".join(hints),
    )


def _partitions_of(given: Partition | ResolutionProfile) -> list[tuple[int | None, Partition]]:
    """The partitions to search, each with its index in the profile."""
    if not isinstance(given, ResolutionProfile):
        require_partition(given, caller="find_community")
        return [(None, given)]
    trivial = given.domains.get_column("trivial").to_list()
    kept = [(i, p) for i, p in enumerate(given.partitions) if not trivial[i]]
    if not kept:
        raise DataError(
            "find_community: all partitions of the profile are trivial (one community per "
            "component, or one per node): scan other resolutions."
        )
    return kept  # type: ignore[return-value]


def _draw_half(tagging: Mask, using: Mask, streams: Streams) -> Mask:
    """Half of the users and half of the other nodes with tags, as a mask: the first half."""
    order = streams.generator("find_community").permutation(tagging.size)
    half = np.zeros(tagging.size, dtype=bool)
    for group in (using, tagging & ~using):
        half[order[group[order]][::2]] = True
    return half


def _made_of_tags(record: Provenance) -> bool:
    """Whether the edges of a graph in the record were made between or through tags."""
    ends = {record.parameters.get("between"), record.parameters.get("through")}
    return "tags" in ends or any(_made_of_tags(parent) for parent in record.parents)


def _fold_tags(tags: Iterable[str]) -> tuple[str, ...]:
    given = [tags] if isinstance(tags, str) else list(tags)
    for tag in given:
        if not isinstance(tag, str):
            raise OptionError(f"tags: {tag!r} is no text; pass tags such as 'booktok'.")
    folded = tuple(sorted({fold_tag(tag) for tag in given} - {""}))
    if not folded:
        raise OptionError(f"tags={tags!r} names no tag: pass at least one, such as 'booktok'.")
    return folded


def _match_caveats(
    candidates: pl.DataFrame, n_users: int, held_out_lift: float, *, found: bool
) -> list[str]:
    """Why the best candidate fails the test, or in what respect the match is partial."""
    best = candidates.row(0, named=True)
    if found:
        doubts = []
        if best["precision"] < IN_PART:
            doubts.append(
                f"only {_format_share(best['users'], best['taggers'])} of its members that use tags "
                "use these: it is about more than them."
            )
        if best["recall"] < IN_PART:
            doubts.append(
                f"only {_format_share(best['users'], n_users)} of the users of the tags are in it: most "
                "are elsewhere."
            )
        return doubts
    failed = []
    if held_out_lift < MIN_LIFT:
        failed.append(f"lift {held_out_lift:.2f} is below {MIN_LIFT:g}")
    if best["p_value"] >= MAX_P:
        failed.append(f"p {best['p_value']:.2g} is not below {MAX_P:g}")
    doubts = [f"the best candidate, {best['label']}, is no match: {' and '.join(failed)}."]
    passing = (pl.col("lift") >= MIN_LIFT) & (pl.col("p_value") < MAX_P)
    second = next(candidates.slice(1).filter(passing).iter_rows(named=True), None)
    if second is not None:
        doubts.append(
            f"{second['label']} would be one (lift {second['lift']:.2f}, p "
            f"{second['p_value']:.2g}), but has a lower F1: "
            f"{_format_share(second['users'], second['taggers'])} of its members that use tags, "
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


#: Whole numbers of the candidates: members that use tags, and that use the tags asked for, in either
#: half; and the same over all assigned nodes, and all users, in both.
_COUNTS = ("taggers_1", "taggers_2", "users_1", "users_2", "all_taggers", "all_users", "n_users")


def _cross_fit(candidates: pl.DataFrame) -> dict[str, float]:
    """Figures of the best candidate of either half, counted in the other half.

    Candidates are sorted, so that ties go to the first of them.
    """
    base, x = 0, 0
    for chosen, scoring in (("first_f1", 2), ("second_f1", 1)):
        place = candidates.get_column(chosen).arg_max() or 0
        best = candidates.row(place, named=True)
        base, x = base + best[f"taggers_{scoring}"], x + best[f"users_{scoring}"]
    row = candidates.row(0, named=True)
    return {
        "precision": x / max(base, 1),
        "recall": x / row["n_users"],
        "f1": 2 * x / (base + row["n_users"]),
        # one division of whole numbers, so that a lift of 2 is 2
        "lift": x * row["all_taggers"] / max(base * row["all_users"], 1),
    }


def _score_communities(
    partition: Partition, tagging: Mask, using: Mask, half: Mask
) -> pl.DataFrame:
    """Figures of every community that holds a user: over all, F1 in either half, and counts."""
    from graphkit.kernels.tails import log_hypergeometric_tail, probability

    count, codes = partition.n_communities, partition.membership

    def members(mask: Mask) -> Counts:
        return np.bincount(codes[mask & (codes >= 0)], minlength=count)

    def f1(x: Counts, base: Counts, users: int) -> Floats:
        return 2 * x / np.maximum(base + users, 1)

    base, x, n_users = members(tagging), members(using), int(using.sum())
    log_p = log_hypergeometric_tail(x, int(base.sum()), int(x.sum()), base)
    columns = community_columns(partition) | {"taggers": base, "users": x}
    columns |= {"precision": x / np.maximum(base, 1), "recall": x / max(n_users, 1)}
    columns |= {"f1": f1(x, base, n_users)}
    columns |= {"lift": x * base.sum() / np.maximum(base * x.sum(), 1)}
    columns |= {"p_value": probability(log_p)}
    halves = {1: half, 2: ~half}
    parts = {h: (members(using & m), members(tagging & m)) for h, m in halves.items()}
    for name, h in (("first_f1", 1), ("second_f1", 2)):
        columns[name] = f1(*parts[h], int((using & halves[h]).sum()))
    columns |= {f"taggers_{h}": parts[h][1] for h in halves}
    columns |= {f"users_{h}": parts[h][0] for h in halves}
    totals = {"all_taggers": int(base.sum()), "all_users": int(x.sum()), "n_users": n_users}
    return (
        pl.DataFrame(columns)
        .with_columns(pl.lit(v, pl.Int64).alias(k) for k, v in totals.items())
        .filter(pl.col("users") > 0)
    )
