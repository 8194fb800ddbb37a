"""Hands one notice to the mail server; what it does not take is tried again, later each time, and then shown."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage

from sharing.connect import identity
from sharing.models import Notice

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
# After the first failure, the second, …; after the last it is not tried again.
GAPS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720))
SMTP, LOOPBACK = "django.core.mail.backends.smtp.EmailBackend", ("localhost", "127.0.0.1", "::1")
# No answer is wanted from out-of-office assistants: RFC 3834, and what Exchange looks at.
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def send(*, notice: Notice, clock: Callable[[], datetime]) -> bool:
    """Send it if it is due and nobody else does; whether it was handed over. It may arrive twice, but is never lost."""
    if notice.sent_at or notice.over_at or not notice.claim(now=clock(), lease=LEASE):
        return False
    try:
        if may_leave():
            mail = EmailMessage(notice.subject, notice.body, to=[notice.address], headers=HEADERS)
            mail.send()
    except (OSError, ValueError) as error:  # smtplib's own are OSErrors; an address or a header it cannot write
        cause = f"{type(error).__name__} {getattr(error, 'smtp_code', '')}".strip()
        tries = notice.attempt
        again = clock() + GAPS[tries - 1] if tries <= len(GAPS) else None
        notice.let_go(due_at=again, cause=cause[:80])
        log.warning("mail was not taken", extra={"notice": notice.public_id, "cause": cause, "tries": tries})
        return False
    return notice.let_go(sent_at=clock(), cause="")


def may_leave() -> bool:
    """The sandbox's people have addresses at domains that are real: no server but this machine's gets their mail."""
    return not identity.is_sandbox() or settings.EMAIL_BACKEND != SMTP or settings.EMAIL_HOST in LOOPBACK
