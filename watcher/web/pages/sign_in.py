"""Signing in with a password, and out."""

from __future__ import annotations

import math

import structlog

from watcher.model.act import WayIn
from watcher.model.web import May
from watcher.web.exchange import Asked, Refused, Reply, local_path, see_other
from watcher.web.identity import person_named
from watcher.web.passwords import hash_of_nobody, is_password
from watcher.web.router import Page
from watcher.web.sessions import Session

log = structlog.get_logger()

LONGEST_PASSWORD = 1_000


def form(asked: Asked) -> Reply:
    if not asked.site.settings.web.has_passwords:
        raise Refused(404, "Nobody signs in here", "The section web of the configuration has no people with passwords.")
    if asked.user is not None and asked.user.way is WayIn.PASSWORD:
        return see_other(local_path(asked.query.get("next", "")) or "/")
    return asked.page("sign_in.html.j2", next=local_path(asked.query.get("next", "")), problem="", name="")


def sign_in(asked: Asked) -> Reply:
    """The same answer for an unknown name and a wrong password; failures make the name wait, and the address.

    The address of a proxy on this machine does not wait: one guesser would keep all users out.
    """
    site, name, password = asked.site, asked.form.get("name", "").strip(), asked.form.get("password", "")
    if not site.settings.web.has_passwords:
        raise Refused(404, "Nobody signs in here", "The section web of the configuration has no people with passwords.")
    keys = [f"name {name[:100]}", *([f"address {asked.address}"] if asked.address else [])]
    wait = site.throttle.wait(asked.now, *keys)
    if wait:
        seconds = math.ceil(wait.total_seconds())
        return _again(asked, name, f"Too many tries. Wait {seconds} s.", 429).having(Retry_After=str(seconds))
    person = person_named(site.settings.web.people, name)
    written = person.password.reveal() if person and person.password else hash_of_nobody()
    try:
        is_right = is_password(password[:LONGEST_PASSWORD], written)
    except TimeoutError as error:
        raise Refused(503, "Too many people sign in", "Try again in a moment.", {"Retry-After": "3"}) from error
    if person is None or not is_right:
        site.throttle.failed(asked.now, *keys)
        log.warning("sign_in.refused", name=name[:100], peer=asked.peer)
        return _again(asked, name, "Name or password is wrong.", 403)
    site.throttle.succeeded(*keys)
    session = Session(person.name, asked.now, asked.now, site.generation(person.name))
    reply = see_other(local_path(asked.form.get("next", "")) or "/")
    return reply.having(Set_Cookie=site.session_cookie(session, asked.now))


def _again(asked: Asked, name: str, problem: str, status: int) -> Reply:
    next_path = local_path(asked.form.get("next", ""))
    return asked.page("sign_in.html.j2", status, next=next_path, problem=problem, name=name[:100])


def sign_out(asked: Asked) -> Reply:
    """Ends this session; with `everywhere`, all sessions of its person."""
    if asked.user is not None and asked.form.get("everywhere"):
        asked.site.sign_out_everywhere(asked.user.name)
    return see_other("/sign-in").having(Set_Cookie=asked.site.cookie(""))


PAGES = (
    Page("/sign-in", form, May.ANYONE),
    Page("/sign-in", sign_in, May.ANYONE, "POST"),
    Page("/sign-out", sign_out, May.READ, "POST"),
)
