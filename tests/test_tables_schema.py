"""Schemas: what is declared is consistent, round-trips, and fits the table or says why not."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pyarrow as pa
import pytest
import yaml

from niming.errors import ColumnNotFoundError, SchemaError
from niming.tables import Column, Hierarchy, Role, Schema
from niming.tables.schema import Kind

TEXT = """
niming: schema/1
name: people
weight: w
target: illness
columns:
  age:
    role: quasi-identifier
    kind: integer
    lower: 0
    upper: 120
    hierarchy: {kind: intervals, lower: 0, upper: 120, widths: [5, 10]}
  born: {role: quasi-identifier, kind: date, lower: 1900-01-01, upper: 2026-12-31}
  sex: {role: quasi-identifier, kind: categorical, categories: [F, M], nullable: false}
  w: {role: insensitive, kind: number}
  illness: {role: sensitive, kind: categorical, confidence: 0.9, reason: header}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "schema.yaml"
    path.write_text(TEXT, "utf-8")
    return path


def broken(old: str, new: str) -> object:
    return yaml.safe_load(TEXT.replace(old, new))


class TestRoundTrip:
    def test_yaml(self, file: Path, tmp_path: Path) -> None:
        schema = Schema.from_yaml(file)
        schema.to_yaml(tmp_path / "again.yaml")
        again = Schema.from_yaml(tmp_path / "again.yaml")
        assert again == schema
        assert again.digest() == schema.digest()

    def test_roles_and_parts(self, file: Path) -> None:
        schema = Schema.from_yaml(file)
        assert schema.quasi_identifiers == ("age", "born", "sex")
        assert schema.sensitive == ("illness",)
        assert schema.insensitive == ("w",)
        assert (schema.weight, schema.target) == ("w", "illness")
        assert schema.hierarchies["age"].n_levels == 4
        assert schema["born"].lower == "1900-01-01"

    def test_the_file_fits_the_published_json_schema(self) -> None:
        content = yaml.safe_load(TEXT)
        content["columns"]["born"] |= {"lower": "1900-01-01", "upper": "2026-12-31"}
        jsonschema.validate(content, Schema.json_schema())
        content["columns"]["age"]["rôle"] = "x"
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(content, Schema.json_schema())

    @pytest.mark.parametrize(
        "spec",
        [
            "sex.csv",
            {"kind": "csv", "path": "sex.csv", "delimiter": ";"},
            {"kind": "table", "rows": [["F", "*"], ["M", "*"]]},
            {"kind": "tree", "tree": {"all": ["F", "M"]}},
            {"kind": "prefixes", "lengths": [4, 2]},
            {"kind": "dates", "units": ["month"], "start": "2020-01-01", "end": "2020-12-31"},
            {"kind": "intervals", "lower": 0, "upper": 130, "widths": [5], "top": 90},
            {"kind": "codelist", "name": "region"},
            {"kind": "codelist", "name": "region", "labels": "name", "historic": False},
        ],
    )
    def test_the_json_schema_knows_every_kind_of_hierarchy(self, spec: object) -> None:
        column = {"role": "quasi-identifier", "kind": "categorical", "hierarchy": spec}
        content = {"niming": "schema/1", "columns": {"a": column}}
        jsonschema.validate(content, Schema.json_schema())
        if isinstance(spec, dict):
            column["hierarchy"] = spec | {"x": 1}
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(content, Schema.json_schema())

    def test_a_hierarchy_in_a_file_beside(self, tmp_path: Path) -> None:
        (tmp_path / "sex.csv").write_text("F;*\nM;*\n", "utf-8")
        path = tmp_path / "s.yaml"
        path.write_text(TEXT.replace("categories: [F, M]", "hierarchy: sex.csv"), "utf-8")
        assert Schema.from_yaml(path).hierarchies["sex"].n_levels == 2

    def test_the_digest_changes_with_a_role(self, file: Path) -> None:
        other = Schema.from_dict(broken("role: sensitive", "role: insensitive"))
        assert other.digest() != Schema.from_yaml(file).digest()

    def test_repr_is_short(self, file: Path) -> None:
        assert repr(Schema.from_yaml(file)).count("\n") == 0


