"""Repair: of a damaged directory everything up to the first commit that cannot be trusted, told before, and
nothing of what is damaged changed."""

import hashlib
import re
import shutil
import signal

import pytest

from harness.server import Server, find
from harness.trace import command

pytestmark = pytest.mark.ours
needs_strace = pytest.mark.skipif(find("strace") is None, reason="strace is not installed")
DAMAGED = 65
ACCOUNTS = 8


@pytest.fixture(name="server")
def _server(launch, tmp_path):
    """One that is started on an empty folder, and is killed if the test has not stopped it."""
    options = ["--log-segment", "1MiB"]
    small = launch.having(*options)
    server = Server(small, tmp_path / "server").start()
    try:
        yield server
    finally:
        server.kill()


def repair(server, to, *more, under=()):
    """`groundsill repair` of the server's data."""
    return server.command("repair", "--data", server.data, "--to", to, *more, under=under)


def transfer(server, count, since=0):
    """So many transfers, each answered before the next begins: balances and number after each."""
    balances, history = [0] * ACCOUNTS, []
    for number in range(since, since + count):
        payer, payee, amount = number % ACCOUNTS, (number * 3 + 1) % ACCOUNTS, number + 1
        with server.connect() as connection:
            for step in [
                ("MULTI",),
                ("HINCRBY", f"account:{payer}", "balance", -amount),
                ("INCR", "transfers"),
                ("HINCRBY", f"account:{payee}", "balance", amount),
                ("EXEC",),
            ]:
                assert not connection.call(*step).is_error()
        balances[payer] -= amount
        balances[payee] += amount
        history.append((number + 1, tuple(balances)))
    return history


def read(server):
    """The balances and the number of transfers, as a client sees them."""
    with server.connect() as connection:
        balances = [connection.call("HGET", f"account:{number}", "balance").value for number in range(ACCOUNTS)]
        count = connection.call("GET", "transfers").value
    return int(count or 0), tuple(int(balance or 0) for balance in balances)


