"""Records that are brought together on the disk."""

import os
import pathlib
import sys

import bylaws
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import CHAIN, chain_records
from test_audit import ids

pytest.importorskip("duckdb")
import bylaws.spill

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import measure


@pytest.fixture
def files(tmp_path):
    def write(records):
        for name, table in records.items():
            # In no order, in two files, and in small groups.
            table = table.take([(i * 7919) % table.num_rows for i in range(table.num_rows)]) if table.num_rows % 7919 else table
            half = table.num_rows // 2
            pq.write_table(table.slice(0, half), tmp_path / f"{name}-1.parquet", row_group_size=100)
            pq.write_table(table.slice(half), tmp_path / f"{name}-2.parquet", row_group_size=100)
        return {name: [tmp_path / f"{name}-1.parquet", tmp_path / f"{name}-2.parquet"] for name in records}

    return write


def verdicts(table):
    return sorted(zip(table["id"].to_pylist(), table["verdict"].to_pylist()))


@pytest.mark.parametrize("skewed", [False, True])
def test_the_same_from_the_disk(files, skewed):
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    records, tables = chain_records(2000, skewed)
    expected = ids(rules.audit({**records, **tables}))
    table = bylaws.spill.audit(files(records), rules, tables)
    assert verdicts(table) == expected
    assert table.column_names == pa.table(rules.audit({**records, **tables})).column_names
    early = ids(rules.audit({**records, **tables}, as_of="2025-07-01"))
    assert verdicts(bylaws.spill.audit(files(records), rules, tables, as_of="2025-07-01")) == early


def test_repeats_and_nothing(files, tmp_path):
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    records, tables = chain_records(300)
    gifts = records["gift"].to_pylist()
    gifts += [dict(gifts[5]), {**gifts[6], "value": "999 EUR"}]
    records = {**records, "gift": pa.Table.from_pylist(gifts)}
    assert verdicts(bylaws.spill.audit(files(records), rules, tables)) == ids(rules.audit({**records, **tables}))
    none = {name: table.slice(0, 0) for name, table in records.items()}
    empty = {name: tmp_path / f"{name}.parquet" for name in none}
    for name, path in empty.items():
        pq.write_table(none[name], path)
    expected = ids(rules.audit({**none, **tables}, as_of="2026-02-01"))
    assert verdicts(bylaws.spill.audit(empty, rules, tables, as_of="2026-02-01")) == expected


def test_what_lacks_its_key_or_its_table(files):
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    records, tables = chain_records(60)
    with pytest.raises(bylaws.RecordsError, match="the table `employee`"):
        bylaws.spill.audit(files(records), rules)
    gifts = records["gift"].to_pylist()
    gifts[3].update(person=None, value="200 EUR")
    with pytest.raises(bylaws.RecordsError, match="a record of `gift` has no `person`") as told:
        bylaws.spill.audit(files({**records, "gift": pa.Table.from_pylist(gifts)}), rules, tables)
    assert "one machine" in told.value.help


def test_repeats_that_differ_in_whose_they_are(files):
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    records, tables = chain_records(60)
    gifts = records["gift"].to_pylist()
    gifts.append({**gifts[3], "person": "E20"})
    with pytest.raises(bylaws.RecordsError, match="records of one identity, .* differ .* `person` of `gift`"):
        bylaws.spill.audit(files({**records, "gift": pa.Table.from_pylist(gifts)}), rules, tables)


@pytest.mark.parametrize("key, mark", [("person", "@sensitive"), ("giver", "")])
def test_records_without_their_identity_that_only_the_key_tells_apart(files, key, mark):
    """Each would be the first of its kind where it is judged, and the two findings would have one id."""
    rules = bylaws.PolicySet.from_texts(
        {
            "p.bylaw": f"""
            policy p {{ timezone "UTC" }}
            record gift at given by person identity id {{
              id: text, given: date, person: text {mark}, giver: text, value: money,
            }}
            limit yearly {{ on gift sum value per {key} over 30 days to 100 EUR }}
            """
        }
    )
    gift = {"id": "1", "given": "2026-01-05", "person": "E1", "giver": "G1", "value": "150 EUR"}
    table = lambda *gifts: pa.Table.from_pylist([{**gift, **of} for of in gifts], pa.schema([(k, pa.string()) for k in gift]))
    alike = table({"id": None}, {"id": None, key: "other"})
    assert len(set(ids(rules.audit({"gift": alike})))) == 2
    with pytest.raises(bylaws.RecordsError, match=f"alike and without one, differ .* `{key}` of `gift`"):
        bylaws.spill.audit(files({"gift": alike}), rules)
    others = table({"id": None}, {"id": None, key: "other", "given": "2026-01-06"})
    assert verdicts(bylaws.spill.audit(files({"gift": others}), rules)) == ids(rules.audit({"gift": others}))


