"""Measures what one machine and two Spark workers take for the same records, and checks that they find the same.

    python measure.py FOLDER MILLIONS…        for instance: python measure.py /tmp/records 1 5 20

The records are made up by DuckDB: activity of 20,000 people in a year as one Parquet file of a row group for each 120,000.
Each way runs by itself, one after the other. Printed are seconds, those of judging alone (without the start of Python, or of
Spark's processes), and the peak of the memory of all processes of that way.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

RULES = {
    "stateless": """
forbid large      { on act when kind == "export" and size > 990 MB }
forbid odd_host   { on act when host ends_with ".invalid" and kind == "upload" }
forbid by_night   { on act when kind == "login" and host == "h7" and size > 900 MB }
""",
    "windows": """
limit  a_week     { on act where kind == "export"  sum size per person over 7 days to 2500 MB }
forbid after      { on act when kind == "upload" and exists act within 10 minutes before where act.kind == "login" }
""",
}
RULES["all"] = "".join(RULES.values())
POLICY = """
policy activity { timezone "UTC" }
record act at time by person identity id { id: int, time: timestamp, person: text, kind: text, size: bytes, host: text }
"""


def make(folder, millions, order):
    import duckdb

    path = folder / f"act-{millions:g}-{order}.parquet"
    if not path.exists():
        rows = int(millions * 1_000_000)
        part = path.with_suffix(".part")
        duckdb.sql(
            f"""copy (
              select i as id, timestamptz '2025-01-01 00:00:00+00' + to_microseconds((i::hugeint * 31536000000000 // {rows})::bigint) as time,
                     'E' || (hash(i) % 20000) as person,
                     ['login', 'export', 'upload', 'read', 'read', 'read', 'read', 'read'][(1 + hash(i + 1) % 8)::bigint] as kind,
                     (hash(i + 2) % 1000) * 1000000 as size,
                     'h' || (hash(i + 3) % 50) || case when hash(i + 4) % 10000 = 0 then '.invalid' else '' end as host
              from range({rows}) t(i) order by {"i" if order == "time" else "hash(i + 5)"}
            ) to '{part}' (format parquet, row_group_size 120000)"""
        )
        part.rename(path)
    return path


def one(path, policies):
    import pyarrow as pa

    return pa.table(policies.audit({"act": path}))["id"].to_pylist()


def spill(path, policies):
    import bylaws.spill

    return bylaws.spill.audit({"act": path}, policies)["id"].to_pylist()


def spark(path, policies, distinct=False):
    import bylaws.spark
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    found = bylaws.spark.audit({"act": session.read.parquet(str(path))}, policies, distinct=distinct)
    return [row.id for row in found.select("id").collect()]


def cluster():
    import bylaws
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
    # Both workers are there before the time starts.
    session.range(1000, numPartitions=8).selectExpr("sum(id)").collect()


WAYS = {"one": one, "spill": spill, "spark": spark, "spark, distinct": lambda *given: spark(*given, distinct=True)}


def judge(way, policy, path):
    """In a process of its own."""
    import bylaws

    policies = bylaws.PolicySet.load(policy)
    if way.startswith("spark"):
        cluster()
    started = time.monotonic()
    found = WAYS[way](path, policies)
    print(json.dumps({"ids": told(found), "seconds": time.monotonic() - started}))


def told(ids):
    """How many, and a number that hangs on all of them."""
    return [len(ids), sum(int(i[:12], 16) for i in ids)]


def command(policy, path, limit):
    with tempfile.TemporaryDirectory() as place:
        out = pathlib.Path(place) / "findings.ndjson"
        run = [os.environ.get("BYLAWS_COMMAND", "bylaws"), "audit", "--policy", str(policy), f"act={path}", "--format", "ndjson"]
        run += ["--output", str(out), "--fail-on", "never", *(["--memory-limit", limit] if limit else [])]
        ended, message, seconds, peak = watched(run)
        if ended:
            return None, message, seconds, peak
        return told([json.loads(line)["id"] for line in out.read_text().splitlines()]), seconds, seconds, peak


def library(way, policy, path):
    ended, output, seconds, peak = watched([sys.executable, __file__, "--judge", way, str(policy), str(path)])
    if ended:
        return None, output, seconds, peak
    last = json.loads(output.splitlines()[-1])
    return last["ids"], last["seconds"], seconds, peak


def watched(run):
    """Exit status, what was printed last, seconds, and the greatest memory of all its processes in MiB."""
    started = time.monotonic()
    process = subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peaks, over = [0], threading.Event()

    def look():
        while not over.wait(0.5):
            peaks.append(sum(memory(pid) for pid in below(process.pid)))

    looking = threading.Thread(target=look)
    looking.start()
    out, err = process.communicate()
    seconds = time.monotonic() - started
    over.set()
    looking.join()
    lines = (err if process.returncode else out).strip().splitlines()
    return process.returncode, "\n".join(lines[-1:] if not process.returncode else lines[:1]), seconds, max(peaks)


def below(pid):
    """A process, and all that it started."""
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        tasks = [t for t in pathlib.Path(f"/proc/{pid}/task").iterdir() if t.name != str(pid)]
        children += [c for t in tasks for c in (t / "children").read_text().split()]
    except OSError:
        return []
    return [pid, *(p for child in children for p in below(int(child)))]


def memory(pid):
    """What is its own, and its share of what it has in common with others."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("Pss:")), 0)


def main():
    if sys.argv[1:2] == ["--judge"]:
        return judge(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("millions", type=float, nargs="+")
    parser.add_argument("--ways", default="command,one,spill,spark", help="`command` is bylaws, or what BYLAWS_COMMAND names")
    parser.add_argument("--rules", choices=RULES, default="all")
    parser.add_argument("--order", choices=["none", "time"], default="none", help="in which the records lie")
    parser.add_argument("--memory-limit", help="of the command")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    policy = args.folder / f"{args.rules}.bylaw"
    policy.write_text(POLICY + RULES[args.rules])
    print(f"load before: {os.getloadavg()[0]:.1f}", file=sys.stderr)
    print("| records | way | seconds | of judging | peak MiB | findings |\n|---:|---|---:|---:|---:|---:|")
    for millions in args.millions:
        path = make(args.folder, millions, args.order)
        before = None
        for way in args.ways.split(","):
            run = command(policy, path, args.memory_limit) if way == "command" else library(way, policy, path)
            found, judging, seconds, peak = run
            if found is None:
                print(f"| {millions:g} M | {way} | {seconds:.1f} | ended: {judging} | {peak:,} | |", flush=True)
                continue
            print(f"| {millions:g} M | {way} | {seconds:.1f} | {judging:.1f} | {peak:,} | {found[0]:,} |", flush=True)
            assert before in (None, found), f"{way} found something else"
            before = found
    print(f"load after: {os.getloadavg()[0]:.1f}", file=sys.stderr)


if __name__ == "__main__":
    main()
