"""Attribution of differences between feeds: causes, limits, and published figures as a check."""

from graphkit.attribution.conditions import (
    Condition,
    condition_rows,
    conditions_of,
    partition_conditions,
)
from graphkit.attribution.evaluation import evaluate
from graphkit.attribution.robustness import Robustness, judge, robustness

__all__ = [
    "Condition",
    "Robustness",
    "condition_rows",
    "conditions_of",
    "evaluate",
    "judge",
    "partition_conditions",
    "robustness",
]


def __dir__() -> list[str]:
    return __all__
