"""`python -m sandbox`: the pretend Microsoft 365 on a port of this machine."""

import argparse
import signal
import sys
from pathlib import Path

from sandbox.cast import CONTOSO, FABRIKAM
from sandbox.cloud import Cloud
from sandbox.server import Server

TENANTS = {"contoso.com": CONTOSO, "fabrikam.com": FABRIKAM}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A pretend Microsoft 365 for development and tests. It listens on 127.0.0.1 only.",
    )
    parser.add_argument("--port", type=int, default=8010, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--mailboxes", type=int, default=0, metavar="N", help="so many generated people in Contoso")
    parser.add_argument(
        "--certificate",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.pem",
        help="a certificate the portal may sign in with; may be repeated",
    )
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the world in this file, and go on from it")
    parser.add_argument(
        "--consented",
        action="append",
        metavar="DOMAIN",
        help="a tenant that consented to the portal's app before it all began; may be repeated (default: contoso.com)",
    )
    asked = parser.parse_args()
    try:
        certificates = [file.read_bytes() for file in asked.certificate]
        domains = asked.consented or ["contoso.com"]
        if unknown := set(domains) - TENANTS.keys():
            raise ValueError(f"there is no tenant {unknown.pop()!r}; there are {', '.join(TENANTS)}.")
        cloud = Cloud(
            mailboxes=asked.mailboxes,
            certificates=certificates,
            state_file=asked.state,
            consented=[TENANTS[domain] for domain in domains],
        )
        server = Server(cloud, asked.port)
    except (OSError, ValueError, OverflowError) as wrong:
        print(f"The sandbox cannot start: {wrong}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    people = sum(len(tenant.users) for tenant in cloud.state.tenants.values())
    names = " and ".join(tenant.name for tenant in cloud.state.tenants.values())
    print(f"Sandbox ready at {server.origin}: {names}, {people} people. Ctrl-C stops it.", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
