"""How long a session lives: 60 minutes without a request, 12 hours at most."""

import time

from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpResponse

LONGEST_SECONDS = 12 * 60 * 60
# The idle limit is SESSION_COOKIE_AGE, counted from the last save; saving once a minute is near enough.
SAVE_EVERY_SECONDS = 60
RECENT_SECONDS = 10 * 60


def begin(session) -> None:
    """Start the clock of a session that somebody just signed in to."""
    session["began_at"] = int(time.time())


def is_recent(session) -> bool:
    """Whether somebody signed in to this session in the last ten minutes."""
    return int(time.time()) - session.get("began_at", 0) <= RECENT_SECONDS


class SessionLimits:
    """Ends a session 12 hours after the sign-in, and keeps it alive while it is used; htmx is told that one ended."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        session = request.session
        if SESSION_KEY in session:
            now = int(time.time())
            if now - session.setdefault("began_at", now) >= LONGEST_SECONDS:
                logout(request)
            elif now - session.get("seen_at", 0) >= SAVE_EVERY_SECONDS:
                session["seen_at"] = now
        response = self.get_response(request)
        if "HX-Request" in request.headers and response.status_code == 302 and not request.user.is_authenticated:
            return HttpResponse(status=401)  # a part of a page asked: the sign-in page would end up inside it
        return response
