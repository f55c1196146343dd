"""Links made comparable: those that need no parser give what the parser would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watcher.dedupe.links import comparable_link, host_of

HOSTS = st.lists(st.sampled_from(["www", "news", "example", "org", "com", "a-b", "7"]), min_size=1, max_size=4).map(
    ".".join
)
PORTS = st.sampled_from(["", ":80", ":443", ":8080", ":x", ":"])
PATHS = st.text(st.sampled_from("ab/.~%2;,=:@&'()*!$+-_é\\[|"), max_size=12).map(lambda path: path and f"/{path}")


@given(st.sampled_from(["http", "https", "HTTP", "ftp"]), HOSTS, PORTS, PATHS)
def test_an_empty_query_which_only_the_parser_reads_changes_nothing(
    scheme: str, host: str, port: str, path: str
) -> None:
    link = f"{scheme}://{host}{port}{path}"
    for home in ("", host_of(link), "elsewhere.example"):
        assert comparable_link(link, home) == comparable_link(f"{link}?", home)
    assert host_of(link) == host_of(f"{link}?")
