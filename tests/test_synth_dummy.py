"""Dummy: every kind and format fits its schema, columns agree, and a model can learn the target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import InputError, SchemaError
from niming.synth import Dummy
from niming.tables import identifiers, read
from niming.tables.datasets import adult_schema, residents_schema
from niming.tables.hierarchy import Hierarchy
from niming.tables.schema import Column, Kind, Role, Schema

Q = Role.QUASI_IDENTIFIER


def one(kind: Kind, n: int = 400, **more: object) -> pd.Series:
    schema = Schema((Column("x", Q, kind, **more),))  # type: ignore[arg-type]
    return Dummy(schema).sample(n, seed=3)["x"]


class TestKinds:
    def test_integers(self) -> None:
        x = one("integer", lower=-3, upper=4, nullable=False)
        assert x.dtype == np.int64
        assert set(x) == set(range(-3, 5))
        x = one("integer", lower=-3, upper=4)
        assert str(x.dtype) == "Int64"
        assert 0.01 < x.isna().mean() < 0.12

    def test_numbers(self) -> None:
        x = one("number", lower=0, upper=0.5)
        assert x.dtype == np.float64
        assert x.dropna().between(0, 0.5).all()
        assert x.nunique() > 100
        assert set(one("number", lower=1.25, upper=1.25, nullable=False)) == {1.25}

    def test_open_bounds(self) -> None:
        assert one("integer", upper=7).max() <= 7
        assert one("number", lower=1000).min() >= 1000
        assert one("integer").dropna().between(0, 100).all()

    def test_hierarchy_bounds_hold_too(self) -> None:
        bands = Hierarchy.intervals(0, 5, 1)
        for kind in ("integer", "number"):
            x = one(kind, lower=-10, upper=100, hierarchy=bands, nullable=False)
            bands.generalise(x.to_numpy(), 1)
            assert x.max() < 5
        leaves = Hierarchy.from_dict({"low": ["1", "2"], "high": ["3"]})
        assert set(one("categorical", hierarchy=leaves).dropna()) == {"1", "2", "3"}

    def test_dates(self) -> None:
        x = one("date", lower="2024-02-01", upper="2024-02-29")
        assert str(x.dtype) == "datetime64[s]"
        assert x.min() == pd.Timestamp("2024-02-01")
        assert x.max() == pd.Timestamp("2024-02-29")
        assert (x.dropna() == x.dropna().dt.normalize()).all()
        moments = one("datetime", lower="2024-02-29", upper="2024-02-29").dropna()
        assert (moments.dt.normalize() == pd.Timestamp("2024-02-29")).all()
        assert moments.nunique() > 200
        years = Hierarchy.dates("year", start="2021-01-01", end="2022-12-31")
        assert set(one("date", hierarchy=years).dropna().dt.year) == {2021, 2022}
        assert one("date", upper="1990-01-01").max() <= pd.Timestamp("1990-01-01")
        assert one("date", lower="2040-01-01").min() >= pd.Timestamp("2040-01-01")

    def test_booleans(self) -> None:
        assert one("boolean", nullable=False).dtype == np.bool_
        assert str(one("boolean").dtype) == "boolean"
        assert set(one("boolean").dropna()) == {False, True}

    def test_no_empty_category(self) -> None:
        many = tuple(f"c{i}" for i in range(390))
        assert set(one("categorical", categories=many, nullable=False)) == set(many)
        assert one("categorical", n=5, categories=many).isin([*many, None]).all()

    def test_text_and_numbers_of_somebody(self) -> None:
        assert one("text").dropna().str.len().gt(4).all()
        numbers = one("identifier", nullable=False)
        assert numbers.is_unique

    @pytest.mark.parametrize(
        ("kind", "more"),
        [
            ("integer", {"lower": 0.2, "upper": 0.8}),
            ("number", {"lower": 9, "upper": 10, "hierarchy": Hierarchy.intervals(0, 5, 1)}),
            ("date", {"lower": "last year"}),
            ("date", {"upper": "1990-01-01", "lower": "1980-01-01",
                      "hierarchy": Hierarchy.dates("year", start="2000-01-01", end="2001-01-01")}),
        ],
    )  # fmt: skip
    def test_contradictions(self, kind: Kind, more: dict[str, object]) -> None:
        with pytest.raises(SchemaError):
            one(kind, **more)


class TestFormats:
    @pytest.mark.parametrize(
        ("given_format", "width", "valid"),
        [
            ("resident-id", 18, identifiers.resident_id_valid),
            ("credit-code", 18, identifiers.credit_code_valid),
            ("bank-card", 19, identifiers.luhn_valid),
            ("mobile", 11, identifiers.mobile_valid),
        ],
    )
    def test_checked_numbers(self, given_format: str, width: int, valid: object) -> None:
        column = Column("x", Role.DIRECT_IDENTIFIER, "identifier", nullable=False)
        column = replace(column, format=given_format)  # type: ignore[arg-type]
        x = Dummy(Schema((column,))).sample(500, seed=1)["x"]
        assert valid(identifiers.characters(x.to_numpy(), width)).all()  # type: ignore[operator]
        assert x.is_unique

    @pytest.mark.parametrize(
        ("given_format", "pattern"),
        [
            ("e-mail", r"[a-z]+\d+@example\.com"),
            ("plate", r"吉[A-K][0-9A-Z]{5}"),
            ("name", r"[\u4e00-\u9fff]{2,4}"),
            ("address", r"吉林省.+号\d+室"),
            ("region-code", r"22\d{4}"),
        ],
    )
    def test_patterns(self, given_format: str, pattern: str) -> None:
        assert one("text", format=given_format).dropna().str.fullmatch(pattern).all()

    def test_employers_have_many_people(self) -> None:
        employers = one("identifier", format="credit-code", n=4000)
        assert 50 < employers.nunique() <= 100


class TestTogether:
    def test_what_is_said_twice_agrees(self) -> None:
        rows = Dummy(residents_schema()).sample(3000, seed=5)
        whole = rows.dropna(subset=["id_number", "region_code", "birth_date", "sex"])
        assert len(whole) > 2000
        ids = whole["id_number"]
        assert (ids.str[:6] == whole["region_code"]).all()
        assert (ids.str[6:14] == whole["birth_date"].dt.strftime("%Y%m%d")).all()
        assert ((ids.str[16].astype(int) % 2 == 1) == (whole["sex"] == "男")).all()
        homes = rows.dropna(subset=["address"]).groupby("household_id")["address"].nunique()
        assert (homes == 1).all()
        assert 1.5 < len(rows) / rows["household_id"].nunique() < 3.5
        assert rows.groupby("household_id").size().max() <= 9

    @pytest.mark.parametrize("schema", [adult_schema(), residents_schema()])
    def test_shipped_schemas(self, schema: Schema) -> None:
        rows = Dummy(schema).sample(2000, seed=1)
        schema.check(rows)
        assert tuple(rows.columns) == schema.names
        assert rows[schema.target].notna().all()
        table = read(rows)
        for name, hierarchy in schema.hierarchies.items():
            values = table.arrow([name])[name].drop_null().to_numpy(zero_copy_only=False)
            hierarchy.generalise(values, 1)
        for column in schema.columns:
            if column.categories and column.kind == "categorical":
                missing = set(rows[column.name].dropna()) ^ set(column.categories)
                assert len(missing) <= (0 if column.format is None else 10)
            if not column.nullable:
                assert rows[column.name].notna().all()

    def test_weight_household_and_person(self) -> None:
        schema = Schema(
            (
                Column("w", Role.INSENSITIVE, "number", lower=0, upper=50),
                Column("p", Role.DIRECT_IDENTIFIER, "identifier"),
                Column("h", Role.DIRECT_IDENTIFIER, "identifier"),
            ),
            weight="w",
            household="h",
            person_id="p",
        )
        rows = Dummy(schema).sample(500, seed=2)
        assert (rows["w"] > 0).all()
        assert rows["p"].is_unique
        assert rows.notna().all(axis=None)

    def test_a_model_learns_the_target(self) -> None:
        """Adult's dummy: AUC of a logistic regression well above one half, seed fixed."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import roc_auc_score
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder

        rows = Dummy(adult_schema()).sample(2000, seed=1)
        x = rows[["workclass", "education", "marital-status", "sex", "race"]]
        y = rows["income"] == rows["income"].unique()[0]
        model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
        model.fit(x[:1500], y[:1500])
        assert roc_auc_score(y[1500:], model.predict_proba(x[1500:])[:, 1]) > 0.65


