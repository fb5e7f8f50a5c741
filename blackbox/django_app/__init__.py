"""A Django project whose cache and sessions live in the server under test, by way of django-redis.

    REDIS_URL=redis://127.0.0.1:6379/0 python -m django_app PORT
"""
