from __future__ import annotations

from collections.abc import Iterator

import pytest

from lossbench.executors.local import one_thread


@pytest.fixture(autouse=True, scope="package")
def as_executors_do() -> Iterator[None]:
    """Train as executors do, on one thread; two that fight for two cores are ten times slower."""
    with one_thread():
        yield
