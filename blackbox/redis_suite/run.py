"""Redis's own test suite against the built binary: the families of commands that are there.

    cargo x redis-suite

Takes the source of Redis 7.0 from Debian (as root: `apt-get source redis`) into `target/redis-suite`, and runs its
files one by one, each against a fresh server. What fails has to stand in `exceptions.txt`, with a reason,
and what stands there has to fail: the list can only shrink. Nothing of the suite is kept in the repository.
"""

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "target/redis-suite"
EXCEPTIONS = Path(__file__).with_name("exceptions.txt")
BINARY = ROOT / "target/release/groundsill"
UNITS = [
    "unit/type/string", "unit/type/incr", "unit/type/hash", "unit/expire", "unit/multi", "unit/scan", "unit/protocol",
]  # fmt: skip
TAGS = (
    "-slow -needs:debug -needs:repl -needs:save -needs:config-maxmemory -needs:config-resetstat -needs:reset -needs:pfdebug"
)
REASONS = re.compile(r"needs [A-Z. ]+|differs: .+|environment: .+")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
SECONDS_MAX = 300


def main():
    """Runs all, prints the counts, and says whether the exceptions are what they should be."""
    suite = source()
    expected = exceptions()
    passed, failed, wrong = 0, 0, []
    for unit in UNITS:
        ok, errors = run(suite, unit)
        if not ok:
            wrong.append(f"{unit}: nothing passed: the suite did not run")
        passed, failed = passed + len(ok), failed + len(errors)
        known = {test for file, test in expected if file == unit}
        wrong += [f"{unit}: {test}: fails, and is no exception" for test in sorted(errors - known)]
        wrong += [f"{unit}: {test}: an exception that does not fail" for test in sorted(known - errors)]
        print(f"{unit}: {len(ok)} passed, {len(errors)} failed")
    for reason in sorted(set(expected.values())):
        print(f"  {list(expected.values()).count(reason):>3} {reason}")
    print(*wrong, sep="\n")
    print(f"{passed} passed, {len(wrong)} failed, {failed} skipped")
    return 1 if wrong else 0


def source():
    """The suite's folder, fetched once."""
    found = sorted(WORK.glob("redis-7.0.*/runtest"))
    if not found:
        WORK.mkdir(parents=True, exist_ok=True)
        try:
            fetch()
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"the source of Redis 7.0 could not be fetched: {error}; it needs Debian and root, or put it into {WORK}")
        found = sorted(WORK.glob("redis-7.0.*/runtest"))
    if shutil.which("tclsh") is None:
        sys.exit("the suite needs tclsh: apt-get install tcl")
    return found[0].parent


def fetch():
    """`apt-get source`, from where the machine gets its packages, with lists of our own: the machine's stay as they are."""
    parts, state = WORK / "sources.d", WORK / "lists"
    parts.mkdir(exist_ok=True)
    (state / "partial").mkdir(parents=True, exist_ok=True)
    for path in [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("debian*")]:
        if path.is_file():
            sources = re.sub(r"^(Types: )?deb(?=\s)", lambda kind: (kind[1] or "") + "deb-src", path.read_text(), flags=re.MULTILINE)
            (parts / path.name).write_text(sources)
    options = ["-o", "Dir::Etc::sourcelist=-", "-o", f"Dir::Etc::sourceparts={parts}", "-o", f"Dir::State::lists={state}"]
    for words in (["update", "-qq"], ["source", "-qq", "redis"]):
        subprocess.run(["apt-get", *options, *words], cwd=WORK, check=True)


def exceptions():
    """(file, test) -> reason."""
    found = {}
    for number, line in enumerate(EXCEPTIONS.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            unit, test, reason = line.split(" | ")
            if not REASONS.fullmatch(reason):
                sys.exit(f"{EXCEPTIONS.name}:{number}: a reason is `needs COMMAND`, `differs: HEADING` or `environment: WHY`")
            found[unit, test] = reason
    return found


def free_ports(count):
    """Ports that nobody listens on."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def run(suite, unit):
    """The tests of one file that passed, and those that failed."""
    data = WORK / "data"
    shutil.rmtree(data, ignore_errors=True)
    resp, *others = free_ports(3)
    fronts = ["--resp", f"127.0.0.1:{resp}"]
    help_text = subprocess.run([BINARY, "serve", "--help"], capture_output=True, text=True, check=True).stdout
    for front, port in zip(("kafka", "http"), others):
        if f"--{front}" in help_text:
            fronts += [f"--{front}", f"127.0.0.1:{port}"]
    server = subprocess.Popen([BINARY, "serve", "--data", data, *fronts], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        for line in server.stdout:
            if line.startswith("ready"):
                break
        words = ["./runtest", "--host", "127.0.0.1", "--port", str(resp), "--durable", "--ignore-encoding", "--ignore-digest"]
        words += ["--tags", TAGS, "--single", unit]
        done = subprocess.run(words, cwd=suite, capture_output=True, text=True, errors="replace", timeout=SECONDS_MAX, check=False)
    finally:
        server.kill()
        server.wait()
    output = COLOUR.sub("", done.stdout)
    (WORK / f"{unit.replace('/', '-')}.log").write_text(output)
    tests = re.findall(r"\[(ok|err)\]: (.*?)(?: \(\d+ ms\))?$", output, re.MULTILINE)
    names = {kind: {name.removesuffix(f" in tests/{unit}.tcl") for what, name in tests if what == kind} for kind in ("ok", "err")}
    return names["ok"] - names["err"], names["err"]


if __name__ == "__main__":
    sys.exit(main())
