"""Logs for the operator: one JSON object a line in production, plain lines elsewhere; UTC; no tokens."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

from flask import Flask

_TOKENS = re.compile(r"/(t|i|verify|reset|setup|stop)/[A-Za-z0-9_.-]{20,}")


def without_tokens(text: str) -> str:
    """Addresses of mailed links lose their secret part."""
    return _TOKENS.sub(r"/\1/…", text)


class JsonLines(logging.Formatter):
    """`{"at": …, "level": …, "logger": …, "message": …}`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_tokens(record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = without_tokens(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def init_app(app: Flask) -> None:
    """Sets the handler of the `webapp` loggers."""
    settings = app.config["SETTINGS"]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonLines()
        if settings.mode == "production"
        else logging.Formatter("%(levelname)s %(name)s: %(message)s")
    )
    logger = logging.getLogger("webapp")
    logger.handlers = [handler]
    logger.setLevel(settings.log_level)
    logger.propagate = settings.mode == "test"
