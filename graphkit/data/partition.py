"""Partition of nodes into communities, with the agreement of its runs and its labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.files import loading, pack_ids, save_arrays, unpack_ids
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.graph import GraphLike, as_graph
from graphkit.data.membership import (
    Membership,
    as_list,
    canonical_membership,
    look_up,
    number_by_size,
    read_membership,
    read_pairs,
    shown,
)
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_integer,
    name_some,
    nearest,
)
from graphkit.parallel import refuse_after_fork


@dataclass(frozen=True, eq=False)
class Runs(Frozen):
    """Runs of a partition, and how far they agree.

    Attributes
    ----------
    memberships
        int32, shape (runs, n): the canonical membership of each run, in the order of the runs.
    qualities
        float64, shape (runs,): quality of each run.
    agreement
        Mean adjusted mutual information over all pairs of runs, among nodes with an edge;
        1 if all runs are equal, near 0 for agreement at chance. NaN for a single run.
    consistency
        float32, shape (n,): mean element-centric similarity of the node's community over
        all pairs of runs, |A∩B| / max(|A|, |B|), in [0, 1]; NaN for a single run and for
        nodes without an edge.
    """

    memberships: npt.NDArray[np.int32]
    qualities: npt.NDArray[np.float64]
    agreement: float
    consistency: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        self._set_arrays(memberships=None, qualities=None, consistency=None)


#: Runs are said to agree from the first mean agreement on, and to disagree below the second:
#: planted graphs recovered perfectly score 1.00, random graphs of mean degree 5 score 0.23
#: although their modularity is higher. Trees, rings and sparser random graphs score as high as
#: planted ones, so that agreement alone is no evidence.
AGREE, DISAGREE = 0.75, 0.5

#: Meaning of each verdict, as displayed.
VERDICTS = {
    "runs agree; null not tested": "they find nearly the same communities, as they may in noise: "
    "see rewired_null and projection_null",
    "runs agree in part; null not tested": "they agree on some communities only; see the "
    "consistency of each",
    "runs disagree": "the communities are an artefact of one run; report that none were found",
    "one run": "it has no run-to-run agreement; take several",
}


#: Fields that a saved file keeps in its header, and the arrays of the runs.
_HEADER = (
    "labels",
    "labels_key",
    "quality",
    "quality_function",
    "resolution",
    "node_kind",
    "evidence",
)
_RUN_ARRAYS: dict[str, npt.DTypeLike] = {
    "memberships": np.int32,
    "qualities": np.float64,
    "consistency": np.float32,
}

#: Column of the evidence with the key of its membership.
_KEY = "membership_key"


@dataclass(frozen=True, repr=False, eq=False)
class Partition(Frozen, table="summary"):
    """Disjoint communities of a graph's nodes, numbered by size.

    Attributes
    ----------
    vocabulary
        Node ids, n of them.
    membership
        int32, shape (n,): code of each node's community, 0 the largest, ties by smallest
        node; −1 where a node is unassigned (it has no edge, or was left out).
    labels
        Name of each community, `None` where it has none.
    quality
        Value of `quality_function` for this partition; NaN where none was computed.
    quality_function, resolution
        Objective that was maximised, and its resolution γ.
    runs
        The runs and their agreement; `None` for a given partition.
    evidence
        Statistics of the labels: community, tag, counts, log-odds, z, q, and the key of their
        membership; `None` without labels.
    node_kind
        What the nodes are, as in :class:`Graph`.
    provenance
        How the partition was made.
    labels_key
        The `membership_key` that the labels belong to, filled in when they are given; labels
        are refused on any other membership. Empty without labels.

    Examples
    --------
    >>> p = Partition.from_membership(["a", "b", "c"], ["x", "y", "y"])
    >>> p.membership.tolist(), p.labels, p.sizes.tolist()
    ([1, 0, 0], ('y', 'x'), [2, 1])
    """

    vocabulary: Vocabulary
    membership: Membership
    labels: tuple[str | None, ...] = ()
    quality: float = float("nan")
    quality_function: str = ""
    resolution: float | None = None
    runs: Runs | None = None
    evidence: pl.DataFrame | None = None
    node_kind: str = "nodes"
    provenance: Provenance = field(default_factory=lambda: Provenance("Partition"))
    labels_key: str = ""

    def __post_init__(self) -> None:
        self._set_arrays(membership=np.int32)
        membership = self.membership
        if membership.shape != (len(self.vocabulary),):
            n = len(self.vocabulary)
            raise DataError(f"membership has shape {membership.shape} for {n} nodes.")
        if not np.array_equal(canonical_membership(membership), membership):
            raise DataError(
                "communities must be numbered by size (0 the largest, ties by smallest node), "
                "unassigned nodes −1: use Partition.from_membership."
            )
        labels = tuple(self.labels) or (None,) * self.n_communities
        if len(labels) != self.n_communities:
            raise DataError(f"{len(labels)} labels for {self.n_communities} communities.")
        named = [name for name in labels if name is not None]
        if len(set(named)) < len(named):
            raise DataError(f"labels must be unique; these are not: {named}.")
        self._set(labels=labels)
        if named and not self.labels_key:
            self._set(labels_key=self.membership_key)
        self._check_labels()

    def _check_labels(self) -> None:
        """Refuse labels, or evidence for them, that belong to other communities."""
        if self.labels_key and self.labels_key != self.membership_key:
            raise DataError(
                "these labels belong to another partition, whose communities they name. Label this "
                "one with label_communities, or replace labels=() and labels_key='' as well."
            )
        if self.evidence is None or _KEY not in self.evidence.columns:
            return
        others = self.evidence.get_column(_KEY).unique().to_list()
        if others not in ([], [self.membership_key]):
            raise DataError(
                "the evidence for these labels belongs to another partition: label this one "
                "with label_communities."
            )

    @classmethod
    def from_membership(
        cls,
        ids: Iterable[Any] | Vocabulary | Mapping[Any, Any],
        membership: Iterable[Any] | Mapping[Any, Any] | None = None,
        *,
        graph: GraphLike | None = None,
        labels: Sequence[str | None] | None = None,
        node_kind: str = "nodes",
        provenance: Provenance | None = None,
    ) -> Partition:
        """Partition from given memberships, such as planted or external ones.

        Parameters
        ----------
        ids
            Node ids, each once. Without `membership`: a mapping from ids to the entries below, or
            pairs of an id and its entry.
        membership
            One entry per id: a community's code, an integer of any size from 0 on (−1 for
            unassigned), or its name as text. `None`, NaN and missing values of pandas are
            unassigned too; the default provenance counts them. Also a mapping from ids to such
            entries, where ids that it lacks are unassigned, or a clustering of igraph or
            leidenalg.
        graph
            Its nodes become those of the partition, in place of `ids` alone: nodes without an
            entry are unassigned, and an entry for another id is refused.
        labels
            Names of the codes 0, 1, …; not with text memberships.
        node_kind, provenance
            As the attributes.

        Raises
        ------
        DataError
            If lengths differ, an entry is neither an integer nor text (fractions, infinite
            numbers, tuples), a code is below −1, codes and names are mixed, a mapping has other
            keys than the ids, or an id is there twice.

        Examples
        --------
        >>> ids, codes = ["a", "b", "c", "d"], [7281986300348026145, float("nan"), 5, 5]
        >>> p = Partition.from_membership(ids, codes)
        >>> p.membership.tolist(), p.provenance.removed["nodes without a membership"]
        ([1, -1, 0, 0], 1)
        >>> Partition.from_membership({"a": "x", "b": "y", "c": "y"}).labels
        ('y', 'x')
        """
        if membership is None or isinstance(ids, Mapping):
            ids, membership = read_pairs(ids, membership)
        if graph is not None:
            known, entries = as_graph(graph, "Partition.from_membership"), list(ids)
            if not isinstance(membership, Mapping):
                if len(entries) != len(membership := as_list(membership)):
                    raise DataError(
                        f"{len(membership)} memberships for {len(entries)} ids: one each is needed."
                    )
                _, membership = read_pairs(zip(entries, membership, strict=True), None)
            ids, node_kind = known.vocabulary, known.node_kind
        if not isinstance(ids, Iterable):
            raise DataError(
                f"Partition.from_membership takes ids first, not a {type(ids).__name__}: of a graph's "
                "nodes, pass graph.vocabulary."
            )
        listed = list(ids)
        vocabulary = ids if isinstance(ids, Vocabulary) else Vocabulary(listed)
        if isinstance(membership, Mapping):
            membership = look_up(listed, membership)
        codes, groups, missing = read_membership(membership)
        if codes.size != len(listed) or len(vocabulary) != len(listed):
            raise DataError(
                f"{codes.size} memberships for {len(listed)} ids ({len(vocabulary)} distinct): "
                "give each id once."
            )
        named = any(isinstance(group, str) for group in groups)
        if labels is not None and named:
            raise DataError(
                "labels= names the codes 0, 1, …, but these memberships are text, which names the "
                "communities already: leave labels out."
            )
        names = [group if named else None for group in groups]
        if labels is not None and groups:
            if len(labels) <= groups[-1]:
                raise DataError(f"{len(labels)} labels for community codes up to {groups[-1]}.")
            names = [labels[group] for group in groups]
        raw = codes
        if vocabulary is not ids:
            raw = np.empty_like(codes)
            raw[vocabulary.encode(listed)] = codes
        canonical, order = number_by_size(raw)
        removed = {"nodes without a membership": missing} if missing else {}
        record = provenance or Provenance("Partition.from_membership", removed=removed)
        ordered = tuple(names[c] for c in order)
        return cls(vocabulary, canonical, ordered, node_kind=node_kind, provenance=record)

    @classmethod
    def from_attribute(cls, graph: GraphLike, name: str) -> Partition:
        """The partition that a node attribute of a graph tells, such as Gephi's ``modularity_class``.

        Nodes with the same value are a community, and the value as text is its label. Nodes
        without a value, or with empty text, are unassigned; the provenance counts them.

        Parameters
        ----------
        graph
            A :class:`Graph`, or a graph of networkx or igraph.
        name
            The attribute: text, integers, whole numbers or truth values.

        Raises
        ------
        MissingDataError
            If the graph has no such attribute.
        DataError
            If its values are lists, dates or fractions.

        Examples
        --------
        >>> from graphkit.data.graph import Graph
        >>> table = {"id": ["a", "b", "c"], "club": [7, 7, None]}
        >>> g = Graph.from_edges(["a", "b"], ["b", "c"], directed=False, attributes=table)
        >>> p = Partition.from_attribute(g, "club")
        >>> p.labels, p.membership.tolist()
        (('7',), [0, 0, -1])
        """
        graph = as_graph(graph, "Partition.from_attribute")
        known = [] if graph.attributes is None else graph.attributes.columns[1:]
        if graph.attributes is None or name not in known:
            raise MissingDataError(
                f"the graph has no attribute {shown(name)}; there are {name_some(known, 8) or 'none'}."
                f"{nearest(str(name), known)}"
            )
        values = graph.attributes.get_column(name)
        if values.dtype.is_float() and (values.drop_nulls() % 1 == 0).all():
            values = values.cast(pl.Int64)
        if not (values.dtype.is_integer() or values.dtype in (pl.String, pl.Boolean)):
            raise DataError(
                f"the attribute {shown(name)} holds {values.dtype}: communities are text, whole "
                "numbers or truth values."
            )
        texts = values.cast(pl.String)
        texts = texts.set(texts == "", None)
        missing = texts.null_count()
        record = Provenance.of(
            "Partition.from_attribute",
            {"name": name},
            made_from=(graph,),
            removed={"nodes without a membership": missing} if missing else {},
        )
        return cls.from_membership(
            graph.vocabulary, texts, node_kind=graph.node_kind, provenance=record
        )

    @cached_property
    def n_communities(self) -> int:
        """Number of communities."""
        return int(self.membership.max(initial=-1)) + 1

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Nodes per community, shape (n_communities,), descending."""
        assigned = self.membership[self.membership >= 0]
        return np.bincount(assigned, minlength=self.n_communities)

    @property
    def n_unassigned(self) -> int:
        """Number of nodes without a community."""
        return int(np.count_nonzero(self.membership < 0))

    @property
    def stability(self) -> float:
        """Mean agreement (AMI) over pairs of runs; NaN if there were not several."""
        return self.runs.agreement if self.runs is not None else float("nan")

    @property
    def consistency(self) -> npt.NDArray[np.float32] | None:
        """Per-node consistency over runs, see :class:`Runs`; `None` without runs."""
        return self.runs.consistency if self.runs is not None else None

    @property
    def objective(self) -> str:
        """Quality function and resolution that the partition was found with; empty if not known.

        Examples
        --------
        >>> p = Partition.from_membership("ab", [0, 1])
        >>> p.objective, replace(p, quality_function="cpm", resolution=0.25).objective
        ('', 'cpm at a resolution of 0.25')
        """
        at = "" if self.resolution is None else f" at a resolution of {self.resolution:.6g}"
        return f"{self.quality_function}{at}" if self.quality_function else ""

    @property
    def verdict(self) -> str:
        """How far the runs agree, by `stability`: one of the keys of ``VERDICTS``.

        Where they disagree, the communities are an artefact of one run: report that none were
        found. Where they agree, chance may do as well: only a null test
        (:func:`graphkit.communities.rewired_null`, or
        :func:`graphkit.communities.projection_null` for a projection) may call them stable.
        """
        agree, in_part, disagree, single = VERDICTS
        if np.isnan(self.stability):
            return single
        if self.stability >= AGREE:
            return agree
        return in_part if self.stability >= DISAGREE else disagree

    @cached_property
    def content_key(self) -> str:
        """Key of nodes, memberships and names."""
        return content_key(self.vocabulary.content_key, self.membership, list(self.labels))

    @cached_property
    def membership_key(self) -> str:
        """Short key of nodes and memberships alone, to which labels refer."""
        return content_key(self.vocabulary.content_key, self.membership)[:12]

    def community(self, which: int | str) -> int:
        """Code of a community, given by code or by label."""
        if isinstance(which, str):
            if which not in self.labels:
                known = [name for name in self.labels if name is not None]
                raise MissingDataError(
                    f"no community is named {which!r}.{nearest(which, known)} "
                    f"Names: {', '.join(known) or 'none'}."
                )
            return self.labels.index(which)
        top = self.n_communities - 1
        whole = isinstance(which, int | np.integer) and not isinstance(which, bool)
        if not whole or not 0 <= which <= top:
            raise OptionError(f"community {which} does not exist: codes run from 0 to {top}.")
        return int(which)

    def name(self, code: int) -> str:
        """The label of a community, or ``community <code>`` where it has none.

        Where names were sought and none qualified, ``community <code> (unnamed)``.
        """
        unnamed = " (unnamed)" if self.evidence is not None else ""
        return self.labels[code] or f"community {code}{unnamed}"

    def members(self, which: int | str) -> npt.NDArray[Any]:
        """Ids of the nodes of a community, given by code or by label."""
        ids: npt.NDArray[Any] = self.vocabulary.ids[self.membership == self.community(which)]
        return ids

    def with_labels(
        self, labels: Sequence[str | None], evidence: pl.DataFrame | None, provenance: Provenance
    ) -> Partition:
        """Partition with the same communities and other `labels`, with their `evidence`.

        `provenance` is that of the new partition.

        Raises
        ------
        DataError
            If the evidence is about another partition, by its column ``membership_key``, or
            labels are too few, too many or not unique.
        """
        changes = {"evidence": evidence, "provenance": provenance, "labels_key": ""}
        return replace(self, labels=tuple(labels), **changes)  # type: ignore[arg-type]

    def rename(self, labels: Mapping[Any, str | None]) -> Partition:
        """Partition with other labels for some communities.

        Parameters
        ----------
        labels
            New labels by old one or by code; `None` takes a label away. All are renamed at once, so
            that two labels may be exchanged.

        Raises
        ------
        MissingDataError
            If no community has a label that is named.
        OptionError
            If a code does not exist, or a community is named twice.
        DataError
            If labels would not be unique, or a new one is no text.

        Examples
        --------
        >>> p = Partition.from_membership({"a": "x", "b": "y", "c": "y"})
        >>> p.rename({"y": "readers", 1: "writers"}).labels
        ('readers', 'writers')
        """
        found = list(self.labels)
        codes = [self.community(which) for which in labels]
        if len(set(codes)) < len(codes):
            raise OptionError("rename: one community is named twice, by its label and its code.")
        for code, new in zip(codes, labels.values(), strict=True):
            if new is not None and (not isinstance(new, str) or not new):
                raise DataError(f"rename: {shown(new)} is no label: give text, or None for none.")
            found[code] = new
        parameters = {"labels": {self.name(c): found[c] for c in codes}}
        record = Provenance.of("Partition.rename", parameters, made_from=(self,))
        evidence = self.evidence
        if evidence is not None and "label" in evidence.columns:
            names = pl.Series("label", found, dtype=pl.String)
            evidence = evidence.with_columns(names.gather(evidence.get_column("community")))
        return self.with_labels(found, evidence, record)

    def confident(self, minimum: float = 0.5) -> Partition:
        """Partition without the nodes of low consistency.

        Nodes of a consistency below `minimum`, in [0, 1], become unassigned. Communities are renumbered
        by size; those that keep a node keep their label and evidence (which describes the whole
        community). The runs and their verdict do not change. The quality is NaN, as it needs the
        graph: see :func:`graphkit.communities.partition_quality`.

        Raises
        ------
        DataError
            If the partition does not come from several runs.
        OptionError
            If `minimum` is not in [0, 1].

        Examples
        --------
        >>> memberships = np.array([[0, 0, 0, 1], [0, 0, 1, 1]], dtype=np.int32)
        >>> runs = Runs(memberships, np.ones(2), 0.4, np.array([0.7, 0.7, 0.3, 0.5], np.float32))
        >>> p = Partition(Vocabulary("abcd"), memberships[0], runs=runs)
        >>> p.confident().membership.tolist()
        [0, 0, -1, 1]
        """
        if isinstance(minimum, bool | str) or not 0 <= minimum <= 1:
            raise OptionError(f"minimum={minimum!r} must lie in [0, 1].")
        consistency = self.consistency
        if consistency is None or np.isnan(self.stability):
            raise DataError(
                "confident: the partition does not come from several runs, so its nodes have no "
                "consistency: take one from leiden(graph, runs=10)."
            )
        assigned = self.membership >= 0
        # compared as float32, so that a consistency of 0.7 reaches a minimum of 0.7
        kept = assigned & (consistency >= np.float32(minimum))
        removed = {f"nodes of consistency below {minimum:g}": int((assigned & ~kept).sum())}
        return self._keep(kept, "Partition.confident", {"minimum": minimum}, removed)

    def largest(self, n: int) -> Partition:
        """Partition of the `n` largest communities; nodes of the others become unassigned.

        Codes, labels and evidence of the communities stay as they are, and so do the runs and their
        verdict. The quality is NaN, as it needs the graph.

        Raises
        ------
        OptionError
            If `n` is below 0.

        Examples
        --------
        >>> p = Partition.from_membership({"a": "x", "b": "y", "c": "y"})
        >>> p.largest(1).labels, p.largest(1).membership.tolist()
        (('y',), [-1, 0, 0])
        """
        n = check_integer("n", n, 0)
        if n >= self.n_communities:
            return self
        kept = (self.membership >= 0) & (self.membership < n)
        return self._keep(kept, "Partition.largest", {"n": n}, {})

    def _keep(
        self,
        kept: npt.NDArray[np.bool_],
        verb: str,
        parameters: dict[str, Any],
        removed: dict[str, int],
    ) -> Partition:
        """The partition in which nodes are unassigned unless they are `kept`."""
        membership, order = number_by_size(np.where(kept, self.membership, -1))
        removed = removed | {"communities without a node left": self.n_communities - len(order)}
        record = Provenance.of(
            verb,
            parameters,
            made_from=(self,),
            removed={reason: count for reason, count in removed.items() if count},
        )
        changed = replace(
            self,
            membership=membership,
            quality=float("nan"),
            evidence=None,
            labels=tuple(self.labels[c] for c in order),
            labels_key="",
            provenance=record,
        )
        if self.evidence is None:
            return changed
        old, new = pl.Series(order, dtype=pl.Int32), np.arange(len(order), dtype=np.int32)
        code = pl.col("community")
        rows = self.evidence.filter(code.is_in(old.implode()))
        rows = rows.with_columns(code.replace_strict(old, new, return_dtype=pl.Int32))
        if _KEY in rows.columns:
            rows = rows.with_columns(pl.lit(changed.membership_key).alias(_KEY))
        return replace(changed, evidence=rows.sort("community", maintain_order=True))

    def frame(self) -> pl.DataFrame:
        """One row per node: id, community, label, consistency."""
        refuse_after_fork()
        names = pl.Series([self.name(c) for c in range(self.n_communities)], dtype=pl.String)
        codes = pl.Series("community", self.membership).replace(-1, None)
        columns = {"id": self.vocabulary.series, "community": codes, "label": names.gather(codes)}
        if self.consistency is not None:
            columns["consistency"] = pl.Series(self.consistency).fill_nan(None)
        return pl.DataFrame(columns)

    def summary(self) -> pl.DataFrame:
        """One row per community: community, label, size, share of all nodes, consistency."""
        refuse_after_fork()
        columns: dict[str, Any] = {
            "community": np.arange(self.n_communities, dtype=np.int32),
            "label": [self.name(c) for c in range(self.n_communities)],
            "size": self.sizes,
            "share": self.sizes / max(len(self.vocabulary), 1),
        }
        if self.consistency is not None:
            assigned = self.membership >= 0
            values = self.consistency[assigned].astype(np.float64)
            total = np.bincount(self.membership[assigned], weights=values)
            columns["consistency"] = pl.Series(total / np.maximum(self.sizes, 1)).fill_nan(None)
        return pl.DataFrame(columns)

    def save(self, path: str | Path) -> Path:
        """Write the partition as one ``.npz`` file; :meth:`load` reads it back."""
        header = {name: getattr(self, name) for name in _HEADER}
        header["quality"] = _nan_to_none(self.quality)
        header["provenance"] = self.provenance.to_dict()
        if self.evidence is not None:
            header["evidence"] = [[c.name, str(c.dtype), c.to_list()] for c in self.evidence]
        arrays = {**pack_ids(self.vocabulary), "membership": self.membership}
        if self.runs is not None:
            header["agreement"] = _nan_to_none(self.runs.agreement)
            arrays |= {
                f"runs_{name}": np.asarray(getattr(self.runs, name), dtype)
                for name, dtype in _RUN_ARRAYS.items()
            }
        return save_arrays(path, "Partition", header, arrays)

    @classmethod
    def load(cls, path: str | Path) -> Partition:
        """Read a partition that :meth:`save` wrote.

        Raises
        ------
        FileError
            If the file is missing, damaged or holds something else.
        DataError
            If its labels belong to another partition than its memberships.
        """
        with loading(path, "Partition") as (header, arrays):
            values = {name: header[name] for name in _HEADER if name in header}
            values["labels"] = tuple(header["labels"])
            values["quality"] = _none_to_nan(header["quality"])
            values["provenance"] = Provenance.from_dict(header["provenance"])
            if header["evidence"] is not None:
                columns = [pl.Series(n, v, getattr(pl, t)) for n, t, v in header["evidence"]]
                values["evidence"] = pl.DataFrame(columns)
            if "runs_qualities" in arrays:
                runs = {name: arrays[f"runs_{name}"] for name in _RUN_ARRAYS}
                values["runs"] = Runs(agreement=_none_to_nan(header["agreement"]), **runs)
            return cls(unpack_ids(arrays), arrays["membership"], **values)

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            self.node_kind: len(self.vocabulary),
            "communities": self.n_communities,
            "unassigned": self.n_unassigned,
        }
        if self.quality_function:
            layered = "layer_weights" in self.provenance.parameters
            name = self.quality_function + (" (sum over layers)" if layered else "")
            facts[name] = self.quality
        if self.runs is not None:
            facts["agreement of runs (AMI)"] = self.stability
            facts["verdict"] = f"{self.verdict}: {VERDICTS[self.verdict]}"
        largest = ", ".join(
            f"{self.name(c)} ({self.sizes[c]:,})" for c in range(min(6, self.n_communities))
        )
        return facts | {"largest": largest or "none"}


def _nan_to_none(value: float) -> float | None:
    return None if np.isnan(value) else value


def _none_to_nan(value: float | None) -> float:
    return float("nan") if value is None else value
