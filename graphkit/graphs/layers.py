"""All that accounts do with one another, kind by kind: a multiplex."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from datetime import datetime

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.errors import GraphkitWarning, MissingDataError, OptionError
from graphkit.graphs.follow import follow_graph
from graphkit.graphs.social import interaction_graph

__all__ = ["LAYERS", "layers"]

#: Kinds of interaction by which one account turns to another.
LAYERS = ("mention", "duet", "stitch", "reply", "repost")


def layers(
    dataset: Dataset,
    *,
    kinds: Collection[str] | None = None,
    follows: bool = True,
    since: str | datetime | None = None,
    until: str | datetime | None = None,
) -> dict[str, Graph]:
    """Follow and interaction graphs over the same accounts, as the layers of a multiplex.

    Every layer is directed, from who acts to whom it concerns, and has all accounts of the
    dataset as nodes, in the same order; so the layers can be added, compared, and clustered
    together by ``leiden``. Weights are numbers of interactions; a follow weighs 1. Layers of
    very different total weight need weights of their own in what follows.

    A co-interaction graph is undirected. To add one, make all layers undirected:
    ``{name: g.to_undirected() for name, g in layers(ds).items()} | {"tags": tied}``.

    Parameters
    ----------
    dataset
        With follows, interactions, or both.
    kinds
        Kinds of interaction, one layer each, which must be there. By default those of
        mention, duet, stitch, reply and repost that occur; the others are absent.
    follows
        Whether the follow graph is a layer; then there must be a table of follows.
    since, until
        Interactions from `since` on and before `until`, and follows made before `until`: see
        :func:`interaction_graph` and :func:`follow_graph`. A follow from before `since` still
        stands.

    Returns
    -------
    dict
        Name → Graph: ``"follow"`` first, then the kinds in the order above, or as given.

    Raises
    ------
    MissingDataError
        If the table of follows, or a kind that was asked for, is missing; or if nothing is
        left.
    OptionError
        For an unknown kind, one named twice, or times out of order.

    Warns
    -----
    GraphkitWarning
        If a kind occurs, but no layer can be made of it: no interaction says whom it answers,
        or none lies in the time asked for.

    Examples
    --------
    >>> ds = Dataset(
    ...     follows={"follower_id": ["a"], "followee_id": ["b"]},
    ...     interactions={
    ...         "account_id": ["c", "c"], "kind": ["duet", "mention"],
    ...         "target_account_id": ["b", "a"]})
    >>> {name: g.edges().rows() for name, g in layers(ds).items()}
    {'follow': [('a', 'b', 1.0)], 'mention': [('c', 'a', 1.0)], 'duet': [('c', 'b', 1.0)]}
    """
    found: dict[str, Graph] = {}
    if follows:
        if dataset.follows is None:
            raise MissingDataError(
                "layers: there is no table 'follows'; this dataset has "
                f"{', '.join(dataset.tables)}. Pass follows=False to go without."
            )
        found["follow"] = follow_graph(dataset, until=until)
    wanted = _wanted(dataset, kinds)
    if wanted and (since is not None or until is not None):
        dataset.require("interactions", "at", verb="layers(since=…, until=…)")
        dataset.require_event_times("interactions.at", verb="layers(since=…, until=…)")
    unusable: list[str] = []
    for kind in wanted:
        try:
            found[kind] = interaction_graph(dataset, (kind,), nodes="all", since=since, until=until)
        except MissingDataError as error:
            if kinds is not None:
                raise MissingDataError(f"layers: {error}") from None
            unusable.append(f"no layer {kind!r}: {error}")
    if unusable:
        warnings.warn(f"layers: {' '.join(unusable)}", GraphkitWarning, stacklevel=2)
    if not found:
        raise MissingDataError(
            f"layers: no layer can be made: follows={follows}, and of the kinds "
            f"{', '.join(LAYERS)} none can be used (pass kinds=… for others)."
        )
    return found


def _wanted(dataset: Dataset, kinds: Collection[str] | None) -> tuple[str, ...]:
    if kinds is not None:
        wanted = (kinds,) if isinstance(kinds, str) else tuple(kinds)
        if len(set(wanted)) < len(wanted):
            raise OptionError(f"layers: kinds={wanted} names a kind twice.")
        return wanted
    if dataset.interactions is None:
        return ()
    present = set(dataset.interactions.get_column("kind").cast(pl.String).unique().to_list())
    return tuple(kind for kind in LAYERS if kind in present)
