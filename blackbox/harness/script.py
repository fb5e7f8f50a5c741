"""Scripts: what is said to a server and what it answers. The format: testdata/README.md.

Knows the format and how to hold one conversation; nothing of what a command means.
"""

import re
import time
from dataclasses import dataclass, field

from harness.resp import encoded

STEP = re.compile(r"([a-z]*)> (.*)")
ACTIONS = {
    "crash": re.compile(r""),
    "pass": re.compile(r"([1-9][0-9]{0,2}|1[0-9]{3}|2000)"),
    "resp": re.compile(r"[23]"),
    "ours": re.compile(r"\S.*"),
}
ANNOTATIONS = re.compile(r"differs: \S.*|like|unordered|unordered pairs")
NUMBERS = re.compile(r"( *[0-9]+[)~#>] )*")


class Malformed(Exception):
    """A script that breaks the format; says in which line and what to do."""


@dataclass
class Prose:
    """Text between the steps."""

    lines: list

    def render(self):
        """The lines in the file."""
        return self.lines


@dataclass
class Action:
    """`! VERB ARGUMENT`: something other than a command."""

    verb: str
    argument: str

    def render(self):
        """The lines in the file."""
        return [f"! {self.verb} {self.argument}".rstrip()]


@dataclass
class Step:
    """A command on a connection, and the reply that it must get."""

    number: int
    connection: str
    command: str
    annotations: list = field(default_factory=list)
    reply: list = field(default_factory=list)

    def render(self, reply=None):
        """The lines in the file, with another reply if one is given."""
        head = f"{self.connection}> {self.command}"
        return [head, *(f"~ {each}" for each in self.annotations), *(reply or self.reply)]

    def differs(self):
        """The heading under which a difference from other servers is documented, or None."""
        marker = "differs: "
        sections = [each.removeprefix(marker) for each in self.annotations if each.startswith(marker)]
        return sections[0] if sections else None

    def holds(self, reply):
        """Whether these lines are the expected reply, as the annotations take it."""
        expected = self.reply
        if "unordered" in self.annotations:
            expected, reply = in_order(expected, 1), in_order(reply, 1)
        if "unordered pairs" in self.annotations:
            expected, reply = in_order(expected, 2), in_order(reply, 2)
        if "like" in self.annotations:
            return len(expected) == len(reply) and all(map(is_like, expected, reply))
        return expected == reply


def in_order(lines, size):
    """The lines without their numbers, in groups of `size`, sorted."""
    plain = [NUMBERS.sub("", line, count=1) for line in lines]
    return sorted(plain[at : at + size] for at in range(0, len(plain), size))


