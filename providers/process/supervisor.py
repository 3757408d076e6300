"""One small detached process a run: it starts the job once, waits for its end, and writes that down.

It is started by file path in an isolated interpreter, imports the standard library alone, and
works inside the run's folder:

    lock           held (`flock`) while the supervisor lives, and by its child until that has become the job
    request.json   labels and timeout: whose run this is
    started.json   put there by the child as its last act before it becomes the job; never taken back
    cancel         its presence asks the supervisor to stop the job
    exit.json      how it ended; where it exists, nothing starts the job any more
    output.log     what the job prints
    work/          the job's own working copy

Under the lock, no `started.json` means that the job never ran and that nobody is about to run it: a supervisor may
start it. With one, nobody may, ever. Arguments and environment arrive on standard input and are never written: they
may hold secrets.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would cost a quarter of the start
    from collections.abc import Callable, Mapping
    from typing import NoReturn

    from launchctl.values import JSON

LOCK, LOG = "lock", "output.log"
REQUEST, STARTED, CANCEL, EXIT = "request.json", "started.json", "cancel", "exit.json"
POLL = 0.2
"""Seconds between two looks for a request to cancel."""
PATIENCE = 10.0
"""Seconds to wait for a lock that an observer or another supervisor holds without having started the job."""
LAST_WAIT = 5.0
"""Seconds to wait for processes that were killed to be gone."""
_HERE = "."
_FOR_GOOD = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EROFS, errno.EACCES, errno.EPERM})


def main(folder: str) -> None:
    """Leave the caller's process tree, read the request, and see the job through."""
    if os.fork():
        os._exit(0)  # the caller reaps this one at once and never has a child to wait for
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    text = sys.stdin.buffer.read()
    if text.endswith(b"\n"):  # else the caller died while it was speaking
        os.chdir(folder)
        supervise(json.loads(text))


def supervise(request: Mapping[str, JSON]) -> None:
    """Start the job unless it was started or forbidden before, and record its end."""
    refusal, child = "", None
    try:
        child = admit(request)
    except OSError as error:
        refusal = os.strerror(error.errno or 0).lower()
    answer(refusal)
    if child is not None:
        record_end(*see_through(child, request))


def admit(request: Mapping[str, JSON]) -> int | None:
    """The job's process, where this supervisor is the one that may start it; raises OSError where that fails."""
    if hold_lock(_HERE, PATIENCE, unless_begun=True) is None:
        return None
    owner = read_json(_HERE, REQUEST)
    is_taken = owner is not None and owner["labels"] != request["labels"]
    if is_taken or is_there(_HERE, STARTED) or is_there(_HERE, EXIT):
        return None
    write_json(_HERE, REQUEST, {"version": 1, "labels": request["labels"], "timeout": request["timeout"]})
    if is_there(_HERE, CANCEL):
        write_end(_HERE, "cancelled", message="cancelled before it was started")
        return None
    return start(request)


def start(request: Mapping[str, JSON]) -> int | None:
    """The job's process, which is in `started.json` for good; None where it was killed before that."""
    supervisor = os.getpid()
    listening, telling = os.pipe()
    child = os.fork()
    if child == 0:
        become_job(request, supervisor, telling)
    os.close(telling)
    failure = os.read(listening, 8)
    os.close(listening)
    if is_there(_HERE, STARTED):
        return child
    os.waitpid(child, 0)
    if failure:
        raise OSError(int(failure), "")
    return None


def become_job(request: Mapping[str, JSON], supervisor: int, telling: int) -> NoReturn:
    """Replace this process by the job, if its supervisor is there to see it through; tell it 0 or an error's number."""
    code = 126
    try:
        os.setpgid(0, 0)
        draft = draft_json(_HERE, STARTED, description(supervisor))
        if os.getppid() == supervisor:
            publish(_HERE, draft, STARTED)
            os.write(telling, b"0")
            code = execute(request)
    except OSError as error:
        os.write(telling, b"%d" % (error.errno or errno.EIO))
    finally:
        os._exit(code)


