"""What every test may ask for: rewritten expectations, engines that must be there, how many examples to try.

An engine or a folder of samples is found by an environment variable alone, and a test that
lacks one is skipped with a reason that names it. Where `LAUNCHCTL_TEST_REQUIRE` lists the engine
(`docker,samples`), such a skip is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

REQUIRED = tuple(name.lower() for name in os.environ.get("LAUNCHCTL_TEST_REQUIRE", "").split(",") if name)
MANY = 500
"""Examples of a property in `.ci/full`."""
_SLOW = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
_Report = TypeVar("_Report", pytest.TestReport, pytest.CollectReport)

settings.register_profile("default", deadline=None, suppress_health_check=_SLOW)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True, suppress_health_check=_SLOW)
settings.register_profile("full", deadline=None, max_examples=MANY, print_blob=True, suppress_health_check=_SLOW)
settings.load_profile("default")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Under the profile `full` a property that names its own number of examples tries many times as many."""
    if config.getoption("--hypothesis-profile") != "full":
        return
    for item in items:
        test = getattr(item, "obj", None)
        test = getattr(test, "__func__", test)
        owner = getattr(item, "cls", None) if hasattr(getattr(item, "cls", None), "settings") else test
        name = "settings" if owner is not test else "_hypothesis_internal_use_settings"
        current = getattr(owner, name, None)
        if isinstance(current, settings) and current.max_examples < MANY:
            setattr(owner, name, settings(current, max_examples=min(current.max_examples * 10, MANY)))


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` rewrites what golden tests expect; read the difference before you commit it."""
    parser.addoption("--update", action="store_true", help="rewrite expected files instead of comparing with them")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be rewritten."""
    return bool(request.config.getoption("--update"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that is skipped for want of a required engine fails."""
    return _strict((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """So does a whole module."""
    return _strict((yield))


def _strict(report: _Report) -> _Report:
    reason = str(report.longrepr[2]) if report.skipped and isinstance(report.longrepr, tuple) else ""
    missing = [name for name in REQUIRED if name in reason.lower()]
    if missing and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{missing[0]} is required here (LAUNCHCTL_TEST_REQUIRE), yet: {reason}"
    return report
