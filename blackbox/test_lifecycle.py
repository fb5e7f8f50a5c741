"""Start, stop and start again: what an operator sees, and what is still there."""

import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from harness.resp import encoded
from harness.server import FRONTS, HOST, Server, find, free_ports
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


NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


def no_namespace():
    """Why no process can be number 1 here, or None."""
    if find("unshare") is None:
        return "apt-get install util-linux"
    probe = subprocess.run([*NAMESPACE, "true"], capture_output=True, text=True, check=False)
    return f"unshare is not permitted: {probe.stderr.strip()}" if probe.returncode else None


def started_as_process_1(server):
    """Starts it in a namespace of its own; its number outside of that."""
    server.start(under=NAMESPACE)
    (child,) = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    status = Path(f"/proc/{child}/status").read_text().splitlines()
    assert next(line for line in status if line.startswith("NSpid:")).split()[-1] == "1"
    return int(child)


@pytest.mark.ours
@pytest.mark.skipif(no_namespace() is not None, reason=f"no process 1: {no_namespace()}")
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_as_process_1_it_heeds_signals_and_keeps_everything(launch, tmp_path, stop):
    """As in a container, where the kernel spares process 1 each signal that it has not asked for."""
    server = Server(launch, tmp_path / "server")
    try:
        number = started_as_process_1(server)
        for at in range(100):
            assert server.call("SET", f"key:{at}", at).value == b"OK"
        before = token(server)
        os.kill(number, stop)
        assert server.wait() == 0
        # Process 1 again, on what another process 1 had: a restart of a container.
        number = started_as_process_1(server)
        assert 0 < token(server) - before < UNCLEAN_GAP, "it had been stopped cleanly"
        assert [server.call("GET", f"key:{at}").value for at in range(100)] == [b"%d" % at for at in range(100)]
        os.kill(number, stop)
        assert server.wait() == 0
    finally:
        server.kill()


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


def test_a_start_waits_a_moment_for_a_process_that_was_killed_to_let_go(server, launch, tmp_path):
    """`kill -9` and a start in one line: the kernel may still be freeing the first one's memory."""
    server.call("SET", "key", "value")
    second = Server(launch, tmp_path / "second")
    second.data, second.ports = server.data, server.ports
    second.start(wait=False)
    # With its other threads it has begun to try.
    until(lambda: len(os.listdir(f"/proc/{second.process.pid}/task")) > 1, "a second process that has begun")
    server.kill()
    until(second.is_ready, "readiness")
    assert second.call("GET", "key").value == b"value"
    assert second.stop() == 0


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


def token(server):
    """A number of the store that never goes back, and leaps after an unclean stop."""
    return int(server.call("LOCK.ACQUIRE", os.urandom(8).hex(), "60000").value)


UNCLEAN_GAP = 1 << 24


def test_an_address_in_use_is_refused_and_leaves_no_unclean_stop(server):
    """The operator is told which; the store was not even opened."""
    before = token(server)
    assert server.stop() == 0
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(server.address)
        other.listen()
        server.start(wait=False)
        assert server.wait() == 1
        assert f"{HOST}:{server.ports['resp']}" in server.stderr() and "`resp`" in server.stderr()
    server.start()
    assert 0 < token(server) - before < UNCLEAN_GAP


def test_a_first_start_that_cannot_have_its_address_leaves_nothing_behind(server, launch, tmp_path):
    """Nor is anything in the way of the next one."""
    other = Server(launch, tmp_path / "other")
    other.ports["http"] = server.ports["http"]
    with pytest.raises(AssertionError, match="take the address"):
        other.start()
    assert not other.data.exists()
    other.ports["http"] = free_ports()["http"]
    other.start()
    assert other.stop() == 0


def test_a_kill_makes_the_numbers_leap(server):
    """So that the test above can see an unclean stop at all."""
    before = token(server)
    server.crash()
    assert token(server) - before >= UNCLEAN_GAP


def test_asked_to_stop_while_it_opens_it_stops_without_ever_being_ready(launch, tmp_path):
    """A supervisor that changes its mind: no client is taken, and nothing is left half done."""
    server = Server(launch, tmp_path / "server")
    # A long segment is filled before the log is open.
    server.launch = launch.having("--log-segment", "512MiB")
    server.start(wait=False)
    until(lambda: (server.data / "shards/0/log/filling").exists(), "the opening of the log")
    assert server.stop() == 0
    assert not any(line.startswith("ready") for line in server.printed), server.printed
    server.launch = launch
    server.start()
    assert token(server) < UNCLEAN_GAP, "it had been stopped cleanly"
    assert server.stop() == 0


