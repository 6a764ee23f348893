"""A Google Cloud source: what moved, before and after, from Cloud Asset Inventory and its feeds; who did it, from the audit log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from core.batch import Batch, Check, CheckState, Cursor
from core.clock import Deadline
from core.errors import ProviderError, ProviderForbidden
from core.ports import KnownStates
from core.providers import ProviderContext
from core.providers.gcp.feed import LEAST_ACK_SECONDS, Feed
from core.providers.gcp.gathering import LAG, Gathered
from core.providers.gcp.inventory import Inventory
from core.providers.gcp.logs import AuditLogs
from core.providers.gcp.one_poll import OnePoll
from core.providers.gcp.options import GcpSettings
from core.providers.gcp.rest import Rest
from core.providers.gcp.scopes import Scope
from core.settings import SourceSettings

_ACKNOWLEDGE_SECONDS = 10.0
_SEE = "See docs/providers/gcp.md."


@dataclass(slots=True)
class GcpProvider:
    """Keeps nothing between polls but its connections, what is left of its quotas and what is to be acknowledged."""

    Settings = GcpSettings

    source: str
    environment: str
    options: GcpSettings
    context: ProviderContext
    inventory: Inventory
    rest: Rest
    logs: AuditLogs
    provider: str = "gcp"
    lag: timedelta = LAG
    _acks: list[str] = field(default_factory=list)

    @classmethod
    def from_settings(cls, source: SourceSettings, options: Any, context: ProviderContext) -> "GcpProvider":
        rest = Rest(source=source.name, options=options, client=httpx.Client())
        return cls(
            source=source.name,
            environment=source.environment,
            options=options,
            context=context,
            inventory=Inventory(source=source.name, options=options),
            rest=rest,
            logs=AuditLogs(rest),
        )

    @property
    def _feed(self) -> Feed | None:
        return Feed(self.rest) if self.options.feed_subscription else None

    def poll(self, cursor: Cursor | None, known: KnownStates, deadline: Deadline) -> Batch:
        now = self.context.clock()
        state: dict[str, Any] = dict(cursor.state) if cursor else {}
        self._acks = []
        poll = OnePoll(
            source=self.source,
            environment=self.environment,
            redactor=self.context.redactor,
            inventory=self.inventory,
            logs=self.logs if self.options.audit_log else None,
            feed=self._feed,
            scope=Scope(self.options, self.inventory, deadline),
            deadline=deadline,
            now=now,
            since=datetime.fromisoformat(state["since"]) if "since" in state else now,
            begun_at=datetime.fromisoformat(state["begun"]) if "begun" in state else None,
            acts=dict(state.get("acts") or {}),
            found=Gathered(self.source, now, known),
        )
        state = self._followed(poll, state) if "since" in state else self._begun(poll, state)
        self._acks = poll.acks
        found = poll.found
        return Batch(
            cursor=Cursor(state=state),
            events=tuple(found.events),
            observations=tuple(found.observations),
            known_changes=tuple(found.over.values()),
            coverage=tuple(found.coverage),
            more=poll.more,
        )

    @staticmethod
    def _begun(poll: OnePoll, state: dict[str, Any]) -> dict[str, Any]:
        read_time = datetime.fromisoformat(state["listing"]) if "listing" in state else poll.now
        at = read_time.isoformat()
        token = poll.baseline(str(state.get("token", "")), read_time)
        if token:
            poll.more = True
            return {"listing": at, "token": token}
        poll.found.covered(read_time, poll.now)
        return {"since": at, "swept": at, "begun": at}

    def _followed(self, poll: OnePoll, state: dict[str, Any]) -> dict[str, Any]:
        resumed_from = state.pop("from", None)
        reached = poll.follow(datetime.fromisoformat(resumed_from) if resumed_from else None)
        state["acts"] = poll.acts
        if reached is not None:
            return {**state, "since": max(poll.since, reached).isoformat(), "from": reached.isoformat()}
        swept_at = datetime.fromisoformat(state["swept"])
        if poll.now - swept_at >= timedelta(minutes=self.options.sweep_minutes) and poll.sweep(swept_at):
            state["swept"] = poll.now.isoformat()
        return {**state, "since": poll.now.isoformat()}

    def committed(self, batch: Batch) -> None:
        """Acknowledge the messages whose changes are now stored. What fails comes again and is known by then."""
        del batch
        acks, self._acks = self._acks, []
        if acks:
            Feed(self.rest).acknowledge(acks, Deadline.after(_ACKNOWLEDGE_SECONDS))

    # --- the doctor ------------------------------------------------------------------------------------------------------

    def check(self, deadline: Deadline) -> Sequence[Check]:
        now = self.context.clock()
        found = [self._checked("assets", lambda: next(iter(self.inventory.changed_since(now, deadline)), None))]
        if self.options.audit_log:
            found.append(self._checked("audit log", lambda: self._ask_logs(now, deadline)))
        if self.options.feed_subscription:
            found.append(self._checked_feed(Feed(self.rest), deadline))
        return found

    def _ask_logs(self, now: datetime, deadline: Deadline) -> None:
        for resources in Scope(self.options, self.inventory, deadline).logs()[0]:
            self.logs.page(resources, now, "", deadline)

    def _checked(self, what: str, ask: Callable[[], object]) -> Check:
        name = f"{self.source} {what}"
        try:
            ask()
        except ProviderError as error:
            return Check(name=name, state=CheckState.RED, says=str(error), next_step=error.next_step or _SEE)
        return Check(name=name, state=CheckState.GREEN, says=f"{self.options.scope} can be read")

    def _checked_feed(self, feed: Feed, deadline: Deadline) -> Check:
        """Without pulling: a message that is pulled is kept from the next poll for a while."""
        name = f"{self.source} feed"
        try:
            seconds = feed.ack_seconds(deadline)
            ails, step = feed.ails(deadline)
        except ProviderForbidden as error:
            return Check(name=name, state=CheckState.AMBER, says=f"whether it is well cannot be told: {error}", next_step=error.next_step)
        except ProviderError as error:
            return Check(name=name, state=CheckState.RED, says=str(error), next_step=error.next_step or _SEE)
        if ails:
            return Check(name=name, state=CheckState.RED, says=ails, next_step=step)
        if seconds is not None and seconds < LEAST_ACK_SECONDS:
            step = f"gcloud pubsub subscriptions update {self.options.feed_subscription} --ack-deadline={LEAST_ACK_SECONDS}"
            return Check(name=name, state=CheckState.AMBER, says=f"messages come again after {seconds} seconds", next_step=step)
        return Check(name=name, state=CheckState.GREEN, says=f"{self.options.feed_subscription} can be read")

    def close(self) -> None:
        self.inventory.close()
        self.rest.close()
