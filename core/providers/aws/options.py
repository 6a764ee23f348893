"""The options of an AWS source."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
_ROLE = r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$"
RoleArn = Annotated[str, StringConstraints(pattern=_ROLE)]

AccountId = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
UnitId = Annotated[str, StringConstraints(pattern=r"^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$")]


class AwsAccount(BaseModel):
    """One account: by a profile, by a role to assume, or by the default chain of credentials where neither is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        "", description="What to call it where a part of the source could not be read; empty is the role, profile or `default`."
    )
    profile: str = Field("", description="A profile of the shared AWS configuration.")
    role_arn: RoleArn | None = Field(None, description="A role to assume.")
    external_id: str = Field("", description="The external id that the role's trust policy asks for.")

    @property
    def id(self) -> str:
        """The account's id, as far as the role tells it."""
        return (self.role_arn or "").partition("::")[2].partition(":")[0]

    @property
    def label(self) -> str:
        return self.name or self.id or self.profile or "default"


class AwsOrganization(BaseModel):
    """Accounts found by asking AWS Organizations, beside those that are named. Read again each day, without a restart."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: str = Field(
        description="The role to assume in each account: a name, a path and name, or an ARN; `{account}` stands for the account's id.",
        pattern=r"^[\w+=,.@/:{}-]+$",
    )
    external_id: str = Field("", description="The external id that the roles' trust policy asks for.")
    asked_by: str = Field(
        "", description="Which of `accounts` asks: the management account or a delegated administrator; empty is the first."
    )
    units: tuple[UnitId, ...] = Field((), description="Only accounts of these organisational units (or roots), and of those below.")
    include: tuple[AccountId, ...] = Field((), description="Only these accounts; empty is all.")
    exclude: tuple[AccountId, ...] = Field((), description="Not these accounts.")
    refresh_hours: float = Field(24.0, gt=0, le=168, description="How long until the accounts are listed again.")

    def role_in(self, account: str, partition: str) -> str:
        """The ARN of the role in that account."""
        named = self.role.replace("{account}", account)
        return named if named.startswith("arn:") else f"arn:{partition}:iam::{account}:role/{named.lstrip('/')}"


class AwsSettings(BaseModel):
    """What to read of AWS: LookupEvents of every account and region, or an SQS queue that EventBridge feeds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    accounts: tuple[AwsAccount, ...] = Field((AwsAccount(),), min_length=1, description="Accounts to read.")
    organization: AwsOrganization | None = Field(None, description="Find accounts through AWS Organizations, too.")
    regions: tuple[Region, ...] = Field(
        ("us-east-1",), min_length=1, description="Regions to read; IAM and other global services tell in us-east-1."
    )
    queue_url: str = Field("", description="An SQS queue with CloudTrail records from EventBridge; LookupEvents is not asked then.")
    data_events: bool = Field(False, description="Tell of written and deleted data (S3 objects, table items) where the queue brings it.")
    describe: bool = Field(True, description="Describe a touched resource, for before and after.")
    config_history: bool = Field(
        False, description="Ask AWS Config what a touched resource was before, where it was never described and a recorder runs."
    )
    sweep: bool = Field(True, description="Once a day, describe again what is known, to find what no record told of.")
    alarms: bool = Field(True, description="Read which CloudWatch alarms are in alarm.")
    deployments: bool = Field(True, description="Read how far touched ECS services and Auto Scaling groups have come, until they are well.")
    aws_health: bool = Field(False, description="Read what AWS Health says is open; it needs Business Support or above.")
    first_hours: float = Field(0.0, ge=0, le=2160, description="How far back the first poll tells; 0 makes a baseline and tells nothing.")
    endpoint_url: str = Field("", description="One endpoint for every service (a local stand-in).")

    @model_validator(mode="after")
    def _distinct(self) -> "AwsSettings":
        labels = [account.label for account in self.accounts]
        if len(labels) != len(set(labels)):
            raise ValueError("two accounts have the same name; give each its own `name`")
        if self.organization and self.organization.asked_by and self.organization.asked_by not in labels:
            raise ValueError("organization.asked_by names none of `accounts`")
        if self.organization and not re.match(_ROLE, self.organization.role_in("123456789012", "aws")):
            raise ValueError("organization.role makes no ARN of a role; a placeholder is written {account}")
        return self
