"""A lab for every test of this room that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes.lab import Lab, new_lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    with new_lab() as made:
        yield made