def execute(request: Mapping[str, JSON]) -> int:
    """Replace this process by the job; where that fails, record why and return the exit code of a shell."""
    argv: list[str] = request["argv"]
    here = os.open(_HERE, os.O_RDONLY)
    connect_streams()
    reset_signals()
    try:
        os.chdir(as_bytes(request["cwd"]))
        environment = {as_bytes(name): as_bytes(value) for name, value in request["env"].items()}
        os.execvpe(as_bytes(argv[0]), [as_bytes(word) for word in argv], environment)  # noqa: S606
    except (OSError, ValueError) as error:
        code, reason = explain(argv[0], request["cwd"], error)
        message = f'cannot run "{argv[0]}": {reason}'
        os.write(2, as_bytes(f"launchctl: {message}\n"))
        os.fchdir(here)
        write_end(_HERE, "not_executed", code, message)
        return code


def explain(program: str, folder: str, error: OSError | ValueError) -> tuple[int, str]:
    """Exit code and reason of a job that could not be executed: 127 for not found, 126 for the rest."""
    if not isinstance(error, OSError):
        return 126, str(error)
    if not os.path.isdir(as_bytes(folder)):
        return 126, "its working folder does not exist"
    if error.errno not in {errno.ENOENT, errno.ENOTDIR}:
        return 126, os.strerror(error.errno or 0).lower()
    if "/" not in program:
        return 127, "no such program on the PATH"
    if os.path.exists(as_bytes(program)):
        return 127, "the interpreter that its first line names does not exist"
    return 127, "no such program"


def connect_streams() -> None:
    """Nothing to read, and one log for all that is printed."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)


def reset_signals() -> None:
    """Give the job the dispositions of a fresh program, whatever the interpreter and the caller ignore."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def as_bytes(text: str) -> bytes:
    """A text as the system takes it, in whatever locale."""
    return text.encode("utf-8", "surrogateescape")


class Leader:
    """The job's first process, reaped once."""

    def __init__(self, process: int) -> None:
        self.process = process
        self.status: int | None = None

    def is_alive(self) -> bool:
        """Whether it still runs; it is reaped where it does not."""
        if self.status is None:
            done, status = os.waitpid(self.process, os.WNOHANG)
            self.status = status if done else None
        return self.status is None


def see_through(child: int, request: Mapping[str, JSON]) -> tuple[str, int | None, str]:
    """Why the job ended, its wait status, and a remark where some of its group is left."""
    timeout: float | None = request["timeout"]
    deadline = float("inf") if timeout is None else time.monotonic() + timeout
    leader, alarm, reason = Leader(child), wake_on_child(), "exited"
    while leader.is_alive():
        if found := reason_to_stop(deadline):
            reason = found
            break
        if select.select([alarm], [], [], max(0.0, min(POLL, deadline - time.monotonic())))[0]:
            os.read(alarm, 512)
    is_gone = stop_group(child, request["grace"], leader.is_alive)
    leader.is_alive()
    return reason, leader.status, "" if is_gone else "some of its processes could not be stopped"


