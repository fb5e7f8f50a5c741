"""CLIENT PAUSE: which commands are held back, for how long, and who can end it."""

import contextlib
import time

import pytest

from harness.resp import encoded
from harness.wait import until

LONG = 60_000


@pytest.fixture(name="either", params=["server", "oracle"])
def _either(request):
    """The server under test, and another, of which the same is expected."""
    return request.getfixturevalue(request.param)


def figure(connection, name):
    """A figure of INFO clients."""
    lines = connection.call("INFO", "clients").value.decode().splitlines()
    return int(dict(line.split(":") for line in lines if ":" in line)[name])


def held(connection, count):
    """Waits until so many connections have a command that is held back."""
    until(lambda: figure(connection, "blocked_clients") == count, f"{count} are held back")


@contextlib.contextmanager
def connections(server, count):
    """Connections to a server, closed in the end."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(server.connect()) for _ in range(count)]


def test_writes_are_held_back_until_the_pause_is_ended_and_reads_are_not(either):
    """Of several clients, and the replies before a held command leave."""
    with connections(either, 4) as (admin, *writers):
        assert admin.call("CLIENT", "PAUSE", LONG, "WRITE").value == b"OK"
        for writer in writers:
            writer.send(encoded("GET", "k") + encoded("APPEND", "k", "v") + encoded("STRLEN", "k"))
            assert writer.read().value is None
        held(admin, len(writers))
        assert admin.call("GET", "k").value is None
        assert admin.call("SET", "k").value == b"ERR wrong number of arguments for 'set' command"
        assert admin.call("CLIENT", "UNPAUSE").value == b"OK"
        assert sorted(writer.read().value for writer in writers) == [b"1", b"2", b"3"]
        assert b"3" in [writer.read().value for writer in writers]
        held(admin, 0)


def test_a_transaction_that_writes_is_held_back_at_exec_and_one_that_reads_is_not(either):
    """Also what is queued during the pause."""
    with connections(either, 4) as (admin, reader, writer, late):
        writer.call("MULTI")
        assert writer.call("SET", "k", "v").value == b"QUEUED"
        admin.call("CLIENT", "PAUSE", LONG, "WRITE")
        reader.call("MULTI")
        reader.call("GET", "k")
        assert [reply.value for reply in reader.call("EXEC").value] == [None]
        writer.send(encoded("EXEC"))
        late.call("MULTI")
        late.send(encoded("SET", "l", "v") + encoded("EXEC"))
        held(admin, 2)
        assert admin.call("GET", "k").value is None
        admin.call("CLIENT", "UNPAUSE")
        assert [reply.value for reply in writer.read().value] == [b"OK"]
        assert late.read().value == b"QUEUED"
        assert [reply.value for reply in late.read().value] == [b"OK"]


def test_a_pause_that_a_transaction_asks_for_begins_at_its_end(either):
    """What stands behind it in the transaction is carried out."""
    with connections(either, 2) as (admin, writer):
        admin.call("MULTI")
        admin.call("SET", "a", "1")
        admin.call("CLIENT", "PAUSE", LONG, "WRITE")
        admin.call("SET", "b", "1")
        assert [reply.value for reply in admin.call("EXEC").value] == [b"OK", b"OK", b"OK"]
        writer.send(encoded("SET", "c", "1"))
        held(admin, 1)
        assert [admin.call("GET", key).value for key in "abc"] == [b"1", b"1", None]
        admin.call("CLIENT", "UNPAUSE")
        assert writer.read().value == b"OK"


def test_a_pause_of_all_holds_reads_back_until_its_time_is_over(either):
    """By itself; a narrower and shorter one that is asked for within it changes nothing."""
    with connections(either, 2) as (admin, reader):
        began = time.monotonic()
        admin.send(encoded("MULTI") + encoded("CLIENT", "PAUSE", 400) + encoded("CLIENT", "PAUSE", 10, "WRITE"))
        admin.send(encoded("EXEC"))
        assert [reply.value for reply in [admin.read() for _ in range(4)][3].value] == [b"OK", b"OK"]
        assert reader.call("GET", "k").value is None
        assert time.monotonic() - began >= 0.39


@pytest.mark.ours
def test_who_has_paused_all_can_end_it_and_so_can_others(server):
    """Commands about the connection alone are not held back."""
    with connections(server, 3) as (admin, other, reader):
        for who in (admin, other):
            admin.call("CLIENT", "PAUSE", LONG)
            reader.send(encoded("PING"))
            assert other.call("CLIENT", "ID").kind == ":"
            assert other.call("HELLO", "2").kind == "*"
            assert who.call("CLIENT", "UNPAUSE").value == b"OK"
            assert reader.read().value == b"PONG"


@pytest.mark.ours
def test_a_client_that_is_gone_or_ended_is_not_kept_and_its_command_never_runs(server):
    """Else clients that give up and come back would take all connections while the pause lasts."""
    with connections(server, 4) as (admin, gone, closing, ended):
        admin.call("CLIENT", "PAUSE", LONG, "WRITE")
        number = ended.call("CLIENT", "ID").value
        for writer in (gone, closing, ended):
            writer.send(encoded("SET", "k", "v"))
        held(admin, 3)
        gone.close()
        held(admin, 2)
        # With more behind it, which is not read before the pause is over.
        closing.send(b"PING\r\n" * 1000)
        closing.close()
        held(admin, 1)
        assert admin.call("CLIENT", "KILL", "ID", number).value == b"1"
        assert ended.read_to_end() == b""
        held(admin, 0)
        until(lambda: figure(admin, "connected_clients") == 1, "the connections are given back")
        admin.call("CLIENT", "UNPAUSE")
        assert admin.call("GET", "k").value is None


@pytest.mark.ours
def test_a_stop_answers_what_is_held_back(server):
    """A stop ends every pause: what had come is carried out."""
    with connections(server, 2) as (admin, writer):
        admin.call("CLIENT", "PAUSE", LONG, "WRITE")
        writer.send(encoded("SET", "k", "v"))
        held(admin, 1)
        assert server.stop() == 0
        assert writer.read().value == b"OK"
