"""SDV 2, kept quiet: found or refused, without its log file, its progress bars and its messages.

SDV is licensed under the Business Source License 1.1: free to use for any purpose but offering a
commercial synthetic-data service. niming does not ship it and loads it only when asked.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from niming.errors import InputError

__all__ = ["failures", "load", "quiet"]

_LOGGERS = ("sdv", "rdt", "copulas", "sdmetrics", "ctgan", "deepecho", "SingleTableSynthesizer")
_MOST_THREADS = 2  # more fight each other: 611 s instead of 12 s were seen on two cores


def load() -> ModuleType:
    """Import SDV 2 without letting it create files.

    Raises
    ------
    InputError
        SDV is not installed, or is not of version 2.

    Notes
    -----
    When it is imported, SDV creates a log file in the user's data folder and later writes the
    numbers of rows and columns of every table into it. Where no such folder can be made it keeps
    no log: so for the time of the import the folder is one that cannot be.
    """
    if "sdv" not in sys.modules:
        try:
            import platformdirs
        except ImportError:
            raise _absent() from None
        real = platformdirs.user_data_dir
        platformdirs.user_data_dir = lambda *_, **__: os.path.join(os.devnull, "sdv")
        try:
            with quiet():
                import_module("sdv")
        except ImportError:
            raise _absent() from None
        finally:
            platformdirs.user_data_dir = real
    module = sys.modules["sdv"]
    version = str(getattr(module, "__version__", ""))
    if version.split(".")[0] != "2":
        raise InputError(f"SDV {version} is installed, and niming speaks to SDV 2", hint=_INSTALL)
    return module


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence logs, warnings and progress bars, and cap the threads of torch, for a while."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch is not None else 0
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    if torch is not None:
        torch.set_num_threads(min(threads, _MOST_THREADS))
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        if torch is not None:
            torch.set_num_threads(threads)


def failures(sdv: ModuleType) -> tuple[type[Exception], ...]:
    """Return what SDV and the libraries below it raise; their messages can quote cells."""
    own = vars(import_module(f"{sdv.__name__}.errors")).values()
    raised = [e for e in own if isinstance(e, type) and issubclass(e, Exception)]
    usual = (
        ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, RuntimeError,
        TypeError, ValueError,
    )  # fmt: skip
    return (*usual, *raised)


_INSTALL = (
    "pip install 'niming[sdv]'. SDV is BUSL-1.1: free for any use but a commercial "
    "synthetic-data service"
)


def _absent() -> InputError:
    return InputError("the copula needs SDV 2, which is not installed", hint=_INSTALL)
