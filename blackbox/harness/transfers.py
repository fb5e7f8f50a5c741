"""Transfers between accounts, which keep the sum of all balances at nothing, and what was acknowledged of them.

Each worker moves money between accounts in transactions that count themselves; beside the balances, each
transaction writes a value large enough for the tables to be flushed and the log to be trimmed meanwhile.
"""

import contextlib
import random
import threading

ACCOUNTS = 16
BALLAST_BYTES = 100_000


class Transfers:
    """Some workers, from `start` until `stop`."""

    def __init__(self, server, workers=4):
        self.server = server
        self.acknowledged = [0] * workers
        self.sent = [0] * workers
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._work, args=(number,), daemon=True) for number in range(workers)]
        self.wrong = []

    def start(self):
        """Begins."""
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        """Ends, and says that nothing was answered with an error."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive()
        assert not self.wrong, self.wrong

    def _work(self, number):
        draw = random.Random(number)
        ballast = b"x" * BALLAST_BYTES
        with contextlib.suppress(OSError, EOFError), self.server.connect() as connection:
            while not self.stopping.is_set():
                payer, payee = draw.sample(range(ACCOUNTS), 2)
                amount = draw.randrange(1, 100)
                self.sent[number] += 1
                for step in [
                    ("MULTI",),
                    ("HINCRBY", f"account:{payer}", "balance", -amount),
                    ("INCR", f"worker:{number}"),
                    ("SET", f"ballast:{number}:{self.sent[number] % 50}", ballast),
                    ("HINCRBY", f"account:{payee}", "balance", amount),
                    ("EXEC",),
                ]:
                    answer = connection.call(*step)
                if answer.is_error():
                    self.wrong.append(str(answer))
                    return
                self.acknowledged[number] += 1


def check(server, least, most):
    """A restored server holds no half of a transfer, at least what was acknowledged, and nothing not sent."""
    with server.connect() as connection:
        balances = [connection.call("HGET", f"account:{number}", "balance").value for number in range(ACCOUNTS)]
        counts = [int(connection.call("GET", f"worker:{number}").value or 0) for number in range(len(least))]
    assert sum(int(balance or 0) for balance in balances) == 0
    for count, acknowledged, sent in zip(counts, least, most, strict=True):
        assert acknowledged <= count <= sent, (least, counts, most)
