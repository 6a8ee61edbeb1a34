import datetime
import os
from typing import Any, Dict, Iterable, List, Mapping, Optional, Protocol, Sequence, Tuple, Union

from ._errors import Diagnostic

__version__: str

class ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...

class ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: Any = None) -> Any: ...

Arrow = Union[ArrowStream, ArrowArray]
"""A table, a batch or a stream of batches of any library with the Arrow PyCapsule interface."""
Path = Union[str, "os.PathLike[str]"]
Moment = Union[str, datetime.date, datetime.datetime]
Records = Union[Path, Iterable[Path], Mapping[str, Union[Path, Arrow, Iterable[Union[Path, Arrow]]]]]
Reach = Tuple[Optional[Tuple[int, int]], Optional[Tuple[int, int]]]

class PolicySet:
    """Policy files, parsed, checked and compiled once. It can be pickled."""

    @staticmethod
    def load(paths: Union[Path, Iterable[Path]], *, set: Mapping[str, str] = ...) -> PolicySet:
        """Reads policy files and folders of them. `set` gives parameters other values, as written."""
    @staticmethod
    def from_texts(texts: Mapping[str, str], *, set: Mapping[str, str] = ...) -> PolicySet:
        """Policy texts by their names."""
    @staticmethod
    def from_plan(plan: bytes) -> PolicySet:
        """What `save` or `bylaws compile` of the same version made."""
    def save(self) -> bytes:
        """The compiled set, for another process with the same version."""
    def check(self) -> List[Diagnostic]:
        """Warnings. Errors are raised as one `PolicyError`."""
    @property
    def diagnostics(self) -> List[Diagnostic]:
        """All that was found wrong, without raising it."""
    @property
    def rules(self) -> List[str]: ...
    def kinds(self, name: str) -> List[str]:
        """The kinds that what goes by this name, a kind or a source, may hold."""
    def audit(
        self, records: Records, *, as_of: Optional[Moment] = None, threads: Optional[int] = None
    ) -> Findings:
        """Judges records: tables and paths by the name of a kind or source, or paths of files that say what they hold."""

class Findings:
    """The verdicts of a run but compliant ones, a row each, with the columns of `bylaws audit --format parquet`."""

    def __len__(self) -> int: ...
    def __arrow_c_schema__(self) -> Any: ...
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...
    @property
    def counts(self) -> Dict[str, Dict[str, int]]:
        """By rule: how many records came to each verdict, compliant ones too."""
    @property
    def records(self) -> Dict[str, int]:
        """How many records were read, by kind."""
    @property
    def rejected(self) -> int:
        """How many records could not be read as such at all."""
    @property
    def rejects(self) -> List[Dict[str, Any]]:
        """Of each of these: file, line, code and reason."""
    def explain(self, id: str) -> str:
        """One verdict in full: the rule's clauses, what they saw, and the records."""

class Evaluator:
    """Takes batches of records in any order, and judges them at the end."""

    def __init__(
        self, policies: PolicySet, *, as_of: Optional[Moment] = None, threads: Optional[int] = None
    ) -> None: ...
    def push(self, name: str, batches: Arrow) -> None:
        """Takes a batch, a table or a stream of batches of one kind or source."""
    def finish(self) -> Findings:
        """Judges what has come in. Nothing more can come."""

def stages(policies: PolicySet) -> List[Stage]:
    """The stages of a run on several machines, in an order in which they can be run."""

class Stage:
    """Rules that are judged in one go on several machines."""

    @property
    def level(self) -> int:
        """Findings of stages of lower levels come before."""
    @property
    def by(self) -> str:
        """`record`: each by itself; `key`: those with one key together; `everyone`: all in one place."""
    @property
    def rules(self) -> List[str]: ...
    @property
    def keys(self) -> Dict[str, str]:
        """By kind of record: the column by whose values its records come together."""
    @property
    def records(self) -> Dict[str, List[str]]:
        """By kind of record: the fields that are read."""
    @property
    def tables_read(self) -> Dict[str, List[str]]:
        """By table that every part needs whole: the fields that are read."""
    @property
    def findings(self) -> bool:
        """Whether findings of earlier stages are read."""
    def reads(self, name: str) -> bool: ...
    def paths(self, name: str) -> List[List[str]]: ...
    def guards(self, name: str) -> Optional[List[List[Tuple[List[str], str, List[Union[bool, int, str]]]]]]:
        """Tests that a row which may be something to a rule passes, as far as its columns have the constants' types and
        are there: in each list there is one that others fail. None where any row may be something."""
    def scatter(self, several: Sequence[int], *, as_of: Optional[Moment] = None) -> Scatter: ...
    def single(
        self, tables: Dict[str, Arrow], reach: Reach, several: Sequence[int], *, as_of: Optional[Moment] = None
    ) -> Single: ...
    def part(self, tables: Dict[str, Arrow], reach: Reach, *, as_of: Optional[Moment] = None) -> Together: ...
    def found(self, batches: Arrow) -> ArrowStream:
        """Findings of earlier stages, in the column `_later`, on their way to this one."""

class Survey:
    """How far records reach, and of each a mark that repeats have in common."""

    def __init__(self, policies: PolicySet, *, as_of: Optional[Moment] = None, marks: bool = True) -> None: ...
    def paths(self, name: str) -> List[List[str]]: ...
    def take(self, name: str, batches: Arrow) -> ArrowStream:
        """`tag` 0: `a` is a mark, and `b` is equal where repeats agree on what brings them together; 1: first and last
        day; 2: first and last instant."""
    def two_keys(self) -> Exception:
        """What to raise where they do not agree."""

class Scatter:
    """Sends records to where they are judged."""

    def take(self, name: str, batches: Arrow) -> ArrowStream:
        """The columns `kind`, `key`, `time` and `row`."""

class Single:
    """Judges records each by itself."""

    def take(self, name: str, batches: Arrow) -> None: ...
    def finish(self) -> ArrowStream: ...

class Together:
    """Judges records that have come together."""

    def take(self, batches: Arrow) -> List[ArrowStream]:
        """Takes records in the order of `key` and `time`."""
    def finish(self) -> ArrowStream: ...
