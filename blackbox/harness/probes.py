"""What a server tells of itself over HTTP."""

import base64
import urllib.error
import urllib.request

from harness.server import HOST


def ask(server, path, method="GET", body=None, user=None, password=None):
    """Status, fields and body of an answer, whatever the status; asked by a user, if one is named."""
    request = urllib.request.Request(
        f"http://{HOST}:{server.ports['http']}{path}", method=method, data=body
    )
    if user is not None:
        shown = base64.b64encode(f"{user}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {shown}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers, answer.read().decode()


def metric(server, name):
    """The value of a metric that has one sample, whatever its label."""
    lines = ask(server, "/metrics")[2].splitlines()
    (value,) = [line.split()[-1] for line in lines if line.split("{")[0].split(" ")[0] == name]
    return float(value)
