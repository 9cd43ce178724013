"""The command ``niming``: the same functions at a terminal, with exit codes for pipelines.

0 done or valid; 1 refused by a policy; 2 usage, invalid input or invalid certificate; 3 expired,
not yet valid or revoked; 4 another scenario; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from niming.errors import NimingError

__all__ = ["main"]

_INTERRUPTED = 130  # 128 + SIGINT, as a shell says it
_STOPPED = ("interrupted; nothing was left half-written", "已中断；没有留下半成品")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after ``niming``; the process's own if not given.

    Notes
    -----
    An error that nobody foresaw is told by its kind and place alone, since its text may quote a
    cell. ``NIMING_DEBUG=1`` shows it whole, for use on tables that hold no one.
    """
    import typer.main
    from typer.exceptions import Abort, TyperException

    from niming.cli.app import app
    from niming.cli.screen import complain, emit, pick, tolerate

    tolerate()
    command = typer.main.get_command(app)
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = command.main(args=words, prog_name="niming", standalone_mode=False)
    except NimingError as error:
        complain(error.message, error.hint)
        if "--json" in words:
            emit(
                {
                    "error": type(error).__name__,
                    "code": getattr(error, "code", None),
                    "message": error.message,
                    "hint": error.hint,
                    "exit_code": error.exit_code,
                }
            )
        return error.exit_code
    except TyperException as error:
        show = getattr(error, "show", None)  # usage errors show the usage, or the help
        if show is None:
            complain(error.format_message())
        else:
            show()
        return 2
    except (Abort, KeyboardInterrupt):
        code = _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone: say nothing more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if _interrupted(error):
            complain(pick(*_STOPPED))
            return _INTERRUPTED
        if os.environ.get("NIMING_DEBUG"):
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(place.filename)}:{place.lineno} in {place.name}"
        complain(
            f"unexpected {type(error).__name__} at {where}",
            "this is a defect of niming; its text is withheld, since it may quote the data",
        )
        return 2
    if code == _INTERRUPTED:
        complain(pick(*_STOPPED))
    return code if isinstance(code, int) else 0


def _interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: compiled code turns it into one of its own."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False
