"""Floor 3, make people who do not exist: from a schema alone, or learnt from a table."""

if __name__ != "niming.synth":
    raise ImportError("this room is imported as niming.synth, not as synth")

from niming.synth.copula import Copula
from niming.synth.dummy import Dummy

__all__ = ["Copula", "Dummy"]
