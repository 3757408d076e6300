"""What names a state, and what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchctl.errors import StateError, UsageError
from launchctl.state.open import open_store, require_named_state

PROJECT = Path("/work/churn")


@pytest.mark.parametrize(
    ("workspace", "url", "environment", "expected"),
    [
        ("default", None, {}, "/work/churn/.launchctl/state.db"),
        ("dev", None, {}, "/work/churn/.launchctl/workspaces/dev/state.db"),
        ("default", "states/churn.db", {}, "/work/churn/states/churn.db"),
        ("default", "/mnt/states/churn.db", {}, "/mnt/states/churn.db"),
        ("default", "sqlite:///states/churn.db", {}, "/work/churn/states/churn.db"),
        ("default", "sqlite:////mnt/churn.db", {}, "/mnt/churn.db"),
        ("default", None, {"LAUNCHCTL_STATE": "/mnt/env.db"}, "/mnt/env.db"),
        ("default", "/mnt/option.db", {"LAUNCHCTL_STATE": "/mnt/env.db"}, "/mnt/option.db"),
        ("default", None, {"LAUNCHCTL_STATE": ""}, "/work/churn/.launchctl/state.db"),
    ],
)
def test_place_of_a_state(workspace: str, url: str | None, environment: dict[str, str], expected: str) -> None:
    assert open_store(PROJECT, workspace, url, environment).url == f"sqlite:///{expected}"


def test_url_of_a_store_opens_it_again() -> None:
    store = open_store(PROJECT, "default", None, {})
    assert open_store(Path("/elsewhere"), "default", store.url, {}).url == store.url


def test_opening_makes_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path, "default", None, {})
    assert store.head() is None
    store.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scheme", ["s3", "gs", "azblob", "postgresql", "https"])
def test_other_kinds_of_place_are_not_supported_yet(scheme: str) -> None:
    with pytest.raises(StateError, match="not supported yet") as caught:
        open_store(PROJECT, "default", f"{scheme}://ada:hunter2@host/churn", {})
    assert scheme in caught.value.message
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize("url", ["sqlite://churn.db", "sqlite:///", "sqlite://"])
def test_url_without_a_path_is_an_error(url: str) -> None:
    with pytest.raises(StateError, match="names no file"):
        open_store(PROJECT, "default", url, {})


@pytest.mark.parametrize("workspace", ["", "..", "a/b", "../dev", "-x", "a" * 64])
def test_workspace_is_a_name(workspace: str) -> None:
    with pytest.raises(UsageError, match="no valid name"):
        open_store(PROJECT, workspace, None, {})


def test_in_ci_a_state_must_be_named() -> None:
    with pytest.raises(UsageError, match="CI is set and no state is named") as caught:
        require_named_state(None, {"CI": "true"})
    assert "\n    state: " in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("url", "environment"),
    [
        ("/mnt/churn.db", {"CI": "true"}),
        (None, {"CI": "true", "LAUNCHCTL_STATE": "/mnt/churn.db"}),
        (None, {"CI": ""}),
        (None, {"CI": "false"}),
        (None, {}),
    ],
)
def test_elsewhere_or_with_a_name_it_need_not(url: str | None, environment: dict[str, str]) -> None:
    require_named_state(url, environment)
