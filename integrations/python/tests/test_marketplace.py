"""The project's made-up company: the same findings from the command, from the disk, and from Spark."""

import os
import pathlib
import subprocess

import bylaws
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from conftest import ROOT, target
from test_audit import ids

pl = pytest.importorskip("polars")

AS_OF = "2026-03-31"


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """A folder with the records as Parquet, a file a kind; kinds with their files; and the files as they were written."""
    made = [p for p in (target() / profile / "examples" / "marketplace" for profile in ("release", "debug")) if p.exists()]
    if not made:
        pytest.skip("the marketplace is not built: cargo build --example marketplace")
    folder = tmp_path_factory.mktemp("marketplace")
    subprocess.run([str(made[0]), str(folder / "log")], check=True, capture_output=True)
    given, files = [], {}
    for path in sorted((folder / "log").iterdir()):
        if path.suffix == ".ndjson":
            given.append(path)
            lines = path.read_text().splitlines()
            by_kind = {}
            for line in lines:
                kind = line.split('"kind":')[1].split('"')[1]
                by_kind.setdefault(kind, []).append(line)
            for kind, of in by_kind.items():
                files.setdefault(kind, []).append(("\n".join(of)).encode())
        elif path.suffix == ".csv" and path.stem != "answer_key":
            given.append(f"{path.stem}={path}")
            texts = pl.read_csv(path, infer_schema=False)
            texts.write_parquet(folder / f"{path.stem}.parquet")
    for kind, texts in files.items():
        frame = pl.read_ndjson(b"\n".join(texts), infer_schema_length=None)
        frame.drop("kind").write_parquet(folder / f"{kind}.parquet")
    return folder, {p.stem: p for p in folder.glob("*.parquet")}, given


@pytest.fixture(scope="module")
def rules():
    return bylaws.PolicySet.load([ROOT / "policies", ROOT / "examples" / "marketplace" / "waivers.bylaw"])


@pytest.fixture(scope="module")
def parted(rules, company):
    """Kinds of records and tables that rules read, each with its file."""
    stages = bylaws.stages(rules)
    tables = {name for stage in stages for name in stage.tables_read}
    files = company[1]
    return {n: p for n, p in files.items() if n not in tables}, {n: pq.read_table(p) for n, p in files.items() if n in tables}


def test_as_the_command(command, rules, company):
    expected = command([ROOT / "policies", ROOT / "examples" / "marketplace" / "waivers.bylaw"], company[2], "--as-of", AS_OF)
    assert len(expected) > 250
    assert ids(rules.audit(company[1], as_of=AS_OF)) == expected


def test_from_the_disk(rules, company, parted):
    spill = pytest.importorskip("bylaws.spill")
    records, tables = parted
    table = spill.audit(records, rules, tables, as_of=AS_OF)
    assert sorted(zip(table["id"].to_pylist(), table["verdict"].to_pylist())) == ids(rules.audit(company[1], as_of=AS_OF))


@pytest.mark.skipif(os.environ.get("BYLAWS_SPARK") != "1" or os.environ.get("BYLAWS_SPARK_SMOKE") == "1", reason="BYLAWS_SPARK=1")
def test_from_spark(spark, rules, company, parted):
    import bylaws.spark

    records, tables = parted
    frames = {name: spark.read.parquet(str(path)) for name, path in records.items()}
    audited = bylaws.spark.audit(frames, rules, tables, as_of=AS_OF)
    found = sorted((row.id, row.verdict) for row in audited.select("id", "verdict").collect())
    assert found == ids(rules.audit(company[1], as_of=AS_OF))
