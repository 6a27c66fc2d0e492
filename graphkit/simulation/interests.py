"""interest_space: items placed by their tags, sounds and captions, or by embeddings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.incidence import ACTS, incidence
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.data.tags import STOP_TAGS, stopped
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_integer,
    check_number,
)
from graphkit.rng import RNGLike, Streams

__all__ = [
    "InterestSpace",
    "acted_items",
    "check_sources",
    "interest_space",
    "item_terms",
    "mean_features",
    "present_sources",
    "tfidf_rows",
    "unit",
    "unit_rows",
]

Floats32 = npt.NDArray[np.float32]

#: Weight of an act for a profile: what takes more says more; a watch counts its fraction.
SIGNALS = {
    "share": 1.0,
    "repost": 1.0,
    "save": 0.8,
    "like": 0.6,
    "duet": 0.8,
    "stitch": 0.8,
    "comment": 0.4,
    "reply": 0.4,
    "play": 1.0,
}


def unit_rows(matrix: npt.ArrayLike) -> Floats32:
    """Rows scaled to length 1; zero rows stay."""
    return np.asarray(unit(np.asarray(matrix, dtype=np.float64)), dtype=np.float32)


def unit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The same, unrounded."""
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    scaled: npt.NDArray[np.float64] = np.divide(
        rows, length, out=np.zeros_like(rows), where=length > 0
    )
    return scaled


def acted_items(rows: pl.DataFrame, accounts: Vocabulary, items: Vocabulary) -> pl.DataFrame:
    """What accounts did with items: codes ``account``, ``item``, and ``weight`` of the signal.

    Of an answer (duet, stitch, reply), the item is the one that it answers.
    """
    rows = rows.filter(pl.col("kind").cast(pl.String).is_in(list(ACTS)))
    target = [pl.col(c) for c in ("target_item_id", "item_id") if c in rows.columns]
    if not target:
        raise MissingDataError("build_world needs the column interactions.item_id.")
    rows = rows.select(
        "account_id", pl.coalesce(target).alias("item_id"), pl.col("kind").cast(pl.String)
    ).drop_nulls()
    frame = pl.DataFrame(
        {
            "account": accounts.lookup(rows.get_column("account_id")),
            "item": items.lookup(rows.get_column("item_id")),
            "weight": rows.get_column("kind").replace_strict(SIGNALS, return_dtype=pl.Float64),
        }
    )
    known = frame.filter((pl.col("item") >= 0) & (pl.col("account") >= 0))
    # in one order, whatever the rows' was: sums of floats follow it
    return known.sort("item", "account", "weight")


def mean_features(acts: pl.DataFrame, features: Floats32, n: int) -> Floats32:
    """Unit-length sum of the features of the items that each of n accounts acted on."""
    shape = (n, features.shape[0])
    pairs = (acts["account"].to_numpy(), acts["item"].to_numpy())
    matrix: Any = sp.csr_array((acts["weight"].to_numpy(), pairs), shape=shape)
    return unit_rows(matrix @ features.astype(np.float64))


#: Sources of terms, in the order of their columns, with the weight of each by default: tags
#: are chosen to say what a video is about, a sound says it by the way, and most words of a
#: caption do not say it. The weights are assumptions.
TERM_SOURCES = {"tags": 1.0, "sounds": 0.5, "captions": 0.25}

#: What in a caption is no word of it: hashtags stand in the tags, mentions name accounts.
_NO_WORDS = r"#[^\s#]+|@\S+|https?://\S+"
_WORD = r"[\p{L}\p{M}\p{N}]{2,}"

VERB = "interest_space"


def present_sources(dataset: Dataset) -> list[str]:
    """The sources of terms that a dataset has something of and that are used by default.

    The captions of items without authors are names, of artists or songs: no likeness.
    """
    there = {
        "tags": _has_tags(dataset),
        "sounds": _filled(dataset, "items", "sound_id"),
        "captions": all(_filled(dataset, "items", c) for c in ("caption", "author_id")),
    }
    return [source for source in TERM_SOURCES if there[source]]


def _filled(dataset: Dataset, table: str, column: str) -> bool:
    frame = dataset.tables.get(table)
    if frame is None or column not in frame.columns:
        return False
    return frame.get_column(column).null_count() < frame.height


def _has_tags(dataset: Dataset) -> bool:
    if _filled(dataset, "items", "tags"):
        lists = dataset.tables["items"].get_column("tags")
        if (lists.list.len() > 0).any():
            return True
    return _filled(dataset, "interactions", "tag") and _filled(dataset, "interactions", "item_id")