class TestContradictions:
    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("target: illness", "target: disease", "disease"),
            ("target: illness", "target: 5", "target"),
            ("weight: w", "weight: age", "both weight and quasi-identifier"),
            ("weight: w", "household: w\nperson_id: w", "both household and person"),
            ("weight: w", "wieght: w", "did you mean 'weight'"),
            ("role: sensitive", "role: secret", "roles are"),
            ("kind: number", "kind: float", "kinds are"),
            ("kind: number}", "kind: number, format: iban}", "formats are"),
            ("kind: number}", "kind: number, colour: red}", "colour"),
            ("{role: insensitive, kind: number}", "{role: insensitive}", "no kind"),
            ("{role: insensitive, kind: number}", "5", "no entry"),
            ("[F, M]", "[F, F]", "twice"),
            ("[F, M]", "[]", "no categories"),
            ("[F, M]", "F", "not a list"),
            ("lower: 0\n    upper: 120", "lower: 9\n    upper: 1", "lower above upper"),
            ("lower: 0\n    upper: 120", "lower: zero\n    upper: 120", "wrong type"),
            ("confidence: 0.9", "confidence: 9", r"\[0, 1\]"),
            ("confidence: 0.9", "grade: 9", "1 to 4"),
            ("confidence: 0.9", "confidence: high", "confidence of the wrong type"),
            ("confidence: 0.9", "grade: true", "1 to 4"),
            ("reason: header", "reason: 7", "reason of the wrong type"),
            ("nullable: false", "nullable: 5", "nullable of the wrong type"),
            ("[F, M]", "[yes, no]", "in quotes"),
            ("[F, M]", "[[F], M]", "no texts"),
            ("  sex:", "  2024:", "names that are no texts"),
            ("lower: 0\n    upper: 120", "lower: .nan\n    upper: 120", "not finite"),
            ("lower: 1900-01-01", "lower: '1900'", "no date"),
            ("widths: [5, 10]", "widths: [5, 7]", "column 'age': the hierarchy is not a tree"),
            ("widths: [5, 10]", "width: [5, 10]", "column 'age': .*lacks the entry 'widths'"),
            ("schema/1", "schema/9", "schema/1"),
            ("columns:", "cols:", "cols"),
        ],
    )
    def test_each_is_named_with_its_fix(self, old: str, new: str, told: str) -> None:
        assert old in TEXT
        with pytest.raises(SchemaError, match=told):
            Schema.from_dict(broken(old, new))

    def test_an_error_names_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.yaml"
        path.write_text(TEXT.replace("role: sensitive", "role: secret"), "utf-8")
        with pytest.raises(SchemaError, match=r"mine\.yaml: column 'illness'"):
            Schema.from_yaml(path)

    def test_a_column_twice_in_a_file_is_no_silent_choice(self, tmp_path: Path) -> None:
        path = tmp_path / "s.yaml"
        path.write_text(TEXT + "  age: {role: insensitive, kind: integer}\n", "utf-8")
        with pytest.raises(SchemaError, match="stands twice at line 17"):
            Schema.from_yaml(path)

    def test_a_column_twice(self) -> None:
        column = Column("a", Role.INSENSITIVE, "text")
        with pytest.raises(SchemaError, match="twice"):
            Schema((column, column))

    @pytest.mark.parametrize(
        ("content", "told"),
        [(b"a: [", "line"), (b"\xff\xfe\x00", "UTF-8"), (b"- 1", "mapping"), (None, "cannot read")],
    )
    def test_unreadable_files(self, tmp_path: Path, content: bytes | None, told: str) -> None:
        path = tmp_path / "s.yaml"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(SchemaError, match=told):
            Schema.from_yaml(path)


class TestCheck:
    schema = Schema(
        (Column("age", Role.QUASI_IDENTIFIER, "integer"), Column("note", Role.INSENSITIVE, "text"))
    )

    def test_a_table_that_fits(self) -> None:
        self.schema.check({"age": [1, 2], "note": ["x", None]})

    def test_a_column_that_is_absent(self) -> None:
        with pytest.raises(ColumnNotFoundError, match="'age' -> 'ages'"):
            self.schema.check({"ages": [1], "note": ["x"]})

    def test_a_column_that_is_not_declared(self) -> None:
        with pytest.raises(SchemaError, match="extra"):
            self.schema.check({"age": [1], "note": ["x"], "extra": [1]})

    def test_a_type_that_the_kind_does_not_allow(self) -> None:
        with pytest.raises(SchemaError, match="declared integer") as caught:
            self.schema.check({"age": ["CANARY-1"], "note": ["x"]})
        assert "CANARY" not in str(caught.value)

    def test_an_all_missing_column_fits_any_kind(self) -> None:
        self.schema.check(pa.table({"age": pa.nulls(2), "note": ["x", "y"]}))

    def test_equal_schemas_are_equal(self) -> None:
        one = Column("a", Role.SENSITIVE, "integer", Hierarchy.intervals(0, 10, 5))
        two = Column("a", Role.SENSITIVE, "integer", Hierarchy.intervals(0, 10, 5))
        assert one == two


class TestMissingInEveryRow:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "t.csv"
        path.write_text("town,pay\nA,\nB,\nA,\n", "utf-8")
        return path

    def test_a_quasi_identifier_is_refused(self, file: Path) -> None:
        schema = Schema(
            (
                Column("town", Role.QUASI_IDENTIFIER, "categorical"),
                Column("pay", Role.QUASI_IDENTIFIER, "integer"),
            )
        )
        with pytest.raises(SchemaError, match="'pay' is missing in every row") as caught:
            schema.check(file)
        assert caught.value.hint is not None
        assert "leave the column out" in caught.value.hint

    @pytest.mark.parametrize("role", [Role.SENSITIVE, Role.INSENSITIVE, Role.DIRECT_IDENTIFIER])
    @pytest.mark.parametrize("kind", ["integer", "number"])
    def test_another_column_fits_any_kind(self, file: Path, role: Role, kind: Kind) -> None:
        town = Column("town", Role.QUASI_IDENTIFIER, "categorical")
        Schema((town, Column("pay", role, kind))).check(file)

    def test_one_value_of_another_type_is_told_as_such(self, tmp_path: Path) -> None:
        path = tmp_path / "t.csv"
        path.write_text("town,pay\nA,\nB,canary\n", "utf-8")
        town = Column("town", Role.QUASI_IDENTIFIER, "categorical")
        schema = Schema((town, Column("pay", Role.SENSITIVE, "integer")))
        with pytest.raises(SchemaError, match="declared integer") as caught:
            schema.check(path)
        assert "canary" not in str(caught.value)
