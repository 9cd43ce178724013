"""Work on rows spread over all cores, in pieces short enough for Ctrl-C to be heard."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

__all__ = ["in_parallel"]

_PIECES = 4  # at least this many a core, so that none waits long for the last piece


def in_parallel(
    work: Callable[[slice], None],
    n: int,
    *,
    most: int,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Call `work` on consecutive slices of n rows, one thread a core.

    Parameters
    ----------
    work : callable
        Takes a slice and writes its part of the answer. Compiled code without Python's lock.
    n : int >= 0
    most : int >= 1
        Rows of a piece at most: what takes under a second.
    progress : callable, optional
        Called with the number of rows done and of all, from time to time.

    Notes
    -----
    After Ctrl-C only the pieces at work are waited for.

    Examples
    --------
    >>> done = []
    >>> in_parallel(lambda part: done.append(part.stop - part.start), 10, most=3)
    >>> sum(done), max(done) <= 3
    (10, True)
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    n_threads = len(allowed) if allowed else os.cpu_count() or 1
    step = max(1, min(most, -(-n // (_PIECES * n_threads))))
    parts = [slice(start, min(start + step, n)) for start in range(0, n, step)]
    pool = ThreadPoolExecutor(n_threads)
    try:
        pieces = {pool.submit(work, part): part for part in parts}
        done = 0
        for piece in as_completed(pieces):
            piece.result()
            done += pieces[piece].stop - pieces[piece].start
            if progress is not None:
                progress(done, n)
    finally:
        pool.shutdown(cancel_futures=True)
