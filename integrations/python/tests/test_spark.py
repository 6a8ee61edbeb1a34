"""The same findings from Spark: two workers, each a process of its own, on this machine."""

import datetime
import os
import signal
import time

import bylaws
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import CHAIN, GIFTS, chain_records
from test_audit import ids

pyspark = pytest.importorskip("pyspark")
if os.environ.get("BYLAWS_SPARK") != "1":
    pytest.skip("Spark is not asked for: BYLAWS_SPARK=1", allow_module_level=True)

import bylaws.spark



def found(frame):
    return sorted((row.id, row.verdict) for row in frame.select("id", "verdict").collect())


def test_stateless_and_keyed_rules(spark, gifts, employees):
    rules = bylaws.PolicySet.from_texts({"gifts.bylaw": GIFTS})
    tables = {"gift": pa.Table.from_pylist(gifts), "employee": pa.Table.from_pylist(employees)}
    expected = ids(rules.audit(tables))
    frame = spark.createDataFrame(tables["gift"]).repartition(3)
    audited = bylaws.spark.audit({"gift": frame}, rules, {"employee": tables["employee"]})
    assert found(audited) == expected
    assert audited.columns == bylaws.spark.FINDINGS.names


smoke = os.environ.get("BYLAWS_SPARK_SMOKE") == "1"
heavy = pytest.mark.skipif(smoke, reason="only a smoke test was asked for: BYLAWS_SPARK_SMOKE=1")

def by_rule(findings):
    table = pa.table(findings)
    return set(zip(table["rule"].to_pylist(), table["verdict"].to_pylist()))


def compare(spark, rules, records, tables, parts=3, **options):
    """Spark and one machine: the same verdicts by id, and the same words."""
    one = rules.audit({**records, **tables}, **{k: v for k, v in options.items() if k == "as_of"})
    columns = ["id", "rule", "verdict", "severity", "subject", "time", "about", "message", "because"]
    expected = sorted(tuple(row[c] or "" for c in columns) for row in pa.table(one).to_pylist())
    frames = {name: spark.createDataFrame(table).repartition(parts) for name, table in records.items()}
    audited = bylaws.spark.audit(frames, rules, tables, **options)
    rows = sorted(tuple(row[c] or "" for c in columns) for row in audited.select(columns).collect())
    assert rows == expected
    return one


@heavy
def test_every_sort_of_stage(spark):
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    stages = {tuple(s.rules): s.by for s in bylaws.stages(rules)}
    assert stages[("large",)] == "record"
    assert stages[("from_two_hosts", "unapproved", "yearly")] == "key"
    assert stages[("crowd", "seen_off")] == "everyone"
    assert stages[("after_a_large_one",)] == "key" and stages[("again", "in_a_team")] == "everyone"
    records, tables = chain_records()
    one = compare(spark, rules, records, tables)
    found = {rule for rule, verdict in by_rule(one) if verdict == "finding"}
    # The year has not ended; below it has.
    assert found == set(rules.rules) - {"seen_off"}
    compare(spark, rules, records, tables, as_of="2025-07-01")
    compare(spark, rules, records, tables, partitions=7, distinct=True)


@heavy
def test_half_of_all_records_are_one_persons(spark):
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    compare(spark, rules, *chain_records(skewed=True))


@heavy
def test_records_that_come_twice(spark):
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    records, tables = chain_records(120)
    gifts = records["gift"].to_pylist()
    # The same once more; one with another amount; and equal logins, which have no identity.
    gifts += [dict(gifts[5]), {**gifts[6], "value": "999 EUR"}, {**gifts[7], "value": "1 EUR"}]
    logins = records["login"].to_pylist()
    logins += [dict(logins[3]), dict(logins[3])]
    records = {**records, "gift": pa.Table.from_pylist(gifts), "login": pa.Table.from_pylist(logins)}
    one = compare(spark, rules, records, tables, parts=5)
    assert ("large", "indeterminate") in by_rule(one)


@heavy
def test_nothing_came(spark):
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    records, tables = chain_records(40)
    none = {name: table.slice(0, 0) for name, table in records.items()}
    frames = {name: spark.createDataFrame(records[name]).where("false") for name in records}
    expected = ids(rules.audit({**none, **tables}, as_of="2026-02-01"))
    assert found(bylaws.spark.audit(frames, rules, tables, as_of="2026-02-01")) == expected
    # Those in whose year nothing was given are found, although no record came to the stage.
    few = {**records, "gift": records["gift"].slice(0, 3)}
    one = compare(spark, rules, few, tables, as_of="2026-02-01")
    assert ("seen_off", "finding") in by_rule(one)


@heavy
def test_what_lacks_its_key_is_refused(spark):
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    records, tables = chain_records(20)
    gifts = records["gift"].to_pylist()
    gifts[3]["person"] = None
    gifts[3]["value"] = "200 EUR"
    frames = {name: spark.createDataFrame(table) for name, table in records.items()}
    frames["gift"] = spark.createDataFrame(pa.Table.from_pylist(gifts))
    with pytest.raises(Exception, match="a record of `gift` has no `person`"):
        bylaws.spark.audit(frames, rules, tables).collect()


