"""Interest space: features of items from their content, or from who acted on them."""

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
from graphkit.data.tags import STOP_TAGS, any_tag, stopped
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

__all__ = ["InterestSpace", "interest_space"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]

#: Weight of an interaction for a profile; a watch counts its fraction.
SIGNALS = {"share": 1.0, "repost": 1.0, "save": 0.8, "like": 0.6, "duet": 0.8, "stitch": 0.8}
SIGNALS |= {"comment": 0.4, "reply": 0.4, "play": 1.0}


def unit_rows(matrix: npt.ArrayLike) -> Floats32:
    """Scale rows to unit L2 norm, in float32; zero rows are unchanged."""
    return np.asarray(unit_length(np.asarray(matrix, dtype=np.float64)), dtype=np.float32)


def unit_length(rows: Floats) -> Floats:
    """Scale rows to unit L2 norm, in float64; zero rows are unchanged."""
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    scaled: Floats = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return scaled


def interacted_items(rows: pl.DataFrame, accounts: Vocabulary, items: Vocabulary) -> pl.DataFrame:
    """Interactions as codes ``account`` and ``item``, with the ``weight`` of the signal.

    The item of a reply (duet, stitch, reply) is its parent post.
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
    # sorted, so that sums of floats do not depend on the order of rows
    return known.sort("item", "account", "weight")


def mean_features(interactions: pl.DataFrame, features: Floats32, n: int) -> Floats32:
    """Weighted sum of the features of each account's items, scaled to unit length."""
    shape = (n, features.shape[0])
    pairs = (interactions["account"].to_numpy(), interactions["item"].to_numpy())
    matrix: Any = sp.csr_array((interactions["weight"].to_numpy(), pairs), shape=shape)
    return unit_rows(matrix @ features.astype(np.float64))


#: Sources of terms, in the order of their columns, with their default weights (assumptions).
TERM_SOURCES = {"tags": 1.0, "sounds": 0.5, "captions": 0.25}

#: Parts of a caption that are not words: hashtags, mentions and addresses.
_NO_WORDS = r"#[^\s#]+|@\S+|https?://\S+"
#: Characters that are not seen, but for joiners, and for the zero-width space, which parts words.
_UNSEEN = r"[\p{Default_Ignorable_Code_Point}--[\p{Join_Control}\u200B]]"
_WORD = r"[\p{L}\p{M}\p{N}]{2,}"

CALLER = "interest_space"


def present_sources(dataset: Dataset) -> list[str]:
    """Default sources of terms in a dataset.

    Captions of items without authors are names of artists or songs, and are excluded.
    """
    there = {
        "tags": _has_tags(dataset),
        "sounds": _has_values(dataset, "items", "sound_id"),
        "captions": all(_has_values(dataset, "items", c) for c in ("caption", "author_id")),
    }
    return [source for source in TERM_SOURCES if there[source]]


def _has_values(dataset: Dataset, table: str, column: str) -> bool:
    frame = dataset.tables.get(table)
    if frame is None or column not in frame.columns:
        return False
    return frame.get_column(column).null_count() < frame.height


def _has_tags(dataset: Dataset) -> bool:
    lists = dataset.tables["items"] if _has_values(dataset, "items", "tags") else None
    if lists is not None and any_tag(lists.get_column("tags")):
        return True
    given = all(_has_values(dataset, "interactions", c) for c in ("tag", "item_id"))
    return given and any_tag(dataset.tables["interactions"].get_column("tag"))


def item_terms(dataset: Dataset, source: str, removed: dict[str, int]) -> pl.DataFrame:
    """Term counts of items: item (code), term, count; in this order.

    Stop-tags in any spelling, and terms of a single item, are removed.

    Raises
    ------
    MissingDataError
        If the dataset has nothing of the source.
    """
    rows = _caption_words(dataset) if source == "captions" else _incidence_pairs(dataset, source)
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


def _incidence_pairs(dataset: Dataset, source: str) -> pl.DataFrame:
    found = incidence(dataset, between="items", through=source, verb=CALLER)
    return pl.DataFrame(
        {"item": found.rows, "term": found.through.series.gather(pl.Series(found.columns))}
    )


