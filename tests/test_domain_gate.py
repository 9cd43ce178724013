"""The gate measures bytes: what the maker says of a release can cost it the verdict, not buy it.

What bytes cannot tell for sure is which role a column has. Where names and cells betray it the gate
refuses (`TestCellsAgainstClaims`); elsewhere it believes the manifest, and evidence lists the roles
for the officer (`TestWhatBytesCannotTell`).
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import niming
from niming.domain import Policy, Release
from niming.domain.canonical import canonical
from niming.domain.gate import Evidence, certify
from niming.domain.release import CERTIFICATE, DATA, EVIDENCE, MANIFEST, POLICY, REPORT
from niming.errors import (
    ColumnNotFoundError,
    InputError,
    PolicyError,
    SchemaError,
    UnsatisfiableError,
)
from niming.risk import assess
from niming.tables.schema import Column, Role, Schema

pytestmark = pytest.mark.usefixtures("at_home", "plain_report")


@pytest.fixture
def folder(town: Any, tmp_path: Path) -> Path:
    """An unsigned release that passed."""
    return Path(shutil.copytree(town.unsigned, tmp_path / "release"))


def swap(folder: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(folder / DATA)), folder / DATA)


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    content = json.loads(path.read_bytes())
    change(content)
    path.write_bytes(canonical(content))


def outcome(evidence: Evidence, requirement: str) -> str:
    return next(
        v["outcome"] for v in evidence.content["verdicts"] if v["requirement"] == requirement
    )


def house(town: Any, *requirements: dict[str, Any], **changes: Any) -> Policy:
    """Return the town's policy with further requirements."""
    document = yaml.safe_load(town.policy.source) | changes
    for at, r in enumerate(requirements):
        title = {"zh": "要求", "en": "required"}
        document["requirements"].append({"id": f"more-{at}", "title": title, **r})
    return Policy(yaml.safe_dump(document, allow_unicode=True))


class TestEvidence:
    def test_is_one_json_document_in_canonical_form(self, town: Any) -> None:
        data = (town.unsigned / EVIDENCE).read_bytes()
        content = json.loads(data, parse_constant=lambda c: pytest.fail(f"holds {c}"))
        assert canonical(content) == data
        assert Evidence.open(town.unsigned).content == content

    def test_says_what_was_measured_of_which_files(self, town: Any) -> None:
        content = Evidence.open(town.unsigned).content
        assert content["verdict"] == "passed"
        assert {f["name"] for f in content["release"]["files"]} == {DATA, MANIFEST, POLICY}
        assert all(len(f["sha256"]) == len(f["sm3"]) == 64 for f in content["release"]["files"])
        assert content["policy"]["digest"] == town.policy.digest
        assert content["schema"]["roles"] == "declared"
        assert {c["name"]: c["role"] for c in content["schema"]["columns"]} == {
            "district": "quasi-identifier",
            "age": "quasi-identifier",
            "illness": "sensitive",
            "visits": "insensitive",
        }
        assert {r["column"] for r in content["transformation"]} >= {"name", "remark", "age"}
        assert [v["requirement"] for v in content["verdicts"]] == [
            r.id for r in town.policy.requirements
        ]
        assert content["tool"]["niming"]

    def test_the_numbers_are_those_of_the_released_cells(self, town: Any) -> None:
        evidence = Evidence.open(town.unsigned)
        again = assess(
            town.unsigned / DATA,
            quasi_identifiers=["district", "age"],
            sensitive=["illness"],
            sampling_fraction=0.5,
        )
        for m in again.measures():
            assert evidence.measure(m.name) == m.value
        drawn = pq.read_metadata(town.unsigned / DATA).num_rows
        assert evidence.measure("sampling.fraction") == 0.5 >= drawn / 400

    def test_the_digest_is_that_of_the_file_and_changes_with_it(self, town: Any) -> None:
        evidence = Evidence.open(town.unsigned)
        assert evidence.digest == Evidence.open(town.signed).digest
        other = Evidence({**evidence.content, "verdict": "failed"}, evidence.folder)
        assert evidence.digest != other.digest

    def test_measuring_again_says_the_same(self, town: Any, folder: Path) -> None:
        before = Evidence.open(folder).content
        after = certify(folder, town.policy, town.table).content
        assert {**after, "release": 0} == {**before, "release": 0}
        assert after["release"]["files"] == before["release"]["files"]

    def test_a_release_in_memory_is_judged_like_its_folder(self, town: Any) -> None:
        release = niming.open(town.table, town.schema).plan(town.policy).apply(sample=0.5, seed=7)
        mine, theirs = release.evidence().content, Evidence.open(town.unsigned).content
        for part in ("measures", "verdicts", "utility", "columns", "classes"):
            assert mine[part] == theirs[part]
        assert certify(release, town.policy).content["measures"] == theirs["measures"]

    def test_no_released_value_is_in_it(self, town: Any) -> None:
        text = (town.unsigned / EVIDENCE).read_text("utf-8")
        for value in ("flu", "asthma", "person", "came on day"):
            assert value not in text


