"""Floor 3, draw training and validation sets: random samples with design weights."""

if __name__ != "niming.sampling":
    raise ImportError("this room is imported as niming.sampling, not as sampling")

from niming.sampling.sample import Sample
from niming.sampling.simple import simple
from niming.sampling.stratified import stratified

__all__ = ["Sample", "simple", "stratified"]
