"""What can go wrong between us and Microsoft, and what a caller should do about each.

GraphError                     anything below; `cause` is the short word a list or a change keeps
├── Throttled                  come back after `retry_after` seconds
├── Unreachable                no usable answer (timeout, reset, 5xx): read again later
├── Malformed                  an answer that cannot be trusted: unknown, never "nobody"
├── NotFound                   the object is not there; only a complete list proves that it ended
├── MailboxMissing             no mailbox that Graph can reach: note it, ask again another day
├── Denied                     Microsoft refused: do not repeat
│   ├── OutOfScope             a policy of the tenant keeps us out of this mailbox
│   └── ConsentMissing         the app lacks a permission or the tenant's consent: stop the run
├── Rejected                   the request itself was wrong: do not repeat
├── TokenRefused               a fresh token was refused too: stop the run
├── ResyncRequired             the delta link is too old: list everything again
├── IdRefused                  an id or a path of ours that must not leave: nothing was sent
└── SignInError                Entra gave no token: stop the run, show the sentence
    ├── CredentialRefused      wrong, expired or unregistered certificate or secret
    ├── GrantEnded             a person's own consent is over: stop, and ask that person
    └── TenantNotFound         no such tenant in this cloud
ConfigurationRefused           an address or a credential that this installation may not use
IdTokenRefused                 nobody is signed in with this ID token
"""


class GraphError(Exception):
    """An exchange with Microsoft that did not end well.

    `status` is the HTTP status (0: there was none), `code` Graph's or Entra's own code, `request_id` what Microsoft's
    support asks for. `message` is Microsoft's text: for logs, never for a page and never to decide by.
    `cause` is `code`, or a word of ours where there is none. `may_have_happened` is true where a write was sent
    and its effect is unknown: only reading back settles it.
    """

    word = "error"

    def __init__(
        self,
        message: str = "",
        *,
        status: int = 0,
        code: str = "",
        request_id: str = "",
        cause: str = "",
        may_have_happened: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.request_id = request_id
        self.cause = cause or code or self.word
        self.may_have_happened = may_have_happened

    def __str__(self) -> str:
        parts = [self.cause]
        if self.status:
            parts.append(f"HTTP {self.status}")
        if self.request_id:
            parts.append(f"request {self.request_id}")
        return f"{type(self).__name__}: {', '.join(parts)}"


class Throttled(GraphError):
    """Too many requests. Wait `retry_after` seconds (None: Microsoft did not say), then ask again; never sooner."""

    word = "throttled"

    def __init__(
        self,
        message: str = "",
        *,
        retry_after: float | None = None,
        status: int = 0,
        code: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, status=status, code=code, request_id=request_id, cause=self.word)
        self.retry_after = retry_after


class Unreachable(GraphError):
    """No usable answer: no connection, a time-out, a reset or a 5xx. A read may be repeated later.

    A write is repeated only after a read-back: see `may_have_happened`. `retry_after` is what a 5xx asked for.
    """

    word = "unreachable"
    retry_after: float | None = None


class Malformed(GraphError):
    """An answer that cannot be trusted.

    `cause` is one of `cut_off`, `loop`, `malformed`, `too_large`, `foreign_link`, `redirect`. What it would have said
    is unknown; nothing may be ended because of it.
    """

    word = "malformed"


class NotFound(GraphError):
    """404 for an object. By itself no proof: confirm against the complete list that should hold it."""

    word = "not_found"


class MailboxMissing(GraphError):
    """No mailbox that Graph can reach: unlicensed, on-premises, soft-deleted, inactive, or still being made."""

    word = "no_mailbox"


class Denied(GraphError):
    """Microsoft refused (403). Repeating does not help; another permission or scope would."""

    word = "denied"


class OutOfScope(Denied):
    """The tenant's own policy keeps this app out of this mailbox. Not an incident."""

    word = "out_of_scope"


class ConsentMissing(Denied):
    """The app holds too few permissions, or this tenant never consented. Stop the run and tell an admin."""

    word = "consent_missing"


class Rejected(GraphError):
    """The request was wrong (400 and kin). Do not repeat it unchanged."""

    word = "rejected"


class TokenRefused(GraphError):
    """401, and again with a fresh token. Stop the run; the tenant may be disconnected."""

    word = "token_refused"


class ResyncRequired(GraphError):
    """The delta link is no longer known. Throw it away and list everything."""

    word = "resync_required"


class IdRefused(GraphError):
    """An id or a path that must not be sent. Nothing left this machine."""

    word = "id_refused"


class SignInError(GraphError):
    """Entra gave no token for the app. Show the sentence; do not repeat before something was changed."""

    word = "sign_in"


class CredentialRefused(SignInError):
    """The certificate or secret is wrong, expired, unreadable or not registered for the app."""

    word = "credential_refused"


class GrantEnded(SignInError):
    """A person's refresh token is good no more: only that person can connect again. Nothing of theirs may be ended.

    `code` is Entra's AADSTS number with its prefix where it gave one.
    """

    word = "grant_ended"


class TenantNotFound(SignInError):
    """No tenant with this id in this cloud."""

    word = "tenant_not_found"


class ConfigurationRefused(Exception):
    """An address or setting that this installation may not use. The text says which and why."""

    cause = "configuration"


class IdTokenRefused(Exception):
    """The ID token is not proof of anybody. `cause` says which check failed; nobody may be signed in."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause
