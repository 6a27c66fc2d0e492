"""Compilation of kernels in advance: ``graphkit warm``, for containers and read-only homes."""

from __future__ import annotations

import importlib
import pkgutil
import time
import uuid
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import graphkit.kernels
from graphkit.communities import agreement, label_communities, leiden, visibility
from graphkit.communities.report import community_report
from graphkit.errors import GraphkitWarning, OptionError
from graphkit.graphs import backbone, cointeraction_graph, follow_graph, layers
from graphkit.kernels.compile import cache_folders, caching_in
from graphkit.nullmodels import curveball, lfr, planted_partition, random_forest, rewire
from graphkit.parallel import track
from graphkit.simulation import build_world, simulate_spread, split_world_data
from graphkit.synthetic import platform

__all__ = ["Warmed", "warm_kernels"]


@dataclass(frozen=True)
class Warmed:
    """What :func:`warm_kernels` did."""

    folder: Path
    """Folder of the compiled kernels."""
    compiled: int
    """Kernels compiled now, one for each signature."""
    found: int
    """Those that were in the folder."""
    seconds: float
    """Seconds that the call took."""
    cpu: str
    """Type of CPU that the kernels are for."""