def _caption_words(dataset: Dataset) -> pl.DataFrame:
    """Words of captions, NFKC and lower case; whole clauses in scripts without spaces."""
    items = dataset.require("items", "caption", verb=CALLER)
    text = pl.col("caption").str.replace_all(_UNSEEN, "").str.normalize("NFKC").str.to_lowercase()
    words = text.str.replace_all(_NO_WORDS, " ").str.extract_all(_WORD)
    frame = items.select(item=pl.Series(dataset.item_ids.encode(items["item_id"])), term=words)
    return frame.drop_nulls().explode("term", empty_as_null=False).drop_nulls()


def tfidf_rows(terms: pl.DataFrame, n_items: int) -> tuple[Any, int, int]:
    """TF-IDF rows of unit length, (1 + ln count) · ln(N / d); also the number of terms, and N.

    d is the number of items with the term, N that of items with any term. `terms` is a result of
    :func:`item_terms`, `n_items` the number of rows.
    """
    vocabulary = Vocabulary(terms.get_column("term"))
    item = terms.get_column("item").to_numpy()
    term = vocabulary.lookup(terms.get_column("term"))
    count = terms.get_column("count").to_numpy()
    degree = np.bincount(term, minlength=len(vocabulary))
    covered = np.unique(item).size
    idf: Floats = np.log(covered / np.maximum(degree, 1))
    weight = (1 + np.log(count)) * idf[term]
    length = np.sqrt(np.bincount(item, weight**2, minlength=n_items))
    scaled = np.divide(weight, length[item], out=np.zeros_like(weight), where=length[item] > 0)
    matrix = sp.csr_array((scaled, (item, term)), shape=(n_items, len(vocabulary)))
    return matrix, int(np.count_nonzero(idf > 0)), covered


#: Kinds of interest spaces.
SPACE_KINDS = ("terms", "embedding", "interactions", "planted", "given", "none")
#: Spaces that are asked for by a word.
NAMED_SOURCES = ("embedding", "interactions", "planted")

#: What the columns of a source are, if not terms.
_COLUMNS = {"interactions": "accounts", "planted topics": "topics", "embedding": "numbers"}

#: Tolerance of the unit length of a row, for rounding to float32.
TOLERANCE = 1e-3


@dataclass(frozen=True, repr=False, eq=False)
class InterestSpace(Frozen, table="sources"):
    """Interest space: features of every item; the similarity of items is the product of rows.

    Attributes
    ----------
    items
        m items.
    features
        float32, shape (m, d), d ≥ 1; rows of unit length, or zero where unknown.
    kind
        ``"terms"`` (tags, sounds, captions: no feature is negative), ``"embedding"``,
        ``"interactions"`` (who acted on an item; likewise not negative), ``"planted"`` (the
        planted topic of each item: an oracle, which no feed of a real platform has),
        ``"given"`` (by the user), or ``"none"`` (all zero).
    sources
        One row per source: source, weight, terms (columns), items (with any term), explained
        (share of the squared length of its rows that the d dimensions retain, in [0, 1]).
        `None` for a given space.
    provenance
        ``removed`` counts what was omitted.

    Examples
    --------
    >>> space = InterestSpace(Vocabulary(["v", "w"]), np.array([[1, 0], [0.6, 0.8]]))
    >>> space.rows(Vocabulary(["w", "x"])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """

    items: Vocabulary
    features: Floats32
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
        # the negation also catches NaN
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
        """Number of items with a nonzero row."""
        return int(self.features.any(axis=1).sum())

    @cached_property
    def content_key(self) -> str:
        """Key of items and features."""
        return content_key(self.items.content_key, self.features, self.kind)

    def rows(self, items: Vocabulary) -> Floats32:
        """Features of some items, shape (len(items), d); zero for unknown items."""
        codes = self.items.lookup(items.series if items.kind == "str" else items.ids)
        chosen = np.zeros((codes.size, self.dimensions), np.float32)
        chosen[codes >= 0] = self.features[codes[codes >= 0]]
        return chosen

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "items": self.n_items,
            "with a place": self.n_placed,
            "dimensions": self.dimensions,
            "from": "planted topics (an oracle)" if self.kind == "planted" else self.kind,
        }
        if self.sources is not None:
            for source, weight, terms, items, explained in self.sources.iter_rows():
                facts[f"{source} (weight {weight:g})"] = (
                    f"{terms:,} {_COLUMNS.get(source, 'terms')} of {items:,} items, "
                    f"{explained:.0%} kept"
                )
        if self.provenance.removed:
            left_out = (f"{k}: {v:,}" for k, v in self.provenance.removed.items())
            facts["left out"] = ", ".join(left_out)
        return facts