def test_what_was_sent_before_the_stop_is_answered(server):
    """A stop is no reason to leave a pipeline half answered, or to cut off the answers on their way."""
    connections, requests = 20, 500
    clients = [server.connect() for _ in range(connections)]
    try:
        for client in clients:
            assert client.call("PING").value == b"PONG"
        for number, client in enumerate(clients):
            client.send(b"".join(encoded("SET", f"{number}:{at}", at) for at in range(requests)))
        assert server.stop() == 0
        for client in clients:
            assert client.read_to_end() == b"+OK\r\n" * requests
    finally:
        for client in clients:
            client.close()
    server.start()
    for number in range(connections):
        assert server.call("GET", f"{number}:{requests - 1}").value == b"%d" % (requests - 1)


def test_it_serves_although_nobody_reads_what_it_prints(launch, tmp_path):
    """Standard output and error are pipes whose readers have gone, as after `| head -1`."""
    server = Server(launch, tmp_path / "server")
    server.folder.mkdir()
    unread, pipe = os.pipe()
    os.close(unread)
    with subprocess.Popen(
        launch.arguments(server.data, server.ports), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe
    ) as process:
        os.close(pipe)
        try:
            until(lambda: answers(server), "an answer", 30)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()


def answers(server):
    """Whether it takes connections and answers."""
    try:
        return server.call("PING").value == b"PONG"
    except OSError:
        return False


def test_a_data_directory_that_has_lost_its_log_is_refused_by_name(server):
    """Beginning anew in its place would silently forget everything."""
    assert server.call("SET", "key", "1").value == b"OK"
    assert server.stop() == 0
    log = server.data / "shards/0/log"
    log.rename(server.folder / "log")
    server.start(wait=False)
    assert server.wait() == 1
    assert "shards/0/log is missing" in server.stderr()
    log.mkdir()
    server.start(wait=False)
    assert server.wait() == 1
    assert "holds no segment" in server.stderr()
    log.rmdir()
    (server.folder / "log").rename(log)
    server.start()
    assert server.call("GET", "key").value == b"1"


@pytest.mark.ours
def test_killed_over_and_over_a_small_store_does_not_fill_the_disk(launch, tmp_path):
    """Each start begins a file of 64 MiB for the log, and what the one before did not use of its own goes back: so history
    reaches back to the first commit."""
    server = Server(launch, tmp_path / "server")
    largest = 0
    try:
        for number in range(30):
            server.start()
            assert server.call("SET", f"key:{number}", number).value == b"OK"
            server.kill()
            files = [path.stat() for path in server.data.rglob("*") if path.is_file()]
            largest = max(largest, sum(file.st_blocks * 512 for file in files))
        server.start()
        held = [server.call("GET", f"key:{number}").value for number in range(30)]
        assert held == [b"%d" % number for number in range(30)]
        assert server.stop() == 0
    finally:
        server.kill()
    # One that is written to, and three that stand by.
    assert largest <= 300 << 20, largest
    done = server.command("log", "dump", "--data", server.data)
    assert done.stdout.startswith("# complete from commit 1 on\n"), done.stdout[:100]


def test_what_puts_writes_into_tables_gives_way_to_commands(server):
    """Where the processor is short, clients go before what nobody waits for."""
    workers = {"applier-0", "flusher-0", "compactor-0"}

    def niceness():
        found = {}
        for thread in Path(f"/proc/{server.process.pid}/task").iterdir():
            # Threads of the runtime come and go.
            with suppress(FileNotFoundError, ProcessLookupError):
                name, _, numbers = (thread / "stat").read_text().partition("(")[2].rpartition(")")
                found[name] = int(numbers.split()[16])
        return found

    # A thread gives way as the first thing it does, which on a busy machine may be after the server is ready.
    until(lambda: {name for name, nice in niceness().items() if nice == 10} == workers, "threads that give way")
    assert {nice for name, nice in niceness().items() if name not in workers} == {os.nice(0)}
