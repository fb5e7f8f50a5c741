"""Redis's own test suite against the built binary: the families of commands that are there.

    cargo x redis-suite

Takes the source of Redis 7.0 from Debian (as root: `apt-get source redis`) into `target/redis-suite`, and runs its
files one by one, each against a fresh server. What fails has to stand in `exceptions.txt`, with a reason,
and what stands there has to fail: the list can only shrink. So that the suite itself cannot shrink unseen, as many
tests of a file have to run as stand beside its name below, and what the suite leaves out without a word has to stand
in `exceptions.txt` too. Nothing of the suite is kept in the repository.
"""

import argparse
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "target/redis-suite"
EXCEPTIONS = Path(__file__).with_name("exceptions.txt")
DOCUMENT = ROOT / "docs/protocols/redis.md"
BINARY = ROOT / "target/release/groundsill"
# Of each file, how many tests run: those that pass and those that are known to fail, repeated names counted each time.
UNITS = {
    "unit/type/string": 71,
    "unit/type/incr": 23,
    "unit/type/hash": 72,
    "unit/expire": 56,
    "unit/multi": 35,
    "unit/scan": 17,
    "unit/protocol": 19,
}
TAGS = (
    "-slow -needs:debug -needs:repl -needs:save -needs:config-maxmemory -needs:config-resetstat -needs:reset -needs:pfdebug"
)
LEFT_OUT, DIFFERS = "left out: ", "differs: "
DIFFERS_SHARE_MAX = 0.02
REASONS = re.compile(rf"needs [A-Z. ]+|differs: .+|environment: .+|{LEFT_OUT}.+")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
SECONDS_MAX = 300


def main():
    """Runs all, prints the counts, and says whether they and the exceptions are what they should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path, default=BINARY, help="the binary under test (target/release/groundsill)")
    binary = parser.parse_args().binary
    suite = source()
    expected = exceptions()
    passed, wrong = 0, unfounded(expected)
    for unit, count in UNITS.items():
        ok, failed, left_out = run(binary, suite, unit)
        passed, ran = passed + len(ok), len(ok) + len(failed)
        if ran != count:
            wrong.append(f"{unit}: {ran} tests ran, and not {count}: look for those that do not run, or correct the number")
        known = {test: reason for (file, test), reason in expected.items() if file == unit}
        silent = {test for test, reason in known.items() if reason.startswith(LEFT_OUT)}
        wrong += [f"{unit}: {test}: fails, and is no exception" for test in sorted(failed - (known.keys() - silent))]
        wrong += [f"{unit}: {test}: an exception that does not fail" for test in sorted(known.keys() - silent - failed)]
        wrong += [f"{unit}: {test}: is left out, and not known to be" for test in sorted(left_out - silent)]
        wrong += [f"{unit}: {test}: known as left out, and is not" for test in sorted(silent - left_out)]
        print(f"{unit}: {len(ok)} passed, {len(failed)} failed: {ran} of {count} tests ran, left out {len(left_out)}")
    for reason in sorted(set(expected.values())):
        print(f"  {list(expected.values()).count(reason):>3} {reason}")
    print(*wrong, sep="\n")
    skipped = sum(not reason.startswith(LEFT_OUT) for reason in expected.values())
    print(f"{passed} passed, {len(wrong)} failed, {skipped} skipped")
    return 1 if wrong else 0


def unfounded(expected):
    """What is wrong with the exceptions themselves: where we differ on purpose, it is documented, and seldom."""
    differs = [reason.removeprefix(DIFFERS) for reason in expected.values() if reason.startswith(DIFFERS)]
    headings = set(re.findall("^#+ (.+)$", DOCUMENT.read_text(), flags=re.MULTILINE))
    wrong = [f"differs: {heading}: {DOCUMENT.name} has no such heading" for heading in sorted(set(differs) - headings)]
    if len(differs) > DIFFERS_SHARE_MAX * sum(UNITS.values()):
        wrong.append(f"{len(differs)} tests differ on purpose: more than {DIFFERS_SHARE_MAX:.0%}")
    return wrong


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
                sys.exit(f"{EXCEPTIONS.name}:{number}: a reason is `needs COMMAND`, `differs: HEADING`, `environment: WHY` or `left out: WHY`")
            found[unit, test] = reason
    return found


def free_ports(count):
    """Ports that nobody listens on."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def run(binary, suite, unit):
    """The tests of one file that passed, by name as often as it did, those that failed, and those that are left out."""
    data = WORK / "data"
    shutil.rmtree(data, ignore_errors=True)
    resp, *others = free_ports(3)
    fronts = ["--resp", f"127.0.0.1:{resp}"]
    help_text = subprocess.run([binary, "serve", "--help"], capture_output=True, text=True, check=True).stdout
    for front, port in zip(("kafka", "http"), others):
        if f"--{front}" in help_text:
            fronts += [f"--{front}", f"127.0.0.1:{port}"]
    server = subprocess.Popen([binary, "serve", "--data", data, *fronts], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
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
    tests = re.findall(r"^\[(ok|err)\]: (.*?)(?: \(\d+ ms\))?$", output, re.MULTILINE)
    tests = [(outcome, name.removesuffix(f" in tests/{unit}.tcl")) for outcome, name in tests]
    failed = {name for outcome, name in tests if outcome == "err"}
    ran = {name for _, name in tests}
    left_out = {name for name in written(suite, unit) - ran if f"[ignore]: {name}: " not in output}
    return [name for outcome, name in tests if outcome == "ok" and name not in failed], failed, left_out


def written(suite, unit):
    """The names of the tests that stand in a file, but for those that are made up as they run."""
    text = (suite / f"tests/{unit}.tcl").read_text()
    names = re.findall(r"""^ *test (?:\{([^}]*)\}|"([^"$]*)") \{""", text, re.MULTILINE)
    return {braced or quoted for braced, quoted in names}


if __name__ == "__main__":
    sys.exit(main())
