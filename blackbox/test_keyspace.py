"""What KEYS, SCAN and DBSIZE see inside MULTI, and what SWAPDB swaps, while others write."""

import threading

import pytest
import redis

TOKENS = 40
LOOKS = 150


class Mover(threading.Thread):
    """Takes one token after another out of its place and puts it elsewhere: there are always as many."""

    def __init__(self, server, number, stop):
        super().__init__()
        self.client = redis.Redis(host=server.address[0], port=server.address[1])
        self.number, self.stop = number, stop
        self.moves = 0
        self.failure = None

    def run(self):
        try:
            while not self.stop.is_set():
                with self.client.pipeline(transaction=True) as pipeline:
                    token = self.moves % TOKENS
                    pipeline.delete(f"token:{self.number}:{token}:{self.moves // TOKENS}")
                    pipeline.set(f"token:{self.number}:{token}:{self.moves // TOKENS + 1}", "x")
                    pipeline.execute()
                self.moves += 1
        except redis.RedisError as failure:
            self.failure = failure


@pytest.fixture(name="movers")
def _movers(server):
    stop = threading.Event()
    movers = [Mover(server, number, stop) for number in range(3)]
    client = redis.Redis(host=server.address[0], port=server.address[1])
    for mover in movers:
        for token in range(TOKENS):
            client.set(f"token:{mover.number}:{token}:0", "x")
        mover.start()
    yield movers
    stop.set()
    for mover in movers:
        mover.join()


def test_a_transaction_sees_every_key_once_while_others_write(server, movers):
    """Half a move, or a move that came too late, would show as a token too few or too many."""
    client = redis.Redis(host=server.address[0], port=server.address[1])
    whole = len(movers) * TOKENS
    for look in range(LOOKS):
        with client.pipeline(transaction=True) as pipeline:
            pipeline.dbsize()
            pipeline.keys("*")
            pipeline.set(f"mine:{look}", "x")
            pipeline.dbsize()
            pipeline.scan(0, count=10_000)
            pipeline.delete(f"mine:{look}")
            pipeline.keys("token:*")
            count, keys, _, more, (cursor, scanned), _, tokens = pipeline.execute()
        assert (count, len(set(keys)), more, cursor) == (whole, whole, whole + 1, 0)
        assert set(scanned) == set(keys) | {f"mine:{look}".encode()}
        assert set(tokens) == set(keys)
        assert len({key.rsplit(b":", 1)[0] for key in keys}) == whole, "a token is there twice"
    assert all(mover.moves > LOOKS / 10 and mover.failure is None for mover in movers), "nobody wrote"


def test_databases_are_swapped_whole_while_others_write(server, movers):
    """What was written is in one of the two, and all of it: SWAPDB neither loses nor doubles a write."""
    client = redis.Redis(host=server.address[0], port=server.address[1])
    other = redis.Redis(host=server.address[0], port=server.address[1], db=1)
    swaps = 0
    for mover in movers:
        mover.stop.set()
        mover.join()
    writers = [threading.Thread(target=write, args=(server, number)) for number in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        client.execute_command("SWAPDB", 0, 1)
        swaps += 1
    for writer in writers:
        writer.join()
    keys = [*client.keys("w:*"), *other.keys("w:*")]
    assert len(keys) == len(set(keys)) == 4 * LOOKS
    assert client.dbsize() + other.dbsize() == 4 * LOOKS + len(movers) * TOKENS
    assert swaps > 10


def write(server, number):
    """Writes as many keys as there are looks, in whatever database its own is at the time."""
    client = redis.Redis(host=server.address[0], port=server.address[1], db=number % 2)
    for count in range(LOOKS):
        client.set(f"w:{number}:{count}", "x")


def test_a_large_database_is_looked_over_within_a_transaction(server):
    """Several pieces of it, each read outside the transaction's locks; and beyond the bound it is refused."""
    client = redis.Redis(host=server.address[0], port=server.address[1])
    for start in range(0, 60_000, 10_000):
        client.mset({f"k{number}": "" for number in range(start, start + 10_000)})
    with client.pipeline(transaction=True) as pipeline:
        pipeline.keys("*")
        pipeline.set("one-more", "x")
        pipeline.keys("*")
        pipeline.dbsize()
        before, _, after, count = pipeline.execute()
    assert (len(before), len(after), count) == (60_000, 60_001, 60_001)


SIDE = 25_000


def test_keys_of_a_large_database_are_those_of_one_moment_while_databases_are_swapped(server):
    """More than are read at once: half of one database and half of another would show as a mixture."""
    clients = [redis.Redis(host=server.address[0], port=server.address[1], db=db) for db in (0, 1)]
    for db, client in enumerate(clients):
        for start in range(0, SIDE, 5000):
            client.mset({f"{db}:{number}": "" for number in range(start, start + 5000)})
    stop, swaps = threading.Event(), []

    def swap():
        while not stop.is_set():
            swaps.append(clients[1].swapdb(0, 1))

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        seen = [clients[0].keys("*") for _ in range(30)]
    finally:
        stop.set()
        swapper.join()
    sides = [{key[:1] for key in keys} for keys in seen]
    assert all(len(side) == 1 for side in sides), "one answer holds keys of both"
    assert {len(set(keys)) for keys in seen} == {SIDE}
    assert len(swaps) > len(seen) and sides.count({b"0"}) not in (0, len(seen)), "nothing was swapped meanwhile"
