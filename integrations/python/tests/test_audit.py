"""Tables and files, judged as the command judges them."""

import datetime
import decimal
import json
import pickle
import threading

import bylaws
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import GIFTS


def ids(findings):
    table = pa.table(findings)
    return sorted(zip(table["id"].to_pylist(), table["verdict"].to_pylist()))


@pytest.fixture
def log(tmp_path, gifts, employees):
    path = tmp_path / "log.ndjson"
    lines = [{"kind": "employee", **e} for e in employees] + [{"kind": "gift", **g} for g in gifts]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def expected(command, policies, log):
    found = command([policies], [log])
    assert len(found) > 10
    return found


@pytest.fixture
def tables(gifts, employees):
    return {"gift": pa.Table.from_pylist(gifts), "employee": pa.Table.from_pylist(employees)}


def test_tables_and_files_give_what_the_command_gives(policies, tables, log, tmp_path, expected):
    rules = bylaws.PolicySet.load(policies)
    assert rules.check() == []
    assert ids(rules.audit(tables)) == expected
    assert ids(rules.audit(log)) == expected
    assert ids(rules.audit([str(log)], threads=2)) == expected
    pq.write_table(tables["gift"], tmp_path / "gift.parquet")
    assert ids(rules.audit({"gift": tmp_path / "gift.parquet", "employee": tables["employee"]})) == expected
    halves = [tables["gift"].slice(0, 40), tables["gift"].slice(40)]
    assert ids(rules.audit({"gift": halves, "employee": tables["employee"]})) == expected
    assert ids(rules.audit({"gift": tables["gift"].to_batches(max_chunksize=7), "employee": tables["employee"]})) == expected


def test_typed_columns_are_what_their_texts_are(policies, gifts, tables, expected):
    rules = bylaws.PolicySet.load(policies)
    day = lambda g: datetime.date.fromisoformat(g["received"])
    received = [day(g) for g in gifts]
    for column in (
        pa.array(received, pa.date32()),
        pa.array(received, pa.date64()),
        pa.array([datetime.datetime(d.year, d.month, d.day) for d in received], pa.timestamp("us")),
        pa.array([g["received"] for g in gifts], pa.large_string()),
        pa.array([g["received"] for g in gifts], pa.string_view()),
        pa.array([g["received"] for g in gifts]).dictionary_encode(),
    ):
        table = tables["gift"].set_column(1, "received", column)
        assert ids(rules.audit({**tables, "gift": table})) == expected, column.type
    amounts = [decimal.Decimal(g["value"].split()[0]) for g in gifts]
    money = pa.StructArray.from_arrays(
        [pa.array(amounts, pa.decimal128(12, 2)), pa.array(["CNY"] * len(gifts))], ["amount", "currency"]
    )
    at = tables["gift"].schema.get_field_index("value")
    assert ids(rules.audit({**tables, "gift": tables["gift"].set_column(at, "value", money)})) == expected


def test_nothing_but_nulls_is_absent(policies, gifts, tables):
    rules = bylaws.PolicySet.load(policies)
    nulls = tables["gift"].set_column(5, "tags", pa.nulls(len(gifts)))
    assert ids(rules.audit({**tables, "gift": nulls})) == ids(rules.audit(tables))


def test_columns_are_those_of_the_command(policies, tables):
    rules = bylaws.PolicySet.load(policies)
    found = pa.table(rules.audit(tables))
    assert found.column_names == [
        "id", "rule", "revision", "severity", "verdict", "baseline", "subject", "time", "instant", "about", "message",
        "because", "cite", "policy", "title", "file", "line",
    ]
    first = next(f for f in found.to_pylist() if f["rule"] == "large_gift" and f["verdict"] == "finding")
    assert first["severity"] == "major" and first["title"] == "No gift over 500 CNY"
    assert first["message"].startswith("E") and " received " in first["message"]
    assert first["file"] == "gift"


def test_what_a_run_tells_besides(policies, tables):
    findings = bylaws.PolicySet.load(policies).audit(tables)
    table = pa.table(findings)
    assert len(findings) == table.num_rows
    counts = findings.counts["large_gift"]
    assert sum(counts.values()) == 90 and counts["finding"] == table["rule"].to_pylist().count("large_gift") - counts["excepted"]
    assert findings.records == {"employee": 3, "gift": 90}
    assert findings.rejected == 0 and findings.rejects == []
    text = findings.explain(table["id"][table["rule"].to_pylist().index("large_gift")].as_py())
    assert "No gift over 500 CNY" in text and "value > 500 CNY" in text
    with pytest.raises(KeyError):
        findings.explain("0" * 32)


def test_the_end_of_the_data(policies, tables):
    rules = bylaws.PolicySet.load(policies)
    all_of_it = ids(rules.audit(tables))
    for early in ("2026-02-01", datetime.date(2026, 2, 1)):
        found = ids(rules.audit(tables, as_of=early))
        assert found and len(found) < len(all_of_it)
    with pytest.raises(bylaws.RecordsError, match="not a time"):
        rules.audit(tables, as_of="spring")


def test_a_stream_gives_the_same(policies, tables, expected):
    rules = bylaws.PolicySet.load(policies)
    evaluator = bylaws.Evaluator(rules)
    for batch in reversed(tables["gift"].to_batches(max_chunksize=10)):
        evaluator.push("gift", batch)
    evaluator.push("employee", pa.RecordBatchReader.from_batches(tables["employee"].schema, tables["employee"].to_batches()))
    assert ids(evaluator.finish()) == expected
    with pytest.raises(RuntimeError, match="finished"):
        evaluator.push("gift", tables["gift"])


def test_parameters_texts_and_saved_plans(tables, expected):
    rules = bylaws.PolicySet.from_texts({"gifts.bylaw": GIFTS})
    assert rules.rules == ["gifts_of_a_month", "large_gift"]
    again = bylaws.PolicySet.from_plan(rules.save())
    assert ids(again.audit(tables)) == expected
    assert ids(pickle.loads(pickle.dumps(rules)).audit(tables)) == expected
    tight = "param cap: money = 500 CNY\n" + GIFTS.replace("value > 500 CNY", "value > cap")
    strict = bylaws.PolicySet.from_texts({"gifts.bylaw": tight}, set={"cap": "1 CNY"})
    assert len(strict.audit(tables)) > len(expected)


def test_other_threads_run_meanwhile(policies, tables):
    rules = bylaws.PolicySet.load(policies)
    results = []
    workers = [threading.Thread(target=lambda: results.append(ids(rules.audit(tables)))) for _ in range(4)]
    [w.start() for w in workers]
    [w.join() for w in workers]
    assert len(results) == 4 and all(r == results[0] for r in results)