def item_terms(dataset: Dataset, source: str, removed: dict[str, int]) -> pl.DataFrame:
    """How often each term stands at each item: item (code), term, count; in this order.

    Stop-tags in any spelling are left out of tags and captions, and so is every term of one
    item only: it brings no two items together.

    Raises
    ------
    MissingDataError
        If the dataset has nothing of the source.
    """
    rows = _captions(dataset) if source == "captions" else _pairs(dataset, source)
    if source != "sounds":
        terms = rows.get_column("term").unique()
        stop = pl.Series(sorted(stopped(terms.to_list(), STOP_TAGS)), dtype=pl.String)
        kept = rows.filter(~pl.col("term").is_in(stop.implode()))
        removed[f"{source}: uses of stop-tags"] = rows.height - kept.height
        rows = kept
    counts = rows.group_by("item", "term").agg(count=pl.len())
    shared = counts.filter(pl.len().over("term") >= 2)
    removed[f"{source}: terms of one item only"] = counts.height - shared.height
    return shared.sort("item", "term")


def _pairs(dataset: Dataset, source: str) -> pl.DataFrame:
    found = incidence(dataset, between="items", through=source, verb=VERB)
    return pl.DataFrame(
        {"item": found.rows, "term": found.through.series.gather(pl.Series(found.columns))}
    )


def _captions(dataset: Dataset) -> pl.DataFrame:
    """Words of captions, NFKC and lower case; of scripts without blanks, whole clauses."""
    items = dataset.require("items", "caption", verb=VERB)
    text = pl.col("caption").str.normalize("NFKC").str.to_lowercase()
    words = text.str.replace_all(_NO_WORDS, " ").str.extract_all(_WORD)
    frame = items.select(item=pl.Series(dataset.item_ids.encode(items["item_id"])), term=words)
    return frame.drop_nulls().explode("term", empty_as_null=False).drop_nulls()


def tfidf_rows(terms: pl.DataFrame, n_items: int) -> tuple[Any, int, int]:
    """Rows of unit length, (1 + ln count) · ln(N / d); also terms used, and N.

    d is the number of items that a term stands at, N that of items with any term of this
    source. A term of all N items tells none of them apart, and has no weight.

    Parameters
    ----------
    terms
        As :func:`item_terms` gives them.
    n_items
        Number of rows.
    """
    vocabulary = Vocabulary(terms.get_column("term"))
    item = terms.get_column("item").to_numpy()
    term = vocabulary.lookup(terms.get_column("term"))
    count = terms.get_column("count").to_numpy()
    degree = np.bincount(term, minlength=len(vocabulary))
    covered = np.unique(item).size
    idf: npt.NDArray[np.float64] = np.log(covered / np.maximum(degree, 1))
    weight = (1 + np.log(count)) * idf[term]
    length = np.sqrt(np.bincount(item, weight**2, minlength=n_items))
    scaled = np.divide(weight, length[item], out=np.zeros_like(weight), where=length[item] > 0)
    matrix = sp.csr_array((scaled, (item, term)), shape=(n_items, len(vocabulary)))
    return matrix, int(np.count_nonzero(idf > 0)), covered


#: What the places of the items may come from.
SPACE_KINDS = ("terms", "embedding", "planted", "given", "none")

#: How far from 1 the length of a row may be: float32, and rounding on the way here.
TOLERANCE = 1e-3


