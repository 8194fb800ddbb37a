"""Celery for many machines: workers answer bells, the database row stays the queue."""

import os

import django
from celery import Celery
from celery.signals import beat_init, worker_init

from .start import refuse_to_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("calwarden")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def check_first(**kwargs) -> None:
    """Workers and the clock start under the same checks as the pages."""
    django.setup()
    refuse_to_start()
