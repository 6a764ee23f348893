"""Just enough of a kubelet for the API server to hand an exec on to: it switches protocols, and hangs up."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\n"
_ACCEPT_SECONDS = 0.2


@contextmanager
def kubelet(certificates: Path) -> Iterator[int]:
    """The port it listens on. `certificates` holds apiserver.crt and .key: who is asked is not checked by a plain API server."""
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secure.load_cert_chain(certificates / "apiserver.crt", certificates / "apiserver.key")
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(_ACCEPT_SECONDS)
        thread = threading.Thread(target=_serve, args=(listening, secure, ended))
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            ended.set()
            thread.join()


def _serve(listening: socket.socket, secure: ssl.SSLContext, ended: threading.Event) -> None:
    while not ended.is_set():
        with contextlib.suppress(TimeoutError, OSError):
            plain, _ = listening.accept()
            plain.settimeout(5)
            with secure.wrap_socket(plain, server_side=True) as connection:
                connection.recv(65536)
                connection.sendall(_SWITCHED)