@dataclass(frozen=True, repr=False, eq=False)
class InterestSpace(Frozen, table="sources"):
    """Features of every item; two items are alike by the product of their rows.

    Attributes
    ----------
    items
        m items.
    features
        float32, shape (m, d), d ≥ 1; rows of unit length, or zero where nothing is known of
        an item.
    kind
        ``"terms"`` (tags, sounds, captions: no feature is negative), ``"embedding"``,
        ``"planted"`` (one topic an item), ``"given"`` (made by hand), or ``"none"``
        (nothing is known of any item).
    sources
        One row per source: source, weight, terms (columns that it gave), items (that have
        any of them), explained (share of the squared length of its rows that the d
        dimensions hold, in [0, 1]). `None` for a space made by hand.
    provenance
        How it was made; ``removed`` counts what was left out.

    Examples
    --------
    >>> space = InterestSpace(Vocabulary(["v", "w"]), np.array([[1, 0], [0.6, 0.8]]))
    >>> space.rows(Vocabulary(["w", "x"])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """

    items: Vocabulary
    features: npt.NDArray[np.float32]
    kind: str = "given"
    sources: pl.DataFrame | None = None
    provenance: Provenance = field(default_factory=lambda: Provenance("InterestSpace"))

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, SPACE_KINDS)
        self._set_arrays(features=np.float32)
        features, m = self.features, len(self.items)
        if features.ndim != 2 or features.shape[0] != m or features.shape[1] < 1:
            raise DataError(f"interest space: features have shape {features.shape}, not ({m}, d).")
        lengths = np.sqrt((features.astype(np.float64) ** 2).sum(axis=1))
        # written so that NaN is wrong, too
        wrong = ~((lengths == 0) | (np.abs(lengths - 1) <= TOLERANCE))
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            raise DataError(
                f"interest space: row {first} of the features has length {lengths[first]:.4g} "
                f"({int(wrong.sum()):,} such rows): scale rows to length 1, or set them to zero."
            )

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    @property
    def dimensions(self) -> int:
        """Number of features, d."""
        return int(self.features.shape[1])

    @cached_property
    def n_placed(self) -> int:
        """Items that have a place: whose row is not zero."""
        return int(self.features.any(axis=1).sum())

    @cached_property
    def content_key(self) -> str:
        """Key of items and features."""
        return content_key(self.items.content_key, self.features, self.kind)

    def rows(self, items: Vocabulary) -> npt.NDArray[np.float32]:
        """Features of some items, shape (len(items), d); zero for those that are not here."""
        codes = self.items.lookup(items.series if items.kind == "str" else items.ids)
        chosen = np.zeros((codes.size, self.dimensions), np.float32)
        chosen[codes >= 0] = self.features[codes[codes >= 0]]
        return chosen

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "items": self.n_items,
            "with a place": self.n_placed,
            "dimensions": self.dimensions,
            "from": self.kind,
        }
        if self.sources is not None:
            for source, weight, terms, items, explained in self.sources.iter_rows():
                facts[f"{source} (weight {weight:g})"] = (
                    f"{terms:,} terms of {items:,} items, {explained:.0%} kept"
                )
        if self.provenance.removed:
            left_out = (f"{k}: {v:,}" for k, v in self.provenance.removed.items())
            facts["left out"] = ", ".join(left_out)
        return facts


Floats = npt.NDArray[np.float64]

#: Scores below this share of the longest row are rounding, not likeness.
NEGLIGIBLE = 1e-6

#: Of the randomised SVD, for the spectrum of terms falls slowly: with a library's usual 5 and
#: 10, two seeds may differ by 0.4 in the likeness of a pair, with these by less than 0.001.
ITERATIONS, OVERSAMPLES = 15, 30


