"""One colour per community, the same in all figures of a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from graphkit.data.frozen import Frozen
from graphkit.data.partition import Partition
from graphkit.data.visibility import Visibility
from graphkit.errors import DataError
from graphkit.readwrite.gexf import PALETTE

__all__ = ["Palette", "palette"]

#: Colour of communities that have none of their own, as on a map.
OTHER = "#8c96a0"


@dataclass(frozen=True, repr=False, eq=False)
class Palette(Frozen):
    """Result of :func:`palette`: a colour per community, grey for all others.

    Attributes
    ----------
    colours
        Colours by the name of the community.
    """

    colours: Mapping[str, str]

    def __post_init__(self) -> None:
        self._set(colours=MappingProxyType(dict(self.colours)))

    def __getitem__(self, name: str) -> str:
        return self.colours.get(name, OTHER)

    def _facts(self) -> dict[str, object]:
        return {**self.colours, "all others": OTHER}


def palette(found: Partition | Visibility) -> Palette:
    """Colours of the communities of a partition: the same as on a map and in a GEXF file.

    The nine largest communities have the nine hues of the scheme "muted" of Tol (2021) in the
    order of their codes, which is that of their sizes; all others are grey. Give the result to
    every figure of a study that has communities, so that a community keeps its colour.

    Parameters
    ----------
    found
        The partition, or the visibility of its communities.

    Returns
    -------
    Palette
        Colours by the name of the community.

    Raises
    ------
    DataError
        If it is neither a partition nor a visibility.

    Examples
    --------
    >>> found = Partition.from_membership(range(3), [0, 0, 1], labels=["books", "dance"])
    >>> colours = palette(found)
    >>> colours["books"], colours["elsewhere"]
    ('#332288', '#8c96a0')

    References
    ----------
    Tol, P. (2021). Colour schemes. SRON/EPS/TN/09-002, issue 3.2.
    """
    if isinstance(found, Partition):
        names = [found.name(code) for code in range(min(found.n_communities, len(PALETTE)))]
    elif isinstance(found, Visibility):
        rows = found.frame.sort("community").select("community", "label").head(len(PALETTE)).rows()
        return Palette({str(name): PALETTE[code] for code, name in rows if code < len(PALETTE)})
    else:
        raise DataError(
            f"plot.palette needs a Partition or a Visibility, not a {type(found).__name__}."
        )
    return Palette(dict(zip(names, PALETTE, strict=False)))
