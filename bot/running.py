"""A running bot: its threads, in the order in which they start and stop."""

import logging
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from bot.intake import Intake
from bot.notifier import Notifier
from bot.socket_mode import SocketMode
from core.errors import SettingsError
from core.ports import Provider, Store
from core.scheduler import Scheduler

_log = logging.getLogger(__name__)
_STARTED_WITHIN, _STOPPED_WITHIN = 10.0, 10.0


@dataclass(slots=True)
class HttpServer:
    """The receivers, served from a thread of their own. `port` is the real one once started."""

    asgi: Starlette
    host: str
    port: int
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Raises SettingsError where the address cannot be had: without it nothing that Slack sends would arrive."""
        listening = _listening(self.host, self.port)
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(self.asgi, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=3)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="http", daemon=True)
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(_STARTED_WITHIN / 0.02)):
            if self._server.started or not self._thread.is_alive():
                break
            waited.wait(0.02)

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=_STOPPED_WITHIN)


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        step = "End what listens there, or set http.host and http.port to an address that is free."
        raise SettingsError(f"cannot listen on {host} port {port}: {error.strerror or error}", next_step=step) from error


@dataclass(slots=True)
class Bot:
    """Everything that was built, whichever of it there is. `lacks` are sentences on what is not configured."""

    store: Store
    scheduler: Scheduler
    providers: Sequence[Provider] = ()
    notifier: Notifier | None = None
    intake: Intake | None = None
    socket_mode: SocketMode | None = None
    http: HttpServer | None = None
    lacks: Sequence[str] = ()
    on_start: Callable[[], None] = lambda: None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _telling: threading.Thread | None = None

    def start(self) -> None:
        """Returns once everything runs; connecting to Slack goes on in the background."""
        for lack in self.lacks:
            _log.warning("not configured", extra={"says": lack})
        self.on_start()
        if self.notifier is not None:
            self._telling = threading.Thread(target=self.notifier.run, args=(self._stopping,), name="notifier", daemon=True)
            self._telling.start()
        if self.intake is not None and (left := self.intake.start()):
            _log.info("taking up what an earlier run left", extra={"pushes": left})
        if self.http is not None:
            self.http.start()
            _log.info("listening", extra={"host": self.http.host, "port": self.http.port})
        if self.socket_mode is not None:
            self.socket_mode.start()
        self.scheduler.start()
        _log.info("running", extra={"sources": len(self.providers)})

    def stop(self) -> None:
        """Take nothing more in, finish what runs, close the store. Safe to call twice."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        for part in (self.socket_mode, self.http):
            if part is not None:
                part.stop()
        self.scheduler.stop(_STOPPED_WITHIN)
        if self.intake is not None:
            self.intake.stop()
        if self.notifier is not None and self._telling is not None:
            self.notifier.wake()
            self._telling.join(timeout=_STOPPED_WITHIN + 5)
        for provider in self.providers:
            provider.close()
        self.store.close()
        _log.info("stopped")

    def run(self) -> None:
        """Start, and stop on SIGTERM or SIGINT. To be called from the main thread."""
        asked = threading.Event()

        def ask(signum: int, _: FrameType | None) -> None:
            _log.info("asked to stop", extra={"signal": signal.Signals(signum).name})
            asked.set()

        before = {one: signal.signal(one, ask) for one in (signal.SIGTERM, signal.SIGINT)}
        try:
            self.start()
            # Wakes now and then, as a wait without end would not let a signal through on every platform.
            while not asked.wait(1.0):
                pass
        finally:
            self.stop()
            for one, previous in before.items():
                signal.signal(one, previous)
