"""RESP as clients speak it: exact bytes, pipelines, bad input, and an unmodified client library."""

import contextlib
from pathlib import Path

import pytest
import redis

from harness.resp import Connection, encoded
from harness.server import Server


@pytest.fixture(name="connection")
def _connection(server):
    with server.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
        (b"*2\r\n$4\r\nping\r\n$2\r\nhi\r\n", b"$2\r\nhi\r\n"),
        (b"PING\r\n", b"+PONG\r\n"),
        (b"PING\n", b"+PONG\r\n"),
        (b"\r\nPING\r\n", b"+PONG\r\n"),
        (b'SET k "a\\x00b"\r\nGET k\r\n', b"+OK\r\n$3\r\na\x00b\r\n"),
        (encoded("GET", "absent"), b"$-1\r\n"),
        (encoded("SET", "n", "1") + encoded("INCR", "n"), b"+OK\r\n:2\r\n"),
        (encoded("SET", "empty", "") + encoded("GET", "empty"), b"+OK\r\n$0\r\n\r\n"),
        (encoded("GET"), b"-ERR wrong number of arguments for 'get' command\r\n"),
        (encoded("SET", "k", "v", "NX", "XX"), b"-ERR syntax error\r\n"),
    ],
)
def test_these_bytes_are_answered_with_those(connection, sent, answered):
    """Byte for byte, for clients that parse strictly."""
    connection.send(sent)
    assert connection.read_exactly(len(answered)) == answered
    connection.send(b"PING\r\n")
    assert connection.read_exactly(7) == b"+PONG\r\n", "nothing was left over"


def test_null_is_a_type_of_its_own_in_resp3(connection):
    """`_` and not `$-1`, once the client has asked for RESP3."""
    connection.call("HELLO", "3")
    connection.send(encoded("GET", "absent"))
    assert connection.read_exactly(3) == b"_\r\n"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"*1\r\n+4\r\n", b"-ERR Protocol error: expected '$', got '+'\r\n"),
        (b"*1\r\n$-5\r\n", b"-ERR Protocol error: invalid bulk length\r\n"),
        (b"*x\r\n", b"-ERR Protocol error: invalid multibulk length\r\n"),
        pytest.param(
            b"*2147483648\r\n",
            b"-ERR Protocol error: invalid multibulk length: a request takes at most 1048576 arguments, "
            b"this one 2147483648\r\n",
            marks=pytest.mark.ours,
        ),
        pytest.param(
            b"*1\r\n$4294967296\r\n",
            b"-ERR Protocol error: invalid bulk length: an argument takes at most 67108864 bytes (proto-max-bulk-len), "
            b"this one 4294967296\r\n",
            marks=pytest.mark.ours,
        ),
        pytest.param(
            b"x" * 65_537,
            b"-ERR Protocol error: too big inline request: a line takes at most 65536 bytes\r\n",
            marks=pytest.mark.ours,
        ),
        (b'SET k "open\r\n', b"-ERR Protocol error: unbalanced quotes in request\r\n"),
    ],
)
def test_malformed_input_is_answered_with_the_reason_and_the_end_of_the_connection(server, sent, reason):
    """And the server goes on with everyone else."""
    with server.connect() as connection:
        connection.send(sent)
        assert connection.read_to_end() == reason
    assert server.call("PING").value == b"PONG"


def test_a_request_may_arrive_byte_by_byte(connection):
    """However the network cuts it."""
    for byte in encoded("SET", "key", "value"):
        connection.send(bytes([byte]))
    assert connection.read().value == b"OK"


def test_replies_come_in_the_order_of_the_requests(connection):
    """In a pipeline far longer than any buffer."""
    count = 20_000
    connection.send(b"".join(encoded("ECHO", number) for number in range(count)))
    assert [connection.read().value for _ in range(count)] == [b"%d" % number for number in range(count)]


