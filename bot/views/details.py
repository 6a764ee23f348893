"""The whole of a story in a modal: every field before and after, every piece of evidence with its weight in words, every revision."""

from dataclasses import dataclass

from bot.told import ToldStory
from bot.views import blocks as kit
from bot.views import story as story_view
from bot.views import verdicts, words
from bot.views.blocks import Block
from bot.views.catchup import gap
from bot.views.mrkdwn import PROSE, code, date, link, prose, render, strong, value
from core import phrases
from core.assessment import Assessment, ComfortLevel
from core.coverage import Coverage, CoverageState
from core.evidence import Evidence
from core.unified import UnifiedEvent

EVENT_DETAILS = "event_details"
_SHOWN_FIELDS, _SHOWN_EVENTS, _SHOWN_LINKS = 40, 15, 5
_COMFORT = {
    ComfortLevel.HIGH: "yes: it is explained, and was seen to go well",
    ComfortLevel.STANDARD: "yes: it is explained",
    ComfortLevel.LOW: "not yet: something is not explained",
    ComfortLevel.NONE: "nothing that I read says so",
}
_OVERRULES = {
    story_view.PLANNED: "It was planned",
    story_view.NOT_PLANNED: "It was not planned",
    story_view.ROUTINE: "It is routine",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Details:
    """One event of a story, whole. `coverage` are the newest stretches of its sources, `gaps` those around it that were not read."""

    told: ToldStory
    event: UnifiedEvent
    revisions: tuple[Assessment, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    gaps: tuple[Coverage, ...] = ()


def details_modal(of: Details) -> Block:
    return kit.modal("Details", [*_top(of), *_changes(of.event), *_evidence(of.event), *_others(of), *_revisions(of), *_coverage(of)])


def gone_modal() -> Block:
    return kit.modal(
        "Details", [kit.section("This change is no longer kept. How long history is kept is the setting `database.retention_days`.")]
    )


def _top(of: Details) -> list[Block]:
    story, event, assessment = of.told.story, of.event.event, of.event.assessment
    headline = f"{verdicts.mark(story)} {words.place(event.resource, event.environment)}\n{words.what_changed(event)}"
    overrule = assessment.overrule
    pairs = [
        f"*Verdict*\n{verdicts.of_assessment(assessment)}",
        f"*Severity*\n{assessment.severity.value}",
        f"*Who*\n{words.actor(of.event.actor, of.told.people)}",
        f"*When*\n{_when(of.event)}",
        f"*What*\n{code(event.resource.kind)} {prose(event.change_type.value, 40)}",
        f"*Source*\n{prose(event.source, 80)} · {code(event.native_action or '–', 80)}",
        f"*How much at ease one may be*\n{_COMFORT[assessment.comfort.level]}",
        f"*Stability*\n{_stability(assessment)}",
    ]
    if event.resource.uid:
        pairs.append(f"*Id*\n{code(event.resource.uid, 300)}")
    if story.taken_back:
        pairs.append(f"*Taken back*\n{render(phrases.taken_back(story), of.told.people, 300)}")
    if overrule and overrule.why:
        pairs.append(f"*Because*\n“{prose(overrule.why)}”")
    answers = kit.actions(
        *(
            kit.button(label, action, story.id)
            for action, label in (
                (story_view.PLANNED, "It was planned"),
                (story_view.NOT_PLANNED, "Not planned"),
                (story_view.ROUTINE, "It is routine"),
            )
        ),
        kit.button("Ask about it", story_view.ASK, story.id),
    )
    links = [link(one.title, one.url) for one in event.links[:_SHOWN_LINKS]]
    return [kit.section(headline), kit.fields(*pairs), *([kit.context(" · ".join(links))] if links else []), answers]


def _when(event: UnifiedEvent) -> str:
    facts = event.event
    if facts.occurred_after:
        return f"{date(facts.occurred_after)} – {date(facts.occurred_at)} (the source tells no instant)"
    late = (facts.observed_at - facts.occurred_at).total_seconds()
    return date(facts.occurred_at) + (f", read {date(facts.observed_at)}" if late > 300 else "")


def _stability(assessment: Assessment) -> str:
    score = assessment.comfort.stability
    if score is None:
        return "not measured"
    return f"{score.numerator:g} of {score.denominator:g} checks pass ({prose(score.source, 80)}, {date(score.at)})"


def _changes(event: UnifiedEvent) -> list[Block]:
    changes = event.event.changes
    if not changes:
        return []
    shown = [
        kit.section(f"{code(change.path, 400)}\n{value(change.before, 1200)}  →  {value(change.after, 1200)}")
        for change in changes[:_SHOWN_FIELDS]
    ]
    more = len(changes) - len(shown)
    command = f"`wgo history {prose(event.event.resource.name, 80)} --json`"
    rest = [kit.context(f"{words.plural(more, 'more field')} changed; {command} shows them all.")] if more else []
    return [kit.header(f"What changed: {words.plural(len(changes), 'field')}"), *shown, *rest]


def weight(of: float | None) -> str:
    """How much a piece of evidence weighs, in words. Log-odds: 0.7 is two to one, 2.2 nine to one."""
    if of is None or abs(of) < 0.05:
        return ""
    much = "strongly" if abs(of) >= 2.2 else "clearly" if abs(of) >= 0.7 else "a little"
    return f"speaks {much} {'for' if of > 0 else 'against'} planned"


def _evidence(event: UnifiedEvent) -> list[Block]:
    a = event.assessment
    steps = (
        ("Who did it", a.attribution.evidence),
        ("Why these belong together", a.correlation.evidence),
        ("Why this verdict", a.classification.evidence),
        ("How usual it is", a.context.evidence),
        ("Why one may be at ease", a.comfort.evidence if a.comfort.reassures else ()),
    )
    found = [kit.section(f"*{title}*", *(_fact(one) for one in evidence)) for title, evidence in steps if evidence]
    if not found:
        found = [kit.section("Nothing that was read speaks for or against it: that is why I can't tell.")]
    expects = [kit.context(*(prose(one) for one in a.context.expects[:3]))] if a.context.expects else []
    return [kit.header("What this rests on"), *found, *expects]


def _fact(one: Evidence) -> str:
    says = prose(one.says)
    parts = [f"{says[:1].upper()}{says[1:]}", weight(one.weight), date(one.at) if one.at else "", code(one.ref, 80) if one.ref else ""]
    return "• " + " · ".join(part for part in parts if part)


def _others(of: Details) -> list[Block]:
    story = of.told.story
    others = [one for one in (of.told.headline, *of.told.events) if one.id != of.event.id]
    if not others:
        return []
    title = f"{story.cause or 'The same cause'}: {words.plural(story.event_count, 'change')}"
    shown = [
        kit.section(
            f"{strong(words.name_of(one.resource), 80)} · {words.what_changed(one.event, 2)}\n"
            f"{words.actor(one.actor, of.told.people)} · {date(one.timestamp)} · {verdicts.of_event(one)}",
            accessory=kit.button("Details", EVENT_DETAILS, one.id),
        )
        for one in others[:_SHOWN_EVENTS]
    ]
    more = story.event_count - 1 - len(shown)
    rest = [kit.context(f"and {words.plural(more, 'more change')} of this cause")] if more > 0 else []
    return [kit.header(title), kit.context(words.counted(story.counts)), *shown, *rest]


def _revisions(of: Details) -> list[Block]:
    if len(of.revisions) < 2:
        return []
    rows = [
        f"{one.revision}. {date(one.assessed_at)}: {verdicts.of_assessment(one)}"
        + (f" · {prose(one.because, PROSE)}" if one.because else "")
        for one in of.revisions[-10:]
    ]
    return [kit.section("*How this conclusion came about*", *rows)]


def _coverage(of: Details) -> list[Block]:
    rows = [f"• {gap(one)}" + (f": {prose(one.reason)}" if one.reason and one.state is CoverageState.GAP else "") for one in of.gaps[:5]]
    last = [_last_read(one) for one in of.coverage[:10]]
    return [kit.context("\n".join(["What was read:", *rows, *last]))] if rows or last else []


def _last_read(one: Coverage) -> str:
    if one.state is CoverageState.GAP:
        return f"• {prose(one.source, 80)}: not read since {date(one.range.start)}. {prose(one.next_step)}"
    part = f", but {prose(one.reason)}" if one.state is CoverageState.PARTIAL and one.reason else ""
    return f"• {prose(one.source, 80)}: complete until {date(one.complete_until)}{part}"


def overrule_modal(story_id: str, verdict_word: str, says: str) -> Block:
    """Asks for a reason before a verdict is overruled."""
    title = _OVERRULES[verdict_word]
    return kit.modal(
        title,
        [
            kit.section(f"You overrule what I concluded about {prose(says)}. It is told with your name, and I learn from it."),
            kit.text_input("Why? (so that others understand it)", "why", placeholder="rolling back 1.42", optional=True, most=200),
        ],
        callback_id="overrule",
        submit="Say so",
        close="Cancel",
        about=f"{verdict_word}|{story_id}",
    )


def ask_modal(story_id: str, says: str) -> Block:
    about = f"about {prose(says)}" if says else "about your infrastructure"
    return kit.modal(
        "Ask",
        [
            kit.section(f"Ask {about}. I answer from what I have read, and say what I have not."),
            kit.text_input("Your question", "question", placeholder="Who else changed this last week?", multiline=True, most=500),
        ],
        callback_id="ask",
        submit="Ask",
        about=story_id,
    )
