"""botocore's errors become ours, once, where AWS is called."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from core.clock import Deadline
from core.errors import ProviderError, ProviderForbidden, ProviderMalformed, ProviderThrottled, ProviderTimedOut, ProviderUnreachable

_FORBIDDEN = ("AccessDenied", "Unauthorized", "OptInRequired", "Forbidden")
# AWS does not know who asks, or knows no more: no permission helps.
_UNKNOWN_TO_IT = (
    "InvalidClientTokenId", "ExpiredToken", "SignatureDoesNotMatch", "InvalidSignature", "IncompleteSignature",
    "UnrecognizedClient", "AuthFailure", "InvalidAccessKeyId", "RequestExpired",
)  # fmt: skip
_THROTTLED = (
    "Throttl",
    "RequestLimitExceeded",
    "TooManyRequests",
    "SlowDown",
    "LimitExceeded",
    "PriorRequestNotComplete",
    "RequestThrottled",
)
# What to do about some of the codes that are nobody's permission.
_NEXT = {
    "AWSOrganizationsNotInUseException": "Let an account of the organisation ask (organization.asked_by), or name the accounts.",
    "ParentNotFoundException": "Correct organization.units: ids of units begin with ou-, of roots with r-.",
}
# The reason and the next step: https://docs.aws.amazon.com/health/latest/ug/health-api.html
UNSUBSCRIBED = ("the account's support plan does not hold AWS Health's API", "Set aws_health: false, or take Business Support or above.")
# Timeouts are fixed when a client is made; these are the steps that clients come in.
_STEPS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)


class TokenGone(ProviderError):
    """The page token is no longer valid."""


class NotSubscribed(ProviderError):
    """The account's support plan does not hold AWS Health."""


class NotRecorded(ProviderError):
    """No recorder of AWS Config runs there."""


def call_seconds(deadline: Deadline, source: str) -> float:
    """The largest step of timeouts that still fits before the deadline. Connecting and reading may each take half of what is left."""
    left = deadline.remaining_seconds() / 2
    fitting = [step for step in _STEPS if step <= left]
    if not fitting:
        raise ProviderTimedOut("no time was left for another call", source=source)
    return fitting[-1]


def holding(answer: Any, *keys: str) -> Any:
    """The answer, if it holds one of the keys. Raises ResponseParserError.

    botocore reads a page of HTML as an answer without anything in it, and "nothing rings" must not come of that.
    """
    if not any(key in answer for key in keys):
        raise ResponseParserError(f"the answer holds no {' and no '.join(keys)}")
    return answer


@contextmanager
def asked(source: str, needs: str) -> Iterator[None]:
    """Raise ProviderError for what botocore raises inside. `needs` is the permission, as IAM spells it."""
    try:
        yield
    except ClientError as error:
        raise _refusal(error, source, needs) from error
    except (ReadTimeoutError, ConnectTimeoutError) as error:
        raise ProviderTimedOut(f"{needs} was not answered in time", source=source) from error
    except (NoCredentialsError, PartialCredentialsError, ProfileNotFound, TokenRetrievalError) as error:
        raise ProviderForbidden(
            str(error), source=source, needs=needs, next_step="Give WGO credentials: a profile, a role, or the environment."
        ) from error
    except ResponseParserError as error:
        raise ProviderMalformed(f"the answer to {needs} cannot be read", source=source) from error
    except HTTPClientError as error:
        raise ProviderUnreachable(f"{needs}: {error}", source=source) from error
    except BotoCoreError as error:
        raise ProviderUnreachable(f"{needs}: {error}", source=source) from error


def _refusal(error: ClientError, source: str, needs: str) -> ProviderError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)
    if any(one in code for one in _THROTTLED) or status == 429:
        return ProviderThrottled(f"{needs}: {code}", source=source)
    if "SubscriptionRequired" in code:
        return NotSubscribed(UNSUBSCRIBED[0], source=source, next_step=UNSUBSCRIBED[1])
    if any(one in code for one in _UNKNOWN_TO_IT):
        step = f"Renew or correct the credentials that WGO uses for {source}."
        return ProviderForbidden(f"{source}: AWS does not accept the credentials ({code})", source=source, needs=needs, next_step=step)
    if any(one in code for one in _FORBIDDEN) or status in (401, 403):
        return ProviderForbidden(source=source, needs=needs)
    if "InvalidNextToken" in code or "InvalidTimeRange" in code:
        return TokenGone(f"{needs}: {code}", source=source)
    if "NoAvailableConfigurationRecorder" in code:
        return NotRecorded(source=source)
    if status >= 500:
        return ProviderUnreachable(f"{needs}: {code or status}", source=source)
    return ProviderError(f"{needs}: {code or error}", source=source, next_step=_NEXT.get(code, ""))