def interest_space(
    dataset: Dataset | Platform,
    *,
    sources: Mapping[str, float] | str | None = None,
    dimensions: int = 32,
    rng: RNGLike | None = None,
) -> InterestSpace:
    r"""Place all items in one space, so that near means alike.

    **Terms.** Each source gives item i the row of its terms t, with count c, items d of the
    term, and items N that have any term of the source,

    .. math:: x_{it} \propto (1 + \ln c_{it}) \, \ln (N / d_t), \qquad
              \lVert x_{i \cdot} \rVert^2 = w_s / \textstyle\sum_s w_s

    so that a weight is a source's share of the squared length of a row that has them all. The
    rows stand side by side; a truncated SVD reduces them to ⌊dimensions / 2⌋ components
    (latent semantic analysis). Each component is folded into its positive and its negative
    part, so that every dimension is a topic that an item has or has not, and likeness is never
    negative; empty ones are left out. Stop-tags (fyp, foryou, viral, …), hashtags, mentions and
    addresses in captions, and terms of one item only are no terms.

    **Embeddings.** ``items.embedding``, less its mean, reduced by SVD where it is wider than
    `dimensions`. Signs are kept: likeness may be negative.

    **Planted.** Of a synthetic platform, the topic of each item.

    Rows are scaled to unit length; items of which nothing is known are zero. The result
    depends neither on the order of rows nor on the number of threads.

    Parameters
    ----------
    dataset
        Items with tags (or interactions of kind ``tag``), sounds, captions or embeddings; or
        a synthetic platform.
    sources
        Weight > 0 by source, out of ``tags``, ``sounds`` and ``captions``; or
        ``"embedding"``. By default what is planted in a platform; else ``{"tags": 1.0,
        "sounds": 0.5, "captions": 0.25}``, less what the dataset lacks, and without the
        captions of items that have no authors, which are names (weights that are assumptions,
        not findings); else its embeddings.
    dimensions
        Largest number of dimensions, at least 2.
    rng
        Seed of the randomised SVD: it shows in the third digit at most, and in the choice
        among components of equal strength.

    Returns
    -------
    InterestSpace

    Raises
    ------
    OptionError
        For an unknown source, a weight that is not above 0, or fewer than 2 dimensions.
    MissingDataError
        If the dataset lacks a source that was named, has none at all, or nothing in them
        tells items apart.

    References
    ----------
    Deerwester, S., Dumais, S. T., Furnas, G. W., Landauer, T. K., & Harshman, R. (1990).
    Indexing by latent semantic analysis. Journal of the American Society for Information
    Science, 41(6), 391–407. doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9

    Halko, N., Martinsson, P. G., & Tropp, J. A. (2011). Finding structure with randomness.
    SIAM Review, 53(2), 217–288. doi:10.1137/090771806

    Examples
    --------
    >>> log = Dataset(items={
    ...     "item_id": ["v1", "v2", "v3", "v4", "v5"],
    ...     "tags": [["book", "fyp"], ["book"], ["cat"], ["cat"], ["cat"]]})
    >>> space = interest_space(log, dimensions=4, rng=1)
    >>> (space.features @ space.features.T)[0].round(3).tolist()
    [1.0, 1.0, 0.0, 0.0, 0.0]
    """
    check_sources(sources)
    dimensions = check_integer("dimensions", dimensions, 2)
    streams = Streams(rng)
    if isinstance(dataset, Platform):
        if sources is None:
            return _planted(dataset)
        dataset = dataset.dataset
    if sources is None:
        there = present_sources(dataset)
        sources = {name: TERM_SOURCES[name] for name in there} or "embedding"
        if not there and "embedding" not in dataset.require("items", verb="interest_space").columns:
            raise MissingDataError(
                "interest_space needs something that says what items are about: items.tags, "
                "interactions of kind 'tag', items.sound_id, items.caption or items.embedding."
            )
    removed: dict[str, int] = {}
    seed = streams.integer("svd") % 2**32
    if isinstance(sources, str):
        features, frame = _of_embeddings(dataset, dimensions, seed)
    else:
        features, frame = _of_terms(dataset, sources, dimensions, seed, removed)
    removed["items without a place"] = int((~features.any(axis=1)).sum())
    return InterestSpace(
        dataset.item_ids,
        features,
        "embedding" if isinstance(sources, str) else "terms",
        frame,
        Provenance.of(
            "interest_space",
            {
                "sources": sources if isinstance(sources, str) else dict(sources),
                "dimensions": dimensions,
            },
            seed=streams.seed,
            made_from=(dataset,),
            removed={reason: count for reason, count in removed.items() if count},
            packages=("scikit-learn", "numpy"),
        ),
    )


def check_sources(sources: Mapping[str, float] | str | None) -> None:
    """Refuse what cannot be the sources of a space.

    Raises
    ------
    OptionError
        Naming the source or the weight.
    """
    if sources is None or sources == "embedding":
        return
    if isinstance(sources, str):
        if sources in TERM_SOURCES:
            raise OptionError(f"sources={sources!r}: pass a weight, {{{sources!r}: 1.0}}.")
        check_choice("sources", sources, ("embedding", *TERM_SOURCES))
    if not isinstance(sources, Mapping) or not sources:
        raise OptionError(
            f"sources={sources!r}: pass weights such as {{'tags': 1.0}}, or 'embedding'."
        )
    for name, weight in sources.items():
        if name == "embedding":
            raise OptionError("sources: embeddings do not mix with terms: sources='embedding'.")
        check_choice("sources", name, TERM_SOURCES)
        hint = "Leave out a source of no weight."
        check_number(f"sources[{name!r}]", weight, 0, low_open=True, hint=hint)


def _planted(platform: Platform) -> InterestSpace:
    topics = platform.item_topics
    columns = {"weight": 1.0, "terms": len(platform.topics), "items": topics.size, "explained": 1.0}
    return InterestSpace(
        platform.dataset.item_ids,
        np.eye(len(platform.topics), dtype=np.float32)[topics],
        "planted",
        pl.DataFrame({"source": ["planted topics"]} | {k: [v] for k, v in columns.items()}),
        Provenance.of("interest_space", {"sources": "planted"}, made_from=(platform.dataset,)),
    )


