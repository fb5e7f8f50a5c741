"""Backup and restore: what was written is there again, elsewhere, and nothing damaged or half done passes
for a backup."""

import contextlib
import shutil
import signal
import socket
import subprocess
import urllib.request

import pytest

from harness import samples
from harness.server import Server, find
from harness.trace import command
from harness.transfers import Transfers, check
from harness.wait import until

pytestmark = pytest.mark.ours
needs_strace = pytest.mark.skipif(find("strace") is None, reason="strace is not installed")
may_mount = find("unshare") is not None and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0
needs_mounts = pytest.mark.skipif(not may_mount, reason="mounting is not permitted")
DAMAGED = 65
WITHOUT_HISTORY = 3


@pytest.fixture(name="small")
def _small(launch):
    """How the server is started so that there is little to copy."""
    options = ["--log-segment", "1MiB", "--log-history", "0B"]
    return launch.having(*options)


@pytest.fixture(name="server")
def _server(small, tmp_path):
    """One that is started on an empty folder, and is killed if the test has not stopped it."""
    server = Server(small, tmp_path / "server").start()
    try:
        yield server
    finally:
        server.kill()


def backup(server, to, under=()):
    """`groundsill backup` of the server's data."""
    return server.command("backup", "--data", server.data, "--to", to, under=under)


def restore(server, source, to):
    """`groundsill restore`, with the same binary."""
    return server.command("restore", "--from", source, "--data", to)


def sampled(server):
    """Writes something of every kind, to tables and to the log alone, and stops; what reading it answered."""
    samples.write(server)
    samples.write_filler(server)
    tables = server.data / "shards/0/tables/main/tables"
    until(lambda: any(tables.iterdir()), "a table", 30)
    samples.write_late(server)
    found = samples.read(server)
    assert server.stop() == 0
    return found


def test_what_was_backed_up_is_there_again_where_it_is_restored(server, launch, tmp_path):
    """All that was written, of every kind, by every way of reading it."""
    before = sampled(server)
    done = backup(server, tmp_path / "backup")
    assert done.returncode == 0, done.stderr
    assert f"to {tmp_path / 'backup'}" in done.stdout.splitlines()[-1]
    assert not (tmp_path / "backup.partial").exists()
    shutil.rmtree(server.data)
    other = Server(launch, tmp_path / "other")
    other.folder.mkdir()
    done = restore(server, tmp_path / "backup", other.data)
    assert done.returncode == 0, done.stderr
    other.start()
    try:
        assert samples.read(other) == before
        assert other.call("SET", "after", "1").value == b"OK"
        assert other.stop() == 0
    finally:
        other.kill()
    assert server.command("verify", "--data", tmp_path / "backup").returncode == 0


def test_what_a_killed_server_left_can_be_backed_up(server, tmp_path):
    """A kill is no reason to have no backup: what was acknowledged is in it."""
    samples.write(server)
    before = samples.read(server)
    server.kill()
    assert backup(server, tmp_path / "backup").returncode == 0
    shutil.rmtree(server.data)
    assert restore(server, tmp_path / "backup", server.data).returncode == 0
    server.start()
    assert samples.read(server) == before


