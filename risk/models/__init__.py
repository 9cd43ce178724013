"""Attacks on a trained model: what does it keep of the people that it was trained on?"""

from niming.risk.models.attribute import AttributeInference, attribute_inference
from niming.risk.models.check import ModelReport, check
from niming.risk.models.lira import membership_lira
from niming.risk.models.membership import ModelMembership, membership_loss
from niming.risk.models.structure import Finding, Structure, structure

__all__ = [
    "AttributeInference",
    "Finding",
    "ModelMembership",
    "ModelReport",
    "Structure",
    "attribute_inference",
    "check",
    "membership_lira",
    "membership_loss",
    "structure",
]