class TestHonestCells:
    """A worse table behind an unchanged manifest is measured as it is."""

    def test_a_class_too_small(self, town: Any, folder: Path) -> None:
        raw = pa.table({c: town.table[c] for c in ("district", "age", "illness", "visits")})
        swap(folder, lambda _: raw.slice(0, 200))
        evidence = certify(folder, town.policy, town.table)
        assert outcome(evidence, "k") == "failed"
        assert (evidence.measure("k_anonymity.k") or 0) < 5

    def test_one_record_alone(self, town: Any, folder: Path) -> None:
        def add(table: pa.Table) -> pa.Table:
            row = {"district": "Z", "age": "[0, 10)", "illness": "flu", "visits": 1}
            return pa.concat_tables([table, pa.Table.from_pylist([row], schema=table.schema)])

        swap(folder, add)
        assert certify(folder, town.policy, town.table).measure("k_anonymity.k") == 1

    def test_an_undeclared_column(self, town: Any, folder: Path) -> None:
        swap(folder, lambda t: t.append_column("extra", pa.array([1] * t.num_rows)))
        with pytest.raises(SchemaError, match="extra"):
            certify(folder, town.policy, town.table)

    def test_a_column_that_is_declared_and_not_there(self, town: Any, folder: Path) -> None:
        swap(folder, lambda t: t.drop_columns(["visits"]))
        with pytest.raises(ColumnNotFoundError, match="visits"):
            certify(folder, town.policy, town.table)

    def test_no_rows(self, town: Any, folder: Path) -> None:
        swap(folder, lambda t: t.slice(0, 0))
        with pytest.raises(InputError, match="no rows"):
            certify(folder, town.policy, town.table)

    @pytest.mark.parametrize("name", [DATA, MANIFEST, POLICY])
    @pytest.mark.parametrize("content", [None, b"", b"{", b"\x00\xff"])
    def test_a_damaged_file(
        self, town: Any, folder: Path, name: str, content: bytes | None
    ) -> None:
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)
        with pytest.raises((InputError, SchemaError, PolicyError)):
            certify(folder, folder / POLICY, town.table)

    def test_identity_numbers_in_an_insensitive_column(self, town: Any, folder: Path) -> None:
        from niming.tables import datasets

        numbers = datasets.residents(400, seed=1)["id_number"].tolist()

        def plant(table: pa.Table) -> pa.Table:
            column = pa.array([numbers[i] for i in range(table.num_rows)])
            return table.set_column(table.schema.get_field_index("visits"), "visits", column)

        swap(folder, plant)
        edit(folder / MANIFEST, lambda m: m["schema"]["columns"]["visits"].update(kind="text"))
        evidence = certify(folder, town.policy, town.table)
        assert outcome(evidence, "found") == "failed"
        assert evidence.measure("identifiers.n_columns_found") == 1
        assert not any(n in json.dumps(evidence.content) for n in numbers[:50])

    def test_a_direct_identifier_that_was_kept(self, town: Any) -> None:
        release = Release.of(town.table, town.schema, town.policy, name="raw")
        evidence = release.evidence()
        assert outcome(evidence, "direct") == "failed"
        assert outcome(evidence, "k") == "failed"


