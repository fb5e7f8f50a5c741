"""Something of every kind that a data directory can hold, and what reading all of it answers.

Knows no file: it is written and read as clients do.
"""

import hashlib

from harness.kafka import producer, read_all
from harness.resp import Reply, encoded

# The first of January 2100, and some 63 years: whatever reads this must not find that it has expired.
FAR_MS = 4_102_444_800_000
LONG_MS = 2_000_000_000_000

# A value whose bytes all depend on where they are, beyond what fits a header row and a content row.
LARGE = b"".join(b"%07d;" % number for number in range(6000))

WRITES = [
    ("SET", "string:small", "one"),
    ("SET", "string:binary", bytes(range(256))),
    ("SET", "string:cut", LARGE),
    ("INCRBY", "string:number", "8127"),
    ("SET", "string:deadline", "until 2100", "PXAT", FAR_MS),
    ("SET", "string:removed", "not any more"),
    ("DEL", "string:removed"),
    ("HSET", "hash:packed", "balance", "500", "owner", "seven"),
    ("HSET", "hash:split", *(word for number in range(200) for word in (f"field:{number}", f"value:{number}"))),
    ("HDEL", "hash:split", "field:7"),
    ("HSET", "hash:deadline", "a", "1"),
    ("PEXPIREAT", "hash:deadline", FAR_MS),
    ("LOCK.ACQUIRE", "lock:free", LONG_MS),
    ("LOCK.ACQUIRE", "lock:named", LONG_MS, "OWNER", "worker-1"),
    ("IDEM.CLAIM", "request:claimed", LONG_MS // 1000),
    ("MULTI",),
    ("IDEM.CLAIM", "request:saved", LONG_MS // 1000),
    ("HINCRBY", "hash:packed", "balance", "-100"),
    ("IDEM.SAVE", "request:saved", "paid 100"),
    ("EXEC",),
    ("TOPIC.CREATE", "payments", "PARTITIONS", "2"),
    ("TOPIC.PRODUCE", "payments", "KEY", "8127", '{"amount":100}'),
    ("TOPIC.PRODUCE", "payments", "KEY", "8128", '{"amount":200}'),
]

# After the filler: what the tables do not hold yet.
LATE_WRITES = [
    ("SET", "string:late", "in the log alone"),
    ("HSET", "hash:packed", "late", "1"),
    ("LOCK.ACQUIRE", "lock:late", LONG_MS),
]

READS = [
    ("DBSIZE",),
    ("GET", "string:small"),
    ("GET", "string:binary"),
    ("GET", "string:cut"),
    ("GET", "string:number"),
    ("GET", "string:deadline"),
    ("PEXPIRETIME", "string:deadline"),
    ("GET", "string:late"),
    ("EXISTS", "string:removed"),
    ("HGETALL", "hash:packed"),
    ("HLEN", "hash:split"),
    ("HMGET", "hash:split", *(f"field:{number}" for number in range(200))),
    ("HGETALL", "hash:deadline"),
    ("PEXPIRETIME", "hash:deadline"),
    ("LOCK.INFO", "lock:free"),
    ("LOCK.INFO", "lock:named"),
    ("LOCK.INFO", "lock:late"),
    ("IDEM.GET", "request:claimed"),
    ("IDEM.GET", "request:saved"),
    ("TOPIC.READ", "payments", "0", "0", "COUNT", "100"),
    ("TOPIC.READ", "payments", "1", "0", "COUNT", "100"),
]

# More log than the store lets be replayed before what was written before goes to tables, of a value that is small
# enough to be one row, so that the tables stay small.
FILLER_COUNT, FILLER_BATCH, FILLER_VALUE = 150, 1000, b"f" * 960


def write(server):
    """Writes all of it, by both protocols."""
    with server.connect() as connection:
        for step in WRITES:
            reply = connection.call(*step)
            assert not reply.is_error(), f"{step[:2]}: {reply}"
    client = producer(server, enable_idempotence=True)
    for number in range(20):
        headers = [("number", b"%d" % number)]
        client.produce("payments", b"from Kafka", b"%d" % number, number % 2, headers=headers)
    assert client.flush(30) == 0, "it was not all acknowledged"


def write_late(server):
    """Writes what then is in the log alone."""
    with server.connect() as connection:
        for step in LATE_WRITES:
            assert not connection.call(*step).is_error(), step


def write_filler(server):
    """Writes so much to one key, which is removed again, that all that was written before goes to tables."""
    batch = encoded("SET", "filler", FILLER_VALUE) * FILLER_BATCH
    with server.connect() as connection:
        for _ in range(FILLER_COUNT):
            connection.send(batch)
            for _ in range(FILLER_BATCH):
                assert connection.read().value == b"OK"
        assert connection.call("DEL", "filler").value == b"1"


def read(server):
    """What every read answers, as lines that stay the same as long as what was written does.

    The time that is left to locks and requests is left out; a long answer stands as its checksum.
    """
    found = {}
    with server.connect() as connection:
        assert not connection.call("HELLO", "3").is_error()
        for command in READS:
            reply = connection.call(*command)
            lines = [line for line in reply.lines() if '"ttl_ms"' not in line]
            if command[0] == "TOPIC.READ":
                # Their headers were a map once, and are a list: what is in them is what counts.
                lines = [repr(list(bytes_of(record))) for record in reply.value]
            found[" ".join(command[:5])] = shortened(lines)
    for number, messages in enumerate(read_all(server, "payments", 2)):
        found[f"records of partition {number}"] = [
            repr((one.offset(), one.key(), one.value(), one.headers(), one.timestamp())) for one in messages
        ]
    return found


def bytes_of(reply):
    """All that is in a reply, in order, however it is put together."""
    if isinstance(reply, (list, tuple)):
        for part in reply:
            yield from bytes_of(part)
    elif isinstance(reply, Reply):
        yield from bytes_of(reply.value)
    else:
        yield reply


def shortened(lines):
    """The lines, or one with their checksum if they are long."""
    text = "\n".join(lines)
    if len(text) <= 400:
        return lines
    return [f"sha256 of {len(lines)} lines: {hashlib.sha256(text.encode()).hexdigest()}"]
