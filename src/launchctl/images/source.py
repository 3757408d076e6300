"""Code folders: which files a job's code consists of, their digest, and a copy for a run to work in.

The files are those that git tracks or would add; outside of git, or in a folder that git
ignores as a whole, all but hidden ones. The repository may belong to a stranger: git is
called for its list alone, without a shell, with everything off that a repository's own
configuration could make it execute.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BufferedReader
from itertools import islice
from pathlib import Path, PurePosixPath

from launchctl.errors import SourceError
from launchctl.images.ignore import IgnoreRules
from launchctl.values import JSON, is_list, is_mapping

MAX_FILES = 50_000
MAX_BYTES = 512 * 1024 * 1024
GIT_SECONDS = 60.0
STATE_FOLDER = ".launchctl"
LOCK_FILE = "launchctl.lock"
OUTPUT_INDEX = "index.json"
"""The file in which `compile -o` lists what it wrote."""
_BLOCK = 1024 * 1024
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_INDEX_ENTRY = {"address", "file", "fingerprint"}
_LARGEST_INDEX = 16 * 1024 * 1024
_MAX_NESTING = 20
_MAX_CANDIDATES = 200_000
_GIT = (
    "git",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.untrackedCache=false"),
    # The list is all that is asked for, so that it does not matter who owns the repository.
    *("-c", "safe.directory=*"),
    *("ls-files", "-z", "-co", "--exclude-standard", "--deduplicate", "--", "."),
)
_GIT_ENVIRONMENT = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
_NO_REPOSITORY = b"not a git repository"
_GIT_INHERITS = ("PATH", "HOME", "XDG_CONFIG_HOME")


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One file of a code folder, or a symbolic link, which is never followed."""

    name: str
    """Relative to the code folder, with forward slashes."""
    digest: str
    """Hex SHA-256 of the content, or of a link's target."""
    is_executable: bool = False
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class CodeTree:
    """What a code folder holds at this moment."""

    folder: Path
    path: str
    """Relative to the project, with forward slashes."""
    digest: str
    """`sha256:…` over names, executable bits and contents; owner, times and place do not count."""
    files: tuple[CodeFile, ...]


def code_reader(project_folder: Path, exclude: Iterable[str] = ()) -> Callable[[str, tuple[str, ...]], CodeTree]:
    """A `read_code_tree` of one project that reads each folder once."""
    excluded = frozenset(exclude)

    @cache
    def read(path: str, ignore: tuple[str, ...]) -> CodeTree:
        return read_code_tree(project_folder, path, ignore, excluded)

    return read


def read_code_tree(
    project_folder: Path, path: str, ignore: tuple[str, ...] = (), exclude: Iterable[str] = ()
) -> CodeTree:
    """The code in a folder of the project, without what `ignore` names.

    `exclude` holds files of the project that are no code, relative to it: the project file
    and its includes.

    Raises:
        SourceError: the folder is missing, outside of the project, or too large.
    """
    if "\0" in path:
        raise SourceError("the path of a code folder holds a NUL character")
    try:
        return _read(project_folder.resolve(), path, ignore, exclude)
    except (OSError, ValueError, RuntimeError) as error:  # no permission, a loop of links
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SourceError(f'cannot read the code folder "{path}": {reason}') from error


def copy_code_tree(tree: CodeTree, destination: Path) -> None:
    """A copy of exactly the files of the tree; it appears under its name complete or not at all.

    An existing destination is a copy that was taken before, and is kept.

    Raises:
        SourceError: a file was changed or removed since the tree was read.
    """
    if destination.exists():
        return
    partial = destination.with_name(f".{destination.name}.{secrets.token_hex(4)}.partial")
    try:
        partial.mkdir(parents=True)
        _copy_files(tree, partial)
        partial.rename(destination)
    except OSError as error:
        if not destination.exists():
            raise SourceError(f'cannot copy the code folder "{tree.path}": {error.strerror or error}') from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _read(root: Path, path: str, ignore: tuple[str, ...], exclude: Iterable[str]) -> CodeTree:
    folder = _code_folder(root, path)
    excluded = {root / name for name in (*exclude, LOCK_FILE)}
    names = _without_output(folder, _list(folder, path))
    chosen = [name for name in names if folder / name not in excluded and not (ignore and _rules(ignore).ignores(name))]
    if len(chosen) > MAX_FILES:
        raise _too_large(path, f"more than {MAX_FILES} files")
    files = tuple(_read_all(folder, path, sorted(chosen, key=os.fsencode)))
    return CodeTree(folder, PurePosixPath(os.path.relpath(folder, root)).as_posix(), _digest(files), files)


def _code_folder(root: Path, path: str) -> Path:
    folder = (root / path).resolve()
    if not folder.is_relative_to(root):
        raise SourceError(
            f'the code folder "{path}" leaves the project', hint="move the code into the project's folder"
        )
    if not folder.is_dir():
        missing = "is not a folder" if folder.exists() else "does not exist"
        raise SourceError(f'the code folder "{path}" {missing}')
    return folder


def _list(folder: Path, path: str) -> list[str]:
    """Names of the candidates, as git knows them or, where it knows none, from the disk."""
    listed: list[str] = []
    if any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        listed = list(islice(_git_files(folder, path, ""), _MAX_CANDIDATES))
    listed = listed or list(islice(_visible_files(folder, ""), _MAX_CANDIDATES))
    if len(listed) == _MAX_CANDIDATES:
        raise _too_large(path, f"more than {_MAX_CANDIDATES - 1} files before `ignore`")
    return listed


