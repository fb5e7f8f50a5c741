"""Passwords: who gets in, by every front, and what nobody gets to see."""

import os
import pty
import signal
import struct
import subprocess
import time
from pathlib import Path

import confluent_kafka
import kafka
import pytest
import redis

from harness.kafka import API_VERSIONS, QUIET, SECONDS_MAX, Raw, frame, kcat
from harness.probes import ask
from harness.resp import encoded
from harness.server import FRONTS, HOST, Server
from harness.wait import until
from test_node import needs_node
from test_readme import needs_redis_cli

pytestmark = pytest.mark.ours

SECRETS = {"default": "first-Se:cret", "billing": "second secret\N{EURO SIGN}"}
NOAUTH = b"NOAUTH Authentication required."
WRONGPASS = b"WRONGPASS invalid username-password pair or user is disabled."
SASL_HANDSHAKE, SASL_AUTHENTICATE = 17, 36


def binary_of(launch):
    """The program."""
    return launch.arguments("", dict.fromkeys(FRONTS, 0))[0]


def line_of(launch, user, password):
    """What `groundsill password` prints."""
    made = subprocess.run(
        [binary_of(launch), "password", user],
        input=password.encode() + b"\n",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert made.returncode == 0 and made.stderr == b"", made.stderr
    return made.stdout.decode()


def write_private(path, text):
    """A file that its owner alone can read."""
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.fixture(name="lines", scope="session")
def _lines(launch):
    """The lines of the two users."""
    return {user: line_of(launch, user, password) for user, password in SECRETS.items()}


@pytest.fixture(name="passwords")
def _passwords(lines, tmp_path):
    """The file of passwords."""
    return write_private(tmp_path / "passwords", "# who may\n\n" + "".join(lines.values()))


@pytest.fixture(name="guarded")
def _guarded(launch, passwords, tmp_path):
    """A server that asks for passwords."""
    launch = launch.having("--password-file", str(passwords))
    server = Server(launch, tmp_path / "server").start()
    yield server
    if server.is_running():
        assert server.stop() == 0, server.told()
    assert "panicked at" not in server.stderr()


def known(server, user="default"):
    """A connection that has shown its password."""
    connection = server.connect()
    assert connection.call("AUTH", user, SECRETS[user]).value == b"OK"
    return connection


def test_redis_py_gets_in_with_a_password_and_not_without(guarded):
    """By AUTH, by AUTH with a name, by HELLO with RESP3."""
    host, port = guarded.address
    for number, settings in enumerate(
        (
            {"password": SECRETS["default"]},
            {"username": "billing", "password": SECRETS["billing"]},
            {"username": "billing", "password": SECRETS["billing"], "protocol": 3},
        )
    ):
        with redis.Redis(host, port, **settings) as client:
            assert client.set("visits", number)
            assert client.get("visits") == b"%d" % number
            user = settings.get("username", "default")
            assert client.execute_command("ACL", "WHOAMI") in (user, user.encode())
            assert client.client_info()["user"] == user
    for settings in ({}, {"password": "wrong"}, {"username": "nobody", "password": SECRETS["default"]}):
        with redis.Redis(host, port, **settings) as client:
            with pytest.raises((redis.AuthenticationError, redis.ResponseError)):
                client.get("visits")


@needs_redis_cli
def test_redis_cli_gets_in_with_a_password_and_not_without(guarded):
    """As an operator types it."""
    host, port = guarded.address

    def cli(*options):
        command = ["redis-cli", "-h", host, "-p", str(port), *options, "SET", "key", "value"]
        return subprocess.run(command, capture_output=True, timeout=60, check=False).stdout

    assert cli("-a", SECRETS["default"]) == b"OK\n"
    assert cli("--user", "billing", "--pass", SECRETS["billing"]) == b"OK\n"
    assert cli().startswith(NOAUTH)
    assert NOAUTH in cli("-a", "wrong")


@needs_node
def test_ioredis_gets_in_with_a_password_and_not_without(guarded):
    """The checks of the client without passwords hold, of each connection that it makes."""
    program = Path(__file__).parent / "node/ioredis.cjs"
    host, port = guarded.address

    def run(*shown):
        command = ["node", program, host, str(port), *shown]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert run("billing", SECRETS["billing"]).stdout == "10 checks held\n"
    without = run()
    assert without.returncode == 1 and "ReplyError: NOAUTH" in without.stderr


def test_before_a_password_only_what_shows_one_is_answered(guarded):
    """As Redis does; and nothing of it changes anything."""
    with guarded.connect() as stranger:
        for command in (
            ("PING",),
            ("SET", "key", "value"),
            ("MULTI",),
            ("EXEC",),
            ("CONFIG", "GET", "*"),
            ("CLIENT", "LIST"),
            ("CLIENT", "SETNAME", "me"),
            ("SELECT", "1"),
            ("INFO",),
            ("COMMAND",),
            ("DEBUG", "SLEEP", "0"),
            ("TOPIC.CREATE", "orders"),
            ("LOCK.ACQUIRE", "key", "1000"),
            ("ACL", "WHOAMI"),
            ("CLIENT", "HELP"),
        ):
            reply = stranger.call(*command)
            assert (reply.kind, reply.value) == ("-", NOAUTH), command
        assert stranger.call("HELLO", "3").value.startswith(b"NOAUTH HELLO must be called")
        assert stranger.call("HELLO", "3", "AUTH", "billing", "wrong").value == WRONGPASS
        assert stranger.call("HELLO", "3", "SETNAME", "me", "AUTH", "billing").is_error()
        assert stranger.call("RESET").value == b"RESET"
        assert stranger.call("AUTH", "a", "b", "c").value == b"ERR syntax error"
        hello = stranger.call("HELLO", "3", "AUTH", "billing", SECRETS["billing"], "SETNAME", "me")
        assert hello.kind == "%"
        assert stranger.call("GET", "key").value is None
        assert b" name=me " in stranger.call("CLIENT", "INFO").value
        assert stranger.call("RESET").value == b"RESET"
        assert stranger.call("GET", "key").value == NOAUTH
        assert stranger.call("QUIT").value == b"OK"
        assert stranger.read_to_end() == b""


def test_a_wrong_password_tells_nothing_and_takes_its_time(guarded):
    """Whether the user is there or not: the same words, not sooner than half a second."""
    with guarded.connect() as stranger:
        for user in ("billing", "nobody", "billing"):
            start = time.monotonic()
            assert stranger.call("AUTH", user, "wrong").value == WRONGPASS
            assert time.monotonic() - start >= 0.5
        assert stranger.call("AUTH", SECRETS["billing"]).value == WRONGPASS
        assert stranger.call("AUTH", SECRETS["default"]).value == b"OK"
        # Who is known and errs stays who they are.
        assert stranger.call("AUTH", "billing", "wrong").value == WRONGPASS
        assert stranger.call("ACL", "WHOAMI").value == b"default"


def test_before_a_password_requests_are_small(guarded):
    """Ten arguments, 16 KiB each, as Redis has it; afterwards what everybody has."""
    many, large = encoded(*["x"] * 11), encoded("ECHO", "x" * 16_385)
    for raw, complaint in ((many, b"unauthenticated multibulk"), (large, b"unauthenticated bulk")):
        with guarded.connect() as stranger:
            stranger.send(raw)
            answer = stranger.read_to_end()
            assert complaint in answer and answer.startswith(b"-ERR Protocol error"), answer
        # In one piece with the password, too: the limits are those of who has shown it.
        with guarded.connect() as client:
            client.send(encoded("AUTH", SECRETS["default"]) + raw + encoded("PING"))
            assert client.read().value == b"OK"
            client.read()
            assert client.read().value == b"PONG"


def test_users_are_told_apart_by_client_list_client_kill_and_the_log(guarded, launch):
    """Also when one connection is of one user after the other."""
    with known(guarded) as operator, known(guarded, "billing") as client:
        client.call("SET", "key", "1")
        client.call("AUTH", SECRETS["default"])
        client.call("SET", "key", "2")
        client.call("AUTH", "billing", SECRETS["billing"])
        told = operator.call("CLIENT", "LIST").value.decode()
        assert told.count("user=billing") == 1 and told.count("user=default") == 1, told
        assert operator.call("CLIENT", "KILL", "USER", "nobody").is_error()
        assert operator.call("CLIENT", "KILL", "USER", "billing").value == b"1"
        assert client.read_to_end() == b""
    assert guarded.stop() == 0
    command = [binary_of(launch), "log", "dump", "--data", str(guarded.data)]
    log = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    made = [line.split("@")[0].split()[-1] for line in log.splitlines() if "@" in line and '"\\x00' not in line]
    assert made == ["billing", "default"], log
    assert not any(secret in log for secret in SECRETS.values())


def sasl(user, password, **more):
    """What librdkafka is to be told."""
    return {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanisms": "PLAIN",
        "sasl.username": user,
        "sasl.password": password,
        **more,
    }


def flags(settings):
    """The same for kcat."""
    return [word for name, value in settings.items() for word in ("-X", f"{name}={value}")]


def test_kafka_clients_get_in_with_a_password(guarded):
    """kcat, librdkafka's Python client and kafka-python, each producing and consuming."""
    with known(guarded) as operator:
        assert operator.call("TOPIC.CREATE", "orders").value == b"OK"
    for user, password in SECRETS.items():
        options = flags(sasl(user, password))
        kcat(guarded, *options, "-P", "-t", "orders", stdin=b"kcat\n")
    read = kcat(guarded, *options, "-C", "-t", "orders", "-o", "beginning", "-e", "-q")
    assert read == b"kcat\nkcat\n"
    settings = sasl("billing", SECRETS["billing"], **QUIET)
    producer = confluent_kafka.Producer({"bootstrap.servers": guarded.kafka, **settings})
    producer.produce("orders", b"confluent")
    assert producer.flush(SECONDS_MAX) == 0
    stock = {
        "bootstrap_servers": guarded.kafka,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "billing",
        "sasl_plain_password": SECRETS["billing"],
    }
    sender = kafka.KafkaProducer(**stock)
    sender.send("orders", b"kafka-python").get(SECONDS_MAX)
    sender.close()
    reader = kafka.KafkaConsumer(**stock)
    place = kafka.TopicPartition("orders", 0)
    reader.assign([place])
    reader.seek_to_beginning()
    found = []
    until(
        lambda: found.extend(m.value for part in reader.poll(200).values() for m in part)
        or len(found) == 4,
        f"four records, {found}",
        SECONDS_MAX,
    )
    reader.close()
    assert found == [b"kcat", b"kcat", b"confluent", b"kafka-python"]


def test_kafka_clients_with_a_wrong_password_are_told_so(guarded):
    """librdkafka's own word for it, not a lost connection."""
    for settings in (sasl("billing", "wrong"), sasl("nobody", SECRETS["billing"])):
        told = []
        client = confluent_kafka.Producer(
            {
                "bootstrap.servers": guarded.kafka,
                "error_cb": lambda error, told=told: told.append(error.code()),
                **settings,
                **QUIET,
            }
        )
        refused = confluent_kafka.KafkaError._AUTHENTICATION
        until(lambda: client.poll(0.05) and False or refused in told, f"a refusal, {told}", SECONDS_MAX)


@pytest.fixture(name="raw")
def _raw(guarded):
    with Raw((HOST, guarded.ports["kafka"])) as raw:
        yield raw


def handshake(version, mechanism=b"PLAIN"):
    """The request that announces what follows."""
    return frame(SASL_HANDSHAKE, version, struct.pack(">h", len(mechanism)) + mechanism)


def token(user, password, acts_as=""):
    """What PLAIN sends."""
    return b"\0".join(part.encode() for part in (acts_as, user, password))


def show(shown):
    """A SaslAuthenticate of version 1."""
    return frame(SASL_AUTHENTICATE, 1, struct.pack(">i", len(shown)) + shown)


def code(answer):
    """The error code behind the correlation id."""
    return struct.unpack(">h", answer[4:6])[0]


METADATA = frame(3, 1, struct.pack(">i", 0))


def test_a_kafka_client_by_hand_gets_in_after_either_handshake(guarded, raw):
    """Version 0 is followed by a bare token, version 1 by a request that holds it."""
    assert raw.is_served()
    raw.send(handshake(1))
    assert code(raw.read_frame()) == 0
    raw.send(show(token("billing", SECRETS["billing"])) + METADATA)
    assert code(raw.read_frame()) == 0
    assert len(raw.read_frame()) > 4
    raw.send(handshake(1))
    assert code(raw.read_frame()) == 34, "it is known already"
    raw.send(show(token("billing", SECRETS["billing"])))
    assert code(raw.read_frame()) == 34
    raw.send(METADATA)
    assert len(raw.read_frame()) > 4
    with Raw((HOST, guarded.ports["kafka"])) as older:
        bare = token("billing", SECRETS["billing"], acts_as="billing")
        older.send(handshake(0) + struct.pack(">i", len(bare)) + bare + METADATA)
        assert code(older.read_frame()) == 0
        assert older.read_frame() == b""
        assert len(older.read_frame()) > 4


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        (METADATA, []),
        (handshake(1) + METADATA, [0]),
        (handshake(1) + frame(API_VERSIONS, 0), [0]),
        (handshake(1, b"SCRAM-SHA-256"), [33]),
        (handshake(1, b"GSSAPI"), [33]),
        (show(token("billing", SECRETS["billing"])), [34]),
        (handshake(1) + show(token("billing", "wrong")), [0, 58]),
        (handshake(1) + show(token("nobody", SECRETS["billing"])), [0, 58]),
        (handshake(1) + show(token("billing", SECRETS["billing"], acts_as="default")), [0, 58]),
        (handshake(1) + show(b"billing"), [0, 58]),
        (handshake(0) + struct.pack(">i", 9) + b"\0billing\0", [0]),
        (struct.pack(">i", 16 * 1024 + 1), []),
    ],
)
def test_a_kafka_client_that_does_not_show_a_password_is_cut_off(raw, sent, codes):
    """After its answer, where there is one; whatever it sends behind that is not looked at."""
    raw.send(sent)
    assert [code(raw.read_frame()) for _ in codes] == codes
    assert raw.has_ended()


