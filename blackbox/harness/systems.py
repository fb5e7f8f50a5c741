"""Servers of others as their packages bring them, each on a port of its own and in a folder of its own."""

import atexit
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from harness.wait import until

READY_SECONDS = 60


def free_port():
    """One on which nobody listens, for now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def listens(port):
    """Whether somebody takes connections there."""
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(command, port, folder, name, **options):
    """A program until the block ends; what it says is in a file beside its data."""
    with open(folder / f"{name}.log", "wb") as log:
        with subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, **options
        ) as process:
            try:
                until(lambda: process.poll() is not None or listens(port), f"{name} listens", READY_SECONDS)
                assert process.poll() is None, (folder / f"{name}.log").read_text(errors="replace")
                yield process
            finally:
                process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()


def as_user(user):
    """What runs a command as this user, if we are root; a database does not run as root."""
    if os.getuid() != 0:
        return []
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]


def own_folder(folder, name, user):
    """A new folder that belongs to this user, who can reach it; it goes when all tests have run.

    As root it lies elsewhere, and is linked to: those of pytest are shut to others again whenever a worker or a run begins.
    """
    path = folder / name
    if os.getuid() != 0:
        path.mkdir()
        return path
    own = Path(tempfile.mkdtemp(prefix="groundsill-test-"))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    own.chmod(0o755)
    shutil.chown(own, user, user)
    path.symlink_to(own)
    return own


@contextmanager
def postgres(folder, *settings, programs=None):
    """PostgreSQL, of the package or of these programs; the port on which its superuser `postgres` is let in without a password."""
    packaged = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    assert programs or packaged, "the package postgresql is missing"
    programs = programs or Path(packaged[-1])
    # Those that are not the system's bring their libraries with them.
    options = {"cwd": "/", "env": {**os.environ, "LD_LIBRARY_PATH": f"{programs.parent}/lib"}}
    data, port = own_folder(folder, "postgres", "postgres"), free_port()
    user = as_user("postgres")
    make = [*user, f"{programs}/initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-D", str(data / "data")]
    made = subprocess.run(make, capture_output=True, text=True, check=False, **options)
    assert made.returncode == 0, made
    arguments = ["listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={data}", *settings]
    command = [*user, f"{programs}/postgres", "-D", str(data / "data")]
    command += [part for option in arguments for part in ("-c", option)]
    with running(command, port, folder, "postgres", **options):
        until(lambda: psql(port, "SELECT 1").returncode == 0, "postgres lets in", READY_SECONDS)
        yield port


def psql(port, statement):
    """What its own client makes of a statement, as the superuser."""
    command = ["psql", "-XAtq", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", "postgres", "-c", statement]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextmanager
def mariadb(folder):
    """MariaDB as its package makes it: root is let in by the socket alone. The port; `monitor` is let in with the password `monitor`."""
    data, port = own_folder(folder, "mariadb", "mysql"), free_port()
    user = as_user("mysql")
    # One that is started takes away what it finds in the folder for temporary tables, also of others.
    own = f"--tmpdir={data}"
    make = [*user, "mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=socket"]
    made = subprocess.run(
        [*make, "--auth-root-socket-user=root", f"--datadir={data}/data", "--skip-test-db", own],
        **{"capture_output": True, "text": True, "cwd": "/", "check": False},
    )
    assert made.returncode == 0, made
    command = [*user, "mariadbd", "--no-defaults", f"--datadir={data}/data", f"--port={port}"]
    command += ["--bind-address=127.0.0.1", f"--socket={data}/socket", f"--pid-file={data}/pid", own]
    with running(command, port, folder, "mariadb", cwd="/"):
        for statement in (
            "CREATE USER monitor@'127.0.0.1' IDENTIFIED BY 'monitor'",
            "GRANT PROCESS, BINLOG MONITOR, SLAVE MONITOR, SELECT ON *.* TO monitor@'127.0.0.1'",
        ):
            done = mysql(data / "socket", statement)
            assert done.returncode == 0, done
        yield port


def mysql(folder_socket, statement):
    """What its own client makes of a statement, as root over the socket."""
    command = ["mariadb", "--no-defaults", "-S", str(folder_socket), "-u", "root", "-e", statement]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextmanager
def redis(folder, *settings, program="redis-server"):
    """Redis as it comes, but for the port and the folder; or Valkey, if that is the program."""
    name = Path(program).name.removesuffix("-server")
    data, port = folder / name, free_port()
    data.mkdir()
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data), *settings]
    with running(command, port, folder, name):
        yield port


def certificate(folder):
    """The file of a new one for this machine that nobody knows, and that of its key."""
    files = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run(command, capture_output=True, check=True)
    return files


def redis_cli(port, *arguments):
    """What its own client makes of a command."""
    command = ["redis-cli", "-p", str(port), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextmanager
def etcd(folder):
    """etcd, alone."""
    port, peer = free_port(), free_port()
    client, peers = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer}"
    command = ["etcd", "--data-dir", str(folder / "etcd"), "--listen-client-urls", client]
    command += ["--advertise-client-urls", client, "--listen-peer-urls", peers]
    command += ["--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}"]
    with running(command, port, folder, "etcd"):
        yield port


@contextmanager
def pgbouncer(folder, postgres_port, *more):
    """PgBouncer before a PostgreSQL; everybody is let in, also on its console."""
    data, port = own_folder(folder, "pgbouncer", "postgres"), free_port()
    settings = data / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host=127.0.0.1 port={postgres_port} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
        f"unix_socket_dir =\nadmin_users = postgres\nlogfile = {data}/log\npidfile = {data}/pid\n"
        + "".join(f"{line}\n" for line in more)
    )
    settings.chmod(0o644)
    with running([*as_user("postgres"), "pgbouncer", str(settings)], port, folder, "pgbouncer", cwd="/"):
        yield port
