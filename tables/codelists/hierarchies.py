"""Hierarchies that ship: regions, ethnicity, industry, occupation, education, age and dates."""

from __future__ import annotations

from niming.tables.codelists.listed import Labels, Listed
from niming.tables.hierarchy import Hierarchy

__all__ = [
    "age",
    "dates",
    "education",
    "ethnicity",
    "industry",
    "marriage",
    "occupation",
    "region",
    "sex",
]


def region(*, labels: Labels = "code", historic: bool = True) -> Hierarchy:
    """Return the regions of GB/T 2260: county, prefecture, province, ``*``.

    Parameters
    ----------
    labels : {"code", "name"}, default "code"
        Show groups as ``2201*`` or as 吉林省长春市.
    historic : bool, default True
        Whether codes and names that no longer hold since 1980 are known, as they stand in
        identity numbers and old tables.

    Returns
    -------
    Hierarchy
        Of 4 levels.

    Notes
    -----
    Known are codes of 6 digits, of 4 and 2 (a prefecture, a province) and statistical codes of 9
    and 12, of which 6 count; and names: 吉林省, 吉林, 吉林省长春市, 长春市, 吉林省长春市朝阳区,
    长春市朝阳区, 吉林朝阳区, with or without blanks and signs between. A name that several places
    have, as 朝阳区 alone, is lacking: nothing is guessed. Nor is one that another place had
    (矿区), if `historic` and unless its province is told, which then means the place of today.

    Codes were used again, and prefixes with them: by ``labels="name"`` each has its latest name.
    The share of a group counts all places of the list, also those that no longer hold.

    Examples
    --------
    >>> region().generalise(["220104", "110103"], level=1).tolist()
    ['2201*', '1101*']
    >>> region(labels="name").generalise(["长春市朝阳区", 220104], level=1).tolist()
    ['吉林省长春市', '吉林省长春市']
    """
    return Hierarchy(Listed("region", None if labels == "code" else labels, historic))


def ethnicity() -> Hierarchy:
    """Return the 56 ethnic groups of GB/T 3304: each, Han or not, ``*``.

    Returns
    -------
    Hierarchy
        Of 3 levels.

    Notes
    -----
    Known are the codes 01 to 56 (also 1 to 9), 97 and 98, the names and the short forms (汉).
    People of no group that is listed (97) and naturalised people (98) are with the minorities,
    for a group of their own would often be of one person.

    Examples
    --------
    >>> ethnicity().generalise(["汉", "满族", "01", 11], level=1).tolist()
    ['汉族', '少数民族及其他', '汉族', '少数民族及其他']
    """
    return Hierarchy(Listed("ethnicity"))


def industry(*, labels: Labels = "name") -> Hierarchy:
    """Return the industries of GB/T 4754-2017: class, group, division, section, ``*``.

    Parameters
    ----------
    labels : {"code", "name"}, default "name"
        Show groups as 谷物种植 or as ``011*``.

    Returns
    -------
    Hierarchy
        Of 5 levels.

    Notes
    -----
    Known are codes with and without their letter (A0111, 0111, A01, 01, A) and names. A class
    that is not listed is known by its group. Read codes as text: 0111 without its nought is
    another code.

    Examples
    --------
    >>> [industry().generalise(["A0111"], level=i).item() for i in range(5)]
    ['A0111', '谷物种植', '农业', '农、林、牧、渔业', '*']
    """
    return Hierarchy(Listed("industry", None if labels == "name" else labels))


def occupation(*, labels: Labels = "name") -> Hierarchy:
    """Return the occupations of GB/T 6565-2015: any, medium group, major group, ``*``.

    Parameters
    ----------
    labels : {"code", "name"}, default "name"
        Show groups as 教学人员 or as ``208*``.

    Returns
    -------
    Hierarchy
        Of 4 levels.

    Notes
    -----
    Known are codes of 1, 3, 5 and 7 digits, also as 2-08-03-01, and the names of the groups. What
    is finer than a medium group climbs from its first three digits.

    Examples
    --------
    >>> [occupation().generalise(["20803"], level=i).item() for i in range(4)]
    ['20803', '教学人员', '专业技术人员', '*']
    """
    return Hierarchy(Listed("occupation", None if labels == "name" else labels))


def education() -> Hierarchy:
    """Return the education of GB/T 4658: as given, level, stage, ``*``.

    Returns
    -------
    Hierarchy
        Of 4 levels.

    Notes
    -----
    Known are the codes (11), the names (博士研究生毕业) and common words (博士, 本科, 大专, 中专).
    The three stages are no part of the standard: higher, upper secondary, and all below with
    what is not said.

    Examples
    --------
    >>> [education().generalise(["硕士"], level=i).item() for i in range(4)]
    ['硕士', '研究生教育', '高等教育', '*']
    """
    return Hierarchy(Listed("education"))


def marriage() -> Hierarchy:
    """Return the marital status of GB/T 2261.2: as given, the five states, ``*``.

    Returns
    -------
    Hierarchy
        Of 3 levels.

    Examples
    --------
    >>> marriage().generalise(["初婚", "20", "离异"], level=1).tolist()
    ['已婚', '已婚', '离婚']
    """
    return Hierarchy(Listed("marriage"))


def sex() -> Hierarchy:
    """Return the sex of GB/T 2261.1: as given, ``*``.

    Returns
    -------
    Hierarchy
        Of 2 levels.

    Examples
    --------
    >>> sex().lacking(["1", "女", "male", "3"]).tolist()
    [False, False, False, True]
    """
    return Hierarchy(Listed("sex"))


def age(*widths: int, top: int = 90, upper: int = 130) -> Hierarchy:
    """Return bands of years of life with all who are old in one, ``90+``.

    Parameters
    ----------
    *widths : int
        Years of a band at each level, ascending, each a multiple of the one before; 5, 10 and 20
        when none are given.
    top : int, default 90
        Age from which all share a band: 90 as the Safe Harbor of HIPAA (45 CFR 164.514(b)(2)(i)(C))
        asks for, 80 where the old are few. A multiple of the narrowest band.
    upper : int, default 130
        Ages from here on are lacking.

    Returns
    -------
    Hierarchy
        Of one level for each width, and two.

    Examples
    --------
    >>> age(5, 10).generalise([37, 91, 104], level=1).tolist()
    ['[35, 40)', '90+', '90+']
    """
    return Hierarchy.intervals(0, upper, *(widths or (5, 10, 20)), top=top)


def dates(*units: str, start: str = "1900-01-01", end: str = "2099-12-31") -> Hierarchy:
    """Return calendar periods over two centuries: day, month, quarter, year, decade, ``*``.

    Parameters
    ----------
    *units : str
        As in `Hierarchy.dates`; month, quarter, year and decade when none are given.
    start, end : str
        First and last day that are known.

    Returns
    -------
    Hierarchy
        Of one level for each unit, and two.

    Examples
    --------
    >>> [dates().generalise(["2024-05-06"], level=i).item() for i in range(6)]
    ['2024-05-06', '2024-05', '2024-Q2', '2024', '2020-2029', '*']
    """
    return Hierarchy.dates(*(units or ("month", "quarter", "year", "decade")), start=start, end=end)
