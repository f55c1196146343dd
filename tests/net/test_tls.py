"""A file of authorities that changes is read again, one that stays is not."""

from __future__ import annotations

import os
from pathlib import Path

from tests.harness.certificates import make_certificate
from watcher.net.tls import trusting


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = make_certificate(tmp_path).certificate
    first = trusting(file)
    assert trusting(file) is first
    os.utime(file, ns=(1, 1))
    assert trusting(file) is not first
