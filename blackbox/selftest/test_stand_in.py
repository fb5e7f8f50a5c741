"""The black box against a server that is known to be right: what it asks of the binary can be met, and
what it asks is noticed when it is not met.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.server import find

BLACKBOX = Path(__file__).resolve().parent.parent


def black_box(*arguments):
    """Runs a part of the black box with the oracle in place of the binary."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--stand-in", *arguments],
        cwd=BLACKBOX,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


def test_what_is_asked_of_resp_can_be_met():
    """All of test_resp.py that is not ours alone, and the Node client."""
    run = black_box("test_resp.py", "test_node.py")
    assert run.returncode == 0, run.stdout


def test_a_durable_server_passes_the_test_under_load():
    """Valkey that syncs before it answers."""
    run = black_box("test_crash.py", "--rounds", "2", "-k", "under_load")
    assert run.returncode == 0, run.stdout
    assert "1 passed" in run.stdout


@pytest.mark.skipif(find("strace") is None, reason="strace is not installed")
def test_a_durable_server_passes_the_test_under_strace():
    """Killed before a sync."""
    run = black_box("test_crash.py", "--rounds", "3", "-k", "step_of_a_commit and fdatasync")
    assert run.returncode == 0, run.stdout
    assert "1 passed" in run.stdout
