"""Conduct rules as code, over Arrow tables of any library.

>>> import bylaws
>>> policies = bylaws.PolicySet.load("policies/")
>>> findings = policies.audit({"gift": gifts, "employee": "employees.parquet"})
>>> pyarrow.table(findings)
"""

from ._bylaws import Evaluator, Findings, PolicySet, Stage, Survey, __version__, stages
from ._errors import BylawsError, Diagnostic, PolicyError, RecordsError, UnreadableError

__all__ = [
    "BylawsError",
    "Diagnostic",
    "Evaluator",
    "Findings",
    "PolicyError",
    "PolicySet",
    "RecordsError",
    "Stage",
    "Survey",
    "UnreadableError",
    "__version__",
    "stages",
]
