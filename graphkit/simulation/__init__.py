"""World building, and feeds × viewers → Spread."""

from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.build import build_world, split_world_data
from graphkit.simulation.calibration import Calibration, calibrate
from graphkit.simulation.interests import InterestSpace, interest_space
from graphkit.simulation.resample import resample_worlds, thin_posts
from graphkit.simulation.simulate import simulate_spread
from graphkit.simulation.storage import read_checkpoint, scan_impressions
from graphkit.simulation.tastes import perturb_world
from graphkit.teaching import teach

__all__ = [
    "Behaviour",
    "Calibration",
    "InterestSpace",
    "Spread",
    "World",
    "build_world",
    "calibrate",
    "interest_space",
    "perturb_world",
    "read_checkpoint",
    "resample_worlds",
    "scan_impressions",
    "simulate_spread",
    "split_world_data",
    "thin_posts",
]


def __dir__() -> list[str]:
    return __all__


teach(globals())
