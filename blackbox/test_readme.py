"""What the README shows, typed as it stands there."""

import signal
import subprocess
from pathlib import Path

import pytest

from harness.kafka import kcat
from harness.server import find
from harness.trace import attached

README = Path(__file__).resolve().parent.parent / "README.md"
# A kill before the only write and the only sync of the EXEC, and before each reply: to COMMAND DOCS, which redis-cli asks
# for by itself, to MULTI, to what is queued, to EXEC.
REPLIES = 7
STEPS = [("pwrite64", 1), ("fdatasync", 1), *(("sendto", number) for number in range(1, REPLIES + 1))]
needs_redis_cli = pytest.mark.skipif(find("redis-cli") is None, reason="redis-cli is not installed")


def shell_of(heading):
    """The first shell block below a heading."""
    section = README.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return section.split("\n```sh\n")[1].split("\n```")[0]


def typed(server, text):
    """What bash prints of a session with redis-cli."""
    elsewhere = f"redis-cli() {{ command redis-cli -p {server.ports['resp']} \"$@\"; }}\n"
    return subprocess.run(
        ["bash", "-euc", elsewhere + text], capture_output=True, text=True, timeout=60, check=False
    )


@needs_redis_cli
def test_the_session_of_the_readme_does_what_it_says(server):
    """All of it happens once; the second time it is refused, and nothing changes."""
    session = typed(server, shell_of("One transaction"))
    assert session.returncode == 0, session.stderr
    made, put, *answers, refused, balance = session.stdout.splitlines()
    assert [made, put, balance] == ["OK", "1", "400"]
    assert answers == ["OK", "OK", "400", "0", "0"]
    assert refused.startswith("IDEMDUP ")
    (record,) = server.call("TOPIC.READ", "payments", "0", "0").value
    assert [part.value for part in record.value[2:4]] == [b"8127", b'{"amount":100}']
    assert server.call("TOPIC.READ", "payments", "0", "1").value == []


@pytest.mark.crash
@pytest.mark.timeout(300)
@pytest.mark.skipif(find("strace") is None, reason="strace is not installed")
@needs_redis_cli
@pytest.mark.parametrize(("call", "number"), STEPS)
def test_the_session_of_the_readme_is_whole_or_not_at_all_when_killed_at_any_step(server, call, number):
    """By redis-cli and kcat: claim, balance and record agree after the restart, and paid again it is paid once."""
    # With one thread for connections: a trace counts the calls of each thread by itself.
    assert server.stop() == 0
    server.start(under=("env", "TOKIO_WORKER_THREADS=1"))
    before, rest = shell_of("One transaction").split("\npay() {")
    pay = "pay() {" + rest.split("\n}\n")[0] + "\n}\n"
    begun = typed(server, before + "\necho $TOKEN")
    assert begun.returncode == 0, begun.stderr
    token = f"TOKEN={begun.stdout.splitlines()[-1]}\n"
    with attached(server, f"{call}:signal=SIGKILL:when={number}"):
        typed(server, token + pay + "pay")
        assert server.wait(60) == -signal.SIGKILL
    server.start()

    def happened():
        """Whether it did, by what each client sees: the balance, the claim, the records."""
        balance, claim = server.call("HGET", "account:7", "balance"), server.call("IDEM.GET", "pay:8127")
        records = kcat(server, "-C", "-t", "payments", "-o", "beginning", "-e", "-f", "%k %s\n").decode().splitlines()
        return balance.value, claim.value is not None, records

    nothing, all_of_it = (b"500", False, []), (b"400", True, ['8127 {"amount":100}'])
    found = happened()
    print(f"\n{call} {number}: {found}")
    assert found in (nothing, all_of_it)
    if call == "sendto":
        assert found == (all_of_it if number == REPLIES else nothing), "EXEC is answered last, when all is durable"
    again = typed(server, token + pay + "pay")
    assert ("IDEMDUP" in again.stdout) == (found == all_of_it), again.stdout
    assert happened() == all_of_it
