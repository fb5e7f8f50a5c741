"""The black box: real clients against the built binary, with none of its code.

    cargo x test             all of it, after a release build
    cargo x test NAME        the tests and scripts whose name holds NAME
    cargo x crash            the tests marked `crash`

Run by hand: `target/venv/bin/python -m pytest blackbox`. The binary is `target/release/groundsill`; to
try another build of it, `--binary PATH`. Kafka's Java client is not among the clients: no package of Debian, PyPI or npm
was found that brings its jar. Nor is `resp-compatibility`, which compares servers with versions of Redis: PyPI has no
distribution of that name.
"""

from pathlib import Path

import pytest

from harness.server import Server, groundsill, oracle_binary, redis_like

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser):
    """Options of the black box."""
    group = parser.getgroup("black box")
    group.addoption(
        "--binary",
        default=ROOT / "target/release/groundsill",
        help="the binary under test (target/release/groundsill)",
    )
    group.addoption(
        "--oracle", help="the server to compare replies with (Valkey, from its pinned package)"
    )
    group.addoption(
        "--rewrite",
        action="store_true",
        help="write what the binary answers into the scripts, and run nothing else",
    )
    group.addoption("--rounds", type=int, default=8, help="how often each crash is repeated (8)")
    group.addoption(
        "--stand-in",
        action="store_true",
        help="for the harness's tests of itself: run the oracle in place of the binary",
    )


def pytest_collection_modifyitems(config, items):
    """With `--rewrite`, only the scripts; with `--stand-in`, nothing that only Groundsill promises."""
    chosen = items
    if config.getoption("rewrite"):
        chosen = [item for item in items if item.originalname == "test_a_script_is_answered_as_written"]
    if config.getoption("stand_in"):
        chosen = [item for item in chosen if item.get_closest_marker("ours") is None]
    if chosen is not items:
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


@pytest.fixture(name="oracle_launch", scope="session")
def _oracle_launch(pytestconfig):
    return redis_like(pytestconfig.getoption("oracle") or oracle_binary())


@pytest.fixture(name="launch", scope="session")
def _launch(pytestconfig, oracle_launch):
    """How the server under test is started."""
    if pytestconfig.getoption("stand_in"):
        return oracle_launch
    binary = Path(pytestconfig.getoption("binary"))
    if not binary.is_file():
        pytest.exit(f"there is no {binary}: build it with `cargo build --release -p groundsill`", 1)
    return groundsill(binary)


@pytest.fixture(name="rounds")
def _rounds(pytestconfig):
    """How often each crash is repeated."""
    return pytestconfig.getoption("rounds")


@pytest.fixture(name="server")
def _server(launch, tmp_path):
    """The server under test, started on an empty folder.

    After the test it is asked to stop, if it still runs, and must then end with 0, without ever having
    panicked.
    """
    server = Server(launch, tmp_path / "server").start()
    yield from ended_well(server)


@pytest.fixture(name="oracle")
def _oracle(oracle_launch, tmp_path):
    """Another server, to compare replies with, started on an empty folder."""
    server = Server(oracle_launch, tmp_path / "oracle").start()
    yield from ended_well(server)


def ended_well(server):
    """Hands out a server and sees to its end."""
    try:
        yield server
        if server.is_running():
            code = server.stop()
            assert code == 0, f"asked to stop, it ended with {code}\n{server.told()}"
        for log in sorted(server.folder.glob("stderr-*.txt")):
            text = log.read_text(errors="backslashreplace")
            assert "panicked at" not in text, f"it panicked:\n{text}"
    finally:
        server.kill()
