"""The checker of payments finds each fault that it is there to find."""

import pytest

from harness.payments import Payments


@pytest.fixture(name="paid")
def _paid(server):
    """Some payments, the payers stopped by a kill."""
    payments = Payments(server, payers=2)
    payments.start()
    payments.wait_for(20)
    server.kill()
    payments.join()
    server.start()
    return payments


def test_payments_that_are_whole_pass(paid):
    """And there are some."""
    verdict = paid.check()
    assert not verdict.faults and verdict.recovered >= verdict.acknowledged >= 20


@pytest.mark.parametrize(
    ("fault", "damage"),
    [
        ("balance", ("HINCRBY", "account:0", "balance", "-100")),
        ("claims and records differ", ("IDEM.CLAIM", "pay:0:{next}", "60")),
        ("claims and records differ", ("TOPIC.PRODUCE", "payments", "KEY", "0:{next}", '{{"amount":100}}')),
        ("never sent", ("TOPIC.PRODUCE", "payments", "KEY", "0:{later}", '{{"amount":100}}')),
        ("records twice", ("TOPIC.PRODUCE", "payments", "KEY", "0:0", '{{"amount":100}}')),
        ("changed", ("TOPIC.PRODUCE", "payments", "KEY", "0:{next}", "something else")),
        ("the lock is gone", ("LOCK.RELEASE", "account:0", "{token}")),
    ],
)
def test_a_planted_fault_is_told(paid, fault, damage):
    """One command behind the payers' backs is enough."""
    account = paid.accounts[0]
    names = {"next": account.sent + 1, "later": account.sent + 90, "token": account.token.decode()}
    assert not paid.server.call(*(word.format(**names) for word in damage)).is_error()
    assert any(fault in each for each in paid.check().faults)


def test_a_payment_that_was_acknowledged_and_is_not_there_is_told(paid):
    """A server that forgets is found out."""
    paid.accounts[0].acknowledged = paid.accounts[0].sent = paid.accounts[0].sent + 5
    assert any("acknowledged and lost" in each for each in paid.check().faults)