@pytest.mark.parametrize("runs", [False, True], ids=["stopped", "running"])
def test_damage_in_history_does_not_keep_state_from_being_backed_up_and_is_told(launch, tmp_path, runs):
    """A flipped bit in a file that only `log dump` reads: the copy begins behind it, and the exit code is one of its own."""
    server = Server(launch.having("--log-segment", "1MiB", "--log-history", "1GiB"), tmp_path / "server").start()
    try:
        before = sampled(server)
        history = sorted((server.data / "shards/0/log").glob("*.seg"))
        flip(history[1], history[1].stat().st_size // 2)
        if runs:
            server.start()
        done = backup(server, tmp_path / "backup")
        assert done.returncode == WITHOUT_HISTORY, done.stdout + done.stderr
        assert f"DAMAGED {history[1].name}" in done.stdout
        assert "without history before commit" in done.stderr.splitlines()[-1]
        copied = sorted(path.name for path in (tmp_path / "backup/shards/0/log").glob("*.seg"))
        assert copied[0] == history[2].name
        assert server.command("verify", "--data", tmp_path / "backup").returncode == 0
        server.kill()
        shutil.rmtree(server.data)
        done = restore(server, tmp_path / "backup", server.data)
        assert done.returncode == 0, done.stderr
        server.start()
        assert samples.read(server) == before
        # What a start needs is another matter. The second write vouches for the first.
        assert server.call("SET", "later", "1").value == b"OK"
        assert server.call("SET", "later", "2").value == b"OK"
        server.kill()
        segments = sorted((server.data / "shards/0/log").glob("*.seg"))
        flip([segment for segment in segments if any(segment.read_bytes())][-1], 100)
        assert backup(server, tmp_path / "other").returncode == DAMAGED
        assert not (tmp_path / "other").exists()
    finally:
        server.kill()


def test_a_backup_begins_behind_a_file_of_history_that_is_missing(launch, tmp_path):
    """What is before it cannot be read in order, and is not copied."""
    server = Server(launch.having("--log-segment", "1MiB", "--log-history", "64MiB"), tmp_path / "server").start()
    try:
        sampled(server)
        history = sorted((server.data / "shards/0/log").glob("*.seg"))
        history[3].unlink()
        done = backup(server, tmp_path / "backup")
        assert done.returncode == WITHOUT_HISTORY, done.stdout + done.stderr
        copied = sorted(path.name for path in (tmp_path / "backup/shards/0/log").glob("*.seg"))
        assert copied == [path.name for path in history[4:]]
        assert server.command("verify", "--data", tmp_path / "backup").returncode == 0
    finally:
        server.kill()


def flip(path, offset):
    """Changes one bit of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


@pytest.fixture(name="busy")
def _busy(launch, tmp_path):
    """A server whose log is trimmed and whose tables are flushed and compacted all the time."""
    options = ["--log-segment", "1MiB", "--log-history", "0B", "--memory", "256MiB"]
    small = launch.having(*options)
    server = Server(small, tmp_path / "server").start()
    try:
        yield server
    finally:
        server.kill()


def figure(server, name):
    """One metric of the server."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{server.ports['http']}/metrics", timeout=10).read().decode()
    return float(next(line for line in text.splitlines() if line.startswith(name)).split()[-1])


def test_a_server_that_runs_is_backed_up_with_all_that_was_acknowledged_and_no_half_of_it(busy, tmp_path):
    """Transfers go on meanwhile; each copy is served, and holds the sum and the counts."""
    transfers = Transfers(busy).start()
    copies = []
    for number in range(3):
        flushed = figure(busy, "groundsill_tables_flushes_total")
        until(lambda before=flushed: figure(busy, "groundsill_tables_flushes_total") > before, "a flush", 60)
        least = list(transfers.acknowledged)
        done = backup(busy, tmp_path / f"backup-{number}")
        assert done.returncode == 0, done.stdout + done.stderr
        copies.append((tmp_path / f"backup-{number}", least, list(transfers.sent)))
    transfers.stop()
    until(lambda: not (busy.data / "backup-staging").exists(), "the end of the staging")
    assert busy.stop() == 0
    other = Server(busy.launch, tmp_path / "other")
    other.folder.mkdir()
    for copy, least, most in copies:
        assert busy.command("verify", "--data", copy).returncode == 0
        assert restore(busy, copy, other.data).returncode == 0
        other.start()
        try:
            check(other, least, most)
            assert other.call("SET", "after", "1").value == b"OK"
            assert other.stop() == 0
        finally:
            other.kill()
        shutil.rmtree(other.data)


@contextlib.contextmanager
def staged(server):
    """Has the server keep its files still, as a backup does that takes its time."""
    with socket.socket(socket.AF_UNIX) as stream, contextlib.chdir(server.data):
        stream.settimeout(30)
        stream.connect("backup-socket")
        assert stream.recv(64).startswith(b"staged ")
        yield


