"""The benchmark's records and rules: the same findings from the command, from the disk, and from Spark."""

import os
import shutil
import subprocess

import bylaws
import pytest

from conftest import ROOT, lake

pytest.importorskip("polars")
if os.environ.get("BYLAWS_SPARK") != "1" or os.environ.get("BYLAWS_SPARK_SMOKE") == "1":
    pytest.skip("the whole Spark suite is not asked for: BYLAWS_SPARK=1", allow_module_level=True)

import bylaws.spark
import bylaws.spill

RECORDS = 100_000


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory):
    """Where the log and the rule sets are, and the records by kind."""
    if shutil.which("cargo") is None:
        pytest.skip("there is no cargo to make the records with")
    folder = tmp_path_factory.mktemp("benchmark")
    write = ["cargo", "test", "--quiet", "--bench", "whole_program", "--", "write", str(folder), "--records", str(RECORDS)]
    subprocess.run(write, cwd=ROOT, check=True)
    return folder, lake([folder / "log.ndjson"], folder)


@pytest.mark.parametrize(
    "rules, stages",
    [
        ("R100", {"record"}),
        ("W10", {"key"}),
        # Three steps of one person within a month, of records that have no identity.
        ("S-all", {"key"}),
    ],
)
def test_the_same_findings_by_id(command, spark, benchmark, tmp_path, rules, stages):
    folder, files = benchmark
    policy = tmp_path / f"{rules}.bylaw"
    policy.write_text((folder / f"{rules}.bylaw").read_text().replace("within 1 day", "within 30 days"))
    expected = command([policy], [folder / "log.ndjson"], "--max-indeterminate", "unlimited")
    assert len(expected) > 100

    policies = bylaws.PolicySet.load(policy)
    assert {stage.by for stage in bylaws.stages(policies)} == stages
    frames = {kind: spark.read.parquet(str(path)) for kind, path in files.items()}
    audited = bylaws.spark.audit(frames, policies)
    assert sorted((row.id, row.verdict) for row in audited.select("id", "verdict").collect()) == expected
    table = bylaws.spill.audit(files, policies)
    assert sorted(zip(table["id"].to_pylist(), table["verdict"].to_pylist())) == expected
