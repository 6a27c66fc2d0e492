"""The study that ``graphkit demo`` runs: ten worlds in about a minute."""

from __future__ import annotations

from graphkit.study.config import (
    CommunitiesConfig,
    ScanConfig,
    SimulationConfig,
    StudyConfig,
    WorldConfig,
)

__all__ = ["demo_config"]


def demo_config(seed: int = 1, runs: int = 10) -> StudyConfig:
    """Follower- against interest-centric feeds on the bundled platform, in ten worlds.

    Parameters
    ----------
    seed
        Root of all random streams.
    runs
        Runs of Leiden per graph.

    Examples
    --------
    >>> demo_config().world.worlds
    10
    """
    return StudyConfig(
        seed=seed,
        communities=CommunitiesConfig(runs=runs),
        world=WorldConfig(ticks=10, worlds=10),
        simulation=SimulationConfig(ticks=12),
        s_scan=ScanConfig(worlds=3),
    )
