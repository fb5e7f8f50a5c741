"""`groundsill verify` of what a server leaves: rows that fit one another, whatever was done and however it ended."""

import re

import pytest

from harness import samples
from harness.kafka import producer
from harness.probes import metric
from harness.wait import until

pytestmark = pytest.mark.ours


def verify(server):
    """What `groundsill verify` says of the server's data, and how it exits."""
    done = server.command("verify", "--data", server.data)
    # On a slow machine it says how far it is.
    assert all(line.startswith(("read ", "compared ")) for line in done.stderr.splitlines()), done.stderr
    return done.stdout, done.returncode


def test_a_damaged_identity_is_damage(server):
    """As of any other file: by name, and with the exit code that supervisors know."""
    assert server.stop() == 0
    path = server.data / "identity"
    whole = path.read_bytes()
    for offset in (0, 8, 20, 300):
        path.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
        done = server.command("verify", "--data", server.data)
        assert done.returncode == 65 and "DAMAGED identity" in done.stdout, (offset, done)
    path.write_bytes(whole[:100])
    assert server.command("verify", "--data", server.data).returncode == 65
    backup = server.command("backup", "--data", server.data, "--to", server.data.parent / "copy")
    assert backup.returncode == 65 and "`identity` is damaged" in backup.stderr, backup
    path.write_bytes(whole)
    assert server.command("verify", "--data", server.data).returncode == 0


def counted(text):
    """How many objects are in the tables, how many rows they have of their own, and through which commit."""
    objects, rows = re.search(r"^rows +(\d+) objects in the tables, (\d+) rows of their own$", text, re.M).groups()
    return int(objects), int(rows), int(re.search(r"^tables .* commits up to (\d+)$", text, re.M)[1])


def churn(server, turn):
    """Everything that moves, replaces, ends and gives back rows."""
    large = b"%d" % turn * 40_000
    fields = [word for number in range(3000) for word in (f"field:{number}", "value")]
    with server.connect() as connection:
        for step in [
            ("SET", f"large:{turn}", large),
            ("HSET", f"hash:{turn}", *fields),
            ("RENAME", f"large:{turn}", "large"),
            ("COPY", "large", f"copy:{turn}", "REPLACE"),
            ("APPEND", "large", b"more" * 5000),
            ("HDEL", f"hash:{turn}", *fields[:3000:2]),
            ("PEXPIREAT", f"copy:{turn}", samples.FAR_MS),
            ("PEXPIREAT", f"copy:{turn}", samples.FAR_MS + 1),
            ("PEXPIREAT", f"copy:{turn}", samples.FAR_MS - 1),
            ("SET", f"brief:{turn}", large, "PX", "20"),
            ("SET", f"brief:{turn}:small", "1", "PX", "20"),
            ("PERSIST", f"brief:{turn}:small"),
            ("SET", f"removed:{turn}", large),
            ("DEL", f"removed:{turn}"),
            ("TOPIC.CREATE", f"gone.{turn}"),
            ("TOPIC.PRODUCE", f"gone.{turn}", "KEY", "k", large),
            ("TOPIC.DELETE", f"gone.{turn}"),
            ("SELECT", "1"),
            ("HSET", "flushed", *fields),
            ("SET", "timed", large, "PX", "20"),
            ("FLUSHDB",),
            ("HSET", f"swapped:{turn}", *fields[:200]),
            ("SWAPDB", "1", "2"),
        ]:
            reply = connection.call(*step)
            assert not reply.is_error(), f"{step[:2]}: {reply}"
    # More producers than the head of a partition holds in one row.
    for _ in range(20):
        client = producer(server, enable_idempotence=True)
        client.produce("payments", b"wide", b"1", 0)
        assert client.flush(30) == 0


def fill(server):
    """Writes more log than may have to be replayed, of a value that is replaced each time, and waits for a flush."""
    before = metric(server, "groundsill_tables_flushes_total")
    with server.connect() as connection:
        for number in range(150):
            assert connection.call("SET", "filler", b"%07d" % number * 150_000).value == b"OK"
    until(lambda: metric(server, "groundsill_tables_flushes_total") > before, "a flush", 30)


def test_what_a_server_leaves_fits_together_however_it_ended(server):
    """Killed while rows are given back and flushed, and stopped; each time with more in the tables."""
    samples.write(server)
    through = 0
    for turn in range(3):
        churn(server, turn)
        fill(server)
        server.kill()
        text, code = verify(server)
        assert code == 0, text
        objects, rows, applied = counted(text)
        assert objects > 10 and rows > 1000 and applied > through, text
        through = applied
        server.start()
    until(lambda: server.call("EXISTS", "brief:2").value == b"0", "expiry", 10)
    assert server.stop() == 0
    text, code = verify(server)
    assert code == 0, text
    assert counted(text)[2] >= through
