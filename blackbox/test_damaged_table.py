"""A table whose bytes have changed on the disk: what needs them is an error by name, and all else is right."""

import random
import re

import pytest

from harness.probes import ask, metric
from harness.resp import encoded
from harness.server import Server
from harness.wait import until

pytestmark = pytest.mark.ours

KEYS = 1000
# Random, so that each is found in the tables by its bytes; small enough for several to share a block.
VALUE_BYTES = 900
# Around the damaged value there may be a block of 4 KiB and one entry on either side.
SHARE_MAX = 12
# Of a table, more than its first block.
BEGINNING_BYTES = 32 << 10


# What is written at once goes to tables by the MiB with the least memory, and by tens of MiB with much.
LITTLE, MUCH = ("--memory", "256MiB"), ("--memory", "2GiB")


@pytest.fixture(name="server")
def _server(launch, tmp_path):
    """One with the least memory that it takes, so that tables are written soon."""
    server = Server(launch.having(*LITTLE), tmp_path / "server").start()
    try:
        yield server
    finally:
        server.kill()


def fill(server, values, keys):
    """Writes so many values of a MiB to so many keys."""
    with server.connect() as connection:
        for number in range(values):
            assert connection.call("SET", f"filler:{number % keys}", b"%07d" % number * 150_000).value == b"OK"


def written_to_tables(server):
    """Writes the keys, and so much to one more that they are in tables, and stops; key -> value."""
    chance = random.Random(1)
    values = {f"key:{number}": chance.randbytes(VALUE_BYTES) for number in range(KEYS)}
    with server.connect() as connection:
        connection.send(b"".join(encoded("SET", key, value) for key, value in values.items()))
        assert all(connection.read().value == b"OK" for _ in values)
    before = metric(server, "groundsill_tables_flushes_total")
    fill(server, 150, keys=1)
    until(lambda: metric(server, "groundsill_tables_flushes_total") > before, "a flush", 30)
    # Once more in peace: what is left to replay after that is little.
    for _ in range(2):
        assert server.stop() == 0
        server.start()
    assert server.stop() == 0
    return values


def flip_within(server, values):
    """Changes one bit of a key's value where it stands in the tables of a stopped server; the key and the table's path.

    Not at the beginning of a table: what the server keeps of itself is there, without which it does not start. Keys are
    in an order of their own in each data directory.
    """
    files = [path for path in (server.data / "shards/0/tables").rglob("*") if path.is_file()]
    tables = [(path, path.read_bytes()) for path in files]
    for key, value in values.items():
        found = [(path, held) for path, held in tables if value in held[BEGINNING_BYTES:]]
        if found:
            ((path, held),) = found
            at = held.index(value) + len(value) // 2
            path.write_bytes(held[:at] + bytes([held[at] ^ 4]) + held[at + 1 :])
            return key, path
    raise AssertionError("no table has one of the values")


def damaged_by(reply):
    """The file that an error of a damaged table names, or None for any other reply."""
    named = re.match(rb"CORRUPT .* (/\S+) is damaged", reply.value or b"") if reply.is_error() else None
    return named and named[1].decode()


def check(connection, values, key, path):
    """Of these keys, those in the damaged block are errors that name the table, and all others are right."""
    replies = {name: connection.call("GET", name) for name in values}
    damaged = {name: damaged_by(reply) for name, reply in replies.items() if reply.is_error()}
    assert damaged.get(key) == str(path)
    assert set(damaged.values()) == {str(path)}, [replies[name] for name in damaged]
    assert len(damaged) <= SHARE_MAX, damaged
    wrong = [name for name in values if name not in damaged and replies[name].value != values[name]]
    assert not wrong, f"{len(wrong)} others are not what was written: {wrong[:5]}"


def test_a_read_of_a_damaged_block_is_an_error_that_names_the_table_and_other_keys_are_right(server):
    """Not a wrong value, not a missing key, and not the end of the server."""
    values = written_to_tables(server)
    key, path = flip_within(server, values)
    server.start()
    with server.connect() as connection:
        check(connection, values, key, path)
        status, _, body = ask(server, "/readyz")
        assert (status, "damaged tables" in body) == (503, True), body
        assert ask(server, "/livez")[0] == 200
        assert metric(server, "groundsill_tables_damaged") == 1
        # Once in the log, however often it is met, and whoever met it first.
        assert server.stderr().count(f"file={path}") == 1, server.stderr()

        assert connection.call("SET", "key:another", "written meanwhile").value == b"OK"
        # A transaction that needs it happens as a whole or not at all.
        for step in (("MULTI",), ("SET", "left", "1"), ("APPEND", key, "more")):
            assert not connection.call(*step).is_error()
        assert damaged_by(connection.call("EXEC")) == str(path)
        assert connection.call("EXISTS", "left").value == b"0"
    assert server.stop() == 0

    checked = server.command("verify", "--data", server.data)
    assert checked.returncode == 65 and path.name in checked.stdout, checked
    server.start()
    assert server.call("GET", "key:another").value == b"written meanwhile"
    assert damaged_by(server.call("GET", key)) == str(path)
    assert server.stop() == 0


def test_a_start_that_compacts_a_damaged_table_is_no_reason_to_refuse(server, launch):
    """What is replayed goes to tables, which are compacted behind it. Over and over, until that has met the damage."""
    values = written_to_tables(server)
    key, path = flip_within(server, values)
    for _ in range(10):
        server.launch = launch.having(*MUCH)
        server.start()
        fill(server, 55, keys=55)
        server.kill()
        server.launch = launch.having(*LITTLE)
        server.start()
        met_or_merged = lambda: str(path) in server.stderr() or metric(server, "groundsill_tables_top_runs") <= 1
        until(met_or_merged, "a compaction", 60)
        if str(path) in server.stderr():
            break
        server.kill()
    assert str(path) in server.stderr(), "no start has met the damage"
    with server.connect() as connection:
        check(connection, values, key, path)
    assert server.stop() == 0


def test_a_sound_table_is_read_and_told_of_nowhere(server):
    """The same without the damage: the errors above are of the flipped bit."""
    values = written_to_tables(server)
    server.start()
    with server.connect() as connection:
        assert all(connection.call("GET", key).value == value for key, value in values.items())
    assert ask(server, "/readyz")[0] == 200
    assert metric(server, "groundsill_tables_damaged") == 0
    assert server.stop() == 0
