"""graphkit as a backend of networkx: its Leiden and Louvain on a networkx graph.

    nx.community.leiden_communities(graph, backend="graphkit")

Registered by entry points, so that installing graphkit is enough; networkx itself has no
Leiden. ``import networkx`` loads this file, which therefore imports nothing heavy.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphkit.networkx_backend.conversion import Converted

__all__ = ["Backend", "backend", "info"]

_SHARED = (
    "One run, deterministic for a seed: sortable nodes may come in any order, edges in any. "
    "seed=None draws from the operating system, not from the global generator of Python. "
    "Parallel edges are merged, their weights added; edges of weight zero count as absent; a "
    "negative weight is an error. Communities come largest first. For several runs, and what "
    "they say together, see graphkit.leiden."
)
_LEVELS = "A partition is yielded only if its modularity is above that of the one before. "
_LEIDEN = (
    "Ends when a further iteration over all levels gains less than a millionth of the total "
    "weight; the communities are then connected. "
)
_LOUVAIN = "Directed graphs by directed modularity. "


def info() -> dict[str, Any]:
    """What networkx shows of this backend: its summary and its functions."""
    texts = {
        "leiden_communities": _LEIDEN + _SHARED,
        "leiden_partitions": _LEVELS + _LEIDEN + _SHARED,
        "louvain_communities": _LOUVAIN + _SHARED,
        "louvain_partitions": _LEVELS + _LOUVAIN + _SHARED,
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

    What networkx can do and this cannot is a NotImplementedError that says why, which lets
    networkx try its next backend; what makes no sense for any is a graphkit error.
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
        """The graph in arrays, in time of its size; `edge_attrs` maps weights to defaults.

        `node_attrs`, `preserve_node_attrs` and `preserve_graph_attrs` change nothing, for no
        function here asks for attributes of nodes; `name` and `graph_name` say who asks.
        """
        if preserve_edge_attrs:
            raise NotImplementedError(
                f"{name}: graphkit takes weights by the name of an edge attribute, or None; not "
                "by a function."
            )
        from graphkit.networkx_backend import conversion as _converted

        return _converted.from_networkx(graph, edge_attrs or {})

    @staticmethod
    def convert_to_nx(result: Any, *, name: str | None = None) -> Any:
        """A converted graph as a networkx graph again; anything else as it is."""
        from graphkit.networkx_backend import conversion as _converted

        return (
            _converted.to_networkx(result) if isinstance(result, _converted.Converted) else result
        )

    @staticmethod
    def leiden_communities(
        G: Any,
        weight: str | None = "weight",
        resolution: float = 1,
        max_level: int | None = None,
        seed: Any = None,
    ) -> list[set[Any]]:
        """The last partition of :meth:`leiden_partitions`, or that of level `max_level`."""
        from graphkit.networkx_backend import conversion as found

        levels = found.partitions("leiden_communities", G, weight, resolution, seed)
        return found.last(levels, max_level)

    @staticmethod
    def leiden_partitions(
        G: Any, weight: str | None = "weight", resolution: float = 1, seed: Any = None
    ) -> Iterator[list[set[Any]]]:
        """The partitions after each level of Leiden, of rising modularity."""
        from graphkit.networkx_backend import conversion as found

        return found.partitions("leiden_partitions", G, weight, resolution, seed)

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
        from graphkit.networkx_backend import conversion as found

        levels = found.partitions(
            "louvain_communities", G, weight, resolution, seed, threshold=threshold
        )
        return found.last(levels, max_level)

    @staticmethod
    def louvain_partitions(
        G: Any,
        weight: str | None = "weight",
        resolution: float = 1,
        threshold: float = 1e-7,
        seed: Any = None,
    ) -> Iterator[list[set[Any]]]:
        """The partitions after each level of Louvain, each a merger of the one before."""
        from graphkit.networkx_backend import conversion as found

        return found.partitions(
            "louvain_partitions", G, weight, resolution, seed, threshold=threshold
        )


backend = Backend()
