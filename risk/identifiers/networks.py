"""Which texts are addresses of machines: IPv4, IPv6, MAC?"""

from __future__ import annotations

import numpy as np

from niming.risk.identifiers.texts import Mask, Values, among, match, plain, where

__all__ = ["IPV4", "MAC", "is_ip", "is_mac", "is_small_ip"]

_OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
IPV4 = rf"({_OCTET}\.){{3}}{_OCTET}"
"""Four numbers up to 255, without leading noughts."""

MAC = r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){5}"
"""Six bytes with colons or dashes between them."""

_MAC_WHOLE = rf"^({MAC}|[0-9A-Fa-f]{{4}}(\.[0-9A-Fa-f]{{4}}){{2}})$"
_PORT = r"(:\d{1,5}|/\d{1,3})?"
_IPV4_WHOLE = rf"^{IPV4}{_PORT}$"
_GROUP = r"[0-9A-Fa-f]{1,4}"
_IPV6 = rf"^({_GROUP}:){{7}}{_GROUP}(/\d{{1,3}})?$"
# RFC 4291: one :: stands for groups of zeros; two groups or more are asked for, so that neither
# a time of day nor a name of a program is an address.
_IPV6_SHORT = (
    rf"^(({_GROUP}:)+(:{_GROUP})+|::({_GROUP}:)+{_GROUP}|({_GROUP}:){{2,}}:)(/\d{{1,3}})?$"
)
_SMALL = r"^([1-3]?\d\.){3}[1-3]?\d$"


def is_ip(values: Values) -> Mask:
    """Return which texts are IPv4 or IPv6 addresses, with or without a port or a prefix length.

    A version such as 1.2.3.4 has the form of one; a column of those is told from a column of
    addresses by `is_small_ip`.

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Texts or whole numbers; the answer on a missing one is False.

    Returns
    -------
    ndarray of shape (n_values,), bool

    References
    ----------
    RFC 4291, section 2.2 (IPv6).

    Examples
    --------
    >>> is_ip(["192.168.1.20", "2001:db8::ff00:42:8329", "256.1.1.1", "12:30:45"]).tolist()
    [True, True, False, False]
    """
    texts = plain(values)
    out = np.zeros(len(texts), dtype=np.bool_)
    if not texts.lacks("."):
        few = (texts.shape.others >= 3) & (texts.shape.digits >= 4) & (texts.shape.beyond == 0)
        out |= match(texts, _IPV4_WHOLE, 7, 21, only=few & (texts.shape.letters == 0))
    if not texts.lacks(":"):
        few = (texts.shape.others >= 2) & (texts.shape.letters + texts.shape.beyond == 0)
        out |= match(texts, _IPV6, 15, 43, only=few)
        at = where(texts, _IPV6_SHORT, 4, 43, only=few)
        # At most seven groups: :: stands for one at least.
        out[at[~match(among(texts, at), r"([0-9A-Fa-f]+:+){7,}[0-9A-Fa-f]", 6)]] = True
    return out


def is_small_ip(values: Values) -> Mask:
    """Return which texts are four numbers below 40, as versions are and few addresses.

    >>> is_small_ip(["1.2.3.4", "10.0.0.7", "192.168.1.20"]).tolist()
    [True, True, False]
    """
    return match(values, _SMALL, 7, 11)


def is_mac(values: Values) -> Mask:
    """Return which texts are MAC addresses, the bytes apart: 12 hex digits in a row may be a hash.

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Texts or whole numbers; the answer on a missing one is False.

    Returns
    -------
    ndarray of shape (n_values,), bool

    Examples
    --------
    >>> is_mac(["00:1A:2b:3C:4d:5E", "00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e", "001A2B3C4D5E"]
    ...        ).tolist()
    [True, True, True, False]
    """
    texts = plain(values)
    if texts.lacks(":-."):
        return np.zeros(len(texts), dtype=np.bool_)
    shape = texts.shape
    few = (shape.digits + shape.hexes == 12) & (shape.others <= 5)
    return match(texts, _MAC_WHOLE, 14, 17, only=few)
