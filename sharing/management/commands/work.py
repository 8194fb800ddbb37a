"""Does what is due, on one machine and without a broker."""

import signal

from django.conf import settings
from django.core.management.base import CommandError

from sharing.management.plain import PlainCommand
from sharing.management.worker import Worker


class Command(PlainCommand):
    help = "Carry out changes and read calendars as they fall due, until stopped. With a broker, Celery does this."
    requires_system_checks = "__all__"
    source = str  # what it does was asked for by others

    def add_arguments(self, parser):
        parser.add_argument("--threads", type=int, default=4, help="one for changes, the others read (default: 4)")
        parser.add_argument("--once", action="store_true", help="do what is due now, and end")

    def handle(self, *, threads, once, **options):
        if threads < 2:
            raise CommandError("--threads is at least 2: one is kept for changes.")
        if settings.CELERY_BROKER_URL and not once:
            self.stderr.write("CELERY_BROKER_URL is set: Celery workers do the same; both together do no harm.")
        worker = Worker(threads=threads)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: worker.stop())
        if once:
            if failed := worker.run_once():
                raise CommandError(f"{failed} times something went wrong; the log says what.")
            self.stdout.write("Nothing is due any more.")
            return
        self.stdout.write("Working. Ctrl-C stops.")
        worker.run()
        self.stdout.write("Stopped.")
