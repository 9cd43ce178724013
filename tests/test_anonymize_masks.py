"""Masks: what is left, what is recorded, and that no key or value gets out."""

from __future__ import annotations

import hmac
import json
import os
import pickle
import time
import traceback
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from niming.anonymize import masks
from niming.anonymize.masks import pseudonyms
from niming.errors import ColumnNotFoundError, InputError, KeyFileError

CANARY = "canary-7f3a"
SECRET = bytes(range(100, 132))
KEY = masks.Key(SECRET)


def people() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": ["Li", None, "Wu", "Li"],
            "age": pd.array([31, 34, None, 31], dtype="Int64"),
            "city": pd.Categorical(["A", "B", "A", "A"]),
        },
        index=[7, 8, 9, 3],
    )


def test_drop() -> None:
    frame = people()
    table, records = masks.drop(frame, ["name"])
    pd.testing.assert_frame_equal(table, frame[["age", "city"]])
    assert records[0]["technique"] == "suppression"
    assert list(frame.columns) == ["name", "age", "city"]


def test_redact_overwrites_missing_cells_too() -> None:
    frame = people()
    table, records = masks.redact(frame, ["name", "age"], with_="×")
    assert isinstance(table, pd.DataFrame)
    assert table["name"].tolist() == table["age"].tolist() == ["×"] * 4
    pd.testing.assert_series_equal(table["city"], frame["city"])
    assert [r["column"] for r in records] == ["name", "age"]


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hmac-sm3"])
def test_pseudonyms(algorithm: pseudonyms.Algorithm) -> None:
    frame = people()
    table, records = masks.pseudonym(frame, "name", KEY, algorithm=algorithm, scenario="SC-1")
    assert isinstance(table, pd.DataFrame)
    codes = table["name"].tolist()
    assert codes[0] == codes[3] != codes[2]
    assert codes[1] is None
    assert all(len(c) == 32 and int(c, 16) >= 0 for c in codes if c)
    assert table.index.tolist() == [7, 8, 9, 3]
    own = hmac.digest(SECRET, f"niming\0v1\0pseudonym\0{algorithm}\0SC-1".encode(), "sha256")
    assert codes[0] == hmac.digest(own, b"Li", algorithm.removeprefix("hmac-"))[:16].hex()
    assert records[0]["technique"] == "pseudonymisation"


def test_sm3_without_the_interpreters_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    with_openssl = masks.pseudonym(people(), "name", KEY, algorithm="hmac-sm3").table
    monkeypatch.setattr(pseudonyms.hashlib, "algorithms_available", set())
    without = masks.pseudonym(people(), "name", KEY, algorithm="hmac-sm3").table
    pd.testing.assert_frame_equal(with_openssl, without)


def test_scenarios_algorithms_and_keys_cannot_be_joined() -> None:
    def code(**how: str) -> str:
        table = masks.pseudonym({"id": ["Li"]}, "id", KEY, **how).table  # type: ignore[arg-type]
        assert isinstance(table, pa.Table)
        return str(table["id"][0].as_py())

    other = masks.pseudonym({"id": ["Li"]}, "id", masks.Key(bytes(range(32)))).table
    codes = [
        code(),
        code(scenario="SC-1"),
        code(scenario="SC-2"),
        code(algorithm="hmac-sm3"),
        other["id"][0].as_py(),
    ]
    assert len(set(codes)) == 5
    assert code(scenario="SC-1") == code(scenario="SC-1")


def test_joins_across_columns_tables_and_types() -> None:
    a = masks.pseudonym(pd.DataFrame({"id": [39.0, 40.0]}), "id", KEY).table
    b = masks.pseudonym(pl.DataFrame({"person": [40, 39, None]}), "person", KEY).table
    c = masks.pseudonym(pa.table({"x": ["39", "40"]}), "x", KEY).table
    assert isinstance(a, pd.DataFrame)
    assert isinstance(b, pl.DataFrame)
    assert isinstance(c, pa.Table)
    assert a["id"].tolist() == c["x"].to_pylist() == b["person"].to_list()[1::-1]
    assert b["person"].to_list()[2] is None


def test_empty_and_all_missing() -> None:
    none = pa.table({"id": pa.array([], pa.string()), "x": pa.array([], pa.int64())})
    assert masks.pseudonym(none, "id", KEY).table.num_rows == 0
    assert masks.redact(none, "id").table.num_rows == 0
    missing = masks.pseudonym(pd.DataFrame({"id": [np.nan, np.nan]}), "id", KEY).table
    assert missing["id"].isna().all()


