"""States in a Google Cloud Storage bucket: one list a poll shows every state and every lock.

https://developer.hashicorp.com/terraform/language/backend/gcs: <prefix>/<workspace>.tfstate, beside it <workspace>.tflock.
https://cloud.google.com/storage/docs/json_api/v1/objects/list
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from core.clock import Deadline
from core.errors import ProviderForbidden, ProviderMalformed, RecordUnreadable
from core.json import JsonObject
from core.providers.terraform import locks
from core.providers.terraform.backend import Content, Glimpse, Look, Stamps, Unread
from core.providers.terraform.local import too_large
from core.providers.terraform.locks import Lock
from core.providers.terraform.options import GcsSettings
from core.providers.terraform.origin import Place
from core.providers.terraform.web import Web

_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
_LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")


@dataclass(slots=True)
class GcsStates:
    source: str
    options: GcsSettings
    web: Web
    writes_often: bool = False
    _credentials: Any = None

    def look(self, stamps: Stamps, deadline: Deadline) -> Look:
        found = self._list(deadline)
        held = {name.removesuffix(".tflock"): str(item.get("generation")) for name, item in found.items() if name.endswith(".tflock")}
        states = tuple(
            Glimpse(
                place=self._place(name),
                where=name,
                stamp=str(item.get("generation") or item.get("etag")),
                written_at=locks.parse_time(item.get("updated")),
                size=int(item["size"]) if str(item.get("size", "")).isdigit() else None,
                lock_stamp=held.get(name.removesuffix(".tfstate"), ""),
            )
            for name, item in found.items()
            if name.endswith(".tfstate")
        )
        if states:
            return Look(states=states)
        where = f"gs://{self.options.bucket}/{self.options.prefix}"
        return Look(
            unread=(Unread(part=where, why=RecordUnreadable(f"no state (*.tfstate) is in {where}", next_step="Check the prefix.")),)
        )

    def _list(self, deadline: Deadline) -> dict[str, JsonObject]:
        found: dict[str, JsonObject] = {}
        prefix = self.options.prefix.strip("/")
        ask = {"prefix": f"{prefix}/" if prefix else "", "fields": "items(name,generation,updated,size),nextPageToken"}
        while True:
            url = f"{self._base}/o?{urlencode(ask)}"
            page = self.web.json(url, deadline, needs="storage.objects.list", headers=self._headers())
            items = page.get("items", [])
            if not isinstance(items, list):
                raise ProviderMalformed(f"{self.source}: Cloud Storage answered no list of objects", source=self.source)
            found.update({str(item["name"]): item for item in items if isinstance(item, dict) and "name" in item})
            if not page.get("nextPageToken"):
                return found
            ask["pageToken"] = str(page["nextPageToken"])

    @property
    def _base(self) -> str:
        return f"{self.options.endpoint.rstrip('/')}/storage/v1/b/{quote(self.options.bucket, safe='')}"

    def _place(self, name: str) -> Place:
        return Place(id=f"gs://{self.options.bucket}/{name}", label=f"{self.options.bucket}/{name.removesuffix('.tfstate')}")

    def read(self, glimpse: Glimpse, deadline: Deadline) -> Content:
        if glimpse.size is not None and glimpse.size > self.web.largest_bytes:
            raise too_large(glimpse.size, self.web.largest_bytes)
        return Content(body=self._get(glimpse.where, deadline), written_at=glimpse.written_at)

    def lock(self, glimpse: Glimpse, deadline: Deadline) -> Lock | None:
        return locks.read(self._get(glimpse.where.removesuffix(".tfstate") + ".tflock", deadline))

    def _get(self, name: str, deadline: Deadline) -> bytes:
        url = f"{self._base}/o/{quote(name, safe='')}?alt=media"
        return self.web.get(url, deadline, needs="storage.objects.get", headers=self._headers()).body

    def _headers(self) -> dict[str, str]:
        if self.options.endpoint.startswith(_LOOPBACK):
            # An emulator, or a proxy that adds the credentials itself; a token is never sent without TLS.
            return {}
        import google.auth
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request

        try:
            if self._credentials is None:
                load: Any = google.auth.load_credentials_from_file
                file = self.options.credentials_file
                self._credentials, _ = load(str(file), scopes=[_SCOPE]) if file else google.auth.default(scopes=[_SCOPE])
            if not self._credentials.valid:
                self._credentials.refresh(Request())
        except GoogleAuthError as error:
            raise ProviderForbidden(
                f"{self.source} has no usable credentials for Google Cloud: {error}", source=self.source, needs="storage.objects.list"
            ) from error
        return {"Authorization": f"Bearer {self._credentials.token}"}

    def expects(self, place_id: str) -> bool:
        return place_id.startswith(f"gs://{self.options.bucket}/{self.options.prefix.strip('/')}")

    def close(self) -> None:
        self.web.close()
