"""Kafka as the tests speak it: stock clients with patient settings, and frames made by hand.

Knows the form of a frame and the bodies of the few requests that it makes; nothing of what a server does
with them.
"""

import shutil
import socket
import struct
import subprocess

import confluent_kafka
import pytest
from confluent_kafka.admin import AdminClient

SECONDS_MAX = 30.0

API_VERSIONS, FIND_COORDINATOR = 18, 10

# A client that a test has left behind says nothing when its server goes.
QUIET = {"log_level": 0}


def frame(api, version, body=b"", correlation=7, client=b"test"):
    """A request with the older form of header, with its length before it."""
    head = struct.pack(">hhih", api, version, correlation, len(client)) + client
    return struct.pack(">i", len(head) + len(body)) + head + body


class Raw:
    """A connection to `address` that hides nothing. Every wait has an end."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=SECONDS_MAX)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, raw):
        """Sends these bytes."""
        self.socket.sendall(raw)

    def read_exactly(self, count):
        """So many bytes; an error if the connection ends before."""
        found = b""
        while len(found) < count:
            more = self.socket.recv(count - len(found))
            if not more:
                raise EOFError(f"the connection ended after {len(found)} of {count} bytes")
            found += more
        return found

    def read_frame(self):
        """The next response, from its correlation id on."""
        (length,) = struct.unpack(">i", self.read_exactly(4))
        return self.read_exactly(length)

    def has_ended(self):
        """Waits until the server closes the connection; whether it does, without another byte."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def is_served(self):
        """Whether it answers: what versions it understands."""
        self.send(frame(API_VERSIONS, 0))
        return self.read_frame()[:6] == struct.pack(">ih", 7, 0)


def kcat(server, *arguments, stdin=b""):
    """Runs kcat against the server and returns what it prints; without kcat the test is skipped."""
    if shutil.which("kcat") is None:
        pytest.skip("kcat is not installed: apt-get install kcat")
    done = subprocess.run(
        ["kcat", "-b", server.kafka, *arguments],
        input=stdin,
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, f"kcat {arguments}: {done.stderr.decode(errors='replace')}"
    return done.stdout


def producer(server, **settings):
    """A producer of librdkafka."""
    named = {name.replace("_", "."): value for name, value in settings.items()}
    return confluent_kafka.Producer({"bootstrap.servers": server.kafka, "linger.ms": 0, **QUIET, **named})


def admin_of(server):
    """An admin client of librdkafka."""
    return AdminClient({"bootstrap.servers": server.kafka, **QUIET})


def consumer(server, **settings):
    """A consumer of librdkafka; partitions are to be assigned."""
    named = {name.replace("_", "."): value for name, value in settings.items()}
    always = {
        "bootstrap.servers": server.kafka,
        # It asks for a name, and is never used as a group.
        "group.id": "none",
        "enable.auto.commit": False,
        "auto.offset.reset": "error",
        "fetch.wait.max.ms": 100,
    }
    return confluent_kafka.Consumer({**always, **QUIET, **named})


def read_all(server, topic, partitions=1, **settings):
    """All messages of a topic, by partition, in the order of their offsets."""
    reader = consumer(server, **settings)
    try:
        found = []
        for number in range(partitions):
            place = confluent_kafka.TopicPartition(topic, number, 0)
            _, high = reader.get_watermark_offsets(place, timeout=SECONDS_MAX)
            messages = []
            reader.assign([place])
            while len(messages) < high:
                message = reader.poll(SECONDS_MAX)
                assert message is not None, f"{topic} {number}: {len(messages)} of {high} came"
                assert message.error() is None, message.error()
                messages.append(message)
            reader.unassign()
            found.append(messages)
        return found
    finally:
        reader.close()
