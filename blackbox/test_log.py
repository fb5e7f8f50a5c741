"""`groundsill log dump`: what was committed, called as clients call it; and where commands find their data."""

import os
import re

import pytest

from harness import samples
from harness.probes import metric
from harness.resp import encoded
from harness.server import Server
from harness.wait import until

pytestmark = pytest.mark.ours


def dump(server, *arguments):
    """The lines of a dump of a stopped server's log, taken apart: sequence, time, who and how, what."""
    done = server.command("log", "dump", "--data", server.data, *arguments)
    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    assert first.startswith("# complete from commit "), first
    parsed = [re.fullmatch(r"(\d+) (\d+) (.*?\(\d+\.\d+\)(?: in tenant \d+ database \d+)?): (.*)", line) for line in lines]
    assert all(parsed), lines
    return [(int(one[1]), int(one[2]), one[3], one[4]) for one in parsed]


def test_a_dump_goes_on_behind_what_is_damaged_and_names_it(launch, tmp_path):
    """One flipped bit in history costs the commits of its frame, which a line tells, and no other."""
    server = Server(launch.having("--log-segment", "1MiB"), tmp_path / "server").start()
    try:
        with server.connect() as connection:
            connection.send(b"".join(encoded("SET", f"key:{number}", b"x" * 1000) for number in range(4000)))
            assert all(connection.read().value == b"OK" for _ in range(4000))
        assert server.stop() == 0
        whole = dump(server)
        segment = sorted((server.data / "shards/0/log").glob("*.seg"))[1]
        held = segment.read_bytes()
        at = len(held) // 2
        segment.write_bytes(held[:at] + bytes([held[at] ^ 1]) + held[at + 1 :])
        done = server.command("log", "dump", "--data", server.data)
        assert done.returncode == 65 and "log is damaged" in done.stderr, done
        told = re.compile(rf"# not complete: {segment.name} is damaged at \d+ \(.*\): commits (\d+) to (\d+) cannot be read")
        (damage,) = filter(None, map(told.fullmatch, done.stdout.splitlines()))
        first, last = int(damage[1]), int(damage[2])
        shown = [int(line.split()[0]) for line in done.stdout.splitlines() if not line.startswith("#")]
        assert shown == [sequence for sequence, *_ in whole if not first <= sequence <= last]
        assert 0 < len(whole) - len(shown) < 1000
        behind = server.command("log", "dump", "--data", server.data, "--from", str(last + 1))
        assert len(behind.stdout.splitlines()) > 1000
    finally:
        server.kill()


def whats(lines):
    """What changed, without lengths."""
    return {re.sub(r" (set, \d+ bytes|removed|grown by -?\d+)$", "", what) for *_, what in lines}


def test_a_dump_calls_everything_as_clients_do_and_hides_what_is_the_stores_own(server):
    """Keys without the hash before them, fields, locks, requests, topics, partitions and batches."""
    samples.write(server)
    samples.write_late(server)
    assert server.stop() == 0
    found = whats(dump(server))
    for expected in [
        'key "string:small"',
        'key "string:removed"',
        'part 2 of key "string:cut"',
        'key "hash:packed"',
        'field "field:7" of key "hash:split"',
        'lock "lock:named"',
        'request "request:saved"',
        'topic "payments"',
        "the index of topics",
    ]:
        assert expected in found, (expected, sorted(found))
    assert any(re.fullmatch(r'partition [01] of topic "payments"', what) for what in found)
    assert any(re.fullmatch(r'batch to offset \d+ of partition [01] of topic "payments"', what) for what in found)
    kinds = ("key ", "part ", "field ", "lock ", "request ", "topic ", "partition ", "batch ", "the ")
    assert all(what.startswith(kinds) for what in found), sorted(found)
    hidden = whats(dump(server, "--all")) - found
    assert any(what.startswith("deadline ") for what in hidden), hidden
    assert any(what.startswith("count of the objects in space ") for what in hidden), hidden
    assert "catalogue of namespace 0" in hidden


