"""The checker of histories finds each anomaly that it is there to find."""

import pytest

from harness.histories import Deed, Final, check, stamp


def history():
    """Four transactions over two lists and two accounts, as they happened one after the other."""
    deeds = [
        Deed("1", 0, 0, appends=("x",), transfer=(("a", -5), ("b", 5)), ended=0),
        Deed("2", 1, 0, appends=("x", "y"), reads=("y",), ended=0, seen={"y": stamp(["2"])}),
        Deed("3", 0, 1, appends=("y",), reads=("x",), ended=1, seen={"x": stamp(["1", "2"])}),
        Deed("4", 1, 1, reads=("x", "y"), ended=1, seen={"x": stamp(["1", "2"]), "y": stamp(["2", "3"])}),
    ]
    final = Final({"x": ["1", "2"], "y": ["2", "3"]}, {"a": -5, "b": 5}, ["1", "2", "3"], {"1", "2", "3"})
    return deeds, final


def skew(deeds, final):
    """Each reads the list that the other appends to, and does not see it."""
    deeds.append(Deed("5", 2, 1, appends=("x",), reads=("y",), ended=1, seen={"y": stamp(["2", "3"])}))
    deeds.append(Deed("6", 3, 1, appends=("y",), reads=("x",), ended=1, seen={"x": stamp(["1", "2"])}))
    final.lists["x"].append("5")
    final.lists["y"].append("6")
    final.events += ["5", "6"]
    final.claimed |= {"5", "6"}


def half_seen(deeds, _):
    """A reader sees the second transaction in one list and not in the other."""
    deeds.append(Deed("5", 2, 1, reads=("x", "y"), ended=1, seen={"x": stamp(["1", "2"]), "y": stamp([])}))


def stale_read(deeds, _):
    """After a restart a reader does not see what was acknowledged before."""
    deeds.append(Deed("5", 2, 2, reads=("y",), ended=2, seen={"y": stamp(["2"])}))


def late(deeds, final):
    """A lost lock does not matter."""
    deeds.append(Deed("5", 2, 1, appends=("x",), stale=True))
    final.lists["x"].append("5")
    final.events.append("5")
    final.claimed.add("5")


ANOMALIES = [
    ("cycle", skew),
    ("cycle", half_seen),
    ("cycle", stale_read),
    ("cycle", lambda deeds, final: (final.events.__setitem__(slice(0, 2), ["2", "1"]))),
    ("cycle", lambda deeds, final: setattr(deeds[0], "begun", 5)),
    ("with a lock that was lost", late),
    ("is lost", lambda deeds, final: (final.events.remove("3"), final.lists["y"].remove("3"), final.claimed.remove("3"))),
    ("its claim was passed again", lambda deeds, final: final.events.append("3")),
    ("never sent", lambda deeds, final: final.events.append("9")),
    ("a claim or an event", lambda deeds, final: final.claimed.remove("2")),
    ("has an event, and is 0 times", lambda deeds, final: final.lists["y"].remove("3")),
    ("has an event, and is 2 times", lambda deeds, final: final.lists["y"].append("3")),
    ("which has no event", lambda deeds, final: final.lists["x"].append("3")),
    ("the accounts hold", lambda deeds, final: final.accounts.update(a=-4)),
    ("which it never held", lambda deeds, final: final.lists["x"].reverse()),
    ("add up to", lambda deeds, final: setattr(deeds[3], "sum", 5)),
]


def test_a_history_with_an_order_passes():
    """Also one whose last transaction was not answered, whether it happened or not."""
    deeds, final = history()
    assert check(deeds, final) == []
    deeds.append(Deed("5", 2, 1, appends=("x",)))
    assert check(deeds, final) == []
    final.lists["x"].append("5")
    final.events.append("5")
    final.claimed.add("5")
    assert check(deeds, final) == []


@pytest.mark.parametrize(("fault", "damage"), ANOMALIES)
def test_a_planted_anomaly_is_told(fault, damage):
    """One is enough."""
    deeds, final = history()
    damage(deeds, final)
    faults = check(deeds, final)
    assert any(fault in each for each in faults), faults
