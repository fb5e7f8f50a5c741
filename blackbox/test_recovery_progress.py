"""What a start tells while it reads a long log: lines where nobody looks on, a bar on a terminal.

Reading is fast, so `strace` holds up each read of the part of the start that is told of.
"""

import os
import pty
import re
import threading
import time

import pytest

from harness.server import Server, find
from harness.trace import command, injections

pytestmark = [
    pytest.mark.ours,
    pytest.mark.skipif(find("strace") is None, reason="strace is not installed"),
]

# Each of these fills a segment of the log.
KEYS, VALUE_BYTES = 40, 960_000
WRITTEN_MIB = KEYS * VALUE_BYTES >> 20
# So many reads find the frames of the log, first of all; together they take some four seconds.
READS, DELAY_MS = 240, 20
RULE = f"pread64:delay_enter={DELAY_MS * 1000}:when=1..{READS}"

LINE = re.compile(r"^recovering: (\d+) %, (\d+) of (\d+) MiB$", re.MULTILINE)
BAR = re.compile(r"\rrecovering \[([# ]{25})\] +(\d+) %  (\d+) of (\d+) MiB")


def value(number):
    """The value of a key."""
    return b"%07d;" % number * (VALUE_BYTES // 8)


@pytest.fixture(name="server")
def _server(launch, tmp_path):
    """One that was killed with tens of MiB in its log."""
    server = Server(launch.having("--log-segment", "1MiB"), tmp_path / "server").start()
    try:
        with server.connect() as connection:
            for number in range(KEYS):
                assert connection.call("SET", f"key:{number}", value(number)).value == b"OK"
        server.kill()
        yield server
    finally:
        server.kill()


def holds_everything(server):
    """What was written is there, whatever was told of its recovery."""
    with server.connect() as connection:
        return all(connection.call("GET", f"key:{number}").value == value(number) for number in range(KEYS))


def grows(numbers):
    """Whether each is larger than the one before."""
    return all(one < other for one, other in zip(numbers, numbers[1:]))


def test_a_start_that_takes_long_writes_a_line_a_second(server):
    """How much of how much. One that does not take long writes none."""
    record, began = server.folder / "strace.txt", time.monotonic()
    server.start(under=command(RULE, record))
    took = time.monotonic() - began
    assert injections(record) >= READS
    told = [tuple(map(int, found)) for found in LINE.findall(server.stderr())]
    print(f"\n{told} in {took:.1f} s")
    assert 2 <= len(told) <= took, server.stderr()
    assert grows([percent for percent, _, _ in told]) and told[-1][0] <= 100, told
    assert all(abs(percent - 100 * mib / of) < 4 and of >= WRITTEN_MIB for percent, mib, of in told), told
    assert "\r" not in server.stderr() and "[#" not in server.stderr()
    assert holds_everything(server)

    server.crash()
    assert "recovering" not in server.stderr()
    assert holds_everything(server)
    assert server.stop() == 0


def test_a_start_on_a_terminal_draws_a_bar(server):
    """Over and over in one line, which ends when it is full."""
    master, terminal = pty.openpty()
    shown = []

    def look_on():
        # It fails once nobody has the terminal open any more.
        try:
            while piece := os.read(master, 65536):
                shown.append(piece)
        except OSError:
            pass

    watcher = threading.Thread(target=look_on, daemon=True)
    watcher.start()
    try:
        server.start(under=command(RULE, server.folder / "strace.txt"), terminal=terminal)
        assert holds_everything(server)
        assert server.stop() == 0
    finally:
        server.kill()
        os.close(terminal)
        watcher.join(10)
        os.close(master)
    assert not watcher.is_alive()
    text = b"".join(shown).decode()
    drawn = [(bar.rstrip(" "), *map(int, numbers)) for bar, *numbers in BAR.findall(text)]
    print(f"\n{len(drawn)} times, at last {drawn[-1:]}")
    assert len(drawn) >= 10, text
    assert all(bar == "#" * (percent // 4) for bar, percent, _, _ in drawn), drawn
    assert grows([percent for _, percent, _, _ in drawn]), drawn
    assert drawn[-1][1] == 100 and drawn[-1][2] == drawn[-1][3] >= WRITTEN_MIB, drawn
    assert text.count("recovering") == len(drawn), text
    # The terminal makes \r\n of the line end.
    assert "\n" not in text[text.index("\rrecovering") : text.index("MiB\r\n", text.index("100 %"))], "it was one line"
