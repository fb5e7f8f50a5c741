"""Bank and list-append over state, locks, claims and a topic, while the server is killed hundreds of times.

Clients send transactions as fast as they are answered; what was under way is sent again after the restart,
with its claim. What they sent and saw is a history, for which the checker wants an order:
`harness/histories.py`; what that has been seen to find: `selftest/test_histories.py`.
"""

import random
import threading

import pytest

from harness.histories import Deed, Final, check, stamp
from harness.resp import encoded
from harness.server import Server
from harness.wait import until

pytestmark = [pytest.mark.crash, pytest.mark.ours, pytest.mark.timeout(900)]

# A history has lists, accounts and a topic of its own, so that none gets long.
HISTORIES, KILLS_PER_HISTORY = 8, 25
CLIENTS, LISTS, ACCOUNTS = 6, 5, 4


class World:
    """The names of one history, and what the server holds under them."""

    def __init__(self, server, number):
        self.server = server
        self.number = number
        self.lists = [f"list:{number}:{each}" for each in range(LISTS)]
        self.accounts = [f"account:{number}:{each}" for each in range(ACCOUNTS)]
        self.topic = f"events-{number}"
        assert server.call("TOPIC.CREATE", self.topic).value == b"OK"

    def final(self, deeds):
        """Everything, read after the last kill."""
        with self.server.connect() as connection:
            lists = {key: names_in(connection.call("GET", key).value) for key in self.lists}
            accounts = {key: int(connection.call("HGET", key, "balance").value or 0) for key in self.accounts}
            events, at = [], 0
            while records := connection.call("TOPIC.READ", self.topic, 0, at, "COUNT", 1000).value:
                offsets = [int(record.value[0].value) for record in records]
                assert offsets == list(range(at, at + len(records))), "a gap in the offsets"
                events += [record.value[3].value.decode() for record in records]
                at += len(records)
            claimed = set()
            for deed in deeds:
                if connection.call("IDEM.GET", claim_of(deed)).value is not None:
                    claimed.add(deed.name)
        return Final(lists, accounts, events, claimed)


def claim_of(deed):
    """The key of its claim."""
    return f"deed:{deed.name}"


def names_in(value):
    """The names in a list."""
    return [] if value is None else value.decode().split(",")[:-1]


