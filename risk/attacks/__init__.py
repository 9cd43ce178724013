"""Attacks on a released table: what would an attacker really learn from it?"""

from niming.risk.attacks.attack import AttackResult
from niming.risk.attacks.inference import inference, inference_of_each
from niming.risk.attacks.linkability import linkability
from niming.risk.attacks.singling_out import singling_out

__all__ = ["AttackResult", "inference", "inference_of_each", "linkability", "singling_out"]