def test_speed() -> None:
    table = pa.table({"id": [f"44030519900101{i:06d}" for i in range(100_000)]})
    start = time.process_time()
    masks.pseudonym(table, "id", KEY)
    assert time.process_time() - start < 1  # 0.1 M/s even on a crowded machine; 0.6 M/s usual


@pytest.mark.parametrize("mask", [masks.drop, masks.redact])
def test_columns_are_checked(mask: object) -> None:
    assert callable(mask)
    for columns, error in (
        (["nmae"], ColumnNotFoundError),
        ([], InputError),
        (["name", "name"], InputError),
    ):
        with pytest.raises(error):
            mask(people(), columns)


def test_drop_leaves_a_column() -> None:
    with pytest.raises(InputError, match="leaves no column"):
        masks.drop(people(), ["name", "age", "city"])


def test_pseudonym_refuses_what_is_no_key_or_algorithm() -> None:
    with pytest.raises(KeyFileError, match=r"not a masks\.Key") as error:
        masks.pseudonym(people(), "name", SECRET)  # type: ignore[arg-type]
    assert SECRET.hex() not in str(error.value)
    with pytest.raises(InputError, match="unknown algorithm"):
        masks.pseudonym(people(), "name", KEY, algorithm="md5")  # type: ignore[arg-type]


def test_records_are_json_without_values_and_key() -> None:
    frame = pd.DataFrame({"name": [CANARY, "b"], "x": [1, 2]})
    for masked in (
        masks.drop(frame, "name"),
        masks.redact(frame, "name"),
        masks.pseudonym(frame, "name", KEY, scenario="SC-1"),
    ):
        text = json.dumps(masked.records) + repr(masked)
        assert CANARY not in text
        assert SECRET.hex() not in text
        assert {"column", "technique", "parameters", "words"} <= set(masked.records[0])


# Keys


def test_key_goes_to_a_file_and_back(tmp_path: Path) -> None:
    key = masks.new_key(tmp_path / "a.key")
    assert (tmp_path / "a.key").stat().st_mode & 0o777 == 0o600
    assert masks.key_from(path=tmp_path / "a.key").id == key.id
    with pytest.raises(KeyFileError, match="exists already"):
        masks.new_key(tmp_path / "a.key")


def test_key_from_raw_bytes_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "raw.key"
    file.write_bytes(SECRET)
    file.chmod(0o400)
    monkeypatch.setenv("NIMING_TEST_KEY", SECRET.hex())
    assert masks.key_from(path=file).id == masks.key_from(env="NIMING_TEST_KEY").id == KEY.id


@pytest.mark.skipif(os.name != "posix", reason="file modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o610])
def test_key_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    masks.new_key(tmp_path / "a.key")
    (tmp_path / "a.key").chmod(mode)
    with pytest.raises(KeyFileError, match="opened by others") as error:
        masks.key_from(path=tmp_path / "a.key")
    assert "chmod 600" in str(error.value)


def test_bad_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.key"

    def written(content: bytes) -> Path:
        file.write_bytes(content)
        file.chmod(0o600)
        return file

    for content, words in (
        (b"", "0 bytes"),
        (b"short", "5 bytes"),
        (SECRET[:8].hex().encode(), "8 bytes"),
        (b"\0" * 32, "not random"),
        (b"ab" * 16, "not random"),
        (b"x" * 5000, "larger"),
    ):
        with pytest.raises(KeyFileError, match=words):
            masks.key_from(path=written(content))
    with pytest.raises(KeyFileError, match="cannot read"):
        masks.key_from(path=tmp_path / "absent.key")
    with pytest.raises(KeyFileError, match="not set"):
        masks.key_from(env="NIMING_ABSENT_KEY")
    monkeypatch.setenv("NIMING_TEST_KEY", "no hex " + CANARY)
    with pytest.raises(KeyFileError, match="not hexadecimal") as error:
        masks.key_from(env="NIMING_TEST_KEY")
    assert CANARY not in "".join(traceback.format_exception(error.value))
    for arguments in ({}, {"path": file, "env": "X"}):
        with pytest.raises(KeyFileError, match="one of the two"):
            masks.key_from(**arguments)  # type: ignore[arg-type]


def test_key_hides_itself() -> None:
    assert repr(KEY) == str(KEY) == "Key(hidden)"
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    assert len(KEY.id) == 16
    assert not hasattr(KEY, "__dict__")
