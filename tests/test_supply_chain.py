"""What is installed is what was pinned, and can be verified by its hash."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())


def name_of(requirement: str) -> str:
    """The normalised name (PEP 503) of a requirement."""
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_constraints_are_names_with_versions_only() -> None:
    assert all(re.fullmatch(r"[\w.-]+", name) and re.fullmatch(r"[\w.]+", version) for name, version in PINS.items())


def test_every_dependency_is_pinned() -> None:
    pinned = {name_of(name) for name in PINS}
    project = PROJECT["project"]
    wanted = [*project["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    wanted += [one for name, extra in project["optional-dependencies"].items() if name != "all" for one in extra]
    assert {name_of(one) for one in wanted} <= pinned


def test_everything_that_is_published_has_all_extras() -> None:
    """The list of what is inside (SBOM) would else name what an installation lacks."""
    extras = PROJECT["project"]["optional-dependencies"]
    assert extras["all"] == [f"watcher-news[{','.join(sorted(extras.keys() - {'all'}))}]"]
    for file in ("Containerfile", "packaging/build-deb.sh", "Makefile"):
        written = (ROOT / file).read_text(encoding="utf-8")
        assert set(re.findall(r"(?:\.|wheel|whl\))\[([a-z,-]+)\]", written)) == {"all"}, file


def test_the_build_backend_is_pinned_to_the_same_version() -> None:
    requires = [requirement.split("==") for requirement in PROJECT["build-system"]["requires"]]
    assert {name: PINS[name] for name, _ in requires} == dict(requires)
    assert {"editables", "trove-classifiers", "packaging", "pathspec", "pluggy"} <= PINS.keys()


def test_a_lock_has_a_hash_for_each_package_and_no_address() -> None:
    spec = importlib.util.spec_from_file_location("lock", ROOT / ".ci/lock.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    report = {
        "install": [
            {"metadata": {"name": "watcher", "version": "1"}, "download_info": {"url": "file:///x", "dir_info": {}}},
            {
                "metadata": {"name": "b", "version": "2.0"},
                "download_info": {"url": "https://index.example/b.whl", "archive_info": {"hashes": {"sha256": "ab"}}},
            },
            {
                "metadata": {"name": "A", "version": "1.0"},
                "download_info": {"url": "https://index.example/a.whl", "archive_info": {"hashes": {"sha256": "cd"}}},
            },
        ]
    }
    assert list(module.locked(report)) == ["A==1.0 --hash=sha256:cd", "b==2.0 --hash=sha256:ab"]
