"""Light, dark or automatic: a cookie, set by a form, so that the server draws the right theme from the first byte."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

COOKIE = "calwarden-theme"
AUTO = "auto"
LABELS = {AUTO: "Automatic", "light": "Light", "dark": "Dark"}
A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    is_current: bool


def theme_of(request: HttpRequest) -> str:
    """The theme this browser asked for; automatic where it asked for none we know."""
    asked = request.COOKIES.get(COOKIE, AUTO)
    return asked if asked in LABELS else AUTO


def choices(request: HttpRequest) -> list[Choice]:
    current = theme_of(request)
    return [Choice(value, label, value == current) for value, label in LABELS.items()]


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the theme and go back to the page it was chosen on; open to everyone, signed in or not."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    asked = request.POST.get("theme", AUTO)
    if asked in LABELS:
        response.set_cookie(
            COOKIE,
            asked,
            max_age=A_YEAR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


@require_safe
def icon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this address of themselves wherever a page names no icon, /readyz for one."""
    return HttpResponseRedirect(static("logo.svg"))
