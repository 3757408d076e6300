"""The SDK is asked for where it is needed and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from launchctl.errors import ProviderError
from launchctl.providers.base import Site
from launchctl.providers.docker import PROVIDER
from launchctl.providers.registry import load_provider


def test_the_registry_knows_the_provider() -> None:
    assert load_provider("docker") is PROVIDER


def test_the_provider_is_loaded_without_the_sdk() -> None:
    program = (
        "import sys, launchctl.providers.docker as found; found.PROVIDER.fields; "
        "print(sorted({'docker', 'requests', 'subprocess', 'yaml', 'pydantic'} & {*sys.modules}))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_a_missing_sdk_is_named_with_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docker", None)
    monkeypatch.delitem(sys.modules, "launchctl.providers.docker.client", raising=False)
    site = Site(tmp_path, tmp_path, {}, "churn", "acme", "default")
    with pytest.raises(ProviderError, match="the docker SDK for Python is not installed") as caught:
        PROVIDER.connect(site)
    assert caught.value.hint == "pip install 'launchctl-ml[docker]'"
