"""Code lists that ship with the library, and the hierarchies that they make."""

from niming.tables.codelists.codelist import NAMES, CodeList, codelist
from niming.tables.codelists.hierarchies import (
    age,
    dates,
    education,
    ethnicity,
    industry,
    marriage,
    occupation,
    region,
    sex,
)
from niming.tables.codelists.match import coverage, match

__all__ = [
    "NAMES",
    "CodeList",
    "age",
    "codelist",
    "coverage",
    "dates",
    "education",
    "ethnicity",
    "industry",
    "marriage",
    "match",
    "occupation",
    "region",
    "sex",
]