class TestClaims:
    """What the manifest claims can cost the verdict and never buy it."""

    @pytest.mark.parametrize(
        ("claim", "counted"),
        [(0.01, 194 / 400), (0.7, 0.7), (None, 1)],
    )
    def test_the_larger_of_claimed_and_counted_fraction(
        self, town: Any, folder: Path, claim: object, counted: float
    ) -> None:
        edit(folder / MANIFEST, lambda m: m["sampling"].update(fraction=claim))
        n_rows = pq.read_metadata(folder / DATA).num_rows
        assert n_rows == 194
        measured = certify(folder, town.policy, town.table).measure("sampling.fraction")
        assert measured == pytest.approx(counted)

    @pytest.mark.parametrize("claim", [-3, 17, True, "half"])
    def test_a_claim_that_is_no_fraction(self, town: Any, folder: Path, claim: object) -> None:
        edit(folder / MANIFEST, lambda m: m["sampling"].update(fraction=claim))
        with pytest.raises(InputError, match="fraction"):
            certify(folder, town.policy, town.table)

    def test_a_table_that_nobody_sampled(self, town: Any, folder: Path) -> None:
        edit(folder / MANIFEST, lambda m: m.update(sampling=None))
        evidence = certify(folder, town.policy, town.table)
        assert evidence.measure("sampling.fraction") == 1
        assert outcome(evidence, "sampled") == "failed"

    def test_without_the_original_the_fraction_could_not_be_measured(
        self, town: Any, folder: Path
    ) -> None:
        evidence = certify(folder, town.policy)
        assert evidence.measure("sampling.fraction") is None
        assert outcome(evidence, "sampled") == "could-not-run"
        assert not evidence.passed
        assert evidence.content["utility"] is None

    def test_an_original_smaller_than_the_release(self, town: Any, folder: Path) -> None:
        small = {c: v[:50] for c, v in town.table.items()}
        assert outcome(certify(folder, town.policy, small), "sampled") == "could-not-run"

    def test_pseudonyms_fail_an_anonymised_release(self, town: Any, folder: Path) -> None:
        """A living key restores them; the same data pass as a sample for use in the domain."""
        no_pseudonym = {"measure": "transformation.n_pseudonyms", "at_most": 0}
        public = house(town, no_pseudonym, kind="anonymised-release")
        assert certify(folder, public, town.table).passed

        record = {"column": "district", "technique": "pseudonymisation", "parameters": {}}
        edit(folder / MANIFEST, lambda m: m["transformation"].append(record))
        evidence = certify(folder, public, town.table)
        assert outcome(evidence, "more-0") == "failed"
        assert evidence.content["policy"]["kind"] == "anonymised-release"
        assert certify(folder, town.policy, town.table).passed

    def test_the_shipped_public_pack_refuses_pseudonyms(self, town: Any, folder: Path) -> None:
        record = {"column": "district", "technique": "pseudonymisation", "parameters": {}}
        edit(folder / MANIFEST, lambda m: m["transformation"].append(record))
        failed = {v["measure"] for v in certify(folder, "gbt42460-public", town.table).failures}
        assert "transformation.n_pseudonyms" in failed

    @pytest.mark.parametrize(
        "lie",
        [
            lambda m: m.update(transformation="nothing"),
            lambda m: m.update(transformation=[1, {"role": 2}, {"column": []}]),
            lambda m: m.update(sampling=[], original="x", target=7, name=None),
            lambda m: m.update(created=None, roles=None),
        ],
    )
    def test_a_manifest_of_another_form(self, town: Any, folder: Path, lie: Any) -> None:
        edit(folder / MANIFEST, lie)
        certify(folder, town.policy, town.table)

    def test_the_policy_that_is_given_replaces_the_one_in_the_folder(
        self, town: Any, folder: Path
    ) -> None:
        (folder / POLICY).write_text(town.policy.source.replace("at_least: 5", "at_least: 1"))
        evidence = certify(folder, town.policy, town.table)
        assert (folder / POLICY).read_text("utf-8") == town.policy.source
        assert evidence.content["policy"]["digest"] == town.policy.digest


def residents() -> tuple[Any, dict[str, Any]]:
    """Return a table with a class of 20 and more on sex, beside columns that should not pass."""
    from niming.tables import datasets

    people = datasets.residents(600, seed=3)
    return people, {"sex": people["sex"], "diagnosis": people["diagnosis"]}


