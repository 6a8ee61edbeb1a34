"""Measures what one machine and two Spark workers take for the same records, and checks that they find the same.

    python measure.py FOLDER MILLIONS…        for instance: python measure.py /tmp/records 1 5 20

The records are made up by DuckDB: activity of 20,000 people in a year, in no order, as one Parquet file of a row group for
each 120,000. Each way runs in a process of its own; printed are seconds, and the peak of that process's memory.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import time

RULES = """
policy activity { timezone "UTC" }
record act at time by person identity id { id: int, time: timestamp, person: text, kind: text, size: bytes, host: text }

forbid large      { on act when kind == "export" and size > 990 MB }
forbid odd_host   { on act when host ends_with ".invalid" and kind == "upload" }
forbid by_night   { on act when kind == "login" and host == "h7" and size > 900 MB }
limit  a_week     { on act where kind == "export"  sum size per person over 7 days to 2500 MB }
forbid after      { on act when kind == "upload" and exists act within 10 minutes before where act.kind == "login" }
"""


def make(folder, millions):
    import duckdb

    path = folder / f"act-{millions}.parquet"
    if not path.exists():
        rows = int(millions * 1_000_000)
        part = path.with_suffix(".part")
        duckdb.sql(
            f"""copy (
              select i as id, timestamptz '2025-01-01 00:00:00+00' + to_microseconds((i * 31536000000000 // {rows})::bigint) as time,
                     'E' || (hash(i) % 20000) as person,
                     ['login', 'export', 'upload', 'read', 'read', 'read', 'read', 'read'][(1 + hash(i + 1) % 8)::bigint] as kind,
                     (hash(i + 2) % 1000)::text || ' MB' as size,
                     'h' || (hash(i + 3) % 50) || case when hash(i + 4) % 10000 = 0 then '.invalid' else '' end as host
              from range({rows}) t(i) order by hash(i + 5)
            ) to '{part}' (format parquet, row_group_size 120000)"""
        )
        part.rename(path)
    return path


def one(path):
    import bylaws
    import pyarrow as pa

    return pa.table(bylaws.PolicySet.from_texts({"r.bylaw": RULES}).audit({"act": path}))["id"].to_pylist()


def spill(path):
    import bylaws
    import bylaws.spill

    return bylaws.spill.audit({"act": path}, bylaws.PolicySet.from_texts({"r.bylaw": RULES}))["id"].to_pylist()


def spark(path, distinct=False):
    import bylaws
    import bylaws.spark
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "16")
        .config("spark.executorEnv.PYTHONPATH", str(pathlib.Path(bylaws.__file__).parents[1]))
        .getOrCreate()
    )
    started = time.monotonic()
    rules = bylaws.PolicySet.from_texts({"r.bylaw": RULES})
    found = bylaws.spark.audit({"act": session.read.parquet(str(path))}, rules, distinct=distinct)
    ids = [row.id for row in found.select("id").collect()]
    print(f"without starting the cluster: {time.monotonic() - started:.1f} s", file=sys.stderr)
    session.stop()
    return ids


WAYS = {"one": one, "spill": spill, "spark": spark, "spark, distinct": lambda path: spark(path, True)}


def main():
    if sys.argv[1] == "--one":
        found = WAYS[sys.argv[2]](pathlib.Path(sys.argv[3]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"found": len(found), "sum": sum(int(i[:12], 16) for i in found), "peak": peak}))
        return
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    print("| records | way | seconds | peak MiB of the process | findings |\n|---:|---|---:|---:|---:|")
    for millions in map(float, sys.argv[2:]):
        path = make(folder, millions)
        before = None
        for way in os.environ.get("WAYS", "one,spill,spark").split(","):
            started = time.monotonic()
            done = subprocess.run([sys.executable, __file__, "--one", way, str(path)], capture_output=True, text=True)
            seconds = time.monotonic() - started
            if done.returncode:
                print(f"| {millions:g} M | {way} | ended: {done.stderr.strip().splitlines()[-1]} | | |", flush=True)
                continue
            told = json.loads(done.stdout.splitlines()[-1])
            print(f"| {millions:g} M | {way} | {seconds:.1f} | {told['peak']:,} | {told['found']:,} |", flush=True)
            for line in done.stderr.splitlines():
                if line.startswith("without"):
                    print(f"    {line}", file=sys.stderr, flush=True)
            same = (told["found"], told["sum"])
            assert before in (None, same), f"{way} found something else"
            before = same


main()
