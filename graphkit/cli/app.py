"""The application: how commands are called, and how errors, warnings and Ctrl-C end them."""

from __future__ import annotations

import atexit
import gc
import sys
import warnings
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from graphkit.cli.terminal import for_shell, is_quiet, output, say
from graphkit.errors import GraphkitError, GraphkitWarning

__all__ = ["app", "main"]


class _InterruptedError(Exception):
    """Ctrl-C, which Typer would end without a word; the message says what stands."""


#: In the order in which a newcomer needs them.
_ORDER = (
    *("doctor", "demo", "init", "check", "communities", "run", "formats", "describe", "import"),
    *("fetch", "export", "warm"),
)


class _Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the commands, those to begin with first."""
        return sorted(super().list_commands(ctx), key=_ORDER.index)

    def invoke(self, ctx: Any) -> Any:
        """Run the command of the arguments."""
        try:
            with output():
                return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise _InterruptedError(str(stop)) from None


app = typer.Typer(
    name="graphkit",
    cls=_Commands,
    help="""Measure how a feed shapes communities, from a platform's logs.

\b
To begin:
  graphkit doctor                          looks whether all is in place
  graphkit demo                            studies a synthetic platform
  graphkit init my-study --data my-log.csv begins a study of your own

Results go to standard output, progress and notes to standard error. With --json a command prints one JSON document, with --quiet errors only. COLUMNS sets the width of tables, NO_COLOR takes colours away.

\b
Exit codes:
  0    done
  1    doctor found something missing, or graphkit itself failed
  2    a command, study file or data cannot be used; the message says why
  130  stopped by Ctrl-C""",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)


@app.callback(invoke_without_command=True)
def _show_version(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from graphkit._version import __version__

        typer.echo(f"graphkit {__version__}")
        raise typer.Exit


def _warn(others: Callable[..., None]) -> Callable[..., None]:
    """What shows warnings: those of graphkit as a sentence, without the line of code that gave them."""

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if is_quiet():
            return
        if issubclass(category, GraphkitWarning):
            say(f"graphkit: warning: {message}", err=True)
        else:
            others(message, category, *place, **more)

    return show


def main() -> None:
    """Entry point of the command ``graphkit``."""
    # the end of the process frees all at once, without a walk over what is still there
    atexit.register(gc.freeze)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn(warnings.showwarning)
            app()
    except GraphkitError as error:
        from graphkit.study.disclosure import public_message

        told = public_message(error)  # no id of the data, which a log of the terminal would keep
        say(f"graphkit: {for_shell(told)}", err=True)
        sys.exit(2)
    except (KeyboardInterrupt, _InterruptedError) as stop:
        say(f"Interrupted: {stop}" if str(stop) else "Interrupted.", err=True)
        sys.exit(130)
