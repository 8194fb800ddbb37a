"""The one app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SharingConfig(AppConfig):
    name = "sharing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from .audit import syslog  # models are there only now
        from .models import audit, triggers

        post_migrate.connect(triggers.make, sender=self)
        audit.streams[:] = [syslog.stream]