def test_parts_that_are_out_of_order_are_refused():
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    records, tables = chain_records(60)
    stage = next(s for s in bylaws.stages(rules) if "yearly" in s.rules)
    assert stage.keys["gift"] == "person"
    moved = pa.table(stage.scatter([]).take("gift", records["gift"]))
    part = lambda: stage.part({}, (None, None))
    with pytest.raises(bylaws.RecordsError, match="order of their keys and times"):
        part().take(moved.sort_by([("key", "descending")]))
    with pytest.raises(bylaws.RecordsError, match="order of their keys and times"):
        part().take(moved.sort_by([("key", "ascending"), ("time", "descending")]))
    with pytest.raises(RuntimeError, match="no record of these policies"):
        row = moved.schema.get_field_index("row")
        part_of = part()
        part_of.take(moved.sort_by([("key", "ascending"), ("time", "ascending")]).set_column(row, "row", pa.array([b"x"] * moved.num_rows)))
        part_of.finish()
    with pytest.raises(RuntimeError, match="expected the columns"):
        part().take(moved.drop_columns("row"))


def test_what_others_can_tell_before_rows_are_read():
    text = """
    policy p { timezone "UTC" }
    enum level { low, high, highest }
    record entry at time by who identity id {
      id: int, time: timestamp, who: text, size: bytes, seen: bool, level: level, place: { name: text, floor: int },
    }
    forbid large { on entry when size > 900 kB and who == "E1" }
    forbid unseen { on entry when not seen and level in { high, highest } }
    limit  often { on entry where place.name starts_with "north" and place.floor < 3 count per who over 1 day to 3 }
    """
    record, key = bylaws.stages(bylaws.PolicySet.from_texts({"p.bylaw": text}))
    assert record.guards("entry") == [
        [(["size"], ">", [900_000]), (["who"], "in", ["E1"])],
        [(["seen"], "in", [False]), (["level"], "not in", ["low"])],
    ]
    assert key.guards("entry") == [[(["place", "name"], "starts with", ["north"]), (["place", "floor"], "<", [3])]]
    # A rule that compares no constants, and a source that reads another value than the one that stands there.
    assert bylaws.stages(bylaws.PolicySet.from_texts({"p.bylaw": text + "forbid own { on entry when who == place.name }"}))[0].guards("entry") is None
    mapped = """
    source log for entry {
      map {
        id = id  time = at  who = user  size = mb as bytes MB  seen = seen as bool { true: "y", false: "n" }  level = level
        place.name = place  place.floor = floor
      }
      identity id
    }
    """
    record = bylaws.stages(bylaws.PolicySet.from_texts({"p.bylaw": text + mapped}))[0]
    assert record.guards("log") == [[(["user"], "in", ["E1"])], [(["level"], "not in", ["low"])]]


def test_too_little_memory_to_sort_in_is_told(files):
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    records, tables = chain_records(6000)
    with pytest.raises(bylaws.RecordsError, match="so little memory") as told:
        bylaws.spill.audit(files(records), rules, tables, memory_limit="1MB")
    assert "`memory_limit`" in told.value.help


@pytest.mark.skipif(
    os.environ.get("BYLAWS_SPARK") != "1" or os.environ.get("BYLAWS_SPARK_SMOKE") == "1", reason="some minutes: BYLAWS_SPARK=1"
)
def test_two_million_records_take_no_more_memory_than_they_may(tmp_path):
    """docs/scale.md has it of twenty."""
    path = measure.make(tmp_path, 2, "none")
    policy = tmp_path / "all.bylaw"
    policy.write_text(measure.POLICY + measure.RULES["all"])
    one, *_ = measure.library("one", policy, path)
    found, _, _, peak = measure.library("spill", policy, path)
    assert found == one and found[0] > 1000
    assert 0 < peak < 512
