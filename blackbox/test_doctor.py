"""`groundsill doctor`: what it finds on this machine, in what words, and by what exit code."""

import json
import random
import socket
import subprocess
from pathlib import Path

import pytest

from harness.wait import until

pytestmark = pytest.mark.ours


@pytest.fixture(name="doctor")
def _doctor(pytestconfig):
    """Runs it, and returns what came of it."""
    binary = Path(pytestconfig.getoption("binary"))

    def run(*arguments):
        return subprocess.run(
            [str(binary), "doctor", *arguments], capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.fixture(name="deaf")
def _deaf():
    """A socket that listens and accepts nothing, with more clients than it lets in."""
    backlog = random.randrange(3, 20)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(backlog)
        clients = []
        for _ in range(backlog + 3):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            clients.append(client)
        yield listener, backlog
        for client in clients:
            client.close()


def about(found, listener):
    """The records about this socket."""
    address = "%s:%d" % listener.getsockname()
    return [record for record in json.loads(found.stdout) if record["target"].endswith(" " + address)]


def test_a_program_that_does_not_accept_is_found_and_once_it_does_no_more(doctor, deaf):
    """By its address, its process and both numbers; exit code 2, and then no more of it."""
    listener, backlog = deaf
    found = until(lambda: (lambda it: about(it, listener) and it)(doctor("--output", "json")), "it is found", 30)
    assert found.returncode == 2, found
    (record,) = about(found, listener)
    assert (record["id"], record["status"], record["severity"]) == ("H14", "fail", "critical")
    assert record["observed"].startswith(f"{backlog + 1} connections wait for pid ")
    assert record["evidence"][0]["value"] == f"Recv-Q {backlog + 1}, Send-Q {backlog}"
    assert record["impact"] and record["fix"] and record["risk"] and record["guardrail"]
    for _ in range(backlog + 1):
        listener.accept()[0].close()
    until(lambda: not about(doctor("--output", "json"), listener), "it is gone", 30)


def test_what_was_saved_is_judged_elsewhere_as_it_was_here(doctor, deaf, tmp_path):
    """And the text for people names the same."""
    listener, _ = deaf
    path = tmp_path / "host.json"
    until(lambda: about(doctor("--output", "json"), listener), "it is found", 30)
    here = doctor("--save", str(path), "--output", "json")
    there = doctor("--from", str(path), "--output", "json")
    assert there.returncode == here.returncode == 2
    assert json.loads(there.stdout) == json.loads(here.stdout)
    text = doctor("--from", str(path)).stdout
    assert "CRITICAL" in text and "%s:%d" % listener.getsockname() in text
    assert all(word in text for word in ("breaks", "proof", "fix", "cost", "guard", "next:"))


def test_what_is_not_as_it_should_be_is_an_error_of_its_own_code(doctor, tmp_path):
    """1 and 2 say what was found."""
    other = tmp_path / "other.json"
    other.write_text("{}")
    for arguments, code, words in (
        (("--explain", "H999"), 64, "no check H999"),
        (("--outptu", "json"), 64, "--output"),
        (("lab", "--all"), 64, "--this-machine-is-disposable"),
        (("--from", str(other)), 64, "no snapshot"),
        (("--from", str(tmp_path / "missing")), 64, "missing"),
        (("--from", "/dev/zero"), 64, "/dev/zero"),
        (("--only", "H14", "--skip", "H14"), 64, "no check is left"),
        (("--only", "H12", "--require", "H14"), 64, "H14 is required"),
    ):
        done = doctor(*arguments)
        assert (done.returncode, done.stdout) == (code, ""), done
        assert words in done.stderr, done


def test_it_says_what_it_checks_and_what_it_reads(doctor):
    """By --list and --explain."""
    assert "H14   critical  lab       connections are dropped" in doctor("--list").stdout
    told = doctor("--explain", "h14").stdout
    assert all(word in told for word in ("symptom", "culprit", "sock_diag", "/proc/net/netstat", "guardrail"))


def test_the_labs_make_their_faults_and_see_them_found(doctor):
    """Each draws its magnitude; none fails."""
    done = doctor("lab", "--all", "--this-machine-is-disposable")
    assert done.returncode == 0, done
    assert done.stdout.splitlines()[-1] == "3 passed, 0 failed, 0 skipped"
