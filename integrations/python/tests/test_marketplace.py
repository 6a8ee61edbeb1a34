"""The project's made-up company: the same findings from the command, from the disk, and from Spark."""

import os
import pathlib
import subprocess

import bylaws
import pyarrow.parquet as pq
import pytest

from conftest import ROOT, lake, target
from test_audit import ids

pl = pytest.importorskip("polars")

AS_OF = "2026-03-31"


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """Kinds and tables, each with its Parquet file; and the files as they were written."""
    made = [p for p in (target() / profile / "examples" / "marketplace" for profile in ("release", "debug")) if p.exists()]
    if not made:
        pytest.skip("the marketplace is not built: cargo build --example marketplace")
    folder = tmp_path_factory.mktemp("marketplace")
    subprocess.run([str(made[0]), str(folder / "log")], check=True, capture_output=True)
    written = sorted((folder / "log").iterdir())
    logs = [path for path in written if path.suffix == ".ndjson"]
    sheets = [path for path in written if path.suffix == ".csv" and path.stem != "answer_key"]
    files = lake(logs, folder)
    for path in sheets:
        files[path.stem] = folder / f"{path.stem}.parquet"
        pl.read_csv(path, infer_schema=False).write_parquet(files[path.stem])
    return files, [*logs, *(f"{path.stem}={path}" for path in sheets)]


@pytest.fixture(scope="module")
def rules():
    return bylaws.PolicySet.load([ROOT / "policies", ROOT / "examples" / "marketplace" / "waivers.bylaw"])


@pytest.fixture(scope="module")
def parted(rules, company):
    """Kinds of records and tables that rules read, each with its file."""
    stages = bylaws.stages(rules)
    tables = {name for stage in stages for name in stage.tables_read}
    files = company[0]
    return {n: p for n, p in files.items() if n not in tables}, {n: pq.read_table(p) for n, p in files.items() if n in tables}


def test_as_the_command(command, rules, company):
    expected = command([ROOT / "policies", ROOT / "examples" / "marketplace" / "waivers.bylaw"], company[1], "--as-of", AS_OF)
    assert len(expected) > 250
    assert ids(rules.audit(company[0], as_of=AS_OF)) == expected


def test_from_the_disk(rules, company, parted):
    spill = pytest.importorskip("bylaws.spill")
    records, tables = parted
    table = spill.audit(records, rules, tables, as_of=AS_OF)
    assert sorted(zip(table["id"].to_pylist(), table["verdict"].to_pylist())) == ids(rules.audit(company[0], as_of=AS_OF))


@pytest.mark.skipif(os.environ.get("BYLAWS_SPARK") != "1" or os.environ.get("BYLAWS_SPARK_SMOKE") == "1", reason="BYLAWS_SPARK=1")
def test_from_spark(spark, rules, company, parted):
    import bylaws.spark

    records, tables = parted
    frames = {name: spark.read.parquet(str(path)) for name, path in records.items()}
    audited = bylaws.spark.audit(frames, rules, tables, as_of=AS_OF)
    found = sorted((row.id, row.verdict) for row in audited.select("id", "verdict").collect())
    assert found == ids(rules.audit(company[0], as_of=AS_OF))
