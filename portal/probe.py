"""`python -m portal.probe`: exit code 0 where this machine's web process can work; for containers."""

import http.client
import os
import sys
from urllib.parse import urlsplit


def main(address: str = "127.0.0.1:8000") -> int:
    """Ask /readyz under the name people use, so that ALLOWED_HOSTS lets us in."""
    name = urlsplit(os.environ.get("PORTAL_URL", "http://localhost:8000")).netloc
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": name})
        answer = connection.getresponse()
        print(answer.read().decode())
    except (OSError, http.client.HTTPException) as error:
        print(error)
        return 1
    finally:
        connection.close()
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
