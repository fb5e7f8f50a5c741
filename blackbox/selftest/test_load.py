"""The checker of crashes finds each fault that it is there to find."""

import pytest

from harness.load import Load, keys, value
from harness.server import Server, oracle_binary, redis_like


def loaded(server):
    """A server that was loaded, killed and started again."""
    load = Load(server, writers=3)
    load.start()
    load.wait_for(60)
    server.kill()
    load.join()
    server.start()
    return load


def test_a_server_that_keeps_its_word_passes(oracle):
    """Over two crashes, the writers going on where they were."""
    load = loaded(oracle)
    verdict = load.check()
    assert verdict.acknowledged >= 60 and verdict.recovered >= verdict.acknowledged
    assert not verdict.faults
    load.start()
    load.wait_for(60)
    oracle.kill()
    load.join()
    oracle.start()
    again = load.check()
    assert not again.faults and again.recovered >= verdict.recovered + 60


def test_a_server_that_writes_nothing_down_is_found_out(tmp_path):
    """Every acknowledged write is told as lost."""
    server = Server(redis_like(oracle_binary(), durable=False), tmp_path / "forgetful").start()
    try:
        verdict = loaded(server).check()
        lost = [fault for fault in verdict.faults if fault.startswith("lost")]
        assert len(lost) == verdict.acknowledged
    finally:
        server.kill()


@pytest.mark.parametrize(
    ("fault", "damage"),
    [
        ("lost", lambda server, sent: server.call("DEL", *keys(0, 2))),
        ("gap", lambda server, sent: server.call("DEL", *keys(0, 2))),
        ("torn", lambda server, sent: server.call("DEL", keys(0, 3)[0])),
        ("changed", lambda server, sent: server.call("SET", keys(0, 4)[0], value(0, 5))),
        ("invented", lambda server, sent: server.call("MSET", *(x for k in keys(0, sent) for x in (k, value(0, sent))))),
    ],
)
def test_a_planted_fault_is_told(oracle, fault, damage):
    """One key behind the writers' backs is enough."""
    load = loaded(oracle)
    assert damage(oracle, load.progress[0][0]).kind in "+:"
    faults = load.check().faults
    assert faults and any(each.startswith(fault) for each in faults)


def test_a_refused_write_is_a_failure(oracle):
    """A server that refuses everything loses nothing, and must not pass for that."""
    oracle.call("CONFIG", "SET", "min-replicas-to-write", "1")
    load = Load(oracle, writers=2)
    load.start()
    with pytest.raises(AssertionError, match="a write was refused"):
        load.join()
