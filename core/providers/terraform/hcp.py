"""Workspaces of HCP Terraform or Terraform Enterprise: one list a poll shows every workspace's state version, lock and current run.

https://developer.hashicorp.com/terraform/cloud-docs/api-docs/workspaces, …/state-versions, …/run
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from core.announcement import Announcement
from core.clock import Clock, Deadline
from core.errors import ProviderForbidden, ProviderMalformed, RecordUnreadable
from core.json import JsonObject
from core.providers.terraform import locks, runs
from core.providers.terraform.backend import Content, Glimpse, Look, Stamps, Unread
from core.providers.terraform.locks import Lock
from core.providers.terraform.options import HcpSettings
from core.providers.terraform.origin import Place
from core.providers.terraform.runs import Run
from core.providers.terraform.web import Web
from core.redaction import Redactor

_PAGE = 100
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(slots=True)
class HcpWorkspaces:
    """`host` may be a loopback address with a port, which is spoken to without TLS."""

    source: str
    options: HcpSettings
    web: Web
    clock: Clock
    redactor: Redactor
    writes_often: bool = True

    def look(self, stamps: Stamps, deadline: Deadline) -> Look:
        states: list[Glimpse] = []
        unread: list[Unread] = []
        announced: list[Announcement] = []
        for workspace, included in self._workspaces(deadline):
            name = str(_attributes(workspace).get("name"))
            place = Place(id=f"hcp:{self.options.host}/{workspace.get('id')}", label=name)
            current = self._current(workspace, included)
            running = current if current is not None and current.applying else None
            if current is not None and current.is_news(self.clock()):
                announced.append(current.announcement(self.source, place, self.clock(), url=self._url(name, current)))
            version = _related(workspace, "current-state-version")
            if version:
                states.append(self._glimpse(workspace, place, version, running))
        if not states and not unread:
            step = "Check organisation, workspaces, tags and project, and what the token's team may see."
            unread.append(
                Unread(part=self.options.organization, why=RecordUnreadable("no workspace with a state can be seen", next_step=step))
            )
        return Look(states=tuple(states), unread=tuple(unread), announcements=tuple(announced))

    def _glimpse(self, workspace: JsonObject, place: Place, version: str, running: Run | None) -> Glimpse:
        attributes = _attributes(workspace)
        locked = attributes.get("locked") is True
        holder = _related(workspace, "locked-by")
        # A run holds the lock too, and says more: it is told as the run.
        lock = Lock(id=f"{place.id}/{holder}", who="", since=None) if locked and running is None and holder else None
        return Glimpse(
            place=place,
            where=str(workspace.get("id")),
            stamp=version,
            written_at=None,
            lock_stamp=lock.id if lock else "",
            lock=lock,
        )

    def _current(self, workspace: JsonObject, included: dict[tuple[str, str], JsonObject]) -> Run | None:
        run = included.get(("runs", _related(workspace, "current-run")))
        return runs.run(run, {}, self.redactor.text) if run is not None else None

    def _workspaces(self, deadline: Deadline) -> Iterator[tuple[JsonObject, dict[tuple[str, str], JsonObject]]]:
        ask = {"page[size]": str(_PAGE), "page[number]": "1", "include": "current_run"}
        if self.options.tags:
            ask["search[tags]"] = ",".join(self.options.tags)
        if self.options.project:
            ask["filter[project][id]"] = self.options.project
        if len(self.options.workspaces) == 1:
            ask["search[wildcard-name]"] = self.options.workspaces[0]
        while True:
            url = f"{self._base}/organizations/{quote(self.options.organization, safe='')}/workspaces?{urlencode(ask)}"
            page = self.web.json(url, deadline, needs="read of workspaces", headers=self._headers())
            rows = page.get("data")
            if not isinstance(rows, list):
                raise ProviderMalformed(f"{self.source}: {self.options.host} answered no list of workspaces", source=self.source)
            included = _included(page)
            for workspace in rows:
                if isinstance(workspace, dict) and self._wanted(str(_attributes(workspace).get("name") or "")):
                    yield workspace, included
            following = ((page.get("meta") or {}).get("pagination") or {}).get("next-page")
            if not following:
                return
            ask["page[number]"] = str(following)

    def _wanted(self, name: str) -> bool:
        return bool(name) and (not self.options.workspaces or any(fnmatchcase(name, pattern) for pattern in self.options.workspaces))

    def read(self, glimpse: Glimpse, deadline: Deadline) -> Content:
        url = f"{self._base}/workspaces/{quote(glimpse.where, safe='')}/current-state-version"
        told = self.web.json(url, deadline, needs="read of state versions", headers=self._headers())
        version = told.get("data")
        attributes = _attributes(version) if isinstance(version, dict) else {}
        written_at = locks.parse_time(attributes.get("created-at"))
        download = attributes.get("hosted-state-download-url")
        if not isinstance(download, str) or not download or not isinstance(version, dict):
            raise RecordUnreadable("the state version has no content to download yet", next_step="It is read with the next poll.")
        body = self._download(urljoin(self._base, download), deadline)
        run = self._run_of(_related(version, "run"), deadline)
        if run is None:
            return Content(body=body, written_at=written_at)
        link = self._url(glimpse.place.label, run)
        announcement = run.announcement(self.source, glimpse.place, self.clock(), url=link)
        return Content(body=body, written_at=written_at, cause=run.cause(link), announcement=announcement)

    def _download(self, url: str, deadline: Deadline) -> bytes:
        for _ in range(3):
            # The address is signed; the token goes to our own host only.
            headers = self._headers() if urlsplit(url).netloc == urlsplit(self._base).netloc else {}
            answer = self.web.get(url, deadline, needs="read of state versions", headers=headers, accept=(200, 301, 302, 303, 307))
            if answer.status == 200:
                return answer.body
            url = urljoin(url, answer.headers.get("location", ""))
        raise ProviderMalformed(f"{self.source}: {self.options.host} sends the state's download round in circles", source=self.source)

    def _run_of(self, run_id: str, deadline: Deadline) -> Run | None:
        if not run_id:
            return None
        wanted = "created_by,plan,configuration_version.ingress_attributes"
        url = f"{self._base}/runs/{quote(run_id, safe='')}?{urlencode({'include': wanted})}"
        try:
            told = self.web.json(url, deadline, needs="read of runs", headers=self._headers())
        except ProviderForbidden:
            return None  # The state is read without its run: who and why stay unknown, and are told so.
        row = told.get("data")
        return runs.run(row, _included(told), self.redactor.text) if isinstance(row, dict) else None

    @property
    def _base(self) -> str:
        plain = self.options.host.rpartition(":")[0] or self.options.host
        return f"{'http' if plain in _LOOPBACK else 'https'}://{self.options.host}/api/v2"

    def _url(self, workspace: str, run: Run) -> str:
        return f"{self._base.removesuffix('/api/v2')}/app/{self.options.organization}/workspaces/{workspace}/runs/{run.id}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.options.token.get_secret_value()}", "Content-Type": "application/vnd.api+json"}

    def lock(self, glimpse: Glimpse, deadline: Deadline) -> Lock | None:
        return glimpse.lock

    def expects(self, place_id: str) -> bool:
        return place_id.startswith(f"hcp:{self.options.host}/")

    def close(self) -> None:
        self.web.close()


def _attributes(row: JsonObject) -> JsonObject:
    found = row.get("attributes")
    return found if isinstance(found, dict) else {}


def _related(row: JsonObject, name: str) -> str:
    told: Any = (row.get("relationships") or {}).get(name)
    inner = told.get("data") if isinstance(told, dict) else None
    return str(inner.get("id") or "") if isinstance(inner, dict) else ""


def _included(page: JsonObject) -> dict[tuple[str, str], JsonObject]:
    rows = page.get("included")
    return {(str(row.get("type")), str(row.get("id"))): row for row in rows or () if isinstance(row, dict)}
