"""What the tests share: the command that they compare with, and made-up records."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]

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


@pytest.fixture(scope="session")
def command():
    """The `bylaws` command of this tree."""
    named = os.environ.get("BYLAWS_COMMAND")
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [target / "release" / "bylaws", target / "debug" / "bylaws"]
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
