"""Histories of transactions over state, locks, claims and a topic, and a checker that looks for an order in
which they could have happened one after the other.

Knows no server. The state is some lists, to which a transaction appends its own name, and a bank whose
accounts add up to nothing; each transaction that changes something claims its name, checks a lock, and
leaves one event. Because names are unique, every list says in which order its transactions happened, and
every read says what it came after. The checker draws these dependencies, the order of the events, the order
of each client and the restarts into one graph; a cycle in it is an anomaly, whatever its name. The method is
that of Elle, by Kingsbury and Alvaro.
"""

import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass
class Deed:
    """One transaction, as its client knows it."""

    name: str
    client: int
    # The number of the server's process that it was first sent to, and of that which answered.
    begun: int
    appends: tuple = ()
    reads: tuple = ()
    transfer: tuple = ()
    # Sent with a lock that had been lost: it must not happen.
    stale: bool = False
    ended: int = None
    # By list, what was read: how many names, and a checksum of them.
    seen: dict = field(default_factory=dict)
    # What all accounts held together, if they were read.
    sum: int = 0

    @property
    def writes(self):
        """Whether it changes anything."""
        return bool(self.appends or self.transfer)


@dataclass
class Final:
    """What the server holds in the end."""

    lists: dict
    accounts: dict
    events: list
    claimed: set


def stamp(names):
    """A read of a list, in few bytes."""
    return len(names), zlib.crc32(",".join(names).encode())


def check(deeds, final):
    """The faults of a history; empty if there is an order that explains all of it."""
    known = {deed.name: deed for deed in deeds}
    faults = [*events_and_guards(known, final), *lists_and_accounts(known, final)]
    if not faults:
        faults = [*reads_that_never_were(known, final)]
    return faults or [*cycles(known, final)]


def events_and_guards(known, final):
    """Events, claims and answers name the same transactions, each once."""
    happened = Counter(final.events)
    for name, times in happened.items():
        if times > 1:
            yield f"{name} happened {times} times: its claim was passed again"
        if name not in known:
            yield f"{name} was never sent"
        elif known[name].stale:
            yield f"{name} happened with a lock that was lost"
    for deed in known.values():
        if deed.writes and deed.ended is not None and not deed.stale and deed.name not in happened:
            yield f"{deed.name} was acknowledged and is lost"
        if (deed.name in final.claimed) != (deed.name in happened):
            yield f"{deed.name} has a claim or an event, and not the other"


def lists_and_accounts(known, final):
    """What is in the lists and on the accounts is what the events' transactions did."""
    expected = {account: 0 for account in final.accounts}
    for name in set(final.events) & known.keys():
        for account, amount in known[name].transfer:
            expected[account] += amount
        for key in known[name].appends:
            if final.lists[key].count(name) != 1:
                yield f"{name} has an event, and is {final.lists[key].count(name)} times in {key}"
    for key, names in final.lists.items():
        for name in names:
            if name not in known or key not in known[name].appends or name not in final.events:
                yield f"{key} holds {name}, which has no event"
    if expected != final.accounts:
        yield f"the accounts hold {final.accounts}, by the events it is {expected}"


def reads_that_never_were(known, final):
    """Every read is how a list once was; the accounts add up to nothing at any time."""
    for deed in known.values():
        for key, seen in deed.seen.items():
            if stamp(final.lists[key][: seen[0]]) != seen:
                yield f"{deed.name} read {seen[0]} names in {key} which it never held"
        if deed.sum:
            yield f"{deed.name} saw accounts that add up to {deed.sum}"


def edges(known, final):
    """Who came before whom, and how that is known."""
    for before, after in zip(final.events, final.events[1:]):
        yield before, after, "event"
    for key, names in final.lists.items():
        for before, after in zip(names, names[1:]):
            yield before, after, f"append {key}"
    for deed in known.values():
        for key, (count, _) in deed.seen.items():
            names = [name for name in final.lists[key][:count] if name != deed.name]
            if names:
                yield names[-1], deed.name, f"read {key}"
            rest = [name for name in final.lists[key][count : count + 2] if name != deed.name]
            if rest:
                yield deed.name, rest[0], f"read {key} before"
    yield from times(known, set(final.events))


def times(known, happened):
    """One client's deeds come one after the other; what was answered came before the next restart."""
    last = {}
    for deed in known.values():
        if deed.ended is None and deed.name not in happened or deed.stale:
            continue
        if deed.client in last:
            yield last[deed.client], deed.name, "client"
        last[deed.client] = deed.name
        yield ("restart", deed.begun), deed.name, "restart"
        if deed.ended is not None:
            yield deed.name, ("restart", deed.ended + 1), "restart"
    numbers = sorted({deed.begun for deed in known.values()} | {deed.ended + 1 for deed in known.values() if deed.ended is not None})
    for before, after in zip(numbers, numbers[1:]):
        yield ("restart", before), ("restart", after), "restart"


def cycles(known, final):
    """A cycle of the graph, if there is one."""
    after, before, ways = defaultdict(set), defaultdict(set), {}
    for one, other, way in edges(known, final):
        after[one].add(other)
        before[other].add(one)
        ways.setdefault((one, other), way)
    # Takes away what nothing comes before, until only cycles and what comes after them are left.
    free = [node for node in list(after) if not before[node]]
    while free:
        gone = free.pop()
        for other in after[gone]:
            before[other].discard(gone)
            if not before[other]:
                free.append(other)
    left = {node for node, nodes in before.items() if nodes}
    if left:
        # Backwards there is always one more, so a node comes twice.
        path = [min(left, key=str)]
        while path[-1] not in path[:-1]:
            path.append(min((node for node in before[path[-1]] if node in left), key=str))
        path = path[path.index(path[-1]) :][::-1]
        yield "cycle: " + "; ".join(f"{one} {ways[one, other]} {other}" for one, other in zip(path, path[1:]))
