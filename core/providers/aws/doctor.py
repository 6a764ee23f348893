"""What the doctor finds of a source: one small call for each thing that it needs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from core.batch import Check, CheckState
from core.clock import Deadline
from core.errors import ProviderError
from core.providers.aws import advisories, alarms
from core.providers.aws.faults import asked, holding
from core.providers.aws.history import NO_RECORDER, RECORDER_NEEDS
from core.providers.aws.options import AwsOrganization, AwsSettings
from core.providers.aws.organization import Organization
from core.providers.aws.places import Place, Places
from core.providers.aws.sessions import Client

_KEEP_SECONDS = 2.0
_PAGE = "See docs/providers/aws.md."


@dataclass(frozen=True, kw_only=True, slots=True)
class Doctor:
    """Asks as the source does, within the deadline."""

    source: str
    options: AwsSettings
    client: Client
    deadline: Deadline

    def checks(self, places: Places, queue_client: Callable[[], Any]) -> list[Check]:
        """One finding for each place (or the queue), and one for each part whose loss would only be a part."""
        found = [self._checked(place.part, partial(self._ask_trail, place)) for place in places.all]
        if self.options.queue_url:
            found = [self._checked("queue", partial(self._ask_queue, queue_client))]
        if self.options.organization:
            found += self._members(self.options.organization)
        if self.options.alarms:
            found.append(_amber(self._checked(f"{places.first.part} alarms", partial(self._ask_alarms, places.first))))
        if self.options.aws_health:
            found += [
                _amber(self._checked(f"{place.account.label} AWS Health", partial(self._ask_health, place)))
                for place in places.each_account()
            ]
        if self.options.config_history:
            found += [_amber(self._checked(f"{place.part} AWS Config", partial(self._ask_recorder, place))) for place in places.all]
        return found

    def _ask_health(self, place: Place) -> None:
        advisories.open_now(partial(self.client, place.account, advisories.REGION, "health", self.deadline), (place.region,), self.source)

    def _ask_recorder(self, place: Place) -> None:
        client = self.client(place.account, place.region, "config", self.deadline)
        with asked(self.source, RECORDER_NEEDS):
            rows = client.describe_configuration_recorder_status().get("ConfigurationRecordersStatus") or []
        if not any(row.get("recording") for row in rows):
            raise ProviderError(NO_RECORDER[0], source=self.source, next_step=NO_RECORDER[1])

    def _members(self, wanted: AwsOrganization) -> list[Check]:
        """The listing, and whether the role can be assumed in each account (in as many as there is time for)."""
        asking = Organization(options=self.options, wanted=wanted, client=self.client, source=self.source)
        name = f"{self.source} organisation"
        try:
            listing = asking.listed(self.deadline)
        except ProviderError as error:
            return [Check(name=name, state=CheckState.RED, says=str(error), next_step=error.next_step or _PAGE)]
        found: list[Check] = []
        for account in asking.accounts_of(listing):
            if self.deadline.remaining_seconds() < _KEEP_SECONDS:
                break
            place = Place(account=account, region=self.options.regions[0])
            found.append(self._checked(f"{listing.accounts[account.label]} {place.part}".strip(), partial(self._ask_trail, place)))
        says = f"{len(listing.accounts)} active accounts beside those that are named; {len(found)} of them asked now"
        few = len(found) < len(listing.accounts)
        state = CheckState.AMBER if few else CheckState.GREEN
        next_step = "The others are asked by the source's polls; see its coverage." if few else ""
        return [Check(name=name, state=state, says=says, next_step=next_step), *found]

    def _ask_trail(self, place: Place) -> None:
        with asked(self.source, "cloudtrail:LookupEvents"):
            holding(self.client(place.account, place.region, "cloudtrail", self.deadline).lookup_events(MaxResults=1), "Events")

    def _ask_queue(self, client: Callable[[], Any]) -> None:
        with asked(self.source, "sqs:GetQueueAttributes"):
            client().get_queue_attributes(QueueUrl=self.options.queue_url, AttributeNames=["ApproximateNumberOfMessages"])

    def _ask_alarms(self, place: Place) -> None:
        alarms.in_alarm(partial(self.client, place.account, place.region, "cloudwatch", self.deadline), self.source)

    def _checked(self, what: str, ask: Callable[[], object]) -> Check:
        name = f"{self.source} {what}"
        try:
            ask()
        except ProviderError as error:
            return Check(name=name, state=CheckState.RED, says=str(error), next_step=error.next_step or _PAGE)
        return Check(name=name, state=CheckState.GREEN, says="can be read")


def _amber(check: Check) -> Check:
    """A refusal that costs only a part is amber."""
    return replace(check, state=CheckState.AMBER) if check.state is CheckState.RED else check
