"""The blocks `launch` and `scheduler` of a W&B sweep: what has a meaning here becomes the sweep's own keys.

`scheduler` has two meanings in W&B: the engine of a search that runs beside the agents, and the scheduler
that W&B Launch starts for a sweep. What neither decides here is told by a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from launchctl.compiler import codes as project_codes
from launchctl.compiler.faults import show
from launchctl.compiler.merge import INPUTS, merge
from launchctl.compiler.node import MapNode, Node, ScalarNode, plain
from launchctl.compiler.sweep import codes
from launchctl.diagnostics import Code, Diagnostic
from launchctl.suggest import did_you_mean

_PRIORITIES = ("critical", "high", "medium", "low")
_ENGINES = ("wandb", "optuna", "ax")
_ENGINE_KEYS = ("engine", "source", "optimizer", "search_space")
_SCHEDULER_KEYS = ("job", "num_workers", "resource", "resource_args", "docker_image", "settings", "template_variables")
_HINTS = {
    "resource_args": "what a target needs is `resource`, merged over the queue's `config`",
    "resource": "the queue says on which target the trials run",
    "docker_image": "`image_uri`, or the job's `source`, says which image the trials run",
    "job": "the sweep's own `job` says what the trials run",
}


def without_blocks(node: MapNode, sweep: str, found: list[Diagnostic]) -> MapNode:
    """A sweep with the meaning of its W&B blocks in keys of its own; a key that it has itself wins."""
    if not any(key in node.entries for key in ("launch", "scheduler", "settings")):
        return node
    reader = _Reader(node, sweep, found)
    reader.launch()
    reader.scheduler()
    if "settings" in node.entries:
        reader.report_useless(node, "settings", "settings")
    gone = {"launch", "settings", *(() if reader.is_refused else ("scheduler",))}
    entries = {key: item for key, item in {**reader.given, **node.entries}.items() if key not in gone}
    entries.update(reader.merged)
    return node._replace(entries=entries)


@dataclass(slots=True)
class _Reader:
    """Reads the blocks of one sweep."""

    node: MapNode
    sweep: str
    found: list[Diagnostic]
    given: dict[str, Node] = field(default_factory=dict[str, Node])
    """Keys for the sweep, unless it has them."""
    merged: dict[str, Node] = field(default_factory=dict[str, Node])
    """Keys in which the sweep's own values lie over those of a block."""
    is_refused: bool = False
    """Whether the sweep is not one that launchctl searches."""

    def report(self, code: Code, node: Node, arguments: Mapping[str, object], hint: str | None = None) -> None:
        self.found.append(Diagnostic(code, node.span, arguments, hint=hint))

    def report_wrong(self, node: Node, expected: str) -> None:
        self.report(project_codes.WRONG_VALUE, node, {"expected": expected, "found": show(node)})

    def report_useless(self, parent: MapNode, key: str, name: str) -> None:
        span = parent.key_spans.get(key, parent.span)
        self.found.append(Diagnostic(codes.WITHOUT_MEANING_HERE, span, {"key": name}, hint=_HINTS.get(key)))

    def _block(self, parent: MapNode, key: str) -> MapNode | None:
        node = parent.entries.get(key)
        if node is not None and not isinstance(node, MapNode) and plain(node) is not None:
            self.report_wrong(node, "a mapping")
        return node if isinstance(node, MapNode) else None

    # --- launch ---

    def launch(self) -> None:
        """What W&B Launch is told of the trials."""
        block = self._block(self.node, "launch")
        for key, item in block.entries.items() if block is not None else ():
            if key == "queue":
                self.given["queue"] = item
            elif key == "priority":
                self._priority(item)
            elif key == "template_variables" and isinstance(item, MapNode):
                self.given["templates"] = item
            elif key == "overrides" and isinstance(item, MapNode):
                self._overrides(item)
            elif block is not None:
                self.report_useless(block, key, f"launch.{key}")

    def _priority(self, node: Node) -> None:
        value = plain(node)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(_PRIORITIES):
            self.given["priority"] = ScalarNode(_PRIORITIES[value], node.span)
        elif value in _PRIORITIES:
            self.given["priority"] = node
        else:
            self.report_wrong(node, "an integer from 0 (critical) to 3 (low)")

    def _overrides(self, overrides: MapNode) -> None:
        for key, item in overrides.entries.items():
            if key == "run_config" and isinstance(item, MapNode):
                own = self.node.entries.get("config")
                self.merged["config"] = merge(item, own, INPUTS) if isinstance(own, MapNode) else own or item
            else:
                self.report_useless(overrides, key, f"launch.overrides.{key}")

    # --- scheduler ---

    def scheduler(self) -> None:
        """Who directs the search in W&B."""
        block = self._block(self.node, "scheduler")
        if block is None:
            return
        self.found.extend(self._unknown(block))
        if any(key in block.entries for key in _ENGINE_KEYS):
            self._engine(block)
        else:
            self._launched(block)

    def _unknown(self, block: MapNode) -> Iterator[Diagnostic]:
        is_engine = any(key in block.entries for key in _ENGINE_KEYS)
        known = _ENGINE_KEYS if is_engine else _SCHEDULER_KEYS
        for key in block.entries:
            if key not in known:
                where = f'"scheduler" of sweep "{self.sweep}"'
                hint = did_you_mean(key, (*_ENGINE_KEYS, *_SCHEDULER_KEYS))
                span = block.key_spans.get(key, block.span)
                yield Diagnostic(project_codes.UNKNOWN_KEY, span, {"key": key, "where": where}, hint=hint)

    def _engine(self, block: MapNode) -> None:
        engine = block.entries.get("engine")
        if engine is None:
            self._missing("engine", block)
        elif plain(engine) not in _ENGINES:
            hint = did_you_mean(str(plain(engine)), _ENGINES)
            arguments = {"expected": "`wandb`, `optuna` or `ax`", "found": show(engine)}
            self.report(project_codes.WRONG_VALUE, engine, arguments, hint)
        elif plain(engine) != "wandb":
            what = f'"scheduler.engine: {plain(engine)}"'
            hint = "leave `scheduler` out and write `method: grid`, `random` or `bayes`"
            self.report(codes.NOT_SEARCHED, engine, {"what": what}, hint)
            self.is_refused = True
        if "source" not in block.entries and {"optimizer", "search_space"} & {*block.entries}:
            self._missing("source", block)
        self._excluded()

    def _missing(self, key: str, block: MapNode) -> None:
        self.report(project_codes.MISSING_KEY, block, {"key": key, "where": f'"scheduler" of sweep "{self.sweep}"'})

    def _excluded(self) -> None:
        """What W&B does not allow beside an engine."""
        controller = self.node.entries.get("controller")
        is_local = isinstance(controller, MapNode) and plain(controller).get("type") == "local"
        for key, is_wrong in (("early_terminate", "early_terminate" in self.node.entries), ("controller", is_local)):
            if is_wrong:
                span = self.node.key_spans.get(key, self.node.span)
                arguments = {"key": key, "what": "the engine of a scheduler"}
                hint = "leave `scheduler` out: launchctl searches and stops trials itself"
                self.found.append(Diagnostic(codes.KEY_WITHOUT_MEANING, span, arguments, hint=hint))

    def _launched(self, block: MapNode) -> None:
        for key, item in block.entries.items():
            if key == "job":
                hint = "leave `scheduler.job` out and write `method: grid`, `random` or `bayes`"
                self.report(codes.NOT_SEARCHED, item, {"what": "a sweep with a scheduler job"}, hint)
                self.is_refused = True
            elif key == "num_workers":
                self._workers(item)
            elif key in _SCHEDULER_KEYS:
                self.report_useless(block, key, f"scheduler.{key}")

    def _workers(self, node: Node) -> None:
        value = plain(node)
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if text.isascii() and text.isdigit() and int(text[:9]) > 0:
            self.given["parallel"] = ScalarNode(int(text[:9]), node.span)
        else:
            self.report_wrong(node, "an integer of 1 or more")