def wake_on_child() -> int:
    """A descriptor that becomes readable when a child ends."""
    alarm, trigger = os.pipe()
    os.set_blocking(trigger, False)
    signal.set_wakeup_fd(trigger, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    return alarm


def reason_to_stop(deadline: float) -> str | None:
    """Why a living job has to be stopped now, if it has."""
    if time.monotonic() >= deadline:
        return "timed_out"
    return "cancelled" if os.path.exists(CANCEL) else None


def record_end(reason: str, status: int | None, remark: str) -> None:
    """Write down how the job ended, unless its own process has written why it could not begin."""
    code = None if status is None else os.waitstatus_to_exitcode(status)
    if code is not None and code < 0:
        remark = f"ended by {signal_name(-code)}" + (f"; {remark}" if remark else "")
        code = 128 - code
    while not is_there(_HERE, EXIT):
        try:
            write_end(_HERE, reason, code, remark)
        except OSError as error:
            if error.errno in _FOR_GOOD:
                return
            time.sleep(POLL)  # a full disk: the end is worth waiting for


def signal_name(number: int) -> str:
    """`SIGTERM` for 15."""
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def stop_group(group: int, grace: float, reap: Callable[[], bool] = bool) -> bool:
    """End every process of a group, by TERM and after the grace by KILL; whether none is left."""
    send(group, signal.SIGTERM)
    send(group, signal.SIGCONT)
    if _is_gone_within(grace, group, reap):
        return True
    until = time.monotonic() + LAST_WAIT
    while time.monotonic() < until:
        send(group, signal.SIGKILL)  # again and again, for what was forked meanwhile
        if _is_gone_within(POLL, group, reap):
            return True
    return False


def _is_gone_within(seconds: float, group: int, reap: Callable[[], bool]) -> bool:
    until, pause = time.monotonic() + seconds, 0.002
    while True:
        reap()
        if not group_is_alive(group):
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(pause)
        pause = min(pause * 2, POLL)


def send(group: int, number: int) -> None:
    """Signal a group, if there is one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def group_is_alive(group: int) -> bool:
    """Whether a group has a process that is more than an unreaped entry."""
    try:
        os.killpg(group, 0)
    except OSError as error:
        if error.errno == errno.ESRCH:
            return False
    if not os.path.isdir("/proc/self"):
        return True
    found = (process_fields(name) for name in os.listdir("/proc") if name.isdigit())
    return any(fields[2] == b"%d" % group and fields[0] not in b"ZX" for fields in found if fields)


def process_fields(process: int | str) -> list[bytes]:
    """State, parent, group and so on of a process, in the order of `/proc/PID/stat`; empty where unknown."""
    try:
        with open(f"/proc/{process}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()
    except OSError:
        return []


def birth(process: int) -> int | None:
    """When a process was started, in ticks since the machine was; None where nothing tells."""
    fields = process_fields(process)
    return int(fields[19]) if fields else None


def boot_id() -> str | None:
    """Which start of the machine this is; None where nothing tells."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return None


def description(supervisor: int) -> dict[str, JSON]:
    """What `started.json` says: enough to know this process again, and never to take another for it."""
    return {
        "pid": os.getpid(),
        "birth": birth(os.getpid()),
        "boot": boot_id(),
        "machine": os.uname().nodename,
        "supervisor": supervisor,
        "started_at": time.time(),
    }


def write_end(folder: str, reason: str, exit_code: int | None = None, message: str = "") -> None:
    """Write `exit.json`."""
    end = {"reason": reason, "exit_code": exit_code, "message": message, "ended_at": time.time()}
    write_json(folder, EXIT, end)


def write_json(folder: str, name: str, value: Mapping[str, JSON]) -> None:
    """A file that is there entirely or not at all, and stays when the power goes."""
    publish(folder, draft_json(folder, name, value), name)


def draft_json(folder: str, name: str, value: Mapping[str, JSON]) -> str:
    """The path of a file's content on the disk, under a name of this process alone."""
    draft = os.path.join(folder, f".{name}.{os.getpid()}")
    with open(draft, "w", encoding="ascii") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    return draft


def publish(folder: str, draft: str, name: str) -> None:
    """Give a draft its name, for good."""
    os.replace(draft, os.path.join(folder, name))
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def read_json(folder: str, name: str) -> JSON:
    """A file's value, or None where there is no such file."""
    try:
        with open(os.path.join(folder, name), encoding="ascii") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def is_there(folder: str, name: str) -> bool:
    """Whether a file exists; a file system that does not answer raises, and is never taken for a no."""
    try:
        os.stat(os.path.join(folder, name))
    except FileNotFoundError:
        return False
    return True


def hold_lock(folder: str, patience: float, *, unless_begun: bool = False) -> int | None:
    """A descriptor that holds the folder's lock, or None where it stays taken."""
    descriptor = os.open(os.path.join(folder, LOCK), os.O_RDWR | os.O_CREAT, 0o666)
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            has_begun = unless_begun and (is_there(folder, STARTED) or is_there(folder, EXIT))
            if has_begun or time.monotonic() >= until:
                os.close(descriptor)
                return None
            time.sleep(0.005)


def answer(refusal: str) -> None:
    """Tell the caller, if it still listens, why nothing was started, or nothing; let go of its pipes."""
    with contextlib.suppress(OSError):
        os.write(1, refusal.encode())
    nothing = os.open(os.devnull, os.O_RDWR)
    for target in (0, 1, 2):
        os.dup2(nothing, target)


if __name__ == "__main__":
    main(sys.argv[1])
