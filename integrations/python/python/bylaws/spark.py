"""The same rules over records in Spark.

``audit`` runs the stages of a policy set (:func:`bylaws.stages`): what is judged record by record where it lies, what
looks at other records after these have come together by their key, in the order of time. Each part is judged by the
evaluator that ``bylaws audit`` is, so a finding has the same id there and here.

The workers need the packages ``bylaws`` (the same version as the driver) and ``pyarrow``.
"""

from __future__ import annotations

import datetime
import functools
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import pyarrow as pa

from . import _bylaws
from ._bylaws import PolicySet
from ._errors import RecordsError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["FINDINGS", "audit"]

#: The columns of what ``audit`` gives: those of ``bylaws audit --format parquet``.
FINDINGS = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("rule", pa.string()),
        pa.field("revision", pa.string()),
        pa.field("severity", pa.string()),
        pa.field("verdict", pa.string()),
        pa.field("baseline", pa.string()),
        pa.field("subject", pa.string()),
        pa.field("time", pa.string()),
        pa.field("instant", pa.timestamp("us", "UTC")),
        pa.field("about", pa.string()),
        pa.field("message", pa.string()),
        pa.field("because", pa.string()),
        pa.field("cite", pa.string()),
        pa.field("policy", pa.string()),
        pa.field("title", pa.string()),
        pa.field("file", pa.string()),
        pa.field("line", pa.int64()),
    ]
)
_FOUND = FINDINGS.append(pa.field("_later", pa.binary()))
_FOUND_DDL = ", ".join(
    f"`{f.name}` " + {"string": "string", "int64": "bigint", "binary": "binary"}.get(str(f.type), "timestamp")
    for f in _FOUND
)
_MOVED = "kind int, key bigint, time bigint, row binary"
_NOTHING = ("-1 as kind", "cast(0 as bigint) as key", "-9223372036854775808L as time", "cast('' as binary) as row")
_TOLD = "tag int, a bigint, b bigint"
_MARK, _DAYS, _INSTANTS = 0, 1, 2

Records = Union["DataFrame", Sequence["DataFrame"]]
Table = Any


def audit(
    records: Mapping[str, Records],
    policies: PolicySet,
    tables: Optional[Mapping[str, Table]] = None,
    *,
    as_of: Union[str, datetime.date, datetime.datetime, None] = None,
    partitions: Optional[int] = None,
    distinct: bool = False,
) -> "DataFrame":
    """Judges records in Spark, and gives the findings as a data frame with the columns of :data:`FINDINGS`.

    :param records: by the name of a record's kind or of a source: a data frame, or several.
    :param policies: a policy set without errors.
    :param tables: by the name of a table or of a source: a data frame, or a table of any library that gives Arrow. Each
        worker gets them whole.
    :param as_of: the end of the data, as for ``bylaws audit --as-of``; otherwise the latest record's time.
    :param partitions: into how many parts records are divided by their keys; otherwise what Spark is set to.
    :param distinct: no record comes twice, on your word. That saves comparing all identities; where it is not so, a
        repeat is judged as a record of its own.
    """
    frames = [(name, frame) for name, given in records.items() for frame in _several(name, given)]
    if not frames:
        raise RecordsError("no records were given", help="give a data frame for each kind of record")
    spark = frames[0][1].sparkSession
    stages = _bylaws.stages(policies)
    as_of = as_of.isoformat() if hasattr(as_of, "isoformat") else as_of
    for name, _ in frames:
        policies.kinds(name)
    given = {name: _ipc(table) for name, table in (tables or {}).items()}
    missing = sorted({t for s in stages for t in s.tables_read} - _tables_named(policies, given))
    if missing:
        raise RecordsError(f"rules read the table `{missing[0]}`, and it was not given", help="give it in `tables`")

    for name, frame in frames:
        _check(stages, name, frame)

    plan = _share(spark, policies.save())
    reach, several = _survey(frames, policies, plan, as_of, not distinct)
    several_shared = _share(spark, several)
    shared = {name: _share(spark, table) for name, table in given.items()}

    found: List["DataFrame"] = []
    for number, stage in enumerate(stages):
        needed = {name: table for name, table in shared.items() if stage.reads(name)}
        work = _Work(plan, number, needed, reach, several_shared, as_of)
        reading = [(name, frame) for name, frame in frames if stage.reads(name)]
        own: List["DataFrame"] = []
        if stage.by == "record":
            own += [
                _needed(_something(frame, stage.guards(name)), stage.paths(name)).mapInArrow(
                    functools.partial(_single, work, name), _FOUND_DDL
                )
                for name, frame in reading
            ]
        moved = []
        if stage.by != "record" or several:
            # Records of which there may be several meet, whatever is in them.
            moved += [
                _needed(
                    frame if several else _something(frame, stage.guards(name)), stage.paths(name)
                ).mapInArrow(functools.partial(_scatter, work, name), _MOVED)
                for name, frame in reading
            ]
        if stage.findings and found:
            earlier = _union(found).where("_later is not null").select("_later")
            moved.append(earlier.mapInArrow(functools.partial(_found, work), _MOVED))
        if stage.by == "everyone":
            # So that there is somebody to judge where nothing came: a rule over a table has its moments all the same.
            moved.append(spark.range(1).selectExpr(*_NOTHING))
        if moved:
            together = _union(moved)
            if stage.by == "everyone":
                together = together.repartition(1)
            elif partitions is None:
                together = together.repartition("key")
            else:
                together = together.repartition(partitions, "key")
            judged = together.sortWithinPartitions("key", "time").mapInArrow(
                functools.partial(_together, work), _FOUND_DDL
            )
            own.append(judged)
        if any(later.findings and later.level > stage.level for later in stages):
            own = [frame.persist() for frame in own]
        found += own
    if not found:
        return spark.createDataFrame([], _FOUND_DDL).drop("_later")
    return _union(found).drop("_later")


