"""Records that do not fit into this machine's memory, in whatever order they lie.

The stages of a policy set (:func:`bylaws.stages`) over Parquet files, with DuckDB to bring records together: it sorts them by
key and time, and goes to the disk where memory ends. What is held besides is one batch, the records of one key, and the
findings. The findings are those of ``bylaws audit``, by the same ids.
"""

from __future__ import annotations

import datetime
import os
import pathlib
import tempfile
from typing import Any, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from . import _bylaws
from ._bylaws import PolicySet
from ._errors import RecordsError

__all__ = ["audit"]

Path = Union[str, "os.PathLike[str]"]
#: Rows that are taken at once.
ROWS = 8192
_MOVED = pa.schema([("kind", pa.int32()), ("key", pa.int64()), ("time", pa.int64()), ("row", pa.binary())])
_TOLD = pa.schema([("tag", pa.int32()), ("a", pa.int64()), ("b", pa.int64())])


def audit(
    records: Mapping[str, Union[Path, Sequence[Path]]],
    policies: PolicySet,
    tables: Optional[Mapping[str, Any]] = None,
    *,
    as_of: Union[str, datetime.date, datetime.datetime, None] = None,
    memory_limit: str = "96MB",
    folder: Optional[Path] = None,
) -> pa.Table:
    """Judges records in Parquet files, and gives the findings.

    :param records: by the name of a record's kind or of a source: a file, or several.
    :param tables: by the name of a table or of a source: a table of any library that gives Arrow. They are held whole.
    :param memory_limit: for what is sorted, as DuckDB takes it. Judging itself takes some 300 MB, and the findings more.
    :param folder: where to spill; otherwise where the system keeps temporary files.
    """
    files = [(name, path) for name, given in records.items() for path in _several(given)]
    if not files:
        raise RecordsError("no records were given", help="give a file for each kind of record")
    given = {name: pa.table(table) for name, table in (tables or {}).items()}
    stages = _bylaws.stages(policies)
    known = {kind for name in given for kind in policies.kinds(name)}
    missing = sorted({table for stage in stages for table in stage.tables_read} - known)
    if missing:
        raise RecordsError(f"rules read the table `{missing[0]}`, and it was not given", help="give it in `tables`")
    with tempfile.TemporaryDirectory(dir=folder, prefix="bylaws-") as place:
        store = duckdb.connect(str(pathlib.Path(place) / "records"))
        try:
            store.execute(f"set memory_limit = '{memory_limit}'")
            store.execute(f"set temp_directory = '{place}'")
            # Records are read by one thread anyhow, and each more takes memory.
            store.execute("set threads = 1")
            store.execute("set preserve_insertion_order = false")
            return _judged(store, files, policies, stages, given, as_of)
        finally:
            store.close()


def _judged(store, files, policies, stages, given, as_of) -> pa.Table:
    reach, several = _surveyed(store, files, policies, as_of)
    found: List[pa.Table] = []
    for stage in stages:
        tables = {name: table for name, table in given.items() if stage.reads(name)}
        own: List[pa.Table] = []
        single = stage.single(tables, reach, several, as_of=as_of) if stage.by == "record" else None
        moving = _moving(stage, single, files, several, found, as_of)
        if single is None or several:
            part = stage.part(tables, reach, as_of=as_of)
            for batch in _through(store, "select * from given order by key, time", _MOVED, moving):
                own += [pa.table(done) for done in part.take(batch)]
            own.append(pa.table(part.finish()))
        else:
            # Nothing moves, but all is looked at.
            for _ in moving:
                pass
        if single is not None:
            own.append(pa.table(single.finish()))
        found += [table for table in own if table.num_rows]
    none = pa.table(_bylaws.Evaluator(policies).finish())
    return pa.concat_tables([none] + [table.drop_columns("_later") for table in found], promote_options="permissive")


def _moving(stage, single, files, several, found, as_of) -> Iterator[Any]:
    """What has to come together for a stage; on the way, what is judged by itself is."""
    scatter = stage.scatter(several, as_of=as_of)
    for name, path in files:
        if not stage.reads(name):
            continue
        for batch in _batches(path, stage.paths(name)):
            if single is not None:
                single.take(name, batch)
            if single is None or several:
                yield scatter.take(name, batch)
    if stage.findings:
        for earlier in found:
            yield stage.found(earlier.select(["_later"]))


def _surveyed(store, files, policies, as_of) -> Tuple[Any, List[int]]:
    """How far all records reach, and the marks of those of which there may be several."""
    survey = _bylaws.Survey(policies, as_of=as_of)
    told = (survey.take(name, batch) for name, path in files for batch in _batches(path, survey.paths(name)))
    counted = """
        select tag, if(tag = 0, a, null) as mark, min(a) as a, max(b) as b, min(b) = max(b) as agree
        from given group by tag, mark having tag > 0 or count(*) > 1
    """
    ends, several = {}, []
    for batch in _through(store, counted, _TOLD, told):
        for tag, mark, a, b, agree in zip(*(column.to_pylist() for column in batch.columns)):
            if tag > 0:
                ends[tag] = (a, b)
            elif agree:
                several.append(mark)
            else:
                raise survey.two_keys()
    return (ends.get(1), ends.get(2)), sorted(several)


def _through(store, query: str, schema: pa.Schema, parts: Iterable[Any]) -> Iterator[pa.RecordBatch]:
    """A query over what comes part by part, called `given`."""
    failed: List[BaseException] = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for part in parts:
                yield from pa.table(part).cast(schema).to_batches()
        except BaseException as error:
            failed.append(error)
            raise

    store.register("given", pa.RecordBatchReader.from_batches(schema, batches()))
    try:
        yield from store.sql(query).to_arrow_reader(ROWS)
    except Exception as error:
        # What was wrong with the records DuckDB would tell in words of its own.
        if failed:
            raise failed[0] from None
        if isinstance(error, duckdb.OutOfMemoryException):
            raise RecordsError(
                "the records cannot be sorted in so little memory", help="allow more with `memory_limit`"
            ) from error
        raise
    finally:
        store.unregister("given")


def _several(given: Union[Path, Sequence[Path]]) -> Sequence[Path]:
    return [given] if isinstance(given, (str, os.PathLike)) else list(given)


def _batches(path: Path, paths: Sequence[Sequence[str]]) -> Iterator[pa.RecordBatch]:
    """Of a file, the columns that are read."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        wanted = {p for way in paths for p in (".".join(way), way[0])}
        names = [name for name in file.schema_arrow.names if name in wanted]
        yield from file.iter_batches(batch_size=ROWS, columns=names, use_threads=False)
