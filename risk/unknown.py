"""Unknown sensitive cells: what a missing or suppressed value could be, at worst."""

from __future__ import annotations

import numpy as np

from niming.tables import MISSING, Spectrum

__all__ = ["joined"]


def joined(spectrum: Spectrum) -> Spectrum:
    """Let the unknown cells of each class have its most frequent known value.

    Parameters
    ----------
    spectrum : Spectrum

    Returns
    -------
    Spectrum
        With as many records a class. A class of unknown cells only has the one value `MISSING`.

    Notes
    -----
    Against an outsider who may know more, an unknown cell is no other value: it could be the one
    that the rest of the class has, so that blanking half of a class must not make it look
    diverse. Of several values that are most frequent it joins the one of the lowest code. O(n).

    Examples
    --------
    >>> found = joined(Spectrum(np.array([0, 0, 1]), np.array([-1, 1, -2], dtype=np.int32),
    ...                         np.array([2, 3, 4]), n_values=2))
    >>> found.value.tolist(), found.n.tolist()
    ([1, -1], [5, 4])
    """
    unknown = spectrum.value < 0
    if not unknown.any():
        return spectrum
    starts, class_of = spectrum.starts, spectrum.class_of
    hidden = np.add.reduceat(np.where(unknown, spectrum.n, 0), starts)
    n = np.where(unknown, 0, spectrum.n)
    most = np.maximum.reduceat(n, starts)
    highest = np.flatnonzero(~unknown & (n == most[class_of]))
    first = highest[np.flatnonzero(np.diff(class_of[highest], prepend=-1))]
    into = starts.copy()
    into[class_of[first]] = first
    n[into] += hidden
    kept = ~unknown
    kept[into] = True
    value = np.maximum(spectrum.value, np.int32(MISSING))
    return Spectrum(class_of[kept], value[kept], n[kept], spectrum.n_values)
