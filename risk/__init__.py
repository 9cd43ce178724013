"""Floor 2, what could be learnt about a person from this table."""

if __name__ != "niming.risk":
    raise ImportError("this room is imported as niming.risk, not as risk")

from niming.risk import context, identifiers
from niming.risk.assess import Assessment, assess
from niming.risk.classes import classes_of
from niming.risk.context import ReleaseRisk, release_risk
from niming.risk.k_anonymity import Anonymity, k_anonymity
from niming.risk.l_diversity import Diversity, l_diversity
from niming.risk.reidentification import Attacker, Reidentification, reidentification
from niming.risk.t_closeness import Closeness, t_closeness

__all__ = [
    "Anonymity",
    "Assessment",
    "Attacker",
    "Closeness",
    "Diversity",
    "Reidentification",
    "ReleaseRisk",
    "assess",
    "classes_of",
    "context",
    "identifiers",
    "k_anonymity",
    "l_diversity",
    "reidentification",
    "release_risk",
    "t_closeness",
]
