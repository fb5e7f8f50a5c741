"""The labs of `groundsill doctor` on servers of other versions than the system's, on which `test_doctor.py` runs all of them."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness import systems
from harness.labs import listed, run_labs
from harness.server import oracle_binary

pytestmark = pytest.mark.ours

# Beside P and R: those between an application and its server, of the pooler, and of certificates.
OF_REDIS = ("B06", "B12", "B21")
OF_POSTGRES = ("B02", "B03", "B11", "B17", "B18", "N09", "X01", "X03", "X04")

# What a version has nothing of that a check could read, so that there is no fault to make.
SKIPPED = {
    "12": {
        "P21": "PostgreSQL 14 or later",
        "P22": "PostgreSQL 13 or later",
        "P31": "PostgreSQL 13 or later",
        "P32": "PostgreSQL 13 or later",
    },
    "18": {},
}

FILES = (
    "GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO monitor",
    "GRANT SELECT ON pg_file_settings TO monitor",
)

NUMBERS = "GRANT SELECT (oid) ON pg_subscription TO monitor"

# What the documents name; 14 brought the role that may read all.
RIGHTS = {
    "12": ("GRANT pg_monitor TO monitor", "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO monitor", NUMBERS, *FILES),
    "18": ("GRANT pg_monitor TO monitor", "GRANT pg_read_all_data TO monitor", *FILES),
}


@pytest.fixture(name="binary")
def _binary(pytestconfig):
    return Path(pytestconfig.getoption("binary")).resolve()


@pytest.fixture(name="public")
def _public():
    """A folder that each user can reach. Those of pytest are shut to others again when another run of it begins."""
    with tempfile.TemporaryDirectory(prefix="groundsill-test-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def programs(folder, version):
    """Those of this version, in a folder that the user `postgres` can reach."""
    servers = os.environ.get("TEST_POSTGRES_SERVERS")
    if servers is None:
        pytest.skip("no servers of other versions: `cargo x test` installs them from npm, on x86-64")
    own = folder / "native"
    shutil.copytree(Path(servers) / f"postgres-{version}/native", own, symlinks=True)
    told = subprocess.run(
        [own / "bin/postgres", "--version"],
        **{"capture_output": True, "text": True, "check": True, "env": {"LD_LIBRARY_PATH": str(own / "lib")}},
    )
    assert told.stdout.startswith(f"postgres (PostgreSQL) {version}."), told
    return own / "bin"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", SKIPPED)
def test_the_labs_of_postgresql_run_on_its_oldest_and_its_newest(binary, tmp_path, public, version):
    """None fails; what is skipped is what the version does not have, and nothing else."""
    named = {"GROUNDSILL_LAB_POSTGRES": str(programs(public, version))}
    ids = [name for name in listed(binary) if name[0] == "P" or name in OF_POSTGRES]
    told = run_labs(binary, tmp_path, ids, **named)
    assert len(told) >= 38, told
    skipped = {name: line for name, line in told.items() if " skipped " in line}
    assert skipped.keys() == SKIPPED[version].keys(), skipped
    assert all(why in skipped[name] for name, why in SKIPPED[version].items()), skipped


def judged(binary, port, role):
    """What is said of a server as this role, by nothing but its address."""
    named = f"--postgres=postgres://{role}@127.0.0.1:{port}/postgres"
    command = [str(binary), "doctor", "postgres", named, "--deep", "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd="/")
    found = [it for it in json.loads(done.stdout) if it["target"].startswith("postgres")]
    assert len(found) >= 25, done
    return found


@pytest.mark.parametrize("version", SKIPPED)
def test_a_default_server_of_another_version_is_fine(binary, tmp_path, public, version):
    """All that is wrong is that a version has no more repairs; nothing that is asked is unknown to it, and rights alone hide nothing."""
    with systems.postgres(tmp_path, programs=programs(public, version)) as port:
        for statement in ("CREATE ROLE monitor LOGIN", *RIGHTS[version]):
            done = systems.psql(port, statement)
            assert done.returncode == 0, done
        for role in ("postgres", "monitor"):
            found = judged(binary, port, role)
            tell = lambda records: [(it["id"], it["aspect"], it["status"], it["observed"]) for it in records]
            assert not tell(it for it in found if it["status"] == "error"), tell(found)
            wrong = [it["id"] for it in found if it["status"] == "fail" and it["severity"] != "info"]
            assert wrong == (["P20"] if version == "12" else []), tell(it for it in found if it["status"] == "fail")
            blind = tell(it for it in found if it["observed"].startswith("may not look"))
            assert not blind, (role, blind)


@pytest.mark.timeout(900)
def test_the_labs_of_redis_run_on_valkey(binary, tmp_path, public):
    """Each of them: it has all that they are about."""
    own = Path(shutil.copy(oracle_binary(), public / "valkey-server"))
    named = {"GROUNDSILL_LAB_REDIS": str(own)}
    ids = [name for name in listed(binary) if name[0] == "R" or name in OF_REDIS]
    told = run_labs(binary, tmp_path, ids, **named)
    assert len(told) >= 22, told
    assert not [line for line in told.values() if " skipped " in line], told
