from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True, scope="package")
def one_thread_as_in_executors() -> Iterator[None]:
    """Use one thread: two are ten times slower where cores are shared. Subnormals stay: Hypothesis needs them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
