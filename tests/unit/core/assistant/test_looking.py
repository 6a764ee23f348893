"""Questions about what no column tells: ports, values, what an action does. Over a real store."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.assessment import Severity, Verdict
from core.assistant import topics
from core.assistant.conversation import Conversation
from core.event import Actor, ActorKind, ChangeType, Event, FieldChange, Scope, Via
from core.json import JsonValue
from core.report import Answer, Question
from core.subscription import EVERYTHING
from core.text import plain
from core.trait import Trait
from core.unified import UnifiedEvent
from tests.unit.core.changes import ANA, BEN, SCALER, change
from tests.unit.core.telling import NOW, Telling, telling

SINCE = "Since Mon 23 Feb 22:00 UTC"
ROOT = Actor(kind=ActorKind.HUMAN, id="root", name="root", via=Via.CONSOLE)
NOT_UNDERSTOOD = ": I found no change. That rules nothing out: I may not have understood every word."


def with_fields(event: Event, *fields: tuple[str, JsonValue, JsonValue], account: str = "") -> Event:
    resource = replace(event.resource, scope=Scope(account=account)) if account else event.resource
    return replace(event, resource=resource, changes=tuple(FieldChange(path=path, before=old, after=new) for path, old, new in fields))


def sg(name: str, rule: str, minutes: float, *traits: Trait, actor: Actor = ROOT) -> Event:
    made = change(name, minutes, actor, kind="AWS::EC2::SecurityGroup", provider="aws", traits=traits)
    return with_fields(made, ("ingress", None, rule), account="111122223333")


@pytest.fixture
def told() -> Iterator[Telling]:
    """A day in an account whose id holds 22: who opened what, who shared what, and what scaled."""
    with telling() as held:
        held.read()
        opened = (Trait.OPENS_NETWORK, Trait.EXPOSES_PUBLICLY)
        held.happened(sg("sg-ssh", "tcp 22 0.0.0.0/0", 1, *opened), Verdict.UNPLANNED, Severity.HIGH)
        held.happened(sg("sg-range", "tcp 20-25 10.0.0.0/8", 2, Trait.OPENS_NETWORK, actor=BEN), Verdict.PLANNED, Severity.MEDIUM)
        held.happened(sg("sg-web", "tcp 443 0.0.0.0/0", 3, *opened, actor=BEN), Verdict.PLANNED, Severity.MEDIUM)
        volume = change("vol-1", 4, ANA, kind="AWS::EC2::Volume", provider="aws")
        held.happened(with_fields(volume, ("Size", 100, 200), account="111122223333"))
        shared = change("acme-data", 5, BEN, kind="Project", provider="gcp", traits=(Trait.SHARES_OUTSIDE, Trait.GRANTS_ACCESS))
        held.happened(with_fields(shared, ("bindings[roles/viewer]", None, "user:contractor@partner.example")), Verdict.UNPLANNED)
        for minutes, replicas in ((6, 4), (7, 6)):
            held.happened(
                with_fields(
                    change("api", minutes, SCALER, type=ChangeType.SCALED, traits=(Trait.SCALES,)), ("spec.replicas", None, replicas)
                )
            )
        applied = replace(ANA, via=Via.IAC, tool="Terraform 1.11")
        held.happened(with_fields(change("payments", 8, applied), ("image", "payments:1", "payments:2")), Verdict.PLANNED)
        yield held


def ask(told: Telling, text: str, before: str = "", most_looked: int = 1000) -> Answer:
    previous = Question(text=before, asker="U1", asked_at=NOW) if before else None
    asks = Conversation(told.store, clock=lambda: NOW, sources=("cluster",), most_looked=most_looked)
    return asks.answer(Question(text=text, asker="U1", asked_at=NOW, previous=previous))


def says(answer: Answer) -> str:
    return plain(answer.text)


def names(told: Telling, answer: Answer) -> list[str]:
    """The resources that are cited, in order."""
    held = [told.store.events.get(EVERYTHING, one.event_id) for one in answer.citations]
    return [one.resource.name for one in held if one is not None]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("who opened port 22?", ["sg-ssh", "sg-range"]),
        ("who opened ssh?", ["sg-ssh", "sg-range"]),
        ("anything on port 443 today?", ["sg-web"]),
        ("did anyone make something public?", ["sg-ssh", "sg-web"]),
        ("was anything exposed to the internet?", ["sg-ssh", "sg-web"]),
        ("show me all security changes", ["acme-data", "sg-ssh", "sg-range", "sg-web"]),
        ("who gave access to the contractor?", ["acme-data"]),
        ("has anyone changed IAM permissions?", ["acme-data"]),
        ("who has been using the console?", ["acme-data", "sg-ssh", "sg-range", "sg-web"]),
        ("who scaled api to 6?", ["api"]),
        ("which api change set replicas to 6?", ["api"]),
        ("what did terraform do today?", ["payments"]),
        ("what changed in 111122223333?", ["sg-ssh", "sg-range", "sg-web", "vol-1"]),
        ("what went to 200?", ["vol-1"]),
    ],
)
def test_what_is_asked_for_is_found_and_nothing_else(told: Telling, text: str, found: list[str]) -> None:
    assert sorted(names(told, ask(told, text))) == sorted(found)


def test_a_port_is_no_part_of_an_account_and_the_answer_says_what_it_is_about(told: Telling) -> None:
    answer = ask(told, "who opened port 22?")
    assert says(answer).startswith(f"{SINCE}, about opening and port 22: 2 changes by Ben (1), root (1).")
    assert names(told, answer)[0] == "sg-ssh"
    assert f"{SINCE}, about “22”" in says(ask(told, "what about 22?"))
    assert names(told, ask(told, "what about 22?")) == ["sg-ssh"]


def test_what_holds_only_a_part_of_what_was_asked_is_said_to_come_closest(told: Telling) -> None:
    answer = says(ask(told, "did anyone make a bucket public?"))
    assert answer.startswith(
        f"I found no change that is about all of what is public and buckets. What comes closest:\n{SINCE}, about what is public: 2 changes"
    )
    assert says(ask(told, "who touched the payments database?")).startswith(
        "I found no change that is about all of databases and “payments”. What comes closest:\n"
        f"{SINCE}, about “payments”: 1 change by Ana (1)."
    )


def test_what_was_not_understood_is_never_answered_with_calm(told: Telling) -> None:
    assert says(ask(told, "did anything change outside business hours?")).startswith(
        "I can't leave out what “outside business hours” names"
    )
    assert says(ask(told, "did the business layer change?")) == f"{SINCE}, about “business” and “layer”{NOT_UNDERSTOOD}"
    assert says(ask(told, "any secrets rotated?")).endswith(NOT_UNDERSTOOD)
    known = says(ask(told, "what changed on payments since 21:00?"))
    assert known == "Since Mon 02 Mar 21:00 UTC, of what is called payments: no change. In that time cluster was read whole."


def test_a_kind_of_change_that_did_not_happen_is_named_with_those_that_did(told: Telling) -> None:
    assert says(ask(told, "who restarted api today?")) == (
        "Since Mon 02 Mar 00:00 UTC, of what is called api, restarted only: no change. In that time cluster was read whole. "
        "Of other kinds there are 2."
    )


def test_no_change_by_somebody_says_by_whom(told: Telling) -> None:
    assert says(ask(told, "what did Ana do since 21:00?")) == (
        "Since Mon 02 Mar 21:00 UTC, by Ana: no change. In that time cluster was read whole."
    )


def test_one_person_under_two_names_is_asked_for_under_both_and_root_is_somebody(told: Telling) -> None:
    mailed = replace(BEN, id="ben@acme.example", name="ben@acme.example")
    told.happened(change("queue", 9, mailed), Verdict.UNPLANNED)
    answer = ask(told, "what did ben do today?")
    assert says(answer).startswith("Since Mon 02 Mar 00:00 UTC, by Ben or ben@acme.example: 4 changes")
    assert names(told, ask(told, "what did root do?")) == ["sg-ssh"]
    assert says(ask(told, "what's the root cause?")).startswith("I see what changed, not what caused it. Since")


def test_a_plural_finds_what_is_called_by_the_word(told: Telling) -> None:
    assert says(ask(told, "show changes to security groups")).startswith(f"{SINCE}, of what is called security group: 3 changes")
    assert says(ask(told, "what changed in payments?")).startswith(f"{SINCE}, of what is called payments: 1 change")


def test_an_incident_is_not_claimed_and_not_denied(told: Telling) -> None:
    assert says(ask(told, "was there an incident today?")).startswith("I see changes and health signals, not incidents. Since Mon 02 Mar")
    assert sorted(names(told, ask(told, "is anything unusual?"))) == ["acme-data", "sg-ssh"]


def test_what_was_only_looked_through_in_part_is_said(told: Telling) -> None:
    caveats = [plain(one) for one in ask(told, "what went to 443?", most_looked=3).caveats]
    assert caveats == ["I looked through the 3 gravest of 8 changes; there may be more among the others."]


def test_log_ins_and_that_one_and_what_is_new_and_open(told: Telling) -> None:
    assert says(ask(told, "did somebody log in as root?")) == "I keep changes. Who logged in, and what was only read, I don't know."
    assert says(ask(told, "was that planned?")).startswith("Of which change?")
    assert "8 changes" in says(ask(told, "what's new?"))
    assert sorted(names(told, ask(told, "what is still open?"))) == ["acme-data", "sg-ssh"]
    assert says(ask(told, "is anything on fire?")).startswith("Stability was not measured")
    assert says(ask(told, "was that planned?", before="who opened port 443?")).startswith("prod · 111122223333 · sg-web")


@pytest.mark.parametrize(
    ("path", "value", "lets"),
    [
        ("ingress", "tcp 22 0.0.0.0/0", True),
        ("ingress", "tcp 20-25 10.0.0.0/8", True),
        ("ingress", "all 0.0.0.0/0", True),
        ("allowed", [{"IPProtocol": "tcp", "ports": ["22"]}], True),
        ("allowed", [{"IPProtocol": "tcp", "ports": ["5432", "8000-9000"]}], False),
        ("ingress", [{"from_port": 0, "to_port": 65535, "cidr_blocks": ["10.0.0.0/8"]}], True),
        ("ingress", [{"from_port": 443, "to_port": 443, "cidr_blocks": ["10.22.0.0/16"]}], False),
        ("ingress", "tcp 443 10.0.0.22/32", False),
        ("ingress", "tcp 2222 10.0.0.0/8", False),
        ("Size", 22, False),
    ],
)
def test_which_rule_lets_port_22_through(told: Telling, path: str, value: JsonValue, lets: bool) -> None:
    event = with_fields(change("sg", 1), (path, None, value))
    assert topics.Sought(ports=(22,)).holds(_unified(told, event)) is lets


@pytest.mark.parametrize(
    ("word", "text", "held"),
    [
        ("22", "tcp 22 0.0.0.0/0", True),
        ("22", "aws/111122223333/sg-1", False),
        ("22", "10.22.0.1", False),
        ("10.20.1.0/24", "cidr 10.20.1.0/24", True),
        ("fire", "wildfire", False),
        ("payment", "payments", True),
        ("contractors", "user:contractor@partner.example", True),
    ],
)
def test_a_number_is_found_whole_and_a_name_from_where_it_begins(word: str, text: str, held: bool) -> None:
    assert topics.word_in(word, text) is held


def _unified(told: Telling, event: Event) -> UnifiedEvent:
    told.happened(event)
    found = told.store.events.get(EVERYTHING, event.id)
    assert found is not None
    return found
