"""`scan.note_in_python` and `scan.waiting_in_python`, compiled from _scan.c where there is a compiler."""

from array import array

from watcher.match.memory import Piece

SOURCE: str
"""SHA-256 of the sources it was compiled from, in hex."""

def note(
    row: list[Piece],
    begin: int,
    singles: dict[int, list[int]],
    pairs: dict[int, list[tuple[int, int]]],
    followers: dict[int, frozenset[int]],
    most: int,
    /,
) -> None: ...
def waiting(
    pairs: dict[int, list[tuple[int, int]]],
    keys: array[int],
    numbers: array[int],
    thirds: array[int],
    row: list[Piece],
    joined: dict[int, list[tuple[int, Piece]]],
    joined_to: dict[int, list[tuple[int, Piece]]],
    /,
) -> list[int]: ...
