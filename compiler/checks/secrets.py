"""Rules that keep secrets out of project files, and so out of plans, states and manifests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from launchctl.compiler import expand_codes as codes
from launchctl.compiler.checks.assignments import texts
from launchctl.compiler.checks.subject import Subject
from launchctl.compiler.node import ScalarNode
from launchctl.diagnostics import Diagnostic, Span

SECRET_NAMES = frozenset(
    {
        "ANTHROPIC_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AZURE_CLIENT_SECRET",
        "AZURE_STORAGE_KEY",
        "COMET_API_KEY",
        "DATABRICKS_TOKEN",
        "GEMINI_API_KEY",
        "GH_TOKEN",
        "GITHUB_TOKEN",
        "GITLAB_TOKEN",
        "GOOGLE_API_KEY",
        "HF_TOKEN",
        "HUGGING_FACE_HUB_TOKEN",
        "KAGGLE_KEY",
        "MLFLOW_TRACKING_PASSWORD",
        "NEPTUNE_API_TOKEN",
        "NGC_API_KEY",
        "OPENAI_API_KEY",
        "PGPASSWORD",
        "WANDB_API_KEY",
    }
)
"""Variables whose value is a secret, whatever it looks like."""
_SECRET_TEXT = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{36}"
    r"|github_pat_[A-Za-z0-9_]{22,}"
    r"|glpat-[A-Za-z0-9_-]{20}"
    r"|hf_[A-Za-z0-9]{34}"
    r"|sk-[A-Za-z0-9_-]{32,}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}"
    r"|AIza[0-9A-Za-z_-]{35}"
    r")(?![A-Za-z0-9])|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
"""Texts that are secrets wherever they stand: their issuers gave them a form by which they can be found."""
_SHORTEST_SECRET = 15


def variables_are_no_secrets(subject: Subject) -> Iterator[Diagnostic]:
    """No value of a known secret stands in a file; the message names the variable and never the value."""
    for name, node in subject.variables:
        if name in SECRET_NAMES and not (isinstance(node, ScalarNode) and node.value in ("", None)):
            yield _named(name, node.span)


def texts_are_no_secrets(subject: Subject) -> Iterator[Diagnostic]:
    """No text anywhere in a run looks like an access key; the message does not show it."""
    for node in texts(subject.node):
        if len(text := str(node.value)) >= _SHORTEST_SECRET and _SECRET_TEXT.search(text):
            hint = "declare it under `secrets` and give it to the job by `secrets: [NAME]`"
            yield Diagnostic(codes.TEXT_LIKE_SECRET, node.span, hint=hint)


def _named(name: str, span: Span | None) -> Diagnostic:
    hint = f"declare it, `secrets: {{NAME: {{env: {name}}}}}`, and give it to the job: `secrets: [NAME]`"
    if name == "WANDB_API_KEY":
        hint = "declare it, `secrets: {wandb: {env: WANDB_API_KEY}}`, and name it: `wandb: {api_key: wandb}`"
    return Diagnostic(codes.SECRET_IN_TEXT, span, {"name": name}, hint=hint)
