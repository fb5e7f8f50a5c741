"""Syncs that take long: who waits for the disk, and who does not.

Each `fsync` and `fdatasync` of the running server is held up before it begins, by `strace`. So whatever waits
for a sync that begins after it takes at least that long.
"""

import statistics
import time

import pytest

from harness.kafka import SECONDS_MAX, producer
from harness.server import Server, find
from harness.trace import attached, injections

pytestmark = [
    pytest.mark.crash,
    pytest.mark.ours,
    pytest.mark.skipif(find("strace") is None, reason="strace is not installed"),
]

DELAY_SECONDS = 0.2
RULE = f"fsync,fdatasync:delay_enter={int(DELAY_SECONDS * 1_000_000)}"
# Far above what a reply takes that waits for nothing, and far below a sync.
AT_ONCE_SECONDS = DELAY_SECONDS / 2
# A sync that is under way, and the one that is waited for, many times over.
DEADLINE_SECONDS = 20.0


@pytest.fixture(name="relaxed")
def _relaxed(launch, tmp_path):
    """A server whose namespaces are synced after the reply."""
    server = Server(launch.having("--durability", "relaxed"), tmp_path / "relaxed").start()
    try:
        yield server
        assert server.stop() == 0
    finally:
        server.kill()


def seconds_of(call):
    """What a call returns, and how long it took."""
    began = time.monotonic()
    outcome = call()
    return outcome, time.monotonic() - began


def waited_for_the_disk(took):
    """Whether these are times of calls that each waited for a sync."""
    return DELAY_SECONDS <= min(took) and max(took) < DEADLINE_SECONDS


def set_keys(server, count):
    """How long each of so many SETs took, one after the other on one connection."""
    took = []
    with server.connect() as connection:
        for number in range(count):
            reply, seconds = seconds_of(lambda: connection.call("SET", f"key:{number}", number))
            assert reply.value == b"OK"
            took.append(seconds)
    return took


def test_a_durable_write_is_answered_after_its_sync(server):
    """Also a transaction. A read of what is synced already waits for nothing."""
    with attached(server, RULE) as record:
        took = set_keys(server, 5)
        with server.connect() as connection:
            for step in (("MULTI",), ("SET", "left", "1"), ("SET", "right", "1")):
                assert not connection.call(*step).is_error()
            reply, seconds = seconds_of(lambda: connection.call("EXEC"))
            assert not reply.is_error()
            took.append(seconds)
            reading = [seconds_of(lambda: connection.call("GET", "key:0"))[1] for _ in range(20)]
    print(f"\nwrites took {min(took):.3f} to {max(took):.3f} s, reads {statistics.median(reading):.4f} s")
    assert waited_for_the_disk(took), took
    assert injections(record) > 0
    assert statistics.median(reading) < AT_ONCE_SECONDS, reading


def during_syncs(record, count, call):
    """How long each of the calls took that were made until so many syncs had been held up."""
    took, began = [], time.monotonic()
    while injections(record) < count:
        assert time.monotonic() - began < DEADLINE_SECONDS, f"{injections(record)} of {count} syncs"
        took += [seconds_of(call)[1] for _ in range(20)]
    return took


def test_a_relaxed_write_is_answered_before_its_sync(relaxed):
    """Many in a row, while one sync after the other is under way."""
    with attached(relaxed, RULE) as record, relaxed.connect() as connection:

        def write():
            assert connection.call("SET", "key", "value").value == b"OK"

        took = during_syncs(record, 3, write)
    print(f"\n{len(took)} writes took {statistics.median(took):.4f} s in the middle, {max(took):.3f} s at most")
    assert statistics.median(took) < AT_ONCE_SECONDS, sorted(took)


def test_locks_and_claims_wait_for_the_sync_where_writes_do_not(relaxed):
    """They hold others back, so they must not be forgotten."""
    took = []
    with attached(relaxed, RULE), relaxed.connect() as connection:
        for number in range(3):
            reply, seconds = seconds_of(lambda: connection.call("LOCK.ACQUIRE", f"lock:{number}", 60_000))
            assert reply.kind == ":" and int(reply.value) > 0
            took.append(seconds)
            reply, seconds = seconds_of(lambda: connection.call("IDEM.CLAIM", f"request:{number}", 60))
            assert not reply.is_error(), reply
            took.append(seconds)
    print(f"\nthey took {min(took):.3f} to {max(took):.3f} s")
    assert waited_for_the_disk(took), took


@pytest.mark.parametrize("acks", ["all", "1"])
def test_a_relaxed_server_answers_a_producer_as_its_acks_ask(relaxed, acks):
    """`all` waits for the sync; 1 is content with what is written."""
    assert relaxed.call("TOPIC.CREATE", "orders").value == b"OK"
    writer = producer(relaxed, acks=acks)
    told = []

    def produce():
        writer.produce("orders", b"value", partition=0, on_delivery=lambda error, _: told.append(error))
        assert writer.flush(SECONDS_MAX) == 0

    # It connects and asks for what there is before the disk is slow.
    produce()
    with attached(relaxed, RULE) as record:
        if acks == "all":
            took = [seconds_of(produce)[1] for _ in range(5)]
        else:
            took = during_syncs(record, 3, produce)
    print(f"\n{len(took)} times it took {min(took):.4f} to {max(took):.4f} s")
    assert told == [None] * (1 + len(took))
    if acks == "all":
        assert waited_for_the_disk(took), took
    else:
        assert statistics.median(took) < AT_ONCE_SECONDS, took
