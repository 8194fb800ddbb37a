"""An owner's pages tell the time as the owner's mailbox does."""

from collections.abc import Callable
from datetime import UTC
from functools import wraps

from django.http import HttpResponse
from django.utils import timezone

from sharing import access, words


def in_own_zone(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Every moment that `view` draws is in the person's own time zone; `request.zone` says which that is."""

    @wraps(view)
    def in_zone(request, *args, **kwargs):
        zone = words.zone_of(access.zone_name_of(request.user))
        request.zone = words.zone_words(zone)
        with timezone.override(zone or UTC):
            return view(request, *args, **kwargs)

    return in_zone
