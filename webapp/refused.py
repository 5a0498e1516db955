"""The base of all domain refusals. Pure: the sentence is a message id, translated where it is shown."""

from __future__ import annotations


class Refused(Exception):
    """Something the rules do not allow. `sentence` is an English message id with named placeholders."""

    status = 409
    sentence = "This is not possible any more."

    def __init__(self, sentence: str | None = None, /, **values: object) -> None:
        self.sentence = sentence or type(self).sentence
        self.values = values
        super().__init__(self.sentence)


class Gone(Refused):
    """A thing that was there and is not any more (HTTP 410)."""

    status = 410


class TooMany(Refused):
    """A limit was reached (HTTP 429). `seconds` until it opens again."""

    status = 429
    sentence = "Too many attempts. Please wait a moment and try again."

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds
