"""The least that Flask does: the measure for everything else."""

from __future__ import annotations

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    """A line."""
    return "hello"


@app.get("/r/<tag>")
def on(tag: str) -> Response:
    """A redirect."""
    return redirect(f"{request.args['to']}?ref={tag}")
