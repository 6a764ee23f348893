"""One bench a provider: what the contract suite needs of the real component behind it.

A module here is a bench: it names the `COMPONENTS` it needs, and has a context manager `bench(folder, component) -> Bench`. Where the
component takes long to start it has another, `component(folder)`, which is entered once a session; else None is handed on.
Adding a provider is adding a file.
"""
