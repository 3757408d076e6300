"""Whether a folder lies on a file system whose locks and shared memory SQLite can trust."""

from __future__ import annotations

import os
import re
from pathlib import Path

LOCAL = frozenset(
    {
        *("apfs", "bcachefs", "btrfs", "ecryptfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fuseblk", "hfs"),
        *("hfsplus", "jfs", "nilfs2", "ntfs", "ntfs3", "overlay", "ramfs", "reiserfs", "rootfs", "tmpfs", "ubifs"),
        *("udf", "ufs", "vfat", "xfs", "zfs"),
    }
)
"""File systems of one machine; any other is taken for a network's."""

_TABLE = Path("/proc/self/mounts")


def is_local(folder: Path, table: Path = _TABLE) -> bool:
    """Whether the folder is on a file system known to be local; no where there is no table to ask."""
    try:
        mounts = table.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return False
    return file_system(os.path.realpath(folder), mounts) in LOCAL


def file_system(folder: str, mounts: str) -> str:
    """Type of the file system that holds an absolute path, by a table in the form of `/proc/mounts`."""
    best, found = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[1]).rstrip("/")
        if (folder == point or folder.startswith(point + "/")) and len(point) >= best:
            best, found = len(point), fields[2]
    return found
