"""Lists in pages, and what is searched for in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from webapp.extensions import db

PER_PAGE = 25

Row = TypeVar("Row")
Asked = TypeVar("Asked", bound="sa.Select[*tuple[Any, ...]]")


@dataclass(frozen=True)
class Part(Generic[Row]):
    """One page of a list."""

    rows: Sequence[Row]
    page: int
    more: bool


def one_more(query: Asked, page: int, *, per: int = PER_PAGE) -> Asked:
    """The query for a page and a row more, which tells whether another page follows."""
    return query.limit(per + 1).offset((page - 1) * per)


def part(found: Sequence[Row], page: int, *, per: int = PER_PAGE) -> Part[Row]:
    """The page, by what the query for `one_more` has found."""
    return Part(found[:per], page, len(found) > per)


def part_of(query: sa.Select[Any], page: int) -> Part[Any]:
    """The page of a query for objects."""
    return part(db.session.scalars(one_more(query, page)).all(), page)


def has(column: Any, words: str) -> sa.ColumnElement[bool]:
    """The condition that the words stand in the column, in capitals or not; `%` and `_` are what they are."""
    return sa.func.lower(column).contains(words.lower(), autoescape=True)
