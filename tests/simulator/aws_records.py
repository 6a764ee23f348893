"""Raw CloudTrail records."""

from datetime import datetime

from core.json import JsonObject

ACCOUNT = "445566778899"
REGION = "eu-central-1"
CLI = "aws-cli/2.22.4 md/awscrt#0.23.0 ua/2.0 os/linux#6.8.0 lang/python#3.12.6"
BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"


def role(name: str, session: str, *, invoked_by: str = "", federated: str = "") -> JsonObject:
    """`federated` is the host that vouched for who took the role, as for jobs of a pipeline."""
    issuer = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    by = {"webIdFederationData": {"federatedProvider": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{federated}", "attributes": {}}}
    found: JsonObject = {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
        "accountId": ACCOUNT,
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "arn": issuer, "userName": name, "accountId": ACCOUNT},
            **(by if federated else {}),
        },
    }
    return {**found, "invokedBy": invoked_by} if invoked_by else found


def person(mail: str) -> JsonObject:
    return role("AWSReservedSSO_Builders_9f8e7d6c5b4a3f2e", mail)


def root() -> JsonObject:
    return {"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}


def call(
    id: str, at: datetime, *, service: str, name: str, who: JsonObject, agent: str, address: str, asked: JsonObject,
    answer: JsonObject | None = None,
    console: bool = False, error: str = "", read_only: bool = False,
) -> JsonObject:  # fmt: skip
    """One call. Its time has whole seconds, as CloudTrail's have."""
    record: JsonObject = {
        "eventVersion": "1.11", "userIdentity": who, "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name, "awsRegion": REGION, "sourceIPAddress": address, "userAgent": agent, "requestParameters": asked,
        "responseElements": answer, "requestID": f"r-{id}", "eventID": id, "readOnly": read_only, "eventType": "AwsApiCall",
        "managementEvent": True, "recipientAccountId": ACCOUNT, "eventCategory": "Management",
    }  # fmt: skip
    if console:
        record["sessionCredentialFromConsole"] = "true"
    if error:
        record["errorCode"], record["errorMessage"] = error, "User is not authorized to perform this operation"
    return record
