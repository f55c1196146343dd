"""Starts the program, does to it what an episode says, and writes down what was done."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import resource
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from tests.crash.daemon_process import Deployment, Run
from tests.crash.faults import AFTER_A_TIME, OF_DIGESTS, RARE, WHEN_ROUTES_CHANGE, Episode
from tests.crash.ledger import Ledger
from tests.crash.operator_commands import COMMANDS, SILENCE
from tests.crash.stores import Store
from tests.crash.timeouts import LEASE

READY_WITHIN = 60.0
REACH_WITHIN = 30.0
PATIENT = 45.0
TRIES = 3
GIVEN_AT_MOST = 5
STORE_FAILED = 1
"""The exit code of a command whose store is away; with others it has nothing to do any more."""
STEADY = 4.0
"""Seconds over which the entries of an episode of weight 1 are published."""
LOOK_EVERY = 0.2
FROZEN_FOR = 3 * LEASE
AGED_SHARE = 25


class Stage:
    """Lets nodes work together, or one of them alone."""

    def __init__(self) -> None:
        self._entrance = asyncio.Lock()
        self._playing = 0
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    @asynccontextmanager
    async def entered(self, *, alone: bool) -> AsyncIterator[None]:
        """For as long as this lasts, others may work as well, or, `alone`, nobody."""
        if alone:
            async with self._entrance:
                await self._is_empty.wait()
                yield
            return
        async with self._entrance:
            self._playing += 1
            self._is_empty.clear()
        try:
            yield
        finally:
            self._playing -= 1
            if self._playing == 0:
                self._is_empty.set()


class Driver:
    """One node: at any time at most one start of it, and a stand-in while that is frozen."""

    def __init__(
        self, name: str, deployment: Deployment, store: Store, events: Ledger, tries: Ledger, seed: int, stage: Stage
    ) -> None:
        self._name = name
        self._stage = stage
        self._house = deployment
        self._store = store
        self._events = events
        self._tries = tries
        self._random = random.Random(f"{seed} {name}")
        self._starts = 0
        self._backups = 0
        self._done = 0.0
        self._due = 0.0
        self._began = time.monotonic()

    async def play(self, episodes: list[Episode], seconds: float = math.inf) -> None:
        """Plays episodes in order; a place that was not reached is tried again, up to `TRIES` times, at its first
        passage, and each try has news of its own. None begins when `seconds` have passed.
        """
        end = time.monotonic() + seconds
        begun = self._done = self._due = 0.0
        for episode in episodes:
            for attempt in range(TRIES):
                async with self._stage.entered(alone=episode.is_alone(attempt)):
                    self._began = time.monotonic()
                    self._done, self._due = self._due, begun + episode.share(attempt, TRIES)
                    again = replace(episode, passage=1) if attempt else episode
                    if self._began > end or await self._play(again):
                        break
            else:
                self._events.write({"what": "missed", "name": episode.place})
            begun = self._due = begun + episode.weight
        self._done = begun

    def progress(self) -> float:
        """The weight of the episodes played, the present one counted by the seconds its try has lasted so far."""
        return min(self._due, self._done + (time.monotonic() - self._began) / STEADY)

    async def _play(self, episode: Episode) -> bool:
        match episode.kind:
            case "kill at":
                return await self._kill_at(episode)
            case "person":
                return await self._person(episode)
            case "freeze at" | "freeze":
                return await self._freeze(episode)
            case "kill" | "terminate":
                return await self._run_and_end(episode)

    async def _start(self, *words: str, failpoint: str | None = None, rerouted: bool = False) -> Run:
        self._starts += 1
        name = f"{self._name}-{self._starts:03d}"
        config = self._house.write(name, rerouted=rerouted)
        run = await self._house.start(config, *words, failpoint=failpoint)
        self._events.write({"what": "start", "run": name, "words": words, "failpoint": failpoint})
        return run

    async def _ended(self, run: Run) -> int:
        code = await run.end()
        if run.failpoint is not None and code == -signal.SIGKILL:
            self._events.write({"what": "failpoint", "run": run.name, "name": run.failpoint})
        elif code == -signal.SIGKILL and not run.killed:
            raise RuntimeError(f"{run.name} was killed by nobody we know: its copies would have no reason")
        self._events.write({"what": "end", "run": run.name, "code": code})
        return code

    async def _give(self, *words: str) -> None:
        """Gives a command, again while the store is away."""
        for _ in range(GIVEN_AT_MOST):
            if await self._ended(await self._start(*words)) != STORE_FAILED:
                return
            await asyncio.sleep(1)

    async def _kill(self, run: Run) -> None:
        if not run.ended:
            with contextlib.suppress(ProcessLookupError):
                run.process.kill()
            run.killed = True
            self._events.write({"what": "kill", "run": run.name})
        await self._ended(run)

    async def _kill_at(self, episode: Episode) -> bool:
        words = ("once", "--digest-now") if episode.transaction in OF_DIGESTS else ("run",)
        if episode.transaction == "purge":
            self.age()
        if episode.transaction == "report_feeds":
            self._store.make_report_due()
        if episode.transaction == "hold_longer":
            await self._use_up_the_budget()
        if episode.transaction in AFTER_A_TIME:
            self._store.let_time_pass()
        failpoint = f"{episode.place}:{episode.passage}"
        run = await self._start(*words, failpoint=failpoint, rerouted=episode.transaction in WHEN_ROUTES_CHANGE)
        ended = asyncio.create_task(run.process.wait())
        await self._ready(run)
        await asyncio.wait({ended}, timeout=PATIENT if episode.transaction in RARE else REACH_WITHIN)
        if not ended.done():
            await self._kill(run)
        else:
            await self._ended(run)
        return run.failpoint is not None

    async def _use_up_the_budget(self) -> None:
        """A message under way or just sent, and others held behind it: what is then held longer."""
        await self._kill_at(Episode("kill at", "hold_waiting.after_commit"))

    async def _run_and_end(self, episode: Episode) -> bool:
        run = await self._start("run")
        await self._ready(run)
        await asyncio.gather(
            self._trouble(episode.trouble, run), asyncio.sleep(episode.after), self._tried(episode.tries)
        )
        if episode.kind == "terminate" and not run.ended:
            await self._terminate(run)
        else:
            await self._kill(run)
        return True

    async def _tried(self, count: int) -> None:
        await until(lambda: self._tries.lines >= count, PATIENT)

    async def _freeze(self, episode: Episode) -> bool:
        """Stands still for three leases; a stand-in works meanwhile. Where whoever stands still keeps all others from
        writing there is no second sender: inside a transaction that is as it must be, elsewhere it is tried again.
        """
        failpoint = f"{episode.place}:{episode.passage}:stop" if episode.kind == "freeze at" else None
        run = await self._start("run", failpoint=failpoint)
        if failpoint is None:
            await self._ready(run)
            await asyncio.sleep(episode.after)
            run.process.send_signal(signal.SIGSTOP)
        elif not await _within(run.reached.wait(), REACH_WITHIN):
            await self._kill(run)
            return False
        since = time.time()
        stand_in = await self._start("run") if episode.stand_in else None
        await asyncio.sleep(FROZEN_FOR)
        self._events.write(
            {"what": "freeze", "run": run.name, "t": since, "until": time.time(), "place": episode.place}
        )
        run.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(1.5)
        stood_in = stand_in is None or not stand_in.ended or episode.place.endswith("before_commit")
        if stand_in is not None:
            await self._terminate(stand_in)
        await self._kill(run)
        return stood_in

    async def _person(self, episode: Episode) -> bool:
        """Somebody gives a command beside the daemon, which dies; they make good for it afterwards."""
        run = await self._start("run")
        await self._ready(run)
        await asyncio.sleep(episode.after)
        act = COMMANDS[episode.transaction]
        words = act.command(self._store)
        if words is None and act.before is not None and (first := act.before(self._store)) is not None:
            await self._ended(await self._start(*first))
            words = act.command(self._store)
        reached = False
        if words is not None:
            person = await self._start(*words, failpoint=f"{episode.place}:1")
            await self._ended(person)
            reached = person.failpoint is not None
        if words is not None and act.is_of_a_message:
            await self._give("outbox", "retry", words[-1])
        await self._give(*SILENCE)
        await self._kill(run)
        return reached

    async def _trouble(self, trouble: str, run: Run) -> None:
        since = time.time()
        match trouble:
            case "full":
                await self._fill_disk(run)
            case "locked":
                lock = self._store.lock()
                await asyncio.sleep(self._random.uniform(0.5, 7.0))
                lock.close()
            case "backup":
                self._backups += 1
                target = self._house.folder / f"{self._name}-{self._backups}.backup"
                await self._ended(await self._start("db", "backup", str(target)))
            case "restart":
                await asyncio.to_thread(self._store.restart, self._random.uniform(0.0, 4.0))
            case "reload":
                self._house.write(run.name, rerouted=True)
                run.process.send_signal(signal.SIGHUP)
            case _:
                return
        self._events.write({"what": "trouble", "kind": trouble, "run": run.name, "t": since, "until": time.time()})

    async def _fill_disk(self, run: Run) -> None:
        """No file may grow beyond 4 KiB for a while: what a quota or a full disk is for a process."""
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
            await asyncio.sleep(self._random.uniform(0.5, 3.0))
            resource.prlimit(run.pid, resource.RLIMIT_FSIZE, unlimited)

    async def _ready(self, run: Run) -> None:
        ended = asyncio.create_task(run.process.wait())
        ready = asyncio.create_task(run.ready.wait())
        await asyncio.wait({ended, ready}, timeout=READY_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()

    async def _terminate(self, run: Run) -> None:
        """SIGTERM; who has not ended after the ten seconds it is promised is killed, and that is written down."""
        if not run.ended:
            run.process.send_signal(signal.SIGTERM)
            self._events.write({"what": "terminate", "run": run.name})
        if not await _within(run.process.wait(), 20):
            self._events.write({"what": "did not end", "run": run.name})
            await self._kill(run)
        else:
            await self._ended(run)

    async def silence(self) -> None:
        """The store is made where it is not yet, and `echo` is silenced."""
        await self._give("db", "upgrade")
        await self._give(*SILENCE)

    def age(self) -> None:
        """Makes some of what is stored look old enough for retention."""
        self._events.write({"what": "age", "alerts": self._store.age(AGED_SHARE)})

    async def drain(self, complete: int, patience: float) -> dict[str, int]:
        """No more faults: runs until nothing is unfinished and `complete` entries are known, or patience ends."""
        run = await self._start("run")
        await self._ready(run)
        deadline = time.monotonic() + patience
        await until(lambda: run.ended or not self._missing(complete), patience)
        await self._terminate(run)
        left = self._left(complete)
        while any(left.values()) and time.monotonic() < deadline + patience / 2:
            self._store.let_time_pass()
            await self._ended(await self._start("once", "--digest-now"))
            left = self._left(complete)
        return left

    def _missing(self, complete: int) -> bool:
        """Whether more is to come than digests that wait for their minute, and what is held."""
        left = self._left(complete)
        waiting = self._store.number(
            "SELECT count(*) FROM deliveries WHERE state = 'held' OR state = 'waiting' AND channel = 'desk/email/0'"
        )
        return any(left[name] for name in ("entries", "unrouted", "notifications")) or left["deliveries"] > waiting

    def _left(self, complete: int) -> dict[str, int]:
        return {
            "entries": max(0, complete - self._store.number("SELECT count(*) FROM seen")),
            **self._store.unfinished(),
        }


async def until(true: Callable[[], bool], seconds: float) -> None:
    """Looks at another process's store or log, which offers no event to wait for."""
    for _ in range(int(seconds / LOOK_EVERY)):
        if true():
            return
        await asyncio.sleep(LOOK_EVERY)


async def _within(awaitable: Awaitable[object], seconds: float) -> bool:
    try:
        await asyncio.wait_for(awaitable, seconds)
    except TimeoutError:
        return False
    return True
