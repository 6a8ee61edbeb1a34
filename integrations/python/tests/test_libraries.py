"""Tables of other libraries, both ways."""

import bylaws
import pyarrow as pa
import pytest

from conftest import GIFTS
from test_audit import ids


@pytest.fixture
def rules():
    return bylaws.PolicySet.from_texts({"gifts.bylaw": GIFTS})


@pytest.fixture
def tables(gifts, employees):
    return {"gift": pa.Table.from_pylist(gifts), "employee": pa.Table.from_pylist(employees)}


def test_polars(rules, tables):
    pl = pytest.importorskip("polars")
    given = {name: pl.from_arrow(table) for name, table in tables.items()}
    findings = rules.audit(given)
    assert ids(findings) == ids(rules.audit(tables))
    frame = pl.DataFrame(findings)
    assert frame.height == len(findings) > 0
    assert set(frame["rule"].to_list()) == {"large_gift", "gifts_of_a_month"}


def test_duckdb(rules, tables):
    duckdb = pytest.importorskip("duckdb")
    gift, employee = tables["gift"], tables["employee"]
    given = {"gift": duckdb.sql("select * from gift order by id desc"), "employee": duckdb.sql("select * from employee")}
    findings = rules.audit(given)
    assert ids(findings) == ids(rules.audit(tables))
    by_rule = duckdb.sql("select rule::text, count(*) from findings group by all order by 1").fetchall()
    assert [rule for rule, _ in by_rule] == ["gifts_of_a_month", "large_gift"]
    assert sum(n for _, n in by_rule) == len(findings)


def test_pandas(rules, tables):
    pd = pytest.importorskip("pandas")
    given = {name: pd.DataFrame(table.to_pylist()) for name, table in tables.items()}
    given["gift"]["received"] = pd.to_datetime(given["gift"]["received"])
    findings = rules.audit(given)
    assert ids(findings) == ids(rules.audit(tables))
    frame = pa.table(findings).to_pandas()
    assert len(frame) == len(findings) and frame["instant"].dt.tz is not None


def test_parquet_out(rules, tables, tmp_path):
    import pyarrow.parquet as pq

    pq.write_table(pa.table(rules.audit(tables)), tmp_path / "findings.parquet")
    again = pq.read_table(tmp_path / "findings.parquet")
    assert sorted(zip(again["id"].to_pylist(), again["verdict"].to_pylist())) == ids(rules.audit(tables))


def test_stubs_tell_what_there_is():
    import ast
    import inspect
    import pathlib

    from bylaws import _bylaws

    stub = ast.parse((pathlib.Path(bylaws.__file__).parent / "_bylaws.pyi").read_text())
    told = {c.name: {f.name for f in c.body if isinstance(f, ast.FunctionDef)} for c in stub.body if isinstance(c, ast.ClassDef)}
    for name, members in inspect.getmembers(_bylaws, inspect.isclass):
        own = {m for m in vars(members) if not m.startswith("__") or m.startswith("__arrow")}
        assert own <= told[name] | {"__init__"}, name
