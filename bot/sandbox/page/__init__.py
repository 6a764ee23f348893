"""The web page: server-rendered, pushed over a WebSocket, driven by a little JavaScript."""
