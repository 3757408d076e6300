"""Bayesian search finds values at least as good as the reference library's; a short version of the full measurement.

`python -m benchmarks.bayes` is the full one: ten seeds with fifty trials each.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_best_of_a_few_trials_is_as_good_as_the_reference_librarys() -> None:
    reference = os.environ.get("LAUNCHCTL_TEST_REFERENCE")
    if not reference:
        pytest.skip("the reference library is found by LAUNCHCTL_TEST_REFERENCE, the path of its interpreter")
    command = [sys.executable, "-m", "benchmarks.bayes", "--seeds", "3", "--trials", "35", "--reference", reference]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stdout + found.stderr
