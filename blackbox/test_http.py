"""What probes and monitoring ask over HTTP, with the clients of the standard library."""

import contextlib
import re
import signal
import socket
import threading
import time

import pytest

from harness.probes import ask
from harness.resp import encoded
from harness.server import FRONTS, HOST, Server
from harness.wait import until

pytestmark = pytest.mark.ours


def send(server, text, seconds=10.0):
    """What comes back for these bytes until the server closes, and the seconds that this took."""
    with socket.create_connection((HOST, server.ports["http"]), timeout=seconds) as client:
        start = time.monotonic()
        client.sendall(text)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while more := client.recv(65536):
                answer += more
        return answer, time.monotonic() - start


LABEL = r'(?:shard|front|command|code)="[A-Za-z0-9.|]+"(?:,le="[0-9.]+"|,le="\+Inf")?'
SAMPLE = re.compile(rf"(groundsill_[a-z_]+)((?:\{{{LABEL}\}})?) (-?[0-9]+(?:\.[0-9]+)?)")


def metrics(server):
    """All samples by name and label, held to the format on the way."""
    status, fields, text = ask(server, "/metrics")
    assert status == 200 and fields["content-type"].startswith("text/plain; version=0.0.4")
    assert text.endswith("\n")
    samples, types, told = {}, {}, set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types and kind in ("counter", "gauge", "histogram"), line
            types[name] = kind
        elif not line.startswith("# HELP "):
            name, label, value = SAMPLE.fullmatch(line).groups()
            metric = re.sub("_(bucket|sum|count)$", "", name) if name not in types else name
            assert metric in types, f"{line}: its type stands before it"
            told.add(metric)
            assert (name, label) not in samples, f"{line}: twice"
            samples[name, label] = float(value)
    assert types.keys() == told
    return samples


