"""What is large: values and transactions beyond a segment of the log."""

import random
import threading
import time
from functools import partial

import pytest

from harness.probes import metric
from harness.resp import encoded
from harness.server import Server
from harness.wait import until

MIB = 1 << 20
# A command is given up after this long; what only had to wait for the disk is far below.
GIVEN_UP_SECONDS = 5


def plain(reply):
    """What a reply holds: numbers, bytes, lists of these."""
    if isinstance(reply.value, list):
        return [plain(element) for element in reply.value]
    return int(reply.value) if reply.kind == ":" else reply.value


@pytest.mark.parametrize("segment", ["1MiB", "64MiB"])
def test_a_transaction_of_any_size_gets_room_in_the_log(launch, tmp_path, segment):
    """From the first moment on, one after the other, and they are there after a kill."""
    server = Server(launch, tmp_path / "server")
    server.launch = launch.having("--log-segment", segment, "--log-history", "0B")
    value = "x" * (60 * MIB)
    try:
        server.start()
        with server.connect() as client:
            for at in range(3):
                assert client.call("SET", f"large:{at}", value).value == b"OK"
            for step in (("MULTI",), ("SET", "left", value), ("SET", "right", value)):
                client.call(*step)
            assert plain(client.call("EXEC")) == [b"OK", b"OK"]
            # One that does not say beforehand how large it is.
            assert plain(client.call("SETRANGE", "sparse", 60 * MIB, "end")) == 60 * MIB + 3
        server.crash()
        keys = ["large:0", "large:1", "large:2", "left", "right"]
        assert [plain(server.call("STRLEN", key)) for key in keys] == [60 * MIB] * 5
        assert server.call("GETRANGE", "sparse", -5, -1).value == b"\0\0end"
        assert server.stop() == 0
    finally:
        server.kill()


def test_values_as_long_as_a_segment_do_not_wait_for_the_next(launch, tmp_path):
    """With the shortest segments there are."""
    server = Server(launch, tmp_path / "server")
    server.launch = launch.having("--log-segment", "1MiB")
    try:
        server.start()
        with server.connect() as client:
            began = time.monotonic()
            for at in range(40):
                assert client.call("SET", f"key:{at}", "x" * MIB).value == b"OK"
            assert time.monotonic() - began < GIVEN_UP_SECONDS
        assert server.stop() == 0
    finally:
        server.kill()


FIELDS = 300_000
BATCH = 1_000


def fill(client, key, fields, width):
    """A hash of so many fields, each with a value of so many bytes."""
    for start in range(0, fields, BATCH):
        pairs = [part for at in range(start, start + BATCH) for part in (f"field:{at}", f"{at:0{width}}")]
        assert plain(client.call("HSET", key, *pairs)) == BATCH


def resident_bytes(server, which="VmHWM"):
    """Memory of the process: at present, or the most since it started."""
    with open(f"/proc/{server.process.pid}/status") as status:
        return int(next(line for line in status if line.startswith(f"{which}:")).split()[1]) << 10


@pytest.fixture
def small(launch, tmp_path):
    """A server with the least memory that it takes."""
    server = Server(launch, tmp_path / "server")
    server.launch = launch.having("--memory", "256MiB", "--log-history", "0B")
    server.start()
    yield server
    server.kill()


def test_reading_a_large_cold_hash_takes_next_to_no_memory(small):
    """Whole, by field and piece by piece; within MULTI it is loaded, if it is small enough for that."""
    width = 200
    with small.connect() as client:
        fill(client, "large", FIELDS, width)
    assert small.stop() == 0
    small.start()
    with small.connect() as client:
        assert plain(client.call("HLEN", "large")) == FIELDS
        before = resident_bytes(small)
        for command, parts in (("HGETALL", 2), ("HKEYS", 1), ("HVALS", 1)):
            held = plain(client.call(command, "large"))
            assert len(held) == parts * FIELDS, command
        assert {len(value) for value in held} == {width}
        assert client.call("HRANDFIELD", "large").value.startswith(b"field:")
        for count in (100, 20_000, FIELDS - 1, 2 * FIELDS):
            drawn = plain(client.call("HRANDFIELD", "large", count))
            assert len(drawn) == len(set(drawn)) == min(count, FIELDS)
            assert {field[:6] for field in drawn} == {b"field:"}
        drawn = plain(client.call("HRANDFIELD", "large", 20_000, "WITHVALUES"))
        assert len(set(drawn[::2])) == 20_000
        assert all(int(field[6:]) == int(value) for field, value in zip(drawn[::2], drawn[1::2]))
        assert len(plain(client.call("HRANDFIELD", "large", -1_000))) == 1_000
        seen, cursor = set(), b"0"
        for _ in range(50):
            cursor, fields = plain(client.call("HSCAN", "large", cursor, "COUNT", "100"))
            seen.update(fields[::2])
        assert len(seen) >= 4_000
        grown = resident_bytes(small) - before
        assert grown < 48 * MIB, f"{grown >> 20} MiB for a hash of {FIELDS * (width + 12) >> 20} MiB"
        client.call("MULTI")
        client.call("HGETALL", "large")
        assert client.call("EXEC").value.startswith(b"LIMIT")
        assert client.call("PING").value == b"PONG"
    assert small.stop() == 0


