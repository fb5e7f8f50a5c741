"""The harness's reading of scripts, held to testdata/README.md and to redis-cli."""

import subprocess

import pytest

from harness.resp import Reply
from harness.script import (
    Malformed,
    Script,
    accepted,
    converse,
    is_like,
    judged_by_oracle,
    split_arguments,
)
from harness.server import find

TEXT = """\
A title

Prose, also of
two lines.

> SET key "a b"
OK

other> GET key
~ differs: Blanks
~ like
"*b"

! pass 5

> HGETALL h
~ unordered pairs
1) "a"
2) "1"
3) "b"
4) "2"
"""


def test_a_script_is_rendered_as_it_was_read():
    """So that `--rewrite` changes replies and nothing else."""
    assert Script(TEXT).render() == TEXT


def test_rewriting_changes_only_the_replies_that_do_not_hold():
    """A pattern and an order that hold stay as they were written."""
    script = Script(TEXT)
    order = ['1) "b"', '2) "2"', '3) "a"', '4) "1"']
    same = accepted(script, [["OK"], ['"a b"'], order])
    assert script.render(same) == TEXT
    changed = accepted(script, [["OK"], ['"a c"'], order])
    assert script.render(changed) == TEXT.replace('"*b"', '"a c"')


def test_order_does_not_matter_where_it_is_said_not_to():
    """Also within an array of arrays, as SCAN answers; but every element does."""
    step = Script('> SCAN 0\n~ unordered\n1) "0"\n2) 1) "a"\n   2) "b"\n').steps()[0]
    assert step.holds(['1) "0"', '2) 1) "b"', '   2) "a"'])
    assert not step.holds(['1) "0"', '2) 1) "b"', '   2) "b"'])
    assert not step.holds(['1) "0"', '2) 1) "b"'])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Prose alone.\n", "line 1: it has no step"),
        ("> GET k\n> GET l\n", "line 2: leave an empty line"),
        ("Prose\n> GET k\n", "line 2: leave an empty line"),
        ("> GET k\n(nil)\n! crash\n", "line 3: leave an empty line"),
        (">GET k\n", "line 1: a step begins with"),
        ("~ like\n> GET k\n", "line 2: leave an empty line"),
        ('> GET "k\n', "line 1: a quote is not closed"),
        ('> GET "k"l\n', "line 1: a closing quote"),
        (">  \n", "line 1: there is no command"),
        ("> GET k\n~ alike\n", "line 1: there is no annotation `alike`"),
        ("> GET k\n~ like\n~ unordered\n", "line 1: of like, unordered"),
        ("> GET k\n(nil)\n\n! explode\n", "line 4: an action is one line"),
        ("> GET k\n(nil)\n\n! pass 3000\n", "line 4: an action is one line"),
        ("> GET k\n(nil)\n\n! ours because\n", "line 4: `! ours` stands before"),
    ],
)
def test_a_malformed_script_is_refused_with_its_line(text, complaint):
    """Instead of a step that is taken for prose and never runs."""
    with pytest.raises(Malformed, match="^" + complaint):
        Script(text)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("SET k v", [b"SET", b"k", b"v"]),
        ("  SET\t k ", [b"SET", b"k"]),
        (r'"a\x00\xFFb" "\n\r\t\b\a\"\\\q"', [b"a\x00\xffb", b'\n\r\t\b\a"\\q']),
        (r"'a\'b\n' ''", [b"a'b\\n", b""]),
        ('ke"y x"', [b"key x"]),
        ("\u00e9", [b"\xc3\xa9"]),
        (r"a\n", [rb"a\n"]),
        (r'"\xg1"', [b"xg1"]),
    ],
)
def test_words_are_split_as_redis_cli_splits_them(line, words):
    """Quotes, escapes, and what is none."""
    assert split_arguments(line) == words


@pytest.mark.parametrize(
    ("pattern", "line", "holds"),
    [("*", "", True), ("a*c", "abc", True), ("a*c", "abd", False), ("a.c", "abc", False), ("", "x", False)],
)
def test_a_star_stands_for_any_text(pattern, line, holds):
    """And every other character for itself."""
    assert is_like(pattern, line) == holds


