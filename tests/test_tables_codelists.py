"""Code lists: what they hold, that they are trees, how cells are read, and what is refused."""

from __future__ import annotations

import csv
import itertools
from collections import Counter, defaultdict
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import niming
from niming.errors import HierarchyError, InputError
from niming.tables import Hierarchy, Schema
from niming.tables.codelists import (
    NAMES,
    CodeList,
    age,
    codelist,
    coverage,
    dates,
    education,
    ethnicity,
    industry,
    marriage,
    match,
    occupation,
    region,
    sex,
)
from niming.tables.codelists.tree import tree
from niming.tables.datasets import residents
from niming.tables.datasets.vocabulary import OCCUPATIONS

CANARY = "canary-5d1e"
TABLES = Path(niming.__file__).parent / "tables"

MADE = {
    "region": region(),
    "region-names": region(labels="name"),
    "region-now": region(historic=False),
    "ethnicity": ethnicity(),
    "industry": industry(),
    "industry-codes": industry(labels="code"),
    "occupation": occupation(),
    "occupation-codes": occupation(labels="code"),
    "education": education(),
    "marriage": marriage(),
    "sex": sex(),
}
every = pytest.mark.parametrize("hierarchy", MADE.values(), ids=MADE)


def climb(hierarchy: Hierarchy, value: object) -> list[object]:
    return [hierarchy.generalise([value], i).item() for i in range(hierarchy.n_levels)]


def rows_of(name: str) -> list[list[str]]:
    """Read a list without the library's reader."""
    text = (TABLES / "codelists" / f"{name}.tsv").read_text("utf-8")
    return list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


class TestWhatTheListsHold:
    def test_industry_has_the_counts_of_the_standard(self) -> None:
        # GB/T 4754-2017: 20 sections, 97 divisions, 473 groups; of classes see SOURCES.md.
        lengths = Counter(len(c) if c.isdigit() else 1 for c in codelist("industry").codes)
        assert lengths == {1: 20, 2: 97, 3: 473, 4: 1381}

    def test_industry_groups_that_are_not_divided_have_one_class_of_their_name(self) -> None:
        labels = codelist("industry").labels()
        classes = defaultdict(list)
        for code in labels:
            if len(code) == 4:
                classes[code[:3]].append(code)
        assert len(classes) == 473
        for group, own in classes.items():
            if own[0].endswith("0"):
                assert own == [group + "0"]
                assert labels[own[0]] == labels[group]
            else:
                assert len(own) > 1

    def test_ethnicity(self) -> None:
        labels = codelist("ethnicity").labels()
        numbered = [c for c in labels if c.isdigit()]
        assert numbered == [f"{i:02d}" for i in range(1, 57)] + ["97", "98"]
        assert (labels["01"], labels["11"], labels["56"]) == ("汉族", "满族", "基诺族")
        assert len(set(labels.values())) == len(labels)

    def test_occupation_has_the_counts_of_2015(self) -> None:
        lengths = Counter(len(c) for c in codelist("occupation").codes)
        assert lengths == {1: 8, 3: 75}  # Occupational Classification of 2015: 8 and 75

    @pytest.mark.parametrize(("name", "n"), [("education", 40), ("marriage", 8), ("sex", 4)])
    def test_small_lists(self, name: str, n: int) -> None:
        assert sum(c.isdigit() for c in codelist(name).codes) == n

    def test_region_counts(self) -> None:
        regions = codelist("region")
        now = {c for c, y in zip(regions.codes, regions.valid_to, strict=True) if y is None}
        assert len(regions) == 7779
        assert len(set(regions.codes)) == 7399
        assert sum(c.endswith("0000") for c in now) == 34 + 1  # and 83, a card for Taiwan
        assert len(now) == 3661
        assert all(len(c) == 6 and c.isdigit() for c in regions.codes)

    def test_the_years_of_a_region_are_in_order(self) -> None:
        seen: dict[str, int] = {}
        for code, _, since, until in rows_of("region"):
            first, last = int(since or 0), int(until or 9999)
            assert first <= last
            assert seen.get(code, -1) < first or not since, code
            seen[code] = last

    @pytest.mark.parametrize(
        ("code", "year", "name"),
        [
            ("110103", None, "崇文区"),  # until 2010
            ("220104", 1980, "朝阳区"),
            ("422401", 1981, "荆门市"),
            ("422401", 1990, "仙桃市"),  # used again
            ("422401", 2020, None),
            ("420600", 1990, "襄樊市"),
            ("420600", None, "襄阳市"),
            ("510200", 1990, "重庆市"),  # in Sichuan until 1997
            ("500000", 1990, None),
            ("999999", None, None),
        ],
    )
    def test_label_of_a_year(self, code: str, year: int | None, name: str | None) -> None:
        assert codelist("region").label(code, year=year) == name

    def test_the_districts_of_jilin_are_as_elsewhere_in_the_library(self) -> None:
        labels = codelist("region").labels()
        text = (TABLES / "datasets" / "jilin.csv").read_text("utf-8")
        for row in csv.DictReader(text.splitlines()):
            assert labels[row["code"]] == row["district"]
            assert labels[row["code"][:4] + "00"] == row["city"]

    def test_unknown_list(self) -> None:
        with pytest.raises(InputError, match="no code list 'regio'"):
            codelist("regio")

    def test_it_is_read_once(self) -> None:
        assert codelist("sex") is codelist("sex")
        assert repr(codelist("sex")) == "CodeList(sex, GB/T 2261.1-2003, n=4)"
        assert isinstance(codelist("sex"), CodeList)

    def test_the_lists_are_small(self) -> None:
        assert sum(p.stat().st_size for p in (TABLES / "codelists").glob("*.tsv")) < 400_000


