"""Everything WGO raises on purpose.

WgoError                      has `next_step`: what the reader can do now
├── ValueRefused              a value that breaks its own contract (a naive time, an empty id)
├── SettingsError             a setting that cannot be used; names file, line, field and fix
├── ProviderError             a source could not be read; becomes a coverage gap
│   ├── ProviderForbidden     a permission is missing (`needs` names it)
│   ├── ProviderUnreachable   refused, reset, unknown host
│   ├── ProviderThrottled     asked to slow down (`retry_after_seconds` where told)
│   ├── ProviderTimedOut      no answer within the deadline
│   └── ProviderMalformed     an answer that cannot be read (truncated, encrypted, not what it should be)
├── RecordUnreadable          one record of a backfill cannot be read; the rest goes on
├── StorageError              the store refused
│   ├── StorageBusy           another process owns the file
│   ├── StorageFull           no room left to write
│   └── StorageOutdated       the schema is older or newer than this program
├── ModelError                the language model did not answer usefully
└── WhenUnclear               words that are no time ("since blurday")
"""


class WgoError(Exception):
    """Something WGO cannot do. `next_step` tells the reader what to do about it; empty where nothing helps."""

    next_step: str = ""

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        if next_step:
            self.next_step = next_step


class ValueRefused(WgoError, ValueError):
    """A value breaks its own contract. A ValueError too, so that pydantic reports it with its field."""


class SettingsError(WgoError):
    """A setting cannot be used."""


class ProviderError(WgoError):
    """A source could not be read. `source` is its configured name."""

    def __init__(self, message: str = "", *, source: str, next_step: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").splitlines()[0], next_step=next_step)
        self.source = source


class ProviderForbidden(ProviderError):
    """The source refuses us a permission."""

    def __init__(self, message: str = "", *, source: str, needs: str, next_step: str = "") -> None:
        super().__init__(
            message or f"{source} refuses {needs}",
            source=source,
            next_step=next_step or f"Grant {needs} to the identity that WGO uses for {source}.",
        )
        self.needs = needs


class ProviderUnreachable(ProviderError):
    """The source could not be reached."""


class ProviderThrottled(ProviderError):
    """The source asks us to slow down."""

    def __init__(self, message: str = "", *, source: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message, source=source)
        self.retry_after_seconds = retry_after_seconds


class ProviderTimedOut(ProviderError):
    """The source did not answer within the deadline."""


class ProviderMalformed(ProviderError):
    """The source answered something that cannot be read."""


class RecordUnreadable(WgoError):
    """One record cannot be read."""


class StorageError(WgoError):
    """The store refused."""


class StorageBusy(StorageError):
    """Another process owns the database file."""


class StorageFull(StorageError):
    """There is no room left to write."""


class StorageOutdated(StorageError):
    """The database's schema is not this program's."""


class ModelError(WgoError):
    """The language model did not answer usefully."""


class WhenUnclear(WgoError):
    """The words name no time."""