def contents(root):
    """Every file below, by what is in it and when it was changed."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {path: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files}


def dumped(server):
    """The sequences of the commits that counted a transfer, by the log."""
    lines = server.command("log", "dump", "--data", server.data, "--key", "transfers").stdout.splitlines()
    return [int(line.split()[0]) for line in lines if not line.startswith("#")]


def frame_of(server, sequence):
    """Where the frame stands that holds a commit: segment, offset and length."""
    for path in sorted((server.data / "shards/0/log").glob("*.seg")):
        held, at = path.read_bytes(), 0
        while held[at : at + 4] == b"GSFR":
            length = int.from_bytes(held[at + 12 : at + 16], "little")
            first, last = (int.from_bytes(held[at + place : at + place + 8], "little") for place in (40, 48))
            if first <= sequence <= last:
                return path, at, 80 + length
            at += -(-(80 + length) // 512) * 512
    raise AssertionError(f"no frame holds {sequence}")


def flip(path, offset):
    """Changes one bit of a file."""
    held = bytearray(path.read_bytes())
    held[offset] ^= 4
    path.write_bytes(held)


def damaged_in_the_middle(server):
    """Forty acknowledged transfers, over a kill; a bit is flipped in the frame of the 25th. What was answered."""
    history = transfer(server, 15)
    server.kill()
    server.start()
    more = transfer(server, 25, since=15)
    history += [(count, tuple(a + b for a, b in zip(history[14][1], balances, strict=True))) for count, balances in more]
    assert read(server) == history[-1]
    assert server.stop() == 0
    sequences = dumped(server)
    assert len(sequences) == 40
    path, offset, length = frame_of(server, sequences[24])
    flip(path, offset + length // 2)
    return history, sequences, path, offset


def test_repair_keeps_exactly_what_was_committed_before_a_bad_frame(server, launch, tmp_path):
    """The server refuses it, verify names it, repair tells what is lost before it goes on."""
    history, sequences, path, offset = damaged_in_the_middle(server)
    server.start(wait=False)
    assert server.wait() == 1
    assert f"the log is damaged in {path.name} at byte {offset}" in server.stderr()
    told = server.command("verify", "--data", server.data)
    assert told.returncode == DAMAGED
    assert f"DAMAGED {path.name} at {offset}" in told.stdout
    before = contents(server.data)

    done = repair(server, tmp_path / "new")
    assert done.returncode == DAMAGED, done.stdout + done.stderr
    assert "--accept-loss" in done.stderr and "nothing was written" in done.stderr
    lost = re.search(r"^LOST    commits (\d+) to (\d+)", done.stdout, re.MULTILINE)
    assert (int(lost[1]), int(lost[2])) == (sequences[24], sequences[-1])
    assert f"not trusted from {path.name} at {offset}" in done.stdout
    assert "all of them known to have been synced" in done.stdout
    assert not list(tmp_path.glob("new*"))
    assert contents(server.data) == before

    done = repair(server, tmp_path / "new", "--accept-loss")
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(server.data) == before
    assert not (tmp_path / "new.partial").exists()
    assert server.command("verify", "--data", tmp_path / "new").returncode == 0
    other = Server(launch, tmp_path / "other")
    other.folder.mkdir()
    shutil.copytree(tmp_path / "new", other.data)
    other.start()
    try:
        assert read(other) == history[23]
        assert transfer(other, 1, since=24)
        assert other.stop() == 0
        found = dumped(other)
        assert found[-1] > sequences[-1], "no lost commit's number is given again"
        other.start()
        assert read(other)[0] == 25
        assert other.stop() == 0
    finally:
        other.kill()
    assert other.command("verify", "--data", other.data).returncode == 0


def test_repair_of_a_sound_directory_writes_nothing(server, tmp_path):
    """There is a backup for that. Nor does it take one from a server that runs."""
    transfer(server, 2)
    done = repair(server, tmp_path / "new", "--accept-loss")
    assert done.returncode == 1 and "is in use by process" in done.stderr
    assert server.stop() == 0
    done = repair(server, tmp_path / "new", "--accept-loss")
    assert done.returncode == 1 and "is damaged, so nothing was written" in done.stderr
    assert not list(tmp_path.glob("new*"))


@pytest.mark.crash
@needs_strace
@pytest.mark.parametrize("call", ["mkdir", "pwrite64", "write", "fsync", "rename"])
def test_a_repair_killed_before_any_step_is_told_from_a_whole_one(server, tmp_path, call):
    """Before the N-th call, for every N there is, until a repair comes to its end."""
    damaged_in_the_middle(server)
    before, kills = contents(server.data), 0
    to, partial = tmp_path / "new", tmp_path / "new.partial"
    for when in range(1, 400):
        rule = f"{call}:signal=SIGKILL:when={when}"
        done = repair(server, to, "--accept-loss", under=command(rule, tmp_path / "strace.txt"))
        assert contents(server.data) == before
        if done.returncode == 0:
            break
        assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), done.stderr
        kills += 1
        if to.exists():
            # Before the last sync of its name, or before that is told: it is whole.
            assert call in ("fsync", "write") and not partial.exists()
            assert server.command("verify", "--data", to).returncode == 0
            shutil.rmtree(to)
        elif partial.exists():
            # What says what it is comes last, so that no server begins on the half of it.
            is_whole = server.command("verify", "--data", partial).returncode == 0
            assert is_whole == (partial / "identity").exists()
            again = repair(server, to, "--accept-loss")
            assert again.returncode == 1
            assert f"{partial} is left" in again.stderr and "remove it" in again.stderr
            shutil.rmtree(partial)
    assert kills > 0
    assert server.command("verify", "--data", to).returncode == 0


def test_repair_tells_what_is_lost_by_key_and_writes_all_of_it_to_a_file(server, tmp_path):
    """Just what `log dump` showed of these commits while they could be reached."""
    with server.connect() as connection:
        for number in range(40):
            connection.call("SET", f"key:{number}", "x")
            connection.call("HSET", "hash", f"field {number}", "x" * 40)
    assert server.stop() == 0
    dump = ("log", "dump", "--data", server.data)
    lines = [line for line in server.command(*dump).stdout.splitlines() if not line.startswith("#")]
    of_key = {line.split('key "')[1].split('"')[0]: int(line.split()[0]) for line in lines}
    path, offset, length = frame_of(server, of_key["key:9"])
    flip(path, offset + length // 2)
    bad = of_key["key:9"]
    readable = [line for line in lines if int(line.split()[0]) > bad]

    file = tmp_path / "losses"
    done = repair(server, tmp_path / "new", "--losses", file)
    assert done.returncode == DAMAGED, done.stdout + done.stderr
    assert file.read_text().splitlines() == readable
    names = list(dict.fromkeys(re.search(r"\d\)(?: in tenant \d+ database \d+)?: (.*?) (set|removed|grown)", line)[1] for line in readable))
    assert len(names) > 60 and 'field "field 39" of key "hash"' in names
    told = done.stdout.split("those that can be read change:\n")[1].splitlines()
    assert [line.strip() for line in told[:20]] == names[:20]
    assert told[20].strip() == f"all that can be read of it is in {file}" and len(told) == 21
    done = repair(server, tmp_path / "new", "--losses", file)
    assert done.returncode == 1 and str(file) in done.stderr, "no file is replaced"

    done = repair(server, tmp_path / "new")
    assert re.search(r"^ +and \d+ changes of others: --losses FILE writes all$", done.stdout, re.MULTILINE)
    inside = repair(server, tmp_path / "new", "--losses", server.data / "losses")
    assert inside.returncode == 1 and "is within" in inside.stderr
    assert not (server.data / "losses").exists()
    assert not list(tmp_path.glob("new*"))
