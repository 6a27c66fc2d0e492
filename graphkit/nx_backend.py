"""The former name of :mod:`graphkit.networkx_backend`, kept for one release."""

from graphkit.networkx_backend import Backend, backend, info

__all__ = ["Backend", "backend", "info"]