#: Scores below this share of the longest row are rounding errors, and set to zero.
NEGLIGIBLE = 1e-6

#: Of the randomised SVD. The spectrum of terms decays slowly: with the usual 5 and 10, the
#: similarity of a pair may differ by 0.4 between two seeds, with these by less than 0.001.
ITERATIONS, OVERSAMPLES = 15, 30


def interest_space(
    dataset: Dataset | Platform,
    *,
    sources: Mapping[str, float] | str | None = None,
    dimensions: int = 32,
    rng: RNGLike | None = None,
) -> InterestSpace:
    r"""Interest space of all items: what a feed may read of them.

    **Terms.** Each source gives item i the row of its terms t, with count c, items d of the
    term, and items N that have any term of the source,

    .. math:: x_{it} \propto (1 + \ln c_{it}) \, \ln (N / d_t), \qquad
              \lVert x_{i \cdot} \rVert^2 = w_s / \textstyle\sum_s w_s

    so that a weight is a source's share of the squared length of a row with all sources. The rows
    are concatenated; a truncated SVD reduces them to ⌊dimensions / 2⌋ components (latent semantic
    analysis). Each component is split into its positive and negative part, so that features and
    similarities are not negative; empty ones are removed. Stop-tags (fyp, foryou, viral, …),
    hashtags, mentions and addresses in captions, and terms of a single item are ignored.

    **Embeddings.** ``items.embedding``, centred, reduced by SVD if wider than `dimensions`;
    similarities may be negative.

    **Interactions**, for logs whose items say nothing of themselves. An item is the row of the
    accounts that acted on it, each counted once (how often says more about the account than about
    the item), with the same weights: of an account a with d items, :math:`\ln (N / d_a)`, because
    one that acts on everything says little about any item. Reduced and split like terms.

    **Planted.** The topic of each item of a synthetic platform: an *oracle*, which reads what no
    feed can know. It bounds what better reading of the content could achieve.

    Rows are scaled to unit length; unknown items are zero. The result depends neither on the
    order of rows nor on the number of threads.

    Parameters
    ----------
    dataset
        Items with tags (or interactions of kind ``tag``), sounds, captions or embeddings; or
        a synthetic platform.
    sources
        Weight > 0 by source, out of ``tags``, ``sounds`` and ``captions``; or
        ``"embedding"``, ``"interactions"`` or, of a platform, ``"planted"``. By default, for a
        platform too, ``{"tags": 1.0, "sounds": 0.5, "captions": 0.25}`` (assumptions), as far as
        the dataset has them, without captions of items that have no authors; else its embeddings.
    dimensions
        Largest number of dimensions, at least 2.
    rng
        Seed of the randomised SVD; it affects the third digit at most, and the choice among
        components of equal strength.

    Returns
    -------
    InterestSpace

    Raises
    ------
    OptionError
        For an unknown source, a weight that is not above 0, fewer than 2 dimensions, or the
        planted topics of a dataset.
    MissingDataError
        If the dataset lacks a named source, has no source, or the sources do not distinguish
        items.

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
        if sources == "planted":
            return _planted_space(dataset)
        dataset = dataset.dataset
    if sources == "planted":
        raise OptionError("sources='planted': only a synthetic platform has planted topics.")
    if sources is None:
        there = present_sources(dataset)
        sources = {name: TERM_SOURCES[name] for name in there} or "embedding"
        if not there and "embedding" not in dataset.require("items", verb="interest_space").columns:
            raise MissingDataError(
                "interest_space needs something that says what items are about: items.tags, "
                "interactions of kind 'tag', items.sound_id, items.caption or items.embedding; or take "
                "who acted on them, sources='interactions'."
            )
    removed: dict[str, int] = {}
    seed = streams.integer("svd") % 2**32
    if sources == "interactions":
        features, frame = _audience_features(dataset, dimensions, seed)
    elif isinstance(sources, str):
        features, frame = _embedding_features(dataset, dimensions, seed)
    else:
        features, frame = _term_features(dataset, sources, dimensions, seed, removed)
    removed["items without a place"] = int((~features.any(axis=1)).sum())
    used = sources if isinstance(sources, str) else dict(sources)
    return InterestSpace(
        dataset.item_ids,
        features,
        sources if isinstance(sources, str) else "terms",
        frame,
        Provenance.of(
            "interest_space",
            {"sources": used, "dimensions": dimensions},
            seed=streams.seed,
            made_from=(dataset,),
            removed={reason: count for reason, count in removed.items() if count},
            packages=("scikit-learn", "numpy"),
        ),
    )


def check_sources(sources: Mapping[str, float] | str | None) -> None:
    """Validate the sources of a space.

    Raises
    ------
    OptionError
        Naming the source or the weight.
    """
    if sources is None:
        return
    if isinstance(sources, str):
        if sources in TERM_SOURCES:
            raise OptionError(f"sources={sources!r}: pass a weight, {{{sources!r}: 1.0}}.")
        check_choice("sources", sources, (*NAMED_SOURCES, *TERM_SOURCES))
        return
    if not isinstance(sources, Mapping) or not sources:
        raise OptionError(
            f"sources={sources!r}: pass weights such as {{'tags': 1.0}}, or one of "
            f"{', '.join(map(repr, NAMED_SOURCES))}."
        )
    for name, weight in sources.items():
        if name in NAMED_SOURCES:
            raise OptionError(f"sources: {name!r} and terms do not mix: sources={name!r}.")
        check_choice("sources", name, TERM_SOURCES)
        hint = "Leave out a source of no weight."
        check_number(f"sources[{name!r}]", weight, 0, low_open=True, hint=hint)


def _planted_space(platform: Platform) -> InterestSpace:
    topics = platform.item_topics
    columns = {"weight": 1.0, "terms": len(platform.topics), "items": topics.size, "explained": 1.0}
    return InterestSpace(
        platform.dataset.item_ids,
        np.eye(len(platform.topics), dtype=np.float32)[topics],
        "planted",
        pl.DataFrame({"source": ["planted topics"]} | {k: [v] for k, v in columns.items()}),
        Provenance.of("interest_space", {"sources": "planted"}, made_from=(platform.dataset,)),
    )


def _term_features(
    dataset: Dataset,
    sources: Mapping[str, float],
    dimensions: int,
    seed: int,
    removed: dict[str, int],
) -> tuple[Floats32, pl.DataFrame]:
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
    scores, directions = _truncated_svd(matrix, size, seed)
    strength = (scores**2).sum(axis=0)
    explained, start = [], 0
    for block in blocks:
        stop = start + block.shape[1]
        kept = float(strength @ (directions[:, start:stop] ** 2).sum(axis=1))
        held = float((block.data**2).sum())
        explained.append(min(kept / held, 1.0) if held else 0.0)
        start = stop
    frame = pl.DataFrame(rows, schema=["source", "weight", "terms", "items"], orient="row")
    lobes = _split_signs(scores)
    return unit_rows(lobes[:, lobes.any(axis=0)]), frame.with_columns(
        explained=pl.Series(explained, dtype=pl.Float64)
    )


def _split_signs(scores: Floats) -> Floats:
    """Positive and negative part of each component, so that no feature is negative."""
    return np.concatenate([np.maximum(scores, 0), np.maximum(-scores, 0)], axis=1)


class AudienceSpace:
    """Latent semantic analysis of who acted on what: a space that places items by their audience.

    Parameters
    ----------
    pairs
        Codes ``account`` and ``item`` of the acts that it is made from; repetitions count once.
    n_accounts, dimensions, seed
        Number of accounts, largest number of dimensions, and seed of the randomised SVD.

    Attributes
    ----------
    dimensions
        Number of features.
    n_placing
        Accounts that tell items apart.
    explained
        Share of the squared length of its own rows that the dimensions retain, in [0, 1].

    Raises
    ------
    MissingDataError
        If the acts do not tell items apart.

    Notes
    -----
    Rows of items are as those of terms in :func:`interest_space`, with accounts for terms. An
    item that was not there is placed by the accounts that act on it, on the same axes
    ("folding in", Deerwester et al. 1990).
    """

    def __init__(self, pairs: pl.DataFrame, n_accounts: int, dimensions: int, seed: int) -> None:
        pairs = pairs.select("item", "account").unique().sort("item", "account")
        item, account = (pairs.get_column(c).to_numpy() for c in ("item", "account"))
        degree = np.bincount(account, minlength=n_accounts)
        items = np.unique(item)
        self._weight: Floats = np.where(
            degree > 0, np.log(max(items.size, 1) / np.maximum(degree, 1)), 0.0
        )
        self.n_placing = int(np.count_nonzero(self._weight))
        rows = self._rows(np.searchsorted(items, item), account, items.size)
        if self.n_placing < 2 or not rows.data.any():
            raise MissingDataError(
                f"interest_space: the acts of {np.unique(account).size} accounts on {items.size} "
                "items do not tell items apart: at least two accounts must differ in theirs."
            )
        size = min(max(dimensions // 2, 1), *rows.shape)
        scores, self._directions = _truncated_svd(rows, size, seed % 2**32)
        self.explained = min(float((scores**2).sum() / (rows.data**2).sum()), 1.0)
        self._kept = _split_signs(scores).any(axis=0)
        self.dimensions = int(np.count_nonzero(self._kept))

    def place(self, pairs: pl.DataFrame, n_items: int) -> Floats32:
        """Features of `n_items` items by the accounts that act on them; zero where nobody does."""
        pairs = pairs.select("item", "account").unique().sort("item", "account")
        item, account = (pairs.get_column(c).to_numpy() for c in ("item", "account"))
        scores: Floats = self._rows(item, account, n_items) @ self._directions.T
        scores[np.abs(scores) < NEGLIGIBLE] = 0.0
        return unit_rows(_split_signs(scores)[:, self._kept])

    def _rows(self, item: npt.NDArray[Any], account: npt.NDArray[Any], n_items: int) -> Any:
        """Rows of items over accounts, of unit length."""
        weight = self._weight[account]
        length = np.sqrt(np.bincount(item, weight**2, minlength=n_items))
        scaled = np.divide(weight, length[item], out=np.zeros_like(weight), where=length[item] > 0)
        return sp.csr_array((scaled, (item, account)), shape=(n_items, self._weight.size))


def _audience_features(
    dataset: Dataset, dimensions: int, seed: int
) -> tuple[Floats32, pl.DataFrame]:
    rows = dataset.require("interactions", verb=CALLER)
    pairs = interacted_items(rows, dataset.account_ids, dataset.item_ids)
    space = AudienceSpace(pairs, len(dataset.account_ids), dimensions, seed)
    columns = {
        "weight": 1.0,
        "terms": space.n_placing,
        "items": pairs.get_column("item").n_unique(),
        "explained": space.explained,
    }
    return space.place(pairs, len(dataset.item_ids)), pl.DataFrame(
        {"source": ["interactions"]} | {name: [value] for name, value in columns.items()}
    )


def _embedding_features(
    dataset: Dataset, dimensions: int, seed: int
) -> tuple[Floats32, pl.DataFrame]:
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
        values, _ = _truncated_svd(values, min(dimensions, values.shape[0]), seed)
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


def _truncated_svd(matrix: Any, size: int, seed: int) -> tuple[Floats, Floats]:
    """Scores (items × components) and directions, denoised and with fixed signs."""
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # one thread, so that sums are in one order
    with threadpool_limits(1):
        _, _, directions = randomized_svd(
            matrix, size, n_iter=ITERATIONS, n_oversamples=OVERSAMPLES, random_state=seed
        )
        scores = matrix @ directions.T
    strength = np.sqrt((scores**2).sum(axis=0))
    there = strength > NEGLIGIBLE * strength.max()
    scores, directions = scores[:, there], directions[there]
    # the largest entry of each direction is positive
    largest = np.abs(directions).argmax(axis=1)
    sign = np.sign(directions[np.arange(len(directions)), largest])
    scores, directions = scores * sign, directions * sign[:, None]
    longest = np.sqrt((scores**2).sum(axis=1)).max()
    scores[np.abs(scores) < NEGLIGIBLE * longest] = 0.0
    return scores, directions