def test_a_second_backup_at_the_same_time_is_refused_and_the_server_goes_on(server, tmp_path):
    """Then it is done."""
    samples.write(server)
    with staged(server):
        done = backup(server, tmp_path / "backup")
        assert done.returncode == 1
        assert "another backup is under way" in done.stderr
        assert "ask its server for a backup" in done.stderr and "stop that first" not in done.stderr
        assert server.call("PING").value == b"PONG"
    until(lambda: not (server.data / "backup-staging").exists(), "the end of the staging")
    before = samples.read(server)
    assert backup(server, tmp_path / "backup").returncode == 0
    assert server.stop() == 0
    shutil.rmtree(server.data)
    assert restore(server, tmp_path / "backup", server.data).returncode == 0
    server.start()
    assert samples.read(server) == before


def test_a_copy_into_the_directory_of_a_running_server_is_refused(server):
    """It would be part of what is copied."""
    done = backup(server, server.data / "backup")
    assert done.returncode == 1 and "is within" in done.stderr


@pytest.mark.crash
def test_a_server_killed_during_its_backup_starts_clean_and_loses_nothing(server, tmp_path):
    """What it kept for the backup is gone, and the next backup is whole."""
    samples.write(server)
    before = samples.read(server)
    with staged(server):
        server.kill()
        assert (server.data / "backup-staging" / "identity").exists()
    server.start()
    assert not (server.data / "backup-staging").exists()
    assert samples.read(server) == before
    assert backup(server, tmp_path / "backup").returncode == 0
    assert server.command("verify", "--data", tmp_path / "backup").returncode == 0


@needs_mounts
def test_what_cannot_be_written_to_is_read_and_restored_all_the_same(server, tmp_path):
    """A backup on a medium that is mounted for reading, with a `lock` in it and without."""
    before = sampled(server)
    assert backup(server, tmp_path / "backup").returncode == 0
    mounted = tmp_path / "backup"
    script = f'mount --bind "{mounted}" "{mounted}" && mount -o remount,ro,bind "{mounted}" && exec "$@"'
    read_only = ["unshare", "--mount", "sh", "-c", script, "sh"]
    for has_lock in (True, False):
        (mounted / "lock").touch() if has_lock else (mounted / "lock").unlink()
        held = sorted(mounted.rglob("*"))
        for words in (["verify", "--data", mounted], ["log", "dump", "--data", mounted]):
            done = server.command(*words, under=read_only)
            assert done.returncode == 0, done.stderr
        assert sorted(mounted.rglob("*")) == held
        shutil.rmtree(server.data)
        done = server.command("restore", "--from", mounted, "--data", server.data, under=read_only)
        assert done.returncode == 0, done.stderr
        server.start()
        assert samples.read(server) == before
        assert server.stop() == 0


