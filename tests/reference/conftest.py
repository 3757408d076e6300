"""The reference library, run side by side with ours; `LAUNCHCTL_TEST_REFERENCE` names its interpreter."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from launchctl.values import JSON

ORACLE = Path(__file__).with_name("oracle.py")


@pytest.fixture(scope="session")
def ask_reference() -> Callable[[Sequence[dict[str, JSON]]], list[JSON]]:
    """Puts requests to `oracle.py`, all to one process, and gives its answers: `{"value": …}` or `{"error": …}`."""
    interpreter = os.environ.get("LAUNCHCTL_TEST_REFERENCE")
    if not interpreter:
        pytest.skip("the reference library is found by LAUNCHCTL_TEST_REFERENCE, the path of its interpreter")

    def ask(requests: Sequence[dict[str, JSON]]) -> list[JSON]:
        text = "".join(json.dumps(request) + "\n" for request in requests)
        found = subprocess.run([interpreter, ORACLE], input=text, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in found.stdout.splitlines()]

    return ask
