"""The audit log as it comes in, and how its acts find the changes they made."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.event import Actor, ActorKind, ChangeType, Event, Via
from core.json import JsonObject
from core.ports import InboxRow
from core.providers.kubernetes import joining, storms, tail
from core.providers.kubernetes.origin import Origin
from tests.unit.core.providers.kubernetes.given import CONTEXT, NOW, audit, deployment, manifest, read

ORIGIN = Origin(source="eks", environment="prod", cluster="eks", redactor=CONTEXT.redactor)
WATCHED = frozenset({"Deployment", "ConfigMap", "Namespace"})


def line(**given: Any) -> str:
    return json.dumps(audit(**given)) + "\n"


def names(heard: tail.Heard) -> list[str]:
    return [record["objectRef"]["name"] for record in heard.records]


def test_the_first_look_at_a_log_begins_at_its_end(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(line(name="old"))
    first = tail.from_file(log, {})
    log.write_text(line(name="old") + line(name="new"))
    assert (names(first), names(tail.from_file(log, first.position))) == ([], ["new"])


def test_a_line_that_is_still_written_waits(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.touch()
    whole = line(name="a")
    begun = tail.from_file(log, {})
    log.write_text(whole[:40])
    half = tail.from_file(log, begun.position)
    log.write_text(whole)
    assert (names(half), names(tail.from_file(log, half.position))) == ([], ["a"])


def test_a_rotated_log_is_read_to_its_end_before_the_new_one(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(line(name="seen"))
    at = tail.from_file(log, {}).position
    log.write_text(line(name="seen") + line(name="before"))
    log.rename(tmp_path / "audit-2026-11-24T09-00-00.000.log")
    log.write_text(line(name="after"))
    heard = tail.from_file(log, at)
    assert names(heard) == ["before", "after"]
    assert names(tail.from_file(log, heard.position)) == []


def test_a_log_that_was_cut_off_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(line(name="a") * 3)
    at = tail.from_file(log, {}).position
    log.write_text(line(name="b"))
    assert names(tail.from_file(log, at)) == ["b"]


def test_lines_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.touch()
    at = tail.from_file(log, {}).position
    log.write_text("not json\n{}\n" + line(name="a"))
    heard = tail.from_file(log, at)
    assert (names(heard), heard.unreadable) == (["a"], 2)


@dataclass
class Inbox:
    rows: list[InboxRow] = field(default_factory=list)

    def put(self, row: InboxRow) -> bool:
        self.rows.append(row)
        return True

    def pending(self, kind: str, topic: str = "", limit: int = 1000) -> Sequence[InboxRow]:
        return [row for row in self.rows if row.kind == kind and row.topic == topic][:limit]

    def done(self, keys: Collection[str], at: datetime) -> None: ...


def test_what_the_webhook_pushed_is_heard_and_named_as_handled() -> None:
    body = json.dumps({"kind": "EventList", "items": [audit(name="a"), audit(name="b")]}).encode()
    row = InboxRow(key="k1", kind="k8s-audit", topic="eks", body=body, received_at=NOW)
    other = InboxRow(key="k2", kind="k8s-audit", topic="another", body=body, received_at=NOW)
    heard = tail.from_inbox(Inbox([row, other]), "eks")
    assert (names(heard), heard.handled) == (["a", "b"], ("k1",))


def act(verb: str = "patch", resource: str = "deployments.apps", *, seconds: float = 0, **given: Any) -> Event:
    at = (NOW + timedelta(seconds=seconds)).isoformat()
    record = audit(verb, resource, auditID=f"{verb}{resource}{seconds}{given.get('name')}", requestReceivedTimestamp=at, **given)
    (found,) = read("k8s-audit", record)[0].events
    return found


def seen(before: JsonObject | None = None, after: JsonObject | None = None) -> Event:
    fields = [{"manager": "kubectl-edit", "time": NOW.isoformat(), "fieldsV1": {"f:spec": {"f:template": {}}}}]
    changed = after or deployment("api:2", metadata={"managedFields": fields})
    (found,) = read("k8s-object", before or deployment(), changed)[1].events
    return found


def test_an_act_gives_its_actor_to_the_change_it_made() -> None:
    joined = joining.join([seen()], [act()], WATCHED, ORIGIN)
    (event,) = joined.events
    assert (event.actor.id, event.actor.tool, joined.waiting) == ("ana@acme.example", "kubectl 1.31.2", ())


def test_an_act_of_another_verb_or_time_or_a_refused_one_gives_nothing() -> None:
    for other in (act("delete"), act(seconds=-60), act(code=403)):
        event = joining.join([seen()], [other], WATCHED, ORIGIN).events[0]
        assert not event.actor.known


def test_two_acts_each_go_to_their_own_change() -> None:
    ana, ben = act(seconds=-1), act(seconds=0, user="ben")
    first = seen()
    joined = joining.join([first, first], [ana, ben], WATCHED, ORIGIN)
    assert {event.actor.id for event in joined.events} == {"ana@acme.example", "ben"}


def unnamed(after_seconds: float, *, version: str = "", at: float = 9) -> Event:
    """A change of web whose writer is not told, seen `at` seconds after NOW by a watch that looked last at `after_seconds`."""
    made = {"resource_version": version} if version else {}
    seen_at, since = (NOW + timedelta(seconds=seconds) for seconds in (at, after_seconds))
    return replace(seen(), occurred_at=seen_at, occurred_after=since, observed_at=seen_at, metadata=made)


def test_changes_of_one_poll_that_no_time_tells_apart_go_to_their_acts_in_order() -> None:
    ana, ben, eve = act(seconds=1), act(seconds=1.01, user="ben"), act(seconds=8, user="eve")
    joined = joining.join([unnamed(0), unnamed(0, at=9.1), unnamed(0, at=9.2)], [eve, ben, ana], WATCHED, ORIGIN)
    assert [event.actor.id for event in joined.events] == ["ana@acme.example", "ben", "eve"]
    nothing, late = act(seconds=2, user="idle"), act(seconds=7, user="late")
    joined = joining.join([unnamed(0), unnamed(0, at=9.1)], [ana, nothing, late, eve], WATCHED, ORIGIN)
    assert [event.occurred_at for event in joined.events] == sorted(event.occurred_at for event in joined.events)


def test_nobody_is_named_where_several_people_may_have_made_the_change() -> None:
    ana, nothing, ben = act(seconds=1), act(seconds=8, user="idle"), act(seconds=8.5, user="ben")
    joined = joining.join([unnamed(0)], [ana, nothing], WATCHED, ORIGIN)
    assert ([event.actor.id for event in joined.events], joined.events[0].nameless) == ([""], True)
    joined = joining.join([unnamed(0), unnamed(0, at=9.1)], [ana, nothing, ben], WATCHED, ORIGIN)
    assert [event.actor.id for event in joined.events] == ["", ""]
    again = joining.join([unnamed(0)], [ana, act(seconds=8)], WATCHED, ORIGIN)
    assert [event.actor.id for event in again.events] == ["ana@acme.example"], "one person's twice is that person's"


def test_a_record_that_tells_the_version_it_made_goes_to_that_change_alone() -> None:
    def made(version: str, **given: Any) -> Event:
        return act(responseObject={"kind": "Deployment", "metadata": {"resourceVersion": version}}, **given)

    ana, nothing, ben = made("7", seconds=1), made("7", seconds=8, user="idle"), made("9", seconds=8.5, user="ben")
    joined = joining.join([unnamed(0, version="7"), unnamed(0, version="9")], [ben, nothing, ana], WATCHED, ORIGIN)
    assert [event.actor.id for event in joined.events] == ["ana@acme.example", "ben"]
    (unheard,) = joining.join([unnamed(0, version="8")], [ana, nothing, ben], WATCHED, ORIGIN).events
    assert not unheard.actor.known, "its own record has not come; another's is not its"


def test_a_change_of_unknown_moment_is_told_before_the_next_one_of_its_object() -> None:
    first, second = unnamed(0, at=9), replace(unnamed(0, at=9.1), occurred_at=NOW + timedelta(seconds=3), occurred_after=None)
    told = joining.in_order([first, second])
    assert [event.observed_at for event in told] == [first.observed_at, second.observed_at]
    assert (told[0].occurred_after, told[0].occurred_at) == (NOW, NOW + timedelta(seconds=3))


def test_an_act_whose_change_was_not_seen_waits_and_another_kinds_is_told() -> None:
    joined = joining.join([], [act(), act("create", "widgets.acme.example")], WATCHED, ORIGIN)
    assert [event.resource.kind for event in joined.events] == ["Widget"]
    assert [event.resource.kind for event in joined.waiting] == ["Deployment"]


def test_the_platforms_own_doings_and_retries_are_not_told() -> None:
    acts = [
        act("delete", "pods", user="system:serviceaccount:kube-system:replicaset-controller", agent="kube-controller-manager/v1.31.2"),
        act("create", "csinodes.storage.k8s.io", user="system:node:a", agent="kubelet/v1.31.2"),
        act("update", "configmaps", user="system:kube-controller-manager", agent="kube-controller-manager/v1.31.2", code=409),
        act("create", "pods", user="ana"),
    ]
    assert joining.join([], acts, WATCHED, ORIGIN).events == ()


def test_a_drain_is_one_event_with_its_pods() -> None:
    acts = [act("create", "pods/eviction", name=f"api-{n}", seconds=n) for n in range(40)]
    (event,) = joining.join([], acts, WATCHED, ORIGIN).events
    assert (event.count, event.change_type, event.resource.name, len(event.metadata["names"])) == (40, ChangeType.DELETED, "*", 20)


def test_refusals_of_a_script_are_one_event_and_people_are_told_apart() -> None:
    acts = [act("create", "secrets", name=f"s{n}", code=403, seconds=n, user=user) for n in range(5) for user in ("bot", "ana")]
    told = joining.join([], acts, WATCHED, ORIGIN).events
    assert sorted((event.actor.id, event.count) for event in told) == [("ana", 5), ("bot", 5)]


def test_a_managers_name_alone_makes_nobody_the_platform() -> None:
    fields = [{"manager": "argocd-controller", "time": NOW.isoformat(), "fieldsV1": {"f:spec": {"f:template": {}}}}]
    pretended = seen(after=deployment("api:2", metadata={"managedFields": fields}))
    (event,) = joining.join([pretended], [act(agent="python-requests/2")], WATCHED, ORIGIN).events
    assert (event.actor.kind, event.actor.id, event.actor.via) == (ActorKind.HUMAN, "ana@acme.example", Via.SDK)


def test_a_deleted_collection_gives_its_actor_to_each_that_went() -> None:
    going = {"deletionTimestamp": NOW.isoformat()}
    gone = [seen(manifest("ConfigMap", name), manifest("ConfigMap", name, metadata=going)) for name in ("a", "b")]
    record = audit(
        "deletecollection", "configmaps", name="", requestURI="/api/v1/namespaces/shop/configmaps", requestReceivedTimestamp=NOW.isoformat()
    )
    joined = joining.join(gone, read("k8s-audit", record)[0].events, WATCHED, ORIGIN)
    assert [event.actor.id for event in joined.events] == ["ana@acme.example"] * 2


def test_a_namespace_tells_for_what_went_with_it() -> None:
    going = {"deletionTimestamp": NOW.isoformat()}
    namespace = seen(
        manifest("Namespace", "shop", metadata={"namespace": ""}), manifest("Namespace", "shop", metadata={"namespace": "", **going})
    )
    inside = [seen(manifest("ConfigMap", f"c{n}"), manifest("ConfigMap", f"c{n}", metadata=going)) for n in range(30)]
    (event,) = storms.without_followers_of_namespaces([namespace, *inside], frozenset(), {"shop": 1})
    assert (event.resource.kind, event.count) == ("Namespace", 31)
    assert storms.without_followers_of_namespaces(inside, frozenset({"shop"}), {}) == []
    (marked,) = storms.without_followers_of_namespaces([namespace], frozenset(), {"shop": 30})
    assert (marked.count, marked.metadata["took_along"]) == (31, 30)


def test_an_unknown_actor_stays_unknown() -> None:
    (event,) = joining.join([seen()], [], WATCHED, ORIGIN).events
    assert event.actor == Actor(via=Via.CLI, tool="kubectl edit")


def noted(image: str, cause: str = "PAY-123 (ana)", replicas: int = 2) -> JsonObject:
    return deployment(image, replicas, metadata={"annotations": {"kubernetes.io/change-cause": cause}})


def reasons(verb: str, body: JsonObject) -> list[str]:
    return [intent.says for intent in act(verb, body=body, user="mallory@acme.example").intents]


def test_a_note_explains_only_what_was_sent_with_it_on_purpose() -> None:
    """A whole object carries the notes of earlier changes along; a new one, and a patch that sets the note, bring their own."""
    patch = {"metadata": {"annotations": {"kubernetes.io/change-cause": "PAY-124"}}}
    assert (reasons("update", noted("evil:1")), reasons("patch", noted("evil:1")), reasons("delete", {})) == ([], [], [])
    assert (reasons("create", noted("api:1")), reasons("patch", patch)) == (["PAY-123 (ana)"], ["PAY-124"])


def test_a_note_that_was_there_before_explains_no_change_that_repeats_it() -> None:
    repeated = {"metadata": noted("evil:1")["metadata"], "spec": noted("evil:1")["spec"]}
    for after in (noted("evil:1"), noted("api:1", replicas=5)):
        (event,) = joining.join([seen(noted("api:1"), after)], [act(body=repeated)], WATCHED, ORIGIN).events
        assert (event.actor.id, event.intents) == ("ana@acme.example", ())
    (event,) = joining.join([seen(noted("api:1"), noted("api:2", "PAY-124"))], [act("update")], WATCHED, ORIGIN).events
    assert [intent.says for intent in event.intents] == ["PAY-124"]


def test_a_managers_name_is_no_sync_of_git_where_the_record_knows_who_wrote_it() -> None:
    tracked = {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}}
    agent = "argocd-application-controller/v2.9.0"
    fields = [{"manager": "argocd-application-controller", "time": NOW.isoformat(), "fieldsV1": {"f:spec": {"f:template": {}}}}]
    change = seen(deployment(metadata=tracked), deployment("evil:2", metadata={**tracked, "managedFields": fields}))
    for user, told in (("system:serviceaccount:shop:web", 0), ("system:serviceaccount:argocd:argocd-application-controller", 1)):
        (event,) = joining.join([change], [act(user=user, agent=agent)], WATCHED, ORIGIN).events
        assert (event.actor.id, len(event.intents)) == (user, told)
