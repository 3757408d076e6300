"""Class of every option of `docker run`: the table's, by its canonical name."""

from __future__ import annotations

from launchctl.compiler.program import FieldClass
from launchctl.providers.docker.options import OPTIONS
from launchctl.providers.fields import FieldTable

FIELDS = FieldTable(
    {(option.name,): option.field_class for option in OPTIONS if option.field_class is not FieldClass.PLACEMENT}
)

UPDATABLE = {
    "blkio-weight": "BlkioWeight",
    "cpu-period": "CpuPeriod",
    "cpu-quota": "CpuQuota",
    "cpu-rt-period": "CpuRealtimePeriod",
    "cpu-rt-runtime": "CpuRealtimeRuntime",
    "cpu-shares": "CpuShares",
    "cpus": "NanoCpus",
    "cpuset-cpus": "CpusetCpus",
    "cpuset-mems": "CpusetMems",
    "memory": "Memory",
    "memory-reservation": "MemoryReservation",
    "memory-swap": "MemorySwap",
    "pids-limit": "PidsLimit",
}
"""Options that `docker update` changes on a container that runs, and where its engine keeps them."""


def is_mutable(path: str) -> bool:
    """Whether the canonical field at this path can be changed on a container that runs."""
    return path.removeprefix("config.") in UPDATABLE and path.startswith("config.")
