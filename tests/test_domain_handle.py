"""A sealed table shows shape and schema, and no row, whatever one tries."""

from __future__ import annotations

import copy
import json
import pickle
import traceback

import numpy as np
import pandas as pd
import pytest

import niming
from niming.domain.handle import Sealed
from niming.errors import ColumnNotFoundError, SchemaError, SealedError
from niming.tables.schema import Column, Role, Schema

CANARY = "CANARY-7731"


@pytest.fixture
def schema() -> Schema:
    return Schema(
        (
            Column("name", Role.DIRECT_IDENTIFIER, "text"),
            Column("town", Role.QUASI_IDENTIFIER, "categorical"),
            Column("illness", Role.SENSITIVE, "categorical"),
        )
    )


@pytest.fixture
def sealed(schema: Schema) -> Sealed:
    frame = pd.DataFrame(
        {
            "name": [CANARY + str(i) for i in range(40)],
            "town": [f"{CANARY}-{i % 2}" for i in range(40)],
            "illness": [f"{CANARY}-{i % 3}" for i in range(40)],
        }
    )
    return niming.open(frame, schema)


def test_shape_columns_and_schema_are_open(sealed: Sealed, schema: Schema) -> None:
    assert sealed.shape == (40, 3)
    assert sealed.columns == ("name", "town", "illness")
    assert sealed.schema == schema


ATTEMPTS = {
    "head": lambda t: t.head(),
    "iteration": lambda t: list(t),
    "index": lambda t: t[0],
    "column": lambda t: t["name"],
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "array": np.asarray,
    "dataframe": lambda t: t.__dataframe__(),
    "arrow": lambda t: t.__arrow_c_stream__(),
    "to_pandas": lambda t: t.to_pandas(),
    "to_arrow": lambda t: t.arrow(),
    "batches": lambda t: t.batches(),
    "query": lambda t: t.query("SELECT * FROM source"),
    "frame of it": pd.DataFrame,
    "json": json.dumps,
    "vars": vars,
    "contains": lambda t: CANARY in t,
}


@pytest.mark.parametrize("attempt", list(ATTEMPTS))
def test_no_way_to_the_rows(sealed: Sealed, attempt: str) -> None:
    with pytest.raises((SealedError, TypeError, ValueError)) as caught:
        ATTEMPTS[attempt](sealed)
    told = "".join(traceback.format_exception(caught.value))
    assert CANARY not in told


def test_a_view_that_is_missing_is_missing_for_hasattr(sealed: Sealed) -> None:
    assert not hasattr(sealed, "head")
    assert not hasattr(sealed, "__dataframe__")
    assert not hasattr(sealed, "nonsense")


def test_nothing_shown_holds_a_cell(sealed: Sealed) -> None:
    shown = repr(sealed) + sealed._repr_html_() + repr(sealed.assess()) + repr(sealed.scan())
    shown += json.dumps(sealed.scan().to_dict()) + sealed.scan()._repr_html_()
    shown += str(sealed.scan().frame().to_dict()) + str(dir(sealed))
    assert CANARY not in shown


def test_plan_and_release_show_no_cell_and_hand_out_no_table(sealed: Sealed) -> None:
    plan = sealed.plan("gbt42460-enclave")
    release = plan.apply(sample=0.5, seed=1)
    shown = repr(plan) + plan.explain("zh") + plan.explain() + plan._repr_html_() + repr(release)
    shown += json.dumps(plan.to_dict()) + repr(plan.forecast) + json.dumps(release.manifest())
    for thing in (plan, release):
        public = {n: getattr(thing, n) for n in dir(thing) if not n.startswith("_")}
        shown += repr({n: v for n, v in public.items() if not callable(v)})
    assert CANARY not in shown


def test_scan_proposes_a_schema_where_none_was_given() -> None:
    sealed = niming.open({"age": [34, 35, 51, 52], "sex": ["F", "F", "M", "M"]})
    assert sealed.schema is None
    sealed.scan()
    assert sealed.schema is not None


def test_a_given_schema_is_kept(sealed: Sealed, schema: Schema) -> None:
    sealed.scan()
    assert sealed.schema == schema


def test_dummy_reads_no_data(sealed: Sealed) -> None:
    dummy = sealed.dummy(20, seed=1)
    assert list(dummy.columns) == ["name", "town", "illness"]
    assert CANARY not in dummy.to_csv()


def test_a_schema_that_does_not_fit(schema: Schema) -> None:
    with pytest.raises((SchemaError, ColumnNotFoundError)):
        niming.open({"other": [1]}, schema)
