"""What a word is: the same in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

__all__ = ["Words", "by_beginning", "in_both"]

Words: TypeAlias = Mapping[str, str]


def in_both(zh: str, en: str) -> Words:
    """Return the same in both languages.

    >>> in_both("类", "class")["zh"]
    '类'
    """
    return {"zh": zh, "en": en}


def by_beginning(words: Mapping[str, Words], name: str) -> Words | None:
    """Return the entry with the longest key that `name` begins with."""
    keys = [key for key in words if name.startswith(key)]
    return words[max(keys, key=len)] if keys else None