class TestCellsAgainstClaims:
    """What an anonymised release must not hold, whatever the manifest calls it."""

    roles: ClassVar[dict[str, tuple[str, str]]] = {
        "sex": ("quasi-identifier", "categorical"),
        "diagnosis": ("sensitive", "categorical"),
    }

    def failed(self, role: str, kind: str, cells: Any, *records: dict[str, Any]) -> set[str]:
        _, columns = residents()
        schema = Schema(
            tuple(
                Column(name, Role(r), k)  # type: ignore[arg-type]
                for name, (r, k) in {**self.roles, "x": (role, kind)}.items()
            )
        )
        policy = Policy.of("gbt42460-public")
        release = Release.of({**columns, "x": cells}, schema, policy, name="r")
        return {
            v["requirement"] for v in replace(release, transformation=records).evidence().failures
        }

    def test_a_hash_of_an_id_number_is_no_anonymity(self) -> None:
        people, _ = residents()
        hashed = [hashlib.sha256(i.encode()).hexdigest() for i in people["id_number"]]
        assert "cannot-be-restored" in self.failed("insensitive", "text", hashed)
        short = [h[:16] for h in hashed]
        assert "cannot-be-restored" in self.failed("insensitive", "identifier", short)

    def test_names_that_are_called_insensitive(self) -> None:
        people, _ = residents()
        failed = self.failed("insensitive", "text", people["name"])
        assert {"no-identifier-left", "roles-agree-with-cells"} <= failed

    @pytest.mark.parametrize("technique", ["masking", "pseudonymisation"])
    def test_a_claim_that_the_cells_do_not_bear_out(self, technique: str) -> None:
        people, _ = residents()
        record = {"column": "x", "technique": technique, "parameters": {}}
        failed = self.failed("direct-identifier", "text", people["name"], record)
        assert "direct-identifiers-removed" in failed

    @pytest.mark.parametrize(
        "record", [{"column": "x", "technique": "rot13"}, {"column": "y", "technique": "hashing"}]
    )
    def test_an_account_that_cannot_be_read_passes_nothing(self, record: dict[str, Any]) -> None:
        assert "nothing-reversible" in self.failed("insensitive", "text", ["*"] * 600, record)

    def test_codes_behind_a_prefix_and_a_claim_in_another_spelling(self) -> None:
        codes = ["u_" + hashlib.md5(b"%d" % n).hexdigest() for n in range(600)]
        assert "cannot-be-restored" in self.failed("insensitive", "text", codes)
        record = {"column": "x", "technique": "Pseudonymization", "parameters": {}}
        assert "cannot-be-restored" in self.failed("insensitive", "text", ["*"] * 600, record)

    def test_a_mask_that_the_cells_bear_out(self) -> None:
        record = {"column": "x", "technique": "masking", "parameters": {}}
        assert self.failed("direct-identifier", "text", ["*"] * 600, record) == set()

    def test_region_codes_that_are_called_insensitive(self) -> None:
        people, columns = residents()
        schema = Schema(
            (
                Column("sex", Role.QUASI_IDENTIFIER, "categorical"),
                Column("diagnosis", Role.SENSITIVE, "categorical"),
                Column("region_code", Role.INSENSITIVE, "categorical"),
            )
        )
        table = {**columns, "region_code": people["region_code"]}
        release = Release.of(table, schema, Policy.of("gbt42460-public"), name="r")
        assert [v["requirement"] for v in release.evidence().failures] == ["roles-agree-with-cells"]


class TestWhatBytesCannotTell:
    def test_a_quasi_identifier_that_is_called_insensitive(self, town: Any, folder: Path) -> None:
        """The gate cannot know better; the officer reads the roles in evidence and report."""
        raw = pa.table({c: town.table[c] for c in ("district", "age", "illness", "visits")})
        swap(folder, lambda _: raw.slice(0, 200))
        assert not certify(folder, town.policy, town.table).passed

        for column in ("age", "district"):
            edit(
                folder / MANIFEST,
                lambda m, c=column: m["schema"]["columns"][c].update(role="insensitive"),
            )
        evidence = certify(folder, town.policy, town.table)
        assert evidence.passed
        roles = {c["name"]: c["role"] for c in evidence.content["schema"]["columns"]}
        assert roles["age"] == roles["district"] == "insensitive"

    def test_roles_that_nobody_gave_are_told(self, town: Any) -> None:
        sealed = niming.open({c: town.table[c] for c in ("district", "age", "illness")})
        sealed.scan()
        release = sealed.plan(town.policy).apply(seed=1)
        assert release.manifest()["roles"] == "proposed"
        assert release.evidence().content["schema"]["roles"] == "proposed"


