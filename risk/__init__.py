"""Floor 2, what could be learnt about a person from this table."""

if __name__ != "niming.risk":
    raise ImportError("this room is imported as niming.risk, not as risk")

from niming.risk import attacks, context, identifiers, models
from niming.risk.alpha_k import AlphaK, alpha_k
from niming.risk.assess import Assessment, assess
from niming.risk.classes import classes_of
from niming.risk.context import ReleaseRisk, release_risk
from niming.risk.disclosure import Disclosure, delta_disclosure
from niming.risk.household import HouseholdRisk, household_risk
from niming.risk.individual import IndividualRisk, individual_risk
from niming.risk.irreversibility import (
    Irreversibility,
    Known,
    core_hours,
    exposure,
    irreversibility,
)
from niming.risk.irreversibility import space as search_space
from niming.risk.k_anonymity import Anonymity, k_anonymity
from niming.risk.k_map import KMap, k_map
from niming.risk.l_diversity import Diversity, l_diversity
from niming.risk.likeness import Likeness, beta_likeness
from niming.risk.lkc import LKC, lkc
from niming.risk.p_sensitive import PSensitive, p_sensitive
from niming.risk.population import PopulationUniqueness, population_uniqueness
from niming.risk.presence import Presence, delta_presence
from niming.risk.quasi_identifiers import ColumnSets, find_quasi_identifiers
from niming.risk.reading import Reading
from niming.risk.reidentification import Attacker, Reidentification, reidentification
from niming.risk.suda import Suda, suda
from niming.risk.t_closeness import Closeness, t_closeness

__all__ = [
    "LKC",
    "AlphaK",
    "Anonymity",
    "Assessment",
    "Attacker",
    "Closeness",
    "ColumnSets",
    "Disclosure",
    "Diversity",
    "HouseholdRisk",
    "IndividualRisk",
    "Irreversibility",
    "KMap",
    "Known",
    "Likeness",
    "PSensitive",
    "PopulationUniqueness",
    "Presence",
    "Reading",
    "Reidentification",
    "ReleaseRisk",
    "Suda",
    "alpha_k",
    "assess",
    "attacks",
    "beta_likeness",
    "classes_of",
    "context",
    "core_hours",
    "delta_disclosure",
    "delta_presence",
    "exposure",
    "find_quasi_identifiers",
    "household_risk",
    "identifiers",
    "individual_risk",
    "irreversibility",
    "k_anonymity",
    "k_map",
    "l_diversity",
    "lkc",
    "models",
    "p_sensitive",
    "population_uniqueness",
    "reidentification",
    "release_risk",
    "search_space",
    "suda",
    "t_closeness",
]
