"""A Terraform source: states behind one backend, each compared with what it was; locks and runs tell who and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.batch import Batch, Check, CheckState, Cursor
from core.clock import Deadline
from core.coverage import Coverage, CoverageState
from core.errors import ProviderError, RecordUnreadable
from core.ports import KnownStates
from core.providers import ProviderContext
from core.providers.terraform import statefile
from core.providers.terraform.backend import Backend, Look, Unread
from core.providers.terraform.gcs import GcsStates
from core.providers.terraform.hcp import HcpWorkspaces
from core.providers.terraform.http import HttpState
from core.providers.terraform.local import LocalStates
from core.providers.terraform.moving import between_states
from core.providers.terraform.one_poll import OnePoll
from core.providers.terraform.options import TerraformSettings
from core.providers.terraform.origin import Origin
from core.providers.terraform.s3 import S3States
from core.providers.terraform.web import Web
from core.settings import SourceSettings
from core.timerange import TimeRange

# A state is written while its apply goes on; a change shows with the next write of it.
LAG = timedelta(minutes=1)


@dataclass(slots=True)
class TerraformProvider:
    """Keeps nothing between polls but its connections."""

    Settings = TerraformSettings

    source: str
    environment: str
    options: TerraformSettings
    context: ProviderContext
    backend: Backend
    provider: str = "terraform"
    lag: timedelta = LAG

    @classmethod
    def from_settings(cls, source: SourceSettings, options: Any, context: ProviderContext) -> "TerraformProvider":
        backend = backend_of(source.name, options, context)
        return cls(source=source.name, environment=source.environment, options=options, context=context, backend=backend)

    def poll(self, cursor: Cursor | None, known: KnownStates, deadline: Deadline) -> Batch:
        now = self.context.clock()
        state = cursor.state if cursor else {}
        since = datetime.fromisoformat(state["since"]) if "since" in state else None
        one = OnePoll(
            origin=Origin(source=self.source, environment=self.environment, redactor=self.context.redactor),
            backend=self.backend,
            known=known,
            deadline=deadline,
            now=now,
            since=min(since, now) if since else None,
            new_here=state.get("reads") == self._reads,
        )
        one.run()
        return Batch(
            cursor=Cursor(state={"since": now.isoformat(), "reads": self._reads}),
            events=tuple(between_states(one.events)),
            observations=tuple(one.observations),
            known_changes=tuple(one.rows),
            # What is let go comes first: what has moved goes by the same names under its new address.
            managed=tuple(sorted(one.managed, key=lambda managed: not managed.removed)),
            announcements=tuple(one.announcements),
            coverage=(self._covered(since or now, now), *one.coverage),
            more=one.more,
        )

    @property
    def _reads(self) -> str:
        """What is looked at, in short: a state that appears because the settings name it only now is nothing new."""
        return self.context.redactor.hash(self.options.model_dump(mode="json"))

    def _covered(self, start: datetime, now: datetime) -> Coverage:
        begin = min(start, now)
        return Coverage(
            source=self.source,
            range=TimeRange(start=begin, end=now),
            state=CoverageState.READ,
            complete_until=max(begin, now - LAG),
        )

    def committed(self, batch: Batch) -> None:
        """Nothing to acknowledge."""

    def check(self, deadline: Deadline) -> Sequence[Check]:
        step = "See docs/providers/terraform.md."
        try:
            look = self.backend.look(lambda _: "", deadline)
        except ProviderError as error:
            return (Check(name=self.source, state=CheckState.RED, says=str(error), next_step=error.next_step or step),)
        unread = [*look.unread, *self._unreadable(look, deadline)]
        seen = len(look.states)
        count = seen - (len(unread) - len(look.unread))
        says = f"{count} state{'' if count == 1 else 's'} can be read"
        state = CheckState.GREEN if count else CheckState.RED
        next_step = "" if count else "Name at least one state that is there." if not seen else step
        parts = (
            Check(name=f"{self.source} {one.part}", state=CheckState.AMBER, says=str(one.why), next_step=one.why.next_step or step)
            for one in unread
        )
        return (Check(name=self.source, state=state, says=says, next_step=next_step), *parts)

    def _unreadable(self, look: Look, deadline: Deadline) -> Iterator[Unread]:
        """The states that are there and cannot be read, or hold none; those for which no time is left are not looked into."""
        for glimpse in look.states:
            try:
                content = glimpse.content if glimpse.content is not None else self.backend.read(glimpse, deadline).body
                statefile.parse(statefile.load(content))
            except (ProviderError, RecordUnreadable) as error:
                yield Unread(part=glimpse.place.label, why=error, place=glimpse.place)

    def close(self) -> None:
        self.backend.close()


def backend_of(source: str, options: TerraformSettings, context: ProviderContext) -> Backend:
    """The one backend that the options name; its libraries are imported only then."""
    limit = int(options.largest_mib * 1024 * 1024)
    if options.s3 is not None:
        return S3States(source=source, options=options.s3, largest_bytes=limit)
    if options.gcs is not None:
        return GcsStates(source=source, options=options.gcs, web=Web(source=source, what="Cloud Storage", largest_bytes=limit))
    if options.http is not None:
        return HttpState(options=options.http, web=Web(source=source, what="the state's server", largest_bytes=limit))
    if options.hcp is not None:
        web = Web(source=source, what=options.hcp.host, largest_bytes=limit)
        return HcpWorkspaces(source=source, options=options.hcp, web=web, clock=context.clock, redactor=context.redactor)
    return LocalStates(source=source, paths=options.paths, largest_bytes=limit)
