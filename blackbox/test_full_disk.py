"""A file system that is really full, of bytes or of files: reads go on, writes are refused by name, and it
recovers when there is room again.

Each test fills a small file system beside the server's files until nothing more fits, in one state of the
server; then makes room; then kills the server. What was acknowledged is compared, and what was refused is
not there.
"""

import itertools
import os
import random
import threading
from contextlib import contextmanager, suppress

import pytest

from harness.disk import make_ext4, mounted, obstacle
from harness.probes import ask, metric
from harness.server import Server
from harness.wait import until

pytestmark = [
    pytest.mark.crash,
    pytest.mark.ours,
    pytest.mark.timeout(300),
    pytest.mark.skipif(obstacle() is not None, reason=f"no file system to fill: {obstacle()}"),
]

MIB = 1 << 20
NO_ROOM = b"LIMIT the disk has no space for the log"
TOO_FAR_BEHIND = b"LIMIT the tables are too far behind"
FAR_BEHIND = b"the tables are too far behind the log, because the disk is slow or full"
REASONS = {
    NO_ROOM: "the disk has no space for the log: writes are refused, large ones first",
    FAR_BEHIND: "the tables are too far behind the log: writes wait",
}


@contextmanager
def serving(launch, tmp_path, disk, *options):
    """A server whose data lies on `disk`, killed in the end; the disk goes with it."""
    try:
        with mounted(*disk) as place:
            server = Server(launch.having("--memory", "256MiB", *options), tmp_path / "server")
            server.data = place / "data"
            try:
                yield server.start()
            finally:
                server.kill()
    finally:
        for image in tmp_path.glob("*.img"):
            image.unlink()


class Hog:
    """What else lies on the file system."""

    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir()

    def take_bytes(self, leave=0):
        """All room but `leave` bytes."""
        with open(self.folder / f"{len(os.listdir(self.folder))}", "wb", buffering=0) as file, suppress(OSError):
            for size in (MIB, 4096, 512):
                with suppress(OSError):
                    while self.free() > leave:
                        file.write(bytes(min(size, max(512, self.free() - leave))))

    @contextmanager
    def greedy(self, leave=0):
        """Takes all room but `leave` bytes, and whatever comes free, too."""
        over = threading.Event()

        def take():
            while not over.wait(0.01):
                # There may be no room for another file, too.
                with suppress(OSError):
                    self.take_bytes(leave)

        self.take_bytes(leave)
        taker = threading.Thread(target=take)
        taker.start()
        try:
            yield
        finally:
            over.set()
            taker.join()

    def take_files(self):
        """Every file that there may be."""
        with suppress(OSError):
            for number in itertools.count():
                (self.folder / f"file-{number}").touch(exist_ok=False)

    def free(self):
        """Bytes that are free."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def leave(self):
        """Gives everything back."""
        for path in self.folder.iterdir():
            path.unlink()


class Book:
    """Writes, and what the server has to hold because of them."""

    def __init__(self, server, keys=1000):
        self.server = server
        self.keys = keys
        self.chance = random.Random(7)
        self.held = {}
        self.written = self.refused = 0

    def write(self, size):
        """One write of so many random bytes; the reply."""
        key = f"key:{self.written % self.keys}"
        value = self.chance.randbytes(size)
        reply = self.server.call("SET", key, value)
        if reply.is_error():
            self.refused += 1
        else:
            self.held[key] = value
            self.written += 1
        return reply

    def write_until_refused(self, size, most):
        """Large writes, at most so many, and then small ones, as often as room comes back in between; the refusal
        of a small one."""
        for _ in range(20):
            if not any(self.write(size).is_error() for _ in range(most)):
                raise AssertionError(f"{most} writes of {size} bytes, and none was refused")
            for _ in range(1_000):
                if (reply := self.write(10)).is_error():
                    return reply
        raise AssertionError("only large writes are refused")

    def is_accepted(self):
        """Whether a write goes through now."""
        return not self.write(100).is_error()

    def check(self):
        """Everything that was acknowledged is there, and nothing that was refused."""
        with self.server.connect() as connection:
            wrong = [key for key, value in self.held.items() if connection.call("GET", key).value != value]
        assert not wrong, f"not what was acknowledged: {wrong[:10]}"
        count = self.server.call("DBSIZE")
        assert count.value == b"%d" % len(self.held) or count.value.startswith(TOO_FAR_BEHIND), count


def refuses_and_reads(server, book, refusal, *kinds):
    """What every state without room has in common: the refusal, and the same reason for supervisors."""
    kind = next((kind for kind in kinds or [NO_ROOM] if kind in refusal.value), None)
    assert kind, refusal
    status, _, reasons = ask(server, "/readyz")
    assert status == 503 and REASONS[kind] in reasons.splitlines(), reasons
    assert ask(server, "/livez")[0] == 200
    book.check()


def recovers(server, book):
    """Room is back, and so is everything else, by itself; and after a kill."""
    until(book.is_accepted, "a write that is accepted", 30)
    until(lambda: ask(server, "/readyz")[0] == 200, "readiness", 30)
    book.check()
    server.crash()
    book.check()
    print(f"\n{book.written} writes acknowledged, {book.refused} refused, recovered")
    assert book.written > 0 and book.refused > 0


def small_disks(tmp_path):
    """Two file systems of 96 MiB: an ext4, and one in memory."""
    # Nothing is kept for root, as whom this runs.
    yield "ext4", (make_ext4(tmp_path / "small.img", 96 * MIB, "-m", "0"), tmp_path / "small", "-o", "loop")
    yield "tmpfs", ("tmpfs", tmp_path / "memory", "-t", "tmpfs", "-o", "size=96m")


@pytest.mark.parametrize("kind", ["ext4", "tmpfs"])
@pytest.mark.parametrize("left_free", ["0MiB", "8MiB"])
def test_a_disk_that_is_full_while_the_log_grows_refuses_writes_until_there_is_room(launch, tmp_path, kind, left_free):
    """With what is kept free by the setting, and with the system's own refusal."""
    disk = dict(small_disks(tmp_path))[kind]
    with serving(launch, tmp_path, disk, "--log-segment", "1MiB", "--log-history", "1MiB", "--disk-free-min", left_free) as server:
        book, hog = Book(server), Hog(disk[1] / "hog")
        for _ in range(200):
            assert not book.write(10_000).is_error()
        for _ in range(2):
            hog.take_bytes()
            refusal = book.write_until_refused(10_000, 5_000)
            refuses_and_reads(server, book, refusal)
            hog.leave()
            until(book.is_accepted, "a write that is accepted", 30)
        recovers(server, book)


