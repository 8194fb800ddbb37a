"""The database's own client; that it was opened is in the activity log."""

from django.core.management.commands.dbshell import Command as Django

from sharing.management.plain import Recorded


class Command(Recorded, Django):
    pass
