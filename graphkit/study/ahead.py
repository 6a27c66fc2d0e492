"""Compilation in a second process, while a command reads data and finds communities.

Numba compiles one kernel at a time in a process, so that a process of its own is what makes use of
another core. It begins with what the command needs last, and hands over through the cache.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numba

from graphkit.kernels.compile import cache_folders, lacks_kernel, writable
from graphkit.parallel import cores

__all__ = ["compiling_ahead"]

#: Kernels that take long to compile, half a second or more: without one of them to compile, the
#: process would take longer to start than it saves.
_LONG = (
    "projection.whole_rows",
    "leiden.run_levels",
    "curveball.trade_objects",
    "tails.hypergeometric_tails",
)
#: Those of simulations.
_OF_SIMULATIONS = ("search.search_cells", "sessions.run_sessions")

#: Command of the process.
_COMMAND = (sys.executable, "-m", "graphkit.study.warm")


@contextmanager
def compiling_ahead(*, simulation: bool = False) -> Iterator[None]:
    """Context while which a second process fills the cache, if a kernel that takes long is missing.

    The process needs a second core and a folder that can be written, writes nothing else, and ends with the
    context, or with this process; what it cannot do, this process does. With `simulation` it
    begins with the kernels of simulations.
    """
    process = None
    needed = (*_LONG, *(_OF_SIMULATIONS if simulation else ()))
    with suppress(OSError):
        if cores() > 1 and not numba.config.DISABLE_JIT and lacks_kernel(needed):
            process = _start(simulation) if writable(cache_folders()) else None
    try:
        yield
    finally:
        if process is not None:
            process.kill()
            process.communicate()


def _start(simulation: bool) -> subprocess.Popen[bytes]:
    """Start the process; it ends when its standard input does.

    It finds the modules that this process finds: not those of a folder that a command runs in.
    """
    path = os.pathsep.join(map(os.path.abspath, sys.path))
    return subprocess.Popen(
        [*_COMMAND, *(["--simulation"] if simulation else [])],
        env=os.environ | {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
