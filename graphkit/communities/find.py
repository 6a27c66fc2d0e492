"""Which community is meant by a set of tags, and how well does it match?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities._tag_use import require_dataset, tag_use
from graphkit.communities.prepare import require_partition
from graphkit.data.dataset import Dataset
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.results import CommunityMatch
from graphkit.data.tags import fold_tag
from graphkit.errors import OptionError, nearest
from graphkit.kernels.tails import log_hypergeometric_tail, probability

__all__ = ["find_community"]

#: What a match needs: twice the users that chance would put there, and a probability of so
#: many by chance, over all communities, below this.
MIN_LIFT, MAX_P = 2.0, 0.01

#: Below this precision or recall a match is one in part only, and says so.
IN_PART = 0.5


def find_community(
    partition: Partition, dataset: Dataset, *, tags: Iterable[str]
) -> CommunityMatch:
    r"""The community that best matches the nodes that use any of some tags; perhaps none.

    With U the nodes of the partition that use at least one of the tags, and c a community:

    * precision = :math:`|c \cap U| / |c|`, recall = :math:`|c \cap U| / |U|`, F1 their
      harmonic mean, :math:`2|c \cap U| / (|c| + |U|)`. Unassigned users count in U, hence
      against recall;
    * lift = precision over the share of users among all assigned nodes;
    * p = the hypergeometric probability that so many users or more fall into |c| assigned
      nodes drawn at random, times the number of communities (Bonferroni).

    The community of highest F1 is the answer, if its lift is at least 2 and p below 0.01;
    otherwise the honest answer is none.

    Lift and p say that the users gather in the community, not that it is theirs: five users
    among fifty members can be far beyond chance. So precision (the share of members that use
    the tags) and recall (the share of users found) are no condition, but where one of them is
    below a half the `hint` says so, and should be reported with the match.

    Parameters
    ----------
    partition
        Communities of accounts, authors, items, sounds or tags.
    dataset
        Says who uses which tag, as in :func:`graphkit.label_communities`.
    tags
        One or more tags, compared after folding; a single text is one tag.

    Returns
    -------
    CommunityMatch
        False where none is found; figures are then 0, p is 1, and `candidates` holds what was
        seen: community, label, size, users, precision, recall, f1, lift, p_value, best first.
        `hint` is what a reader should know: a tag that nobody in the data uses, with the
        nearest one; low precision or recall; why none was found, and which community of
        lower F1 would have passed.

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
    require_partition(partition, verb="find_community")
    require_dataset(dataset, verb="find_community")
    wanted = _wanted(tags)
    uses, known = tag_use(partition, dataset, verb="find_community")
    users = uses.filter(pl.col("tag").is_in(wanted)).get_column("node").unique().to_numpy()
    candidates = _candidates(partition, users)
    record = Provenance.of("find_community", {"tags": list(wanted)}, made_from=(partition, dataset))
    best = candidates.row(0, named=True) if candidates.height else None
    hint = " ".join(_unknown(wanted, known, int(users.size)) + _doubts(candidates, users.size))
    if best is None or not _passes(best):
        return CommunityMatch(
            wanted, False, None, None, 0.0, 0.0, 0.0, 0.0, 1.0, int(users.size), candidates,
            record, hint,
        )  # fmt: skip
    return CommunityMatch(
        wanted, True, best["community"], best["label"], best["precision"], best["recall"],
        best["f1"], best["lift"], best["p_value"], int(users.size), candidates,
        record, hint,
    )  # fmt: skip


def _passes(candidate: dict[str, Any]) -> bool:
    return bool(candidate["lift"] >= MIN_LIFT and candidate["p_value"] < MAX_P)


def _wanted(tags: Iterable[str]) -> tuple[str, ...]:
    given = [tags] if isinstance(tags, str) else list(tags)
    for tag in given:
        if not isinstance(tag, str):
            raise OptionError(f"tags: {tag!r} is no text; pass tags such as 'booktok'.")
    folded = tuple(sorted({fold_tag(tag) for tag in given} - {""}))
    if not folded:
        raise OptionError(f"tags={tags!r} names no tag: pass at least one, such as 'booktok'.")
    return folded


def _doubts(candidates: pl.DataFrame, n_users: int) -> list[str]:
    """Why the best candidate is no match, or how far it is from a full one."""
    if not candidates.height:
        return []
    best = candidates.row(0, named=True)
    if _passes(best):
        doubts = []
        if best["precision"] < IN_PART:
            doubts.append(
                f"only {_share(best['users'], best['size'])} of its members use the tags: it is "
                "about more than them."
            )
        if best["recall"] < IN_PART:
            doubts.append(
                f"only {_share(best['users'], n_users)} of the users of the tags are in it: most "
                "are elsewhere."
            )
        return doubts
    failed = []
    if best["lift"] < MIN_LIFT:
        failed.append(f"lift {best['lift']:.2f} is below {MIN_LIFT:g}")
    if best["p_value"] >= MAX_P:
        failed.append(f"p {best['p_value']:.2g} is not below {MAX_P:g}")
    doubts = [f"the best candidate, {best['label']}, is no match: {' and '.join(failed)}."]
    second = next((c for c in candidates.iter_rows(named=True) if _passes(c)), None)
    if second is not None:
        doubts.append(
            f"{second['label']} would be one (lift {second['lift']:.2f}, p "
            f"{second['p_value']:.2g}), but has a lower F1: "
            f"{_share(second['users'], second['size'])} of its members, "
            f"{_share(second['users'], n_users)} of the users."
        )
    return doubts


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%} ({part:,} of {whole:,})"


def _unknown(wanted: tuple[str, ...], known: pl.Series, n_users: int) -> list[str]:
    """What may be wrong with the tags."""
    unknown = [tag for tag in wanted if not (known == tag).any()]
    hints = []
    for tag in unknown:
        # a misspelling has nearly the right length; comparing with all tags would be slow
        apart = known.str.len_chars().cast(pl.Int64) - len(tag)
        alike = nearest(tag, known.filter(apart.abs() <= 2).to_list())
        hints.append(f"nobody in the data uses #{tag}.{alike}")
    if not unknown and not n_users:
        hints.append("the tags are used, but by no node of the partition.")
    return hints


def _candidates(partition: Partition, users: npt.NDArray[np.int32]) -> pl.DataFrame:
    """Figures of every community that holds a user, best first."""
    homes = partition.membership[users]
    homes = homes[homes >= 0]
    inside = np.bincount(homes, minlength=partition.n_communities)
    held = np.flatnonzero(inside)
    x, sizes = inside[held], partition.sizes[held]
    assigned = int(partition.sizes.sum())
    log_p = log_hypergeometric_tail(x, assigned, homes.size, sizes)
    frame = pl.DataFrame(
        {
            "community": held.astype(np.int32),
            "label": [partition.name(int(c)) for c in held],
            "size": sizes,
            "users": x,
            "precision": x / sizes,
            "recall": x / max(users.size, 1),
            "f1": 2 * x / (sizes + users.size),
            # one division of whole numbers, so that a lift of 2 is 2
            "lift": x * assigned / (sizes * max(homes.size, 1)),
            "p_value": np.minimum(probability(log_p) * partition.n_communities, 1.0),
        },
        schema_overrides={"label": pl.String},
    )
    return frame.sort(["f1", "community"], descending=[True, False])
