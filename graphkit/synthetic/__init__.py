"""Floor 1 · whole platforms with planted communities, for tests, examples and studies."""

from graphkit.synthetic.platform import platform
from graphkit.synthetic.toy import toy

__all__ = ["platform", "toy"]


def __dir__() -> list[str]:
    return __all__