def is_like(pattern, line):
    """Whether the line is the pattern, in which `*` stands for any text."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), line) is not None


def split_arguments(text):
    """The words of a command line as redis-cli takes them, as bytes; ValueError if unbalanced."""
    raw, at, words = text.encode(), 0, []
    while True:
        while at < len(raw) and raw[at : at + 1].isspace():
            at += 1
        if at == len(raw):
            return words
        word, quote = bytearray(), b""
        while True:
            char = raw[at : at + 1]
            if quote and not char:
                raise ValueError("a quote is not closed")
            if quote == b'"' and re.match(rb"\\x[0-9a-fA-F]{2}", raw[at : at + 4]):
                word.append(int(raw[at + 2 : at + 4], 16))
                at += 3
            elif quote == b'"' and char == b"\\" and at + 1 < len(raw):
                at += 1
                escape = raw[at : at + 1]
                word += {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}.get(escape, escape)
            elif quote == b"'" and raw[at : at + 2] == b"\\'":
                word += b"'"
                at += 1
            elif quote and char == quote:
                at += 1
                if at < len(raw) and not raw[at : at + 1].isspace():
                    raise ValueError("a closing quote is followed by more than a blank")
                break
            elif quote:
                word += char
            elif not char or char.isspace():
                break
            elif char in (b'"', b"'"):
                quote = char
            else:
                word += char
            at += 1
        words.append(bytes(word))


class Script:
    """A file of steps, actions and prose."""

    def __init__(self, text):
        self.blocks = []
        lines, number = [], 0
        for number, line in enumerate([*text.split("\n"), ""], 1):
            if line:
                lines.append(line)
            elif lines:
                self.blocks.append(self._block(lines, number - len(lines)))
                lines = []
        if not self.steps():
            raise Malformed("line 1: it has no step; a step begins with `> ` and a command")

    def steps(self):
        """Its steps, in order."""
        return [block for block in self.blocks if isinstance(block, Step)]

    def render(self, replies=None):
        """The text of the file, with other replies if a list with one for each step is given."""
        replies = iter(replies or [None] * len(self.steps()))
        blocks = (
            block.render(next(replies)) if isinstance(block, Step) else block.render()
            for block in self.blocks
        )
        return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"

    def _block(self, lines, number):
        step = STEP.fullmatch(lines[0])
        is_action = lines[0].startswith("!")
        for at, line in enumerate(lines[1:], number + 1):
            if STEP.fullmatch(line) or line.startswith("! "):
                raise Malformed(f"line {at}: leave an empty line before a step or an action")
        if step:
            return self._step(step, lines[1:], number)
        if is_action:
            return self._action(lines, number)
        if re.match(r"[a-z]*>|~", lines[0]):
            raise Malformed(f"line {number}: a step begins with `> ` and a command")
        return Prose(lines)

    @staticmethod
    def _step(match, rest, number):
        step = Step(number, match[1], match[2])
        try:
            words = split_arguments(step.command)
        except ValueError as error:
            raise Malformed(f"line {number}: {error}") from None
        if not words:
            raise Malformed(f"line {number}: there is no command")
        while rest and rest[0].startswith("~ "):
            annotation = rest.pop(0)[2:]
            if not ANNOTATIONS.fullmatch(annotation):
                raise Malformed(f"line {number}: there is no annotation `{annotation}`")
            step.annotations.append(annotation)
        if len(step.annotations) - bool(step.differs()) > 1:
            raise Malformed(f"line {number}: of like, unordered and unordered pairs, one at most")
        step.reply = rest
        return step

    def _action(self, lines, number):
        verb, _, argument = lines[0].removeprefix("! ").partition(" ")
        if len(lines) > 1 or verb not in ACTIONS or not ACTIONS[verb].fullmatch(argument):
            known = ", ".join(ACTIONS)
            raise Malformed(f"line {number}: an action is one line, `! VERB ARGUMENT`, of: {known}")
        if verb == "ours" and self.steps():
            raise Malformed(f"line {number}: `! ours` stands before the first step")
        return Action(verb, argument)


def converse(script, server):
    """Holds the conversation with a server and returns its replies, each as lines, one per step."""
    connections, version, replies = {}, "2", []

    def close_all():
        for connection in connections.values():
            connection.close()
        connections.clear()

    def connection(name):
        if name not in connections:
            connections[name] = server.connect()
            if version == "3":
                connections[name].call("HELLO", "3")
        return connections[name]

    try:
        for block in script.blocks:
            match block:
                case Step():
                    asked = connection(block.connection)
                    asked.send(encoded(*split_arguments(block.command)))
                    replies.append(asked.read().lines())
                case Action(verb="crash"):
                    close_all()
                    server.crash()
                case Action(verb="pass", argument=milliseconds):
                    time.sleep(int(milliseconds) / 1000)
                case Action(verb="resp", argument=version):
                    close_all()
    finally:
        close_all()
    return replies


def accepted(script, replies):
    """For each step the reply that the file should hold: the expected one if this one holds it."""
    pairs = zip(script.steps(), replies, strict=True)
    return [step.reply if step.holds(reply) else reply for step, reply in pairs]


def judged_by_oracle(script, replies):
    """What is wrong with the expected replies, given what another server answered."""
    wrong = []
    for step, reply in zip(script.steps(), replies, strict=True):
        same, section = step.holds(reply), step.differs()
        answered = "\n".join(f"    {line}" for line in reply)
        if section and same:
            wrong.append(f"line {step.number}: `differs: {section}`, and it does not: take that line out")
        elif not section and not same:
            wrong.append(
                f"line {step.number}: {step.command}\n  the other server answers\n{answered}\n"
                "  if that is meant, document it and name the heading in a line `~ differs: HEADING`"
            )
    return wrong
