"""Kinds of value that options of `docker run` take: what fits, how it is said, and its one canonical spelling.

A kind judges what can be known from the text alone, as the docker command line does; what only
an engine can know (a device that exists, a runtime that is installed) is left to the engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from launchctl.compiler.quantity import parse_size

Judge = Callable[[str], bool]
Spell = Callable[[str], str]


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value."""

    name: str
    expected: str
    """Completes "expected …"; empty for a flag."""
    fits: Judge = bool
    canonical: Spell = _as_it_is
    """The one spelling of a text that fits."""
    is_pairs: bool = False
    """Whether a mapping of name to value may be written in place of a list of `NAME=VALUE`."""


def _full(pattern: str, flags: int = 0) -> Judge:
    """Whether the whole text is of a pattern; compiled when the first text is judged, since most kinds never are."""
    return lambda text: re.fullmatch(pattern, text, flags | re.ASCII) is not None


def _words(name: str, *words: str, also: str = "", example: str = "") -> Kind:
    """One of a few words, or a text of a further pattern."""
    fits = _full("|".join(map(re.escape, words)) + (f"|{also}" if also else ""))
    return Kind(name, " or ".join(f'"{word}"' for word in (*words, example) if word), fits)


def _integer(name: str, low: int | None = None, high: int | None = None) -> Kind:
    written = _full(r"[+-]?\d{1,18}")
    bounds = f" from {low} to {high}" if high is not None else f" of at least {low}" if low is not None else ""

    def fits(text: str) -> bool:
        return written(text) and (low is None or int(text) >= low) and (high is None or int(text) <= high)

    return Kind(name, f"an integer{bounds}", fits, lambda text: str(int(text)))


# Sizes, durations, numbers

_SIZE_UNITS = ("t", "g", "m", "k")


def _is_size(text: str) -> bool:
    return parse_size(text) is not None


def _spell_size(text: str) -> str:
    """The largest unit that divides it: `8192m` is `8g`."""
    exact = parse_size(text)
    bytes_ = int(exact) if exact is not None else 0
    for power, unit in zip((4, 3, 2, 1), _SIZE_UNITS, strict=True):
        if bytes_ and bytes_ % 1024**power == 0:
            return f"{bytes_ // 1024**power}{unit}"
    return f"{bytes_}b"


_DURATION_PART = r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)"
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_is_duration = _full(r"\+?(?:0|(?:(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)")


def _spell_duration(text: str) -> str:
    """The largest unit that divides it: `1m30s` is `90s`."""
    parts = re.findall(_DURATION_PART, text)
    total = int(sum(Fraction(number) * _NANOSECONDS[unit] for number, unit in parts))
    for unit in ("h", "m", "s", "ms", "us"):
        if total and total % _NANOSECONDS[unit] == 0:
            return f"{total // _NANOSECONDS[unit]}{unit}"
    return f"{total}ns" if total else "0s"


_is_decimal = _full(r"(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})")


def _spell_decimal(text: str) -> str:
    plain = format(Decimal(text), "f")
    return plain.rstrip("0").rstrip(".") or "0" if "." in plain else str(int(plain))


# Names, addresses, paths

_is_ip4 = _full(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}")
_looks_like_ip6 = _full(r"(?=.*:.*:)[0-9a-fA-F:]{2,39}(?:%\w+)?|(?=.*:.*:)[0-9a-fA-F:]+(?:\d+\.){3}\d+")


def _is_ip(text: str) -> bool:
    return _is_ip4(text) or _looks_like_ip6(text)


def _is_host(text: str) -> bool:
    """`NAME:ADDRESS`, or `NAME=ADDRESS`; the address of the host itself is `host-gateway`."""
    name, separator, address = text.partition("=" if "=" in text else ":")
    return bool(name and separator) and (
        address == "host-gateway" or _is_ip(address.removeprefix("[").removesuffix("]"))
    )


def _is_label(text: str) -> bool:
    name = text.partition("=")[0]
    return bool(name) and not re.search(r"\s", name)


_is_sysctl = _full(
    r"(?:net\.[^=\s]+|fs\.mqueue\.[^=\s]+"
    r"|kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced))=.*",
    re.DOTALL,
)
_ULIMITS = "core|cpu|data|fsize|locks|memlock|msgqueue|nice|nofile|nproc|rss|rtprio|rttime|sigpending|stack"
_ULIMIT = rf"(?:{_ULIMITS})=(-1|\d{{1,19}})(?::(-1|\d{{1,19}}))?"


def _is_ulimit(text: str) -> bool:
    match = re.fullmatch(_ULIMIT, text, re.ASCII)
    if match is None:
        return False
    soft, hard = int(match[1]), int(match[2] or match[1])
    return hard == -1 or soft <= hard


