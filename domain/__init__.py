"""Floor 4, the authorised domain: policy, plan, gate, certificate, ledger, load, report."""

if __name__ != "niming.domain":
    raise ImportError("this room is imported as niming.domain, not as domain")

from niming.domain.certificate import Certificate, Verified, verify
from niming.domain.comparison import Comparison, judge_all
from niming.domain.gate import Evidence, certify, compare
from niming.domain.handle import Sealed, open
from niming.domain.ledger import Ledger
from niming.domain.load import DataSet, load
from niming.domain.plan import Plan
from niming.domain.policy import Policy, Requirement, Verdict, packs
from niming.domain.release import Release
from niming.domain.scenario import Scenario
from niming.domain.signing import revoke, sign

__all__ = [
    "Certificate",
    "Comparison",
    "DataSet",
    "Evidence",
    "Ledger",
    "Plan",
    "Policy",
    "Release",
    "Requirement",
    "Scenario",
    "Sealed",
    "Verdict",
    "Verified",
    "certify",
    "compare",
    "judge_all",
    "load",
    "open",
    "packs",
    "revoke",
    "sign",
    "verify",
]
