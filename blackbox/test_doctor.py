"""`groundsill doctor`: what it finds on this machine, in what words, and by what exit code."""

import json
import os
import random
import re
import socket
import subprocess
import threading
import xml.etree.ElementTree
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.labs import run_labs
from harness.wait import until

pytestmark = pytest.mark.ours


@pytest.fixture(name="doctor")
def _doctor(pytestconfig, tmp_path):
    """Runs it in a folder of its own, and returns what came of it."""
    binary = Path(pytestconfig.getoption("binary")).resolve()

    def run(*arguments, **environment):
        return subprocess.run(
            [str(binary), "doctor", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), **environment},
        )

    run.binary = binary
    return run


@pytest.fixture(name="deaf")
def _deaf():
    with deafness() as made:
        yield made


@contextmanager
def deafness():
    """A socket that listens and accepts nothing, with more clients than it lets in."""
    backlog = random.randrange(3, 20)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(backlog)
        clients = []
        for _ in range(backlog + 3):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            clients.append(client)
        yield listener, backlog
        for client in clients:
            client.close()


def about(found, listener):
    """The records about this socket."""
    address = "%s:%d" % listener.getsockname()
    return [record for record in json.loads(found.stdout) if record["target"].endswith(" " + address)]


def test_a_program_that_does_not_accept_is_found_and_once_it_does_no_more(doctor, deaf):
    """By its address, its process and both numbers; exit code 2, and then no more of it."""
    listener, backlog = deaf
    found = until(lambda: (lambda it: about(it, listener) and it)(doctor("--output", "json")), "it is found", 30)
    assert found.returncode == 2, found
    (record,) = about(found, listener)
    assert (record["id"], record["status"], record["severity"]) == ("H14", "fail", "critical")
    assert record["observed"].startswith(f"{backlog + 1} connections wait for pid ")
    assert record["evidence"][0]["value"] == f"Recv-Q {backlog + 1}, Send-Q {backlog}"
    assert record["impact"] and record["fix"] and record["risk"] and record["guardrail"]
    for _ in range(backlog + 1):
        listener.accept()[0].close()
    until(lambda: not about(doctor("--output", "json"), listener), "it is gone", 30)


def test_what_was_saved_is_judged_elsewhere_as_it_was_here(doctor, deaf, tmp_path):
    """And the text for people names the same."""
    listener, _ = deaf
    path = tmp_path / "host.json"
    until(lambda: about(doctor("--output", "json"), listener), "it is found", 30)
    here = doctor("--save", str(path), "--output", "json")
    there = doctor("--from", str(path), "--output", "json")
    assert there.returncode == here.returncode == 2
    assert json.loads(there.stdout) == json.loads(here.stdout)
    text = doctor("--from", str(path)).stdout
    assert "CRITICAL" in text and "%s:%d" % listener.getsockname() in text
    assert all(word in text for word in ("breaks", "proof", "fix", "cost", "guard", "next:"))


def test_what_is_said_now_counts_for_what_was_saved(doctor, tmp_path):
    """A fact that nobody knew then."""
    saved = str(tmp_path / "host.json")
    doctor("host", "--save", saved)
    again = ("--from", saved, "--only", "B01")
    assert "1 do not apply" in doctor(*again).stdout
    facts = ("--fact", "lb-idle-timeout=60s", "--fact", "backend-keepalive=5s")
    assert doctor(*again, *facts).returncode == 1


