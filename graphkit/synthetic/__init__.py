"""Synthetic platforms with planted (ground-truth) communities."""

from graphkit.synthetic.platform import platform
from graphkit.synthetic.toy import toy

__all__ = ["platform", "toy"]


def __dir__() -> list[str]:
    return __all__
