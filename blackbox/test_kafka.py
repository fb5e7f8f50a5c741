"""Kafka as stock clients speak it: kcat, librdkafka's Python client, kafka-python, and frames by hand."""

import random
import struct
import time

import kafka
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import NewTopic

from harness.kafka import (
    API_VERSIONS,
    FIND_COORDINATOR,
    SECONDS_MAX,
    Raw,
    admin_of,
    consumer,
    frame,
    kcat,
    producer,
    read_all,
)
from harness.probes import metric
from harness.server import HOST
from harness.wait import until

# One below the bound of a value, which is 64 MiB, with room for what is around it; and one above.
LARGE_MIB, TOO_LARGE_MIB = 63, 65


@pytest.fixture(name="topic")
def _topic(server):
    """A topic of three partitions."""
    assert server.call("TOPIC.CREATE", "orders", "PARTITIONS", "3").value == b"OK"
    return "orders"


@pytest.fixture(name="raw")
def _raw(server):
    with Raw((HOST, server.ports["kafka"])) as raw:
        yield raw


def values(messages):
    """Their values."""
    return [message.value() for message in messages]


# --- kcat


def test_kcat_lists_the_broker_and_the_topics(server, topic):
    """The broker is named by the address that the client has reached."""
    told = kcat(server, "-L").decode()
    assert f"broker 1 at {server.kafka}" in told
    assert f'topic "{topic}" with 3 partitions' in told


def test_kcat_brings_back_keys_values_and_headers(server, topic):
    """Empty ones, binary ones and absent ones too."""
    kcat(server, "-P", "-t", topic, "-p", "1", "-K:", "-Z", "-H", "one=1", "-H", "two=", stdin=b"k:v\nk2:\n:v3\n")
    told = kcat(server, "-C", "-t", topic, "-p", "1", "-e", "-o", "beginning", "-f", "%o|%k|%s|%S|%h\n")
    assert told.decode().splitlines() == [
        "0|k|v|1|one=1,two=",
        "1|k2||-1|one=1,two=",
        "2||v3|2|one=1,two=",
    ]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_compressed_batches_are_kept_as_they_were_sent(server, topic, codec):
    """What is stored is small, and comes back whole."""
    lines = [b"the same line over and over, number %06d" % number for number in range(2000)]
    # Of one batch, so that there is something to compress.
    batch = ("-X", "linger.ms=1000", "-X", "batch.num.messages=2000")
    kcat(server, "-P", "-t", topic, "-p", "0", "-z", codec, *batch, stdin=b"\n".join(lines) + b"\n")
    told = kcat(server, "-C", "-t", topic, "-p", "0", "-e", "-o", "beginning")
    assert told.splitlines() == lines
    first = server.call("TOPIC.DESCRIBE", topic).value[3].value[0].value
    stored = int(first[[each.value for each in first].index(b"bytes") + 1].value)
    assert 0 < stored < len(b"".join(lines)) // 3
    reply = server.call("TOPIC.READ", topic, "0", "0")
    assert reply.is_error() and codec.encode() in reply.value.lower()


# --- producers and consumers


@pytest.mark.parametrize("acks", ["0", "1", "all"])
@pytest.mark.parametrize("idempotent", [False, True])
def test_librdkafka_produces_and_consumes(server, topic, acks, idempotent):
    """Every message is there once, in the order in which it was sent, with its key and headers."""
    if idempotent and acks != "all":
        acks = "all"
    told = []
    writer = producer(server, acks=acks, enable_idempotence=idempotent)
    for number in range(1000):
        writer.produce(
            topic,
            value=b"value %d" % number,
            key=b"key %d" % number,
            headers=[("number", b"%d" % number), ("empty", None)],
            partition=number % 3,
            on_delivery=lambda error, message: told.append((error, message)),
        )
    assert writer.flush(SECONDS_MAX) == 0
    assert [error for error, _ in told if error] == [] and len(told) == 1000
    until(lambda: sum(ends(server, topic)) == 1000, "all of acks=0 to arrive")
    for number, messages in enumerate(read_all(server, topic, 3)):
        expected = range(number, 1000, 3)
        assert values(messages) == [b"value %d" % each for each in expected]
        assert [message.key() for message in messages] == [b"key %d" % each for each in expected]
        assert [message.offset() for message in messages] == list(range(len(expected)))
        assert messages[0].headers() == [("number", b"%d" % number), ("empty", None)]