class TestNoQuasiIdentifierLeft:
    @pytest.fixture
    def alone(self, town: Any) -> Release:
        schema = Schema(
            (Column("illness", Role.SENSITIVE, "categorical"),
             Column("visits", Role.INSENSITIVE, "integer"))
        )  # fmt: skip
        table = {c: town.table[c] for c in schema.names}
        return Release.of(table, schema, town.policy, name="alone")

    def test_all_records_are_alike(self, alone: Release) -> None:
        evidence = alone.evidence()
        assert evidence.measure("k_anonymity.k") == 400
        assert outcome(evidence, "k") == "passed"

    def test_what_everybody_has_is_still_learnt(self, town: Any) -> None:
        """One illness for all: l is 1 without any quasi-identifier."""
        schema = Schema((Column("illness", Role.SENSITIVE, "categorical"),))
        wanted = {"measure": "l_diversity.distinct", "at_least": 2, "optional": True}
        policy = house(town, wanted)
        evidence = Release.of({"illness": ["flu"] * 50}, schema, policy, name="x").evidence()
        assert evidence.measure("l_diversity.distinct[illness]") == 1
        assert outcome(evidence, "more-0") == "failed"
        assert evidence.measure("t_closeness.equal[illness]") == 0

    def test_nothing_sensitive_either(self, town: Any) -> None:
        schema = Schema((Column("visits", Role.INSENSITIVE, "integer"),))
        wanted = {"measure": "l_diversity.distinct", "at_least": 2}
        policy = house(town, {**wanted, "optional": True}, wanted)
        evidence = Release.of({"visits": [1, 2, 3]}, schema, policy, name="x").evidence()
        assert outcome(evidence, "more-0") == "not-applicable"
        assert outcome(evidence, "more-1") == "could-not-run"


class TestPreview:
    def report(self, folder: Path) -> str:
        return (folder / REPORT).read_text("utf-8")

    def test_a_release_that_passed_shows_some_of_its_rows(self, town: Any) -> None:
        assert "asthma" in self.report(town.unsigned)

    def test_a_release_that_failed_shows_none(self, town: Any, folder: Path) -> None:
        evidence = certify(folder, town.policy)
        assert not evidence.passed
        page = self.report(folder) + evidence.html() + evidence._repr_html_() + repr(evidence)
        for value in ("asthma", "flu", "person 1", "came on day"):
            assert value not in page

    def test_dropped_columns_never_show(self, town: Any) -> None:
        page = self.report(town.unsigned)
        assert "person 1" not in page
        assert "came on day" not in page