class TestTrees:
    @pytest.mark.parametrize("name", NAMES)
    def test_every_code_is_given_once_with_one_parent_that_exists(self, name: str) -> None:
        source = codelist(name)
        if name != "region":
            assert len(set(source.codes)) == len(source)
            assert set(source.parents) - {""} <= set(source.codes)
        # A region is below the region of its first digits, whether that has an entry or not.
        places = tree(name)
        for i, parent in enumerate(places.parent.tolist()):
            assert places.depth[i] == (1 if parent < 0 else places.depth[parent] + 1)

    @every
    def test_written_out_it_is_a_tree(self, hierarchy: Hierarchy) -> None:
        rows = hierarchy.rows()
        assert Hierarchy.from_rows(rows).n_levels == hierarchy.n_levels  # checks the tree
        assert {row[-1] for row in rows} == {"*"}
        assert all(label for row in rows for label in row)

    @every
    def test_shares_grow_to_one(self, hierarchy: Hierarchy) -> None:
        values = [row[0] for row in hierarchy.rows()]
        bound = hierarchy.bind(np.array(values, dtype=object))
        assert (np.diff(bound.share, axis=0) >= 0).all()
        assert ((bound.share[0] > 0) & (bound.share <= 1)).all()
        # The labels right below the top share the domain among them, if names tell them apart.
        below = {bound.codes[-2, i]: bound.share[-2, i] for i in range(len(values))}
        assert sum(below.values()) == pytest.approx(1)

    @every
    def test_spec_and_back(self, hierarchy: Hierarchy) -> None:
        spec = yaml.safe_load(yaml.safe_dump(hierarchy.to_spec(), allow_unicode=True))
        assert Hierarchy.from_spec(spec) == hierarchy
        assert set(spec) <= {"kind", "name", "labels", "historic"}

    def test_the_short_spec_is_the_function(self) -> None:
        functions = {
            "region": region, "ethnicity": ethnicity, "industry": industry, "sex": sex,
            "occupation": occupation, "education": education, "marriage": marriage,
        }  # fmt: skip
        assert set(functions) == set(NAMES)
        for name, function in functions.items():
            assert function() == Hierarchy.from_spec({"kind": "codelist", "name": name})

    @pytest.mark.parametrize(
        ("levels", "hierarchy"),
        [
            (["220104", "2201*", "22*", "*"], region()),
            (["220104", "吉林省长春市", "吉林省", "*"], region(labels="name")),
            (["A0111", "谷物种植", "农业", "农、林、牧、渔业", "*"], industry()),
            (["A0111", "011*", "01*", "A*", "*"], industry(labels="code")),
            (["20803", "教学人员", "专业技术人员", "*"], occupation()),
            (["20803", "208*", "2*", "*"], occupation(labels="code")),
            (["汉", "汉族", "*"], ethnicity()),
            (["大专", "大学专科教育", "高等教育", "*"], education()),
            (["21", "已婚", "*"], marriage()),
            (["女", "*"], sex()),
        ],
    )
    def test_what_a_value_climbs(self, levels: list[str], hierarchy: Hierarchy) -> None:
        assert climb(hierarchy, levels[0]) == levels

    @every
    def test_explain(self, hierarchy: Hierarchy) -> None:
        said = [hierarchy.explain(i) for i in range(hierarchy.n_levels)]
        assert len(set(said)) == len(said)
        assert all(hierarchy.explain(i, lang="zh") for i in range(hierarchy.n_levels))

    def test_explain_names_the_level(self) -> None:
        assert [region().explain(i) for i in (1, 2)] == ["prefecture", "province"]
        assert [industry().explain(i, lang="zh") for i in (1, 2, 3)] == ["中类", "大类", "门类"]

    def test_as_prefixes_where_both_know_the_codes(self) -> None:
        values = [c for c in codelist("region").codes if not c.endswith("00")]
        mine, prefixes = region(), Hierarchy.prefixes(4, 2)
        for level in range(4):
            assert (
                mine.generalise(values, level).tolist()
                == prefixes.generalise(values, level).tolist()
            )

    def test_written_for_arx(self, tmp_path: Path) -> None:
        industry().to_csv(tmp_path / "industry.csv")
        back = Hierarchy.from_csv(tmp_path / "industry.csv")
        assert back.rows() == industry().rows()


