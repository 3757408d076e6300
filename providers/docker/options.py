"""The options of `docker run`, as data: every long name, short form, alias, arity, kind of value and class of field.

In the order of docker's own help, which is also their order in a command line that we write.
`tests/contract/test_docker_engine.py` holds the table against a real docker command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from launchctl.compiler.program import FieldClass
from launchctl.providers.docker import kinds
from launchctl.providers.docker.kinds import Kind

INTENT, METADATA = FieldClass.INTENT, FieldClass.METADATA
_DETACHED = "a run goes on by itself, with nobody at its terminal"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of `docker run`."""

    name: str
    kind: Kind
    short: str = ""
    aliases: tuple[str, ...] = ()
    """Further long names that docker accepts."""
    is_repeatable: bool = False
    is_ordered: bool = False
    """Whether the order of its values means something."""
    api: str = ""
    """The first version of the engine's API that knows it, where it is younger than all that still run."""
    field_class: FieldClass = FieldClass.PLACEMENT
    default: bool = False
    """What docker takes a flag for that is not given."""
    owner: str = ""
    """Why it is not the user's to give; empty for all that are."""

    @property
    def is_flag(self) -> bool:
        """Whether it takes no value."""
        return self.kind is kinds.FLAG


OPTIONS: tuple[Option, ...] = (
    Option("add-host", kinds.HOST, is_repeatable=True),
    Option("annotation", kinds.LABEL, is_repeatable=True, api="1.43"),
    Option("attach", kinds.WORD, "a", is_repeatable=True, owner=_DETACHED),
    Option("blkio-weight", kinds.WEIGHT),
    Option("blkio-weight-device", kinds.DEVICE_WEIGHT, is_repeatable=True),
    Option("cap-add", kinds.CAPABILITY, is_repeatable=True),
    Option("cap-drop", kinds.CAPABILITY, is_repeatable=True),
    Option("cgroup-parent", kinds.TEXT),
    Option("cgroupns", kinds.CGROUPNS, api="1.41"),
    Option("cidfile", kinds.PATH, owner="the container is found by its name and labels"),
    Option("cpu-count", kinds.COUNT),
    Option("cpu-percent", kinds.COUNT),
    Option("cpu-period", kinds.COUNT),
    Option("cpu-quota", kinds.INTEGER),
    Option("cpu-rt-period", kinds.COUNT, api="1.25"),
    Option("cpu-rt-runtime", kinds.COUNT, api="1.25"),
    Option("cpu-shares", kinds.COUNT, "c"),
    Option("cpus", kinds.CPUS, api="1.25"),
    Option("cpuset-cpus", kinds.CPUSET),
    Option("cpuset-mems", kinds.CPUSET),
    Option("detach", kinds.FLAG, "d", owner="every run is detached; `launchctl logs` follows it"),
    Option("detach-keys", kinds.TEXT, owner=_DETACHED),
    Option("device", kinds.DEVICE, is_repeatable=True),
    Option("device-cgroup-rule", kinds.DEVICE_RULE, is_repeatable=True),
    Option("device-read-bps", kinds.DEVICE_SIZE, is_repeatable=True),
    Option("device-read-iops", kinds.DEVICE_COUNT, is_repeatable=True),
    Option("device-write-bps", kinds.DEVICE_SIZE, is_repeatable=True),
    Option("device-write-iops", kinds.DEVICE_COUNT, is_repeatable=True),
    Option("disable-content-trust", kinds.FLAG, default=True),
    Option("dns", kinds.ADDRESS, is_repeatable=True, is_ordered=True),
    Option("dns-option", kinds.TEXT, aliases=("dns-opt",), is_repeatable=True, is_ordered=True),
    Option("dns-search", kinds.DOMAIN, is_repeatable=True, is_ordered=True),
    Option("domainname", kinds.TEXT),
    Option("entrypoint", kinds.TEXT, field_class=INTENT),
    Option("env", kinds.ENV, "e", is_repeatable=True, field_class=INTENT),
    Option("env-file", kinds.PATH, is_repeatable=True, is_ordered=True, field_class=INTENT),
    Option("expose", kinds.EXPOSED, is_repeatable=True),
    Option("gpus", kinds.GPUS, is_repeatable=True, api="1.40"),
    Option("group-add", kinds.TEXT, is_repeatable=True),
    Option("health-cmd", kinds.TEXT),
    Option("health-interval", kinds.DURATION),
    Option("health-retries", kinds.COUNT),
    Option("health-start-interval", kinds.DURATION, api="1.44"),
    Option("health-start-period", kinds.DURATION, api="1.29"),
    Option("health-timeout", kinds.DURATION),
    Option("help", kinds.FLAG, owner="it prints a text and runs nothing"),
    Option("hostname", kinds.TEXT, "h"),
    Option("init", kinds.FLAG, api="1.25"),
    Option("interactive", kinds.FLAG, "i", owner=_DETACHED),
    Option("io-maxbandwidth", kinds.SIZE),
    Option("io-maxiops", kinds.COUNT),
    Option("ip", kinds.IPV4),
    Option("ip6", kinds.IPV6),
    Option("ipc", kinds.IPC),
    Option("isolation", kinds.ISOLATION),
    Option("kernel-memory", kinds.SIZE),
    Option("label", kinds.LABEL, "l", is_repeatable=True, field_class=METADATA),
    Option("label-file", kinds.PATH, is_repeatable=True, is_ordered=True, field_class=METADATA),
    Option("link", kinds.LINK, is_repeatable=True),
    Option("link-local-ip", kinds.ADDRESS, is_repeatable=True),
    Option("log-driver", kinds.TEXT),
    Option("log-opt", kinds.LOG_OPTION, is_repeatable=True),
    Option("mac-address", kinds.MAC),
    Option("memory", kinds.SIZE, "m"),
    Option("memory-reservation", kinds.SIZE),
    Option("memory-swap", kinds.SWAP),
    Option("memory-swappiness", kinds.SWAPPINESS),
    Option("mount", kinds.MOUNT, is_repeatable=True),
    Option("name", kinds.TEXT, owner="the container is named after the run, so that nothing is ever started twice"),
    Option("network", kinds.WORD, aliases=("net",), is_repeatable=True, is_ordered=True),
    Option("network-alias", kinds.WORD, aliases=("net-alias",), is_repeatable=True),
    Option("no-healthcheck", kinds.FLAG),
    Option("oom-kill-disable", kinds.FLAG),
    Option("oom-score-adj", kinds.OOM_SCORE),
    Option("pid", kinds.PID),
    Option("pids-limit", kinds.LIMIT),
    Option("platform", kinds.WORD, api="1.32"),
    Option("privileged", kinds.FLAG),
    Option("publish", kinds.PORT, "p", is_repeatable=True),
    Option("publish-all", kinds.FLAG, "P"),
    Option("pull", kinds.PULL),
    Option("quiet", kinds.FLAG, "q"),
    Option("read-only", kinds.FLAG),
    Option("restart", kinds.RESTART),
    Option("rm", kinds.FLAG),
    Option("runtime", kinds.WORD),
    Option("security-opt", kinds.SECURITY, is_repeatable=True),
    Option("shm-size", kinds.SIZE),
    Option("sig-proxy", kinds.FLAG, default=True, owner=_DETACHED),
    Option("stop-signal", kinds.SIGNAL),
    Option("stop-timeout", kinds.LIMIT, api="1.25"),
    Option("storage-opt", kinds.PAIR, is_repeatable=True),
    Option("sysctl", kinds.SYSCTL, is_repeatable=True),
    Option("tmpfs", kinds.TMPFS, is_repeatable=True),
    Option("tty", kinds.FLAG, "t"),
    Option("ulimit", kinds.ULIMIT, is_repeatable=True),
    Option("use-api-socket", kinds.FLAG),
    Option("user", kinds.TEXT, "u"),
    Option("userns", kinds.HOST_ONLY),
    Option("uts", kinds.HOST_ONLY),
    Option("volume", kinds.VOLUME, "v", is_repeatable=True),
    Option("volume-driver", kinds.WORD),
    Option("volumes-from", kinds.TEXT, is_repeatable=True),
    Option("workdir", kinds.ABSOLUTE, "w"),
)


def _spellings() -> Mapping[str, Option]:
    by_spelling: dict[str, Option] = {}
    for option in OPTIONS:
        for spelling in (option.name, option.short, *option.aliases):
            by_spelling[spelling] = option
    by_spelling.pop("", None)
    return by_spelling


BY_SPELLING: Mapping[str, Option] = _spellings()
"""Options by every spelling that docker accepts, without dashes in front."""


def find_option(key: str) -> Option | None:
    """The option that a key of a configuration names; `shm_size` is `shm-size`."""
    return BY_SPELLING.get(key) or BY_SPELLING.get(key.replace("_", "-"))
