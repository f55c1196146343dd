"""What the fetch tests share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from watcher.fetch.client import Fetcher
from watcher.model.feed import Feed, FetchResult, Validators
from watcher.model.settings import Network, PerHost, Polling

LOOPBACK = ("127.0.0.0/8", "::1/128")

NONE = Validators()
Fetch = Callable[..., FetchResult]


@pytest.fixture
def fetch() -> Fetch:
    """Fetches one address (or feed) with a fetcher of its own; options are those of `Polling` and `Fetcher.fetch`."""

    def run(
        feed: Feed | str, validators: Validators = NONE, *, allow: tuple[str, ...] = LOOPBACK, **options: Any
    ) -> FetchResult:
        call = {name: options.pop(name) for name in ("url", "patience") if name in options}

        async def body() -> FetchResult:
            fetcher = make_fetcher(allow=allow, **options)
            try:
                return await fetcher.fetch(Feed(feed) if isinstance(feed, str) else feed, validators, **call)
            finally:
                await fetcher.aclose()

        return asyncio.run(body())

    return run


def make_fetcher(*, allow: tuple[str, ...] = LOOPBACK, ca_file: Path | None = None, **options: Any) -> Fetcher:
    polling = Polling(**{"timeout": timedelta(seconds=60), "per_host": PerHost(10, timedelta())} | options)
    return Fetcher(polling, Network(allow=allow, ca_file=ca_file), user_agent="watcher/test (+mailto:test@example.org)")


@pytest.fixture
def with_fetcher() -> Callable[..., Any]:
    """Runs a coroutine function that is given a fetcher."""

    def run(body: Callable[[Fetcher], Coroutine[Any, Any, Any]], **options: Any) -> Any:
        async def whole() -> Any:
            fetcher = make_fetcher(**options)
            try:
                return await body(fetcher)
            finally:
                await fetcher.aclose()

        return asyncio.run(whole())

    return run
