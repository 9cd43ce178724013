"""Irreversibility: which columns could be turned back into what they stood for, and at what cost?

The second half of "anonymised". Who cannot be recognised today must not be restored tomorrow: a
hash of a number that can be listed, a pseudonym under a living key and a weak cipher hide nothing
for good. No answer here is ever "anonymised".
"""

from niming.risk.irreversibility.frequencies import exposure
from niming.risk.irreversibility.judgement import irreversibility
from niming.risk.irreversibility.records import technique_of
from niming.risk.irreversibility.reversal import Irreversibility, Reversal
from niming.risk.irreversibility.spaces import Known, Space, core_hours, space

__all__ = [
    "Irreversibility",
    "Known",
    "Reversal",
    "Space",
    "core_hours",
    "exposure",
    "irreversibility",
    "space",
    "technique_of",
]