def test_a_dump_is_narrowed_to_a_key_and_to_a_time(server):
    """A key is the whole of it; times and sequences are bounds that belong to what they bound."""
    with server.connect() as connection:
        for command in [
            ("SET", "a", "1"),
            ("SET", "aa", "1"),
            ("HSET", "h", "a", "1"),
            ("LOCK.ACQUIRE", "a", "60000"),
            ("TOPIC.CREATE", "a"),
            ("TOPIC.PRODUCE", "a", "KEY", "k", "v"),
        ]:
            assert not connection.call(*command).is_error()
        connection.send(encoded("DEL", "a"))
        assert connection.read().value == b"1"
    assert server.stop() == 0
    found = dump(server, "--key", "a")
    assert whats(found) == {
        'key "a"',
        'lock "a"',
        'topic "a"',
        'partition 0 of topic "a"',
        'batch to offset 0 of partition 0 of topic "a"',
    }
    assert [what for *_, what in found if what.startswith("key ")][-1] == 'key "a" removed'
    assert all("by resp" in who for _, _, who, _ in found)
    everything = dump(server)
    sequences = sorted({line[0] for line in everything})
    middle = sequences[len(sequences) // 2]
    assert dump(server, "--from", middle) == [line for line in everything if line[0] >= middle]
    times = sorted({line[1] for line in everything})
    for since, until in [(times[0], times[0]), (times[-1], times[-1]), (times[0], times[-1])]:
        expected = [line for line in everything if since <= line[1] <= until]
        assert dump(server, "--since", since, "--until", until) == expected
    assert dump(server, "--since", times[-1] + 1) == []
    done = server.command("log", "dump", "--data", server.data, "--since", "yesterday")
    assert done.returncode == 1 and "`--since` takes a number" in done.stderr


def test_commands_find_the_data_where_the_server_does(server, tmp_path):
    """By the environment, and by the file; what is misspelt there is named."""
    assert server.call("SET", "a", "1").value == b"OK"
    assert server.stop() == 0
    file = tmp_path / "groundsill.toml"
    file.write_text(f"data = '{server.data}'\n")
    elsewhere = tmp_path / "elsewhere"
    for environment, flags in [
        ([("GROUNDSILL_DATA", str(server.data))], []),
        ([("GROUNDSILL_CONFIG", str(file))], []),
        ([("GROUNDSILL_DATA", str(elsewhere))], ["--data", server.data]),
        ([], ["--config", file]),
    ]:
        for command in (["verify"], ["log", "dump"], ["backup", "--to", elsewhere]):
            done = server.command(*command, *flags, environment=environment)
            assert done.returncode == 0, (command, environment, done.stderr)
        assert server.command("verify", "--data", elsewhere).returncode == 0
        for path in sorted(elsewhere.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        elsewhere.rmdir()
    done = server.command("verify", environment=[("GROUNDSILL_DATE", "/x")])
    assert done.returncode == 1 and "`GROUNDSILL_DATA`" in done.stderr
    done = server.command("verify", "--data", "")
    assert done.returncode == 1 and "names no directory" in done.stderr
    done = server.command("config", "check", "--resp", "127.0.0.1:7000", "--kafka", "127.0.0.1:7000")
    assert done.returncode == 1 and "`resp` and `kafka` are both" in done.stderr


def test_a_dump_tells_in_which_database_and_who_removed_or_swapped_all_keys_of_one(server):
    """Also for a key that was removed with all others, and that the command did not name."""
    with server.connect() as connection:
        for command in [
            ("SET", "k", "of 0"),
            ("SELECT", "1"),
            ("SET", "k", "of 1"),
            ("SWAPDB", "0", "1"),
            ("FLUSHDB",),
            ("SELECT", "0"),
            ("SET", "k", "again"),
            ("FLUSHALL",),
        ]:
            assert connection.call(*command).value == b"OK"
    assert server.stop() == 0
    told = [
        (re.search(r" (\w+) \(\d+\.\d+\) in tenant 0 database (\d+)$", who).groups(), what)
        for _, _, who, what in dump(server, "--key", "k")
    ]
    set_at, swapped, removed = 'key "k" set', "all keys swapped with another database's", "all keys removed"
    assert [(command.lower(), database, re.sub(r", \d+ bytes$", "", what)) for (command, database), what in told] == [
        ("set", "0", set_at),
        ("set", "1", set_at),
        ("swapdb", "0", swapped),
        ("swapdb", "1", swapped),
        ("flushdb", "1", removed),
        ("set", "0", set_at),
        *[("flushall", str(database), removed) for database in range(16)],
    ]


def test_a_dump_tells_a_swap_from_a_removal_also_where_the_log_no_longer_begins_with_the_databases(launch, tmp_path):
    """What made the databases is over the bounds of history: then the place of a key from before is not guessed."""
    server = Server(launch.having("--log-segment", "1MiB", "--log-history", "0", "--memory", "256MiB"), tmp_path / "server")
    try:
        server.start()
        with server.connect() as connection:
            for database in (1, 0):
                assert connection.call("SELECT", str(database)).value == b"OK"
                assert connection.call("SET", f"of:{database}", "1").value == b"OK"

            def is_flushed():
                assert connection.call("SET", "large", os.urandom(1 << 20)).value == b"OK"
                return metric(server, "groundsill_tables_flushes_total") >= 3

            until(is_flushed, "flushes that let the log go", 60)
            for command in [
                ("SET", "k", "before"),
                ("SWAPDB", "0", "1"),
                ("SET", "k", "after"),
                ("SELECT", "1"),
                ("FLUSHDB",),
            ]:
                assert connection.call(*command).value == b"OK"
        assert server.stop() == 0
        found = dump(server, "--key", "k")
        first = server.command("log", "dump", "--data", server.data).stdout.splitlines()[0]
        assert int(first.split()[4]) > 10, first
    finally:
        server.kill()
    told = [(re.sub(r".* \(\d+\.\d+\)", "", who), re.sub(r", \d+ bytes$", "", what)) for *_, who, what in found]
    swapped = "all keys swapped with another database's"
    assert told == [
        ("", 'key "k" set'),
        (" in tenant 0 database 0", swapped),
        (" in tenant 0 database 1", swapped),
        (" in tenant 0 database 0", 'key "k" set'),
        (" in tenant 0 database 1", "all keys removed"),
    ]
