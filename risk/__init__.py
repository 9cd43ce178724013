"""Floor 2, what could be learnt about a person from this table."""

if __name__ != "niming.risk":
    raise ImportError("this room is imported as niming.risk, not as risk")

from niming.risk.k_anonymity import Anonymity, k_anonymity
from niming.risk.l_diversity import Diversity, l_diversity
from niming.risk.t_closeness import Closeness, t_closeness

__all__ = ["Anonymity", "Closeness", "Diversity", "k_anonymity", "l_diversity", "t_closeness"]
