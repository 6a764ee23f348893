"""The Web API: one function a method, in the modules of this package; `web` receives the requests."""
