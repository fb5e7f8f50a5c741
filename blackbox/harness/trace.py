"""Faults of the system calls of a running server, by `strace`: death before the N-th call, a call that
fails, or takes long.

Knows system calls, not servers. A rule is what `strace -e inject=` takes, such as
`fdatasync:error=EIO:when=1`; it counts from the moment of attaching, and for each thread by itself.
"""

import os
import subprocess
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.wait import until


def command(rule, record):
    """The program and arguments of a trace that injects `rule` and records the calls in a file."""
    calls = rule.split(":")[0]
    return ["strace", "-f", "-qq", "-e", f"trace={calls}", "-e", f"inject={rule}", "-o", str(record)]


def end(tracer):
    """Ends a trace."""
    with suppress(ProcessLookupError):
        tracer.terminate()
    try:
        tracer.wait(5)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait()


def let_die(tracer, pid, over):
    """Kills the tracer of a process that is dead and does not come to its end: strace may wait for ever for
    threads that a signal has killed as it stopped them, and holds them by that."""
    was_dead = False
    while not over.wait(1):
        is_dead = "State:\tZ" in status_of(pid)
        if is_dead and was_dead:
            tracer.kill()
            return
        was_dead = is_dead


def status_of(pid):
    """What the kernel tells of a process; nothing if there is none."""
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@contextmanager
def attached(server, rule):
    """Injects `rule` into a running server, which may end of it at once. Ends with the block."""
    record = server.folder / "strace.txt"
    pid = server.process.pid
    tracer = subprocess.Popen([*command(rule, record), "-p", str(pid)], stdin=subprocess.DEVNULL)
    over = threading.Event()
    watcher = threading.Thread(target=let_die, args=(tracer, pid, over))
    watcher.start()
    try:
        until(lambda: tracer.poll() is not None or is_traced(pid), "strace to attach")
        if tracer.poll() is not None:
            until(lambda: not server.is_running(), "strace did not attach: is tracing permitted?")
        yield record
    finally:
        over.set()
        watcher.join()
        end(tracer)


def is_traced(pid):
    """Whether every thread of the process has a tracer."""
    try:
        threads = [Path(f"/proc/{pid}/task/{thread}/status") for thread in os.listdir(f"/proc/{pid}/task")]
        statuses = [thread.read_text() for thread in threads]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return all("TracerPid:\t0\n" not in status for status in statuses)


def injections(record):
    """How many calls were injected into, by the record of the trace; one that is held up counts once it is over."""
    marks = ("INJECTED", "KILLED", "DELAYED")
    return sum(any(mark in line.upper() for mark in marks) for line in record.read_text().splitlines())
