"""Data sets: what ships is what its source says, and what is invented is consistent."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from niming.tables import datasets, read

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

    def test_education_and_its_rank_climb_together(self) -> None:
        schema, adult = datasets.adult_schema(), datasets.adult()
        pairs = adult[["education", "education-num"]].drop_duplicates()
        names, ranks = (schema.hierarchies[c] for c in pairs.columns)
        for level in range(names.n_levels):
            one = names.generalise(pairs["education"], level)
            two = ranks.generalise(pairs["education-num"], level)
            n = len(set(zip(one, two, strict=True)))
            assert n == len(set(one)) == len(set(two))
