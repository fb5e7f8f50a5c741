"""Clients of the Node world, unmodified."""

import os
import subprocess
from pathlib import Path

import pytest

from harness.server import find

needs_node = pytest.mark.skipif(
    find("node") is None or "NODE_PATH" not in os.environ,
    reason="Node.js is not installed, or its clients are not: run by way of `cargo x test`",
)


@needs_node
def test_ioredis_works_unmodified(server):
    """The checks are in node/ioredis.cjs."""
    program = Path(__file__).parent / "node/ioredis.cjs"
    host, port = server.address
    client = subprocess.run(
        ["node", program, host, str(port)], capture_output=True, text=True, timeout=60, check=False
    )
    assert client.returncode == 0, client.stderr
    assert client.stdout == "10 checks held\n"
