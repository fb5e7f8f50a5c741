"""Start, stop and start again: what an operator sees, and what is still there."""

import signal

import pytest

from harness.server import FRONTS, HOST, Server
from harness.wait import until


def test_it_tells_its_ports_before_it_is_ready(server):
    """So that an operator, and a supervisor, need not guess."""
    told = list(server.printed)
    ready = next(at for at, line in enumerate(told) if line.startswith("ready"))
    before = "\n".join(told[:ready])
    for front in FRONTS:
        assert f"{HOST}:{server.ports[front]}" in before, told


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_ends_with_zero_and_keeps_everything(server, stop):
    """SIGTERM from a supervisor, or Ctrl-C."""
    for number in range(100):
        assert server.call("SET", f"key:{number}", number).value == b"OK"
    server.process.send_signal(stop)
    assert server.wait() == 0
    server.start()
    held = [server.call("GET", f"key:{number}").value for number in range(100)]
    assert held == [b"%d" % number for number in range(100)]


def test_a_client_that_waits_does_not_hold_up_the_stop(server):
    """An idle connection is closed; it does not cost the budget of the drain."""
    with server.connect() as idle:
        assert idle.call("PING").value == b"PONG"
        assert server.stop() == 0
        assert idle.read_to_end() == b""


def test_a_second_process_on_the_same_data_is_refused_with_the_first_ones_id(server, launch, tmp_path):
    """Two processes on one log would destroy it."""
    second = Server(launch, tmp_path / "second")
    second.data = server.data
    second.start(wait=False)
    assert second.wait() != 0
    assert str(server.process.pid) in second.stderr()
    assert server.call("PING").value == b"PONG"


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(launch, tmp_path):
    """A wrong path must not become a data directory over someone's files."""
    server = Server(launch, tmp_path / "server")
    server.data.mkdir(parents=True)
    letter = server.data / "letter.txt"
    letter.write_text("dear reader")
    server.start(wait=False)
    assert server.wait() != 0
    assert [path.name for path in server.data.iterdir()] == ["letter.txt"]
    assert letter.read_text() == "dear reader"


def test_a_killed_server_keeps_what_it_acknowledged(server):
    """Also a transaction, and what was removed stays removed."""
    with server.connect() as connection:
        connection.call("SET", "kept", "1")
        connection.call("SET", "removed", "1")
        connection.call("DEL", "removed")
        for step in (("MULTI",), ("SET", "left", "1"), ("SET", "right", "1"), ("EXEC",)):
            connection.call(*step)
    server.crash()
    held = [server.call("GET", key).value for key in ("kept", "removed", "left", "right")]
    assert held == [b"1", None, b"1", b"1"]


def test_an_expired_key_is_gone_after_a_kill_too(server):
    """The deadline is on disk, and is compared before the first answer."""
    assert server.call("SET", "brief", "1", "PX", "50").value == b"OK"
    assert server.call("SET", "long", "1", "PX", "600000").value == b"OK"
    server.kill()
    server.start()
    until(lambda: server.call("GET", "brief").value is None, "expiry", 5)
    assert 0 < int(server.call("PTTL", "long").value) <= 600_000
