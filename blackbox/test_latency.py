"""LATENCY: what took long, once there is a threshold."""

import re
import time

import pytest

pytestmark = pytest.mark.ours


def test_what_takes_as_long_as_the_threshold_is_kept_by_second_until_it_is_forgotten(server):
    """A command that writes many keys takes more than a millisecond; without a threshold nothing is kept."""
    many = [word for number in range(50_000) for word in (f"key:{number}", "value")]
    with server.connect() as connection:
        assert connection.call("MSET", *many).value == b"OK"
        assert connection.call("LATENCY", "LATEST").value == []
        assert connection.call("CONFIG", "SET", "latency-monitor-threshold", "1").value == b"OK"
        began = int(time.time())
        assert connection.call("MSET", *many).value == b"OK"
        (latest,) = connection.call("LATENCY", "LATEST").value
        name, second, latest_ms, worst_ms = (field.value for field in latest.value)
        second, latest_ms, worst_ms = int(second), int(latest_ms), int(worst_ms)
        assert (name, latest_ms) == (b"command", worst_ms) and worst_ms >= 1
        assert began - 1 <= second <= time.time() + 1
        samples = connection.call("LATENCY", "HISTORY", "command").value
        assert [[int(field.value) for field in sample.value] for sample in samples] == [[second, latest_ms]]
        graph = connection.call("LATENCY", "GRAPH", "command").value.decode().splitlines()
        assert graph[0] == f"command - high {latest_ms} ms, low {latest_ms} ms (all time high {latest_ms} ms)"
        assert graph[2:6] == ["", "", "", "_"] and re.fullmatch(r"\d", graph[7])
        assert connection.call("LATENCY", "RESET", "fast-command").value == b"0"
        assert connection.call("LATENCY", "RESET").value == b"1"
        assert connection.call("LATENCY", "LATEST").value == []