def _of_terms(
    dataset: Dataset,
    sources: Mapping[str, float],
    dimensions: int,
    seed: int,
    removed: dict[str, int],
) -> tuple[npt.NDArray[np.float32], pl.DataFrame]:
    total = math.fsum(sources.values())
    blocks, rows = [], []
    for name in TERM_SOURCES:
        if name in sources:
            terms = item_terms(dataset, name, removed)
            matrix, n_terms, covered = tfidf_rows(terms, len(dataset.item_ids))
            blocks.append(matrix * math.sqrt(sources[name] / total))
            rows.append((name, float(sources[name]), n_terms, covered))
    matrix = sp.hstack(blocks, format="csr")
    size = min(dimensions // 2, *matrix.shape)
    if matrix.shape[1] < 2 or not matrix.data.any():
        raise MissingDataError(
            f"interest_space: nothing in {', '.join(n for n, *_ in rows)} tells items apart: at "
            f"least two terms are needed that some items share and others have not ({removed})."
        )
    scores, directions = _svd(matrix, size, seed)
    strength = (scores**2).sum(axis=0)
    explained, start = [], 0
    for block in blocks:
        stop = start + block.shape[1]
        kept = float(strength @ (directions[:, start:stop] ** 2).sum(axis=1))
        held = float((block.data**2).sum())
        explained.append(min(kept / held, 1.0) if held else 0.0)
        start = stop
    frame = pl.DataFrame(rows, schema=["source", "weight", "terms", "items"], orient="row")
    lobes = np.concatenate([np.maximum(scores, 0), np.maximum(-scores, 0)], axis=1)
    return unit_rows(lobes[:, lobes.any(axis=0)]), frame.with_columns(
        explained=pl.Series(explained, dtype=pl.Float64)
    )


def _of_embeddings(
    dataset: Dataset, dimensions: int, seed: int
) -> tuple[npt.NDArray[np.float32], pl.DataFrame]:
    items = dataset.require("items", "embedding", verb="interest_space").sort("item_id")
    vectors = items.get_column("embedding")
    known = vectors.is_not_null() & (vectors.list.len() > 0)
    wide = vectors.filter(known)
    width = int(wide.list.len().max() or 0)  # type: ignore[arg-type]
    if not width:
        raise MissingDataError("interest_space needs items.embedding, which has no numbers.")
    flat = wide.explode(empty_as_null=False)
    if flat.null_count():
        raise DataError("interest_space: items.embedding has empty entries: give every number.")
    values = flat.to_numpy().astype(np.float64).reshape(-1, width)
    values -= values.mean(axis=0)
    longest = float(np.sqrt((values**2).sum(axis=1)).max())
    if longest < NEGLIGIBLE:
        raise MissingDataError("interest_space: all items have the same embedding.")
    values[np.abs(values) < NEGLIGIBLE * longest] = 0.0
    held = float((values**2).sum())
    if width > dimensions:
        values, _ = _svd(values, min(dimensions, values.shape[0]), seed)
    features = np.zeros((items.height, values.shape[1]), np.float32)
    features[known.to_numpy()] = unit_rows(values)
    columns = {
        "weight": 1.0,
        "terms": width,
        "items": int(known.sum()),
        "explained": min(float((values**2).sum()) / held, 1.0),
    }
    return features, pl.DataFrame(
        {"source": ["embedding"]} | {name: [value] for name, value in columns.items()}
    )


def _svd(matrix: Any, size: int, seed: int) -> tuple[Floats, Floats]:
    """Scores (items × components) and directions; noise is cut, signs are fixed."""
    from sklearn.decomposition import TruncatedSVD
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # sums of other threads come in another order, and with them other last digits
    with threadpool_limits(1):
        model = TruncatedSVD(size, n_iter=ITERATIONS, n_oversamples=OVERSAMPLES, random_state=seed)
        scores = model.fit_transform(matrix)
    directions = model.components_
    strength = np.sqrt((scores**2).sum(axis=0))
    there = strength > NEGLIGIBLE * strength.max()
    scores, directions = scores[:, there], directions[there]
    # the largest entry of each direction is positive, whatever the library's habit
    largest = np.abs(directions).argmax(axis=1)
    sign = np.sign(directions[np.arange(len(directions)), largest])
    scores, directions = scores * sign, directions * sign[:, None]
    longest = np.sqrt((scores**2).sum(axis=1)).max()
    scores[np.abs(scores) < NEGLIGIBLE * longest] = 0.0
    return scores, directions
