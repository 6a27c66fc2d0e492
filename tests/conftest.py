"""Fixtures that several rooms share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# the examples are the same in every run, and a busy machine is not a failure
settings.register_profile(
    "fixed", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("fixed")


@pytest.fixture(scope="session", autouse=True)
def _no_process_compiles_ahead() -> Iterator[None]:
    """Commands that are called within tests start no other process."""
    from graphkit.study import ahead

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ahead, "cores", lambda: 1)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets beside the checkout; skips where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"public data sets are not at {folder.name!r} beside the checkout")
    return folder
