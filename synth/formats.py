"""Invented names, numbers and addresses by the format that a schema declares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from niming.tables import identifiers
from niming.tables.datasets import vocabulary
from niming.tables.schema import Format

__all__ = ["People", "invent"]

Texts = NDArray[np.object_]

_FIRST_BIRTH, _LAST_BIRTH = np.datetime64("1930-01-01"), np.datetime64("2020-12-31")
_PEOPLE_A_FIRM = 40


@dataclass(frozen=True, eq=False)
class People:
    """What must agree between the columns of one invented person.

    Parameters
    ----------
    household : ndarray of shape (n,), int64
        Ascending from 0.
    male : ndarray of shape (n,), bool
    birth : ndarray of shape (n,), datetime64[D]
    region : ndarray of shape (n,), str objects
        Six digits, one a household.
    """

    household: NDArray[np.int64]
    male: NDArray[np.bool_]
    birth: NDArray[np.datetime64]
    region: Texts

    @classmethod
    def draw(
        cls,
        n: int,
        rng: np.random.Generator,
        *,
        first: np.datetime64 = _FIRST_BIRTH,
        last: np.datetime64 = _LAST_BIRTH,
        regions: Texts | None = None,
    ) -> People:
        """Draw n people in households of one to five, born between two days, both included."""
        starts = rng.random(n) < 0.4
        starts[rng.integers(1, 6) :: 5] = True  # no household grows past nine
        household = np.cumsum(starts) - (1 if n and starts[0] else 0)
        known = vocabulary.regions()
        pool = known.code if regions is None else regions
        weight = known.weight if regions is None else None
        home = rng.choice(len(pool), size=n, p=weight)
        days = int((last - first).astype(np.int64)) + 1
        return cls(
            household=household,
            male=rng.random(n) < 0.5,
            birth=first + rng.integers(0, days, n).astype("timedelta64[D]"),
            region=pool[home][household] if n else pool[:0],
        )


def invent(wanted: Format, people: People, rng: np.random.Generator, *, unique: bool) -> Texts:
    """Return a text a person in the format `wanted`, with valid check characters.

    Parameters
    ----------
    wanted : Format
    people : People
    rng : Generator
    unique : bool
        Whether a credit code is of one person alone, or of an employer with many.

    Notes
    -----
    Resident numbers agree with region, date of birth and sex; names with sex; addresses are one a
    household. Nobody of them exists, but a valid number may by chance be somebody's. E-mail
    addresses are in the domain example.com, which belongs to nobody (RFC 2606).
    """
    n = len(people.birth)
    match wanted:
        case "resident-id":
            region = identifiers.characters(people.region, 6)
            return identifiers.strings(
                identifiers.resident_ids(region, people.birth, people.male, rng=rng)
            )
        case "mobile":
            return identifiers.strings(identifiers.mobiles(n, rng=rng))
        case "bank-card":
            return identifiers.strings(identifiers.bank_cards(n, rng=rng))
        case "credit-code":
            n_firms = n if unique else max(1, n // _PEOPLE_A_FIRM)
            place = rng.integers(0, max(n, 1), n_firms)
            if n == 0:
                return people.region
            region = identifiers.characters(people.region[place], 6)
            codes = identifiers.strings(identifiers.credit_codes(region, rng=rng))
            return codes if unique else codes[rng.integers(0, n_firms, n)]
        case "plate":
            letters = np.array([f"吉{letter}" for letter in "ABCDEFGHJK"])
            return identifiers.plates(letters[rng.integers(0, len(letters), n)], rng=rng)
        case "e-mail":
            return _mailboxes(n, rng)
        case "name":
            return _names(people.male, rng)
        case "address":
            return _addresses(people, rng)
        case "region-code":
            return people.region


def _names(male: NDArray[np.bool_], rng: np.random.Generator) -> Texts:
    pools = vocabulary.names()
    family = np.array(pools.surnames, dtype=object)
    out = family[rng.choice(len(family), size=len(male), p=pools.weights)]
    for own, pool in ((True, pools.male), (False, pools.female)):
        rows = np.flatnonzero(male == own)
        given = np.array(pool, dtype=object)
        out[rows] += given[rng.integers(0, len(given), len(rows))]
    return out


def _addresses(people: People, rng: np.random.Generator) -> Texts:
    """Draw one address a household, in its district where the code is known."""
    n = int(people.household[-1]) + 1 if len(people.household) else 0
    _, first = np.unique(people.household, return_index=True)
    known = vocabulary.regions()
    places = {
        code: f"吉林省{city}{district}"
        for code, city, district in zip(known.code, known.city, known.district, strict=True)
    }
    district = np.array([places.get(code, "") for code in people.region[first]], dtype=object)
    streets = np.array(vocabulary.streets(), dtype=object)
    street = streets[rng.integers(0, len(streets), n)]
    door, room = rng.integers(1, 400, n).astype(str), rng.integers(101, 2600, n).astype(str)
    homes = district + street + door.astype(object) + "号" + room.astype(object) + "室"
    out: Texts = homes[people.household]
    return out


def _mailboxes(n: int, rng: np.random.Generator) -> Texts:
    from faker.providers.person.zh_CN import Provider

    family = np.array([w.lower() for w in Provider.last_romanized_names], dtype=object)
    given = np.array([w.lower() for w in Provider.first_romanized_names], dtype=object)
    number = rng.permutation(n).astype(str).astype(object)
    at = family[rng.integers(0, len(family), n)] + given[rng.integers(0, len(given), n)]
    out: Texts = at + number + "@example.com"
    return out
