"""Attribution of differences between feeds: causes, limits, and published figures as a check."""

from graphkit.attribution.evaluation import evaluate

__all__ = ["evaluate"]


def __dir__() -> list[str]:
    return __all__
