"""No secret leaves `normalize`, whatever its field is called; and what is none stays readable."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.redaction import Redactor

REDACTOR = Redactor(b"k" * 32)
SECRET = "PLANTEDh7Kq"
KEY = f"-----BEGIN {{}}PRIVATE KEY{{}}-----\nMIIEpAIBAAKCAQEA{SECRET}\nQ2hhb3M=\n-----END {{}}PRIVATE KEY{{}}-----"


@pytest.mark.parametrize(
    "text",
    [
        KEY.format("RSA ", "", "RSA ", ""),
        KEY.format("PGP ", " BLOCK", "PGP ", " BLOCK"),
        "cut: " + KEY.format("", "", "", "").partition("Q2hhb3M=")[0],
        f"redis://:{SECRET}@cache:6379/0",
        f"Postgres://app:{SECRET}@db/app",
        f"postgres://app:p@{SECRET}/x@db/app",
        f"https://{SECRET}@github.com/acme/infra",
        f"https://acc.blob.example/c?sv=2024&sig={SECRET}%2Babcdefgh",
        f"https://hooks.slack.com/services/T0/B0/{SECRET}",
        f"jdbc:postgresql://db/app?user=u&password={SECRET}",
        f"Server=db;User Id=sa;Password={SECRET};",
        f"AccountName=a;AccountKey={SECRET}==;EndpointSuffix=core.windows.net",
        f"export DB_PASS={SECRET}; run",
        f"--db-password={SECRET}",
        f"run --db-password {SECRET} --port 5432",
        f"mysql -u root -p{SECRET} -h db",
        f'curl -H "Authorization: Bearer {SECRET}" https://api.example',
        f'proxy_set_header Authorization "Basic {SECRET}2=";',
        f"X-Api-Key: {SECRET}",
        f"sk_live_{SECRET}4eC39HqLyjW",
        "ghp_" + SECRET.ljust(36, "a"),
        f"hvs.{SECRET}abcdefghijklmnop",
        f"db:\n  password: {SECRET}\n",
        f'log: {{\\"password\\": \\"{SECRET}\\"}}',
        json.dumps({"db": {"password": SECRET}}),
        f"token = '{SECRET} with a space'",
        f"JAVA_OPTS=-Ddb.password={SECRET}",
        f'OPTIONS="--host db --password={SECRET} --verbose"',
        f"a=b=c TOKEN={SECRET}",
    ],
)
def test_a_secret_inside_a_text_is_hidden_and_the_same_secret_looks_the_same(text: str) -> None:
    hidden = REDACTOR.text(text)
    assert SECRET not in hidden
    assert "redacted:" in hidden
    assert "Q2hhb3M" not in hidden, "the body of a key is the key"
    assert REDACTOR.text(hidden) == hidden
    assert REDACTOR.text(text) == hidden
    assert REDACTOR.text(text.replace(SECRET, SECRET + "x")) != hidden, "that it changed is seen"


@pytest.mark.parametrize(
    "text",
    [
        'secret "db" not found',
        "token: expired by the server",
        "rotate token: PAY-123",
        "Bearer authentication is required",
        "https://host:8080/path?mail=x@acme.example",
        "ssh://git@github.com/acme/infra",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod-token-abc",
        "password=$DB_PASSWORD",
        "tokenType=Bearer",
        "secretName: db-creds",
        "kubectl set image deploy/api api=api:2",
        '{"Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue"}]}',
        "arn:aws:sts::1:assumed-role/ci/run is not authorized to perform: iam:PassRole",
        "Back-off restarting failed container=app pod=web-1_shop",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text: str) -> None:
    assert REDACTOR.text(text) == text


@pytest.mark.parametrize("name", ["DB_PASS", "PWD", "authorization", "spring.datasource.password", "AccountKey", "apiKey"])
def test_a_name_marks_its_value(name: str) -> None:
    assert REDACTOR.value({name: "hunter2"}) == {name: REDACTOR.hash("hunter2")}


@pytest.mark.parametrize("name", ["bypass", "passthrough", "authorization_info", "secretName", "token_ttl", "compass"])
def test_a_name_that_only_sounds_like_one_marks_nothing(name: str) -> None:
    assert not Redactor.names_secret(name)


@pytest.mark.parametrize("deep", ["[" * 900 + "1" + "]" * 900, '{"a":' * 900 + "1" + "}" * 900])
def test_json_that_is_nested_too_deep_is_read_as_text(deep: str) -> None:
    assert SECRET not in REDACTOR.text(f"{deep} password={SECRET}")
    assert REDACTOR.text(deep) == deep


@given(st.text(max_size=300))
def test_any_text_can_be_read_and_reading_it_again_changes_nothing(text: str) -> None:
    once = REDACTOR.text(text)
    assert REDACTOR.text(once) == once
