"""Where the database of the tests is, for another process."""

from urllib.parse import quote

from django.db import connection


def database_url() -> str:
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    user = quote(at["USER"]) + (f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else "")
    return f"postgres://{user}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
