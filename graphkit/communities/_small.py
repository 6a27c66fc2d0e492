"""Communities below a least size: whom they join."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.communities._engines import null_model
from graphkit.communities.prepare import Prepared

__all__ = ["absorbed"]

Codes = npt.NDArray[np.int32]


def absorbed(
    prepared: Prepared,
    membership: Codes,
    *,
    quality: str,
    resolution: float,
    min_size: int,
    max_size: int | None,
) -> Codes:
    """Membership without communities below `min_size`.

    The smallest first, each joins the neighbouring community where the quality loses least
    (or gains most), if that stays within `max_size`; what no neighbour can take is left
    unassigned, −1.
    """
    from graphkit.kernels.leiden import Csr, aggregate, join_small, sorted_by

    codes = np.unique(membership, return_inverse=True)[1].astype(np.int32)
    gamma, mass, mass_in = null_model(prepared, quality, resolution)
    while True:
        k = int(codes.max(initial=-1)) + 1
        sizes = np.bincount(codes, minlength=k)
        if not (sizes < min_size).any():
            return codes
        rows = Csr(*prepared.symmetric)
        order = np.empty(codes.size, dtype=np.int32)
        sorted_by(codes, k, order)
        entries = rows.indices.size
        new = Csr(np.empty(k + 1, np.int64), np.empty(entries, np.int32), np.empty(entries))
        filled = aggregate(rows, codes, order, k, new)
        merged = Csr(new.indptr, new.indices[:filled], new.weights[:filled])
        total, total_in = (
            np.bincount(codes, weights=m, minlength=k) if m.size else m for m in (mass, mass_in)
        )
        target = np.arange(k, dtype=np.int32)
        smallest = np.argsort(sizes, kind="stable")[: int((sizes < min_size).sum())]
        joined = join_small(
            merged, total, total_in, gamma, sizes.copy(), max_size or 0,
            smallest.astype(np.int32), target,
        )  # fmt: skip
        if not joined:
            return np.where(sizes[codes] < min_size, np.int32(-1), codes).astype(np.int32)
        codes = np.unique(target[codes], return_inverse=True)[1].astype(np.int32)
