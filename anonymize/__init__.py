"""Floor 3, make a table safer: generalise, suppress, mask, and measure what that takes away."""

if __name__ != "niming.anonymize":
    raise ImportError("this room is imported as niming.anonymize, not as anonymize")

from niming.anonymize import dp, masks
from niming.anonymize.full_domain import FullDomain
from niming.anonymize.loss import Loss
from niming.anonymize.models import KAnonymity, LDiversity, TCloseness
from niming.anonymize.recoding import Recoding
from niming.tables import Hierarchy

__all__ = [
    "FullDomain",
    "Hierarchy",
    "KAnonymity",
    "LDiversity",
    "Loss",
    "Recoding",
    "TCloseness",
    "dp",
    "masks",
]
