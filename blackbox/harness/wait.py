"""Waiting for a condition, with a deadline."""

import time

PAUSE_SECONDS = 0.005


def until(condition, what, seconds=10.0):
    """Returns what `condition` returns as soon as that is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        outcome = condition()
        if outcome:
            return outcome
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain: {what}")
        time.sleep(PAUSE_SECONDS)
