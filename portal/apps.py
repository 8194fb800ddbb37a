"""The project as an app, so that its checks load."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Calwarden"

    def ready(self):
        from . import celery, checks  # noqa: F401  (models and settings must be there first)