class TestHowCellsAreRead:
    @pytest.mark.parametrize(
        "cell",
        [
            220104, 220104.0, "220104", " 220104 ", "２２０１０４", "220104001", "220104001002",
            "吉林省长春市朝阳区", "长春市朝阳区", "吉林长春市朝阳区", "吉林省朝阳区", "吉林朝阳区",
            "吉林省 长春市 朝阳区", "吉林省/长春市/朝阳区", "吉林省-长春市-朝阳区", "长春市·朝阳区",
        ],
    )  # fmt: skip
    def test_one_district(self, cell: object) -> None:
        assert climb(region(), cell)[1:] == ["2201*", "22*", "*"]

    @pytest.mark.parametrize("cell", [22, "22", "2200", "220000", "吉林", "吉林省"])
    def test_one_province(self, cell: object) -> None:
        assert climb(region(), cell)[1:] == ["22*", "22*", "*"]

    @pytest.mark.parametrize("cell", ["2202", "220200", "吉林市", "吉林省吉林市"])
    def test_a_city_that_is_called_as_its_province(self, cell: object) -> None:
        assert climb(region(), cell)[1:] == ["2202*", "22*", "*"]

    @pytest.mark.parametrize(
        "cell",
        [
            "朝阳区", "郊区", "市辖区", "桥西区",  # several have the name
            "", "0", "1", "2", "-1", "999999", "229999", "22010", "2201040", "220104x",
            "220104199001011234", "长春", "火星省", "吉林省朝阳市", "220104.5",
        ],
    )  # fmt: skip
    def test_what_is_no_region(self, cell: str) -> None:
        assert region().lacking([cell]).tolist() == [True]

    @pytest.mark.parametrize(
        ("cell", "label"),
        [
            ("110103", "北京市市辖区"),  # Chongwen, abolished in 2010
            ("崇文区", "北京市市辖区"),
            ("510202", "四川省重庆市"),  # before Chongqing was a province
            ("重庆市", "重庆市"),  # what is now called so
            ("重庆市市辖区", "重庆市市辖区"),
            ("四川省重庆市", "四川省重庆市"),
            ("襄樊市", "湖北省襄阳市"),  # renamed
            ("苍山县", "山东省临沂市"),  # two codes, one after the other
        ],
    )
    def test_what_no_longer_holds(self, cell: str, label: str) -> None:
        assert region(labels="name").generalise([cell], 1).item() == label
        if not cell.startswith("重庆市"):
            assert region(historic=False).lacking([cell]).item()

    def test_every_region_that_holds_is_found_by_its_full_name(self) -> None:
        # The names put together here from the file alone.
        names = {code: name for code, name, _, until in rows_of("region") if not until}
        places, asked = tree("region"), {}
        for code, name in names.items():
            city, province = names.get(code[:4] + "00", ""), names[code[:2] + "0000"]
            if code.endswith("0000"):
                asked[name] = code[:2]
            elif code.endswith("00"):
                asked[province + name] = code[:4]
            else:
                asked[province + city + name] = code
        found = places.find(asked)
        wrong = [
            name for name, at in zip(asked, found, strict=True)
            if places.stems[at] != asked[name] or at < 0
        ]  # fmt: skip
        assert not wrong

    def test_a_name_alone_is_found_if_one_place_has_it(self) -> None:
        ever, now = defaultdict(set), defaultdict(set)
        for code, name, _, until in rows_of("region"):
            ever[name].add(code)
            if not until:
                now[name].add(code)
        single = [n for n, codes in now.items() if len(codes) == 1]
        assert len(single) > 2500
        places, refused = tree("region"), 0
        for name, at in zip(single, places.find(single), strict=True):
            (code,) = now[name]
            stem = code[:2] if code.endswith("0000") else code.removesuffix("00")
            if at >= 0:
                assert places.stems[at] == stem
            else:
                refused += 1
                assert {c[:4] for c in ever[name]} > {code[:4]}  # elsewhere, once
        assert 0 < refused < 40
        several = [n for n, codes in now.items() if len({c[:2] for c in codes}) > 1]
        assert (places.find(several) < 0).all()
        current = tree("region", current=True)
        assert (current.find(single) >= 0).all()

    @pytest.mark.parametrize(
        ("cell", "label"),
        [
            ("矿区", None),  # now of Yangquan; of Datong until 2018, of Xuzhou until 1994
            ("山西省阳泉市矿区", "1403*"),
            ("阳泉市矿区", "1403*"),
            ("大同市矿区", "1402*"),
            ("桥东区", None),  # of one city now, of three once
            ("江北区", None),  # of Ningbo and of Chongqing
            ("浙江省江北区", "3302*"),
            ("重庆市江北区", "5001*"),
            ("定安县", "4690*"),  # in Hainan, which was in Guangdong
            ("公主岭市", "2201*"),  # moved to another prefecture in 2020
            ("安徽省", "34*"),
        ],
    )
    def test_a_name_that_others_had(self, cell: str, label: str | None) -> None:
        if label is None:
            assert region().lacking([cell]).item()
        else:
            assert region().generalise([cell], 1).item() == label

    @pytest.mark.parametrize(
        ("made", "cells", "labels"),
        [
            (ethnicity(), [1, "01", "汉", "汉族", " 汉 族 ", "１"], "汉族"),
            (ethnicity(), [2, "满", "维族", 56, 97, "其他", "外国血统"], "少数民族及其他"),
            (industry(), ["0111", "A0111", "a0111", "稻谷种植", "谷物种植", "A011", "0119"],
             "谷物种植"),
            (industry(), ["0118"], "谷物种植"),  # a class not listed, of a group that is
            (occupation(), ["208", 20803, "2080301", "2-08-03-01", "2-08", "教学人员"], "教学人员"),
            (occupation(), ["2", "20000", "2-00-00-00", 2000000, "专业技术人员"], "专业技术人员"),
            (education(), [11, "14", "博士", "硕士研究生毕业", "研究生"], "研究生教育"),
            (education(), ["本科", "大学本科", 21, "20", "大学本科毕业"], "大学本科教育"),
            (marriage(), ["已婚", "初婚", 20, "21", "有配偶"], "已婚"),
            (sex(), ["男", "男性", 1, "M", "male", "Male", 0, 9], "*"),
        ],
    )  # fmt: skip
    def test_forms_of_one_place(self, made: Hierarchy, cells: list[object], labels: str) -> None:
        assert set(made.generalise(cells, 1)) == {labels}

    @pytest.mark.parametrize(
        ("made", "cells"),
        [
            (ethnicity(), ["57", "0", "-1", "001", "火星族", "族", "1.5"]),
            (industry(), ["B0111", "U", "0", "1", "991", "9999", "A01111", "种植", "A", ""][:-2]),
            (occupation(), ["9", "107", "303", "10", "1000", "2-8", "教学"]),
            (education(), ["1", "50", "011", "很高", "-1"]),
            (marriage(), ["1", "24", "-9"]),
            (sex(), ["3", "-1", "01", "x", "男女"]),
        ],
    )
    def test_what_is_none(self, made: Hierarchy, cells: list[str]) -> None:
        assert made.lacking(cells).all()

    def test_a_wide_name_that_a_narrow_one_shares_is_the_wide_one(self) -> None:
        # 燃气生产和供应业 is division 45 and its group 451.
        assert climb(industry(labels="code"), "燃气生产和供应业")[1:] == ["45*", "45*", "D*", "*"]

    def test_missing_stays_missing(self) -> None:
        got = region().generalise(pd.Series(["220104", None, float("nan")]), 1)
        assert got.tolist() == ["2201*", None, None]
        assert region().generalise(["220104", None], 3).tolist() == ["*", "*"]

    @every
    def test_no_values(self, hierarchy: Hierarchy) -> None:
        bound = hierarchy.bind(np.array([], dtype=object))
        assert bound.codes.shape == (hierarchy.n_levels, 0)
        assert hierarchy.lacking([]).tolist() == []
        assert hierarchy.lacking([""]).tolist() == [True]

    @given(st.text(max_size=12))
    def test_any_text_is_read_or_lacking(self, text: str) -> None:
        for name in NAMES:
            assert tree(name).find([text]).shape == (1,)

    def test_what_the_library_invents_is_known(self) -> None:
        codes = residents(300, seed=1)["id_number"].dropna().astype(str).str[:6]
        ids = codes[codes.str.fullmatch(r"[1-8]\d{5}")]
        assert len(ids) > 100
        assert not region().lacking(ids.unique()).any()
        assert not occupation().lacking([row[0] + "00" for row in OCCUPATIONS]).any()