@pytest.mark.parametrize(
    ("reply", "lines"),
    [
        (Reply("+", b"OK"), ["OK"]),
        (Reply("-", b"ERR no"), ["(error) ERR no"]),
        (Reply(":", b"-7"), ["(integer) -7"]),
        (Reply("$", b'a"\\\n\r\t\a\b\x00\xff'), [r'"a\"\\\n\r\t\a\b\x00\xff"']),
        (Reply("$", None), ["(nil)"]),
        (Reply("_", None), ["(nil)"]),
        (Reply("*", None), ["(nil array)"]),
        (Reply("*", []), ["(empty array)"]),
        (Reply("~", []), ["(empty set)"]),
        (Reply("%", []), ["(empty hash)"]),
        (Reply(",", b"1.5"), ["(double) 1.5"]),
        (Reply("#", b"t"), ["(true)"]),
        (Reply("#", b"f"), ["(false)"]),
        (Reply("(", b"12"), ["(big number) 12"]),
        (Reply("=", b"txt:a\n"), [r'(verbatim txt) "a\n"']),
        (Reply("~", [Reply(":", b"1")]), ["1~ (integer) 1"]),
        (Reply(">", [Reply("$", b"m")]), ['1> "m"']),
        (Reply("%", [Reply("$", b"k"), Reply(":", b"1")]), ['1# "k" => (integer) 1']),
        (
            Reply("*", [Reply("*", [Reply(":", b"1"), Reply(":", b"2")]), Reply("*", [])]),
            ["1) 1) (integer) 1", "   2) (integer) 2", "2) (empty array)"],
        ),
        (
            Reply("*", [Reply(":", b"0")] * 10),
            [f"{number:>2}) (integer) 0" for number in range(1, 11)],
        ),
    ],
)
def test_each_kind_of_reply_has_its_text(reply, lines):
    """As testdata/README.md lists them."""
    assert reply.lines() == lines


@pytest.mark.skipif(find("redis-cli") is None, reason="redis-cli is not installed")
@pytest.mark.parametrize("protocol", ["-2", "-3"])
def test_replies_are_shown_as_redis_cli_shows_them(oracle, protocol):
    """Where the two agree by definition."""
    with oracle.connect() as connection:
        if protocol == "-3":
            connection.call("HELLO", "3")
        connection.call("RPUSH", "list", *(b'%d"\n\x00\xff' % number for number in range(11)))
        connection.call("HSET", "hash", "field", "value")
        connection.call("SADD", "set", "member")
        connection.call("ZADD", "scores", "1.5", "a", "2", "b")
        for line in (
            "PING",
            "GET absent",
            "GET list",
            "LRANGE list 0 -1",
            "HGETALL hash",
            "SMEMBERS set",
            "SMEMBERS absent",
            "LRANGE absent 0 -1",
            "HGETALL absent",
            "ZSCORE scores a",
            "ZRANGE scores 0 -1 WITHSCORES",
            "COMMAND GETKEYS MSET a b c d",
            "STRLEN list",
            "DEBUG NOSUCH",
        ):
            cli = subprocess.run(
                ["redis-cli", "-p", str(oracle.ports["resp"]), protocol, "--no-raw", *line.split()],
                capture_output=True,
                text=True,
                check=True,
            )
            ours = connection.call(*split_arguments(line)).lines()
            assert ours == cli.stdout.rstrip("\n").split("\n"), line


def test_a_reply_that_differs_from_the_script_is_told(oracle):
    """The whole way: a real server, a script that is wrong about it."""
    right = "> SET k v\nOK\n\n! resp 3\n\n> GET absent\n(nil)\n\n! crash\n\n> GET k\n\"v\"\n"
    assert (script := Script(right)).render(accepted(script, converse(script, oracle))) == right
    wrong = right.replace('"v"', '"w"')
    assert (script := Script(wrong)).render(accepted(script, converse(script, oracle))) == right


def test_a_difference_must_be_named_and_a_name_must_be_needed():
    """An undocumented difference fails, and so does a stale annotation."""
    script = Script("> A\nOK\n\n> B\nOK\n\n> C\n~ differs: X\nOK\n\n> D\n~ differs: X\nOK\n")
    wrong = judged_by_oracle(script, [["OK"], ["NO"], ["NO"], ["OK"]])
    assert [line.split(":")[0] for line in wrong] == ["line 4", "line 11"]
