"""Command line of graphkit: ``graphkit --help`` lists the commands.

Each module holds the commands of one concern: `start` (init, doctor, warm), `studies` (demo, run,
check, communities) and `logs` (formats, fetch, import, describe, export).
"""

from __future__ import annotations

from graphkit.cli import logs, start, studies  # noqa: F401 - they add their commands to app
from graphkit.cli.app import app, main

__all__ = ["app", "main"]


def __dir__() -> list[str]:
    return sorted(__all__)
