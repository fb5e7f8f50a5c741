"""`groundsill doctor` beside real servers as their packages bring them: it is quiet, quick, and tells no secret."""

import json
import os
import re
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness import systems
from harness.server import oracle_binary
from harness.wait import until

pytestmark = pytest.mark.ours

FORMS = ("text", "json", "junit", "prometheus", "sarif", "markdown", "html")

SECRET = "s3cret-that-nobody-may-see"


@pytest.fixture(name="binary")
def _binary(pytestconfig):
    return Path(pytestconfig.getoption("binary")).resolve()


def run(binary, folder, *arguments, before=(), **environment):
    """What a run comes to, in an environment of its own."""
    return subprocess.run(
        [*before, str(binary), "doctor", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
    )


# What the kernel has killed before, what waits while tests and builds go on, and programs that a build replaces while they run are of this
# machine and not of what is looked at.
OF_THIS_MACHINE = "H03,H05,H07,H35,H45"


def healthy():
    """Warnings that a healthy system may have: id with its face, and what breaks."""
    path = Path(__file__).parent / "fixtures/doctor_healthy.tsv"
    lines = [line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert all(len(line) == 2 and line[1] for line in lines), lines
    return dict(lines)


def all_systems(stack, folder):
    """Each of them as it comes, and how the doctor is told of it."""
    postgres = stack.enter_context(systems.postgres(folder))
    pooler = stack.enter_context(systems.pgbouncer(folder, postgres))
    return [
        f"--postgres=postgres://postgres@127.0.0.1:{postgres}/postgres",
        f"--pgbouncer=postgres://postgres@127.0.0.1:{pooler}/pgbouncer",
        f"--mysql=mysql://monitor:monitor@127.0.0.1:{stack.enter_context(systems.mariadb(folder))}",
        f"--redis=redis://127.0.0.1:{stack.enter_context(systems.redis(folder))}",
        f"--redis=redis://127.0.0.1:{stack.enter_context(systems.redis(folder, program=oracle_binary()))}",
        f"--etcd=http://127.0.0.1:{stack.enter_context(systems.etcd(folder))}",
    ]


def unjustified(found):
    """What is worse than the list allows."""
    assert found.stdout.startswith("["), found
    failed = [it for it in json.loads(found.stdout) if it["status"] == "fail" and it["severity"] != "info"]
    known = healthy()
    name = lambda it: it["id"] + (f"/{it['aspect']}" if it["aspect"] else "")
    return [it for it in failed if it["severity"] == "critical" or name(it) not in known]


@pytest.mark.timeout(300)
def test_default_systems_are_fine(binary, tmp_path):
    """As root, as nobody, and from inside a container: nothing critical, each warning in the list; and no defect of the doctor."""
    copy = tmp_path / "groundsill"
    copy.write_bytes(binary.read_bytes())
    copy.chmod(0o755)
    tmp_path.chmod(0o755)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    container = ["unshare", "--pid", "--fork", "--mount-proc", "--mount"]
    with ExitStack() as stack:
        named = all_systems(stack, tmp_path)
        for before, arguments in (((), named), (nobody, named), (container, ())):
            found = run(copy, "/", *arguments, "--skip", OF_THIS_MACHINE, "--output", "json", before=before)
            wrong = [(it["id"], it["aspect"], it["target"], it["observed"]) for it in unjustified(found)]
            assert not wrong, (before, wrong)
            errors = [it for it in json.loads(found.stdout) if it["status"] == "error"]
            assert not errors, (before, errors)


def test_a_look_at_all_systems_says_what_it_cost(binary, tmp_path):
    """And each is in the head of the report with its version."""
    with ExitStack() as stack:
        named = all_systems(stack, tmp_path)
        told = run(binary, tmp_path, *named).stdout
        head = told.splitlines()[0]
        for kind in ("host", "postgres ", "mysql MariaDB ", r"redis \d", "redis Valkey ", "pgbouncer ", "etcd "):
            assert re.search(kind, head), told
        assert "Cost: " in told and " queries, " in told and " 0 queries" not in told, told


@pytest.mark.timeout(300)
def test_no_secret_of_any_system_is_told(binary, tmp_path):
    """Planted in passwords, settings, statements, keys, values, command lines and environments; looked for in every form."""
    with ExitStack() as stack:
        postgres = stack.enter_context(systems.postgres(tmp_path))
        mariadb = stack.enter_context(systems.mariadb(tmp_path))
        redis = stack.enter_context(
            systems.redis(tmp_path, "--requirepass", SECRET, "--masterauth", SECRET, "--slowlog-log-slower-than", "0")
        )
        for statement in (
            f"CREATE ROLE spy LOGIN SUPERUSER PASSWORD '{SECRET}'",
            f"ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 password={SECRET}'",
            f"ALTER SYSTEM SET archive_command = 'curl -u me:{SECRET} example'",
            "SELECT pg_reload_conf()",
        ):
            assert systems.psql(postgres, statement).returncode == 0, statement
        for statement in (f"CREATE USER spy@localhost IDENTIFIED BY '{SECRET}'", "CREATE DATABASE shop"):
            assert systems.mysql(tmp_path / "mariadb/socket", statement).returncode == 0, statement
        for command in (("SET", SECRET, SECRET), ("HSET", "h", SECRET, SECRET), ("CLIENT", "SETNAME", SECRET)):
            assert systems.redis_cli(redis, "-a", SECRET, *command).returncode == 0, command
        held = [
            ["psql", "-h", "127.0.0.1", "-p", str(postgres), "-U", "postgres", "-c", f"SELECT '{SECRET}', pg_sleep(300)"],
            ["mariadb", "--no-defaults", "-S", f"{tmp_path}/mariadb/socket", "-u", "root", "-e", f"SELECT '{SECRET}', SLEEP(300)"],
            ["sh", "-c", "exec tail -f /dev/null", SECRET],
        ]
        for command in held:
            process = stack.enter_context(
                subprocess.Popen(command, env={**os.environ, "TOKEN": SECRET}, stdout=subprocess.DEVNULL)
            )
            stack.callback(process.kill)
        named = (
            f"--postgres=postgres://spy:{SECRET}@127.0.0.1:{postgres}/postgres",
            f"--mysql=mysql://monitor:monitor@127.0.0.1:{mariadb}",
            f"--redis=redis://127.0.0.1:{redis}",
        )
        files = [tmp_path / "saved.json", tmp_path / "bundle.json"]
        for form in FORMS:
            done = run(
                *(binary, tmp_path, *named, "--output", form, "--deep", f"--save={files[0]}", f"--bundle={files[1]}"),
                REDISCLI_AUTH=SECRET,
            )
            assert done.returncode in (0, 1, 2), done
            for text in (done.stdout, done.stderr, *(file.read_text() for file in files)):
                at = text.find(SECRET)
                assert at < 0, (form, text[max(at - 200, 0) : at + 60])
        seen = json.loads(files[0].read_text())["after"]
        for kind in ("postgres", "mysql", "redis"):
            assert list(seen[kind][0]["seen"]) == ["seen"], "it was let in, or there was nothing to tell"


def seen_of_redis(binary, folder, address):
    """What is seen of the server of this address, and the head of the report."""
    saved = folder / "saved.json"
    done = run(binary, folder, "redis", f"--redis={address}", "--save", str(saved))
    assert done.returncode in (0, 1, 2), done
    (server,) = [it for it in json.loads(saved.read_text())["after"]["redis"]]
    assert list(server["seen"]) == ["seen"], server
    return server["seen"]["seen"], done.stdout.splitlines()[0]


def test_valkey_is_told_by_its_name_and_its_version(binary, tmp_path):
    """Not by the version of Redis that it says to be like."""
    with systems.redis(tmp_path, program=oracle_binary()) as port:
        (line,) = [it for it in systems.redis_cli(port, "INFO", "server").stdout.split() if it.startswith("valkey_version:")]
        _, head = seen_of_redis(binary, tmp_path, f"redis://127.0.0.1:{port}")
        assert f"redis Valkey {line.split(':')[1]}" in head, head


def test_a_redis_that_speaks_tls_is_looked_at(binary, tmp_path):
    """Whoever signed its certificate; and to one that does not speak it, none is spoken."""
    certificate, key = systems.certificate(tmp_path)
    tls = systems.free_port()
    settings = ("--tls-port", str(tls), "--tls-cert-file", str(certificate), "--tls-key-file", str(key))
    with systems.redis(tmp_path, *settings, "--tls-auth-clients", "no", "--requirepass", SECRET) as port:
        seen, head = seen_of_redis(binary, tmp_path, f"rediss://:{SECRET}@127.0.0.1:{tls}")
        assert re.search(r"redis \d", head) and seen, head
        done = run(binary, tmp_path, "redis", f"--redis=rediss://:{SECRET}@127.0.0.1:{port}", "--output", "json")
        assert "no connection" in done.stdout and SECRET not in done.stdout, done


def test_a_redis_is_looked_at_by_its_socket(binary, tmp_path):
    """As the address of its clients names it, with a database and a password."""
    socket = tmp_path / "redis.sock"
    with systems.redis(tmp_path, "--unixsocket", str(socket), "--requirepass", SECRET) as port:
        assert systems.redis_cli(port, "-a", SECRET, "SET", "key", "value").stdout.strip() == "OK"
        for scheme in ("unix", "redis+unix"):
            seen, head = seen_of_redis(binary, tmp_path, f"{scheme}://{socket}?db=0&pass={SECRET}")
            assert re.search(r"redis \d", head) and seen, head


def test_a_slow_resolver_holds_nothing_up(binary, tmp_path):
    """One that takes questions and never answers; the name of a server has to be asked for."""
    conf = tmp_path / "resolv.conf"
    conf.write_text("nameserver 127.0.0.53\noptions timeout:30 attempts:5\n")
    script = (
        "ip link set lo up && mount --bind %s /etc/resolv.conf && "
        "python3 -c 'import socket, subprocess, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
        's.bind(("127.0.0.53", 53)); sys.exit(subprocess.run(sys.argv[1:]).returncode)\' "$@"'
    ) % conf
    before = ["unshare", "--mount", "--net", "sh", "-c", script, "sh"]
    began = time.monotonic()
    done = run(binary, tmp_path, "--redis=redis://cache.example", "--postgres=postgres://me@db.example/x", before=before)
    took = time.monotonic() - began
    assert done.returncode in (2, 3), done
    assert "db.example" in done.stdout and "cache.example" in done.stdout, done.stdout
    # The contract's hard stop.
    assert took < 30, took


def test_a_session_of_a_pooler_is_left_as_it_was_found(binary, tmp_path):
    """The one connection that it has to the server is an application's afterwards, which writes and takes its time."""
    with ExitStack() as stack:
        postgres = stack.enter_context(systems.postgres(tmp_path))
        pooler = stack.enter_context(
            systems.pgbouncer(tmp_path, postgres, "pool_mode = transaction", "default_pool_size = 1")
        )
        named = f"--postgres=postgres://postgres@127.0.0.1:{pooler}/postgres"
        done = run(binary, tmp_path, "postgres", named, "--output", "json")
        assert any(it["status"] in ("pass", "fail") for it in json.loads(done.stdout)), done
        for statement, wanted in (
            ("SHOW statement_timeout", "0"),
            ("SHOW lock_timeout", "0"),
            ("CREATE TABLE written (a int); INSERT INTO written VALUES (7) RETURNING a", "7"),
        ):
            told = systems.psql(pooler, statement)
            assert (told.returncode, told.stdout.strip()) == (0, wanted), told


def granted(kind):
    """The statements that the documents name, without the escapes of their table."""
    text = (Path(__file__).parent.parent / "docs/doctor.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith(f"| {kind}: `")]
    assert lines, kind
    return [line.split("`")[1].replace("\\|", "|") for line in lines]


def test_the_rights_that_the_documents_name_are_enough(binary, tmp_path):
    """A user with these alone sees everything: nothing is told as not looked at for want of a right."""
    with ExitStack() as stack:
        postgres = stack.enter_context(systems.postgres(tmp_path))
        mariadb = stack.enter_context(systems.mariadb(tmp_path))
        redis = stack.enter_context(systems.redis(tmp_path))
        for statement in ("CREATE ROLE monitor LOGIN", *granted("PostgreSQL")):
            assert systems.psql(postgres, statement).returncode == 0, statement
        again = ("DROP USER monitor@'127.0.0.1'", "CREATE USER monitor IDENTIFIED BY 'monitor'")
        for statement in (*again, *granted("MariaDB")):
            done = systems.mysql(tmp_path / "mariadb/socket", statement)
            assert done.returncode == 0, done
        (rule,) = granted("Redis")
        done = systems.redis_cli(redis, *rule.split())
        assert done.stdout.strip() == "OK", done
        found = run(
            *(binary, tmp_path, f"--postgres=postgres://monitor@127.0.0.1:{postgres}/postgres"),
            f"--mysql=mysql://monitor:monitor@127.0.0.1:{mariadb}",
            f"--redis=redis://monitor:PASSWORD@127.0.0.1:{redis}",
            *("--deep", "--output", "json"),
        )
        blind = [
            (it["id"], it["target"], it["observed"])
            for it in json.loads(found.stdout)
            if not it["target"].startswith("host") and it["observed"].startswith("may not look")
            if "--fact" not in it["observed"]
        ]
        assert not blind, blind


def test_the_script_of_what_to_do_mends_what_it_says_and_each_undo_brings_it_back(binary, tmp_path):
    """As it is printed, by a shell: a setting of Redis, and one of PostgreSQL with its reload."""
    with ExitStack() as stack:
        postgres = stack.enter_context(systems.postgres(tmp_path))
        redis = stack.enter_context(systems.redis(tmp_path, "--appendonly", "yes", "--appendfsync", "no"))
        for statement in ("ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()"):
            assert systems.psql(postgres, statement).returncode == 0
        named = (
            f"--postgres=postgres://postgres@127.0.0.1:{postgres}/postgres",
            f"--redis=redis://127.0.0.1:{redis}",
        )
        only = (*named, "--only", "R04,P08")

        def wrong():
            found = json.loads(run(binary, tmp_path, *only, "--output", "json").stdout)
            return sorted(it["id"] for it in found if it["status"] == "fail")

        assert wrong() == ["P08", "R04"]
        script = run(binary, tmp_path, *only, "--fix-script").stdout
        shell = {"env": {**os.environ, "PGUSER": "postgres", "PGHOST": "127.0.0.1"}, "cwd": tmp_path}
        done = subprocess.run(["sh"], input=script, text=True, capture_output=True, check=False, **shell)
        assert done.returncode == 0, (script, done)
        until(lambda: wrong() == [], "both are mended", 30)
        undo = "".join(line.removeprefix("# undo: ") + "\n" for line in script.splitlines() if line.startswith("# undo: "))
        done = subprocess.run(["sh", "-e"], input=undo, text=True, capture_output=True, check=False, **shell)
        assert done.returncode == 0, (undo, done)
        until(lambda: wrong() == ["P08", "R04"], "what was set is as before", 30)
