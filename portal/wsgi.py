"""The door for a WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

from .start import refuse_to_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = get_wsgi_application()
refuse_to_start()