def test_what_is_called_is_counted_alike_by_info_histograms_and_metrics(server):
    """Also where commands run together, as a pipeline and in EXEC, and by several connections at a time."""

    words = ("SET key 1", "INCR key", "HGET key field", "MULTI", "GET key", "HGET key field", "EXEC")
    turn = b"".join(encoded(*command.split()) for command in words)

    def work(connection):
        connection.send(turn * 100)
        for _ in range(100 * len(words)):
            connection.read()

    connections = [server.connect() for _ in range(4)]
    threads = [threading.Thread(target=work, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with server.connect() as connection:
        info = connection.call("INFO", "commandstats", "errorstats").value.decode()
        histogram = connection.call("LATENCY", "HISTOGRAM").value
    told = dict(re.findall(r"cmdstat_(\w+):calls=(\d+)", info))
    expected = {"set": 400, "incr": 400, "hget": 800, "multi": 400, "get": 400, "exec": 400}
    assert {name: int(count) for name, count in told.items()} == expected
    assert "cmdstat_hget:" in info and re.search(r"cmdstat_hget:.*failed_calls=800\r\n", info), info
    assert "errorstat_WRONGTYPE:count=800\r\n" in info
    histograms = dict(zip((name.value.decode() for name in histogram[::2]), histogram[1::2], strict=True))
    for name, count in expected.items():
        _, calls, _, buckets = (field.value for field in histograms[name].value)
        sums = [int(field.value) for field in buckets[1::2]]
        assert int(calls) == count == sums[-1] and sums == sorted(sums), (name, calls, sums)
    samples = metrics(server)
    for name, count in expected.items():
        assert samples["groundsill_command_calls_total", f'{{command="{name}"}}'] == count
    assert samples["groundsill_command_errors_total", '{command="hget"}'] == 800
    assert samples["groundsill_errors_total", '{code="WRONGTYPE"}'] == 800


def test_a_guard_that_refuses_a_transaction_is_counted_as_the_one_that_failed(server):
    """And what came before it as called; what it kept from running is not counted."""
    with server.connect() as connection:
        for expected in (b"OK", b"IDEMDUP"):
            for words in ("MULTI", "INCR before", "IDEM.CLAIM pay:1 60", "SET after 1"):
                assert not connection.call(*words.split()).is_error()
            reply = connection.call("EXEC")
            assert reply.is_error() == (expected == b"IDEMDUP")
        # One that is refused before any command of it begins, right after one that came to two.
        for words in (("MULTI",), ("INCR", b"k" * 70_000), ("SET", "after", "2")):
            assert not connection.call(*words).is_error()
        assert connection.call("EXEC").is_error()
        info = connection.call("INFO", "commandstats").value.decode()
    counts = dict(re.findall(r"cmdstat_(\S+?):(calls=\d+),\S*?(?=,rejected)", info))
    failed = dict(re.findall(r"cmdstat_(\S+?):\S*failed_calls=(\d+)", info))
    assert counts == {"multi": "calls=3", "exec": "calls=3", "incr": "calls=2", "idem.claim": "calls=2", "set": "calls=1"}
    assert failed == {"multi": "0", "exec": "2", "incr": "0", "idem.claim": "1", "set": "0"}


def test_a_server_that_serves_is_live_and_ready(server):
    """Also for HEAD, which has the same length and no body."""
    assert (ask(server, "/livez")[0], ask(server, "/livez")[2]) == (200, "live\n")
    assert (ask(server, "/readyz")[0], ask(server, "/readyz")[2]) == (200, "ready\n")
    status, fields, body = ask(server, "/readyz", "HEAD")
    assert (status, fields["content-length"], body) == (200, "6", "")


def test_during_a_stop_it_is_live_and_not_ready_and_says_why(server):
    """A client that does not take its answers holds the stop up."""
    server.call("SET", "large", b"x" * (8 << 20))
    with server.connect() as deaf:
        deaf.send(encoded("GET", "large") * 8)
        until(lambda: metrics(server)["groundsill_connections", '{front="resp"}'] == 1, "the connection")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: ask(server, "/readyz")[0] == 503, "a readiness that has ended", 5)
        assert ask(server, "/readyz")[2] == "stopping\n"
        assert ask(server, "/livez")[0] == 200
        assert metrics(server)["groundsill_ready", ""] == 0
    assert server.wait() == 0


def test_a_server_that_has_no_room_for_writes_is_not_ready(launch, tmp_path):
    """The disk has less free than it is told to leave free: reads go on, and so does the process."""
    server = Server(launch, tmp_path / "server")
    server.launch = launch.having("--log-segment", "1MiB", "--disk-free-min", "1000TiB")
    try:
        server.start()
        until(lambda: ask(server, "/readyz")[0] == 503, "a readiness that has ended", 10)
        assert ask(server, "/readyz")[2] == "the disk has no space for the log: writes are refused, large ones first\n"
        assert server.call("SET", "key", "1").value.startswith(b"LIMIT the disk has no space")
        assert ask(server, "/livez")[0] == 200
        persistence = server.call("INFO", "persistence").value
        assert b"writes_refused:1\r\nwrites_refused_reason:the disk has no space" in persistence
        assert metrics(server)["groundsill_log_out_of_room", '{shard="0"}'] == 1
        assert server.stop() == 0
    finally:
        server.kill()


def test_metrics_tell_what_has_happened(server):
    """In Prometheus' format, each name with its type, and in step with what clients did."""
    shard = '{shard="0"}'
    before = metrics(server)
    with server.connect() as client:
        for number in range(10):
            assert client.call("SET", f"key:{number}", "x" * 1000).value == b"OK"
        after = metrics(server)
        assert after["groundsill_connections", '{front="resp"}'] == 1
    marks = [after[f"groundsill_commit_{mark}", shard] for mark in ("applied", "durable", "written", "queued")]
    assert marks[1] <= marks[2] <= marks[3] and marks[0] <= marks[2]
    durable = ("groundsill_commit_durable", shard)
    assert after[durable] - before[durable] >= 10
    commands = ("groundsill_commands_total", "")
    assert after[commands] - before[commands] == 10
    resident = ("groundsill_objects_resident_bytes", shard)
    assert after[resident] - before[resident] >= 10_000
    assert after["groundsill_connections", '{front="http"}'] == 1
    assert after["groundsill_ready", ""] == 1 and after["groundsill_tables_damaged", shard] == 0
    assert abs(after["groundsill_clock_skew_seconds", shard]) < 60
    assert {label for name, label in after if name == "groundsill_connections"} == {
        f'{{front="{front}"}}' for front in FRONTS
    }


def test_what_is_not_there_is_404_and_what_may_not_be_asked_405(server):
    """With a line that tells what there is."""
    status, _, body = ask(server, "/")
    assert status == 404 and "/metrics" in body
    for method, sent in (("POST", b"x" * 100_000), ("POST", b""), ("DELETE", None)):
        status, fields, _ = ask(server, "/metrics", method, sent)
        assert (status, fields["allow"]) == (405, "GET, HEAD")
    assert ask(server, "/livez")[0] == 200


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"\x16\x03\x01\x02\x00\r\n\r\n", b"400"),
        (b"*1\r\n$4\r\nPING\r\n\r\n", b"400"),
        (b"GET /livez HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /livez HTTP/1.1\r\nhost: h\r\n folded: yes\r\n\r\n", b"400"),
        (b"GET /livez HTTP/3.0\r\nhost: h\r\n\r\n", b"505"),
        (b"GET /" + b"a" * 100_000, b"431"),
        (b"\x00" * 8192, b"431"),
    ],
)
def test_what_is_no_request_is_told_so_and_ends_its_connection_alone(server, text, status):
    """Whatever it is: the next one is served."""
    answer, seconds = send(server, text)
    assert answer.startswith(b"HTTP/1.1 " + status), answer
    assert b"connection: close" in answer and seconds < 5
    assert ask(server, "/livez")[0] == 200


def test_a_request_that_does_not_come_to_its_end_is_given_up_after_10_s(server):
    """A byte now and then does not help it; and nobody else waits meanwhile."""
    with socket.create_connection((HOST, server.ports["http"]), timeout=20) as slow:
        start = time.monotonic()
        slow.settimeout(0.5)
        answer = b""
        while time.monotonic() - start < 20:
            with contextlib.suppress(OSError):
                slow.send(b"G")
            with contextlib.suppress(TimeoutError):
                answer = slow.recv(65536)
                break
            assert ask(server, "/livez")[0] == 200
        assert answer.startswith(b"HTTP/1.1 408"), answer
        assert 9 < time.monotonic() - start < 15


def test_a_connection_over_which_nothing_comes_is_closed(server):
    """Without a word: there was no question."""
    answer, seconds = send(server, b"", seconds=20)
    assert answer == b"" and 9 < seconds < 15


def test_an_address_that_is_taken_is_named(server, launch, tmp_path):
    """As for the other fronts."""
    second = Server(launch, tmp_path / "second")
    second.ports["http"] = server.ports["http"]
    second.start(wait=False)
    assert second.wait() == 1
    assert f"{HOST}:{server.ports['http']}" in second.stderr() and "`http`" in second.stderr()
