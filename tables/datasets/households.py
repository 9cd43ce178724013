"""Who lives together: households of an invented register, and the people in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHILD", "GRANDCHILD", "HEAD", "PARENT", "SPOUSE", "Households", "households"]

HEAD, SPOUSE, CHILD, PARENT, GRANDCHILD = range(5)

_SIZES = (1, 2, 3, 4, 5, 6)
_SIZE_ODDS = (0.25, 0.30, 0.21, 0.13, 0.07, 0.04)
_OLDEST = 101.0


class Households(NamedTuple):
    """People by household, in order.

    Attributes
    ----------
    household : ndarray of shape (n,), int64
        Numbered from 0; the people of a household stand together, its head first.
    relation : ndarray of shape (n,), int8
        `HEAD`, `SPOUSE`, `CHILD`, `PARENT` or `GRANDCHILD`.
    age : ndarray of shape (n,), float64
        Years, not rounded.
    male : ndarray of shape (n,), bool
    """

    household: NDArray[np.int64]
    relation: NDArray[np.int8]
    age: NDArray[np.float64]
    male: NDArray[np.bool_]

    @property
    def head(self) -> NDArray[np.int64]:
        """The row of the head of each person's household."""
        return np.flatnonzero(self.relation == HEAD)[self.household]

    @property
    def namesake(self) -> NDArray[np.int64]:
        """The row of the person from whom the children of each person's household have their name.

        The head, or the spouse where the head is a woman with a husband.
        """
        head = np.flatnonzero(self.relation == HEAD)
        giver = head.copy()
        spouse = np.flatnonzero(self.relation == SPOUSE)
        husband = spouse[self.male[spouse]]
        giver[self.household[husband]] = husband
        return giver[self.household]


def households(n: int, *, rng: np.random.Generator) -> Households:
    """Invent households of n people in all; the last may lack members.

    Notes
    -----
    A head, most often a spouse, children about 27 years younger than the head, parents as much
    older, grandchildren where the head is old. Ages that would be negative, beyond 101 or nearer
    than 17 years to a child's are drawn again within what the head's age allows.
    """
    size = rng.choice(_SIZES, size=n, p=_SIZE_ODDS)
    n_households = int(np.searchsorted(np.cumsum(size), n)) + 1 if n else 0
    size = size[:n_households]
    household = np.repeat(np.arange(n_households), size)[:n]
    start = np.cumsum(size) - size
    place = np.arange(n) - start[household]

    alone = size == 1
    young = alone & (rng.random(n_households) < 0.4)
    head_age = np.where(
        alone,
        np.where(young, rng.uniform(20, 38, n_households), rng.normal(66, 13, n_households)),
        rng.normal(51, 13, n_households),
    )
    head_age = np.clip(head_age, 20, 95)
    head_male = rng.random(n_households) < np.where(alone, 0.5, 0.68)

    h = head_age[household]
    relation = _relations(place, h, rng)
    age = _ages(relation, h, head_male[household], rng)
    odds = np.array([0.0, 0.0, 0.52, 0.4, 0.52])[relation]
    male = rng.random(n) < odds
    male = np.where(relation == HEAD, head_male[household], male)
    male = np.where(relation == SPOUSE, ~head_male[household], male)
    return Households(household, relation, age, male)


def _relations(
    place: NDArray[np.int64], head_age: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.int8]:
    luck = rng.random(len(place))
    old = head_age >= 62
    second = np.where(luck < 0.85, SPOUSE, np.where(head_age >= 40, CHILD, PARENT))
    third = np.where(old & (luck < 0.4), GRANDCHILD, CHILD)
    later = np.where(old, GRANDCHILD, np.where(luck < 0.4, PARENT, CHILD))
    return np.select([place == 0, place == 1, place == 2], [HEAD, second, third], later).astype(
        np.int8
    )


def _ages(
    relation: NDArray[np.int8],
    head_age: NDArray[np.float64],
    head_male: NDArray[np.bool_],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    n = len(relation)
    gap = np.array([0.0, 0.0, -27.0, 26.0, -53.0])[relation]
    spread = np.array([0.0, 3.0, 4.0, 4.0, 5.0])[relation]
    gap = np.where(relation == SPOUSE, np.where(head_male, -2.0, 2.0), gap)
    age = head_age + gap + spread * rng.standard_normal(n)
    again = rng.random(n)
    # A child of a young head is a small one; nobody who has a household is under 18.
    age = np.where((relation == CHILD) & (age > head_age - 17), head_age - 17 - 5 * again, age)
    child = again * np.clip(head_age - 19, 0.5, 18)
    age = np.where(((relation == CHILD) | (relation == GRANDCHILD)) & (age < 0), child, age)
    age = np.where((relation == PARENT) & (age < head_age + 17), head_age + 17 + 5 * again, age)
    age = np.where((relation == SPOUSE) & (age < 20), 20 + 3 * again, age)
    return np.where(age > _OLDEST, 80 + (_OLDEST - 80) * again, age)
