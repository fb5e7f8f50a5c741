"""The binary, killed while payments are made: claim, lock, balance and record stay one.

The checker, and what it compares: `harness/payments.py`.
"""

import random
import signal

import pytest

from harness.kafka import producer, read_all
from harness.payments import Payments
from harness.server import find
from harness.trace import attached, injections

pytestmark = [pytest.mark.crash, pytest.mark.ours, pytest.mark.timeout(600)]
needs_strace = pytest.mark.skipif(find("strace") is None, reason="strace is not installed")

# The calls of a commit, in order: the write of the log, its sync, the reply.
STEPS = ("pwrite64", "fdatasync", "sendto")


def recovered(payments, what):
    """Checks what is there, prints what happened, and fails on any fault."""
    verdict = payments.check()
    print(f"\n{what}: {verdict}, made again {payments.repeated()}")
    assert not verdict.faults
    return verdict


def test_payments_are_whole_after_kills_at_random(server, rounds):
    """Over and over on the same data; what was under way is made again."""
    chance = random.Random(2)
    payments = Payments(server)
    for number in range(rounds):
        payments.start()
        payments.wait_for(chance.randrange(10, 300))
        server.kill()
        payments.join()
        server.start()
        recovered(payments, f"round {number}")
    assert payments.acknowledged() > 0


@needs_strace
@pytest.mark.parametrize("call", STEPS)
def test_payments_are_whole_after_a_kill_before_any_step_of_a_commit(server, call, rounds):
    """Before the N-th write, sync or reply: N grows from round to round."""
    payments, kills = Payments(server), 0
    for number in range(rounds):
        when = 1 + number * (number + 1) // 2
        payments.start()
        payments.wait_for(5)
        with attached(server, f"{call}:signal=SIGKILL:when={when}"):
            kills += server.wait(60) == -signal.SIGKILL
        payments.join()
        server.start()
        recovered(payments, f"before {call} number {when}")
    assert kills == rounds


@needs_strace
def test_payments_are_whole_after_a_sync_that_failed(server):
    """The server ends; what it had not acknowledged is there whole or not at all."""
    payments = Payments(server)
    payments.start()
    payments.wait_for(5)
    with attached(server, "fdatasync:error=EIO:when=3") as record:
        code = server.wait_under_writes(60)
    payments.join(refusals=True)
    assert injections(record) > 0
    assert code not in (0, -signal.SIGKILL), "it ended as if nothing had happened"
    server.start()
    assert recovered(payments, f"exit code {code}").acknowledged > 0


@needs_strace
@pytest.mark.parametrize("call", STEPS)
def test_an_idempotent_producer_goes_on_over_kills_and_each_message_is_there_once(server, call, rounds):
    """In order, however often the client had to send again; what it was told is there."""
    count, per_round = 0, 300
    assert server.call("TOPIC.CREATE", "orders").value == b"OK"
    # It tries again until it is answered, which it has to be.
    writer = producer(server, enable_idempotence=True, retry_backoff_ms=10, reconnect_backoff_ms=10, reconnect_backoff_max_ms=50)
    told, kills = [], 0

    def delivered(error, message):
        assert error is None, error
        told.append((int(message.value()), message.offset()))

    for number in range(rounds):
        for _ in range(20):
            writer.produce("orders", b"%d" % count, partition=0, on_delivery=delivered)
            count += 1
        assert writer.flush(60) == 0
        with attached(server, f"{call}:signal=SIGKILL:when={1 + number * 2}"):
            for _ in range(per_round):
                writer.produce("orders", b"%d" % count, partition=0, on_delivery=delivered)
                writer.poll(0.002)
                count += 1
            kills += server.wait(60) == -signal.SIGKILL
        server.start()
        assert writer.flush(60) == 0
        (messages,) = read_all(server, "orders")
        assert [int(message.value()) for message in messages] == list(range(count))
    assert kills == rounds
    assert sorted(told) == [(number, number) for number in range(count)]