def test_values_are_any_bytes_of_any_length(connection):
    """Around every length at which something changes inside: rows, pages, buffers."""
    every_byte = bytes(range(256))
    for length in (0, 1, 255, 1023, 1024, 1025, 16383, 16384, 16385, 65536, 1_000_003, 8_388_608):
        content = (every_byte * (length // 256 + 1))[:length]
        assert connection.call("SET", "value", content).value == b"OK"
        assert connection.call("STRLEN", "value").value == b"%d" % length
        assert connection.call("GET", "value").value == content


def test_an_unknown_command_is_an_error_and_not_the_end(connection):
    """As clients probe for commands."""
    reply = connection.call("NOSUCHCOMMAND", "argument")
    assert reply.is_error() and reply.value.startswith(b"ERR unknown command 'NOSUCHCOMMAND'")
    assert connection.call("PING").value == b"PONG"


@pytest.mark.parametrize("protocol", [2, 3])
def test_redis_py_works_unmodified(server, protocol):
    """Strings, a hash and a transaction through a stock client."""
    client = redis.Redis(*server.address, protocol=protocol, socket_timeout=10)
    assert client.execute_command("SET", "key", "value") is True
    assert client.get("key") == b"value"
    assert client.set("key", "other", nx=True) is None
    assert client.hset("account", mapping={"balance": 100, "owner": "ada"}) == 2
    with client.pipeline(transaction=True) as transaction:
        transaction.hincrby("account", "balance", -30)
        transaction.set("paid", 30)
        assert transaction.execute() == [70, True]
    assert client.hgetall("account") == {b"balance": b"70", b"owner": b"ada"}
    client.close()


def test_a_watched_key_that_changes_stops_the_transaction(server):
    """As redis-py reports it: WatchError."""
    client = redis.Redis(*server.address, socket_timeout=10)
    with client.pipeline() as transaction:
        transaction.watch("stock")
        client.set("stock", 1)
        transaction.multi()
        transaction.set("stock", 2)
        with pytest.raises(redis.WatchError):
            transaction.execute()
    assert client.get("stock") == b"1"
    client.close()


@pytest.mark.ours
def test_a_connection_watches_10000_keys_and_is_refused_one_more(server, connection):
    """By an error that names the bound; what is watched stays so, and the connection goes on."""
    for first in range(0, 10_000, 2_500):
        assert connection.call("WATCH", *(f"key:{at}" for at in range(first, first + 2_500))).value == b"OK"
    for more in (["key:one"], ["key:0", "key:two"]):
        refused = connection.call("WATCH", *more)
        assert refused.is_error()
        assert refused.value == b"LIMIT a connection watches at most 10000 keys"
    assert connection.call("WATCH", "key:0", "key:0", "key:1").value == b"OK", "they are watched already"

    def outcome():
        """Of a transaction; what is watched is forgotten by it."""
        connection.call("MULTI")
        connection.call("SET", "done", "1")
        answer = connection.call("EXEC").value
        return answer and [reply.value for reply in answer]

    assert server.call("SET", "key:one", "1").value == b"OK"
    assert outcome() == [b"OK"], "what was refused is not watched"
    assert connection.call("WATCH", *(f"key:{at}" for at in range(10_000))).value == b"OK", "there is room again"
    assert server.call("SET", "key:9999", "1").value == b"OK"
    assert outcome() is None, "the last of them is watched"


def test_many_idle_connections_leave_room_for_one_more(server):
    """A connection costs little while it says nothing."""
    idle = [Connection(server.address) for _ in range(500)]
    try:
        assert server.call("PING").value == b"PONG"
        assert idle[-1].call("PING").value == b"PONG"
    finally:
        for connection in idle:
            connection.close()


def resident_kib(server):
    """Memory of the process that is in RAM."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


@pytest.mark.ours
def test_a_silent_connection_keeps_next_to_no_memory(server):
    """Whatever it had sent and received before it fell silent."""
    payload = "x" * 12_000
    with server.connect() as first:
        assert len(first.call("PING", payload).value) == len(payload)
    before, count = resident_kib(server), 1000
    idle = []
    try:
        for _ in range(count):
            idle.append(Connection(server.address))
            assert len(idle[-1].call("PING", payload).value) == len(payload)
        assert (resident_kib(server) - before) / count < 12, "KiB for each connection"
    finally:
        for connection in idle:
            connection.close()


@pytest.mark.ours
def test_a_request_beyond_the_memory_for_requests_ends_its_connection_and_no_other(launch, tmp_path):
    """A tenth of the memory is for requests under way; whoever would exceed it is told."""
    server = Server(launch, tmp_path / "server")
    server.launch = launch.having("--memory", "256MiB")
    server.start()
    with server.connect() as other, server.connect() as greedy:
        assert other.call("SET", "key", "before").value == b"OK"
        request = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$40000000\r\n" + b"x" * 30_000_000
        with contextlib.suppress(ConnectionError):  # closed while it was sent
            greedy.send(request)
        assert greedy.read_exactly(7) == b"-LIMIT "
        assert other.call("SET", "key", "after").value == b"OK"
        with server.connect() as third:
            assert third.call("SET", "large", b"x" * 8_000_000).value == b"OK", "the room was given back"
    assert server.stop() == 0


@pytest.mark.ours
def test_a_key_over_the_limit_is_refused_with_the_limit_of_keys(connection):
    """Not with that of what is made of it; and the connection goes on."""
    longest = "k" * 32_762
    assert connection.call("SET", longest, "v").value == b"OK"
    for command in (("SET", longest + "k", "v"), ("GET", longest + "k"), ("MSET", "a", "1", longest + "k", "2"),
                    ("WATCH", longest + "k"), ("COPY", longest, longest + "k", "DB", "1")):
        answer = connection.call(*command)
        assert answer.is_error()
        assert answer.value == b"LIMIT a key takes at most 32762 bytes, this one 32763", command[0]
    assert connection.call("EXISTS", "a").value == b"0"
    connection.call("MULTI")
    connection.call("SET", "a", "1")
    assert connection.call("SET", longest + "k", "v").value == b"QUEUED"
    assert connection.call("EXEC").value == b"LIMIT a key takes at most 32762 bytes, this one 32763"
    assert connection.call("GET", "a").value is None


@pytest.mark.ours
def test_a_value_over_the_limit_is_refused_before_it_is_received(connection):
    """64 MiB: what no transaction takes is not read either."""
    connection.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$67108865\r\n")
    assert connection.read_to_end() == (
        b"-ERR Protocol error: invalid bulk length: an argument takes at most 67108864 bytes "
        b"(proto-max-bulk-len), this one 67108865\r\n"
    )


@pytest.mark.ours
def test_a_web_page_cannot_make_a_browser_run_commands(server):
    """A POST ends the connection before its body is looked at."""
    body = b"SET pwned yes\r\n"
    for first in (b"POST / HTTP/1.1\r\n", b"hoSt: here\r\n"):
        with server.connect() as connection:
            connection.send(first + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            with pytest.raises((OSError, ValueError)):
                connection.read()
    with server.connect() as connection:
        assert connection.call("GET", "pwned").value is None


@pytest.mark.ours
def test_commands_that_wait_for_exec_count_towards_the_memory_for_requests(launch, tmp_path):
    """Who would exceed it is refused, before the memory is gone."""
    small = launch.having("--memory", "256MiB")
    server = Server(small, tmp_path / "small").start()
    try:
        held, refused = [server.connect() for _ in range(4)], 0
        for connection in held:
            connection.call("MULTI")
            for _ in range(12):
                refused += connection.call("SET", "a", b"x" * (1 << 20)).is_error()
        assert refused > 0
        for connection in held:
            connection.close()
    finally:
        server.stop()
