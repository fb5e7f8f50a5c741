"""Writers that remember what they sent and what was acknowledged, and a checker that compares their
memory with what a server holds after a crash.

Each writer has a connection of its own and one command or transaction under way. Number `i` of writer
`w` sets one key (`i` even) or two keys in one MULTI (`i` odd). The checker holds a server to four rules:
what was acknowledged is there; a transaction is there whole or not at all; what is there was sent,
with that value; and a writer's numbers are there without a gap, because each was sent after the answer
to the one before.
"""

import threading
from dataclasses import dataclass, field

from harness.resp import Connection, encoded
from harness.wait import until

# Beyond a sector and a small object's bound, so that torn and split values are met too.
PADDINGS = (b"", b"s" * 60, b"m" * 700, b"l" * 3000)


def value(writer, number):
    """What number `number` of `writer` writes."""
    return b"%d:%d:%b" % (writer, number, PADDINGS[number % len(PADDINGS)])


def keys(writer, number):
    """The keys that it writes."""
    names = ("one",) if number % 2 == 0 else ("left", "right")
    return [f"load:{writer}:{number}:{name}" for name in names]


@dataclass
class Verdict:
    """What the checker found."""

    sent: int = 0
    acknowledged: int = 0
    recovered: int = 0
    faults: list = field(default_factory=list)

    def __str__(self):
        counts = f"sent {self.sent}, acknowledged {self.acknowledged}, recovered {self.recovered}"
        return "\n".join([counts, *self.faults[:20]])


class Writer(threading.Thread):
    """Sends one write after the other until the connection ends."""

    def __init__(self, number, address, first):
        super().__init__(daemon=True)
        self.number = number
        self.connection = Connection(address)
        self.sent = first
        self.acknowledged = first
        self.refused = None

    def run(self):
        """Until the connection ends or a write is refused."""
        try:
            while self.refused is None:
                self._write(self.sent)
        except (OSError, ValueError):
            pass  # the connection ended, from either side
        finally:
            self.connection.close()

    def _write(self, number):
        names, content = keys(self.number, number), value(self.number, number)
        self.sent = number + 1
        if len(names) == 1:
            replies = [self.connection.call("SET", names[0], content)]
        else:
            steps = [("MULTI",), *(("SET", name, content) for name in names), ("EXEC",)]
            replies = [self.connection.call(*step) for step in steps]
        errors = [reply for reply in replies if reply.is_error()]
        if errors:
            self.refused = errors[0]
        else:
            self.acknowledged = number + 1


class Load:
    """Some writers, over any number of crashes."""

    def __init__(self, server, writers=8, progress=None):
        """`progress`: what each writer had sent and been acknowledged, if it was another load's."""
        self.server = server
        self.progress = progress or [(0, 0)] * writers
        self.writers = []

    def start(self):
        """Starts the writers, each at the first number that the server does not hold."""
        self.writers = [
            Writer(number, self.server.address, sent)
            for number, (sent, _) in enumerate(self.progress)
        ]
        for writer in self.writers:
            writer.start()

    def acknowledged(self):
        """How many writes have been acknowledged since the writers were started."""
        before = (acknowledged for _, acknowledged in self.progress)
        now = (writer.acknowledged for writer in self.writers)
        return sum(now) - sum(before)

    def sent_by_each(self):
        """How many writes each writer has ever sent, of those that the server held when it began."""
        return [writer.sent for writer in self.writers]

    def acknowledged_by_each(self):
        """How many of them it was told of."""
        return [writer.acknowledged for writer in self.writers]

    def wait_for(self, count):
        """Waits until that is at least `count`."""
        until(lambda: self.acknowledged() >= count or self._has_ended(), f"{count} writes", 60)
        self._fail_if_refused()
        assert self.acknowledged() >= count, "the writers ended early"

    def join(self, refusals=False):
        """Waits for the writers to end, as they do once the server is gone.

        A write that was refused is a failure, unless `refusals` are what the test is about.
        """
        until(self._has_ended, "the end of the writers", 60)
        if not refusals:
            self._fail_if_refused()
        self.progress = [(writer.sent, writer.acknowledged) for writer in self.writers]
        self.writers = []

    def check(self):
        """Compares with what the server holds now, and notes from where each writer goes on."""
        verdict = Verdict()
        with self.server.connect() as connection:
            for writer, (sent, acknowledged) in enumerate(self.progress):
                verdict.sent += sent
                verdict.acknowledged += acknowledged
                held = check_writer(connection, verdict, writer, sent, acknowledged)
                verdict.recovered += held
                self.progress[writer] = (held, held)
        return verdict

    def _has_ended(self):
        return not any(writer.is_alive() for writer in self.writers)

    def _fail_if_refused(self):
        refusals = [writer.refused for writer in self.writers if writer.refused]
        assert not refusals, f"a write was refused: {refusals[0]}"


def check_writer(connection, verdict, writer, sent, acknowledged):
    """Adds the faults of one writer to the verdict; returns how many numbers the server holds."""
    held, gap = 0, None
    for number, found in enumerate(read_back(connection, writer, sent + 3)):
        names = keys(writer, number)
        present = [each for each in found if each is not None]
        if any(each != value(writer, number) for each in present):
            verdict.faults.append(f"changed: {names} holds {present}")
        if 0 < len(present) < len(found):
            verdict.faults.append(f"torn: of {names} only one is there")
        if number < acknowledged and not present:
            verdict.faults.append(f"lost: {names} was acknowledged")
        if number >= sent and present:
            verdict.faults.append(f"invented: {names} was never sent")
        if present and gap is not None:
            verdict.faults.append(f"gap: {names} is there, and number {gap} before it is not")
        if not present and gap is None:
            gap = number
        held += bool(present)
    return held


def read_back(connection, writer, count, at_once=200):
    """For each number the values of its keys, or None for a key that is not there."""
    for first in range(0, count, at_once):
        numbers = range(first, min(first + at_once, count))
        names = [keys(writer, number) for number in numbers]
        connection.send(b"".join(encoded("GET", name) for pair in names for name in pair))
        for pair in names:
            replies = [connection.read() for _ in pair]
            assert all(reply.kind in "$_" for reply in replies), f"reading {pair}: {replies}"
            yield [reply.value for reply in replies]
