"""A state behind the http backend. A poll that finds nothing new is one conditional request.

https://developer.hashicorp.com/terraform/language/backend/http. Who holds a lock cannot be asked there.
"""

import hashlib
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from core.clock import Deadline
from core.errors import RecordUnreadable
from core.providers.terraform.backend import Content, Glimpse, Look, Stamps, Unread
from core.providers.terraform.locks import Lock
from core.providers.terraform.options import HttpSettings
from core.providers.terraform.origin import Place
from core.providers.terraform.web import Answer, Web


@dataclass(slots=True)
class HttpState:
    options: HttpSettings
    web: Web
    writes_often: bool = False

    @property
    def place(self) -> Place:
        # Credentials may stand in the address; they are no part of its name.
        told = urlsplit(self.options.address)
        where = f"{told.hostname or ''}{f':{told.port}' if told.port else ''}{told.path}"
        return Place(id=where, label=where.removesuffix("/"))

    def look(self, stamps: Stamps, deadline: Deadline) -> Look:
        place, before = self.place, stamps(self.place)
        headers = self._headers()
        if before.startswith("etag:"):
            headers["If-None-Match"] = before.removeprefix("etag:")
        elif before.startswith("time:"):
            headers["If-Modified-Since"] = before.removeprefix("time:").partition("#")[0]
        try:
            answer = self.web.get(self.options.address, deadline, needs="read of the state", headers=headers, accept=(200, 204, 304, 404))
        except RecordUnreadable as error:
            return Look(unread=(Unread(part=place.label, why=error, place=place),))
        if answer.status in (204, 404):
            step = "It appears with the first apply; else check the address."
            return Look(unread=(Unread(part=place.label, why=RecordUnreadable("there is no state yet", next_step=step)),))
        if answer.status == 304:
            return Look(states=(Glimpse(place=place, where=self.options.address, stamp=before),))
        return Look(states=(self._glimpse(place, answer),))

    def _glimpse(self, place: Place, answer: Answer) -> Glimpse:
        modified = answer.headers.get("last-modified", "")
        if etag := answer.headers.get("etag"):
            stamp = f"etag:{etag}"
        else:
            digest = hashlib.sha256(answer.body).hexdigest()[:32]
            stamp = f"time:{modified}#{digest}" if modified else f"sha256:{digest}"
        try:
            written_at = parsedate_to_datetime(modified) if modified else None
        except ValueError:
            written_at = None
        return Glimpse(place=place, where=self.options.address, stamp=stamp, written_at=written_at, content=answer.body)

    def _headers(self) -> dict[str, str]:
        headers = {name: value.get_secret_value() for name, value in self.options.headers.items()}
        if self.options.token is not None:
            headers["Authorization"] = f"Bearer {self.options.token.get_secret_value()}"
        elif self.options.username or self.options.password is not None:
            import base64

            password = self.options.password.get_secret_value() if self.options.password is not None else ""
            headers["Authorization"] = "Basic " + base64.b64encode(f"{self.options.username}:{password}".encode()).decode()
        return headers

    def read(self, glimpse: Glimpse, deadline: Deadline) -> Content:
        answer = self.web.get(self.options.address, deadline, needs="read of the state", headers=self._headers())
        return Content(body=answer.body, written_at=self._glimpse(glimpse.place, answer).written_at)

    def lock(self, glimpse: Glimpse, deadline: Deadline) -> Lock | None:
        return None

    def expects(self, place_id: str) -> bool:
        return place_id == self.place.id

    def close(self) -> None:
        self.web.close()
