"""Attribution of differences between feeds: causes, limits, and published figures as a check."""

__all__: list[str] = []


def __dir__() -> list[str]:
    return __all__
