"""Kept code: one copy a digest, taken when a run is decided, from which each attempt gets its own.

A run starts when its queue has room, perhaps hours after somebody has edited the file that
it was planned with; it must run what was reviewed.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from launchctl.errors import SourceError
from launchctl.images.source import CodeTree, copy_code_tree
from launchctl.state.place import make_private

KEPT = Path(".launchctl", "code")


class CodeStore:
    """The kept code of one project."""

    def __init__(self, project_folder: Path) -> None:
        self._folder = project_folder

    def keep(self, tree: CodeTree) -> None:
        """Keeps a copy of a tree; one that is kept already stays as it is.

        Raises:
            SourceError: a file was changed or removed since the tree was read, or there is no room to keep it.
        """
        try:
            make_private(self._folder / KEPT)
        except OSError as error:
            raise SourceError(f"cannot keep code in {self._folder / KEPT}: {error.strerror}") from error
        copy_code_tree(tree, self._kept(tree.digest))

    def place(self, digest: str, destination: Path) -> None:
        """Gives an attempt its own copy; one that was given before is kept, complete or not at all.

        Raises:
            SourceError: the code was decided on another machine, or somebody deleted it.
        """
        if destination.exists():
            return
        kept = self._kept(digest)
        if not kept.is_dir():
            raise SourceError(
                f"the code {digest[:19]} is not kept in {self._folder / KEPT}",
                hint="it is kept where the run was decided: start it there, or plan it again with --rerun",
            )
        partial = destination.with_name(f".{destination.name}.{secrets.token_hex(4)}.partial")
        try:
            shutil.copytree(kept, partial, symlinks=True)
            os.rename(partial, destination)
        except OSError as error:
            if not destination.exists():
                raise SourceError(f"cannot copy the code to {destination}: {error}") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _kept(self, digest: str) -> Path:
        return self._folder / KEPT / digest.removeprefix("sha256:")
