"""What the apps prove themselves with to Microsoft: where it comes from, when it ends, and how it is replaced."""

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import wraps
from typing import Any

from django import forms
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sharing import access, tasks
from sharing.connect import certificates, clients, credentials
from sharing.models import AppCredential
from sharing.web.asked import Asked
from sharing.web.signin.again import Page, signed_in_lately
from sharing.words import credentials as said

SOURCES = {
    clients.FILE: "The file that {certificate} names. It is used before anything that is kept here.",
    clients.KEPT: "Kept here: the key is sealed with TOKEN_KEYS and never shown.",
    clients.SECRET: "The client secret in {secret}. Only Entra knows when it ends; a certificate is safer.",
    clients.NOTHING: "Nowhere yet. Make a certificate here, or name a file in {certificate}.",
}
STALE = "Somebody was faster: look again at what is in use now."


@dataclass(frozen=True, slots=True)
class Kept:
    """A credential that is kept here, as the page shows it."""

    row: AppCredential
    public: certificates.PublicPart | None

    @property
    def state(self) -> tuple[str, str, str]:
        return said.STATES[self.row.state]

    @property
    def kind(self) -> str:
        return said.KINDS[self.row.kind]

    @property
    def thumbprints(self) -> list[tuple[str, str]]:
        return _thumbprints(self.public)

    @property
    def is_tried(self) -> bool:
        return self.row.state == AppCredential.NEXT and self.row.due_at is not None

    @property
    def trial(self) -> str:
        return said.trial_sentence(self.row.cause) if self.row.cause and not self.is_tried else ""


def act(view: Page) -> Page:
    """For admins of the whole installation who signed in lately."""
    lately = signed_in_lately("setup:credentials")(view)

    @wraps(view)
    def page(request: Asked, *args: Any, **kwargs: Any) -> HttpResponseBase:
        access.app_credentials(request.user)
        return lately(request, *args, **kwargs)

    return page


@require_safe
def credentials_page(request: Asked) -> HttpResponse:
    return _page(request)


def _page(request: Asked, *, refusal: str = "") -> HttpResponse:
    kept = [_kept(row) for row in access.app_credentials(request.user).exclude(state=AppCredential.RETIRED)]
    return render(request, "setup/credentials.html", {
        "title": "Credentials",
        "lead": "What Calwarden proves itself with to Microsoft, for every organization alike.",
        "apps": [_app(app, [each for each in kept if each.row.app == app]) for app in credentials.apps()],
        "is_tried": any(each.is_tried for each in kept),
        "steps": said.UPLOAD,
        "refusal": refusal,
    }, status=409 if refusal else 200)  # fmt: skip


def _app(app: str, kept: list[Kept]) -> dict[str, Any]:
    """One registration: what it uses now, and what else is kept for it."""
    used, registration = credentials.in_force(app), clients.REGISTRATIONS[app]
    ending = next((each for each in credentials.expiring(timezone.now()) if each.app == app), None)
    states = {each.row.state for each in kept}
    return {
        "app": app,
        "title": said.APPS[app],
        "use": said.USES[app],
        "client_id": clients.client_id_of(app),
        "client_id_setting": registration.client_id,
        "source": SOURCES[used.source].format(certificate=registration.certificate, secret=registration.secret),
        "is_kept": used.source == clients.KEPT,
        "used": used,
        "thumbprints": [] if used.row else _thumbprints(used.public),
        "ending": said.ends(ending.expires_at, ending.days, app) if ending else None,
        "is_over": ending is not None and not ending.days,
        "kept": kept,
        "wins": registration.certificate if used.source == clients.FILE else "",
        "may_make": AppCredential.NEXT not in states,
        "may_go_back": AppCredential.NEXT not in states,
    }


def _kept(row: AppCredential) -> Kept:
    return Kept(row, certificates.public_part(row.certificate.encode()) if row.certificate else None)


def _thumbprints(public: certificates.PublicPart | None) -> list[tuple[str, str]]:
    if public is None:
        return []
    return [
        ("Thumbprint", said.thumbprint(public.entra_thumbprint)),
        ("SHA-256", said.thumbprint(public.thumbprint)),
    ]


@require_safe
def credentials_progress(request: Asked) -> HttpResponse:
    """Asked every 2 seconds while one is tried; once it is over, the page is loaded anew."""
    tried = access.app_credentials(request.user).filter(state=AppCredential.NEXT, due_at__isnull=False)
    is_tried = tried.exists()
    response = render(request, "setup/parts/credential_tried.html", {"is_tried": is_tried})
    if not is_tried:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@act
def make_certificate(request: Asked) -> HttpResponse:
    try:
        credentials.make_certificate(app=_asked_app(request.POST), now=timezone.now(), by=request.user.username)
    except credentials.NotPossible:
        return _page(request, refusal=STALE)
    return redirect("setup:credentials")


