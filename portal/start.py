"""No process starts on settings that would do harm."""

import sys

from django.core.checks import ERROR, Tags, run_checks
from django.db import connections


def refuse_to_start() -> None:
    """End this process where a check finds an error; for web and workers, which no command checked before."""
    found = run_checks(tags=[Tags.security, Tags.database], databases=["default"])
    connections.close_all()  # a web server forks after this
    errors = [str(message) for message in found if message.is_serious(ERROR)]
    if errors:
        # The real one: Celery puts a logger in the place of sys.stderr.
        print("Calwarden does not start:", *errors, sep="\n", file=sys.__stderr__, flush=True)
        sys.exit(1)