def test_what_is_not_as_it_should_be_is_an_error_of_its_own_code(doctor, tmp_path):
    """1 and 2 say what was found."""
    other = tmp_path / "other.json"
    other.write_text("{}")
    for arguments, code, words in (
        (("--explain", "H999"), 64, "no check H999"),
        (("--outptu", "json"), 64, "--output"),
        (("lab", "--all"), 64, "--this-machine-is-disposable"),
        (("--from", str(other)), 64, "no snapshot"),
        (("--from", str(tmp_path / "missing")), 64, "missing"),
        (("--from", "/dev/zero"), 64, "/dev/zero"),
        (("--only", "H14", "--skip", "H14"), 64, "no check is left"),
        (("--only", "H12", "--require", "H14"), 64, "H14 is required"),
        (("--fact", "nothing"), 64, "NAME=VALUE"),
        (("--fact", "lock_ttl=30s"), 64, "no check takes lock_ttl"),
        (("--fact", "lock-ttl=30s", "--fact", "lock-ttl=3s"), 64, "given twice"),
        (("--suppressions", str(other)), 64, "other.json"),
        (("--netns", "4194304"), 64, "--netns 4194304"),
        (("--quick", "--redis", "redis://127.0.0.1"), 64, "this machine alone"),
        (("--only", "H12", "--save", "/dev/full"), 70, "/dev/full"),
        (("--only", "H12", "--save", str(tmp_path / "missing/a.json")), 64, "no file can be made there"),
        (("--only", "H12", "--bundle", str(tmp_path)), 64, "no file can be made there"),
        (("--postgres", "postgres//me@db"), 64, "--postgres: this is no address; it is postgres://USER@HOST"),
        (("--mysql", "mysql:me"), 64, "it is mysql://USER@HOST"),
        (("--redis", "cache:6379"), 64, "it is redis://USER"),
        (("--pgbouncer", "postgres:/x"), 64, "it is postgres://USER@HOST:PORT/pgbouncer"),
        (("--etcd", "127.0.0.1:2379"), 64, "it is http://HOST:PORT"),
        (("--watch", "1", "--output", "json"), 64, "--output"),
        (("--watch", "1", "--save", "a.json"), 64, "--save"),
    ):
        done = doctor(*arguments)
        assert (done.returncode, done.stdout) == (code, ""), done
        assert words in done.stderr, done


def test_it_says_what_it_checks_and_what_it_reads(doctor):
    """By --list and --explain."""
    assert re.search(r"^H14   critical  lab +connections are dropped", doctor("--list").stdout, re.MULTILINE)
    told = doctor("--explain", "h14").stdout
    both = doctor("--explain", "H12,H14/now").stdout
    assert both.startswith("H12: ") and both.endswith(told)
    assert all(word in told for word in ("symptom", "culprit", "sock_diag", "/proc/net/netstat", "guardrail"))


@pytest.mark.timeout(1800)
def test_the_labs_make_their_faults_and_see_them_found(doctor, tmp_path):
    """Each draws its magnitude and holds what is said against a measurement of its own; none fails, and none is left out."""
    told = run_labs(doctor.binary, tmp_path)
    assert len(told) >= 60, told
    assert not [line for line in told.values() if " skipped " in line], told


def test_each_form_of_the_report_is_one_that_its_readers_take(doctor, deaf, tmp_path):
    """All seven are of one recording, so that they tell the same."""
    listener, _ = deaf
    path, address = str(tmp_path / "host.json"), "%s:%d" % listener.getsockname()
    until(lambda: about(doctor("--output", "json", "--save", path), listener), "it is found", 30)
    told = {form: doctor("--from", path, "--output", form) for form in FORMS}
    assert {done.returncode for done in told.values()} == {2}
    records = json.loads(told["json"].stdout)
    failed = [record for record in records if record["status"] == "fail"]
    suite = xml.etree.ElementTree.fromstring(told["junit"].stdout)[0]
    assert (int(suite.get("tests")), int(suite.get("failures"))) == (len(records), len(failed))
    assert len(suite.findall("./testcase/failure")) == len(failed)
    sarif = json.loads(told["sarif"].stdout)
    assert [it["ruleId"] for it in sarif["runs"][0]["results"]] == [it["id"] for it in failed]
    series = r'groundsill_doctor_finding{id="H14",aspect="",target="host %s",severity="critical"} 1' % address
    assert series in told["prometheus"].stdout.splitlines()
    for line in told["prometheus"].stdout.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) \S+ .+|[a-z_]+(\{[^{}]*\})? [0-9.e+-]+", line), line
    for form in ("text", "markdown", "html"):
        assert address in told[form].stdout, form


FORMS = ("text", "json", "junit", "prometheus", "sarif", "markdown", "html")


