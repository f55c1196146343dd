"""The key `include`: sections in further files, such as `conf.d/*.yaml`, read as if they were in the main file."""

from __future__ import annotations

import errno
from dataclasses import field, replace
from pathlib import Path

from watcher.config.yaml_tree import Document, MappingNode, Node, Scalar, SequenceNode, read_document
from watcher.errors import Problem
from watcher.lazy_dataclass import dataclass

KEY = "include"
LISTS = frozenset({"feeds", "topics", "receivers"})
"""Sections whose lists are joined; `vocabulary` is joined by name, every other section belongs to one file."""


@dataclass(slots=True)
class Included:
    """The tree with what the files bring, the text of each file, and what is wrong with them."""

    root: MappingNode
    texts: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def file_bytes(path: Path) -> bytes:
    """The contents of a file; an `OSError` for a named pipe too, which would be waited for without end.

    Pipes of a shell (`/dev/stdin`, `/dev/fd/63`) have a writer.
    """
    if path.is_fifo() and not path.is_relative_to("/dev"):
        raise OSError(errno.ESPIPE, "it is a named pipe", str(path))
    return path.read_bytes()


def include_files(file: Path, root: MappingNode) -> Included:
    """Joins the files that `root` includes; relative paths start at the folder of `file`, a pattern's files are sorted.

    An included file cannot include others. A pattern may match nothing, a plain name must exist.
    """
    included = Included(root)
    for path in _files(file, root, included):
        try:
            document = read_document(file_bytes(path), path)
        except OSError as error:
            message = f"cannot be read: {error.strerror or error}"
            included.problems.append(
                Problem(path, None, "", f"{message}; correct the path under {KEY} or the permissions")
            )
            continue
        _join(included, path, document)
    return included


def _files(file: Path, root: MappingNode, included: Included) -> list[Path]:
    node = root.items.get(KEY)
    if node is None:
        return []
    items = node.items if isinstance(node, SequenceNode) else (node,)
    files: dict[Path, None] = {}
    for item in items:
        if not isinstance(item, Scalar) or not isinstance(item.value, str) or not item.value.strip():
            message = "must be a path or a list of paths, like [conf.d/*.yaml]"
            included.problems.append(Problem(file, item.start, KEY, message))
            continue
        pattern = Path(item.value).expanduser()
        folder = Path(pattern.anchor) if pattern.is_absolute() else file.parent
        relative = pattern.relative_to(pattern.anchor) if pattern.is_absolute() else pattern
        is_pattern = any(character in item.value for character in "*?[")
        files |= dict.fromkeys(sorted(folder.glob(str(relative))) if is_pattern else [folder / relative])
    return list(files)


def _join(included: Included, path: Path, document: Document) -> None:
    included.texts[path] = document.text
    for flaw in document.flaws:
        included.problems.append(Problem(path, flaw.position, ".".join(map(str, flaw.where)), flaw.message))
    if not isinstance(document.root, MappingNode):
        is_empty = document.root is None or (isinstance(document.root, Scalar) and document.root.value is None)
        if not document.flaws and not is_empty:
            included.problems.append(Problem(path, None, "", "must be a mapping with sections, as in the main file"))
        return
    for name, node in document.root.items.items():
        _join_section(included, path, name, node, document.root)


def _join_section(included: Included, path: Path, name: str, node: Node, root: MappingNode) -> None:
    main = included.root
    known, position = main.items.get(name), root.keys[name]
    if name == KEY:
        included.problems.append(Problem(path, position, name, "an included file cannot include others"))
    elif known is None:
        included.root = replace(main, items={**main.items, name: node}, keys={**main.keys, name: position})
    elif name in LISTS and isinstance(known, SequenceNode) and isinstance(node, SequenceNode):
        joined = replace(known, items=(*known.items, *node.items))
        included.root = replace(main, items={**main.items, name: joined})
    elif name == "vocabulary" and isinstance(known, MappingNode) and isinstance(node, MappingNode):
        _join_lists(included, path, known, node)
    else:
        first = main.keys[name]
        where = f"{first.file or 'the main file'} line {first.line}"
        included.problems.append(Problem(path, position, name, f"this section is already in {where}; keep one of them"))


def _join_lists(included: Included, path: Path, known: MappingNode, node: MappingNode) -> None:
    for name in node.items.keys() & known.items.keys():
        message = (
            f"the list is already defined in line {known.keys[name].line} of {known.keys[name].file or 'the main file'}"
        )
        included.problems.append(Problem(path, node.keys[name], f"vocabulary.{name}", f"{message}; keep one of them"))
    joined = replace(known, items={**node.items, **known.items}, keys={**node.keys, **known.keys})
    included.root = replace(included.root, items={**included.root.items, "vocabulary": joined})
