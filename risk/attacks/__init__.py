"""Attacks on a released table: what would an attacker really learn from it?"""

from niming.risk.attacks.attack import AttackResult
from niming.risk.attacks.closest_record import ClosestRecord, closest_record
from niming.risk.attacks.findings import AttackReport
from niming.risk.attacks.homogeneity import Homogeneity, homogeneity
from niming.risk.attacks.inference import inference, inference_of_each
from niming.risk.attacks.linkability import linkability
from niming.risk.attacks.linkage import Linkage
from niming.risk.attacks.membership import Membership, membership
from niming.risk.attacks.record_linkage import record_linkage
from niming.risk.attacks.report import attack_release
from niming.risk.attacks.shadow import shadow_membership
from niming.risk.attacks.singling_out import singling_out

__all__ = [
    "AttackReport",
    "AttackResult",
    "ClosestRecord",
    "Homogeneity",
    "Linkage",
    "Membership",
    "attack_release",
    "closest_record",
    "homogeneity",
    "inference",
    "inference_of_each",
    "linkability",
    "membership",
    "record_linkage",
    "shadow_membership",
    "singling_out",
]