def test_what_is_let_be_counts_no_more_until_its_last_day_is_over(doctor, deaf, tmp_path):
    """By a file in the folder where it runs; a recording makes both runs judge the same."""
    listener, _ = deaf
    path, target = str(tmp_path / "host.json"), "host %s:%d" % listener.getsockname()
    until(lambda: about(doctor("--output", "json", "--only", "H14", "--save", path), listener), "it is found", 30)
    entry = '[[suppress]]\ncheck = "H14"\ntarget = "%s"\nreason = "a test"\nuntil = %s\n'
    again = ("--from", path, "--only", "H14")
    before = doctor(*again)
    (tmp_path / ".doctor.toml").write_text(entry % (target, "2999-12-31"))
    found = doctor(*again, "--output", "json")
    assert before.returncode == 2 and not about(found, listener), found
    assert "1 suppressed (H14 until 2999-12-31)" in doctor(*again).stdout
    (tmp_path / ".doctor.toml").write_text(entry % (target, "2001-01-31"))
    over = doctor(*again)
    assert over.returncode == 2 and "H14 is no longer let be: that ended on 2001-01-31" in over.stdout
    (tmp_path / ".doctor.toml").write_text(entry % ("host 10.0.0.1:1", "2999-12-31"))
    idle = doctor(*again)
    assert idle.returncode == 2 and 'H14 at "host 10.0.0.1:1" is let be until 2999-12-31, and was not found' in idle.stdout
    (tmp_path / ".doctor.toml").chmod(0o666)
    anybodys = doctor(*again)
    assert (anybodys.returncode, anybodys.stdout) == (64, "") and "everybody may write it" in anybodys.stderr
    assert doctor(*again, "--suppressions", ".doctor.toml").returncode == 2, "it was named"
    (tmp_path / ".doctor.toml").chmod(0o644)
    (tmp_path / ".doctor.toml").write_text(entry.replace("a test", "") % (target, "2999-12-31"))
    wrong = doctor(*again)
    assert (wrong.returncode, wrong.stdout) == (64, "") and "reason is empty" in wrong.stderr


def test_what_was_remembered_is_what_the_next_run_is_compared_with(doctor, tmp_path):
    """What is new, and what is gone; and --since takes any file."""
    quiet = str(tmp_path / "quiet.json")
    first = doctor("host", "--only", "H14", "--save", quiet)
    assert "SINCE" not in first.stdout
    with deafness() as (listener, _):
        address = "%s:%d" % listener.getsockname()
        new = re.compile(r"^ \+ H14 +host %s " % re.escape(address), re.MULTILINE)
        until(lambda: new.search(doctor("host", "--only", "H14", "--since", quiet).stdout), "it is new", 30)
        assert not (tmp_path / "state").exists(), "nothing is kept unless that is asked for"
        until(lambda: about(doctor("host", "--only", "H14", "--remember", "--output", "json"), listener), "it is kept", 30)
    kept = tmp_path / "state/groundsill/doctor/last.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    gone = re.compile(r"^ - H14 +host %s " % re.escape(address), re.MULTILINE)
    until(lambda: gone.search(doctor("host", "--only", "H14").stdout), "it is gone", 30)


