"""The complete example of the language compiles as it stands."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from launchctl.compiler.document import parse_document
from launchctl.compiler.load import load_project
from launchctl.compiler.node import plain
from launchctl.compiler.source import Source
from launchctl.schemas import load

PROJECT = Path(__file__).parent / "contract"
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/project.yaml"))


def test_the_complete_example_has_nothing_wrong() -> None:
    loaded = load_project(PROJECT)
    assert loaded.diagnostics == ()
    assert [source.name for source in loaded.sources] == ["project.yaml", "queues/local.yaml"]


def test_the_complete_example_resolves_to_its_runs() -> None:
    resolved = load_project(PROJECT).resolved
    assert resolved is not None
    assert list(resolved.runs) == ["baseline", "prepare"]
    assert list(resolved.sweeps) == ["lr"]
    assert resolved.resources == {"gpu": "kubernetes", "local": "process"}
    assert resolved.agents == {"gpu": ("cluster",), "local": ()}
    baseline = resolved.runs["baseline"]
    assert (baseline.job.name, baseline.queue.name, baseline.model.timeout) == ("train", "gpu", 21600.0)
    assert {variable: secret.kind for variable, secret in baseline.secrets.items()} == {
        "WANDB_API_KEY": "env",
        "HF_TOKEN": "kubernetes",
    }
    assert [(str(each.address), each.rerun) for each in baseline.depends_on] == [("runs.prepare", False)]


@pytest.mark.parametrize("project", [PROJECT / "project.yaml", *EXAMPLES], ids=lambda path: path.parent.name)
def test_an_example_is_valid_by_the_schema_for_editors(project: Path) -> None:
    document, diagnostics = parse_document(Source(project.name, project.read_text(encoding="utf-8")))
    assert diagnostics == ()
    assert document.root is not None
    jsonschema.Draft202012Validator(load("project")).validate(plain(document.root))
