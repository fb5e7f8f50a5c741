"""Payments as the README shows them, and a checker that compares every trace of them after a crash.

Each payer has an account, a lock on it that it holds with one token, and one payment under way. Payment `i`
of payer `w` is one transaction: a claim, a check of the lock, the balance, a record. A payment whose answer
did not come is made again after a crash, until it is answered that it happened. The checker holds a server
to this: the balance, the claims and the records of an account name the same payments, each once; all that
were acknowledged are among them, and none that was not sent; and a consumer sees them at offsets without a
gap.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field

from harness.kafka import read_all
from harness.resp import Connection
from harness.wait import until

TOPIC, PARTITIONS = "payments", 3
AMOUNT = 100


@dataclass
class Verdict:
    """What the checker found."""

    acknowledged: int = 0
    recovered: int = 0
    faults: list = field(default_factory=list)

    def __str__(self):
        counts = f"acknowledged {self.acknowledged}, recovered {self.recovered}"
        return "\n".join([counts, *self.faults[:20]])


class Account:
    """One payer's account and what it remembers, over any number of crashes."""

    def __init__(self, number):
        self.key = f"account:{number}"
        self.number = number
        self.token = None
        self.sent = 0
        self.acknowledged = 0
        self.repeated = 0
        self.wrong = None

    def name(self, payment):
        """What a payment is called, as the key of its claim and of its record."""
        return f"{self.number}:{payment}"

    def pay(self, connection):
        """Makes the next payment, or the last one again if its answer did not come."""
        payment = self.acknowledged
        again = payment < self.sent
        self.sent = payment + 1
        steps = [
            ("MULTI",),
            ("IDEM.CLAIM", f"pay:{self.name(payment)}", "86400"),
            ("LOCK.CHECK", self.key, self.token),
            ("HINCRBY", self.key, "balance", -AMOUNT),
            ("TOPIC.PRODUCE", TOPIC, "KEY", self.name(payment), f'{{"amount":{AMOUNT}}}'),
            ("EXEC",),
        ]
        answer = [connection.call(*step) for step in steps][-1]
        if answer.is_error():
            if not (again and answer.value.startswith(b"IDEMDUP ")):
                self.wrong = f"payment {self.name(payment)}: {answer}"
                return
            self.repeated += 1
        self.acknowledged = payment + 1

    def check(self, connection, verdict, records):
        """Compares balance, claims and records; the last payment may be there or not."""
        found = Counter(records)
        balance = int(connection.call("HGET", self.key, "balance").value or 0)
        claims = set()
        for payment in range(self.sent + 2):
            if connection.call("IDEM.GET", f"pay:{self.name(payment)}").value is not None:
                claims.add(payment)
        twice = [payment for payment, times in found.items() if times != 1]
        if twice:
            verdict.faults.append(f"{self.key}: records twice: {twice}")
        if claims != set(found):
            verdict.faults.append(f"{self.key}: claims and records differ in {claims ^ set(found)}")
        if balance != -AMOUNT * len(records):
            verdict.faults.append(f"{self.key}: balance {balance} with {len(records)} records")
        lost = set(range(self.acknowledged)) - set(found)
        if lost:
            verdict.faults.append(f"{self.key}: acknowledged and lost: {lost}")
        invented = set(found) - set(range(self.sent))
        if invented:
            verdict.faults.append(f"{self.key}: never sent: {invented}")
        held = connection.call("LOCK.INFO", self.key)
        if b'"token"' not in b"".join(line.encode() for line in held.lines()):
            verdict.faults.append(f"{self.key}: the lock is gone")
        verdict.acknowledged += self.acknowledged
        verdict.recovered += len(records)


class Payments:
    """Some payers, over any number of crashes."""

    def __init__(self, server, payers=4):
        self.server = server
        self.accounts = [Account(number) for number in range(payers)]
        self.threads = []
        with server.connect() as connection:
            made = connection.call("TOPIC.CREATE", TOPIC, "PARTITIONS", PARTITIONS)
            assert not made.is_error(), made
            for account in self.accounts:
                token = connection.call("LOCK.ACQUIRE", account.key, 3_600_000)
                assert not token.is_error(), token
                account.token = token.value

    def start(self):
        """Has each payer pay until its connection ends."""
        self.threads = [
            threading.Thread(target=self._pay, args=(account,), daemon=True) for account in self.accounts
        ]
        for thread in self.threads:
            thread.start()

    def acknowledged(self):
        """How many payments have been acknowledged, ever."""
        return sum(account.acknowledged for account in self.accounts)

    def repeated(self):
        """How many payments were found to have happened when they were made again."""
        return sum(account.repeated for account in self.accounts)

    def wait_for(self, count):
        """Waits until so many more have been acknowledged."""
        goal = self.acknowledged() + count
        until(lambda: self.acknowledged() >= goal or self._has_ended(), f"{count} payments", 60)
        self._fail_if_wrong()
        assert self.acknowledged() >= goal, "the payers ended early"

    def join(self, refusals=False):
        """Waits for the payers to end, as they do once the server is gone.

        An answer that was not expected is a failure, unless `refusals` are what the test is about.
        """
        until(self._has_ended, "the end of the payers", 60)
        if not refusals:
            self._fail_if_wrong()
        for account in self.accounts:
            account.wrong = None

    def check(self):
        """Compares with what the server holds now."""
        verdict = Verdict()
        records = {account.number: [] for account in self.accounts}
        for partition, messages in enumerate(read_all(self.server, TOPIC, PARTITIONS)):
            offsets = [message.offset() for message in messages]
            if offsets != list(range(len(offsets))):
                verdict.faults.append(f"partition {partition}: a gap in the offsets: {offsets}")
            for message in messages:
                payer, payment = message.key().decode().split(":")
                records[int(payer)].append(int(payment))
                if message.value() != b'{"amount":%d}' % AMOUNT:
                    verdict.faults.append(f"changed: {message.key()} holds {message.value()}")
        with self.server.connect() as connection:
            for account in self.accounts:
                account.check(connection, verdict, records[account.number])
        return verdict

    def _pay(self, account):
        try:
            with Connection(self.server.address) as connection:
                while account.wrong is None:
                    account.pay(connection)
        except (OSError, ValueError):
            pass  # the connection ended, from either side

    def _has_ended(self):
        return not any(thread.is_alive() for thread in self.threads)

    def _fail_if_wrong(self):
        wrong = [account.wrong for account in self.accounts if account.wrong]
        assert not wrong, f"an answer that was not expected: {wrong[0]}"