def _asked_app(query: Any) -> str:
    app = query.get("app", "")
    if app not in credentials.apps():
        raise Http404
    return str(app)


@require_safe
def certificate(request: Asked, public_id: str) -> HttpResponse:
    """The public part as a file: DER, or PEM where that is asked for."""
    row = _one(request, public_id)
    if not row.certificate:
        raise Http404
    public, name = certificates.public_part(row.certificate.encode()), f"calwarden-{row.app}-{row.thumbprint[:8]}"
    if request.GET.get("format") == "pem":
        body, kind, ending = public.pem.encode(), "application/x-pem-file", "pem"
    else:
        body, kind, ending = public.der, "application/pkix-cert", "cer"
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return response


def _one(request: Asked, public_id: str) -> AppCredential:
    row = access.app_credentials(request.user).filter(public_id=public_id).first()
    if row is None:
        raise Http404
    return row


@require_POST
@act
def try_credential(request: Asked, public_id: str) -> HttpResponse:
    """A worker asks Entra for a token with it; this page only says that it should."""
    row = _one(request, public_id)
    try:
        credentials.ask_trial(row=row, now=timezone.now())
    except credentials.NotPossible:
        return _page(request, refusal=STALE)
    tasks.ring(tasks.tend_credential, row.pk)
    return redirect("setup:credentials")


@require_POST
@act
def use_again(request: Asked, public_id: str) -> HttpResponse:
    try:
        credentials.go_back(row=_one(request, public_id), now=timezone.now(), by=request.user.username)
    except credentials.NotPossible:
        return _page(request, refusal=STALE)
    return redirect("setup:credentials")


@require_http_methods(["GET", "HEAD", "POST"])
@act
def erase_credential(request: Asked, public_id: str) -> HttpResponse:
    row = _one(request, public_id)
    if request.method == "POST":
        try:
            credentials.erase(row=row, now=timezone.now(), by=request.user.username)
        except credentials.NotPossible:
            return _page(request, refusal=STALE)
        return redirect("setup:credentials")
    return render(request, "setup/credential_erase.html", {
        "title": "Discard it?" if row.state == AppCredential.NEXT else "Erase this key?",
        "kept": _kept(row),
        "app": said.APPS[row.app],
        "is_next": row.state == AppCredential.NEXT,
        "back": reverse("setup:credentials"),
    })  # fmt: skip


class SecretForm(forms.Form):
    app = forms.CharField(widget=forms.HiddenInput)
    secret = forms.CharField(
        label="Client secret", min_length=8, max_length=500, widget=forms.PasswordInput,
        help_text="Its value, not its id. Entra shows the value once, right after it was made.",
    )  # fmt: skip
    ends_on = forms.DateField(
        label="Ends on", widget=forms.DateInput(attrs={"type": "date"}),
        help_text="As Entra says. Calwarden warns 30, 14, 7 and 1 days before.",
    )  # fmt: skip
    is_chosen = forms.BooleanField(label="I know that a certificate is safer, and use a secret all the same")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("secret", "ends_on"):
            self.fields[name].widget.attrs |= {"class": "form-control", "autocomplete": "off"}
        self.fields["is_chosen"].widget.attrs |= {"class": "form-check-input"}

    def clean_app(self) -> str:
        if self.cleaned_data["app"] not in credentials.apps():
            raise forms.ValidationError("There is no such registration.")
        return str(self.cleaned_data["app"])

    def clean_ends_on(self) -> date:
        ends_on: date = self.cleaned_data["ends_on"]
        if ends_on <= timezone.localdate():
            raise forms.ValidationError("It has ended: make a new one in Entra.")
        return ends_on


@require_http_methods(["GET", "HEAD", "POST"])
@act
def client_secret(request: Asked) -> HttpResponse:
    """The less safe way, behind a page that says why."""
    is_sent = request.method == "POST"
    form = SecretForm(request.POST if is_sent else None, initial={"app": request.GET.get("app", credentials.READER)})
    if is_sent and form.is_valid():
        given = form.cleaned_data
        ends_at = timezone.make_aware(datetime.combine(given["ends_on"], time.min))
        try:
            credentials.keep_secret(
                app=given["app"], secret=given["secret"], expires_at=ends_at, now=timezone.now(),
                by=request.user.username,
            )  # fmt: skip
        except credentials.NotPossible:
            return _page(request, refusal=STALE)
        return redirect("setup:credentials")
    return render(request, "setup/client_secret.html", {
        "title": "Use a client secret",
        "form": form,
        "why": said.WHY_CERTIFICATE,
        "back": reverse("setup:credentials"),
    }, status=422 if form.errors else 200)  # fmt: skip
