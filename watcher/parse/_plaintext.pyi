"""`plaintext.words_in_python`, compiled from _plaintext.c where there is a compiler."""

from collections.abc import Mapping

SOURCE: str
"""SHA-256 of the sources it was compiled from, in hex."""

def words(
    value: str, markup: bool, limit: int, raw_limit: int, separator: str, references: Mapping[str, str], /
) -> str: ...