def _several(name: str, given: Records) -> Sequence["DataFrame"]:
    several = list(given) if isinstance(given, (list, tuple)) else [given]
    for frame in several:
        if not hasattr(frame, "mapInArrow"):
            raise TypeError(f"`{name}` has to be a Spark data frame, not {type(frame).__name__}")
    return several


def _union(frames: Sequence["DataFrame"]) -> "DataFrame":
    return functools.reduce(lambda one, other: one.unionAll(other), frames)


def _needed(frame: "DataFrame", paths: Sequence[Sequence[str]]) -> "DataFrame":
    """Only the columns that are read, so that Spark need not read others."""
    quoted = lambda name: "`" + name.replace("`", "``") + "`"
    wanted = {p for path in paths for p in (".".join(path), path[0])}
    names = [name for name in frame.columns if name in wanted]
    return frame.select(*[frame[quoted(name)] for name in names])


#: More are not asked of each row: judging itself is quicker.
_MOST_GUARDS = 100
#: A longer text is not read as one, so what it would come to is not known.
_LONGEST = 64 << 20


def _something(frame: "DataFrame", guards: Optional[Sequence[Sequence[Tuple[List[str], str, List[Any]]]]]) -> "DataFrame":
    """Without rows of which plain comparisons tell that they are nothing to any rule. Spark makes these where it reads,
    those of numbers in Parquet's own statistics. What is absent or is no plain value stays."""
    if guards is None or sum(map(len, guards)) > _MOST_GUARDS:
        return frame
    some: Optional["Column"] = None
    for tests in guards:
        told = [test for test in (_guard(frame, *guard) for guard in tests) if test is not None]
        if not told:
            return frame
        all_of = functools.reduce(lambda one, other: one & other, told)
        some = all_of if some is None else some | all_of
    return frame if some is None else frame.where(some)


def _guard(frame: "DataFrame", path: Sequence[str], how: str, values: Sequence[Any]) -> Optional["Column"]:
    """None where the column's type is not that of the constants."""
    from pyspark.sql import functions as F

    quoted = lambda name: "`" + name.replace("`", "``") + "`"
    whole = ".".join(path)
    way = quoted(whole) if whole in frame.columns else ".".join(map(quoted, path))
    kind: Any = frame.schema
    for name in [whole] if whole in frame.columns else path:
        if name not in getattr(kind, "names", ()):
            return None
        kind = kind[name].dataType
    column, sort = frame[way], kind.simpleString()
    types = {type(value) for value in values}
    if types <= {str} and sort == "string":
        test = {
            "in": lambda: column.isin(list(values)),
            "not in": lambda: ~column.isin(list(values)),
            "starts with": lambda: _any(column.startswith(value) for value in values),
            "ends with": lambda: _any(column.endswith(value) for value in values),
            "contains": lambda: _any(column.contains(value) for value in values),
        }[how]() | (F.octet_length(column) > _LONGEST)
    elif types == {bool} and sort == "boolean":
        test = column == values[0]
    elif types == {int} and sort in ("tinyint", "smallint", "int", "bigint"):
        bound = values[0]
        test = {"<": column < bound, "<=": column <= bound, ">": column > bound, ">=": column >= bound}[how]
    else:
        return None
    return column.isNull() | test


def _any(tests: Iterable["Column"]) -> "Column":
    return functools.reduce(lambda one, other: one | other, tests)


def _check(stages: Sequence[Any], name: str, frame: "DataFrame") -> None:
    """A column that is not there is told here, not by a worker."""
    empty = pa.schema([(f.name, _shape(f.dataType)) for f in frame.schema.fields]).empty_table()
    for stage in stages:
        stage.scatter([]).take(name, empty)


