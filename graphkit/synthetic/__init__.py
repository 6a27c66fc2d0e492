"""Floor 1 · whole platforms with planted communities, for tests, examples and studies."""

from graphkit.synthetic.platform import platform

__all__ = ["platform"]