def test_a_disk_that_is_full_while_tables_are_flushed_and_compacted_goes_on_when_there_is_room(launch, tmp_path):
    """The log has room of its own for a while; the tables have none, and say so."""
    disk = make_ext4(tmp_path / "small.img", 700 * MIB), tmp_path / "small", "-o", "loop"
    options = ("--log-segment", "64MiB", "--log-history", "1MiB", "--disk-free-min", "0MiB")
    with serving(launch, tmp_path, disk, *options) as server:
        book, hog = Book(server, keys=300), Hog(disk[1] / "hog")
        # To remove them goes on on a full disk, and gives the tables work.
        names = [f"{number:0>30000}" for number in range(2000)]
        for name in names:
            assert server.call("SET", name, "x").value == b"OK"
            book.held[name] = b"x"
        for left in (0, 24 * MIB):
            flushed, failed = metric(server, "groundsill_tables_flushes_total"), metric(server, "groundsill_tables_failures_total")
            # Enough for the flush of one memtable, and for no compaction, the second time.
            with hog.greedy(leave=left):
                # Whichever bound is met first: the log's room, or how far the tables may be behind.
                refusal = book.write_until_refused(200_000, 3_000)
                refuses_and_reads(server, book, refusal, NO_ROOM, FAR_BEHIND)

                seen = []

                def has_failed(failed=failed, left=left, seen=seen):
                    # Another lot once the last one is in tables: what is in memory is flushed every two seconds.
                    flushes = metric(server, "groundsill_tables_flushes_total")
                    for _ in range(20 if seen[-1:] != [flushes] else 0):
                        reply = server.call("DEL", names[-1])
                        if reply.value != b"1":
                            # The tables may be as far behind as they may be by now.
                            assert FAR_BEHIND in reply.value, reply
                            break
                        del book.held[names.pop()]
                    # Has them go to the tables now; whether it is answered or refused.
                    server.call("DBSIZE")
                    seen.append(flushes)
                    told = not left or "cannot compact the tables" in server.stderr()
                    return told and metric(server, "groundsill_tables_failures_total") > failed

                until(has_failed, "work of the tables that failed", 90)
            hog.leave()
            until(lambda: metric(server, "groundsill_tables_flushes_total") > flushed, "a flush that went through", 30)
            until(book.is_accepted, "a write that is accepted", 30)
        for work in ("flush to", "compact"):
            assert f"cannot {work} the tables" in server.stderr(), "both kinds of work met the full disk"
        recovers(server, book)


@pytest.mark.parametrize("kind", ["ext4", "tmpfs"])
@pytest.mark.parametrize("left_free", ["0MiB", "8MiB"])
def test_a_start_on_a_disk_without_a_free_byte_serves_what_there_is(launch, tmp_path, kind, left_free):
    """Killed and started again and again; with removals in between, which use up what stands by. Whatever the server
    has given back meanwhile is taken by others before it starts."""
    disk = dict(small_disks(tmp_path))[kind]
    with serving(launch, tmp_path, disk, "--log-segment", "1MiB", "--log-history", "1MiB", "--disk-free-min", left_free) as server:
        book, hog = Book(server), Hog(disk[1] / "hog")
        for _ in range(200):
            assert not book.write(10_000).is_error()
        removed = 0
        hog.take_bytes()
        refuses_and_reads(server, book, book.write_until_refused(10_000, 5_000))
        for start in range(12):
            server.kill()
            hog.take_bytes()
            assert hog.free() == 0
            server.start()
            book.check()
            refusal = book.write_until_refused(10_000, 5_000)
            until(lambda: ask(server, "/readyz")[0] == 503, "what supervisors are told", 10)
            refuses_and_reads(server, book, refusal)
            for key in list(book.held)[:8] if start % 2 else []:
                reply = server.call("DEL", key)
                # They come to the end of their reserve one day, too.
                if reply.value.startswith(NO_ROOM):
                    continue
                assert reply.value == b"1", reply
                del book.held[key]
                removed += 1
        assert removed >= 16
        hog.leave()
        recovers(server, book)


