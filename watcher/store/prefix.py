"""Finding a row by the beginning of its key, as people type it."""

from __future__ import annotations

import string

from sqlalchemy import Column, ColumnElement, false

KEY_DIGITS = 32
PREFIX_SHOWN = 8
"""Digits that lists show of a key."""


def begins_with(column: Column[str], prefix: str, at_least: int = 1) -> ColumnElement[bool]:
    """Keys that begin with `prefix`, as a range that the key's index answers; nothing for what is no beginning."""
    digits = prefix.lower()
    if not at_least <= len(digits) <= KEY_DIGITS or not set(digits) <= set(string.hexdigits):
        return false()
    return column.between(digits.ljust(KEY_DIGITS, "0"), digits.ljust(KEY_DIGITS, "f"))