def test_it_watches_what_comes_and_goes(doctor, tmp_path):
    """Until it is ended."""
    command = [str(doctor.binary), "doctor", "host", "--only", "H14", "--watch", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as watching:
        lines = []
        reading = threading.Thread(target=lambda: lines.extend(iter(watching.stdout.readline, "")))
        reading.start()
        until(lambda: lines, "it begins")
        with deafness() as (listener, _):
            address = "%s:%d" % listener.getsockname()
            until(lambda: any(" + critical" in it and address in it for it in lines), "it comes", 30)
        until(lambda: any(" - " in it and address in it for it in lines), "it goes", 30)
        watching.terminate()
        reading.join(10)


def test_a_bundle_has_all_of_a_run_and_no_name_of_a_machine_if_that_is_asked_for(doctor, tmp_path):
    """And can be judged elsewhere."""
    plain, hashed = tmp_path / "plain.json", tmp_path / "hashed.json"
    doctor("host", "--bundle", str(plain))
    doctor("host", "--bundle", str(hashed), "--anonymize")
    name = Path("/proc/sys/kernel/hostname").read_text().strip()
    assert json.loads(plain.read_text())["recording"]["after"]["host"]["name"] == name
    other = json.loads(hashed.read_text())["recording"]["after"]["host"]["name"]
    assert re.fullmatch(r"m[0-9a-f]{16}", other)
    assert '"records": [' in plain.read_text()
    judged = doctor("--from", str(hashed))
    assert judged.returncode in (0, 1, 2) and other in judged.stdout, judged


def test_the_script_of_what_to_do_is_one_and_changes_nothing_by_itself(doctor, deaf, tmp_path):
    """A shell takes it."""
    listener, _ = deaf
    path = str(tmp_path / "host.json")
    until(lambda: about(doctor("--output", "json", "--save", path), listener), "it is found", 30)
    script = doctor("--from", path, "--fix-script")
    assert script.stdout.startswith("#!/bin/sh\n") and "# H14 host" in script.stdout
    checked = subprocess.run(["sh", "-n"], input=script.stdout, text=True, capture_output=True, check=False)
    assert checked.returncode == 0, checked


def test_the_look_of_a_minute_has_a_line_for_each_check(doctor):
    """Those of the machine alone."""
    ids = [line.split()[0] for line in doctor("--list").stdout.splitlines()]
    lines = doctor("--quick").stdout
    shown = {line.split()[1].split("/")[0] for line in lines.splitlines() if line.startswith(WORDS)}
    assert {"H12", "H14", "H22"} <= shown <= {it for it in ids if it[0] in "HN"}


WORDS = ("ok ", "critical ", "warning ", "info ", "unseen ")

SCHEMES = {
    "postgres": "postgres://me@127.0.0.1:%d/app",
    "mysql": "mysql://me@127.0.0.1:%d",
    "redis": "redis://127.0.0.1:%d",
    "pgbouncer": "postgres://me@127.0.0.1:%d/pgbouncer",
    "etcd": "http://127.0.0.1:%d",
}


@pytest.mark.parametrize("kind", SCHEMES)
def test_a_server_that_was_named_and_does_not_answer_is_told_and_holds_nothing_up(doctor, kind):
    """One that is not there, and one that accepts and says nothing: exit code 3, within its bounds."""
    with socket.socket() as silent, socket.socket() as closed:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        closed.bind(("127.0.0.1", 0))
        for port in (silent.getsockname()[1], closed.getsockname()[1]):
            done = doctor(kind, f"--{kind}", SCHEMES[kind] % port, "--output", "json")
            assert done.returncode == 3, done
            target = f"{kind} :{port}"
            records = [it for it in json.loads(done.stdout) if it["target"] == target]
            assert records, done
            assert {it["status"] for it in records} <= {"skip", "error"}, records
            text = doctor(kind, f"--{kind}", SCHEMES[kind] % port).stdout
            assert "COULD NOT LOOK" in text and target in text


@pytest.mark.parametrize("kind", SCHEMES)
def test_one_that_sends_without_end_takes_no_memory(doctor, kind):
    """Whoever listens on a port need not be who is expected there."""

    def flood(listener):
        while True:
            try:
                one, _ = listener.accept()
                with one:
                    one.settimeout(10)
                    while True:
                        one.sendall(b"A" * (1 << 20))
            except OSError:
                if listener.fileno() < 0:
                    return

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        thread = threading.Thread(target=flood, args=(listener,), daemon=True)
        thread.start()
        done = doctor(kind, f"--{kind}", SCHEMES[kind] % listener.getsockname()[1])
        assert done.returncode == 3 and "COULD NOT LOOK" in done.stdout, done
        mib = int(re.search(r"CPU, (\d+) MiB", done.stdout).group(1))
        assert mib < 128, done.stdout
        listener.shutdown(socket.SHUT_RDWR)


def test_a_password_of_an_address_is_in_no_output(doctor, tmp_path):
    """Nor one of the environment; whether the server is there or not, and whether the address is one."""
    bundle, saved = tmp_path / "bundle.json", tmp_path / "saved.json"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        for kind, scheme in SCHEMES.items():
            for url in (
                (scheme % port).replace("://", "://me:s3cret@").replace("@me@", "@"),
                f"postgres://me:s3cret@[::{kind}",
            ):
                again = (kind, f"--{kind}", url, "--bundle", str(bundle), "--save", str(saved))
                first = doctor(*again, PGPASSWORD="s3cret", MYSQL_PWD="s3cret", REDISCLI_AUTH="s3cret")
                told = [first, *(doctor("--from", str(saved), "--output", form) for form in FORMS)]
                texts = [bundle.read_text(), saved.read_text()]
                texts += [text for done in told for text in (done.stdout, done.stderr)]
                assert not any("s3cret" in text for text in texts), (kind, url)
