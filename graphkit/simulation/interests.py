"""interest_space: items placed by their tags, sounds and captions, or by embeddings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from graphkit.data.dataset import Dataset
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.data.space import InterestSpace
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_integer,
    check_number,
)
from graphkit.rng import RNGLike, Streams
from graphkit.simulation._space import unit_rows
from graphkit.simulation._terms import TERM_SOURCES, item_terms, present_sources, tfidf_rows

__all__ = ["check_sources", "interest_space"]

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
    dataset: Dataset, sources: Mapping[str, float], dimensions: int, seed: int,
    removed: dict[str, int],
) -> tuple[npt.NDArray[np.float32], pl.DataFrame]:  # fmt: skip
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
    columns = {"weight": 1.0, "terms": width, "items": int(known.sum()),
               "explained": min(float((values**2).sum()) / held, 1.0)}  # fmt: skip
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
