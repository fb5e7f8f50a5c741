"""What clients may ask of connections and of the server, beyond one reply to one request."""

import re
import subprocess

import pytest
import redis

from harness.resp import encoded
from harness.server import HOST, find
from harness.wait import until


def client_id(connection):
    """The number of a connection."""
    return int(connection.call("CLIENT", "ID").value)


def listed(connection):
    """The connections that CLIENT LIST tells of: number -> fields."""
    lines = connection.call("CLIENT", "LIST").value.decode().splitlines()
    clients = [dict(field.split("=", 1) for field in line.split(" ")) for line in lines]
    return {int(client["id"]): client for client in clients}


def figures(connection, section):
    """The fields of a section of INFO."""
    lines = connection.call("INFO", section).value.decode().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


@pytest.mark.parametrize("by", ["id", "address"])
def test_a_connection_that_waits_is_ended_by_another(server, by):
    """At once, and it is listed no more."""
    with server.connect() as operator, server.connect() as other:
        number = client_id(other)
        if by == "id":
            assert operator.call("CLIENT", "KILL", "ID", number).value == b"1"
        else:
            address = listed(operator)[number]["addr"]
            assert operator.call("CLIENT", "KILL", address).value == b"OK"
        assert other.read_to_end() == b""
        until(lambda: number not in listed(operator), "the end of the connection")


def test_a_connection_that_does_not_read_is_ended_by_another(server):
    """Its replies fill every buffer, and still it goes."""
    with server.connect() as operator, server.connect() as other:
        number = client_id(other)
        operator.call("SET", "large", "x" * 1_000_000)
        other.send(encoded("GET", "large") * 100)
        until(lambda: int(figures(operator, "stats")["total_net_output_bytes"]) > 2_000_000, "replies")
        assert operator.call("CLIENT", "KILL", "ID", number).value == b"1"
        until(lambda: number not in listed(operator), "the end of the connection")


def test_a_connection_that_ends_itself_gets_its_reply_first(server):
    """SKIPME no counts it, also inside MULTI."""
    with server.connect() as connection:
        connection.send(encoded("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no") + encoded("PING"))
        assert connection.read_to_end() == b":1\r\n"
    with server.connect() as connection:
        for command in (["MULTI"], ["SET", "kept", "1"], ["CLIENT", "KILL", "USER", "default", "SKIPME", "no"]):
            connection.call(*command)
        connection.send(encoded("EXEC") + encoded("PING"))
        assert connection.read_to_end() == b"*2\r\n+OK\r\n:1\r\n"
    assert server.call("GET", "kept").value == b"1"


def test_the_list_shows_what_a_connection_is(server):
    """Name, library, database, transaction, protocol and latest command."""
    with server.connect() as operator, server.connect() as other:
        number = client_id(other)
        other.call("HELLO", "3", "SETNAME", "billing")
        other.call("CLIENT", "SETINFO", "LIB-NAME", "library")
        other.call("SELECT", "4")
        other.call("MULTI")
        other.call("CONFIG", "GET", "hz")
        shown = until(lambda: (now := listed(operator)[number])["cmd"] == "config|get" and now, "its turn")
        expected = {"name": "billing", "lib-name": "library", "db": "4", "multi": "1", "resp": "3", "flags": "x"}
        assert {field: shown[field] for field in expected} == expected
        assert listed(operator)[client_id(operator)]["cmd"] == "client|list"


def test_without_replies_commands_run_and_the_rest_is_answered_in_order(server):
    """CLIENT REPLY OFF, SKIP and ON, also for errors and in a pipeline."""
    with server.connect() as connection:
        sent = [
            ("CLIENT", "REPLY", "SKIP"), ("SET", "skipped", "1"), ("ECHO", "first"),
            ("CLIENT", "REPLY", "OFF"), ("SET", "off", "1"), ("NOSUCH",), ("CLIENT", "REPLY", "SKIP"),
            ("MULTI",), ("SET", "queued", "1"), ("EXEC",), ("CLIENT", "REPLY", "ON"), ("ECHO", "last"),
        ]
        connection.send(b"".join(encoded(*words) for words in sent))
        assert [connection.read().value for _ in range(3)] == [b"first", b"OK", b"last"]
        for key in ("skipped", "off", "queued"):
            assert connection.call("GET", key).value == b"1"


def test_writes_that_nobody_hears_of_become_durable_all_the_same(server):
    """With replies turned off, and nobody who reads what was written."""
    with server.connect() as writer, server.connect() as operator:
        writer.send(encoded("CLIENT", "REPLY", "OFF"))
        writer.send(b"".join(encoded("SET", f"key:{number}", number) for number in range(20_000)))

        # Only figures are asked for: whoever reads a key waits for the sync of its last write.
        def all_is_durable():
            persistence = figures(operator, "persistence")
            return int(persistence["commit_durable"]) >= 20_000

        until(all_is_durable, "a sync that nobody asked for")
    server.crash()
    with server.connect() as connection:
        assert connection.call("GET", "key:19999").value == b"19999"
        assert connection.call("GET", "key:0").value == b"0"


