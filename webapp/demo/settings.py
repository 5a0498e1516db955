"""The demo's settings: what the environment leaves open is filled in, and one secret is kept in `var/`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).parent.parent.parent
VAR = ROOT / "var"
DATABASE = VAR / "demo.sqlite3"
MAILBOX = VAR / "mailbox"
PROGRAMME = Path(__file__).parent / "programme.toml"
HERE = ("127.0.0.1", "0.0.0.0", "::", "::1", "localhost")  # reached as "localhost" from this machine


def supplied(environ: Mapping[str, str], *, host: str, port: int) -> dict[str, str]:
    """The environment of the demo served at this place; what is set already stays as it is."""
    name = "localhost" if host in HERE else f"[{host}]" if ":" in host else host
    demo = {
        "MODE": "demo",
        "BASE_URL": f"http://{name}:{port}",
        "DATABASE_URL": f"sqlite:///{DATABASE}",
        "MAIL_URL": f"folder:{quote(str(MAILBOX))}",
        "MAIL_FROM": "Helvia Partners <partners@helvia.example>",
        "BRAND_NAME": "Helvia Partners",
        "OPERATOR_NAME": "Helvia SA",
        "OPERATOR_ADDRESS": "Rue du Simplon 12, 1006 Lausanne",
        "OPERATOR_EMAIL": "partners@helvia.example",
        "OPERATOR_COUNTRY": "CH",
        "PROGRAMME_FILE": str(PROGRAMME),
        "LOG_LEVEL": "WARNING",
    }
    found = {**demo, **{name: value for name, value in environ.items() if value.strip()}}
    if not found.get("SECRET_KEY"):
        found["SECRET_KEY"] = secret()
    return found


def secret(file: Path = VAR / "secret") -> str:
    """The demo's own key: made once, kept for its owner's eyes."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f".{file.name}.{os.getpid()}")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_hex(32))
        partial.rename(file)
    return file.read_text().strip()
