"""Labs of `groundsill doctor`, which make a fault for real and see it found."""

import os
import re
import subprocess
import warnings

# What fails is made again so often: beside other tests a machine may be too busy to make a fault as large as it has to be.
AGAIN = 3


def listed(binary):
    """The ids of all checks that have one."""
    lines = subprocess.run([binary, "doctor", "--list"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split()[0] for line in lines if line.split()[2] == "lab"]


def run_labs(binary, folder, ids=None, **environment):
    """What each of them, or of all there are, says in the end, by its id; none has failed by then."""

    def labs(ids, *which):
        command = [str(binary), "doctor", "lab", *which, "--this-machine-is-disposable"]
        options = {"capture_output": True, "text": True, "timeout": 1500, "check": False}
        done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, **options)
        # What failed may tell of it in several lines.
        told = [line for line in done.stdout.splitlines() if re.match(r"[A-Z]\d\d +(passed|FAILED|skipped) ", line)]
        assert sorted(line.split()[0] for line in told) == sorted(ids), done
        counts = [sum(f" {word} " in line for line in told) for word in ("passed", "FAILED", "skipped")]
        assert done.stdout.splitlines()[-1] == "%d passed, %d failed, %d skipped" % tuple(counts), done
        return {line.split()[0]: line for line in told}

    told = labs(listed(binary), "--all") if ids is None else labs(ids, *ids)
    for _ in range(AGAIN):
        failed = [name for name, line in told.items() if " FAILED " in line]
        if not failed:
            break
        warnings.warn(f"labs that are made again: {[told[name] for name in failed]}", stacklevel=2)
        told |= labs(failed, *failed)
    assert not [line for line in told.values() if " FAILED " in line], told
    return told
