"""What a graph looks like, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from graphkit.data.display import html_frame, number
from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.errors import check_choice

__all__ = ["GraphFacts"]


@dataclass(frozen=True, repr=False, eq=False)
class GraphFacts(Frozen):
    """The facts of one graph; ``facts["density"]`` is one of them.

    Attributes
    ----------
    frame
        One row per fact: fact, value (float64; null where it has no meaning, such as the
        density of one node). What each is stands in :func:`graphkit.graphs.describe`.
    degrees
        Distribution of the degrees: of (degree; in- and out-degree of directed graphs), low,
        high (both included: 0, 1, 2–3, 4–7, …), nodes, share (of all nodes), at_least (share of
        the nodes of degree `low` or more).
    weights
        Distribution of the weights of the edges: quantile in [0, 1], weight.
    assortativity
        One row per attribute: attribute, kind (``"categorical"`` or ``"numeric"``),
        coefficient in [−1, 1] (null where all ends are alike), edges (that were compared),
        edges_unknown (that were not, for want of a value at an end).
    title
        What was described.
    provenance
        How the facts were made.
    """

    frame: pl.DataFrame
    degrees: pl.DataFrame
    weights: pl.DataFrame
    assortativity: pl.DataFrame
    title: str = "Graph"
    provenance: Provenance = field(default_factory=lambda: Provenance("describe"))

    def __getitem__(self, fact: str) -> float | None:
        """The value of one fact; an unknown name is an :class:`~graphkit.errors.OptionError`."""
        values: dict[str, float | None] = dict(self.frame.iter_rows())
        check_choice("fact", fact, values)
        return values[fact]

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = dict(self.frame.iter_rows())
        spread = dict(self.weights.iter_rows())
        if spread:
            shown = " · ".join(number(spread[q]) for q in (0.0, 0.25, 0.5, 0.75, 1.0))
            facts["weight: least · quartiles · largest"] = shown
        for name, _, coefficient, _, unknown in self.assortativity.iter_rows():
            missing = f" ({unknown:,} edges without a value)" if unknown else ""
            facts[f"assortativity by {name}"] = f"{number(coefficient)}{missing}"
        return facts

    def _title(self) -> str:
        return f"Facts: {self.title}"

    def __repr__(self) -> str:
        lines = [super().__repr__()]
        for of in self.degrees.get_column("of").unique(maintain_order=True):
            rows = self.degrees.filter(pl.col("of") == of)
            lines.append(f"  distribution of the {of}")
            most = float(rows.get_column("share").max())  # type: ignore[arg-type]
            for _, low, high, nodes, share, _ in rows.iter_rows():
                span = f"{low:,}" if low == high else f"{low:,}–{high:,}"
                bar = "█" * round(24 * share / most) if most else ""
                lines.append(f"    {span:>21}  {nodes:>13,}  {share:>6.1%}  {bar}".rstrip())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return super()._repr_html_() + html_frame(self.degrees, rows=100)