def _git_files(folder: Path, path: str, prefix: str, depth: int = 0) -> Iterator[str]:
    """What git tracks or would add, submodules and nested repositories included."""
    for name in _ask_git(folder, path).split("\0"):
        clean = name.rstrip("/")
        if not clean or STATE_FOLDER in clean.split("/"):
            continue
        found = folder / clean
        if found.is_dir() and not found.is_symlink():
            if depth < _MAX_NESTING and (found / ".git").exists():
                yield from _git_files(found, path, f"{prefix}{clean}/", depth + 1)
        else:
            yield prefix + clean


def _ask_git(folder: Path, path: str) -> str:
    environment = _GIT_ENVIRONMENT | {name: os.environ[name] for name in _GIT_INHERITS if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            _GIT,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        message = f'the code folder "{path}" lies in a git repository, and the command `git` is not there to list it'
        raise SourceError(message, hint="install git") from error
    except subprocess.TimeoutExpired as error:
        raise SourceError(f'git took more than {GIT_SECONDS:g} s to list the code folder "{path}"') from error
    if _NO_REPOSITORY in done.stderr:
        return ""
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise SourceError(f'git cannot list the code folder "{path}": {said}')
    return os.fsdecode(done.stdout)


def _visible_files(folder: Path, prefix: str, depth: int = 0) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth < 100:
                yield from _visible_files(folder / entry.name, f"{prefix}{entry.name}/", depth + 1)
        else:
            yield prefix + entry.name


def _without_output(folder: Path, names: list[str]) -> list[str]:
    """The names without the files that a `compile -o` wrote, by the index that it left beside them."""
    written: set[str] = set()
    for name in names:
        if PurePosixPath(name).name == OUTPUT_INDEX:
            own = _listed_output(folder / name)
            written |= {f"{name.removesuffix(OUTPUT_INDEX)}{file}" for file in own}
    return [name for name in names if name not in written] if written else names


def _listed_output(index: Path) -> list[str]:
    """The files that an index of `compile -o` lists, itself included; none for any other file of that name."""
    if index.is_symlink() or not index.is_file() or index.stat().st_size > _LARGEST_INDEX:
        return []
    try:
        read: JSON = json.loads(index.read_bytes())
    except (ValueError, RecursionError):
        return []
    files: JSON = read.get("files") if is_mapping(read) and set(read) == {"format_version", "files"} else None
    if not is_list(files) or not all(is_mapping(entry) and set(entry) == _INDEX_ENTRY for entry in files):
        return []
    return [OUTPUT_INDEX, *(str(entry["file"]) for entry in files)]


@cache
def _rules(ignore: tuple[str, ...]) -> IgnoreRules:
    return IgnoreRules.of(ignore)


def _read_all(folder: Path, path: str, names: list[str]) -> Iterator[CodeFile]:
    left = MAX_BYTES
    for name in names:
        _require_unicode(name, path)
        try:
            found = (folder / name).lstat()
            if stat.S_ISLNK(found.st_mode):
                target = os.fsencode((folder / name).readlink())
                yield CodeFile(name, hashlib.sha256(target).hexdigest(), is_link=True)
            elif stat.S_ISREG(found.st_mode):
                left -= found.st_size
                if left < 0:
                    raise _too_large(path, f"more than {MAX_BYTES // 1024**2} MiB")
                yield CodeFile(name, _hash(folder / name), is_executable=bool(found.st_mode & stat.S_IXUSR))
        except FileNotFoundError:
            continue  # tracked by git, removed from the folder
        except OSError as error:
            raise SourceError(f'cannot read "{name}" in the code folder "{path}": {error.strerror}') from error


def _require_unicode(name: str, path: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        raise SourceError(f'the name "{shown}" in the code folder "{path}" is not UTF-8') from error


def _hash(file: Path) -> str:
    with _open(file) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _open(file: Path) -> BufferedReader:
    """The regular file of that name; a link that took its place is refused, not followed."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    return os.fdopen(descriptor, "rb")


def _copy_files(tree: CodeTree, destination: Path) -> None:
    for file in tree.files:
        target = destination / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            copied = _copy_link(tree.folder / file.name, target) if file.is_link else _copy(tree.folder, file, target)
        except FileNotFoundError:
            copied = ""
        if copied != file.digest:
            raise SourceError(
                f'"{file.name}" in the code folder "{tree.path}" was changed while the run was being prepared',
                hint="plan again: a run gets exactly the code that its plan was made for",
            )


def _copy_link(source: Path, target: Path) -> str:
    if not source.is_symlink():
        return ""
    to = source.readlink()
    target.symlink_to(to)
    return hashlib.sha256(os.fsencode(to)).hexdigest()


def _copy(folder: Path, file: CodeFile, target: Path) -> str:
    read = hashlib.sha256()
    mode = 0o777 if file.is_executable else 0o666
    with _open(folder / file.name) as source, os.fdopen(os.open(target, _NEW, mode), "wb") as copy:
        while block := source.read(_BLOCK):
            read.update(block)
            copy.write(block)
    return read.hexdigest()


def _digest(files: tuple[CodeFile, ...]) -> str:
    total = hashlib.sha256()
    for file in files:
        kind = "l" if file.is_link else "x" if file.is_executable else "f"
        total.update(f"{kind}\0{file.name}\0{file.digest}\n".encode())
    return f"sha256:{total.hexdigest()}"


def _too_large(path: str, what: str) -> SourceError:
    hint = "leave out what is no code by `ignore` or in .gitignore, or point `code` at a smaller folder"
    return SourceError(f'the code folder "{path}" holds {what}', hint=hint)
