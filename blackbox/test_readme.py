"""What the README shows, typed as it stands there."""

import subprocess
from pathlib import Path

import pytest

from harness.server import find

README = Path(__file__).resolve().parent.parent / "README.md"
needs_redis_cli = pytest.mark.skipif(find("redis-cli") is None, reason="redis-cli is not installed")


def shell_of(heading):
    """The first shell block below a heading."""
    section = README.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return section.split("\n```sh\n")[1].split("\n```")[0]


@needs_redis_cli
def test_the_session_of_the_readme_does_what_it_says(server):
    """All of it happens once; the second time it is refused, and nothing changes."""
    elsewhere = f"redis-cli() {{ command redis-cli -p {server.ports['resp']} \"$@\"; }}\n"
    session = subprocess.run(
        ["bash", "-euc", elsewhere + shell_of("One transaction")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert session.returncode == 0, session.stderr
    made, put, *answers, refused, balance = session.stdout.splitlines()
    assert [made, put, balance] == ["OK", "1", "400"]
    assert answers == ["OK", "OK", "400", "0", "0"]
    assert refused.startswith("IDEMDUP ")
    (record,) = server.call("TOPIC.READ", "payments", "0", "0").value
    assert [part.value for part in record.value[2:4]] == [b"8127", b'{"amount":100}']
    assert server.call("TOPIC.READ", "payments", "0", "1").value == []
