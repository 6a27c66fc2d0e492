"""World building, and feeds × viewers → Spread."""

from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.build import build_world, split_world_data
from graphkit.simulation.calibration import calibrate
from graphkit.simulation.interests import interest_space
from graphkit.simulation.resample import resample_worlds
from graphkit.simulation.simulate import simulate_spread
from graphkit.simulation.storage import read_checkpoint, scan_impressions

__all__ = [
    "Behaviour",
    "build_world",
    "calibrate",
    "interest_space",
    "read_checkpoint",
    "resample_worlds",
    "scan_impressions",
    "simulate_spread",
    "split_world_data",
]
