"""A certificate that nobody but the tests trusts."""

from __future__ import annotations

import pytest

from tests.harness.certificates import Certificate, make_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))
