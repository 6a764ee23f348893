"""Conditions about the metadata of machines and projects, which configures their guests.

https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys
"""

from collections.abc import Callable, Iterable, Mapping

from core.event import ChangeType
from core.json import JsonValue
from core.providers.gcp.subject import Subject, find

_SCRIPTS = ("startup-script", "shutdown-script", "user-data")
# What lets more people in to a machine, and where it does so: a console on the network without a firewall, keys beside the organisation's.
# https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-using-serial-console and
# https://cloud.google.com/compute/docs/oslogin/set-up-oslogin
_YES, _NO = ("true", "yes", "y", "1"), ("false", "no", "n", "0")
_LETS_IN = {"serial-port-enable": _YES, "enable-oslogin": _NO, "enable-oslogin-2fa": _NO, "block-project-ssh-keys": _NO}


def _keys(subject: Subject) -> list[str]:
    return [*_told(subject), *_items(subject)]


def _told(subject: Subject) -> list[str]:
    """What the record says was added or changed. A key may have its value behind it."""
    return [
        str(key).lower()
        for keys in find(subject.metadata, "addedMetadataKeys", "modifiedMetadataKeys", "addedMetadataKey")
        for key in (keys if isinstance(keys, list) else [keys])
    ]


def _items(subject: Subject) -> dict[str, JsonValue]:
    """Of a request everything that it sets, of two snapshots what differs."""
    before = dict(_pairs(subject.before))
    return {key.lower(): value for key, value in _pairs(subject.after) if before.get(key, ...) != value}


def _pairs(state: JsonValue) -> Iterable[tuple[str, JsonValue]]:
    return (
        (str(item.get("key")), item.get("value"))
        for items in find(state, "items")
        if isinstance(items, list)
        for item in items
        if isinstance(item, Mapping)
    )


def _sets_script(subject: Subject) -> bool:
    named = any(script in key for key in _keys(subject) for script in _SCRIPTS)
    return named and subject.change_type is not ChangeType.CREATED


def _guest_opened(subject: Subject) -> bool:
    """A request sets all keys anew: only those count that the record tells as changed, or the one that is set alone."""
    items, changed = _items(subject), _told(subject)
    told = bool(subject.before) or len(items) == 1
    return subject.change_type is not ChangeType.CREATED and any(
        str(value).lower() in _LETS_IN.get(key, ()) and (key in changed or (told and not changed)) for key, value in items.items()
    )


METADATA: Mapping[str, Callable[[Subject], bool]] = {
    "adds_windows_key": lambda s: any(key.startswith("windows-keys") for key in _keys(s)),
    "adds_ssh_key": lambda s: any(key.startswith(("ssh-keys", "sshkeys")) for key in _keys(s)),
    "sets_script": _sets_script,
    "guest_opened": _guest_opened,
}
