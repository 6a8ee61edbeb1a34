"""Reads a file in one of the forms with a package that is not ours, and prints what that made of it."""

import csv
import json
import sys
from collections import Counter
from pathlib import Path


def sarif(path):
    import jsonschema
    from sarif import loader

    schema = json.loads((Path(__file__).parent / "sarif-schema-2.1.0.json").read_text())
    checker = jsonschema.Draft7Validator.FORMAT_CHECKER
    document = json.loads(Path(path).read_text())
    errors = [f"{e.json_path}: {e.message}" for e in jsonschema.Draft7Validator(schema, format_checker=checker).iter_errors(document)]
    read = loader.load_sarif_file(path)
    records = read.get_records()
    return {
        "errors": errors,
        "count": read.get_result_count(),
        "by": dict(Counter(r["Code"] for r in records)),
        "lines": [f'{r["Location"]}:{r["Line"]}' for r in records],
        "kinds": dict(Counter(r["kind"] for r in document["runs"][0]["results"])),
        "suppressed": sum(1 for r in document["runs"][0]["results"] if r.get("suppressions")),
    }


def junit(path):
    from junitparser import Error, Failure, JUnitXml, Skipped

    read = JUnitXml.fromfile(path)
    cases = [case for suite in read for case in suite]
    sorts = Counter(type(result) for case in cases for result in case.result)
    told = {"failures": sorts[Failure], "errors": sorts[Error], "skipped": sorts[Skipped], "tests": len(cases)}
    claimed = {"failures": read.failures, "errors": read.errors, "skipped": read.skipped, "tests": read.tests}
    return {"told": told, "claimed": claimed, "messages": [r.message for c in cases for r in c.result]}


def tap(path):
    from tap.parser import Parser

    lines = list(Parser().parse_file(path))
    tests = [line for line in lines if line.category == "test"]
    plan = [line for line in lines if line.category == "plan"]
    return {
        "ok": sum(1 for t in tests if t.ok and not t.skip),
        "not ok": sum(1 for t in tests if not t.ok),
        "skipped": sum(1 for t in tests if t.skip),
        "planned": plan[0].expected_tests,
        "unknown": [str(line) for line in lines if line.category == "unknown"],
        "messages": [t.yaml_block["message"] for t in tests if t.yaml_block],
    }


def prometheus(path):
    from prometheus_client.parser import text_string_to_metric_families

    families = list(text_string_to_metric_families(Path(path).read_text()))
    samples = [sample for family in families for sample in family.samples]
    return {
        "types": {family.name: family.type for family in families},
        "samples": {" ".join([s.name, *s.labels.values()]): s.value for s in samples},
    }


def ocsf(path):
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

    found = [ComplianceFinding.model_validate_json(line) for line in Path(path).read_text().splitlines()]
    return {"count": len(found), "by": dict(Counter(f.compliance.control for f in found)), "times": [f.time for f in found]}


def parquet(path):
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    return {"columns": table.schema.names, "rows": json.loads(json.dumps(table.to_pylist(), default=str))}


def comma_separated(path):
    with open(path, newline="") as file:
        return {"rows": list(csv.DictReader(file, strict=True))}


forms = {"prometheus": prometheus, "sarif": sarif, "junit": junit, "tap": tap, "ocsf": ocsf, "parquet": parquet, "csv": comma_separated}
print(json.dumps(forms[sys.argv[1]](sys.argv[2])))