def test_large_values_that_are_read_at_once_stay_within_the_memory(small):
    """One by one they are answered; all at once is refused, and costs nobody else anything."""
    keys = [f"key:{at}" for at in range(250)]
    with small.connect() as client:
        for key in keys:
            assert client.call("SET", key, "x" * MIB).value == b"OK"
        for at in range(40):
            assert plain(client.call("APPEND", "large", "y" * MIB)) == (at + 1) * MIB
    assert small.stop() == 0
    small.start()
    with small.connect() as client:
        assert client.call("MGET", *keys).value.startswith(b"LIMIT")
        assert plain(client.call("MGET", *keys[:5])) == [b"x" * MIB] * 5
        client.send(b"".join(encoded("GET", key) for key in keys))
        for _ in keys:
            assert client.read().value == b"x" * MIB
        assert client.call("GET", "large").value == b"y" * (40 * MIB)
        most = resident_bytes(small)
        assert most < 256 * MIB, f"{most >> 20} MiB"
    assert small.stop() == 0


def test_large_values_that_are_written_at_once_leave_memory_again(small):
    """Values of 10 MiB, overwritten by two clients, take not much more than `memory`, and little once they rest."""
    values = [b"%07d\n" % number * (10 * MIB // 8) for number in range(4)]
    told = set()

    def is_written(key, value):
        # What has no room beside the other's is refused, which ends the connection, perhaps before all is sent.
        with small.connect() as client:
            try:
                reply = client.call("SET", key, value).value
            except OSError:
                reply = b"LIMIT"
        told.add(reply[:5])
        return reply == b"OK"

    def write(number):
        for at in range(60):
            key, value = f"key:{number}:{at % 20}", values[at % 4]
            until(partial(is_written, key, value), "a write that has room", 60)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert b"OK" in told and told <= {b"OK", b"LIMIT"}
    assert small.call("DBSIZE").value == b"40", "both have written all"
    most = resident_bytes(small)
    # Between 400 and 470 MiB were seen: objects, blocks, requests, backlog and memtables are some 250 where all are full at one
    # time, the rest are copies under way. Before memtables were freed by whoever writes them out: 720 to 930 MiB.
    print(f"{most >> 20} MiB at most")
    assert most < 620 * MIB, f"{most >> 20} MiB at most"
    until(lambda: resident_bytes(small, "VmRSS") < 300 * MIB, "what was freed to go back", 20)
    assert small.stop() == 0


def test_what_is_overwritten_over_and_over_is_given_back_as_fast_as_it_is_written(server):
    """Each value has rows of its own, and each that replaces it leaves them to be reclaimed."""
    rounds, keys, value = 200, 100, b"v" * 16 * 1024
    with server.connect() as client:
        for _ in range(rounds):
            for key in range(keys):
                client.send(encoded("SET", f"key:{key}", value))
            assert all(client.read().value == b"OK" for _ in range(keys))
    replaced = (rounds - 1) * keys
    until(lambda: metric(server, "groundsill_reclaimed_rows_total") >= replaced, "what was replaced to be reclaimed", 20)


def test_a_server_that_rests_gives_back_the_space_of_what_was_removed(small):
    """Nothing comes after the removal that would push it through the levels of the tables."""
    keys, value = 2_000, b"v" * 16 * 1024
    with small.connect() as client:
        for key in range(keys):
            client.send(encoded("SET", f"key:{key}", value))
        assert all(client.read().value == b"OK" for _ in range(keys))
        half = keys * len(value) // 2
        until(lambda: metric(small, "groundsill_tables_bytes") > half, "tables on disk", 60)
        assert client.call("FLUSHALL").value == b"OK"
        assert client.call("SET", "kept", "1").value == b"OK"
    until(lambda: metric(small, "groundsill_tables_bytes") < MIB, "the space of what was removed", 60)
    small.crash()
    assert small.call("GET", "kept").value == b"1"
    assert small.call("DBSIZE").value == b"1"


@pytest.mark.parametrize("how", ["DEL", "FLUSHALL"])
def test_a_large_server_that_rests_gives_back_the_space_of_what_was_removed(small, how):
    """More than is merged at once: a piece at a time, and tables as a whole where nothing else is in them."""
    keys, value = 24_000, random.Random(1).randbytes(16 * 1024)
    full = keys * len(value)
    with small.connect() as client:
        for start in range(0, keys, 500):
            for key in range(start, start + 500):
                client.send(encoded("SET", f"key:{key}", value))
            assert all(client.read().value == b"OK" for _ in range(500))
        until(lambda: metric(small, "groundsill_tables_bytes") > full * 0.9, "tables on disk", 60)
        if how == "FLUSHALL":
            assert client.call("FLUSHALL").value == b"OK"
        else:
            for key in range(keys):
                if key % 4:
                    client.send(encoded("DEL", f"key:{key}"))
            assert all(client.read().value == b"1" for _ in range(keys * 3 // 4))
    kept = 0 if how == "FLUSHALL" else keys // 4
    bound = kept * len(value) * 1.1 + MIB
    until(lambda: metric(small, "groundsill_tables_bytes") < bound, "the space of what was removed", 90)
    small.crash()
    assert small.call("DBSIZE").value == b"%d" % kept
    if kept:
        assert all(small.call("GET", f"key:{key}").value == value for key in range(0, keys, 4))


def test_requests_that_are_never_finished_take_no_more_than_the_memory_for_requests(small):
    """Sixty clients send a part of a request of 60 MiB, and go on as long as they are let."""
    before = resident_bytes(small)
    ended = []

    def send():
        with small.connect() as client:
            try:
                client.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n" % (60 * MIB))
                for _ in range(50):
                    client.send(b"x" * MIB)
                ended.append(client.read().value)
            except OSError:
                ended.append(b"LIMIT")

    senders = [threading.Thread(target=send) for _ in range(60)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(ended) == 60
    assert {reply[:5] for reply in ended} == {b"LIMIT"}
    grown = resident_bytes(small) - before
    # A tenth of 256 MiB, a copy of what grows, and what was just freed: about 100 MiB were seen, of 3,000 sent.
    assert grown < 192 * MIB, f"{grown >> 20} MiB"
    assert small.stop() == 0


def test_a_large_reply_holds_up_no_other_connection(server):
    """A hash of 100,000 fields is read over and over, by as many as the machine has processors, and more."""
    fields, readers, pings = 100_000, 4, 500
    with server.connect() as client:
        fill(client, "large", fields, 20)
    is_over = threading.Event()
    whole = [0] * readers

    def read(number):
        with server.connect() as reader:
            while not is_over.is_set():
                reader.send(encoded("HGETALL", "large"))
                # The reply is taken, not looked at: that would measure the looking.
                left = len(b"*%d\r\n" % (2 * fields)) + body
                while left > 0:
                    left -= len(reader.read_exactly(min(left, MIB)))
                whole[number] += 1

    body = sum(
        len(b"$%d\r\nfield:%d\r\n$20\r\n" % (6 + len(str(at)), at)) + 22 for at in range(fields)
    )
    threads = [threading.Thread(target=read, args=(number,)) for number in range(readers)]
    for thread in threads:
        thread.start()
    try:
        took = []
        with server.connect() as client:
            while len(took) < pings or not all(whole):
                began = time.monotonic()
                assert client.call("PING").value == b"PONG"
                took.append(time.monotonic() - began)
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    took.sort()
    p99 = took[len(took) * 99 // 100]
    print(f"{sum(whole)} replies of {body >> 20} MiB; PING p99 {p99 * 1000:.2f} ms, at most {took[-1] * 1000:.2f} ms")
    assert p99 < 0.1


@pytest.mark.ours
def test_the_reads_of_one_exec_take_a_bounded_number_of_bytes(server):
    """Those behind the bound are an error each, in their places, and all else has happened."""
    assert server.call("TOPIC.CREATE", "large").value == b"OK"
    record = "x" * (1 << 20)
    for _ in range(6):
        assert not server.call("TOPIC.PRODUCE", "large", record).is_error()
    with server.connect() as connection:
        connection.call("MULTI")
        for offset in range(6):
            connection.call("TOPIC.READ", "large", 0, offset, "COUNT", 1)
        connection.call("SET", "done", "1")
        *reads, done = connection.call("EXEC").value
        read = [answer for answer in reads if not answer.is_error()]
        assert 3 <= len(read) <= 5 and read == reads[: len(read)]
        assert all(len(answer.value) == 1 for answer in read)
        assert all(b"one EXEC reads at most" in answer.value for answer in reads[len(read) :])
        assert done.value == b"OK"
        assert len(connection.call("TOPIC.READ", "large", 0, 5).value) == 1
