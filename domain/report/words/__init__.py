"""The report's words, each in Chinese and English."""

from niming.domain.report.words.families import FAMILIES, Family
from niming.domain.report.words.glossary import GLOSSARY
from niming.domain.report.words.measures import ATTACKS, MEASURES, named
from niming.domain.report.words.page import DESIGNS, TECHNIQUES, WORDS
from niming.domain.report.words.verdicts import KEY_RISKS, advice, explain
from niming.domain.report.words.words import Words, in_both

__all__ = [
    "ATTACKS",
    "DESIGNS",
    "FAMILIES",
    "GLOSSARY",
    "KEY_RISKS",
    "MEASURES",
    "TECHNIQUES",
    "WORDS",
    "Family",
    "Words",
    "advice",
    "explain",
    "in_both",
    "named",
]
