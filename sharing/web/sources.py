"""Where a request comes from, for whatever the activity log keeps of it; and who asked for what is not theirs."""

from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.crypto import salted_hmac

from sharing.models import AuditEvent, coming_from

DENIED, DENIED_SECONDS = "access.denied", 60 * 60


class Sources:
    """Notes address and session with every event, and the pages a person asked for in vain, each once an hour.

    What is forbidden looks like what is missing, so both are noted. It stands below whatever knows who asks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with coming_from(lambda: source_of(request)):
            response = self.get_response(request)
            if response.status_code == 404 and request.user.is_authenticated:
                _note(request)
        return response


def source_of(request: HttpRequest) -> str:
    """The address that asked, and which of our sessions: a hash, from which nobody gets the session back."""
    address, key = request.META.get("REMOTE_ADDR", ""), request.session.session_key
    session = salted_hmac("calwarden.source", key, algorithm="sha256").hexdigest()[:16] if key else ""
    return f"{address} {session}".strip()


def _note(request: HttpRequest) -> None:
    """An address that leads nowhere, or to everybody, is nobody's to be kept from."""
    match, user = request.resolver_match, request.user
    if match is None or not getattr(match.func, "login_required", True):
        return
    if cache.add(f"denied:{user.pk}:{match.view_name}", True, timeout=DENIED_SECONDS):
        AuditEvent.objects.record(
            now=timezone.now(), verb=DENIED, tenant=user.tenant, actor=user,  # type: ignore[union-attr, arg-type]
            subject={"page": match.view_name, "method": request.method or ""}, outcome="not_found",
        )  # fmt: skip