def smallest(column: np.ndarray) -> int:
    return min(Counter(column.tolist()).values())


class TestKIsNeverLowered:
    @settings(deadline=None, max_examples=60)
    @given(data=st.data())
    def test_a_level_up_merges_classes_and_splits_none(self, data: st.DataObject) -> None:
        hierarchy = MADE[data.draw(st.sampled_from(sorted(MADE)))]
        domain = [row[0] for row in hierarchy.rows()]
        values = data.draw(st.lists(st.sampled_from(domain), min_size=1, max_size=30))
        columns = [hierarchy.generalise(values, i) for i in range(hierarchy.n_levels)]
        sizes = [smallest(column) for column in columns]
        assert sizes == sorted(sizes)
        for fine, coarse in itertools.pairwise(columns):
            pairs = set(zip(fine.tolist(), coarse.tolist(), strict=True))
            assert len(pairs) == len(set(fine.tolist()))

    def test_codes_and_names_in_one_column_meet(self) -> None:
        mixed = ["220104", "长春市朝阳区", "2201", "吉林省长春市"]
        assert smallest(region().generalise(mixed, 0)) == 1
        assert smallest(region().generalise(mixed, 1)) == 4


class TestErrors:
    @pytest.mark.parametrize("hierarchy", MADE.values(), ids=MADE)
    def test_no_cell_is_quoted(self, hierarchy: Hierarchy) -> None:
        with pytest.raises(HierarchyError) as caught:
            hierarchy.generalise([CANARY, "220104"], 1)
        assert CANARY not in str(caught.value)
        assert "distinct values" in str(caught.value)

    @pytest.mark.parametrize(
        ("spec", "words"),
        [
            ({"name": "regions"}, "no code list 'regions'"),
            ({}, "lacks the entry 'name'"),
            ({"name": "region", "labels": "both"}, "unknown labels"),
            ({"name": "ethnicity", "labels": "code"}, "have no codes"),
            ({"name": "industry", "historic": False}, "no historic codes"),
            ({"name": "region", "historic": "no"}, "neither true nor false"),
            ({"name": ["region"]}, "no code list"),
        ],
    )
    def test_bad_specs(self, spec: dict[str, object], words: str) -> None:
        with pytest.raises(HierarchyError, match=words):
            Hierarchy.from_spec({"kind": "codelist", **spec})

    def test_a_schema_names_a_list(self, tmp_path: Path) -> None:
        text = (
            "niming: schema/1\ncolumns:\n  户籍地:\n    role: quasi-identifier\n"
            "    kind: categorical\n    hierarchy: {kind: codelist, name: region, labels: name}\n"
        )
        (tmp_path / "s.yaml").write_text(text, "utf-8")
        schema = Schema.from_yaml(tmp_path / "s.yaml")
        assert schema.hierarchies["户籍地"] == region(labels="name")
        content = yaml.safe_load(text)
        jsonschema.validate(content, Schema.json_schema())
        content["columns"]["户籍地"]["hierarchy"]["name"] = "planets"
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(content, Schema.json_schema())


