"""Whatever a request asked of Microsoft is counted when it ends: no task ends here that would."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from sharing.connect import calls


def counted(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware; a request that asked nothing takes no query for it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            return get_response(request)
        finally:
            calls.flush(timezone.now())

    return middleware
