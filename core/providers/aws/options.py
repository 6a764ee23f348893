"""The options of an AWS source."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$")]


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
    def label(self) -> str:
        return self.name or (self.role_arn or "").partition("::")[2].partition(":")[0] or self.profile or "default"


class AwsSettings(BaseModel):
    """What to read of AWS: LookupEvents of every account and region, or an SQS queue that EventBridge feeds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    accounts: tuple[AwsAccount, ...] = Field((AwsAccount(),), min_length=1, description="Accounts to read.")
    regions: tuple[Region, ...] = Field(
        ("us-east-1",), min_length=1, description="Regions to read; IAM and other global services tell in us-east-1."
    )
    queue_url: str = Field("", description="An SQS queue with CloudTrail records from EventBridge; LookupEvents is not asked then.")
    data_events: bool = Field(False, description="Tell of written and deleted data (S3 objects, table items) where the queue brings it.")
    describe: bool = Field(True, description="Describe a touched resource, for before and after.")
    sweep: bool = Field(True, description="Once a day, describe again what is known, to find what no record told of.")
    alarms: bool = Field(True, description="Read which CloudWatch alarms are in alarm.")
    first_hours: float = Field(0.0, ge=0, le=2160, description="How far back the first poll tells; 0 makes a baseline and tells nothing.")
    endpoint_url: str = Field("", description="One endpoint for every service (a local stand-in).")

    @model_validator(mode="after")
    def _distinct(self) -> "AwsSettings":
        labels = [account.label for account in self.accounts]
        if len(labels) != len(set(labels)):
            raise ValueError("two accounts have the same name; give each its own `name`")
        return self
