"""A CloudFormation stack of six things, and what CloudTrail tells of CloudFormation's own calls."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.json import JsonValue

STACK = "shop-storage"
_NAMES = tuple(f"acme-store-{number}" for number in range(6))


@dataclass(slots=True)
class Stack:
    """Six buckets whose tag an update changes."""

    cloudformation: Any
    id: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return _NAMES

    def create(self) -> None:
        self.id = self.cloudformation.create_stack(StackName=STACK, TemplateBody=_template("finance"))["StackId"]

    def update(self) -> None:
        self.cloudformation.update_stack(StackName=STACK, TemplateBody=_template("platform"))

    def made(self, name: str) -> tuple[str, Mapping[str, Any]]:
        return "s3 CreateBucket", {"bucketName": name}

    def updated(self, name: str) -> tuple[str, Mapping[str, Any]]:
        """CloudFormation writes its own tags beside the template's."""
        tags = {"owner": "platform", "aws:cloudformation:stack-name": STACK, "aws:cloudformation:stack-id": self.id}
        rows = [{"Key": key, "Value": value} for key, value in tags.items()]
        return "s3 PutBucketTagging", {"bucketName": name, "Tagging": {"TagSet": {"Tag": rows}}}


def described(name: str) -> tuple[str, str, Mapping[str, tuple[JsonValue, JsonValue]]]:
    """Kind, name, and what changed of it."""
    return "S3::Bucket", name, {"Tags.owner": ("finance", "platform")}


def _template(owner: str) -> str:
    resources = {
        f"Store{number}": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": name, "Tags": [{"Key": "owner", "Value": owner}]},
        }
        for number, name in enumerate(_NAMES)
    }
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
