"""The simulation once more, slow and obvious: what the kernels must agree with exactly."""

from slow_twin.arm import Twin

__all__ = ["Twin"]
