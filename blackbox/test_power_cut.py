"""The disk loses power under a load: what was acknowledged is there, whole, on what the disk had been given.

A real ext4, and images of it taken between two writes to its device, without a sync: each is mounted, which
replays its journal, and a server is started on it. The checker: `harness/load.py`. Its teeth: a server that
is told not to wait for the disk, and a disk that is never synced, must both be found out.
"""

import random
import threading
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from harness.disk import clone, make_ext4, mounted, obstacle, shelf
from harness.load import Load
from harness.probes import metric
from harness.resp import Connection
from harness.server import Server, find
from harness.trace import attached
from harness.wait import until

pytestmark = [
    pytest.mark.crash,
    pytest.mark.ours,
    pytest.mark.timeout(900),
    pytest.mark.skipif(obstacle() is not None, reason=f"no power cuts: {obstacle()}"),
]
needs_strace = pytest.mark.skipif(find("strace") is None, reason="strace is not installed")

MIB = 1 << 20
WRITERS = 64
# What each writer had sent and been told of, and the first number of the large values.
EMPTY = [(0, 0)] * WRITERS, 0
RUNS, CUTS_PER_RUN = 5, 20
# Every other cut waits for one, and may miss its end.
AMID_MIN = 20
# Segments and history are short, so that logs are rotated and trimmed while the power fails.
SETTINGS = ("--disk-free-min", "16MiB", "--log-segment", "1MiB", "--log-history", "1MiB", "--memory", "256MiB")


class Ballast(threading.Thread):
    """Large values over a few keys, so that a memtable is full after a few of them. Number `i` is the value of key `i % KEYS`."""

    KEYS, TIMES = 16, 512 << 10

    def __init__(self, address, first):
        super().__init__(daemon=True)
        self.connection = Connection(address)
        self.sent = self.acknowledged = first

    @classmethod
    def value(cls, number):
        """A value that shows if a part of it is another's."""
        return b"%08d" % number * cls.TIMES

    def run(self):
        """Until the connection ends, which is how a refusal shows."""
        try:
            while True:
                number = self.sent
                self.sent = number + 1
                if self.connection.call("SET", f"ballast:{number % self.KEYS}", self.value(number)).is_error():
                    break
                self.acknowledged = number + 1
        except (OSError, ValueError):
            pass  # the connection ended, from either side
        finally:
            self.connection.close()

    @classmethod
    def faults(cls, server, sent, acknowledged):
        """What is wrong in what the server holds."""
        with server.connect() as connection:
            for key in range(min(cls.KEYS, sent)):
                found = connection.call("GET", f"ballast:{key}").value
                # The last one acknowledged, or one that was under way.
                right = [n for n in range(max(0, acknowledged - cls.KEYS), sent) if n % cls.KEYS == key]
                may_lack = right[0] >= acknowledged
                if not (found is None and may_lack or found in map(cls.value, right)):
                    yield f"lost: ballast:{key} holds {found and found[:16]}, not one of {right}"


@dataclass
class Cut:
    """An image, and what was known of the writers around the moment when it was taken."""

    image: object
    progress: list
    ballast: tuple
    # Whether a flush or a compaction was writing a table all the while.
    is_amid: bool


def tables_under_way(server):
    """The tables that a flush or a compaction is writing. Their numbers are not used twice."""
    return server.writes_under(server.data / "shards/0/tables/main/tables")


def cut_power(launch, folder, disk, start, *, cuts, chance, disturb=None):
    """Loads a server on the file system in `disk`, and takes images of it beside it; `start` is what it holds already."""
    taken, (progress, first) = [], start
    with mounted(disk, folder / "mounted", "-o", "loop") as place:
        server = Server(launch, folder / "server")
        server.data = place / "data"
        server.start()
        try:
            load = Load(server, progress=progress)
            with disturb(server) if disturb else undisturbed():
                load.start()
                ballast = Ballast(server.address, first)
                ballast.start()
                for number in range(cuts):
                    load.wait_for(load.acknowledged() + chance.randrange(1, 120))
                    if number % 2:
                        until(lambda: tables_under_way(server), "a flush or a compaction", 30)
                    before = tables_under_way(server)
                    told = load.acknowledged_by_each(), ballast.acknowledged
                    image = clone(disk, disk.with_name(f"{disk.name}-{number}"))
                    sent = load.sent_by_each(), ballast.sent
                    is_amid = not before.isdisjoint(tables_under_way(server))
                    taken.append(Cut(image, list(zip(sent[0], told[0])), (sent[1], told[1]), is_amid))
                flushes = metric(server, "groundsill_tables_flushes_total")
                server.kill()
            load.join()
            ballast.join()
        finally:
            server.kill()
    return taken, flushes


