"""Records as a query of Athena exports them: columns in small letters, what a caller asked for as text. Pure.

https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-ct.html
"""

from collections.abc import Mapping

from core.json import JsonObject, JsonValue
from core.providers.aws.subject import document

_FIELDS = {
    name.lower(): name
    for name in (
        "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode",
        "errorMessage", "requestParameters", "responseElements", "additionalEventData", "requestID", "eventID", "readOnly", "resources",
        "eventType", "apiVersion", "recipientAccountId", "serviceEventDetails", "sharedEventID", "vpcEndpointId", "managementEvent",
        "eventCategory", "sessionCredentialFromConsole", "tlsDetails",
        "principalId", "accountId", "invokedBy", "accessKeyId", "userName", "sessionContext", "sessionIssuer", "mfaAuthenticated",
        "creationDate", "webIdFederationData", "federatedProvider", "ec2RoleDelivery", "onBehalfOf", "userId", "identityProvider",
        "sourceIdentity", "inScopeOf",
    )
}  # fmt: skip
# Columns that hold an object as text.
_TEXTS = ("userIdentity", "requestParameters", "responseElements", "additionalEventData", "serviceEventDetails")


def in_small_letters(record: JsonObject) -> bool:
    """The columns, or what stands in the identity's, which Athena spells so even where the columns were renamed."""
    identity = record.get("userIdentity")
    nested = isinstance(identity, Mapping) and not {"principalid", "accountid", "sessioncontext"}.isdisjoint(identity)
    return nested or ("eventname" in record and "eventName" not in record)


def respelled(record: JsonObject) -> JsonObject:
    """The record as CloudTrail spells it. What a caller asked for keeps its own spelling."""
    found = {_FIELDS.get(str(key).lower(), str(key)): value for key, value in record.items()}
    for name in _TEXTS:
        if isinstance(found.get(name), str):
            found[name] = document(found[name]) or None
    found["userIdentity"] = _identity(found.get("userIdentity"))
    return found


def _identity(value: JsonValue) -> JsonValue:
    if isinstance(value, Mapping):
        return {_FIELDS.get(str(key).lower(), str(key)): _identity(below) for key, below in value.items()}
    return value