def test_what_is_no_request_is_told_also_of_a_kafka_client_that_is_not_known(guarded, raw):
    """One that speaks TLS to a plain port has not shown a password either."""
    raw.send(struct.pack(">i", 3) + b"abc")
    assert raw.has_ended()
    until(lambda: "no request: its connection was closed" in guarded.stderr(), "a line in the log", 10)


def test_where_no_passwords_are_asked_for_sasl_is_out_of_place(server):
    """As a plain listener of Kafka answers, and the connection goes on."""
    with Raw((HOST, server.ports["kafka"])) as raw:
        raw.send(handshake(1))
        assert code(raw.read_frame()) == 34
        raw.send(show(token("billing", "secret")))
        assert code(raw.read_frame()) == 34
        assert raw.is_served()


def test_probes_are_open_and_metrics_are_for_users(guarded):
    """Whatever the user; a wrong password is counted."""
    assert ask(guarded, "/livez")[0] == 200 and ask(guarded, "/readyz")[0] == 200
    status, fields, _ = ask(guarded, "/metrics")
    assert status == 401 and fields["www-authenticate"].startswith("Basic ")
    assert ask(guarded, "/metrics", user="billing", password="wrong")[0] == 401
    assert ask(guarded, "/metrics", user="nobody", password=SECRETS["billing"])[0] == 401
    for user, password in SECRETS.items():
        status, _, text = ask(guarded, "/metrics", user=user, password=password)
        assert status == 200 and "\ngroundsill_authentications_failed_total 2\n" in text


