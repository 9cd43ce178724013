"""Context: who gets the release, what guards it there, and how likely an attack is."""

from niming.risk.context.answers import Answers
from niming.risk.context.health_kse import HealthKSE, health_kse
from niming.risk.context.question import Option, Question
from niming.risk.context.questionnaire import Questionnaire
from niming.risk.context.release import Grade, Mode, ReleaseRisk, acquaintance_risk, release_risk
from niming.risk.context.safe_harbor import SafeHarbor, safe_harbor

__all__ = [
    "Answers",
    "Grade",
    "HealthKSE",
    "Mode",
    "Option",
    "Question",
    "Questionnaire",
    "ReleaseRisk",
    "SafeHarbor",
    "acquaintance_risk",
    "health_kse",
    "release_risk",
    "safe_harbor",
]
