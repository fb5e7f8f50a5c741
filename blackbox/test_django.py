"""A Django application with its cache and its sessions here, driven over HTTP while the server is killed.

The visitors know, of each key and of their session, what may be there: what they were last told, and
besides what they have sent since without an answer. After every restart the application must find one of
these.
"""

import http.client
import json
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.wait import until

pytestmark = [pytest.mark.timeout(300)]

BLACKBOX = Path(__file__).resolve().parent
VISITORS, KILLS = 4, 5


@pytest.fixture(name="application")
def _application(server):
    """The port of a Django process that uses the server."""
    url = f"redis://127.0.0.1:{server.ports['resp']}/0"
    with open(server.folder / "django.txt", "wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "django_app", "0"],
            cwd=BLACKBOX,
            env={**os.environ, "REDIS_URL": url},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
        )
    try:
        line = process.stdout.readline()
        assert line.startswith("serving "), (server.folder / "django.txt").read_text()
        yield int(line.split()[1])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Visitor(threading.Thread):
    """One visitor with a session, who uses the cache, one request after the other."""

    def __init__(self, number, port, seed):
        super().__init__(daemon=True)
        self.number = number
        self.port = port
        self.chance = random.Random(seed)
        self.cookie = None
        self.visits = {0}
        self.held = {}
        self.touched = set()
        self.sent = self.answered = self.unanswered = 0
        self.goes_on = True
        self.wrong = []

    def ask(self, path, arguments=()):
        """What the application answers, or None if it could not."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            fields = {"Cookie": self.cookie} if self.cookie else {}
            connection.request("POST", f"/{path}", json.dumps(arguments), fields)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                return None
            if cookie := answer.getheader("Set-Cookie"):
                self.cookie = cookie.split(";")[0]
            return json.loads(body)
        except ConnectionError:
            return None
        finally:
            connection.close()

    def run(self):
        """Until told to stop."""
        while self.goes_on:
            self.step(self.sent)

    def step(self, number):
        """A visit, or a change in the cache; keys and values are of this visitor alone."""
        self.sent += 1
        key = f"{self.number}:{self.chance.randrange(12)}"
        other = f"{self.number}:{self.chance.randrange(12)}"
        # A name, its arguments, what the keys hold afterwards, and the answer; absent is None.
        calls = [
            ("set", [key, number, 3600], {key: number}, True),
            ("set_many", [{key: number, other: number}, 3600], {key: number, other: number}, None),
            ("add", [f"{self.number}:new:{number}", number, 60], {f"{self.number}:new:{number}": number}, True),
            ("delete", [key], {key: None}, ...),
        ]
        choice = self.chance.randrange(len(calls) + 2)
        if choice < len(calls):
            answered = self.change(*calls[choice])
        elif choice == len(calls):
            answered = self.visit()
        else:
            answered = self.touch()
        self.answered += answered
        self.unanswered += not answered

    def change(self, name, arguments, after, expected):
        """One change of the cache."""
        for key, value in after.items():
            self.held.setdefault(key, {None}).add(value)
        reply = self.ask(f"cache/{name}", arguments)
        if reply is None:
            return False
        if expected is not ... and reply["answer"] != expected:
            self.wrong.append(f"{name} {arguments} answered {reply}, not {expected}")
        self.held.update((key, {value}) for key, value in after.items())
        return True

    def touch(self):
        """A longer life for a key that is surely there."""
        sure = [key for key, values in self.held.items() if ":new:" in key and None not in values]
        if not sure:
            return True
        key = self.chance.choice(sure)
        reply = self.ask("cache/touch", [key, 3600])
        if reply is None:
            return False
        if reply["answer"] is not True:
            self.wrong.append(f"touch {key} answered {reply}")
        self.touched.add(key)
        return True

    def visit(self):
        """One visit more in the session. The first one makes the session; its cookie may not arrive."""
        if self.cookie is None:
            self.visits = {0}
        may_be = self.visits | {visits + 1 for visits in self.visits}
        reply = self.ask("visit")
        if reply is None:
            self.visits = may_be
            return False
        if reply["answer"] - 1 not in self.visits:
            self.wrong.append(f"visit {reply['answer']} after one of {self.visits}")
        self.visits = {reply["answer"]}
        return True

    def check(self, server):
        """Compares what the application finds with what this visitor knows; returns how much was compared."""
        found = self.ask("cache/get_many", [list(self.held)])["answer"]
        for key, values in self.held.items():
            if found.get(key) not in values:
                self.wrong.append(f"{key} holds {found.get(key)}, not one of {values}")
            self.held[key] = {found.get(key)}
        for key in self.touched:
            if int(server.call("PTTL", f":1:{key}").value) < 600_000:
                self.wrong.append(f"{key} was touched, and ends too early")
        visits = self.ask("visits")["answer"]
        if self.cookie is not None and visits not in self.visits:
            self.wrong.append(f"the session holds {visits} visits, not one of {self.visits}")
        self.visits = {visits}
        return len(self.held)


def test_a_django_application_finds_every_answered_write_after_kills(server, application):
    """Cache and sessions, in the middle of traffic; the application runs on and finds its server again."""
    chance = random.Random(3)
    visitors = [Visitor(number, application, number) for number in range(VISITORS)]
    compared = 0
    for visitor in visitors:
        visitor.start()
    for _ in range(KILLS):
        goal = sum(visitor.answered for visitor in visitors) + chance.randrange(150, 400)
        until(lambda: sum(visitor.answered for visitor in visitors) >= goal, "answers", 60)
        before = sum(visitor.unanswered for visitor in visitors)
        server.kill()
        until(lambda: sum(visitor.unanswered for visitor in visitors) > before, "a request without an answer", 60)
        server.start()
        # The visitors stop, are asked what they know, and go on as others with their memory.
        for visitor in visitors:
            visitor.goes_on = False
            visitor.join()
            compared += visitor.check(server)
            assert not visitor.wrong, visitor.wrong
        visitors = [successor(visitor) for visitor in visitors]
    for visitor in visitors:
        visitor.goes_on = False
        visitor.join()
    answered, unanswered = (sum(getattr(each, name) for each in visitors) for name in ("answered", "unanswered"))
    touched, visits = (sum(len(each.touched) for each in visitors), [each.visits for each in visitors])
    print(f"\n{KILLS} kills, {answered} answered, {unanswered} not, {compared} compared, {touched} touched, visits {visits}")
    assert min(answered, unanswered, compared, touched) > 0
    assert all(min(each) > 1 for each in visits)


def successor(visitor):
    """A visitor who remembers what another knew, and goes on."""
    heir = Visitor(visitor.number, visitor.port, visitor.sent)
    for name in ("cookie", "visits", "held", "touched", "sent", "answered", "unanswered"):
        setattr(heir, name, getattr(visitor, name))
    heir.start()
    return heir


def test_the_visitors_notice_a_write_that_is_gone(server, application):
    """A tooth: a key, a session and the life of a key are changed behind their backs."""
    visitor = Visitor(0, application, 1)
    while not visitor.touched or visitor.cookie is None:
        visitor.step(visitor.sent)
    visitor.change("set", ["0:kept", 1, 3600], {"0:kept": 1}, True)
    assert visitor.check(server) > 0 and not visitor.wrong
    session = visitor.cookie.split("=")[1]
    server.call("DEL", ":1:0:kept", f":1:django.contrib.sessions.cache{session}")
    server.call("PEXPIRE", f":1:{min(visitor.touched)}", "60000")
    visitor.check(server)
    assert [kind for kind in ("0:kept holds None", "the session holds 0", "ends too early") if kind not in str(visitor.wrong)] == []
