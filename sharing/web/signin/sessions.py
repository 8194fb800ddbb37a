"""How long a session lives: 60 minutes without a request, 12 hours at most."""

import time
from datetime import datetime

from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpResponse

LONGEST_SECONDS = 12 * 60 * 60
# The idle limit is SESSION_COOKIE_AGE, counted from the last save; saving once a minute is near enough.
SAVE_EVERY_SECONDS = 60
RECENT_SECONDS = 10 * 60


def begin(session, authenticated_at: datetime | None, *, asked_fresh: bool = False) -> None:
    """Start the clock of a session that somebody just signed in to.

    `authenticated_at` is when they proved to Microsoft who they are, which may be hours ago: a browser that is signed
    in there is let in without a question. `asked_fresh` says that Microsoft was asked to ask again.
    """
    session["began_at"] = int(time.time())
    session["authenticated_at"] = int(authenticated_at.timestamp()) if authenticated_at else 0
    session["asked_fresh"] = asked_fresh


def is_recent(session) -> bool:
    """Whether Microsoft said that this person proved who they are in the last ten minutes; not known is no.

    A session from before this was kept counts from its own beginning.
    """
    return int(time.time()) - session.get("authenticated_at", session.get("began_at", 0)) <= RECENT_SECONDS


def is_unknown(session) -> bool:
    """Did Microsoft not say it?"""
    return session.get("authenticated_at") == 0


def was_asked_fresh(session) -> bool:
    """Did this session begin just now with Microsoft being asked to ask again?"""
    return bool(session.get("asked_fresh")) and int(time.time()) - session["began_at"] <= RECENT_SECONDS


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
