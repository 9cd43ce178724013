"""Data sets: what ships is what its source says, and what is invented is consistent."""

from __future__ import annotations

import time
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
import yaml

from niming.errors import InputError
from niming.tables import datasets, read
from niming.tables.datasets import vocabulary

FOLDER = datasets.adult_path().parent


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda f: f.stem)
def test_shipped_schemas_fit_the_published_json_schema(file: Path) -> None:
    from niming.tables import Schema

    jsonschema.validate(yaml.safe_load(file.read_text("utf-8")), Schema.json_schema())


class TestAdult:
    def test_numbers_of_the_source(self) -> None:
        # Becker and Kohavi 1996, adult.names: 48,842 instances, 45,222 without unknown values,
        # 24.78 % above 50K among those.
        adult = datasets.adult()
        assert adult.shape == (48_842, 15)
        complete = adult.dropna()
        assert len(complete) == 45_222
        assert round((complete["income"] == ">50K").mean(), 4) == 0.2478
        assert set(adult["income"]) == {"<=50K", ">50K"}
        assert datasets.adult_path().stat().st_size < 1_000_000

    def test_file_is_what_build_makes_of_the_repository(self, shared: Path) -> None:
        from niming.tables.datasets.adult import build

        folder = shared / "data" / "adult"
        table = build(folder / "uci_train.csv", folder / "uci_test.csv")
        assert table.equals(read(datasets.adult_path()).arrow())

    def test_schema_fits_and_every_value_climbs(self) -> None:
        schema, adult = datasets.adult_schema(), datasets.adult()
        schema.check(adult)
        for name, hierarchy in schema.hierarchies.items():
            values = adult[name].dropna().unique()
            assert not hierarchy.lacking(values).any(), name
            assert hierarchy.rooted, name
        for column in schema.columns:
            if column.categories is not None:
                assert set(column.categories) >= set(adult[column.name].dropna()), column.name
            if column.lower is not None:
                assert adult[column.name].between(column.lower, column.upper).all(), column.name
            assert column.nullable or adult[column.name].notna().all(), column.name

    def test_education_num_is_education_again(self) -> None:
        schema, adult = datasets.adult_schema(), datasets.adult()
        pairs = adult[["education", "education-num"]].drop_duplicates()
        assert len(pairs) == pairs["education"].nunique() == pairs["education-num"].nunique() == 16
        assert schema["education-num"].kind == "identifier"  # which a plan leaves out


def check_character(body: str) -> str:
    """Say the 18th character of GB 11643 the slow way."""
    total = sum(int(c) * 2 ** (17 - i) for i, c in enumerate(body))
    return "10X98765432"[total % 11]


