"""Which accounts and regions a source reads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.providers.aws.options import AwsAccount


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One account in one region."""

    account: AwsAccount
    region: str

    @property
    def part(self) -> str:
        return f"{self.account.label}/{self.region}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Every account in every region, account by account; there is at least one. The first is asked where no other is named."""

    all: tuple[Place, ...]

    @classmethod
    def made(cls, accounts: Iterable[AwsAccount], regions: Sequence[str]) -> "Places":
        return cls(all=tuple(Place(account=account, region=region) for account in accounts for region in regions))

    @property
    def first(self) -> Place:
        return self.all[0]

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(place.region for place in self.all))

    def each_account(self) -> list[Place]:
        """One place of each account, in its first region."""
        return list({place.account.label: place for place in reversed(self.all)}.values())[::-1]

    def of_account(self, account: str) -> Place:
        """The place whose credentials are those of that account id, as far as its name or its role tells; else the first."""
        named = (one for one in self.all if account and one.account.label == account)
        assumed = (one for one in self.all if account and f"::{account}:" in (one.account.role_arn or ""))
        return next(named, None) or next(assumed, None) or self.first
