"""Sessions in the cache, as Django has them; but a cache that cannot be reached is an error. Django's own begin a new
session then, and so forget the visitor, whatever the cache holds."""

from django.contrib.sessions.backends import cache


class SessionStore(cache.SessionStore):
    """One visitor's session."""

    def load(self):
        """What is held of it; nothing, under a new key, where nothing is held."""
        held = self._cache.get(self.cache_key)
        if held is None:
            self._session_key = None
        return held or {}