def test_wrong_calls_are_told_before_anything_runs(spark):
    rules = bylaws.PolicySet.from_texts({"gifts.bylaw": GIFTS})
    frame = spark.createDataFrame([(1,)], "id int")
    with pytest.raises(bylaws.RecordsError, match="the table `employee`"):
        bylaws.spark.audit({"gift": frame}, bylaws.PolicySet.from_texts({"p.bylaw": CHAIN}))
    with pytest.raises(bylaws.RecordsError, match="no column"):
        bylaws.spark.audit({"gift": frame}, rules)
    with pytest.raises(bylaws.RecordsError, match="did you mean `gift`"):
        bylaws.spark.audit({"gifts": frame}, rules, {})
    with pytest.raises(TypeError, match="Spark data frame"):
        bylaws.spark.audit({"gift": 3}, rules, {})
    with pytest.raises(bylaws.RecordsError, match="no records"):
        bylaws.spark.audit({}, rules, {})


TIMES = """
policy t { timezone "Asia/Shanghai" }
record entry at time by who identity id { id: int, time: timestamp, who: text }
record visit at day by who identity id { id: int, day: date, who: text }
source counted for entry { map { id = id  time = "time" as timestamp milliseconds  who = who } identity id }
forbid night "At night, in Shanghai" { on entry when time >= 2025-03-02T00:00 and time < 2025-03-02T06:00 }
forbid twice { on entry when exists entry within 1 hour before }
forbid same_day { on visit when exists visit within 1 day before }
"""


@heavy
def test_times_of_each_type(spark, tmp_path):
    rules = bylaws.PolicySet.from_texts({"t.bylaw": TIMES})
    utc = datetime.timezone.utc
    at = [datetime.datetime(2025, 3, 1, 14, tzinfo=utc) + datetime.timedelta(minutes=23 * i) for i in range(60)]
    zone = datetime.timezone(datetime.timedelta(hours=8))
    who = [f"E{i % 4}" for i in range(60)]
    columns = lambda times, dtype: pa.table({"id": pa.array(range(60), pa.int32()), "time": pa.array(times, dtype), "who": who})
    days = pa.table({"id": range(60), "day": pa.array([t.date() for t in at], pa.date32()), "who": who})
    given = {
        "TIMESTAMP": ("entry", columns(at, pa.timestamp("us", "UTC"))),
        "TIMESTAMP_NTZ": ("entry", columns([t.astimezone(zone).replace(tzinfo=None) for t in at], pa.timestamp("us"))),
        "STRING": ("entry", columns([t.isoformat() for t in at], pa.string())),
        "LONG": ("counted", columns([int(t.timestamp() * 1000) for t in at], pa.int64())),
    }
    expected = ids(rules.audit({"entry": given["TIMESTAMP"][1], "visit": days}))
    assert len(expected) > 20
    for sort, (name, table) in given.items():
        assert ids(rules.audit({name: table, "visit": days})) == expected, sort
        frame = spark.createDataFrame(table)
        kind = {"LONG": "LongType", "STRING": "StringType", "TIMESTAMP": "TimestampType", "TIMESTAMP_NTZ": "TimestampNTZType"}
        assert type(frame.schema["time"].dataType).__name__ == kind[sort]
        # Through Parquet, as it lies in a lake.
        frame.write.parquet(str(tmp_path / sort))
        lake = spark.read.parquet(str(tmp_path / sort))
        audited = bylaws.spark.audit({name: lake, "visit": spark.createDataFrame(days)}, rules)
        assert found(audited) == expected, sort
    # Days as instants: a date fits only at midnight in the policy's zone.
    midnight = pa.table({"id": range(60), "day": pa.array([datetime.datetime.combine(t.date(), datetime.time()) for t in at], pa.timestamp("us")), "who": who})
    visits = spark.createDataFrame(midnight)
    assert found(bylaws.spark.audit({"entry": spark.createDataFrame(given["TIMESTAMP"][1]), "visit": visits}, rules)) == expected


@heavy
def test_files_of_other_shapes_and_a_key_in_two_of_them(spark, tmp_path):
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    records, tables = chain_records(200)
    expected = ids(rules.audit({**records, **tables}))
    gifts = records["gift"]
    # The same people are in both: one has wider numbers, a column that nobody reads, and another order.
    first = gifts.slice(0, 90)
    later = gifts.slice(90).set_column(0, "id", gifts.slice(90)["id"].cast(pa.int32()))
    later = later.append_column("remark", pa.array([None] * later.num_rows, pa.string())).select(["remark", "value", "person", "day", "id"])
    later = later.set_column(later.schema.get_field_index("day"), "day", later["day"].cast(pa.string()))
    pq.write_table(first, tmp_path / "first.parquet")
    pq.write_table(later, tmp_path / "later.parquet")
    frames = {name: spark.createDataFrame(records[name]) for name in ("approval", "login")}
    several = [spark.read.parquet(str(tmp_path / f"{n}.parquet")) for n in ("first", "later")]
    assert found(bylaws.spark.audit({**frames, "gift": several}, rules, tables)) == expected
    # And as one table whose schema Spark merges.
    lake = tmp_path / "lake"
    lake.mkdir()
    pq.write_table(first, lake / "1.parquet")
    wide = gifts.slice(90).append_column("remark", pa.array(["x"] * 110))
    pq.write_table(wide, lake / "2.parquet")
    merged = spark.read.option("mergeSchema", "true").parquet(str(lake))
    audited = bylaws.spark.audit({**frames, "gift": merged}, rules, tables)
    assert found(audited) == expected
    # What comes out is a table like any other.
    audited.write.parquet(str(tmp_path / "findings"))
    again = pq.read_table(tmp_path / "findings")
    assert again.column_names == bylaws.spark.FINDINGS.names
    assert sorted(zip(again["id"].to_pylist(), again["verdict"].to_pylist())) == expected


