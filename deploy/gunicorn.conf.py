"""The web server: threads, because pages wait for the database; logs without query strings."""

import os

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
worker_class = "gthread"
threads = 8
timeout = 30
preload_app = True  # settings that are refused end the server, not one worker after the other
forwarded_allow_ips = ""  # TRUSTED_PROXIES alone says whose forwarded headers count
control_socket_disable = True  # it would want a folder in a home
accesslog = "-"
# U is the path without its query string: callbacks carry codes there.
access_log_format = (
    '{"level": "info", "logger": "access", "method": "%(m)s", "path": "%(U)s", "status": %(s)s, "ms": %(M)s}'
)
