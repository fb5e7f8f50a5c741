"""Directories that earlier versions have written: this one reads them, and refuses what later ones write.

`fixtures/format-N.tar.gz` is a data directory of format N, and `fixtures/format-N.json` what reading it answered
when it was made (`fixtures/README.md`).
"""

import json
import struct
import tarfile
from pathlib import Path

import pytest

from harness import samples
from harness.server import Server

pytestmark = pytest.mark.ours
FIXTURES = Path(__file__).resolve().parent / "fixtures"


@pytest.fixture(name="old")
def _old(launch, tmp_path):
    """A server, not started, on a directory of format 1."""
    server = Server(launch, tmp_path / "server")
    server.folder.mkdir()
    with tarfile.open(FIXTURES / "format-1.tar.gz") as archive:
        archive.extractall(server.folder, filter="data")
    try:
        yield server
    finally:
        server.kill()


def test_a_directory_of_format_1_is_read_as_it_was_written(old):
    """Every kind of object, lock, request and record, in tables and in the log alone; and it goes on."""
    expected = json.loads((FIXTURES / "format-1.json").read_text())
    assert len(expected) > 20
    old.start()
    assert samples.read(old) == expected
    assert old.call("SET", "after", "1").value == b"OK"
    assert old.stop() == 0
    old.start()
    assert samples.read(old) == {**expected, "DBSIZE": [f"(integer) {int(expected['DBSIZE'][0].split()[1]) + 1}"]}
    assert old.stop() == 0


def crc32c(data):
    """The checksum of the format (Castagnoli), bit by bit."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def test_a_directory_of_a_later_format_is_refused_with_both_numbers(old):
    """Right down to its checksum, so that it is the number that is refused; and nothing is changed."""
    identity = old.data / "identity"
    whole = bytearray(identity.read_bytes())
    unsigned = whole[:12] + bytes(4) + whole[16:]
    assert struct.unpack_from("<I", whole, 12) == (crc32c(unsigned),), "the checksum is computed as it was"
    struct.pack_into("<I", unsigned, 8, 2)
    struct.pack_into("<I", unsigned, 12, crc32c(unsigned))
    identity.write_bytes(unsigned)
    before = {path: path.read_bytes() for path in (old.data / "shards").rglob("*") if path.is_file()}
    old.start(wait=False)
    assert old.wait() == 1
    assert "format 2" in old.stderr() and "up to 1" in old.stderr(), old.stderr()
    after = {path: path.read_bytes() for path in (old.data / "shards").rglob("*") if path.is_file()}
    assert before and after == before