class TestMatch:
    @pytest.mark.parametrize(
        ("values", "name"),
        [
            ([220104, 110103], "region"),
            (["吉林省", "北京市"], "region"),
            (["220104001", "220104002"], "region"),
            (["汉族", "满族", None], "ethnicity"),
            (["汉", "回"], "ethnicity"),
            (["A0111", "C3712"], "industry"),
            (["农业", "制造业"], "industry"),
            (["教学人员", "专业技术人员"], "occupation"),
            (["1-01-02", "2-08"], "occupation"),
            (["本科", "大专", "高中"], "education"),
            (["未婚", "已婚"], "marriage"),
            (["男", "女"], "sex"),
            (["male", "female"], "sex"),
            # near misses
            ([2011, 2012, 2013, 2019], None),  # years, though classes of industry
            ([10, 20, 30, 40], None),
            ([1, 2], None),
            (["A01", "B12"], None),  # seats
            ([1010001, 1010002], None),  # numbers of cards
            ([199001, 199002], None),  # months
            (["220104199001011234"], None),
            (["汉族", "火星族"], None),
            ([], None),
            ([None], None),
        ],
    )
    def test_match(self, values: list[object], name: str | None) -> None:
        assert match(values) == name

    def test_among_the_lists_that_the_header_names(self) -> None:
        assert match([1, 2, 0], among=["sex"]) == "sex"
        assert match([1, 2, 56], among=["ethnicity"]) == "ethnicity"
        assert match(["0111", "3712"], among=["industry"]) == "industry"
        assert match([1, 3], among=["sex"]) is None

    def test_least(self) -> None:
        values = ["汉族", "满族", "回族", CANARY]
        assert match(values) is None
        assert match(values, least=0.75) == "ethnicity"
        assert match(values, least=0.76) is None
        assert coverage(values)["ethnicity"] == 0.75

    def test_coverage_counts_distinct_values(self) -> None:
        assert coverage(["男", "男", "男", "x"], among=["sex"]) == {"sex": 0.5}
        assert coverage([]) == {}
        assert list(coverage(["男"])) == list(NAMES)

    def test_a_long_column_of_other_things_is_told_off(self) -> None:
        assert match([f"name-{i}" for i in range(60_000)]) is None
        assert match(np.arange(40_000) + 10_000_000) is None

    @pytest.mark.parametrize("least", [0, -0.1, 1.01, float("nan")])
    def test_least_out_of_range(self, least: float) -> None:
        with pytest.raises(InputError, match="least"):
            match(["男"], least=least)

    @pytest.mark.parametrize("call", [match, coverage])
    def test_unknown_list(self, call: object) -> None:
        with pytest.raises(InputError, match="no code list"):
            call(["男"], among=["gender"])  # type: ignore[operator]

    def test_what_matches_generalises(self) -> None:
        for values in (["男", "女"], [220104, 110103], ["A0111", "C3712"]):
            name = match(values)
            made = Hierarchy.from_spec({"kind": "codelist", "name": name})
            assert not made.lacking(values).any()


