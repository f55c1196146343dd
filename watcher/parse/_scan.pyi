"""`bytes.find` and `bytes.count` by the rarest byte, compiled from _scan.c where there is a compiler."""

SOURCE: str
"""SHA-256 of the sources it was compiled from, in hex."""

def find(document: bytes, word: bytes, rarest: int, start: int, end: int, /) -> int: ...
def count(document: bytes, word: bytes, rarest: int, start: int, end: int, /) -> int: ...
