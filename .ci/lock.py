"""Turns pip's installation report into requirements with hashes: `pip install --report - … | python .ci/lock.py`.

The hashes are those of the files that pip chose here: for this platform and this version of Python. No address of a
package index is written down, so that any mirror can serve them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any


def locked(report: Mapping[str, Any]) -> Iterator[str]:
    """A line for each package of the report, by name; what comes from a folder, as the project itself, is left out.

    The report is described in https://pip.pypa.io/en/stable/reference/installation-report/.
    """
    for item in sorted(report["install"], key=lambda item: str(item["metadata"]["name"]).lower()):
        info, metadata = item["download_info"], item["metadata"]
        if "dir_info" in info:
            continue
        yield f"{metadata['name']}=={metadata['version']} --hash=sha256:{info['archive_info']['hashes']['sha256']}"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in locked(json.load(sys.stdin)))