def flip(path, offset):
    """Changes one bit of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


def first_frame(log):
    """The oldest segment that holds anything."""
    return next(path for path in sorted(log.glob("*.seg")) if path.read_bytes()[:4] == b"GSFR")


def test_what_is_damaged_is_neither_backed_up_nor_restored_and_named(server, tmp_path):
    """A bit of the log, and one of a table: in the data, then in the backup."""
    sampled(server)
    assert backup(server, tmp_path / "backup").returncode == 0
    for data, attempt in [(server.data, backup), (tmp_path / "backup", restore)]:
        shard = data / "shards/0"
        table = max((shard / "tables/main/tables").iterdir(), key=lambda path: path.stat().st_size)
        segment = first_frame(shard / "log")
        for path, offset in [(segment, 100), (segment, 600), (table, 1000), (table, table.stat().st_size // 2)]:
            flip(path, offset)
            to = tmp_path / "to"
            done = backup(server, to) if attempt is backup else restore(server, data, to)
            assert done.returncode == DAMAGED, done.stdout + done.stderr
            told = [line for line in done.stdout.splitlines() if line.startswith("DAMAGED")]
            assert any(path.name in line for line in told), done.stdout
            assert "nothing was copied" in done.stderr
            assert not list(tmp_path.glob("to*"))
            flip(path, offset)


def test_nothing_that_is_there_is_written_over(server, tmp_path):
    """Not even by the same backup again."""
    assert server.call("SET", "key", "1").value == b"OK"
    assert server.stop() == 0
    assert backup(server, tmp_path / "backup").returncode == 0
    for done in (backup(server, tmp_path / "backup"), restore(server, tmp_path / "backup", server.data)):
        assert done.returncode == 1
        assert "is there already" in done.stderr or "is not empty" in done.stderr
    server.start()
    assert server.call("GET", "key").value == b"1"


@pytest.mark.crash
@needs_strace
@pytest.mark.parametrize("is_running", [False, True], ids=["stopped", "running"])
@pytest.mark.parametrize("call", ["mkdir", "pwrite64", "ftruncate", "fsync", "rename"])
def test_a_backup_killed_before_any_step_is_told_from_a_whole_one(server, tmp_path, call, is_running):
    """Before the N-th call, for every N there is, until a backup comes to its end."""
    samples.write(server)
    assert is_running or server.stop() == 0
    to, partial, kills = tmp_path / "backup", tmp_path / "backup.partial", 0
    for when in range(1, 400):
        rule = f"{call}:signal=SIGKILL:when={when}"
        done = backup(server, to, under=command(rule, tmp_path / "strace.txt"))
        if done.returncode == 0:
            break
        assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), done.stderr
        kills += 1
        until(lambda: not (server.data / "backup-staging").exists(), "the end of the staging")
        if to.exists():
            # Before the last sync of its name: it is whole.
            assert call == "fsync" and not partial.exists()
            assert server.command("verify", "--data", to).returncode == 0
            shutil.rmtree(to)
        elif partial.exists():
            # What says what it is comes last, so that no server begins on the half of it.
            is_whole = server.command("verify", "--data", partial).returncode == 0
            identity = partial / "identity"
            assert is_whole == (identity.exists() and len(identity.read_bytes()) == 512)
            again = backup(server, to)
            assert again.returncode == 1
            assert f"{partial} is left" in again.stderr and "remove it" in again.stderr
            shutil.rmtree(partial)
            until(lambda: not (server.data / "backup-staging").exists(), "the end of the staging")
    assert kills > 0
    assert server.command("verify", "--data", to).returncode == 0


@pytest.mark.crash
@needs_strace
@pytest.mark.parametrize("fault", ["pwrite64:error=ENOSPC:when=2", "fsync:error=EIO:when=3"])
def test_a_backup_that_cannot_be_written_is_left_and_named(server, tmp_path, fault):
    """A full disk, and one that fails a sync: no backup, and the operator knows what to remove."""
    samples.write(server)
    assert server.stop() == 0
    done = backup(server, tmp_path / "backup", under=command(fault, tmp_path / "strace.txt"))
    assert done.returncode == 1
    assert f"{tmp_path / 'backup.partial'} is left" in done.stderr and "shards/0" in done.stderr, done.stderr
    assert not (tmp_path / "backup").exists()


@pytest.mark.crash
@needs_strace
def test_a_disk_that_does_not_keep_what_was_written_makes_no_backup(server, tmp_path):
    """The first write of the copy is answered and not done: reading it again notices."""
    samples.write(server)
    assert server.stop() == 0
    first = min((server.data / "shards/0/log").glob("*.seg"))
    assert first.stat().st_size == 1 << 20, "one write"
    fault = f"pwrite64:retval={1 << 20}:when=1"
    done = backup(server, tmp_path / "backup", under=command(fault, tmp_path / "strace.txt"))
    assert done.returncode == DAMAGED, done.stdout + done.stderr
    assert "is not what was written" in done.stderr and "backup.partial" in done.stderr
    assert not (tmp_path / "backup").exists()