def test_an_address_that_others_reach_is_taken_with_passwords_and_refused_without(
    launch, passwords, tmp_path
):
    """The refusal names both ways out; with passwords, a line says what is sent unencrypted."""
    server = Server(launch, tmp_path / "server")
    reachable = [
        word for front in FRONTS for word in (f"--{front}", f"0.0.0.0:{server.ports[front]}")
    ]
    command = [binary_of(launch), "serve", "--data", str(tmp_path / "refused"), *reachable]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1 and not (tmp_path / "refused").exists()
    assert "loopback" in refused.stderr and "`password-file`" in refused.stderr
    given = ["--password-file", str(passwords)]
    server.launch = type(launch)(
        launch.name,
        lambda data, ports: [binary_of(launch), "serve", "--data", str(data), *reachable, *given],
        launch.is_ready,
    )
    server.start()
    try:
        with known(server, "billing") as client:
            assert client.call("PING").value == b"PONG"
        options = flags(sasl("billing", SECRETS["billing"]))
        assert b"1 brokers" in kcat(server, *options, "-L")
        assert ask(server, "/metrics")[0] == 401
        assert server.stderr().count("unencrypted") == len(FRONTS)
        assert server.stop() == 0
    finally:
        server.kill()


def test_the_file_is_read_again_at_sighup(guarded, launch, lines, passwords):
    """Who has left or has another password is a stranger at once; a bad file changes nothing."""
    with known(guarded) as stays, known(guarded, "billing") as changes:
        changed = line_of(launch, "billing", "third")
        write_private(passwords, lines["default"] + changed + line_of(launch, "new", "fourth"))
        os.kill(guarded.process.pid, signal.SIGHUP)
        until(lambda: "has been read again" in guarded.stderr(), "the file to be read")
        assert stays.call("PING").value == b"PONG"
        assert changes.call("PING").value == NOAUTH
        assert changes.call("AUTH", "billing", SECRETS["billing"]).value == WRONGPASS
        assert changes.call("AUTH", "billing", "third").value == b"OK"
        assert changes.call("AUTH", "new", "fourth").value == b"OK"
        write_private(passwords, lines["default"] + "billing:plain-Text\n")
        os.kill(guarded.process.pid, signal.SIGHUP)
        until(lambda: "users stay as they were" in guarded.stderr(), "the file to be refused")
        assert "line 2" in guarded.stderr() and "plain-Text" not in guarded.stderr()
        assert changes.call("PING").value == b"PONG"
        assert changes.call("AUTH", "billing", "third").value == b"OK"


