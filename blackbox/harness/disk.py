"""File systems of their own, in files on loop devices: cut off from power at any moment, or small enough to
be full.

A power cut is a copy of what the loop device had been given at one moment: what the file system above it
held in its page cache is not in it. The file lies on an XFS, itself on a loop device, because XFS clones a
file at one moment, between two writes, and shares its blocks; a copy that takes its time would mix the disk
of one moment with that of another.

Knows nothing of servers. Needs root; everything that is mounted here is unmounted with its block.
"""

import fcntl
import os
import subprocess
from contextlib import contextmanager

from harness.server import find
from harness.wait import until

FICLONE = 0x40049409
# Debian's packages of the programs.
PROGRAMS = {"mount": "mount", "losetup": "mount", "mkfs.ext4": "e2fsprogs", "mkfs.xfs": "xfsprogs"}


def obstacle():
    """Why no file system can be made here, or None."""
    missing = sorted({package for program, package in PROGRAMS.items() if find(program) is None})
    if os.geteuid() != 0:
        return "loop devices need root"
    if missing:
        return f"apt-get install {' '.join(missing)}"
    probe = subprocess.run(["losetup", "--find"], capture_output=True, text=True, check=False)
    return f"no loop device here: {probe.stderr.strip()}" if probe.returncode else None


def run(*words):
    """Runs a program of the machine; an error says what it said."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr}"


def sparse(path, size):
    """A file of that many bytes that takes no room yet."""
    with open(path, "xb") as file:
        file.truncate(size)
    return path


@contextmanager
def mounted(image, folder, *options):
    """The file system in `image`, or of a kind that needs none, on `folder`."""
    folder.mkdir(exist_ok=True)
    run("mount", *options, image, folder)
    try:
        yield folder
    finally:
        # The kernel may still hold it for a moment after the last process is gone.
        until(lambda: subprocess.run(["umount", str(folder)], check=False).returncode == 0, f"umount {folder}")


@contextmanager
def shelf(folder, size):
    """A folder whose files can be cloned at one moment."""
    outer = sparse(folder / "shelf.img", size)
    run("mkfs.xfs", "-q", "-m", "reflink=1", outer)
    try:
        with mounted(outer, folder / "shelf", "-o", "loop") as place:
            yield place
    finally:
        outer.unlink()


def make_ext4(path, size, *options):
    """An empty ext4 in a file."""
    run("mkfs.ext4", "-q", "-F", *options, sparse(path, size))
    return path


def clone(source, target):
    """`target` is what `source` was at one moment between two writes to it."""
    with open(source, "rb") as old, open(target, "xb") as new:
        fcntl.ioctl(new, FICLONE, old.fileno())
    return target
