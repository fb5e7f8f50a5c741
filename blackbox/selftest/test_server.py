"""The harness's handling of processes that misbehave."""

import sys

import pytest

from conftest import ended_well
from harness import server as module
from harness.server import Launch, Server

READY = "print('ready', flush=True)"
SLEEP = "import signal; signal.pause()"


def python(program):
    """A program that says it is ready as Groundsill does."""
    return Launch("program", lambda data, ports: [sys.executable, "-c", program], lambda line: line == "ready")


def test_a_program_that_ends_before_it_is_ready_is_told_with_its_last_words(tmp_path):
    """At once, without waiting for the deadline."""
    server = Server(python("import sys; sys.exit('no room left')"), tmp_path)
    with pytest.raises(AssertionError, match="(?s)ended with 1 before it was ready.*no room left"):
        server.start()
    assert not server.is_running()


def test_a_program_that_is_never_ready_is_killed_at_the_deadline(tmp_path, monkeypatch):
    """And is not left behind."""
    monkeypatch.setattr(module, "READY_SECONDS", 0.2)
    server = Server(python(SLEEP), tmp_path)
    with pytest.raises(AssertionError, match="in vain: readiness"):
        server.start()
    assert not server.is_running()


def finish(server):
    """What the fixture does after a test."""
    fixture = ended_well(server)
    next(fixture)
    with pytest.raises(StopIteration):
        next(fixture)


def test_a_server_that_ends_badly_fails_the_test(tmp_path):
    """A wrong exit code at the stop."""
    program = f"import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(3)); {READY}; {SLEEP}"
    server = Server(python(program), tmp_path).start()
    with pytest.raises(AssertionError, match="it ended with 3"):
        finish(server)


def test_a_server_that_panicked_fails_the_test(tmp_path):
    """Even if it went on and every answer was right."""
    program = (
        "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); "
        f"print('thread x panicked at', file=sys.stderr, flush=True); {READY}; {SLEEP}"
    )
    server = Server(python(program), tmp_path).start()
    with pytest.raises(AssertionError, match="it panicked"):
        finish(server)


def test_a_server_that_ends_well_passes(oracle):
    """Stopped, started, killed and started again, on the same data."""
    oracle.call("SET", "key", "value")
    assert oracle.stop() == 0
    oracle.start()
    oracle.crash()
    assert oracle.call("GET", "key").value == b"value"