def band(years: int, width: int, top: int) -> str:
    """Say by hand what `age` says."""
    if years >= top:
        return f"{top}+"
    low = years // width * width
    return f"[{low}, {min(low + width, top)})"


class TestAgeAndDates:
    @pytest.mark.parametrize("top", [80, 85, 90])
    @pytest.mark.parametrize("widths", [(5,), (5, 10), (5, 10, 20), (1, 5, 25)])
    def test_bands_by_hand(self, top: int, widths: tuple[int, ...]) -> None:
        made, years = age(*widths, top=top), list(range(130))
        for level, width in enumerate(widths, start=1):
            assert made.generalise(years, level).tolist() == [band(y, width, top) for y in years]
        Hierarchy.from_rows(made.rows())  # a tree
        bound = made.bind(np.array([str(y) for y in years], dtype=object))
        assert (np.diff(bound.share, axis=0) >= -1e-12).all()
        for level in range(made.n_levels):
            one = {bound.codes[level, i]: bound.share[level, i] for i in years}
            assert sum(one.values()) == pytest.approx(1)
        assert Hierarchy.from_spec(made.to_spec()) == made

    def test_default(self) -> None:
        assert climb(age(), 37) == ["37", "[35, 40)", "[30, 40)", "[20, 40)", "*"]
        assert climb(age(), 92) == ["92", "90+", "90+", "90+", "*"]
        assert age().lacking([-1, 130, "x", 129]).tolist() == [True, True, True, False]
        assert age(5).explain(1) == "bands of 5, 90+"
        assert age(5).explain(1, lang="zh") == "每 5 一段，90 及以上合并"

    @pytest.mark.parametrize(
        ("top", "words"), [(92, "no multiple"), (0, "not between"), (130, "not between")]
    )
    def test_a_top_that_does_not_fit(self, top: int, words: str) -> None:
        with pytest.raises(HierarchyError, match=words):
            age(5, top=top)

    def test_a_top_without_bands(self) -> None:
        with pytest.raises(HierarchyError, match="no bands"):
            Hierarchy.intervals(0, 100, top=90)

    def test_dates(self) -> None:
        assert dates("year").n_levels == 3
        assert dates() == Hierarchy.dates(
            "month", "quarter", "year", "decade", start="1900-01-01", end="2099-12-31"
        )
        assert dates(start="2020-01-01").lacking(["2019-12-31", "2020-01-01"]).tolist() == [
            True, False,
        ]  # fmt: skip
