"""Serves the project on a port of 127.0.0.1, a thread for each request, until it is killed."""

import os
import socketserver
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application


class Threads(socketserver.ThreadingMixIn, WSGIServer):
    """A thread for each request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    def log_message(self, *_):
        pass


os.environ["DJANGO_SETTINGS_MODULE"] = "django_app.settings"
with make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), Threads, Quiet) as server:
    print("serving", server.server_port, flush=True)
    server.serve_forever()
