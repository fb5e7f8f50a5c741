"""The scripts of testdata/, through the binary and, to compare, through another server."""

import difflib
from pathlib import Path

import pytest

from harness.script import Script, accepted, converse, judged_by_oracle

TESTDATA = Path(__file__).resolve().parent.parent / "testdata"
PROTOCOL = Path(__file__).resolve().parent.parent / "docs/protocols/redis.md"
SCRIPTS = sorted(TESTDATA.rglob("*.txt"))


def name(path):
    """How a script is called: its path below testdata/."""
    return str(path.relative_to(TESTDATA))


def is_ours(path):
    """Whether only Groundsill can answer it."""
    return any(line.startswith("! ours ") for line in path.read_text().splitlines())


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_a_script_is_answered_as_written(path, server, pytestconfig):
    """Each reply is the one in the file, or is written into it with `--rewrite`."""
    script = Script(path.read_text())
    replies = accepted(script, converse(script, server))
    if pytestconfig.getoption("rewrite"):
        path.write_text(script.render(replies))
        return
    expected, actual = path.read_text(), script.render(replies)
    changes = difflib.unified_diff(
        expected.splitlines(), actual.splitlines(), name(path), "what the server answers", lineterm=""
    )
    if expected != actual:
        pytest.fail("\n".join(changes), pytrace=False)


@pytest.mark.parametrize("path", [path for path in SCRIPTS if not is_ours(path)], ids=name)
def test_a_script_is_answered_alike_by_another_server(path, oracle):
    """Each reply is also the other server's, except where a documented difference is named."""
    script = Script(path.read_text())
    wrong = judged_by_oracle(script, converse(script, oracle))
    if wrong:
        pytest.fail("\n".join([name(path), *wrong]), pytrace=False)


def test_every_difference_from_other_servers_is_documented():
    """The heading that `~ differs:` names stands in docs/protocols/redis.md."""
    named = {step.differs() for path in SCRIPTS for step in Script(path.read_text()).steps()} - {None}
    lines = PROTOCOL.read_text().splitlines() if PROTOCOL.exists() else []
    headings = {line.lstrip("#").strip() for line in lines if line.startswith("#")}
    assert named <= headings, f"not in {PROTOCOL.name}: {sorted(named - headings)}"


def test_there_are_scripts():
    """So that an empty folder does not pass for a tested one."""
    assert SCRIPTS
