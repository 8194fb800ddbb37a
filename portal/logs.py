"""One event, one line of JSON, without anything that opens a door."""

import json
import logging
import re
from datetime import UTC, datetime

# Fields that other modules may give with `extra=`.
EXTRAS = ("tenant_id", "run_id", "shard_id", "change_id", "request_id", "task", "row", "cause")

_SECRETS = [
    (re.compile(r"(/activate/)[^\s\"']+"), r"\1[cut]"),
    (re.compile(r"(/callback/?)\?[^\s\"']*"), r"\1?[cut]"),
    (re.compile(r"(?i)(authorization\W{1,4}(?:bearer|basic)?\s*)[^\s\"',}]+"), r"\1[cut]"),
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]+"), r"\1[cut]"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "[cut]"),
    (
        re.compile(
            r"(?i)(?:\b|(?<=%3f)|(?<=%26))(code|state|nonce|client_secret|client_assertion|code_verifier|password|"
            r"(?:access|refresh|id)_token|session_state)(=|%3d|[\"']?:\s*[\"'])[^&\s\"']+"
        ),
        r"\1\2[cut]",
    ),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL), "[cut]"),
]


def without_secrets(text: str) -> str:
    """`text` with tokens, keys and the query strings of callbacks cut out."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class JsonLines(logging.Formatter):
    """Names and texts from outside cannot forge a line: JSON escapes every line end, U+2028 included."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        line |= {name: str(getattr(record, name)) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line)
