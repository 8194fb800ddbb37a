"""What Microsoft will call this portal when it asks for an approval, and what an administrator can compare."""

from dataclasses import dataclass

from django.conf import settings

from sharing.models import READER

from . import clients


@dataclass(frozen=True, slots=True)
class Publisher:
    """Our own side of an approval; `name` is empty where Microsoft has not verified who publishes the app.

    Microsoft says it on its own page, whatever stands here: this tells what to expect there.
    """

    name: str
    client_id: str
    host: str

    @property
    def is_verified(self) -> bool:
        return bool(self.name)


def publisher(app: str = READER) -> Publisher:
    """Who asks, as far as this installation says so: PUBLISHER_NAME is set by whoever verified it with Microsoft."""
    name = " ".join(str(getattr(settings, "PUBLISHER_NAME", "")).split())
    return Publisher(name, clients.client_id_of(app), settings.PORTAL_URL.partition("://")[2])
