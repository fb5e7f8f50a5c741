"""Many clients at one time: as many as there may be, and those who take their time over each byte."""

import contextlib
import resource
import socket
import struct
import time
from pathlib import Path

import pytest

from harness.kafka import API_VERSIONS, Raw, frame
from harness.resp import encoded
from harness.server import HOST
from harness.wait import until

MIB = 1 << 20
# What anybody else may have to wait for an answer.
SERVED_SECONDS = 1.0
# Where a process may have fewer files, the server takes fewer clients; below this it would show nothing.
CLIENTS_MIN = 4_000
# 68 MiB were seen with 10,000: what a connection keeps, and what the program takes by itself.
RESIDENT_MAX = 256 * MIB

FULL = b"-ERR max number of clients reached\r\n"


@pytest.fixture(name="files")
def _files():
    """As many open files as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def resident_bytes(server):
    """Memory of the process that is in RAM."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) << 10


def seconds_to_be_served(connection, number):
    """How long a write and a read of it take somebody else."""
    began = time.monotonic()
    assert connection.call("SET", "other", number).value == b"OK"
    assert connection.call("GET", "other").value == b"%d" % number
    return time.monotonic() - began


def pongs(connections):
    """How many of these are answered."""
    for connection in connections:
        connection.sendall(b"PING\r\n")
    return sum(connection.recv(64) == b"+PONG\r\n" for connection in connections)


@pytest.mark.ours
def test_ten_thousand_idle_clients_are_held_and_served_and_one_more_is_told(server, files):
    """For little memory, and without making another client wait; and those who go make room."""
    with contextlib.ExitStack() as held:
        other = held.enter_context(server.connect())
        most = int(other.call("CONFIG", "GET", "maxclients").value[1].value)
        assert CLIENTS_MIN <= most <= 10_000, f"{most} clients, as {files} files may be open"
        idle, waits = [], []
        while len(idle) < most - 1:
            connection = socket.create_connection(server.address, timeout=30)
            idle.append(held.enter_context(connection))
            if len(idle) % 500 == 0:
                waits.append(seconds_to_be_served(other, len(idle)))
        answered = 0
        for first in range(0, len(idle), 500):
            answered += pongs(idle[first : first + 500])
            waits.append(seconds_to_be_served(other, first))
        resident = resident_bytes(server)
        print(f"\n{len(idle)} idle clients, {resident >> 20} MiB, another waited for {max(waits):.3f} s at most")
        assert answered == len(idle) == most - 1, f"{answered} of {len(idle)} were answered"
        assert max(waits) < SERVED_SECONDS
        assert resident < RESIDENT_MAX, f"{resident >> 20} MiB for {most} clients"

        with server.connect() as one_more:
            assert one_more.read_to_end() == FULL, f"client {most + 1}"
        assert other.call("PING").value == b"PONG"

    def is_served():
        # Those who have closed are noticed one by one.
        with contextlib.suppress(OSError), server.connect() as newcomer:
            return newcomer.call("PING").value == b"PONG"

    until(is_served, "room for a new client")
    with server.connect() as newcomer:
        until(lambda: newcomer.call("CLIENT", "LIST").value.count(b"\n") == 1, "the end of the others")


SENDERS = 50
# From the first byte of a request to the last.
DRIP_SECONDS = 4.0


def drip(sockets, request, meanwhile):
    """Sends the request to each of them byte by byte, evenly over the time, and does something else all along."""
    began = time.monotonic()
    for at in range(len(request)):
        for each in sockets:
            each.sendall(request[at : at + 1])
        meanwhile()
        while time.monotonic() - began < DRIP_SECONDS * at / len(request):
            meanwhile()


@pytest.mark.parametrize("front", ["resp", pytest.param("kafka", marks=pytest.mark.ours)])
def test_who_sends_byte_by_byte_is_answered_in_the_end_and_holds_nobody_up(server, front):
    """Fifty at one time, each over some seconds; somebody else is served within a second all along."""
    waits = []
    with contextlib.ExitStack() as held:
        other = held.enter_context(server.connect())

        def meanwhile():
            waits.append(seconds_to_be_served(other, len(waits)))

        if front == "resp":
            slow = [held.enter_context(server.connect()) for _ in range(SENDERS)]
            requests = [("INCR", "count"), ("ECHO", "the same for all"), ("GET", "other" * 5)]
            drip([each.socket for each in slow], b"".join(encoded(*words) for words in requests), meanwhile)
            answers = [[each.read().value for _ in requests] for each in slow]
            assert sorted(int(answer[0]) for answer in answers) == list(range(1, SENDERS + 1))
            assert all(answer[1:] == [b"the same for all", None] for answer in answers)
        else:
            slow = [held.enter_context(Raw((HOST, server.ports["kafka"]))) for _ in range(SENDERS)]
            request = b"".join(frame(API_VERSIONS, 0, correlation=number) for number in range(3))
            drip([each.socket for each in slow], request, meanwhile)
            for each in slow:
                heads = [each.read_frame()[:6] for _ in range(3)]
                assert heads == [struct.pack(">ih", number, 0) for number in range(3)]
    print(f"\nanother was served {len(waits)} times, and waited for {max(waits):.3f} s at most")
    assert len(waits) > 100
    assert max(waits) < SERVED_SECONDS