@heavy
def test_a_worker_is_killed(spark, tmp_path):
    """Spark gives its part to another: the findings are complete, and none is there twice."""
    rules = bylaws.PolicySet.from_texts({"p.bylaw": CHAIN})
    records, tables = chain_records(3000)
    expected = ids(rules.audit({**records, **tables}))
    flag = str(tmp_path / "killed")

    def executor_of(pid):
        """The Java process above a worker's Python."""
        while True:
            with open(f"/proc/{pid}/stat") as stat:
                parent = int(stat.read().rsplit(")", 1)[1].split()[1])
            with open(f"/proc/{parent}/comm") as comm:
                if comm.read().strip() == "java":
                    return parent
            pid = parent

    def once_killed(batches):
        for batch in batches:
            yield batch
        # One of the executors, by its own hand, in the middle of its part.
        try:
            os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        os.kill(executor_of(os.getpid()), signal.SIGKILL)
        time.sleep(60)

    frames = {name: spark.createDataFrame(table).repartition(4) for name, table in records.items()}
    audited = bylaws.spark.audit(frames, rules, tables)
    dying = audited.mapInArrow(once_killed, audited.schema)
    assert found(dying) == expected
    assert os.path.exists(flag)



FILTERED = """
policy p { timezone "UTC" }
enum level { low, high, highest }
record entry at time by who identity id {
  id: int, time: timestamp, who: text, size: bytes, seen: bool, sort: text, level: level, place: { name: text?, floor: int? }?,
}
forbid large { on entry when size > 900 kB and sort == "export" }
forbid seen_by_none { on entry when not seen and level in { high, highest } }
forbid upstairs { on entry when place.floor? >= 3 and place.name? starts_with "north" }
limit  often { on entry where sort in { "login", "logout" } and not (level == low)  count per who over 1 day to 3 }
"""


@heavy
def test_what_spark_can_tell_never_comes(spark, tmp_path):
    """And what is absent, cannot be read, or is of another type is judged as anywhere."""
    rules = bylaws.PolicySet.from_texts({"p.bylaw": FILTERED})
    at = datetime.datetime(2025, 3, 1, tzinfo=datetime.timezone.utc)
    entry = lambda i: {
        "id": i,
        "time": at + datetime.timedelta(minutes=17 * i),
        "who": f"E{i % 5}",
        "size": None if i % 41 == 0 else i * 37 % 1000 * 1000,
        "seen": None if i % 43 == 0 else i % 3 > 0,
        "sort": [None, "export", "login", "logout", " export", "", "read"][i % 7],
        "level": [None, "low", "high ", "highest", "lowest", "low"][i % 6],
        "place": None if i % 13 == 0 else {"name": [None, "north wing", "south", ""][i % 4], "floor": None if i % 9 == 0 else i % 8},
    }
    table = pa.Table.from_pylist([entry(i) for i in range(1, 800)])
    # The same as a table has it whose columns are all of another type.
    sizes = [None if size is None else f"{size // 1000} kB" for size in table["size"].to_pylist()]
    texts = table.set_column(3, "size", pa.array(sizes, pa.string())).set_column(4, "seen", table["seen"].cast(pa.string()))
    expected = ids(rules.audit({"entry": table}))
    assert {verdict for _, verdict in expected} == {"finding", "indeterminate"}
    for name, given in (("typed", table), ("texts", texts)):
        pq.write_table(given, tmp_path / f"{name}.parquet")
        frame = spark.read.parquet(str(tmp_path / f"{name}.parquet"))
        assert found(bylaws.spark.audit({"entry": frame}, rules)) == expected, name
    single = next(stage for stage in bylaws.stages(rules) if stage.by == "record")
    frame = spark.read.parquet(str(tmp_path / "typed.parquet"))
    fewer = bylaws.spark._something(frame, single.guards("entry"))
    assert 0 < fewer.count() < frame.count()
    one = bylaws.PolicySet.from_texts({"p.bylaw": FILTERED.split("forbid seen")[0]})
    guards = bylaws.stages(one)[0].guards("entry")
    plan = bylaws.spark._something(frame, guards)._jdf.queryExecution().executedPlan().toString()
    assert "GreaterThan(size,900000)" in plan and "IsNull(size)" in plan, plan