def _spell_ulimit(text: str) -> str:
    """A hard limit that is not given is the soft one."""
    name, _, limits = text.partition("=")
    soft, _, hard = limits.partition(":")
    return f"{name}={soft}:{hard or soft}"


_MODES = {
    *("ro", "rw", "z", "Z", "nocopy", "consistent", "cached", "delegated"),
    *("shared", "rshared", "slave", "rslave", "private", "rprivate"),
}
_is_volume_source = _full(r"/.*|\.{1,2}(?:/.*)?|[a-zA-Z0-9][a-zA-Z0-9_.-]*", re.DOTALL)


def _is_volume(text: str) -> bool:
    """`/PATH`, `SOURCE:/PATH` or `SOURCE:/PATH:MODE`."""
    source, *rest = text.split(":")
    if not rest:
        return source.startswith("/")
    target, *modes = rest
    known = not modes or (len(modes) == 1 and set(modes[0].split(",")) <= _MODES)
    return _is_volume_source(source) and target.startswith("/") and known


def _spell_volume(text: str) -> str:
    return text.removesuffix(":rw")


_MOUNT_KEYS = {
    *("type", "source", "src", "target", "dst", "destination", "readonly", "ro", "consistency"),
    *("bind-propagation", "bind-nonrecursive", "bind-recursive", "bind-create-src"),
    *("volume-nocopy", "volume-label", "volume-driver", "volume-opt", "volume-subpath"),
    *("image-subpath", "tmpfs-size", "tmpfs-mode"),
}


def _is_mount(text: str) -> bool:
    """`key=value` pairs with a target; what is quoted within (an option with commas) is left to docker."""
    if '"' in text:
        return True
    keys = [field.partition("=")[0].strip().lower() for field in text.split(",")]
    return set(keys) <= _MOUNT_KEYS and bool({"target", "dst", "destination"} & {*keys})


_PROTOCOLS = {"tcp", "udp", "sctp"}
_is_long_port = _full(r"(?=.*target=)(?:(?:published|target|protocol|mode)=[^,=]+(?:,|$))+")


def _is_port_range(text: str) -> bool:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text, re.ASCII)
    return match is not None and int(match[1]) <= int(match[2] or match[1]) <= 65535


def _is_exposed(text: str) -> bool:
    ports, slash, protocol = text.partition("/")
    return _is_port_range(ports) and (not slash or protocol in _PROTOCOLS)


def _is_port(text: str) -> bool:
    """`[[ADDRESS:][HOST]:]CONTAINER[/PROTOCOL]`, or docker's `published=…,target=…`."""
    *outside, inside = text.rsplit(":", 2)
    is_published = not outside or not outside[-1] or _is_port_range(outside[-1])
    return _is_long_port(text) or (is_published and _is_exposed(inside))


def _spell_port(text: str) -> str:
    return text.removesuffix("/tcp")


def _is_device(text: str) -> bool:
    """`/PATH[:/PATH][:rwm]`, or a CDI name such as `vendor.com/class=name`."""
    if re.fullmatch(r"[\w.-]+\.[\w.-]+/[\w.-]+=[\w.:-]+", text):
        return True
    return re.fullmatch(r"/[^:]*(?::/[^:]*)?(?::[rwm]{1,3})?", text, re.DOTALL) is not None


def _is_device_size(text: str) -> bool:
    path, _, rate = text.partition(":")
    return path.startswith("/dev/") and _is_size(rate)


def _is_gpu(text: str) -> bool:
    """`all`, a number, or fields such as `device=0,capabilities=utility`; quoted fields are left to docker."""
    if '"' in text:
        return True
    fields = text.split(",")
    known = _full(r"all|-?\d+|(?:count|device|driver|capabilities|options)=.*")
    is_device = any(field.startswith("device=") for field in fields)
    is_count = any("=" not in field or field.startswith("count=") for field in fields)
    return all(known(field) for field in fields) and not (is_device and is_count)


def _is_security(text: str) -> bool:
    return text == "no-new-privileges" or re.fullmatch(r"[^=:]+[=:].+", text, re.DOTALL) is not None


def _spell_capability(text: str) -> str:
    return text.upper().removeprefix("CAP_")


