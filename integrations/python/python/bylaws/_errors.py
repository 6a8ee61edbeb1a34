"""What goes wrong, with all that the command says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Sequence, Tuple


class BylawsError(Exception):
    """Whatever this package refuses."""


@dataclass(frozen=True)
class Diagnostic:
    """What is wrong with a policy, where, and what to do about it."""

    code: str
    level: str
    message: str
    help: Optional[str]
    file: str
    line: int
    column: int
    span: Tuple[int, int]
    """First byte in the file, and the byte behind the last."""
    rendered: str
    """As ``bylaws check`` draws it."""

    def __str__(self) -> str:
        return self.rendered


class UnreadableError(BylawsError):
    """Policy files that cannot be read."""


class PolicyError(BylawsError):
    """Policies with errors; all of them are in ``diagnostics``, the first one's parts are the exception's own."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = list(diagnostics)
        self.errors = [d for d in self.diagnostics if d.level == "error"]
        first = self.errors[0]
        self.code = first.code
        self.file = first.file
        self.line = first.line
        self.column = first.column
        self.span = first.span
        self.rendered = "".join(d.rendered for d in self.errors)
        super().__init__(self.rendered)

    def __reduce__(self):
        return (type(self), (self.diagnostics,))


class RecordsError(BylawsError):
    """Records that cannot be taken as they were given."""

    def __init__(self, message: str, code: Optional[str] = None, help: Optional[str] = None) -> None:
        self.message = message
        self.code = code
        self.help = help
        super().__init__(message if help is None else f"{message}\n{help}")

    def __reduce__(self):
        return (type(self), (self.message, self.code, self.help))
