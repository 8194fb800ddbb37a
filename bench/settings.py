"""The portal's settings for a measurement: plain static files, nothing that debugging adds."""

import os

os.environ["DEBUG"] = "on"

from portal.settings import *  # noqa: F403

DEBUG = False
