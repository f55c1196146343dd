"""The key `template`: a Jinja2 template written there, or the path of one."""

from __future__ import annotations

from watcher.config.reader import Reader
from watcher.config.yaml_tree import Where
from watcher.model.route import OwnTemplate


def read_template(reader: Reader, where: Where, text: str) -> OwnTemplate | None:
    """What has a brace or a second line is the template itself, anything else a path. A problem where it cannot be read."""
    path, position = ".".join(map(str, where)), reader.position(where)
    if "{" in text or "\n" in text.strip():
        return OwnTemplate(text, path, path, position)
    try:
        source = (reader.file.parent / text).read_text(encoding="utf-8")
    except OSError as error:
        reader.problem(where, f"cannot read {text}: {error.strerror}; name a file, or write the template here")
        return None
    except UnicodeDecodeError:
        reader.problem(where, f"cannot read {text}: it is not UTF-8 text; save it as UTF-8")
        return None
    return OwnTemplate(source, text, path, position)