class Client:
    """One client over all restarts of a history, with a lock of its own."""

    def __init__(self, number, world):
        self.number = number
        self.world = world
        self.chance = random.Random(world.number * 100 + number)
        self.lock = f"lock:{world.number}:{number}"
        self.token = self.lost = None
        self.deeds = []
        self.under_way = None
        self.counts = {"acknowledged": 0, "made again": 0, "refused as stale": 0}
        self.wrong = None
        self.thread = None

    def start(self, epoch):
        """Takes the lock anew, so that the old token is lost, and sends until the connection ends."""
        connection = self.world.server.connect()
        if self.token is not None:
            connection.call("LOCK.RELEASE", self.lock, self.token)
            self.lost = self.token
        reply = connection.call("LOCK.ACQUIRE", self.lock, 3_600_000)
        assert reply.kind == ":", reply
        assert self.lost is None or int(reply.value) > int(self.lost), "a token that is not higher"
        self.token = reply.value
        self.thread = threading.Thread(target=self.run, args=(connection, epoch), daemon=True)
        self.thread.start()

    def run(self, connection, epoch):
        """One deed after the other; first that which was not answered."""
        with connection:
            try:
                while self.wrong is None:
                    again = self.under_way is not None
                    if not again:
                        self.under_way = self.next_deed(epoch)
                        self.deeds.append(self.under_way)
                    self.send(connection, self.under_way, epoch, again)
            except (OSError, ValueError):
                pass  # the connection ended, from either side

    def next_deed(self, epoch):
        """What to do next: change something, or only read."""
        chance, world = self.chance, self.world
        deed = Deed(f"{world.number}.{self.number}.{len(self.deeds)}", self.number, epoch)
        deed.reads = tuple(chance.sample(world.lists, chance.randrange(3)))
        if chance.random() < 0.8:
            deed.appends = tuple(chance.sample(world.lists, chance.randrange(3)))
            one, other = chance.sample(world.accounts, 2)
            amount = chance.randrange(1, 100)
            deed.transfer = ((one, -amount), (other, amount))
            deed.stale = self.lost is not None and chance.random() < 0.05
        return deed

    def steps(self, deed):
        """The commands of its transaction, and the lists that the first of them read."""
        steps = [("GET", key) for key in deed.reads]
        if deed.writes:
            steps.append(("IDEM.CLAIM", claim_of(deed), 86400))
            steps.append(("LOCK.CHECK", self.lock, self.lost if deed.stale else self.token))
            steps += [("APPEND", key, f"{deed.name},") for key in deed.appends]
            steps += [("HINCRBY", key, "balance", amount) for key, amount in deed.transfer]
            steps.append(("TOPIC.PRODUCE", self.world.topic, deed.name))
        else:
            steps += [("HGET", key, "balance") for key in self.world.accounts]
        return [("MULTI",), *steps, ("EXEC",)]

    def send(self, connection, deed, epoch, again):
        """Sends it at once and waits for what becomes of it."""
        steps = self.steps(deed)
        connection.send(b"".join(encoded(*step) for step in steps))
        answer = [connection.read() for _ in steps][-1]
        if answer.is_error():
            if deed.stale and answer.value.startswith(b"LOCKLOST "):
                self.counts["refused as stale"] += 1
            elif again and not deed.stale and answer.value.startswith(b"IDEMDUP "):
                self.counts["made again"] += 1
                deed.ended = epoch
            else:
                self.wrong = f"{deed} was answered {answer}"
        elif deed.stale:
            self.wrong = f"{deed} passed with a lock that was lost"
        else:
            self.counts["acknowledged"] += 1
            deed.ended = epoch
            replies = [reply.value for reply in answer.value]
            deed.seen = {key: stamp(names_in(value)) for key, value in zip(deed.reads, replies)}
            if not deed.writes:
                deed.sum = sum(int(value or 0) for value in replies[len(deed.reads) :])
        self.under_way = None


def test_histories_over_two_hundred_kills_have_an_order(launch, tmp_path):
    """Serializable, nothing acknowledged lost, no guard passed twice, no event without its state."""
    # Each start begins a segment of the log, so they are short.
    server = Server(launch.having("--log-segment", "1MiB", "--log-history", "1MiB"), tmp_path / "server")
    server.start()
    try:
        totals = run_histories(server)
    finally:
        server.kill()
    assert totals["kills"] == HISTORIES * KILLS_PER_HISTORY >= 200
    assert min(totals.values()) > 0 and totals["acknowledged"] >= 1000


def run_histories(server):
    """All of them on one server; what happened in them."""
    chance = random.Random(8)
    totals = {"kills": 0, "acknowledged": 0, "made again": 0, "refused as stale": 0}
    for number in range(HISTORIES):
        world = World(server, number)
        clients = [Client(each, world) for each in range(CLIENTS)]
        for epoch in range(KILLS_PER_HISTORY):
            before = sum(client.counts["acknowledged"] for client in clients)
            goal = before + chance.randrange(1, 60)
            for client in clients:
                client.start(epoch)
            until(lambda: finished(clients, goal), "transactions", 60)
            server.kill()
            totals["kills"] += 1
            for client in clients:
                client.thread.join()
                assert client.wrong is None, client.wrong
            server.start()
        deeds = [deed for client in clients for deed in client.deeds]
        for client in clients:
            for name, count in client.counts.items():
                totals[name] += count
        faults = check(deeds, world.final(deeds))
        print(f"\nhistory {number}: {len(deeds)} transactions, so far {totals}")
        assert not faults, faults[:20]
    return totals


def finished(clients, goal):
    """Whether so many were acknowledged, or something went wrong."""
    acknowledged = sum(client.counts["acknowledged"] for client in clients)
    return acknowledged >= goal or any(client.wrong for client in clients)