def test_figures_are_counted_and_begin_anew(server):
    """INFO stats and CONFIG RESETSTAT."""
    with server.connect() as connection:
        for _ in range(10):
            connection.call("PING")
        before = figures(connection, "stats")
        assert int(before["total_commands_processed"]) >= 10
        assert int(before["total_connections_received"]) >= 1
        assert int(before["total_net_input_bytes"]) >= 10 * len(encoded("PING"))
        connection.call("CONFIG", "RESETSTAT")
        after = figures(connection, "stats")
        assert int(after["total_commands_processed"]) <= 2
        assert int(after["total_connections_received"]) == 0
        facts = figures(connection, "server")
        assert int(facts["tcp_port"]) == server.address[1]
        assert int(facts["process_id"]) == server.process.pid


def test_the_slow_log_tells_what_took_long(server):
    """With its arguments cut short, its client, and a time that a clock confirms."""
    with server.connect() as connection:
        connection.call("CLIENT", "SETNAME", "slow")
        connection.call("CONFIG", "SET", "slowlog-log-slower-than", "0")
        connection.call("SET", "long", "x" * 200)
        connection.call("CONFIG", "SET", "slowlog-log-slower-than", "-1")
        entries = [entry.value for entry in connection.call("SLOWLOG", "GET", "-1").value]
        assert [int(entry[0].value) for entry in entries] == list(range(len(entries)))[::-1]
        (entry,) = [entry for entry in entries if entry[3].value[0].value == b"SET"]
        assert [word.value for word in entry[3].value[1:]] == [b"long", b"x" * 128 + b"... (72 more bytes)"]
        assert 0 <= int(entry[2].value) < 10_000_000
        now = int(connection.call("TIME").value[0].value)
        assert now - 60 <= int(entry[1].value) <= now
        assert entry[5].value == b"slow"


def test_the_table_of_commands_agrees_with_itself(server):
    """COMMAND, COUNT, LIST, INFO and DOCS are of one mind."""
    with server.connect() as connection:
        table = connection.call("COMMAND").value
        names = [entry.value[0].value for entry in table]
        assert len(set(names)) == len(names) == int(connection.call("COMMAND", "COUNT").value)
        described = connection.call("COMMAND", "INFO", *names).value
        assert described == table
        documented = connection.call("COMMAND", "DOCS").value
        assert [each.value for each in documented[::2]] == names
        subcommands = [sub.value[0].value for entry in table for sub in entry.value[9].value]
        every = {name.value for name in connection.call("COMMAND", "LIST").value}
        assert every == set(names) | set(subcommands)
        assert b"lock.acquire" in every and b"client|id" in every


@pytest.mark.parametrize("protocol", [2, 3])
def test_redis_py_asks_and_understands(server, protocol):
    """Hashes, scans, and what operators and libraries ask."""
    client = redis.Redis(*server.address, protocol=protocol, socket_timeout=10, decode_responses=True)
    fields = {f"field:{number}": str(number) for number in range(500)}
    assert client.hset("hash", mapping=fields) == 500
    assert dict(client.hscan_iter("hash", count=7)) == fields
    assert set(client.hrandfield("hash", 20)) <= set(fields)
    assert client.hincrbyfloat("hash", "field:1", 0.5) == 1.5
    assert client.hmget("hash", "field:1", "none") == ["1.5", None]
    assert client.info("server")["redis_mode"] == "standalone"
    assert client.info("keyspace")["db0"] == {"keys": 1}
    assert client.config_get("maxmemory-*")["maxmemory-policy"] == "noeviction"
    assert client.client_setname("name") and client.client_getname() == "name"
    assert [each["name"] for each in client.client_list()] == ["name"]
    assert client.command_getkeys("HSET", "hash", "field", "value") == ["hash"]
    assert "hset" in client.command()
    assert client.memory_usage("hash") > 500
    assert client.slowlog_len() >= 0 and client.time()[0] > 1_700_000_000
    assert client.wait(0, 100) == 0 and client.save() is True
    client.close()


@pytest.mark.skipif(find("redis-benchmark") is None, reason="redis-benchmark is not installed: apt-get install redis-tools")
@pytest.mark.parametrize("depth", [1, 16])
def test_redis_benchmark_runs_to_its_end_and_what_it_wrote_is_there(server, depth):
    """With a rate for each command, one by one and in pipelines; also after a kill."""
    clients, requests = 5, 1000
    words = ["redis-benchmark", "-h", HOST, "-p", server.ports["resp"], "-q", "-n", requests, "-c", clients, "-P", depth]
    done = subprocess.run(
        [*map(str, words), "-t", "set,get,incr,hset,mset,ping"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0 and done.stderr == "", done
    # What is over within a millisecond has the rate `inf` there.
    rate_of = re.compile(r"([A-Z_]+)(?: \(10 keys\))?: ([\d.]+|inf) requests per second")
    rates = {name: float(rate) for name, rate in rate_of.findall(done.stdout)}
    assert set(rates) == {"PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "HSET", "MSET"}, done.stdout
    assert all(rate > 0 for rate in rates.values()), rates
    for is_killed_before in (False, True):
        if is_killed_before:
            server.crash()
        with server.connect() as connection:
            assert connection.call("DBSIZE").value == b"3"
            assert connection.call("GET", "key:__rand_int__").value == b"VXK"
            assert connection.call("HLEN", "myhash").value == b"1"
            assert connection.call("HGET", "myhash", "element:__rand_int__").value == b"VXK"
            # It may have sent some more before it counted the last of its replies.
            assert requests <= int(connection.call("GET", "counter:__rand_int__").value) <= requests + clients * depth
