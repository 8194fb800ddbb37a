"""Django's shell; that it was opened is in the activity log."""

from django.core.management.commands.shell import Command as Django

from sharing.management.plain import Recorded


class Command(Recorded, Django):
    pass
