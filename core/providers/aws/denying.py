"""Policies that give nothing, or nothing to people: rights taken away, users shut in, roles for services alone. Pure."""

from core.providers.aws.policies import allowing, is_denying_policy, is_quarantine, only_services, policies, trust_policies
from core.providers.aws.subject import Subject, texts


def only_denies(subject: Subject) -> bool:
    """What is attached or written takes rights away and gives none."""
    named, written = list(texts(subject.after, "policyArn", "policyArns")), list(policies(subject.after))
    return bool(named or written) and all(is_denying_policy(arn) for arn in named) and not any(True for _ in allowing(written))


def quarantines(subject: Subject) -> bool:
    """The policy is the one with which AWS shuts in a user whose key it found in the open."""
    return any(is_quarantine(one) for one in texts(subject.after, "policyArn", "policyArns", "policyName"))


def trusts_only_services(subject: Subject) -> bool:
    trusted = list(allowing(trust_policies(subject.after)))
    return bool(trusted) and all(only_services(one) for one in trusted)
