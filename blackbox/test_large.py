"""What is large: values and transactions beyond a segment of the log."""

import time

import pytest

from harness.server import Server
from test_lifecycle import with_options

MIB = 1 << 20
# A command is given up after this long; what only had to wait for the disk is far below.
GIVEN_UP_SECONDS = 5


@pytest.mark.parametrize("segment", ["1MiB", "64MiB"])
def test_a_transaction_of_any_size_gets_room_in_the_log(launch, tmp_path, segment):
    """From the first moment on, one after the other, and they are there after a kill."""
    server = Server(launch, tmp_path / "server")
    server.launch = with_options(launch, "--log-segment", segment, "--log-history", "0B")
    value = "x" * (60 * MIB)
    try:
        server.start()
        with server.connect() as client:
            for at in range(3):
                assert client.call("SET", f"large:{at}", value).value == b"OK"
            for step in (("MULTI",), ("SET", "left", value), ("SET", "right", value)):
                client.call(*step)
            assert client.call("EXEC").value == [b"OK", b"OK"]
            # One that does not say beforehand how large it is.
            assert client.call("SETRANGE", "sparse", 60 * MIB, "end").value == 60 * MIB + 3
        server.crash()
        keys = ["large:0", "large:1", "large:2", "left", "right"]
        assert [server.call("STRLEN", key).value for key in keys] == [60 * MIB] * 5
        assert server.call("GETRANGE", "sparse", -5, -1).value == b"\0\0end"
        assert server.stop() == 0
    finally:
        server.kill()


def test_values_as_long_as_a_segment_do_not_wait_for_the_next(launch, tmp_path):
    """With the shortest segments there are."""
    server = Server(launch, tmp_path / "server")
    server.launch = with_options(launch, "--log-segment", "1MiB")
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
