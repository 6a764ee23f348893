"""The accounts of an AWS organisation, listed once a day: one that joined is read from then on, without a restart.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.clock import Deadline
from core.coverage import CoverageState
from core.errors import ProviderError, ProviderMalformed
from core.json import JsonObject
from core.providers.aws.faults import asked
from core.providers.aws.gathered import Gathered
from core.providers.aws.options import AwsAccount, AwsOrganization, AwsSettings
from core.providers.aws.sessions import Client
from core.timerange import TimeRange

# Each place is a request a poll and a row of the cursor.
MOST_PLACES = 150
_RETRY = timedelta(minutes=15)
_SHARE = 0.3
_MOST_UNITS = 500
_PART = "accounts of the organisation"
_TOO_MANY = "Choose by organization.units, include or exclude, or make it several sources."


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """Active accounts that are wanted (id → name), without those that are configured by themselves. `missing`: included, and not there."""

    partition: str
    accounts: Mapping[str, str]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Members:
    """`joined`: account id → since when it is to be read, for those that are new since an earlier listing."""

    accounts: tuple[AwsAccount, ...] = ()
    joined: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Organization:
    """Asks through one of the configured accounts: the management account or a delegated administrator may list."""

    options: AwsSettings
    wanted: AwsOrganization
    client: Client
    source: str

    def members(self, state: dict[str, Any], found: Gathered, deadline: Deadline) -> Members:
        """The accounts as last listed, listed anew where that is due. What is listed is kept in the cursor's `organization`."""
        held: JsonObject = dict(state.get("organization") or {})
        joined: dict[str, str] = {}
        if _due(held, found.now, timedelta(hours=self.wanted.refresh_hours)):
            held["tried_at"] = found.now.isoformat()
            try:
                listing = self.listed(Deadline.after(deadline.remaining_seconds() * _SHARE, monotonic=deadline.monotonic))
            except ProviderError as error:
                held["fault"] = [str(error), error.next_step]
            else:
                joined = self._relisted(held, listing, state, found)
        state["organization"] = held
        _say(held, found)
        partition = str(held.get("partition") or "aws")
        return Members(accounts=tuple(self._account(one, partition) for one in held.get("accounts") or ()), joined=joined)

    def _relisted(self, held: JsonObject, listing: Listing, state: JsonObject, found: Gathered) -> dict[str, str]:
        """Note the new listing in `held`; the accounts that joined since the one before."""
        before, listed_at = list(held.get("accounts") or ()), held.get("at")
        ordered = [one for one in before if one in listing.accounts] + sorted(one for one in listing.accounts if one not in before)
        most = max(0, MOST_PLACES // len(self.options.regions) - len(self.options.accounts))
        read = ordered[:most]
        if listed_at:
            # Those that joined meanwhile are read from there on: nothing of it stays unread.
            span = TimeRange(start=min(datetime.fromisoformat(listed_at), found.now), end=found.now)
            found.cover(span, CoverageState.READ, span.end, _PART)
        held |= {"at": found.now.isoformat(), "partition": listing.partition, "accounts": read, "beyond": len(ordered) - len(read)}
        held |= {"fault": None, "missing": list(listing.missing)}
        for one in before:
            if one not in read:
                _left(one, state, found)
        return {one: str(listed_at) for one in read if listed_at and one not in before}

    def accounts_of(self, listing: Listing) -> list[AwsAccount]:
        """How each listed account is entered."""
        return [self._account(one, listing.partition) for one in sorted(listing.accounts)]

    def _account(self, account: str, partition: str) -> AwsAccount:
        asks = self._asks()
        role = self.wanted.role_in(account, partition)
        return AwsAccount(name=account, profile=asks.profile, role_arn=role, external_id=self.wanted.external_id)

    def _asks(self) -> AwsAccount:
        named = (one for one in self.options.accounts if one.label == self.wanted.asked_by)
        return next(named, self.options.accounts[0])

    # --- listing --------------------------------------------------------------------------------------------------------------

    def listed(self, deadline: Deadline) -> Listing:
        """Ask for the accounts. Raises ProviderError."""
        region = self.options.regions[0]
        ask = lambda: self.client(self._asks(), region, "organizations", deadline)  # noqa: E731
        rows = [row for unit in self.wanted.units for row in self._below(ask, unit)] if self.wanted.units else list(self._all(ask))
        own = set(self._own(region, deadline))
        active = {str(row["Id"]): row for row in rows if _active(row)}
        wanted = {
            account: str(row.get("Name") or "")
            for account, row in active.items()
            if account not in own and account not in self.wanted.exclude and (not self.wanted.include or account in self.wanted.include)
        }
        partition = next((str(row["Arn"]).split(":")[1] for row in rows if str(row.get("Arn")).startswith("arn:")), "aws")
        missing = tuple(one for one in self.wanted.include if one not in active and one not in own)
        return Listing(partition=partition, accounts=wanted, missing=missing)

    def _all(self, ask: Callable[[], Any]) -> Iterator[JsonObject]:
        return self._pages(ask, "ListAccounts", "list_accounts", "Accounts")

    def _below(self, ask: Callable[[], Any], unit: str) -> Iterator[JsonObject]:
        """The accounts of a unit and of all units below it."""
        waiting, seen = [unit], 0
        while waiting:
            parent, seen = waiting.pop(), seen + 1
            if seen > _MOST_UNITS:
                raise ProviderError(f"{unit} has more than {_MOST_UNITS} units", source=self.source, next_step="Name smaller units.")
            yield from self._pages(ask, "ListAccountsForParent", "list_accounts_for_parent", "Accounts", ParentId=parent)
            units = self._pages(
                ask, "ListOrganizationalUnitsForParent", "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent
            )
            waiting += [str(row["Id"]) for row in units]

    def _pages(self, ask: Callable[[], Any], action: str, method: str, key: str, **given: str) -> Iterator[JsonObject]:
        needs, token = f"organizations:{action}", ""
        while True:
            client = ask()  # Anew for each page: its timeouts come from what is left.
            with asked(self.source, needs):
                answer = getattr(client, method)(**given, **({"NextToken": token} if token else {}))
            rows = answer.get(key)
            if not isinstance(rows, list):
                raise ProviderMalformed(f"the answer to {needs} holds no {key}", source=self.source)
            yield from (row for row in rows if isinstance(row, dict) and row.get("Id"))
            token = str(answer.get("NextToken") or "")
            if not token:
                return

    def _own(self, region: str, deadline: Deadline) -> Iterator[str]:
        """The ids of the accounts that are configured by themselves: these are read as they are."""
        for account in self.options.accounts:
            if account.role_arn:
                yield account.role_arn.split(":")[4]
                continue
            sts = self.client(account, region, "sts", deadline)
            with asked(self.source, "sts:GetCallerIdentity"):
                yield str(sts.get_caller_identity().get("Account") or "")


def _active(row: JsonObject) -> bool:
    """`State` is what AWS tells since 2025; `Status` is retired. https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html"""
    return str(row.get("State") or row.get("Status") or "") == "ACTIVE"


def _due(held: JsonObject, now: datetime, every: timedelta) -> bool:
    tried = held.get("tried_at")
    return not tried or now - datetime.fromisoformat(tried) >= (min(_RETRY, every) if held.get("fault") else every)


def _left(account: str, state: JsonObject, found: Gathered) -> None:
    """What an account did after it was last read, before it was closed or left, stays unread."""
    for part, lane in dict(state.get("lanes") or {}).items():
        if part.startswith(f"{account}/"):
            span = TimeRange(start=min(datetime.fromisoformat(lane["until"]), found.now), end=found.now)
            found.cover(span, CoverageState.GAP, span.start, part, "the account is no longer an active one of the organisation")


def _say(held: JsonObject, found: Gathered) -> None:
    fault, beyond = held.get("fault"), held.get("beyond")
    if fault and "at" not in held:
        found.cover(found.span, CoverageState.GAP, found.span.start, _PART, str(fault[0]), str(fault[1]))
    elif fault:
        listed_at = datetime.fromisoformat(held["at"])
        says = f"{fault[0]}; the {len(held['accounts'])} accounts listed {listed_at:%Y-%m-%d %H:%M} UTC are read, newer ones are not"
        span = TimeRange(start=min(listed_at, found.now), end=found.now)
        found.cover(span, CoverageState.PARTIAL, span.start, _PART, says, str(fault[1]))
    if held.get("missing"):
        reason = f"{', '.join(held['missing'])}: included, and not among the active accounts that are listed"
        found.cover(found.span, CoverageState.GAP, found.span.start, _PART, reason, "Correct organization.include or organization.units.")
    if beyond:
        reason = f"{beyond} more accounts than one source reads ({MOST_PLACES} times a region each)"
        found.cover(found.span, CoverageState.GAP, found.span.start, _PART, reason, _TOO_MANY)
