"""Synthetic platforms with planted (ground-truth) communities, and worlds of them."""

from graphkit.synthetic.platform import platform
from graphkit.synthetic.toy import toy
from graphkit.synthetic.worlds import worlds
from graphkit.teaching import teach

__all__ = ["platform", "toy", "worlds"]


def __dir__() -> list[str]:
    return __all__


teach(globals())
