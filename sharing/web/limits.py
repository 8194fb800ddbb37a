"""How often the same person, or the same address, may ask for what costs most; counted by the minute."""

import logging
import time
from collections.abc import Callable
from functools import wraps
from ipaddress import IPv6Network
from typing import TypeVar

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from redis.exceptions import RedisError

MINUTE = 60
NETWORK = 64  # bits; no provider gives away less
# Far above what people do: a whole office that signs in from one address, somebody who tidies up a long list, lists
# that are searched again and again, somebody who presses "Check now" again and again,
# who looks for times, or has a page open that asks every three seconds what became of a meeting.
MOST = {"signin": 600, "saving": 120, "exports": 30, "search": 240, "asking": 30, "meetings": 90, "probing": 10}

_log = logging.getLogger(__name__)

Answer = TypeVar("Answer", bound=HttpResponseBase)
View = Callable[..., Answer]


def limited(
    name: str, *, methods: tuple[str, ...] = ("POST",), field: str = ""
) -> Callable[[View[Answer]], View[Answer | HttpResponse]]:
    """A view that answers 429 with Retry-After once MOST[name] requests by one of `methods` came within a minute.

    A HEAD does what a GET does, and counts as one.

    With `field`, only requests count whose address says something there.
    """

    def decorate(view: View[Answer]) -> View[Answer | HttpResponse]:
        @wraps(view)
        def counted(request: HttpRequest, *args: object, **kwargs: object) -> Answer | HttpResponse:
            method = "GET" if request.method == "HEAD" else request.method
            counts = method in methods and (not field or request.GET.get(field, "").strip())
            wait = _wait(name, _who(request)) if counts else 0
            if not wait:
                return view(request, *args, **kwargs)
            _log.warning("asked too often: %s", name)
            refused = render(request, "429.html", {"wait": wait}, status=429)
            refused["Retry-After"] = str(wait)
            return refused

        return counted

    return decorate


searched = limited("search", methods=("GET", "POST"), field="q")
asking = limited("asking")  # for a reading, or a test, that goes to Microsoft


def _wait(name: str, who: str) -> int:
    """Counts one request; the seconds until another is let through, 0 where this one is."""
    now = int(time.time())
    key = f"limit:{name}:{who}:{now // MINUTE}"
    try:
        cache.add(key, 0, 2 * MINUTE)
        count = cache.incr(key)
    except (RedisError, ValueError) as error:  # no answer, or pushed out meanwhile: never in the way of people
        _log.warning("requests are not counted: %s", type(error).__name__)
        return 0
    return MINUTE - now % MINUTE if count > MOST[name] else 0


def _who(request: HttpRequest) -> str:
    """The person, or else the address that asks, as the middleware found it behind proxies that are trusted.

    Of version 6 the network: whoever has one of its addresses mostly has all of them.
    """
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    text = request.META["REMOTE_ADDR"]
    try:
        return f"network:{IPv6Network((text, NETWORK), strict=False)}"
    except ValueError:
        return f"address:{text}"
