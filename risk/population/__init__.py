"""Population uniqueness: who is alone in the table, and alone among all people?"""

if __name__ != "niming.risk.population":
    raise ImportError("this room is imported as niming.risk.population, not as population")

from niming.risk.population.estimate import Estimate
from niming.risk.population.sample import Sample
from niming.risk.population.uniqueness import PopulationUniqueness, population_uniqueness

__all__ = ["Estimate", "PopulationUniqueness", "Sample", "population_uniqueness"]