class LeastFree:
    """The least that was free on a file system while it was watched, looked at every few milliseconds."""

    def __init__(self, folder):
        self.folder = folder
        self.bytes = self.now()

    def now(self):
        """Bytes that are free."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    @contextmanager
    def watched(self):
        """Watches until the end of the block."""
        over = threading.Event()

        def look():
            while not over.wait(0.003):
                self.bytes = min(self.bytes, self.now())

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def test_a_server_that_fills_its_disk_leaves_free_what_it_is_told_to(launch, tmp_path):
    """Log, flushes and compactions together; what is removed gives room, and a restart takes none."""
    kept = 32 * MIB
    # What is written between two looks at the disk, and what the file system needs for itself.
    tolerance = 8 * MIB
    disk = make_ext4(tmp_path / "small.img", 800 * MIB, "-m", "0"), tmp_path / "small", "-o", "loop"
    options = ("--log-segment", "16MiB", "--disk-free-min", "32MiB")
    with serving(launch, tmp_path, disk, *options) as server:
        book, least = Book(server, keys=5_000), LeastFree(disk[1])
        with least.watched():
            refusal = book.write_until_refused(200_000, 5_000)
            refuses_and_reads(server, book, refusal)
            full = metric(server, "groundsill_tables_bytes")
            compactions = metric(server, "groundsill_tables_compactions_total")
            print(f"\n{full / MIB:.1f} MiB of tables, {least.now() / MIB:.1f} MiB free, {refusal.value}")
            assert full > 200 * MIB and compactions > 0
            with server.connect() as connection:
                for key in list(book.held)[20:]:
                    assert connection.call("DEL", key).value == b"1"
                    del book.held[key]
            # More than there would be room for else, now and then after a while: what was removed gives room.
            for _ in range(1_500):
                until(lambda: not book.write(200_000).is_error(), "a write that is accepted", 60)
            server.crash()
            book.check()
        print(f"{book.written} writes, at least {least.bytes / MIB:.1f} MiB free")
        assert least.bytes >= kept - tolerance
        # The bound was met, so it was tried.
        assert least.bytes < 300 * MIB
        recovers(server, book)


def test_what_is_removed_from_a_full_disk_gives_room_where_what_is_left_would_not_fit_twice(launch, tmp_path):
    """The tables cannot be merged as one: that would take as much again as is left. They are, a piece at a time."""
    disk = make_ext4(tmp_path / "small.img", 1_100 * MIB, "-m", "0"), tmp_path / "small", "-o", "loop"
    options = ("--log-segment", "16MiB", "--disk-free-min", "32MiB")
    with serving(launch, tmp_path, disk, *options) as server:
        # No key is written twice, so nothing but what is removed can give room.
        book, disk_free = Book(server, keys=1_000_000), LeastFree(disk[1])
        book.write_until_refused(16_000, 100_000)
        full = metric(server, "groundsill_tables_bytes")
        with server.connect() as connection:
            for key in list(book.held)[::3]:
                assert connection.call("DEL", key).value == b"1"
                del book.held[key]
        left = sum(len(value) for value in book.held.values())
        assert left > 1.5 * disk_free.now(), f"{left / MIB:.1f} MiB are left, {disk_free.now() / MIB:.1f} MiB free"
        for _ in range(60 * MIB // 16_000):
            until(lambda: not book.write(16_000).is_error(), "a write that is accepted", 60)
        print(f"\n{full / MIB:.1f} MiB of tables, {left / MIB:.1f} left, {disk_free.now() / MIB:.1f} MiB free at the end")
        recovers(server, book)


@pytest.mark.parametrize("kind", ["ext4", "tmpfs"])
def test_a_disk_without_inodes_refuses_writes_until_there_are_some(launch, tmp_path, kind):
    """There is room for bytes, and none for another file."""
    image = make_ext4(tmp_path / "small.img", 300 * MIB, "-N", "512") if kind == "ext4" else None
    disk = {
        "ext4": (image, tmp_path / "small", "-o", "loop"),
        "tmpfs": ("tmpfs", tmp_path / "memory", "-t", "tmpfs", "-o", "size=300m,nr_inodes=512"),
    }[kind]
    with serving(launch, tmp_path, disk, "--log-segment", "1MiB", "--log-history", "1MiB", "--disk-free-min", "1MiB") as server:
        book, hog = Book(server), Hog(disk[1] / "hog")
        for _ in range(100):
            assert not book.write(10_000).is_error()
        hog.take_files()
        refusal = book.write_until_refused(10_000, 5_000)
        refuses_and_reads(server, book, refusal)
        assert hog.free() > 100 * MIB, "it is the files that ran out"
        hog.leave()
        recovers(server, book)