def _shape(kind: Any) -> pa.DataType:
    """Which fields there are, whatever their types."""
    fields = getattr(kind, "fields", None)
    return pa.null() if fields is None else pa.struct([(f.name, _shape(f.dataType)) for f in fields])


def _ipc(table: Table) -> bytes:
    """A table as bytes; of a data frame, all its rows."""
    arrow = table.toArrow() if hasattr(table, "toArrow") else pa.table(table)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    return sink.getvalue().to_pybytes()


def _tables_named(policies: PolicySet, given: Mapping[str, bytes]) -> set:
    return {kind for name in given for kind in policies.kinds(name)}


class _Here:
    """What goes along with each task."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _share(spark: Any, value: Any) -> Any:
    try:
        return spark.sparkContext.broadcast(value)
    except Exception:  # Spark Connect has no context to broadcast by.
        return _Here(value)


def _survey(
    frames: Sequence[Tuple[str, "DataFrame"]],
    policies: PolicySet,
    plan: Any,
    as_of: Optional[str],
    marks: bool,
) -> Tuple[Any, List[int]]:
    """How far all records reach, and the marks of those of which there may be several."""
    from pyspark.sql import functions as F

    survey = _bylaws.Survey(policies, as_of=as_of, marks=marks)
    told = _union(
        [
            _needed(frame, survey.paths(name)).mapInArrow(functools.partial(_told, plan, name, as_of, marks), _TOLD)
            for name, frame in frames
        ]
    )
    counted = told.groupBy("tag", "a").agg(F.count("*").alias("n"), F.min("b").alias("least"), F.max("b").alias("b"))
    days = instants = None
    several = []
    for row in counted.where(f"tag > {_MARK} or n > 1").collect():
        if row.tag == _MARK:
            if row.least != row.b:
                raise survey.two_keys()
            several.append(row.a)
        elif row.tag == _DAYS:
            days = (row.a, row.b) if days is None else (min(days[0], row.a), max(days[1], row.b))
        else:
            instants = (row.a, row.b) if instants is None else (min(instants[0], row.a), max(instants[1], row.b))
    return (days, instants), sorted(several)


# What runs on the workers.


class _Work:
    """What a task is to do, and all that it needs for it."""

    def __init__(
        self,
        plan: Any,
        number: int,
        tables: Dict[str, Any],
        reach: Any,
        several: Any,
        as_of: Optional[str],
    ) -> None:
        self.plan = plan
        self.number = number
        self.tables = tables
        self.reach = reach
        self.several = several
        self.as_of = as_of

    def stage(self) -> Any:
        return _compiled(self.plan.value)[1][self.number]

    def given(self) -> Dict[str, pa.Table]:
        return {name: pa.ipc.open_stream(table.value).read_all() for name, table in self.tables.items()}


@functools.lru_cache(maxsize=4)
def _compiled(plan: bytes) -> Tuple[PolicySet, List[Any]]:
    policies = PolicySet.from_plan(plan)
    return policies, _bylaws.stages(policies)


def _batches(given: Any) -> Iterator[pa.RecordBatch]:
    """Whatever columns they have, as Spark takes them."""
    table = pa.table(given)
    if table.num_rows:
        yield from table.combine_chunks().to_batches()


def _verdicts(given: Any) -> Iterator[pa.RecordBatch]:
    table = pa.table(given)
    if table.num_rows:
        # A part of a cluster knows no file's lines.
        lines = pa.nulls(table.num_rows, pa.int64())
        table = table.set_column(table.schema.get_field_index("line"), "line", lines)
        yield from table.cast(_FOUND).combine_chunks().to_batches()


def _told(plan: Any, name: str, as_of: Optional[str], marks: bool, batches: Iterator[pa.RecordBatch]):
    survey = _bylaws.Survey(_compiled(plan.value)[0], as_of=as_of, marks=marks)
    for batch in batches:
        yield from _batches(survey.take(name, batch))


def _single(work: _Work, name: str, batches: Iterator[pa.RecordBatch]):
    judge = None
    for batch in batches:
        if judge is None:
            judge = work.stage().single(work.given(), work.reach, work.several.value, as_of=work.as_of)
        judge.take(name, batch)
    if judge is not None:
        yield from _verdicts(judge.finish())


def _scatter(work: _Work, name: str, batches: Iterator[pa.RecordBatch]):
    scatter = work.stage().scatter(work.several.value, as_of=work.as_of)
    for batch in batches:
        yield from _batches(scatter.take(name, batch))


def _found(work: _Work, batches: Iterator[pa.RecordBatch]):
    for batch in batches:
        yield from _batches(work.stage().found(batch))


def _together(work: _Work, batches: Iterator[pa.RecordBatch]):
    part = None
    for batch in batches:
        if part is None:
            part = work.stage().part(work.given(), work.reach, as_of=work.as_of)
        for done in part.take(batch):
            yield from _verdicts(done)
    if part is not None:
        yield from _verdicts(part.finish())
