"""The arguments that COMMAND DOCS tells of, beside those of another server: redis-cli makes its hints of them."""

import redis

# Where fewer are told, because fewer are taken: docs/protocols/redis.md, COMMAND.
FEWER = {"bgsave", "client|kill", "client|list", "hscan", "set"}


def docs_of(server):
    """What COMMAND DOCS answers, by full name of command or subcommand."""
    client = redis.Redis(host=server.address[0], port=server.address[1], protocol=3)
    client.response_callbacks.clear()
    found = {}

    def note(commands):
        for name, doc in entries(commands):
            found[name.decode()] = doc = dict(entries(doc))
            note(doc.get(b"subcommands", {}))

    note(client.execute_command("COMMAND", "DOCS"))
    return found


def entries(reply):
    """The entries of a map, as the client reads it."""
    return reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)


def shape(arguments):
    """Arguments without what depends on the version, and on how keys are found."""
    shapes = []
    for argument in arguments:
        argument = dict(entries(argument))
        flags = {flag.decode() for flag in argument.get(b"flags", [])}
        texts = [argument.get(field) for field in (b"name", b"type", b"token")]
        shapes.append((*texts, sorted(flags), shape(argument.get(b"arguments", []))))
    return shapes


def test_arguments_are_told_as_another_server_tells_them(server, oracle):
    """Name, type, word, flags and groups of each; and only where we say so are there fewer."""
    ours, theirs = docs_of(server), docs_of(oracle)
    shared = ours.keys() & theirs.keys()
    assert len(shared) > 100
    arguments = {
        name: (shape(ours[name].get(b"arguments", [])), shape(theirs[name].get(b"arguments", []))) for name in shared
    }
    assert {name for name, (mine, other) in arguments.items() if mine != other} == FEWER
    told = [name for name, doc in ours.items() if b"arguments" in doc]
    assert len(told) > 90
    assert "topic.produce" in told, "our own commands tell of theirs"
