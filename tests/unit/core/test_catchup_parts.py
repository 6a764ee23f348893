"""The lines of a catch-up: what several changes share is said once, times are slots, and who can be asked is asked."""

from dataclasses import replace

import pytest

from core.analysis.anomaly import Silence
from core.assessment import Severity, Verdict
from core.catchup_parts import missed, recommendations, rolled_up
from core.coverage import CoverageReport
from core.event import Actor, ActorKind
from core.report import LookAt
from core.story import Settling, Story
from core.text import Strong, Time, plain
from core.timerange import TimeRange
from tests.unit.core.changes import ANA, T0

ARGO = Actor(kind=ActorKind.AUTOMATION, id="argo", name="Argo CD")
ROOT = Actor(kind=ActorKind.HUMAN, id="root", name="root", privileged=True)


def story(number: int, cause: str, actor: Actor = ARGO) -> Story:
    return Story(
        id=f"s{number}", revision=1, opened_at=T0, updated_at=T0, first_at=T0, last_at=T0, headline_event=f"e{number}", cause=cause,
        environment="prod", verdict=Verdict.PLANNED, confidence=0.9, severity=Severity.LOW, actors=(actor,), settling=Settling.NOT_STARTED,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("causes", "says"),
    [
        (("Argo CD application web", "Argo CD application api"), "Argo CD: application web, api in prod"),
        (("i-1 deleted", "i-2 deleted", "i-3 deleted", "i-4 deleted"), "Argo CD: i-1, i-2, i-3 and 1 more deleted in prod"),
        (("web scaled", "api created"), "Argo CD: web scaled, api created in prod"),
        (("one", "two"), "Argo CD: one, two in prod"),
        (("run 7 of web", "run 7 of web api"), "Argo CD: run 7 of web, web api in prod"),
        (("network-upgrade",), "Argo CD: network-upgrade in prod"),
    ],
)
def test_what_all_causes_share_is_said_once(causes: tuple[str, ...], says: str) -> None:
    (rolled,) = rolled_up(story(number, cause) for number, cause in enumerate(causes))
    assert plain(rolled.says) == says


def test_when_a_routine_did_not_happen_is_a_time_on_each_reader_s_clock() -> None:
    silence = Silence(key="same/web", expected_at=T0, says=f"The snapshot did not happen near {T0:%a %H:%M} UTC, as usual", evidence=())
    assert missed(silence).says == ("The snapshot did not happen near ", Time(T0), ", as usual.")
    assert missed(replace(silence, says="It did not happen")).says == ("It did not happen.",)


@pytest.mark.parametrize(
    ("who", "says"),
    [
        (ANA, "Ask Ana about prod, sg-1: nothing explains it"),
        (ROOT, "Find out who acted as root on prod, sg-1: nothing explains it"),
        (Actor(kind=ActorKind.UNKNOWN), "Find out who changed prod, sg-1: nothing explains it"),
    ],
)
def test_whoever_can_be_asked_is_and_what_is_known_of_the_others_is_said(who: Actor, says: str) -> None:
    one = LookAt(
        story_id="s", event_id="e", what=(Strong("sg-1"), " opened"), verdict=Verdict.UNPLANNED, confidence=0.9, severity=Severity.HIGH,
        at=T0, who=who, environment="prod",
    )  # fmt: skip
    whole = CoverageReport(range=TimeRange(start=T0, end=T0), sources=("cluster",), gaps=(), complete_until=(("cluster", T0),))
    assert [plain(advice.says) for advice in recommendations((one,), (), whole)] == [says]
