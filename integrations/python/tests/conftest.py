"""What the tests share: the command that they compare with, and made-up records."""

import datetime
import json
import os
import pathlib
import subprocess
import sys

import pyarrow as pa
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]


def target():
    """Where cargo builds."""
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


GIFTS = """
policy gifts { owner "Compliance"  timezone "Asia/Shanghai" }

table employee key id valid from since until left { id: text @person, unit: text, since: date, left: date? }

record gift at received by person identity id {
  id: int,
  received: date,
  person: ref employee,
  value: money,
  giver: { name: text, kind: enum { state, supplier, private }? },
  tags: list of text?,
}

forbid large_gift "No gift over 500 CNY" {
  on       gift
  when     value > 500 CNY
  unless   state_visit: giver.kind? == state
  because  "{person} received {value}"
  severity major
}

limit gifts_of_a_month "No more than 600 CNY in thirty days" {
  on  gift
  sum value per person over 30 days
  to  600 CNY
}
"""


CHAIN = """
policy p { timezone "Europe/Berlin" }

table employee key id { id: text, manager: ref employee? }
record gift at day by person identity id { id: int, day: date, person: ref employee, value: money }
record approval at day by requester identity id { id: int, day: date, requester: ref employee, gift: int, approver: text }
record login at time by who { time: timestamp, who: ref employee, host: text }

forbid large "Over 100 EUR" { on gift when value > 100 EUR  severity major  because "{value}" }

forbid unapproved "Over 60 EUR without an approval" {
  on     gift
  when   value > 60 EUR
  unless approved: exists approval within 30 days before where approval.gift == id and approval.approver != person
}

limit yearly "No more than 300 EUR in 90 days" { on gift sum value per person over 90 days to 300 EUR }

forbid from_two_hosts "Another host within the hour" {
  on   login
  when exists login within 1 hour before where login.host != host
}

forbid crowd "Many logins at once, whoever it is" {
  on   login
  when count(login within 10 minutes before across everyone) > 4
}

limit in_a_team "Large gifts in a team" {
  on    finding
  where rule == large
  count per every manager of actor over fiscal_quarter
  to    1
}

forbid after_a_large_one "A gift after one that was too large" {
  on   gift
  when value > 50 EUR and exists finding within 30 days before where finding.rule == large
}

forbid again "Of what the rules over findings find, nothing is seen here" { on finding when severity >= major }

require seen_off "Everybody has a gift in a year" {
  on   each employee at end of year
  need gift within 365 days before
}
"""


def chain_records(n=400, skewed=False):
    """Gifts, approvals and logins of people in a line of managers."""
    people = [f"E{i}" for i in range(1, 21)]
    who = lambda i: "E1" if skewed and i % 2 else people[i * 7 % 20]
    start = datetime.date(2025, 1, 1)
    gifts = [
        {"id": i, "day": start + datetime.timedelta(days=i * 13 % 360), "person": who(i), "value": f"{i * 31 % 140}.50 EUR"}
        for i in range(n)
    ]
    approvals = [
        {"id": i, "day": gifts[i]["day"], "requester": gifts[i]["person"], "gift": i, "approver": people[i % 20]}
        for i in range(0, n, 3)
    ]
    at = datetime.datetime(2025, 3, 1, 8, 0, 0)
    logins = [
        {"time": at + datetime.timedelta(seconds=i * 97 + (i % 5) * 400), "who": who(i), "host": f"h{i % 3}"} for i in range(n)
    ]
    staff = [{"id": p, "manager": None if i == 0 else people[(i - 1) // 2]} for i, p in enumerate(people)]
    return (
        {"gift": pa.Table.from_pylist(gifts), "approval": pa.Table.from_pylist(approvals), "login": pa.Table.from_pylist(logins)},
        {"employee": pa.Table.from_pylist(staff)},
    )


def lake(logs, folder):
    """Logs of several kinds of record as a lake has them: a Parquet file for each kind, with types of its own."""
    import polars as pl

    by_kind = {}
    for log in logs:
        for line in log.read_text().splitlines():
            by_kind.setdefault(line.split('"kind":')[1].split('"')[1], []).append(line)
    for kind, lines in by_kind.items():
        frame = pl.read_ndjson("\n".join(lines).encode(), infer_schema_length=None)
        frame.drop("kind").write_parquet(folder / f"{kind}.parquet")
    return {kind: folder / f"{kind}.parquet" for kind in by_kind}


@pytest.fixture(scope="session")
def command():
    """The `bylaws` command of this tree."""
    named = os.environ.get("BYLAWS_COMMAND")
    built = [target() / "release" / "bylaws", target() / "debug" / "bylaws"]
    path = pathlib.Path(named) if named else next((p for p in built if p.exists()), None)
    if path is None:
        pytest.skip("no `bylaws` command: build it, or name it in BYLAWS_COMMAND")

    def run(policies, records, *options, cwd=None):
        """Ids with their verdicts, as the command tells them."""
        given = [arg for p in policies for arg in ("--policy", str(p))]
        done = subprocess.run(
            [str(path), "audit", *given, *map(str, records), "--format", "ndjson", *map(str, options)],
            capture_output=True,
            text=True,
            cwd=cwd,
        )
        assert done.returncode in (0, 1, 3), done.stderr
        return sorted((f["id"], f["verdict"]) for f in map(json.loads, done.stdout.splitlines()))

    return run


@pytest.fixture
def policies(tmp_path):
    path = tmp_path / "gifts.bylaw"
    path.write_text(GIFTS)
    return path


@pytest.fixture(scope="session")
def gifts():
    """Records as Python objects."""
    people = ["E1", "E2", "E3"]
    return [
        {
            "id": n,
            "received": f"2026-{1 + n % 3:02}-{1 + n % 28:02}",
            "person": people[n % 3],
            "value": f"{n * 37 % 700} CNY",
            "giver": {"name": f"Supplier {n}", "kind": [None, "state", "supplier"][n % 3]},
            "tags": ["a", "b"][: n % 3],
        }
        for n in range(90)
    ]


@pytest.fixture(scope="session")
def employees():
    return [{"id": e, "unit": "sales", "since": "2020-01-01", "left": None} for e in ("E1", "E2", "E3")]


@pytest.fixture(scope="session")
def spark():
    """Two workers, each a process of its own, on this machine."""
    import bylaws
    import pyspark

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    session = (
        pyspark.sql.SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.executorEnv.PYTHONPATH", str(pathlib.Path(bylaws.__file__).parents[1]))
        .config("spark.sql.shuffle.partitions", "4")
        # Arrow's times without a zone are what they are.
        .config("spark.sql.timestampType", "TIMESTAMP_NTZ")
        # Nothing hangs on it.
        .config("spark.sql.session.timeZone", "Asia/Tokyo")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()