class TestPlan:
    @pytest.fixture
    def sealed(self, town: Any) -> Any:
        return niming.open(town.table, town.schema)

    def test_same_seed_same_bytes(self, town: Any, sealed: Any, tmp_path: Path) -> None:
        for name in ("a", "b"):
            sealed.plan(town.policy).apply(sample=0.5, seed=11).write(tmp_path / name)
        assert (tmp_path / "a" / DATA).read_bytes() == (tmp_path / "b" / DATA).read_bytes()
        sealed.plan(town.policy).apply(sample=0.5, seed=12).write(tmp_path / "c")
        assert (tmp_path / "a" / DATA).read_bytes() != (tmp_path / "c" / DATA).read_bytes()

    def test_the_seed_itself_is_in_no_file(self, town: Any, sealed: Any, tmp_path: Path) -> None:
        """Who knows the seed and the order of the original knows who was drawn."""
        seed = 7_315_551_237
        folder = sealed.plan(town.policy).apply(sample=0.5, seed=seed).write(tmp_path / "r")
        assert not any(str(seed).encode() in f.read_bytes() for f in folder.iterdir())

    def test_a_sample_is_at_most_what_was_asked(self, town: Any, sealed: Any) -> None:
        release = sealed.plan(town.policy).apply(sample=0.25, seed=1)
        assert release.shape[0] <= 100
        assert release.sampling["fraction"] == 0.25
        assert release.evidence().measure("sampling.fraction") == 0.25

    def test_without_a_sample_the_policy_refuses(self, town: Any, sealed: Any) -> None:
        evidence = sealed.plan(town.policy).apply().evidence()
        assert outcome(evidence, "sampled") == "failed"
        assert outcome(evidence, "k") == "passed"

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_explain_speaks_of_every_column(self, town: Any, sealed: Any, lang: str) -> None:
        said = sealed.plan(town.policy).explain(lang)
        for column in town.schema.names:
            assert f"\n  {column}: " in said
        assert ("预计" if lang == "zh" else "forecast") in said
        assert "80%" in said  # a sample is required

    @pytest.mark.parametrize("column", ["age", "name"])
    def test_a_target_that_would_be_changed(self, town: Any, sealed: Any, column: str) -> None:
        with pytest.raises(SchemaError, match=f"target '{column}'"):
            sealed.plan(town.policy, target=column)

    def test_a_target_that_is_not_there(self, town: Any, sealed: Any) -> None:
        with pytest.raises(ColumnNotFoundError, match="ilness"):
            sealed.plan(town.policy, target="ilness")

    def test_l_of_the_policy_is_planned_for_and_confirmed(self, town: Any, sealed: Any) -> None:
        wanted = {"measure": "l_diversity.distinct", "at_least": 3}
        policy = house(town, wanted, max_suppression=0.3)
        evidence = sealed.plan(policy).apply(sample=0.5, seed=7).evidence()
        assert (evidence.measure("l_diversity.distinct[illness]") or 0) >= 3
        assert evidence.passed

    @pytest.mark.parametrize("name", ["t_closeness.equal", "t_closeness.equal[illness]"])
    def test_t_of_the_policy_is_planned_for_and_confirmed(
        self, town: Any, sealed: Any, name: str
    ) -> None:
        """Also where the requirement speaks of one column alone."""
        without = sealed.plan(town.policy).apply(sample=0.5, seed=7).evidence()
        most = (without.measure("t_closeness.equal[illness]") or 0) * 0.8
        policy = house(town, {"measure": name, "at_most": most}, max_suppression=0.3)
        evidence = sealed.plan(policy).apply(sample=0.5, seed=7).evidence()
        assert (evidence.measure("t_closeness.equal[illness]") or 9) <= most
        assert evidence.passed

    def test_k_between_two_numbers_is_the_larger(self, town: Any, sealed: Any) -> None:
        policy = Policy(town.policy.source.replace("at_least: 5", "at_least: 17.2"))
        assert sealed.plan(policy).k == 18

    def test_the_strictest_of_several_thresholds_counts(self, town: Any) -> None:
        policy = house(
            town,
            {"measure": "k_anonymity.k", "at_least": 9},
            {"measure": "l_diversity.distinct", "at_least": 2},
            {"measure": "l_diversity.distinct[illness]", "at_least": 3},
            {"measure": "t_closeness.equal", "at_most": 0.4},
            {"measure": "t_closeness.equal[illness]", "at_most": 0.6},
        )
        assert policy.required("k_anonymity.k") == 9
        assert policy.required("l_diversity.distinct") == 2
        assert policy.required("l_diversity.distinct", "illness") == 3
        assert policy.required("t_closeness.equal", "illness") == 0.4
        assert policy.required("l_diversity.entropy", "illness") is None

    def test_a_sample_too_small_for_the_policy(self, town: Any, sealed: Any) -> None:
        with pytest.raises(UnsatisfiableError):
            sealed.plan(town.policy).apply(sample=0.005, seed=1)

    def test_weight_household_and_person_are_dropped(self, town: Any) -> None:
        chance = random.Random(1)
        table = {
            "home": [f"h{i // 3}" for i in range(60)],
            "person": [f"p{i}" for i in range(60)],
            "w": [chance.random() for _ in range(60)],
            "district": ["A", "B"] * 30,
        }
        schema = Schema(
            (Column("home", Role.INSENSITIVE, "categorical"),
             Column("person", Role.INSENSITIVE, "categorical"),
             Column("w", Role.INSENSITIVE, "number"),
             Column("district", Role.QUASI_IDENTIFIER, "categorical")),
            household="home", person_id="person", weight="w",
        )  # fmt: skip
        release = niming.open(table, schema).plan(town.policy).apply(seed=1)
        assert release._data.column_names == ["district"]


def test_a_policy_is_taken_byte_for_byte(town: Any, tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_bytes(town.policy.source.replace("\n", "\r\n").encode())
    policy = Policy.of(file)
    assert policy.source.encode() == file.read_bytes()
    assert policy.digest != town.policy.digest


def test_a_certificate_is_never_beside_a_release_that_nobody_signed(town: Any) -> None:
    assert not (town.unsigned / CERTIFICATE).exists()
    assert (town.signed / CERTIFICATE).exists()


def test_a_person_on_several_rows_is_not_counted_several_times() -> None:
    schema = Schema(
        (
            Column("pid", Role.DIRECT_IDENTIFIER, "identifier"),
            Column("town", Role.QUASI_IDENTIFIER, "categorical"),
        ),
        person_id="pid",
    )
    table = {"pid": [str(i // 2) for i in range(40)], "town": ["A"] * 40}
    with pytest.raises(SchemaError, match="40 rows are of 20 people"):
        niming.open(table, schema).plan("gbt42460-enclave")
    table["pid"] = [str(i) for i in range(40)]
    assert niming.open(table, schema).plan("gbt42460-enclave").k == 3


def test_a_file_where_the_folder_should_be(town: Any, tmp_path: Path) -> None:
    release = Release.open(town.unsigned)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        release.save(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