def test_a_file_that_is_no_secret_or_holds_none_is_refused(launch, lines, passwords, tmp_path):
    """Before anything is opened; `config check` says the same."""
    cases = [
        (0o640, lines["default"], f"chmod 600 {passwords}"),
        (0o604, lines["default"], f"chmod 600 {passwords}"),
        (0o600, "default:plain-Text\n", "plain password is not taken"),
        (0o600, "", "names no user"),
    ]
    for mode, text, told in cases:
        write_private(passwords, text).chmod(mode)
        data = tmp_path / "data"
        for command in (["serve", "--data", str(data)], ["config", "check"]):
            refused = subprocess.run(
                [binary_of(launch), *command, "--password-file", str(passwords)],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert refused.returncode == 1 and told in refused.stderr, refused.stderr
            assert "plain-Text" not in refused.stderr
        assert not data.exists()


def test_no_secret_is_shown_anywhere(launch, lines, passwords, tmp_path):
    """Neither passwords nor hashes: not in logs, replies, metrics or `config show`."""
    options = ("--password-file", str(passwords), "--log-level", "debug")
    server = Server(launch.having(*options), tmp_path / "server").start()
    try:
        shown = []
        with known(server) as operator, known(server, "billing") as client:
            operator.call("CONFIG", "SET", "slowlog-log-slower-than", "0")
            operator.call("AUTH", "default", SECRETS["default"])
            operator.call("AUTH", "default", SECRETS["default"] + "x")
            operator.call("HELLO", "3", "AUTH", "default", SECRETS["default"])
            operator.call("HELLO", "2")
            client.call("SET", "key", "value")
            for command in (
                ("CONFIG", "GET", "*"),
                ("CLIENT", "LIST"),
                ("SLOWLOG", "GET", "-1"),
                ("INFO",),
            ):
                reply = operator.call(*command)
                assert not reply.is_error(), command
                shown.append(repr(reply))
        kcat(server, *flags(sasl("billing", SECRETS["billing"])), "-L")
        shown.append(ask(server, "/metrics", user="billing", password=SECRETS["billing"])[2])
        assert server.stop() == 0
        shown += [server.stderr(), *server.printed]
    finally:
        server.kill()
    command = [binary_of(launch), "config", "show", *options]
    shown.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    text = "\n".join(shown)
    assert "auth" in text and str(passwords) in text, "it shows what it is to show"
    for secret in [*SECRETS.values(), *(line.split("$")[-1].strip() for line in lines.values())]:
        assert secret not in text and repr(secret.encode())[2:-1] not in text, secret


def test_a_password_is_asked_for_twice_and_not_shown(launch):
    """On a terminal, whose echo is back afterwards."""
    for answers, expected in ((["hunter2", "hunter2"], 0), (["hunter2", "hunter3"], 1)):
        ours, theirs = pty.openpty()
        command = [binary_of(launch), "password", "billing"]
        with subprocess.Popen(
            command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, start_new_session=True
        ) as asked:
            seen = b""
            for prompt, answer in zip((b"Password of billing: ", b"Again: "), answers, strict=True):
                while prompt not in seen:
                    seen += os.read(ours, 1024)
                os.write(ours, answer.encode() + b"\n")
            printed = asked.stdout.read()
            assert asked.wait(60) == expected
        os.write(theirs, b"!")
        while not seen.endswith(b"!"):
            seen += os.read(ours, 1024)
        os.close(ours)
        os.close(theirs)
        assert b"hunter" not in seen and b"hunter" not in printed, seen
        assert printed.startswith(b"billing:$argon2id$") == (expected == 0)
