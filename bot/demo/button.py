"""The page's button: one press, one more change in the demo's infrastructure."""

import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class PressServer:
    """Answers the sandbox's POSTs on loopback. `press` makes the change and returns what the page shows."""

    def __init__(self, press: Callable[[], str]) -> None:
        lock = threading.Lock()

        class Presses(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with lock:
                    told = press().encode()
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, format: str, *args: object) -> None:
                """The page shows what was done."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Presses)
        self._thread = threading.Thread(target=self._server.serve_forever, name="button", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/press"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
