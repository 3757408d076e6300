"""What to say of trials that ended without the metric of their sweep. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from launchctl.compiler.sweep.search import MetricSource
from launchctl.suggest import did_you_mean
from launchctl.values import canonical

_NAMED = 8
"""How many metrics a sentence names."""


def what_was_logged(metric: str, source: MetricSource, logged: Iterable[str], who: str = "it") -> str:
    """`it logged epoch, val_loss; did you mean "val_loss"?`, or how metrics are read where there were none."""
    names = sorted(logged)
    if not names:
        return f"{who} logged no metric at all; {_how(metric, source)} (see docs/sweeps.md, Metrics)"
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    hint = did_you_mean(metric, names)
    return f"{who} logged {', '.join(names[:_NAMED])}{more}" + (f"; {hint}" if hint else "")


def _how(metric: str, source: MetricSource) -> str:
    match source.kind:
        case "lines":
            return f"they are read from lines as launchctl.metrics {canonical({metric: 0.5})}, unless metrics_from says"
        case "pattern":
            return f'metrics_from reads them where a line has "{source.pattern}"'
        case "regex":
            return f'metrics_from reads it by "{dict(source.expressions).get(metric, "")}"'
        case "wandb":
            return "metrics_from reads them from W&B's wandb-summary.json"
