"""Analysis weighs traits, actors and references. A vendor's own words stop at its provider."""

import re
from pathlib import Path

import yaml

CORE = Path(__file__).parents[3] / "core"
ANALYSIS = CORE / "analysis"
_ACTION = re.compile(
    r"\b(?:Create|Delete|Put|Attach|Detach|Update|Modify|Authorize|Revoke|Terminate|Run|Stop|Start|Describe|Get|List|Set|Insert|Patch)"
    r"(?:[A-Z][a-z]+){1,5}\b|\b(?:ec2|s3|iam|kms|compute|storage|apps|rbac)[.:/][A-Za-z*]+\b|\baws_[a-z]+|\bgoogle_[a-z]+|amazonaws\.com"
)


def test_no_vendor_action_is_named_in_analysis() -> None:
    found = []
    for path in sorted(ANALYSIS.rglob("*")):
        if path.suffix not in (".py", ".yaml"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            bare = re.sub(r"https?://[^\s\"']+", "", line)
            found += [f"{path.name}:{number}: {hit.group()}" for hit in _ACTION.finditer(bare)]
    assert found == []


def test_the_pattern_would_see_one() -> None:
    assert _ACTION.search('if action == "AuthorizeSecurityGroupIngress":')
    assert _ACTION.search("kind: aws_instance")


def test_every_data_file_parses() -> None:
    files = [*ANALYSIS.rglob("*.yaml")]
    assert {path.name for path in files} == {"classify.yaml", "severity.yaml", "identities.yaml", "comfort.yaml"}
    assert all(yaml.safe_load(path.read_text()) for path in files)
