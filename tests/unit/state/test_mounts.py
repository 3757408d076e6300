"""Only a file system known to be local is trusted with a write-ahead log."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchctl.state.mounts import LOCAL, file_system, is_local

MOUNTS = """\
/dev/vda / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
tmpfs /tmp tmpfs rw 0 0
nas:/export /mnt/nas nfs4 rw 0 0
//box/share /mnt/my\\040share cifs rw 0 0
bucket /mnt/bucket fuse.s3fs rw 0 0
/dev/vdb /mnt/nas/local xfs rw 0 0
nas:/home /home nfs rw 0 0
/dev/vdc /home ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/work/churn", "ext4"),
        ("/", "ext4"),
        ("/tmp", "tmpfs"),
        ("/tmpfoo", "ext4"),
        ("/mnt/nas/churn", "nfs4"),
        ("/mnt/nas/local/churn", "xfs"),
        ("/mnt/my share/churn", "cifs"),
        ("/mnt/bucket", "fuse.s3fs"),
        ("/home/ada", "ext4"),
    ],
)
def test_file_system_is_that_of_the_nearest_and_last_mount(folder: str, expected: str) -> None:
    assert file_system(folder, MOUNTS) == expected


def test_file_system_is_unknown_where_nothing_is_mounted() -> None:
    assert file_system("/work", "broken\n") == ""


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "lustre", "virtiofs", ""])
def test_file_system_of_a_network_is_not_local(kind: str) -> None:
    assert kind not in LOCAL


def test_folder_is_looked_up_where_its_links_lead(tmp_path: Path) -> None:
    target = tmp_path / "nas"
    target.mkdir()
    link = tmp_path / "link"
    link.symlink_to(target)
    table = tmp_path / "mounts"
    table.write_text(f"/dev/vda / ext4 rw 0 0\nnas:/export {target} nfs rw 0 0\n")
    assert not is_local(link, table)
    assert is_local(tmp_path, table)


def test_without_a_table_nothing_is_local(tmp_path: Path) -> None:
    assert not is_local(tmp_path, tmp_path / "nothing")