def credit_character(body: str) -> str:
    """Say the 18th character of GB 32100 the slow way."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(alphabet.index(c) * 3**i for i, c in enumerate(body))
    return alphabet[(31 - total % 31) % 31]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return datasets.residents(8_000, seed=3)


class TestResidents:
    def test_same_seed_same_table(self) -> None:
        one, two = datasets.residents(500, seed=9), datasets.residents(500, seed=9)
        pd.testing.assert_frame_equal(one, two)
        assert not one.equals(datasets.residents(500, seed=10))

    def test_a_generator_is_a_seed_too(self) -> None:
        rng = np.random.default_rng(9)
        pd.testing.assert_frame_equal(datasets.residents(50, rng), datasets.residents(50, 9))

    def test_numbers_agree_with_the_columns(self, people: pd.DataFrame) -> None:
        ids = people["id_number"]
        assert ids.is_unique
        assert ids.str.fullmatch(r"\d{17}[\dX]").all()
        assert all(check_character(i[:17]) == i[17] for i in ids)
        assert (ids.str[:6] == people["region_code"]).all()
        assert (ids.str[6:14] == people["birth_date"].dt.strftime("%Y%m%d")).all()
        assert ((ids.str[16].astype(int) % 2 == 1) == (people["sex"] == "男")).all()
        codes = people["employer_credit_code"].dropna().drop_duplicates()
        assert codes.str.fullmatch(r"91\d{6}[0-9A-HJ-NPQRTUWXY]{10}").all()
        assert all(credit_character(c[:17]) == c[17] for c in codes)
        mobiles = people["mobile"].dropna()
        assert mobiles.is_unique
        assert mobiles.str.fullmatch(r"1[3-9]\d{9}").all()

    def test_households_share_address_and_surname(self, people: pd.DataFrame) -> None:
        homes = people.groupby("household_id")
        assert (homes["address"].nunique() == 1).all()
        assert (homes["region_code"].nunique() == 1).all()
        small = people[people["birth_date"] >= "2016-01-01"].index
        shared = (
            people["name"]
            .str[0]
            .groupby(people["household_id"])
            .transform(lambda s: s.duplicated(keep=False))
        )
        assert shared[small].mean() > 0.9
        assert homes.size().between(1, 6).all()

    def test_columns_depend_on_each_other(self, people: pd.DataFrame) -> None:
        # Each of these differs by chance alone with a probability far below 1e-9 at this size.
        age = 2026 - people["birth_date"].dt.year
        income, works = people["income"], people["occupation_code"].notna()
        assert income[works].median() > 2 * income[~works & (age >= 16)].median()
        assert not works[age < 16].any()
        assert income[age < 16].isna().all()
        assert income[age >= 17].notna().all()
        assert age[people["diagnosis"] == "脑卒中"].mean() > 15 + age.mean()
        assert (people.loc[people["diagnosis"] == "妊娠", "sex"] == "女").all()
        winter = people["visit_date"].dt.month.isin([12, 1, 2])
        assert winter[people["diagnosis"] == "上呼吸道感染"].mean() > winter.mean() + 0.05
        yanbian = people["region_code"].str[:4] == "2224"
        korean = people["ethnicity"] == "朝鲜族"
        assert korean[yanbian].mean() > 10 * korean[~yanbian].mean()
        assert (people["visit_date"] >= people["birth_date"]).all()
        farm = people["occupation_code"].str[0] == "5"
        assert people.loc[farm, "employer_credit_code"].isna().mean() > 0.85

    def test_schema_fits_and_every_value_climbs(self, people: pd.DataFrame) -> None:
        schema = datasets.residents_schema()
        schema.check(people)
        for name, hierarchy in schema.hierarchies.items():
            values = people[name].dropna().unique()
            assert not hierarchy.lacking(values).any(), name
            assert hierarchy.rooted, name
        for column in schema.columns:
            if column.categories is not None:
                assert set(column.categories) >= set(people[column.name].dropna()), column.name
            if column.lower is not None:
                inside = people[column.name].dropna().between(column.lower, column.upper)
                assert inside.all(), column.name

    @pytest.mark.parametrize("n", [1, 2, 3, 7])
    def test_a_few_people(self, n: int) -> None:
        for seed in range(5):
            assert datasets.residents(n, seed).shape == (n, 14)

    def test_no_people(self) -> None:
        with pytest.raises(InputError, match="at least one"):
            datasets.residents(0)

    def test_dirt_comes_at_the_rate_asked_for(self, people: pd.DataFrame) -> None:
        clean = datasets.residents(5000, seed=4)
        dirty = datasets.residents(5000, seed=4, dirty=0.2)
        assert dirty.columns.tolist() == clean.columns.tolist()
        for name in clean.columns:
            before = clean[name]
            if name.endswith("_date"):
                before = before.dt.strftime("%Y-%m-%d")
            there = before.notna()
            changed = (dirty[name] != before)[there]
            # Binomial(>= 1500, 0.2): beyond 6 standard deviations once in 1e9; a number that is
            # made missing, or a date that was ISO to begin with, counts as well.
            assert changed.mean() == pytest.approx(0.2, abs=6 * (0.16 / there.sum()) ** 0.5 + 0.02)
            assert dirty[name][~there].isna().all()
        stripped = dirty["id_number"].dropna().str.normalize("NFKC").str.strip().str.upper()
        assert (stripped == clean["id_number"][stripped.index]).all()

    def test_a_rate_of_dirt_outside_its_range(self) -> None:
        with pytest.raises(InputError, match="outside"):
            datasets.residents(10, dirty=1.5)

    @pytest.mark.slow
    def test_a_million_in_a_minute(self) -> None:
        start = time.perf_counter()
        assert len(datasets.residents(1_000_000, seed=1)) == 1_000_000
        assert time.perf_counter() - start < 60


def test_districts_are_codes_of_one_province() -> None:
    regions = vocabulary.regions()
    assert len(set(regions.code)) == len(regions.code) == 60
    assert all(code.startswith("22") and len(code) == 6 for code in regions.code)
    assert regions.weight.sum() == pytest.approx(1)
    by_city = {}
    for code, city in zip(regions.code, regions.city, strict=True):
        assert by_city.setdefault(code[:4], city) == city
    assert len(set(by_city.values())) == len(by_city) == 9
