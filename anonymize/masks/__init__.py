"""Masks: change one column at a time, whatever stands in the others."""

if __name__ != "niming.anonymize.masks":
    raise ImportError("this room is imported as niming.anonymize.masks, not as masks")

from niming.anonymize.masks.columns import drop, redact
from niming.anonymize.masks.key import Key, key_from, new_key
from niming.anonymize.masks.masked import Masked
from niming.anonymize.masks.pseudonyms import pseudonym

__all__ = ["Key", "Masked", "drop", "key_from", "new_key", "pseudonym", "redact"]
