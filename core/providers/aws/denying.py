"""Policies that give nothing, or nothing to people: rights taken away, users shut in, roles for services alone. Pure."""

from core.providers.aws.policies import allowing, is_denying_policy, is_quarantine, only_own, only_services, policies, trust_policies
from core.providers.aws.subject import Subject, texts


def only_denies(subject: Subject) -> bool:
    """What is attached or written takes rights away and gives none."""
    named, written = list(texts(subject.after, "policyArn", "policyArns")), list(policies(subject.after))
    return bool(named or written) and all(is_denying_policy(arn) for arn in named) and not any(True for _ in allowing(written))


def quarantines(subject: Subject) -> bool:
    """The policy is the one with which AWS shuts in a user whose key it found in the open."""
    return any(is_quarantine(one) for one in texts(subject.after, "policyArn", "policyArns", "policyName"))


def trusts_only_own(subject: Subject) -> bool:
    """Only this account's own principals and services of AWS may become it, and at least one of them is the account's own.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    trusted = list(allowing(trust_policies(subject.after)))
    people = [one for one in trusted if not only_services(one)]
    return bool(subject.account) and bool(people) and all(only_own(one, subject.account) for one in people)


def trusts_only_services(subject: Subject) -> bool:
    trusted = list(allowing(trust_policies(subject.after)))
    return bool(trusted) and all(only_services(one) for one in trusted)
