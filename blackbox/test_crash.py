"""The binary, killed and lied to by its disk: what it acknowledged is there afterwards, whole.

Each test prints what it did, and fails if what it is about did not happen. The checker, and what it has
been seen to find: `harness/load.py`, `selftest/test_load.py`.
"""

import random
import shutil
import signal

import pytest

from harness.load import Load
from harness.resp import encoded
from harness.server import Server, find
from harness.trace import attached, command, injections
from harness.wait import until

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]
needs_strace = pytest.mark.skipif(find("strace") is None, reason="strace is not installed")

# The calls of a commit, in order: the write of the log, its sync, the reply.
WRITES = ("pwrite64", "fdatasync", "sendto")


def recovered(load, what):
    """Checks what is there, prints what happened, and fails on any fault."""
    verdict = load.check()
    print(f"\n{what}: {verdict}")
    assert not verdict.faults
    return verdict


def test_a_kill_under_load_loses_nothing_acknowledged(server, rounds):
    """At random moments, over and over on the same data."""
    chance = random.Random(1)
    load, kills, acknowledged = Load(server), 0, 0
    for round_number in range(rounds):
        load.start()
        load.wait_for(chance.randrange(20, 600))
        acknowledged += load.acknowledged()
        server.kill()
        kills += 1
        load.join()
        server.start()
        recovered(load, f"round {round_number}")
    assert kills > 0 and acknowledged > 0


@needs_strace
@pytest.mark.parametrize("call", WRITES)
def test_a_kill_before_any_step_of_a_commit_loses_nothing_acknowledged(server, call, rounds):
    """Before the N-th write, sync or reply: N grows from round to round."""
    load, kills, acknowledged = Load(server), 0, 0
    for round_number in range(rounds):
        when = 1 + round_number * (round_number + 1) // 2
        load.start()
        load.wait_for(10)
        with attached(server, f"{call}:signal=SIGKILL:when={when}"):
            kills += server.wait(60) == -signal.SIGKILL
        acknowledged += load.acknowledged()
        load.join()
        server.start()
        recovered(load, f"before {call} number {when}")
    assert kills == rounds
    assert acknowledged > 0


@needs_strace
def test_a_kill_during_recovery_loses_nothing_acknowledged(server, rounds):
    """Ten times in a row, each time a step later, then a start in peace."""
    load = Load(server)
    load.start()
    load.wait_for(500)
    server.kill()
    load.join()
    kills = 0
    for when in range(1, max(10, rounds) + 1):
        record = server.folder / f"recovery-{when}.txt"
        rule = f"pwrite64:signal=SIGKILL:when={when}"
        server.start(under=command(rule, record), wait=False)
        until(lambda: server.is_ready() or not server.is_running(), "readiness or death", 30)
        kills += not server.is_running()
        server.kill()
    server.start()
    recovered(load, f"killed {kills} times during recovery")
    assert kills > 0


@pytest.mark.ours
@needs_strace
@pytest.mark.parametrize("when", [1, 2, 7])
def test_a_failing_sync_stops_the_server_and_loses_nothing_acknowledged(server, when):
    """No later sync is believed: the process ends, and says so by its exit code."""
    load = Load(server)
    load.start()
    load.wait_for(10)
    with attached(server, f"fdatasync:error=EIO:when={when}") as record:
        code = server.wait_under_writes(60)
    load.join(refusals=True)
    told = server.stderr()
    assert injections(record) > 0
    assert code == 74, "an input or output error, as its exit code tells supervisors"
    assert told.count("the log has failed") == 1, told
    server.start()
    verdict = recovered(load, f"fdatasync number {when} failed, exit code {code}")
    assert verdict.acknowledged > 0


UNKNOWN = b"-UNKNOWN the outcome of this command is not known\r\n"


@pytest.mark.ours
@needs_strace
def test_who_waits_for_a_sync_that_fails_is_told_that_the_outcome_is_not_known(server):
    """In these words and no others, whatever was asked; each of it then happened as a whole or not at all."""
    assert server.call("TOPIC.CREATE", "orders").value == b"OK"
    asked = [
        ("SET", "key", "after"),
        ("HSET", "hash", "field", "1"),
        ("LOCK.ACQUIRE", "lock", "600000"),
        ("IDEM.CLAIM", "request", "600"),
        ("TOPIC.PRODUCE", "orders", "PARTITION", "0", "record"),
        ("EXEC",),
    ]
    assert server.call("SET", "key", "before").value == b"OK"
    clients = [server.connect() for _ in asked]
    try:
        for step in (("MULTI",), ("SET", "left", "1"), ("SET", "right", "1")):
            assert not clients[-1].call(*step).is_error()
        # It is held up before it fails, so that all of them wait by then.
        with attached(server, "fdatasync:delay_enter=500000:error=EIO") as record:
            for client, words in zip(clients, asked, strict=True):
                client.send(encoded(*words))
            told = [client.read_to_end() for client in clients]
            code = server.wait(60)
    finally:
        for client in clients:
            client.close()
    assert injections(record) > 0
    assert told == [UNKNOWN] * len(asked)
    assert code == 74, "an input or output error, as its exit code tells supervisors"
    server.start()
    held = [server.call("GET", key).value for key in ("key", "left", "right")]
    assert held[0] in (b"before", b"after"), held
    assert held[1:] in ([None, None], [b"1", b"1"]), held


@pytest.mark.ours
@needs_strace
@pytest.mark.parametrize("call", ["mkdir", "fsync", "fdatasync", "rename", "unlink"])
def test_a_first_start_killed_before_any_step_is_begun_again(launch, tmp_path, call):
    """Before the N-th call, for every N there is, until a first start comes to its end."""
    kills = 0
    for when in range(1, 400):
        server = Server(launch, tmp_path / f"{when}")
        rule = f"{call}:signal=SIGKILL:when={when}"
        server.start(under=command(rule, tmp_path / f"{when}.txt"), wait=False)
        until(lambda: server.is_ready() or not server.is_running(), "readiness or death", 60)
        was_ready = server.is_ready()
        kills += not was_ready
        server.kill()
        server.start()
        assert server.call("SET", "key", "1").value == b"OK", f"killed before {call} number {when}"
        assert server.stop() == 0
        shutil.rmtree(server.folder)
        if was_ready:
            break
    print(f"\nkilled {kills} times, before each {call} of a first start")
    assert kills > 0
