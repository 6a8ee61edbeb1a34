"""What is refused, and how it is told."""

import os
import pickle

import bylaws
import pyarrow as pa
import pytest

from conftest import GIFTS


def test_policy_errors_carry_code_place_and_text():
    wrong = GIFTS.replace("value > 500 CNY", "vlaue > 500 CNY")
    rules = bylaws.PolicySet.from_texts({"gifts.bylaw": wrong})
    with pytest.raises(bylaws.PolicyError) as told:
        rules.check()
    error = told.value
    assert error.code.startswith("B") and error.file == "gifts.bylaw"
    start, end = error.span
    assert wrong.encode()[start:end] == b"vlaue"
    assert wrong.splitlines()[error.line - 1][error.column - 1 :].startswith("vlaue")
    assert "did you mean `value`" in error.rendered and error.rendered == str(error)
    assert [d.code for d in error.diagnostics] == [d.code for d in rules.diagnostics]
    with pytest.raises(bylaws.PolicyError):
        rules.audit({})
    with pytest.raises(bylaws.PolicyError):
        rules.save()
    again = pickle.loads(pickle.dumps(error))
    assert again.code == error.code and str(again) == str(error)


def test_no_policy_file_of_a_folder_is_left_out_silently(tmp_path):
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "gifts.bylaw").write_text(GIFTS)
    assert bylaws.PolicySet.load(folder).rules == bylaws.PolicySet.from_texts({"gifts.bylaw": GIFTS}).rules
    with open(os.fsencode(folder) + b"/\xff.bylaw", "w") as file:
        file.write("")
    with pytest.raises(bylaws.UnreadableError, match="is not UTF-8"):
        bylaws.PolicySet.load(folder)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(bylaws.UnreadableError, match="no such file"):
        bylaws.PolicySet.load(tmp_path / "none.bylaw")
    rules = bylaws.PolicySet.from_texts({"gifts.bylaw": GIFTS})
    with pytest.raises(bylaws.RecordsError, match="cannot read"):
        rules.audit(tmp_path / "none.ndjson")
    with pytest.raises(OSError, match="cannot read"):
        rules.audit({"gift": tmp_path / "none.parquet"})


def test_names_and_columns_that_are_not_there(tmp_path):
    rules = bylaws.PolicySet.from_texts({"gifts.bylaw": GIFTS})
    with pytest.raises(bylaws.RecordsError, match="no source, record or table `gfit`") as told:
        rules.audit({"gfit": pa.table({"id": [1]})})
    assert told.value.code == "B0003" and "did you mean `gift`" in told.value.help
    table = pa.table({"id": [1], "recieved": ["2026-01-01"], "person": ["E1"], "value": ["1 CNY"]})
    with pytest.raises(bylaws.RecordsError, match="no column"):
        rules.audit({"gift": table})
    (tmp_path / "x.csv").write_text("id\n1\n")
    with pytest.raises(bylaws.RecordsError, match="does not say which records") as told:
        rules.audit(tmp_path / "x.csv")
    assert "KIND" in told.value.help


@pytest.mark.parametrize("records", [3, None, {"gift": 3}, {"gift": {"id": [1]}}, [1, 2]])
def test_what_is_no_table(records):
    rules = bylaws.PolicySet.from_texts({"gifts.bylaw": GIFTS})
    with pytest.raises(TypeError, match="Arrow PyCapsule"):
        rules.audit(records)


def test_damaged_plans():
    rules = bylaws.PolicySet.from_texts({"gifts.bylaw": GIFTS})
    for plan in (b"", b"nonsense", rules.save()[:-1]):
        with pytest.raises(bylaws.BylawsError):
            bylaws.PolicySet.from_plan(plan)
