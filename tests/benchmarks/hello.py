"""The least that Flask does: the measure for everything else."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    """A line."""
    return "hello"
