"""Copula: what needs no SDV runs everywhere, the rest where the extra is installed."""

from __future__ import annotations

import importlib.util
import json
import logging
import pickle
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from niming.errors import InputError, SchemaError
from niming.synth import Copula
from niming.tables.datasets import residents, residents_schema
from niming.tables.schema import Column, Role, Schema

HAS_SDV = importlib.util.find_spec("sdv") is not None
Q = Role.QUASI_IDENTIFIER
CANARY = "canary-4711"

needs_sdv = pytest.mark.skipif(not HAS_SDV, reason="the sdv extra is not installed")

SCHEMA = Schema(
    (
        Column("id", Role.DIRECT_IDENTIFIER, "identifier"),
        Column("age", Q, "integer", lower=0, upper=100, nullable=False),
        Column("pay", Role.SENSITIVE, "number", lower=0, upper=9000),
        Column("town", Q, "categorical", categories=("A", "B", "C")),
        Column("ok", Q, "boolean"),
        Column("day", Q, "date", lower="2024-01-01", upper="2024-12-31"),
        Column("note", Role.INSENSITIVE, "text"),
    )
)


def table(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    age = rng.integers(20, 80, n)
    pay = np.where(rng.random(n) < 0.1, np.nan, age * 100.0 + rng.normal(0, 200, n))
    return pd.DataFrame(
        {
            "id": [f"{CANARY}-{i}" for i in range(n)],
            "age": age,
            "pay": pay.clip(0, 9000),
            "town": np.where(age < 50, "A", "B"),
            "ok": pd.array(rng.random(n) < 0.3, dtype="boolean"),
            "day": np.datetime64("2024-03-01", "s")
            + rng.integers(0, 100, n).astype("timedelta64[D]"),
            "note": CANARY,
        }
    )


class TestWithoutSDV:
    def test_what_the_schema_must_give(self) -> None:
        columns = (
            Column("town", Q, "categorical"),
            Column("age", Q, "integer", lower=0),
            Column("day", Q, "date"),
            Column("sex", Q, "categorical", categories=("F", "M")),
        )
        with pytest.raises(SchemaError, match="'town', 'age', 'day'") as caught:
            Copula(Schema(columns))
        assert "public knowledge" in str(caught.value)
        with pytest.raises(SchemaError, match="no column to learn"):
            Copula(Schema((Column("name", Role.DIRECT_IDENTIFIER, "text"),)))

    def test_shipped_schema_is_enough(self) -> None:
        assert "not fitted" in repr(Copula(residents_schema()))

    def test_not_fitted(self) -> None:
        with pytest.raises(InputError, match="learnt nothing"):
            Copula(SCHEMA).sample(3)

    @pytest.mark.skipif(HAS_SDV, reason="SDV is installed")
    def test_absence_names_the_extra_and_its_licence(self) -> None:
        with pytest.raises(InputError, match=r"niming\[sdv\].*BUSL-1\.1"):
            Copula(SCHEMA).fit(table())

    def test_no_pickle(self) -> None:
        with pytest.raises(InputError, match="pickled"):
            pickle.dumps(Copula(SCHEMA))

    def test_record(self) -> None:
        told = json.loads(json.dumps(Copula(SCHEMA).record()))
        assert told["parameters"]["learnt"] == ["age", "pay", "town", "ok", "day"]
        assert told["parameters"]["invented"] == ["id", "note"]


@pytest.fixture(scope="module")
def fitted() -> Copula:
    return Copula(SCHEMA).fit(table())


@pytest.mark.sdv
@needs_sdv
class TestSDV:
    def test_types_and_ranges(self, fitted: Copula) -> None:
        rows = fitted.sample(500, seed=1)
        SCHEMA.check(rows)
        assert list(rows.columns) == list(SCHEMA.names)
        assert rows["age"].dtype == np.int64
        assert rows["age"].between(0, 100).all()
        assert rows["pay"].dropna().between(0, 9000).all()
        assert set(rows["town"].dropna()) <= {"A", "B", "C"}
        assert str(rows["ok"].dtype) == "boolean"
        assert str(rows["day"].dtype) == "datetime64[s]"
        assert (rows["day"] == rows["day"].dt.normalize()).all()

    def test_it_learns(self, fitted: Copula) -> None:
        """Of .98 in the table a copula with filled holes keeps .70; seed fixed."""
        rows = fitted.sample(2000, seed=2)
        whole = rows.dropna(subset=["pay"])
        assert np.corrcoef(whole["age"], whole["pay"].astype(float))[0, 1] > 0.6
        assert 0.05 < rows["pay"].isna().mean() < 0.15
        assert (
            rows["age"][rows["town"] == "A"].mean() + 10 < rows["age"][rows["town"] == "B"].mean()
        )
        assert 0.2 < rows["ok"].astype(float).mean() < 0.4

    def test_identifiers_and_texts_are_invented(self, fitted: Copula) -> None:
        rows = fitted.sample(300, seed=3)
        assert CANARY not in rows.to_csv()
        assert rows["id"].dropna().is_unique

    def test_same_seed_same_rows(self, fitted: Copula) -> None:
        first = fitted.sample(100, seed=7)
        fitted.sample(33, seed=8)
        pd.testing.assert_frame_equal(first, fitted.sample(100, seed=7))
        again = Copula(SCHEMA).fit(table())
        pd.testing.assert_frame_equal(first, again.sample(100, seed=7))
        assert not first.equals(fitted.sample(100, seed=8))

    def test_global_generators_are_left_alone(self, fitted: Copula) -> None:
        np.random.seed(1)  # noqa: NPY002
        expected = np.random.random()  # noqa: NPY002
        np.random.seed(1)  # noqa: NPY002
        fitted.sample(10, seed=1)
        assert np.random.random() == expected  # noqa: NPY002

    @pytest.mark.parametrize("n", [0, 1, 2])
    def test_few_rows(self, fitted: Copula, n: int) -> None:
        assert fitted.sample(n, seed=1).shape == (n, 7)

    def test_sdv_is_given_no_cell(self, fitted: Copula) -> None:
        """Neither its metadata nor its encoders hold a category or a column name of the table."""
        model: Any = fitted._model
        told = json.dumps(model.get_metadata().to_dict())
        assert "town" not in told
        assert set(model.get_metadata().tables["table"].columns) == {
            "v1", "v2", "m2", "v3", "v4", "v5",
        }  # fmt: skip
        frequencies = model.get_transformers()["v3"].frequencies
        assert set(frequencies) == {"c0", "c1"}

    def test_constant_and_empty_columns(self) -> None:
        frame = table(50)
        frame["age"], frame["town"], frame["pay"] = 44, "B", np.nan
        rows = Copula(SCHEMA).fit(frame).sample(40, seed=1)
        assert set(rows["age"]) == {44}
        assert set(rows["town"]) == {"B"}
        assert rows["pay"].isna().all()

    def test_alien_values_are_counted_and_not_shown(self) -> None:
        frame = table(50)
        frame.loc[[3, 5], "town"] = CANARY
        with pytest.raises(InputError, match="2 values of 'town'") as caught:
            Copula(SCHEMA).fit(frame)
        assert CANARY not in "".join(traceback.format_exception(caught.value))
        frame = table(50)
        frame.loc[7, "age"] = 4711
        with pytest.raises(InputError, match="1 values of 'age'") as caught:
            Copula(SCHEMA).fit(frame)
        assert "4711" not in "".join(traceback.format_exception(caught.value))

    def test_its_errors_are_replaced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from niming.synth import sdv as quiet_sdv

        sdv = quiet_sdv.load()

        def fail(*_: object) -> None:
            raise sdv.errors.InvalidDataError([CANARY])

        monkeypatch.setattr(sdv.single_table.GaussianCopulaSynthesizer, "fit", fail)
        with pytest.raises(InputError, match="InvalidDataError") as caught:
            Copula(SCHEMA).fit(table(20))
        assert CANARY not in "".join(traceback.format_exception(caught.value))

    def test_too_few_rows(self) -> None:
        with pytest.raises(InputError, match="too few"):
            Copula(SCHEMA).fit(table(9))

    def test_other_sources(self) -> None:
        frame = table(60)
        frame["town"] = frame["town"].astype("category")
        frame["day"] = frame["day"].dt.strftime("%Y-%m-%d")
        rows = Copula(SCHEMA).fit(pa.Table.from_pandas(frame)).sample(20, seed=1)
        assert set(rows["town"]) <= {"A", "B"}
        assert rows["day"].between("2024-02-01", "2024-07-30").all()

    def test_quiet_and_no_file(
        self, fitted: Copula, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        level = logging.getLogger("sdv").level
        fitted.sample(50, seed=1)
        assert logging.getLogger("sdv").level == level
        assert capfd.readouterr() == ("", "")
        code = """
            from niming.synth import sdv
            sdv.load()
        """
        home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "share")}
        path = {"PYTHONPATH": str(Path(__file__).parents[1])}
        subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=home | path, check=True)
        assert not [p for p in tmp_path.rglob("*") if "sdv" in p.name]

    @pytest.mark.slow
    def test_residents(self) -> None:
        rows = Copula(residents_schema()).fit(residents(2000, 1)).sample(500, seed=1)
        whole = rows.dropna(subset=["id_number", "region_code", "birth_date"])
        assert (whole["id_number"].str[:6] == whole["region_code"]).all()
        assert (whole["id_number"].str[6:14] == whole["birth_date"].dt.strftime("%Y%m%d")).all()
