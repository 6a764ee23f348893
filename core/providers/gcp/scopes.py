"""Whose project a thing is, and where its audit entries and its history are to be asked for. Pure but for the projects it asks once."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.clock import Deadline
from core.json import JsonObject
from core.providers.gcp.inventory import Inventory, Moved
from core.providers.gcp.logs import MOST_RESOURCES
from core.providers.gcp.options import GcpSettings

# Log queries of one poll: more would be the whole quota of a minute.
_MOST_QUERIES = 20
_IN_NAME = re.compile(r"/projects/([^/]+)")


@dataclass(slots=True)
class Scope:
    """What one poll knows of the source's scope: a project, a folder or an organisation."""

    options: GcpSettings
    inventory: Inventory
    deadline: Deadline
    _projects: dict[str, str] | None = field(default=None)

    @property
    def is_project(self) -> bool:
        return self.options.scope.startswith("projects/")

    @property
    def projects(self) -> dict[str, str]:
        """Ids by number of the projects below; asked when first needed. Raises ProviderError."""
        if self._projects is None:
            self._projects = {} if self.is_project else self.inventory.projects(self.deadline)
        return self._projects

    def stamped(self, asset: JsonObject) -> JsonObject:
        """The asset with `project`, where its name holds none (a bucket's) or only the number (a secret's)."""
        told = _IN_NAME.search(str(asset.get("name") or ""))
        if told and not told.group(1).isdigit():
            return asset
        above = next((one for one in asset.get("ancestors") or () if str(one).startswith("projects/")), "")
        number = told.group(1) if told else str(above).partition("/")[2]
        own = self.options.scope.partition("/")[2]
        project = own if self.is_project and not own.isdigit() else self.projects.get(number, number) if number else ""
        return {**asset, "project": project} if project else asset

    def by_parent(self, moved: Iterable[Moved]) -> dict[str, list[str]]:
        """Names by the parent that may be asked for their history: there is none for a folder, which the projects below stand for.

        Under "" is what belongs to a folder itself.
        """
        found: dict[str, list[str]] = {}
        for one in moved:
            found.setdefault(one.project if self.options.scope.startswith("folders/") else self.options.scope, []).append(one.name)
        return found

    def logs(self) -> tuple[list[Sequence[str]], int]:
        """Resources for the log queries, a query's worth each, and how many projects were left out. Raises ProviderError.

        Asked for a folder or an organisation, Cloud Logging answers what was written to that itself, and nothing from below.
        """
        if self.options.log_views:
            return [self.options.log_views], 0
        below = [] if self.is_project else [f"projects/{one}" for one in sorted(self.projects.values())]
        resources = [self.options.scope, *below]
        queries = [resources[start : start + MOST_RESOURCES] for start in range(0, len(resources), MOST_RESOURCES)]
        return list(queries[:_MOST_QUERIES]), sum(len(query) for query in queries[_MOST_QUERIES:])