@contextmanager
def undisturbed():
    """Nothing happens to the server but the load."""
    yield


def recover(launch, folder, cut):
    """Starts a server on an image; what its checkers found, and from where the writers go on."""
    # The power does not fail again while this is mounted, so nothing has to reach the disk below.
    with mounted(cut.image, folder / "recovered", "-o", "loop,barrier=0") as place:
        server = Server(launch, folder / "server")
        server.data = place / "data"
        server.start()
        try:
            load = Load(server, progress=list(cut.progress))
            verdict = load.check()
            verdict.faults += Ballast.faults(server, *cut.ballast)
        finally:
            server.kill()
    # The large value that was under way is sent again.
    return verdict, (load.progress, cut.ballast[1])


def test_power_cuts_under_64_writers_lose_nothing_acknowledged(launch, tmp_path):
    """A hundred images of five runs, each run begun on the last image of the one before."""
    chance, launch = random.Random(5), launch.having(*SETTINGS)
    start = EMPTY
    images = acknowledged = recovered = cut_short = ahead = amid = flushes = 0
    with shelf(tmp_path, 8 << 30) as place:
        disk = make_ext4(place / "0", 1 << 30)
        for number in range(RUNS):
            cuts, flushed = cut_power(launch, tmp_path, disk, start, cuts=CUTS_PER_RUN, chance=chance)
            disk.unlink()
            flushes += flushed
            for cut in cuts:
                verdict, start = recover(launch, tmp_path, cut)
                assert not verdict.faults, f"{cut.image.name}: {verdict}"
                images, acknowledged, recovered = images + 1, acknowledged + verdict.acknowledged, recovered + verdict.recovered
                cut_short += verdict.recovered < verdict.sent
                ahead += verdict.recovered > verdict.acknowledged
                amid += cut.is_amid
                disk = cut.image if cut is cuts[-1] else cut.image.unlink()
            print(f"\nrun {number}, image {images}: {verdict}")
    print(
        f"{images} images, acknowledged {acknowledged}, recovered {recovered}; with a lost unacknowledged tail {cut_short}, "
        f"with an unacknowledged write that was kept {ahead}, amid a flush or a compaction {amid}; flushes {flushes}"
    )
    assert images == RUNS * CUTS_PER_RUN
    assert min(acknowledged, cut_short, ahead, flushes) > 0
    assert amid >= AMID_MIN


def faults_of(launch, folder, cut):
    """What the checkers find on an image; or that the server refuses it, as one whose log has lost what was said to be durable."""
    try:
        return recover(launch, folder, cut)[0].faults
    except AssertionError as refusal:
        if "open the log: the log is damaged" not in str(refusal):
            raise
        return [f"refused: {refusal}"]


def losses(launch, folder, disturb=None):
    """The faults on five images of one run."""
    with shelf(folder, 8 << 30) as place:
        disk = make_ext4(place / "disk", 1 << 30)
        cuts, _ = cut_power(launch, folder, disk, EMPTY, cuts=5, chance=random.Random(6), disturb=disturb)
        return [fault for cut in cuts for fault in faults_of(launch, folder, cut)]


def test_a_relaxed_server_loses_a_tail_to_a_power_cut_and_the_checker_tells(launch, tmp_path):
    """A tooth: with nothing waiting for the disk, acknowledged writes are missing; and no fault is of another kind."""
    faults = losses(launch.having(*SETTINGS, "--durability", "relaxed"), tmp_path)
    print(f"\n{len(faults)} acknowledged writes were lost, as relaxed ones may be")
    assert faults
    assert all(fault.startswith("lost: ") for fault in faults), faults


@needs_strace
def test_a_disk_that_is_never_synced_is_found_out(launch, tmp_path):
    """A tooth: every sync answers that it has happened, and does not happen."""
    faults = losses(launch.having(*SETTINGS), tmp_path, lambda server: attached(server, "fdatasync:retval=0"))
    print(f"\n{len(faults)} faults by a sync that does nothing")
    assert any(fault.startswith(("lost: ", "refused: ")) for fault in faults)
