"""Makes a certificate for an app registration without a browser: nobody can sign in before there is one."""

from pathlib import Path

from django.core.management.base import CommandError
from django.utils.timezone import now as clock

from sharing.connect import certificates, credentials
from sharing.management.plain import PlainCommand, new_file, typed_by
from sharing.models import BOOKER, READER, WRITER, AppCredential
from sharing.words import credentials as said


class Command(PlainCommand):
    help = (
        "Make a certificate; its key stays in the database, sealed with TOKEN_KEYS, and the public part is written to "
        "a file, to be uploaded in Entra. With --try, ask Entra for a token with the one that is next, and use it."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", type=Path, help="the .cer file to write; never overwritten")
        apps = (READER, WRITER, BOOKER)
        parser.add_argument("--app", choices=apps, default=READER, help="the registration it is for")
        parser.add_argument("--try", action="store_true", dest="is_trial", help="try the one that is next")

    def handle(self, *, file, app, is_trial, **options):
        if is_trial == bool(file):
            raise CommandError("Name the .cer file to write, or say --try.")
        if is_trial:
            self._try(app)
        else:
            self._make(app, file)

    def _make(self, app, path):
        opened = new_file(path, mode=0o644)  # before there is a key whose public part nobody could get at
        try:
            with opened as file:
                row = self._next(app)
                file.write(certificates.public_part(row.certificate.encode()).der)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self.stdout.write(f"SHA-256 {row.thumbprint}, good until {row.expires_at:%Y-%m-%d}.")
        self.stdout.write(f"Wrote {path}: upload it in Entra under Certificates & secrets, then run this with --try.")

    def _next(self, app):
        """A new one, or the one that is next already: its file may have got lost, and there is no page yet."""
        try:
            return credentials.make_certificate(app=app, now=clock(), by=typed_by())
        except credentials.NotPossible:
            row = AppCredential.objects.filter(app=app, state=AppCredential.NEXT).exclude(certificate="").first()
        if row is None:
            raise CommandError("One is next already: try it with --try, or discard it on the page.")
        self.stdout.write(f"It was made before, on {row.made_at:%Y-%m-%d}, and is not in use yet.")
        return row

    def _try(self, app):
        row = AppCredential.objects.filter(app=app, state=AppCredential.NEXT).first()
        if row is None:
            raise CommandError("None is next: name the .cer file to write.")
        credentials.ask_trial(row=row, now=clock())
        row.refresh_from_db()
        credentials.tend(row=row, clock=clock)
        row.refresh_from_db()
        if row.state != AppCredential.CURRENT:
            raise CommandError(said.trial_sentence(row.cause))
        self.stdout.write(f"Entra gave a token: the {row.kind} {row.thumbprint[:8]} is in use now.")
