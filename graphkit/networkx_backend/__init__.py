"""Backend of networkx: Leiden and Louvain of networkx on the native engine.

    nx.community.leiden_communities(graph, metric="modularity", backend="graphkit")

without ``metric=`` before networkx 3.7, which has modularity only.

Registered by entry points. ``import networkx`` loads this module, which therefore imports no
engine.
"""

from __future__ import annotations

import textwrap
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphkit.networkx_backend.conversion import Converted

__all__ = ["Backend", "backend", "info"]

_SHARED = (
    "One run, deterministic for a seed: sortable nodes may come in any order, edges in any. "
    "seed=None draws from the operating system, not from the global generator of Python. "
    "Parallel edges are merged, their weights added; edges of weight zero count as absent; a "
    "negative weight is an error. Communities come largest first. For several runs and "
    "their agreement, see graphkit.leiden."
)
_LEVELS = "A partition is yielded only if its {quality} is above that of the one before. "
_LEIDEN = (
    "Ends when a further iteration over all levels gains next to nothing; the communities are then "
    "connected. Where networkx has metric= and theta= (from 3.7 on), both are honoured, for "
    "directed graphs too: metric='modularity' or 'cpm' (each node counts as 1), and theta=0 or "
    "more, where 0 takes the merger that gains most. Before 3.7 it is modularity. "
)
_LOUVAIN = "Directed graphs by directed modularity. "


def info() -> dict[str, Any]:
    """Metadata for networkx: summary and functions of this backend."""
    texts = {
        "leiden_communities": _LEIDEN + _SHARED,
        "leiden_partitions": _LEVELS.format(quality="metric") + _LEIDEN + _SHARED,
        "louvain_communities": _LOUVAIN + _SHARED,
        "louvain_partitions": _LEVELS.format(quality="modularity") + _LOUVAIN + _SHARED,
    }
    return {
        "backend_name": "graphkit",
        "project": "graphkit-social",
        "package": "graphkit",
        "short_summary": "Leiden and Louvain by graphkit's native engine.",
        "functions": {
            name: {"additional_docs": textwrap.fill(text, 88)} for name, text in texts.items()
        },
    }


class Backend:
    """The functions that networkx calls, with the signatures that networkx gives them.

    A case that only networkx supports raises NotImplementedError with the reason, so that
    networkx tries its next backend; an invalid one raises a graphkit error. There is no
    ``can_run``: networkx would show a user who asked for this backend its own message, not the
    reason.
    """

    @staticmethod
    def convert_from_nx(
        graph: Any,
        edge_attrs: dict[str, Any] | None = None,
        node_attrs: dict[str, Any] | None = None,
        preserve_edge_attrs: bool = False,
        preserve_node_attrs: bool = False,
        preserve_graph_attrs: bool = False,
        name: str | None = None,
        graph_name: str | None = None,
    ) -> Converted:
        """Convert a networkx graph to arrays, in linear time; `edge_attrs` maps weights to defaults.

        `node_attrs`, `preserve_node_attrs` and `preserve_graph_attrs` have no effect, as no
        function here reads attributes of nodes; `name` and `graph_name` are the caller's.
        """
        if preserve_edge_attrs:
            raise NotImplementedError(
                f"{name}: graphkit takes weights by the name of an edge attribute, or None; not "
                "by a function."
            )
        from graphkit.networkx_backend.conversion import from_networkx

        return from_networkx(graph, edge_attrs or {})

    @staticmethod
    def convert_to_nx(result: Any, *, name: str | None = None) -> Any:
        """Convert a converted graph back to networkx; anything else is returned as it is."""
        from graphkit.networkx_backend.conversion import Converted, to_networkx

        return to_networkx(result) if isinstance(result, Converted) else result

    @staticmethod
    def leiden_communities(
        G: Any,
        weight: str | None = "weight",
        resolution: float = 1,
        max_level: int | None = None,
        seed: Any = None,
        metric: str | None = None,
        theta: float | None = None,
    ) -> list[set[Any]]:
        """The last partition of :meth:`leiden_partitions`, or that of level `max_level`."""
        given = G, weight, resolution, seed
        return _last_partition(max_level, "leiden_communities", *given, metric=metric, theta=theta)

    @staticmethod
    def leiden_partitions(
        G: Any,
        weight: str | None = "weight",
        resolution: float = 1,
        seed: Any = None,
        metric: str | None = None,
        theta: float | None = None,
    ) -> Iterator[list[set[Any]]]:
        """The partitions after each level of Leiden, of rising quality.

        `metric` is ``"modularity"`` or ``"cpm"``; `theta`, in the unit of the weights, is how
        often a merger of less gain is taken, 0 for never. `None` is the default of the installed
        networkx; before 3.7, which has neither, modularity and 0.
        """
        from graphkit.networkx_backend.conversion import partitions

        given = G, weight, resolution, seed
        return partitions("leiden_partitions", *given, metric=metric, theta=theta)

    @staticmethod
    def louvain_communities(
        G: Any,
        weight: str | None = "weight",
        resolution: float = 1,
        threshold: float = 1e-7,
        max_level: int | None = None,
        seed: Any = None,
    ) -> list[set[Any]]:
        """The last partition of :meth:`louvain_partitions`, or that of level `max_level`."""
        given = G, weight, resolution, seed
        return _last_partition(max_level, "louvain_communities", *given, threshold=threshold)

    @staticmethod
    def louvain_partitions(
        G: Any,
        weight: str | None = "weight",
        resolution: float = 1,
        threshold: float = 1e-7,
        seed: Any = None,
    ) -> Iterator[list[set[Any]]]:
        """The partitions after each level of Louvain, each a merger of the one before."""
        from graphkit.networkx_backend.conversion import partitions

        given = G, weight, resolution, seed
        return partitions("louvain_partitions", *given, threshold=threshold)


def _last_partition(max_level: int | None, *given: Any, **options: Any) -> list[set[Any]]:
    """The last of all levels, or of the first `max_level`."""
    from graphkit.errors import check_integer
    from graphkit.networkx_backend.conversion import partitions

    levels = partitions(*given, **options)
    if max_level is not None:
        levels = islice(levels, check_integer("max_level", max_level, 1))
    return deque(levels, maxlen=1).pop()


backend = Backend()