class TestSeeds:
    def test_same_seed_same_rows(self) -> None:
        maker = Dummy(residents_schema())
        pd.testing.assert_frame_equal(maker.sample(200, seed=4), maker.sample(200, seed=4))
        assert not maker.sample(200, seed=4).equals(maker.sample(200, seed=5))

    def test_other_columns_do_not_matter(self) -> None:
        a, b = Column("a", Q, "integer"), Column("b", Q, "categorical")
        both = Dummy(Schema((a, b))).sample(50, seed=1)["b"]
        pd.testing.assert_series_equal(Dummy(Schema((b,))).sample(50, seed=1)["b"], both)

    @pytest.mark.parametrize("n", [0, 1, 2, 7])
    @pytest.mark.parametrize("schema", [adult_schema(), residents_schema()])
    def test_few_rows(self, schema: Schema, n: int) -> None:
        rows = Dummy(schema).sample(n, seed=1)
        assert rows.shape == (n, len(schema.columns))

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 60), st.integers(0, 10**9))
    def test_any_size_and_seed(self, n: int, seed: int) -> None:
        assert len(Dummy(residents_schema()).sample(n, seed=seed)) == n

    @pytest.mark.parametrize("wish", [{"n": -1}, {"n": 5, "seed": -1}, {"n": True}])
    def test_impossible_wishes(self, wish: dict[str, int]) -> None:
        with pytest.raises(InputError):
            Dummy(adult_schema()).sample(**wish)
