"""Attribution of differences between feeds: causes, limits, and published figures as a check."""

from graphkit.attribution.figures import published_figures
from graphkit.attribution.validation import Validation, validate

__all__ = ["Validation", "published_figures", "validate"]


def __dir__() -> list[str]:
    return __all__
