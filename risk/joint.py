"""A table and the population it was drawn from, counted over one dictionary of values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.risk.classes import Missing, check_missing, match_sizes, suppressed_class
from niming.tables import SUPPRESSED, Classes, Counts, Source, count, texts
from niming.tables.grouping import group

__all__ = ["Joint"]


@dataclass(frozen=True, eq=False, repr=False)
class Joint:
    """How many records and how many people share each combination of the quasi-identifiers.

    Parameters
    ----------
    classes : Classes
        Of both tables together; each combination that either has is one class.
    records, people : ndarray of shape (n_classes,), int64
        Of the table, and of the population, in each class.
    class_of : ndarray of shape (n_classes_of_the_table,), int64
        Where each class of the table stands among these.

    Examples
    --------
    >>> from niming.risk.classes import classes_of
    >>> table = classes_of({"sex": ["F", "M"]}, quasi_identifiers=["sex"])
    >>> joint = Joint.of(table, {"sex": ["M", "F", "F", "X"]})
    >>> joint.records, joint.people  # of F, M, X
    (array([1, 1, 0]), array([2, 1, 1]))
    """

    classes: Classes
    records: NDArray[np.int64]
    people: NDArray[np.int64]
    class_of: NDArray[np.int64]

    @classmethod
    def of(
        cls, table: Classes, population: Source | Counts | Joint, *, suppressed: str | None = None
    ) -> Joint:
        """Join classes to a population that has the same columns, generalised in the same way.

        Values are compared as text, so that 30 and ``"30"`` are the same age. `suppressed` marks
        suppressed cells of a population given as a table; Counts know theirs. A Joint of these
        classes is returned as it is, so that several measures can share one.
        """
        if isinstance(population, Joint):
            names = population.classes.quasi_identifiers
            if (names, len(population.class_of)) != (table.quasi_identifiers, table.n_classes):
                raise InputError(
                    "this population was joined to other classes",
                    hint="give the population itself, or Joint.of(classes, population)",
                )
            return population
        names = table.quasi_identifiers
        if isinstance(population, Counts):
            people = population.select(names)
        else:
            people = count(population, names, suppressed=suppressed)
        if not people.n_cells:
            raise InputError(
                "the population has no records", hint="check the file or the filter before it"
            )
        n = len(table.size)
        codes = np.empty((n + people.n_cells, len(names)), dtype=np.int32)
        categories = []
        for j, name in enumerate(names):
            mine = texts(table.counts.categories[table.counts.position(name)])
            theirs = texts(people.categories[j])
            values = sorted({*mine, *theirs})
            place = {text: code for code, text in enumerate(values)}
            codes[:n, j] = _places(mine, place)[table.codes[:, j]]
            codes[n:, j] = _places(theirs, place)[people.codes[:, j]]
            categories.append(np.array(values, dtype=object))
        groups = group(codes, [len(values) for values in categories], lowest=SUPPRESSED)
        size = len(groups.first)
        class_of = groups.group_of[:n]
        of_records, of_people = np.zeros((2, size), dtype=np.int64)
        np.add.at(of_records, class_of, table.size)
        np.add.at(of_people, groups.group_of[n:], people.n)
        both = Counts(names, tuple(categories), codes[groups.first], of_records + of_people)
        each = np.arange(size)
        return cls(Classes(both, names, each, each), of_records, of_people, class_of)

    def sizes(self, *, missing: Missing = "own-value") -> NDArray[np.int64]:
        """Return how many people agree with each of these classes, shape (n_classes,).

        Parameters
        ----------
        missing : {"own-value", "matches-anything"}, default "own-value"
            Under the second a cell that is missing or suppressed, in whichever of the two tables,
            agrees with every value.

        Raises
        ------
        InputError
            A class of the table with more records than there are people who agree with it
            (classes counted), or a population smaller than the table. Records whose
            quasi-identifiers are all suppressed are no such class.
        """
        check_missing(missing)
        sizes = self.people
        if missing == "matches-anything":
            sizes = match_sizes(self.classes, self.people).astype(np.int64, copy=False)
        hidden = suppressed_class(self.classes)
        lacking = sizes < self.records
        if hidden is not None:
            lacking[hidden] = False
        if short := int(np.count_nonzero(lacking)):
            unknown = int(np.count_nonzero((self.classes.codes[lacking] < 0).any(axis=1)))
            hint = "a population holds everybody in the table, its columns generalised alike"
            if unknown and missing == "own-value":
                hint = (
                    f"{unknown} of them have missing or suppressed cells that the population knows:"
                    " missing='matches-anything' compares what both know"
                )
            absent = int(np.count_nonzero(lacking & (sizes == 0)))
            raise InputError(
                "the population has fewer people than the table has records in "
                f"{short} of {np.count_nonzero(self.records)} classes, and nobody in {absent}",
                hint=hint,
            )
        if self.people.sum() < self.records.sum():
            raise InputError(
                f"the population has {self.people.sum()} people, fewer than the "
                f"{self.records.sum()} records of the table",
                hint="a population holds everybody in the table",
            )
        return sizes

    def shows_every_class(self) -> bool:
        """Return whether the population has enough people in each class of the table as it stands.

        It has not where cells of the table are suppressed that the population knows: then only the
        reading ``"matches-anything"`` can compare the two.
        """
        return bool((self.people >= self.records).all())

    def sizes_of_table(self, *, missing: Missing = "own-value") -> NDArray[np.int64]:
        """Return how many people agree with each class of the table, in the table's order.

        No population shows suppressed records as such, and each of them is one of its people: the
        class whose quasi-identifiers are all suppressed counts at least its own records.
        """
        return np.maximum(self.sizes(missing=missing), self.records)[self.class_of]


def _places(values: NDArray[np.object_], place: dict[str, int]) -> NDArray[np.int32]:
    """Return the new code of each value; -1 and -2 read the last entries and stay as they are."""
    return np.array([*(place[v] for v in values), SUPPRESSED, -1], dtype=np.int32)
