"""What a job that is tuned reads and prints through `launchctl.trial`."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import SupportsFloat

import pytest

from launchctl import trial
from launchctl.compiler.sweep.arguments import parameter_file
from launchctl.compiler.sweep.search import MetricSource
from launchctl.sweeps.metric_log import MetricReader


class Scalar:
    """A number of numpy, or a tensor of one element."""

    def __float__(self) -> float:
        return 0.25


class Several:
    """A tensor of more elements."""

    def __float__(self) -> float:
        raise TypeError("only one element")


@pytest.fixture(autouse=True)
def no_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_SWEEP_PARAM_PATH", "WANDB_CONFIG", "WANDB_CONFIG_0", "WANDB_CONFIG_1"):
        monkeypatch.delenv(name, raising=False)


def test_the_module_has_two_functions_and_loads_nothing_else_of_ours() -> None:
    script = (
        "import sys, launchctl.trial\n"
        "print(launchctl.trial.__all__, sorted(name for name in sys.modules if name.startswith('launchctl')))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said == "['parameters', 'report'] ['launchctl', 'launchctl.trial']\n"


def test_outside_of_a_sweep_there_are_no_parameters() -> None:
    assert trial.parameters() == {}


def test_the_file_that_a_trial_is_given_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = {"lr": 1e-05, "name": "큰 모델\n2", "optimizer": {"value": "sgd", "nesterov": True}, "none": None}
    file = tmp_path / "config.yaml"
    file.write_text(parameter_file(values), encoding="utf-8")
    monkeypatch.setenv("WANDB_SWEEP_PARAM_PATH", str(file))
    assert trial.parameters() == values


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ({"lr": 0.1, "optimizer": {"name": "sgd"}}, {"lr": 0.1, "optimizer": {"name": "sgd"}}),
        ({"wandb_version": 1, "lr": {"value": 0.1}, "o": {"value": {"a": 1}}}, {"lr": 0.1, "o": {"a": 1}}),
        ({"lr": {"value": 0.1, "desc": None}}, {"lr": 0.1}),
        ({"group": {"value": 1, "b": 2}, "lr": 0.1}, {"group": {"value": 1, "b": 2}, "lr": 0.1}),
        ({"wandb_version": 1, "_wandb": {"value": {}}}, {}),
        ({}, {}),
    ],
)
def test_parameters_are_those_of_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: object, values: object
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    monkeypatch.setenv("WANDB_SWEEP_PARAM_PATH", str(file))
    monkeypatch.setenv("WANDB_CONFIG", '{"other": 1}')
    assert trial.parameters() == values


def test_parameters_come_from_the_configuration_where_there_is_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WANDB_SWEEP_PARAM_PATH", str(tmp_path / "missing.yaml"))
    monkeypatch.setenv("WANDB_CONFIG", '{"lr": 0.1}')
    assert trial.parameters() == {"lr": 0.1}


def test_a_configuration_in_parts_is_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_CONFIG_0", '{"lr": ')
    monkeypatch.setenv("WANDB_CONFIG_1", "0.1}")
    assert trial.parameters() == {"lr": 0.1}


@pytest.mark.parametrize("text", ["{", "[1]", "lr: 0.1"])
def test_parameters_that_cannot_be_read_are_an_error_that_names_the_place(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("WANDB_CONFIG", text)
    with pytest.raises(ValueError, match="WANDB_CONFIG does not hold"):
        trial.parameters()


def test_a_report_is_one_line_that_the_reader_understands(capfd: pytest.CaptureFixture[str]) -> None:
    metrics: dict[str, SupportsFloat] = {"val/loss": Scalar(), "손실": Fraction(1, 2), "epoch": 3, "worst": math.nan}
    trial.report(**metrics)
    said = capfd.readouterr().out
    # Whatever the encoding of the job's output is, it can write this.
    assert said == 'launchctl.metrics {"val/loss": 0.25, "\\uc190\\uc2e4": 0.5, "epoch": 3, "worst": NaN}\n'
    readings = MetricReader(MetricSource()).feed(said.encode())
    assert readings == [("val/loss", 0.25), ("손실", 0.5), ("epoch", 3.0)]


def test_a_report_is_flushed_at_once() -> None:
    script = "import os, launchctl.trial as t; t.report(loss=0.5); os._exit(0)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said == 'launchctl.metrics {"loss": 0.5}\n'


@pytest.mark.parametrize("value", [True, "0.5", None, [0.5], 1j, Several()])
def test_what_is_no_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(TypeError, match="metric 'loss' is not a number"):
        trial.report(loss=value)  # type: ignore[arg-type]


def test_a_report_of_nothing_is_refused() -> None:
    with pytest.raises(TypeError, match="at least one metric"):
        trial.report()


def test_a_decimal_is_a_number(capfd: pytest.CaptureFixture[str]) -> None:
    trial.report(loss=Decimal("0.5"))
    assert capfd.readouterr().out == 'launchctl.metrics {"loss": 0.5}\n'
