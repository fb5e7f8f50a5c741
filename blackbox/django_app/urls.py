"""Views over the cache and over the visitor's session; each answers with JSON once it has happened."""

import json

from django.core.cache import cache
from django.http import JsonResponse
from django.urls import path

CALLS = {
    "get": cache.get,
    "set": cache.set,
    "add": cache.add,
    "get_many": cache.get_many,
    "set_many": cache.set_many,
    "delete": cache.delete,
    "touch": cache.touch,
}


def call(request, name):
    """One method of Django's cache, with the arguments that were posted."""
    arguments = json.loads(request.body)
    return JsonResponse({"answer": CALLS[name](*arguments)})


def visit(request):
    """Counts the visits of this visitor, in the session."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    request.session.save()
    return JsonResponse({"answer": request.session["visits"]})


def visits(request):
    """How many there were."""
    return JsonResponse({"answer": request.session.get("visits", 0)})


urlpatterns = [path("cache/<str:name>", call), path("visit", visit), path("visits", visits)]