FLAG = Kind("flag", "true or false")
TEXT = Kind("text", "a text")
WORD = Kind("word", "a name", _full(r"\S+"))
INTEGER = _integer("integer")
COUNT = _integer("count", 0)
LIMIT = _integer("limit", -1)
OOM_SCORE = _integer("oom score", -1000, 1000)
SWAPPINESS = _integer("swappiness", -1, 100)
WEIGHT = Kind(
    "weight",
    "0 or an integer from 10 to 1000",
    _full(r"0|[1-9]\d{1,2}|1000"),
    lambda text: str(int(text)),
)
CPUS = Kind("cpus", "a number such as 1.5", _is_decimal, _spell_decimal)
SIZE = Kind("size", "a size such as 512m or 8g", _is_size, _spell_size)
SWAP = Kind(
    "swap",
    "a size such as 8g, or -1 for no limit",
    lambda text: text == "-1" or _is_size(text),
    lambda text: text if text == "-1" else _spell_size(text),
)
DURATION = Kind("duration", "a duration such as 500ms, 30s or 1m30s", _is_duration, _spell_duration)
PATH = Kind("path", "a path")
ABSOLUTE = Kind("absolute path", "an absolute path", lambda text: text.startswith("/"))
TMPFS = Kind("tmpfs", "/PATH or /PATH:OPTIONS", lambda text: text.startswith("/"))
ENV = Kind("env", "NAME=VALUE or NAME", _full(r"[^=\s][^=]*(?:=.*)?", re.DOTALL), is_pairs=True)
LABEL = Kind("label", "KEY=VALUE", _is_label, is_pairs=True)
PAIR = Kind("pair", "KEY=VALUE", _full(r"[^=]+=.*", re.DOTALL), is_pairs=True)
LOG_OPTION = Kind("log option", "KEY=VALUE", _full(r"[^=]+(?:=.*)?", re.DOTALL), is_pairs=True)
SYSCTL = Kind("sysctl", "a namespaced kernel parameter such as net.core.somaxconn=1024", _is_sysctl, is_pairs=True)
ULIMIT = Kind("ulimit", "NAME=SOFT[:HARD] such as nofile=1024:2048", _is_ulimit, _spell_ulimit, is_pairs=True)
HOST = Kind("host", "HOST:IP such as db:10.0.0.5, or HOST:host-gateway", _is_host)
ADDRESS = Kind("address", "an IP address", _is_ip)
IPV4 = Kind("IPv4 address", "an IPv4 address", _is_ip4)
IPV6 = Kind("IPv6 address", "an IPv6 address", _looks_like_ip6)
MAC = Kind("MAC address", "a MAC address such as 92:d0:c6:0a:29:33", _full(r"[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}"))
DOMAIN = Kind("domain", "a domain", _full(r"\.|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.?"))
PORT = Kind("port", "a port such as 8080:80 or 127.0.0.1:8080:80/tcp", _is_port, _spell_port)
EXPOSED = Kind("exposed port", "a port or a range such as 8000-8010/tcp", _is_exposed, _spell_port)
VOLUME = Kind("volume", "/PATH, SOURCE:/PATH or SOURCE:/PATH:MODE", _is_volume, _spell_volume)
MOUNT = Kind("mount", "a mount such as type=bind,source=./data,target=/data", _is_mount)
DEVICE = Kind("device", "/dev/NAME[:/dev/NAME][:rwm]", _is_device)
DEVICE_RULE = Kind("device rule", "a rule such as c 1:3 rwm", _full(r"[acb] (?:\d+|\*):(?:\d+|\*) [rwm]{1,3}"))
DEVICE_SIZE = Kind("device rate", "/dev/NAME:RATE such as /dev/sda:1mb", _is_device_size)
DEVICE_COUNT = Kind("device count", "/dev/NAME:NUMBER", _full(r"/dev/[^:]*:\d+"))
DEVICE_WEIGHT = Kind(
    "device weight", "/dev/NAME:WEIGHT with a weight from 10 to 1000", _full(r"/dev/[^:]*:(?:0|[1-9]\d{1,2}|1000)")
)
GPUS = Kind("gpus", 'all, a number, or fields such as "device=0"', _is_gpu)
LINK = Kind("link", "CONTAINER or CONTAINER:ALIAS", _full(r"[^:]+(?::[^:]+)?"))
CPUSET = Kind("cpuset", "a list such as 0-3 or 0,1", _full(r"\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*"))
CAPABILITY = Kind("capability", "a capability such as SYS_PTRACE", _full(r"[A-Za-z_]+"), _spell_capability)
SECURITY = Kind("security option", "no-new-privileges or KEY=VALUE", _is_security)
SIGNAL = Kind("signal", "a signal such as SIGTERM", _full(r"\d{1,2}|[A-Za-z]+\d?(?:[+-]\d{1,2})?"))
RESTART = _words(
    "restart", "no", "always", "unless-stopped", "on-failure", also=r"on-failure:\d+", example="on-failure:3"
)
PULL = _words("pull", "always", "missing", "never")
CGROUPNS = _words("cgroupns", "host", "private")
IPC = _words("ipc", "none", "private", "shareable", "host", also="container:.+", example="container:NAME")
PID = _words("pid", "host", also="container:.+", example="container:NAME")
HOST_ONLY = _words("namespace", "host")
ISOLATION = _words("isolation", "default", "process", "hyperv")