def ends(server, topic):
    """The next offset of each partition."""
    partitions = server.call("TOPIC.DESCRIBE", topic).value[3].value
    pairs = [each.value for each in partitions]
    return [int(pair[[name.value for name in pair].index(b"next") + 1].value) for pair in pairs]


@pytest.mark.parametrize("acks", [0, 1, "all"])
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_kafka_python_produces_and_consumes(server, topic, acks, compression):
    """With its own encoders and decoders, which are not librdkafka's."""
    writer = kafka.KafkaProducer(
        bootstrap_servers=server.kafka, acks=acks, compression_type=compression, enable_idempotence=acks == "all"
    )
    sent = [
        writer.send(topic, b"value %d" % number, partition=number % 3, headers=[("n", b"%d" % number)])
        for number in range(300)
    ]
    writer.flush(SECONDS_MAX)
    writer.close()
    if acks != 0:
        assert [one.get(SECONDS_MAX).offset for one in sent] == [number // 3 for number in range(300)]
    until(lambda: sum(ends(server, topic)) == 300, "all of acks=0 to arrive")
    reader = kafka.KafkaConsumer(
        bootstrap_servers=server.kafka, group_id=None, consumer_timeout_ms=int(SECONDS_MAX * 1000)
    )
    reader.assign([kafka.TopicPartition(topic, number) for number in range(3)])
    reader.seek_to_beginning()
    found = [next(reader) for _ in range(300)]
    reader.close()
    for number in range(3):
        mine = [message for message in found if message.partition == number]
        assert [message.value for message in mine] == [b"value %d" % each for each in range(number, 300, 3)]
        assert [message.offset for message in mine] == list(range(100))
        assert mine[0].headers == [("n", b"%d" % number)]


def test_keys_go_to_the_partition_that_every_client_chooses(server, topic):
    """TOPIC.PRODUCE, kafka-python and librdkafka (told to) hash keys alike."""
    keys = [b"key:%d" % number for number in range(50)]
    ours = [server.call("TOPIC.PRODUCE", topic, "KEY", key, "v").value[0].value for key in keys]
    writer = kafka.KafkaProducer(bootstrap_servers=server.kafka)
    theirs = [writer.send(topic, b"v", key=key).get(SECONDS_MAX).partition for key in keys]
    writer.close()
    told = {}
    other = producer(server, partitioner="murmur2_random")
    for key in keys:
        other.produce(topic, b"v", key, on_delivery=lambda _, message: told.update({message.key(): message.partition()}))
    assert other.flush(SECONDS_MAX) == 0
    assert [int(number) for number in ours] == theirs == [told[key] for key in keys]


def test_a_consumer_goes_where_it_seeks(server, topic):
    """Into the middle of a batch too; outside of what there is, it is told so."""
    kcat(server, "-P", "-t", topic, "-p", "2", "-X", "linger.ms=500", stdin=b"\n".join(b"%d" % n for n in range(100)))
    reader = consumer(server)
    reader.assign([TopicPartition(topic, 2, 50)])
    assert reader.poll(SECONDS_MAX).value() == b"50"
    reader.seek(TopicPartition(topic, 2, 99))
    until_value(reader, b"99")
    assert reader.get_watermark_offsets(TopicPartition(topic, 2), SECONDS_MAX) == (0, 100)
    reader.assign([TopicPartition(topic, 2, 101)])
    message = reader.poll(SECONDS_MAX)
    assert message.error().code() == KafkaError._AUTO_OFFSET_RESET
    reader.close()


def until_value(reader, value):
    """Reads on until that value comes."""
    while (message := reader.poll(SECONDS_MAX)) is not None:
        assert message.error() is None, message.error()
        if message.value() == value:
            return
    raise AssertionError(f"{value} did not come")


def test_offsets_are_found_by_time_whatever_the_order_of_times(server, topic):
    """The first offset at or after a time: against a plain search, for times that go back and forth."""
    chance = random.Random(3)
    times = [chance.randrange(1_000, 2_000) for _ in range(200)]
    writer = producer(server)
    for number, at in enumerate(times):
        writer.produce(topic, b"%d" % number, partition=0, timestamp=at)
        if number % 7 == 0:
            assert writer.flush(SECONDS_MAX) == 0
    assert writer.flush(SECONDS_MAX) == 0
    reader = consumer(server)
    for asked in [1, 1_000, *sorted(chance.sample(range(1_000, 2_000), 40)), max(times), max(times) + 1]:
        expected = next((offset for offset, at in enumerate(times) if at >= asked), -1)
        (found,) = reader.offsets_for_times([TopicPartition(topic, 0, asked)], SECONDS_MAX)
        assert found.error is None and found.offset == expected, f"asked for {asked}"
    (empty,) = reader.offsets_for_times([TopicPartition(topic, 1, 0)], SECONDS_MAX)
    assert empty.offset == -1
    reader.close()


def test_large_messages_come_back_and_too_large_ones_are_refused(server, topic):
    """Up to the bound of one value; the client is told which code it is."""
    piece = random.Random(4).randbytes(1 << 20)
    large = piece * LARGE_MIB
    writer = producer(server, message_max_bytes=200_000_000)
    told = []
    for value in (large, piece * TOO_LARGE_MIB, b"small"):
        writer.produce(topic, value, partition=0, on_delivery=lambda error, _: told.append(error and error.code()))
        assert writer.flush(SECONDS_MAX) == 0
    assert told == [None, KafkaError.MSG_SIZE_TOO_LARGE, None]
    # Although the consumer asks for a megabyte at a time.
    (messages, *_) = read_all(server, topic, receive_message_max_bytes=200_000_000)
    assert values(messages) == [large, b"small"]


def test_a_hundred_thousand_messages(server, topic):
    """Produced by an idempotent producer, all consumed, in order."""
    count = 100_000
    writer = producer(server, enable_idempotence=True, linger_ms=5, queue_buffering_max_messages=count)
    for number in range(count):
        writer.produce(topic, b"%d" % number, partition=0)
    assert writer.flush(60) == 0
    (messages, *_) = read_all(server, topic)
    assert values(messages) == [b"%d" % number for number in range(count)]


@pytest.mark.parametrize("by", ["kafka", "resp"])
def test_two_consumers_that_wait_are_woken_by_a_record(server, topic, by):
    """Long before the time that they would wait."""
    longest = 20.0
    readers = [consumer(server, fetch_wait_max_ms=int(longest * 1000)) for _ in range(2)]
    for reader in readers:
        # Of several partitions, the client may ask for the first alone, and wait for that one.
        reader.assign([TopicPartition(topic, 1, 0)])
        # It has asked, and waits.
        assert reader.poll(0.5) is None
    begun = time.monotonic()
    if by == "kafka":
        kcat(server, "-P", "-t", topic, "-p", "1", stdin=b"wake\n")
    else:
        server.call("TOPIC.PRODUCE", topic, "PARTITION", "1", "wake")
    for reader in readers:
        message = reader.poll(longest)
        assert message is not None and message.value() == b"wake"
    assert time.monotonic() - begun < longest / 2
    for reader in readers:
        reader.close()


def test_a_stop_does_not_wait_for_consumers_that_wait(server, topic):
    """A Fetch under way is answered, and the connection ends."""
    reader = consumer(server, fetch_wait_max_ms=50_000)
    reader.assign([TopicPartition(topic, 0, 0)])
    assert reader.poll(0.5) is None
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 8
    reader.close()


def test_records_are_there_after_a_kill_with_their_offsets(server, topic):
    """And an idempotent producer goes on where it was."""
    writer = producer(server, enable_idempotence=True, socket_keepalive_enable=True)
    told = []
    for number in range(50):
        if number == 25:
            assert writer.flush(SECONDS_MAX) == 0
            server.crash()
        writer.produce(topic, b"%d" % number, partition=0, on_delivery=lambda error, _: told.append(error))
    assert writer.flush(60) == 0
    assert told == [None] * 50
    server.crash()
    (messages, *_) = read_all(server, topic)
    assert values(messages) == [b"%d" % number for number in range(50)]
    assert [message.offset() for message in messages] == list(range(50))


# --- topics


def admin_outcome(futures):
    """The one error code of an admin call, or None."""
    ((_, future),) = futures.items()
    try:
        future.result(SECONDS_MAX)
    except KafkaException as error:
        return error.args[0].code()
    return None


@pytest.mark.parametrize(
    ("name", "settings", "code"),
    [
        ("fine", {"num_partitions": 4}, None),
        ("default", {"num_partitions": -1}, None),
        ("fine", {"num_partitions": 1, "config": {"retention.ms": "-1", "segment.ms": "1"}}, None),
        ("orders", {"num_partitions": 1}, KafkaError.TOPIC_ALREADY_EXISTS),
        ("a/b", {"num_partitions": 1}, KafkaError.TOPIC_EXCEPTION),
        ("x", {"num_partitions": 100_000}, KafkaError.INVALID_PARTITIONS),
        ("x", {"num_partitions": 1, "replication_factor": 3}, KafkaError.INVALID_REPLICATION_FACTOR),
        ("x", {"num_partitions": 1, "config": {"retention.ms": "60000"}}, KafkaError.INVALID_CONFIG),
        ("x", {"num_partitions": 1, "config": {"cleanup.policy": "compact"}}, KafkaError.INVALID_CONFIG),
        ("x", {"num_partitions": 1, "config": {"no.such": "1"}}, KafkaError.INVALID_CONFIG),
        ("x", {"num_partitions": 1, "replica_assignment": [[1]]}, KafkaError.INVALID_REPLICA_ASSIGNMENT),
    ],
)
def test_topics_are_created_or_the_reason_is_told(server, topic, name, settings, code):
    """Validated first, which creates nothing, then for good: with the same outcome."""
    admin = admin_of(server)
    wanted = NewTopic(name, **settings)
    assert admin_outcome(admin.create_topics([wanted], validate_only=True)) == code
    assert set(admin.list_topics(timeout=SECONDS_MAX).topics) == {topic}
    assert admin_outcome(admin.create_topics([wanted])) == code
    found = admin.list_topics(timeout=SECONDS_MAX).topics
    assert set(found) == ({topic} if code else {topic, name})
    if code is None:
        assert len(found[name].partitions) == abs(settings["num_partitions"])


def test_a_deleted_topic_is_gone_and_a_new_one_of_its_name_is_empty(server, topic):
    """Through the admin client of librdkafka."""
    kcat(server, "-P", "-t", topic, "-p", "0", stdin=b"old\n")
    admin = admin_of(server)
    assert admin_outcome(admin.delete_topics([topic])) is None
    assert admin_outcome(admin.delete_topics([topic])) == KafkaError.UNKNOWN_TOPIC_OR_PART
    assert topic not in admin.list_topics(timeout=SECONDS_MAX).topics
    assert server.call("TOPIC.READ", topic, "0", "0").value.startswith(b"NOTOPIC")
    assert admin_outcome(admin.create_topics([NewTopic(topic, 1)])) is None
    assert read_all(server, topic) == [[]]
    kcat(server, "-P", "-t", topic, "-p", "0", stdin=b"new\n")
    (messages,) = read_all(server, topic)
    assert values(messages) == [b"new"] and messages[0].offset() == 0


def test_topics_are_not_made_by_asking_for_them(server):
    """A misspelt name is an error, not a new topic."""
    writer = producer(server, topic_metadata_propagation_max_ms=100)
    told = []
    writer.produce("mispelt", b"v", on_delivery=lambda error, _: told.append(error.code()))
    assert writer.flush(SECONDS_MAX) == 0
    assert told[0] in (KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART)
    assert server.call("TOPIC.DESCRIBE", "mispelt").value.startswith(b"NOTOPIC")


# --- what is not there yet


def test_transactions_of_kafka_are_refused_at_once(server):
    """Not tried again and again until a timeout."""
    writer = producer(server, transactional_id="t")
    with pytest.raises(KafkaException) as refused:
        writer.init_transactions(SECONDS_MAX)
    assert refused.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_consumer_groups_are_refused_with_a_reason(raw):
    """In words that say what to do instead."""
    raw.send(frame(FIND_COORDINATOR, 1, struct.pack(">h", 5) + b"group" + b"\0"))
    answer = raw.read_frame()
    assert struct.unpack(">h", answer[8:10]) == (15,)
    assert b"assign partitions" in answer


def test_of_a_consumer_that_subscribes_the_log_says_why_it_gets_nothing(server, topic):
    """By either client: it asks for its group's coordinator for ever, and tells its program nothing."""
    assert not server.call("TOPIC.PRODUCE", topic, "there is a record").is_error()
    heard = []
    subscriber = Consumer(
        {"bootstrap.servers": server.kafka, "group.id": "readers", "auto.offset.reset": "earliest"}
    )
    subscriber.subscribe([topic])

    def told():
        heard.append(subscriber.poll(0.01))
        return "consumer group" in server.stderr()

    until(told, "a word of the group", 30)
    subscriber.close()
    assert set(heard) == {None}
    (line,) = [line for line in server.stderr().splitlines() if "consumer group" in line]
    assert "readers" in line and "assign" in line
    other = kafka.KafkaConsumer(
        topic,
        bootstrap_servers=server.kafka,
        group_id="others",
        auto_offset_reset="earliest",
        consumer_timeout_ms=2000,
    )
    assert next(other, None) is None
    other.close(autocommit=False)


# --- one transaction, whatever protocol reached it


def test_what_exec_produces_kcat_consumes(server, topic):
    """And what is discarded, or refused, it does not."""
    with server.connect() as connection:
        for value, end in (("one", "EXEC"), ("two", "DISCARD"), ("three", "EXEC")):
            connection.call("MULTI")
            connection.call("SET", "last", value)
            connection.call("TOPIC.PRODUCE", topic, "PARTITION", "0", "HEADER", "h", value, value)
            assert not connection.call(end).is_error()
        connection.call("MULTI")
        connection.call("SET", "last", "four")
        connection.call("TOPIC.PRODUCE", topic, "PARTITION", "0", "four")
        connection.call("TOPIC.PRODUCE", topic, "PARTITION", "9", "four")
        assert connection.call("EXEC").value.startswith(b"NOPARTITION")
        assert connection.call("GET", "last").value == b"three"
    told = kcat(server, "-C", "-t", topic, "-p", "0", "-e", "-o", "beginning", "-f", "%o %s %h\n")
    assert told.decode().splitlines() == ["0 one h=one", "1 three h=three"]


def pay(connection, token, number, lock="account:7"):
    """A payment as the README shows it; the reply to EXEC."""
    steps = [
        ("MULTI",),
        ("IDEM.CLAIM", f"pay:{number}", "86400"),
        ("LOCK.CHECK", lock, token),
        ("HINCRBY", "account:7", "balance", "-100"),
        ("TOPIC.PRODUCE", "payments", "KEY", number, '{"amount":100}'),
        ("EXEC",),
    ]
    return [connection.call(*step) for step in steps][-1]


def test_a_payment_happens_once_with_its_event_or_not_at_all(server):
    """Claim, lock, balance and record: together, whatever goes wrong."""

    def state():
        balance = connection.call("HGET", "account:7", "balance").value
        keys = kcat(server, "-C", "-t", "payments", "-e", "-o", "beginning", "-f", "%k ").decode().split()
        return balance, keys

    with server.connect() as connection:
        assert connection.call("TOPIC.CREATE", "payments").value == b"OK"
        token = connection.call("LOCK.ACQUIRE", "account:7", "60000").value
        assert int(token) > 0
        paid = pay(connection, token, 8127)
        assert paid.lines() == ["1) OK", "2) OK", "3) (integer) -100", "4) 1) (integer) 0", "   2) (integer) 0"]
        assert state() == (b"-100", ["8127"])

        assert pay(connection, token, 8127).value.startswith(b"IDEMDUP ")
        assert state() == (b"-100", ["8127"])

        assert connection.call("LOCK.RELEASE", "account:7", token).value == b"1"
        assert pay(connection, token, 8128).value.startswith(b"LOCKLOST ")
        assert state() == (b"-100", ["8127"])
        assert connection.call("IDEM.GET", "pay:8128").value is None, "the claim went with the rest"

        newer = connection.call("LOCK.ACQUIRE", "account:7", "60000").value
        assert int(newer) > int(token)
        assert pay(connection, token, 8128).value.startswith(b"LOCKLOST ")
        assert not pay(connection, newer, 8128).is_error()
        assert state() == (b"-200", ["8127", "8128"])


# --- bad input


@pytest.mark.parametrize(
    "sent",
    [
        struct.pack(">i", 2**31 - 1) + b"x" * 100,
        struct.pack(">i", 100 * 1024 * 1024 + 1),
        struct.pack(">i", -1),
        struct.pack(">i", -(2**31)),
        struct.pack(">i", 0),
        struct.pack(">i", 3) + b"abc",
        frame(999, 0),
        frame(0, 99),
        frame(-1, 0),
        frame(3, 1, struct.pack(">i", 2**31 - 1)),
        frame(3, 1, struct.pack(">i", -2)),
        frame(3, 1, struct.pack(">i", 0) + b"behind the message"),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
        random.Random(5).randbytes(4096),
    ],
    ids=lambda sent: sent[:12].hex(),
)
def test_a_malformed_frame_ends_its_connection_alone(server, raw, sent):
    """At once, with no more than a line in the log; others are served."""
    with Raw((HOST, server.ports["kafka"])) as other:
        assert other.is_served()
        before = metric(server, "groundsill_connections_malformed_total")
        raw.send(sent)
        assert raw.has_ended()
        assert metric(server, "groundsill_connections_malformed_total") == before + 1
        until(lambda: "no request: its connection was closed" in server.stderr(), "a line in the log", 10)
        assert other.is_served()
    assert len(server.stderr().splitlines()) <= 1


def test_random_frames_do_no_harm(server, topic):
    """Of right lengths, with known requests and random bodies."""
    chance = random.Random(6)
    for _ in range(300):
        with Raw((HOST, server.ports["kafka"])) as raw:
            api, version = chance.choice([0, 1, 2, 3, 10, 18, 19, 20, 22]), chance.randrange(13)
            raw.send(frame(api, version, chance.randbytes(chance.randrange(200))))
            raw.socket.shutdown(1)
            raw.socket.settimeout(SECONDS_MAX)
            while raw.socket.recv(65536):
                pass
    assert server.is_running()
    assert kcat(server, "-L")


def test_a_frame_may_arrive_byte_by_byte(raw):
    """However the network cuts it."""
    for byte in frame(API_VERSIONS, 0):
        raw.send(bytes([byte]))
    assert raw.read_frame()[:6] == struct.pack(">ih", 7, 0)


def test_a_version_that_is_too_high_is_answered_with_those_that_are_not(raw):
    """Only for ApiVersions, so that clients can ask again."""
    raw.send(frame(API_VERSIONS, 77))
    answer = raw.read_frame()
    assert struct.unpack(">ih", answer[:6]) == (7, 35)
    assert len(answer) > 20


def test_answers_come_in_the_order_of_the_requests(raw):
    """In a pipeline longer than a turn."""
    raw.send(b"".join(frame(API_VERSIONS, 0, correlation=number) for number in range(1000)))
    assert [struct.unpack(">i", raw.read_frame()[:4])[0] for _ in range(1000)] == list(range(1000))


def test_half_a_frame_and_many_silent_connections_leave_room_for_others(server):
    """A large frame that is announced and does not come takes no memory for itself."""
    silent = [Raw((HOST, server.ports["kafka"])) for _ in range(200)]
    try:
        for raw in silent:
            raw.send(struct.pack(">i", 90_000_000) + b"\0" * 64)
        with Raw((HOST, server.ports["kafka"])) as other:
            assert other.is_served()
    finally:
        for raw in silent:
            raw.socket.close()


def test_a_damaged_batch_is_refused_and_nothing_of_it_kept(server, topic, raw):
    """Its checksum is looked at before anything is appended."""
    batch = bytearray(61)
    batch[8:12] = struct.pack(">i", 49)
    batch[16] = 2
    records = struct.pack(">i", len(batch)) + bytes(batch)
    partition = struct.pack(">ii", 1, 0) + records
    name = struct.pack(">h", len(topic)) + topic.encode()
    body = struct.pack(">hhi", -1, -1, 1000) + struct.pack(">i", 1) + name + partition
    raw.send(frame(0, 3, body))
    answer = raw.read_frame()
    at = 4 + 4 + 2 + len(topic) + 4
    assert struct.unpack(">ih", answer[at : at + 6]) == (0, 2)
    assert ends(server, topic) == [0, 0, 0]


def test_an_error_without_acks_ends_the_connection(server, raw):
    """There is no answer to put it in, and a producer has to hear of it."""
    name = struct.pack(">h", 4) + b"none"
    body = struct.pack(">hhi", -1, 0, 1000) + struct.pack(">i", 1) + name + struct.pack(">iii", 1, 0, 0)
    raw.send(frame(0, 3, body))
    assert raw.has_ended()
    assert server.is_running()
