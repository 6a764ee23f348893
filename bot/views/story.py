"""A story as a message in a channel: five lines at most, everything else behind Details."""

from bot.told import ToldStory
from bot.views import blocks as kit
from bot.views import verdicts, words
from bot.views.blocks import Block, Message
from bot.views.mrkdwn import PROSE, date, link, prose, render, strong
from core import phrases
from core.assessment import ComfortLevel, Verdict
from core.story import TAKEN_BACK, Settling, Story, wholly_taken_back
from core.subscription import ComfortMode
from core.text import TimeStyle

DETAILS, ASK, MUTE = "details", "ask", "mute"
PLANNED, NOT_PLANNED, ROUTINE = "it_was_planned", "not_planned", "it_was_routine"
# What a mute button may silence, for how many hours.
MUTES = (
    ("This resource, 1 hour", "resource:1"),
    ("This resource, 1 day", "resource:24"),
    ("This resource, 1 week", "resource:168"),
    ("Everything of this kind here, 1 day", "kind:24"),
    ("Everything from this source, 1 hour", "source:1"),
)


def story_message(told: ToldStory, *, comfort_mode: ComfortMode = ComfortMode.STANDARD) -> Message:
    """The message of a story as it stands now."""
    lines = [_first_line(told), _second_line(told)]
    head = [kit.section(*lines), kit.context("\n".join(line for line in (_who_and_when(told), _meaning(told, comfort_mode)) if line))]
    return kit.message(head, (), [_buttons(told.story)], text=_fallback(told))


def merged_message(told: ToldStory, heir: Story | None, url: str) -> Message:
    """What is left of a message whose story turned out to belong to an older one."""
    cause = (heir.cause if heir else "") or "an older change"
    where = words.place(told.headline.resource, told.headline.event.environment or told.story.environment)
    says = f"↪ {where} has the same cause as {link(cause, url)}. It is told there."
    return kit.message([kit.context(says)], (), (), text=f"The same cause as {cause}")


def note_message(says: str, *, link_to: str = "") -> Message:
    """A plain sentence of our own, told unasked."""
    more = f" {link('Its message', link_to)}" if link_to else ""
    return kit.message([kit.context(f"💬 {prose(says, 2500)}{more}")], (), (), text=says)


def thread_note(told: ToldStory) -> Message:
    """What changed in the story, said in its thread."""
    return kit.message([kit.section(_news(told))], (), (), text=f"{told.story.settling_says or told.story.because}")


def _many(story: Story) -> bool:
    return story.event_count > 1


def _first_line(told: ToldStory) -> str:
    story = told.story
    if _many(story) and story.cause:
        where = " · ".join(strong(part) for part in (phrases.environments(story.places), story.cause) if part)
    else:
        where = words.place(told.headline.resource, told.headline.event.environment or story.environment)
    settled = f" · settled {date(story.settled_at, TimeStyle.CLOCK)}" if story.settling is Settling.SETTLED and story.settled_at else ""
    worse = " · *not settled*" if story.settling is Settling.DEGRADED else ""
    return f"{verdicts.mark(story)} {where}  —  {words.story_verdict(story, told.headline)}{settled}{worse}"


def _second_line(told: ToldStory) -> str:
    story = told.story
    if not _many(story):
        return words.what_changed(told.headline.event)
    line = f"{words.plural(story.event_count, 'change')}: {words.counted(story.counts)} · {_span(story)}"
    troubled = story.verdict in (Verdict.UNPLANNED, Verdict.UNKNOWN) or words.matters(story.severity)
    if not troubled:
        return line
    headline = told.headline
    return f"{line}\n{strong(words.name_of(headline.resource), 80)}: {words.what_changed(headline.event, 2)}"


def _span(story: Story) -> str:
    if (story.last_at - story.first_at).total_seconds() < 60:
        return date(story.first_at)
    same_day = story.first_at.date() == story.last_at.date()
    return f"{date(story.first_at)}–{date(story.last_at, TimeStyle.CLOCK if same_day else TimeStyle.DAY_CLOCK)}"


def _who_and_when(told: ToldStory) -> str:
    story, headline = told.story, told.headline
    parts = [words.actors(story, headline, told.people)]
    if not _many(story):
        event = headline.event
        between = f"{date(event.occurred_after)}–{date(event.occurred_at, TimeStyle.CLOCK)}" if event.occurred_after else ""
        parts.append(between or date(event.occurred_at))
    if why := _why(told):
        parts.append(why)
    return " · ".join(parts)


def _why(told: ToldStory) -> str:
    """The strongest piece of evidence for the verdict that counts."""
    if told.headline.assessment.overrule is not None:
        return ""
    towards = -1.0 if told.story.verdict is Verdict.UNPLANNED else 1.0
    weighed = sorted(told.headline.assessment.classification.evidence, key=lambda one: -towards * (one.weight or 0.0))
    return prose(weighed[0].says, 160) if weighed else ""


def _meaning(told: ToldStory, comfort_mode: ComfortMode) -> str:
    """What it means: how it stands, how usual it is, and comfort where it was earned and is wanted."""
    story, assessment = told.story, told.headline.assessment
    said = [render(phrases.taken_back(story), told.people), _standing(story)]
    calms = _calms(told, comfort_mode)
    if not (calms and story.verdict is Verdict.ROUTINE) and assessment.context.says and story.settling is not Settling.SETTLED:
        said.append(_sentence(assessment.context.says[0]))
    if calms:
        said.append(prose(assessment.comfort.reassurance, PROSE))
    if comfort_mode is ComfortMode.HIGH and calms and assessment.comfort.stability:
        score = assessment.comfort.stability
        said.append(f"{score.numerator:g} of {score.denominator:g} checks pass ({prose(score.source, 60)}).")
    if story.verdict is Verdict.UNKNOWN:
        said.append("I can't tell whether it was planned. Was it you?")
    elif story.verdict is Verdict.UNPLANNED and words.matters(story.severity) and not _over(story):
        said.append("Worth a look now.")
    return " ".join(one for one in said if one)


def _over(story: Story) -> bool:
    """Is there nothing to be hurried about? It may still want explaining."""
    return story.settling is Settling.SETTLED or (wholly_taken_back(story) and story.settling is not Settling.DEGRADED)


def _calms(told: ToldStory, comfort_mode: ComfortMode) -> bool:
    comfort = told.headline.assessment.comfort
    if comfort_mode is ComfortMode.OFF or not comfort.reassures or told.story.settling is Settling.DEGRADED:
        return False
    if told.story.settling_says and told.story.settling_says in comfort.reassurance and told.story.settling is Settling.SETTLED:
        return False  # the standing line says the same already
    return comfort_mode is ComfortMode.HIGH or comfort.level in (ComfortLevel.HIGH, ComfortLevel.STANDARD)


def _standing(story: Story) -> str:
    match story.settling:
        case Settling.SETTLED:
            return _sentence(story.settling_says or "settled")
        case Settling.DEGRADED:
            return f"Not well: {_sentence(story.settling_says or 'it got worse', capital=False)}"
        case Settling.UNVERIFIED:
            return _sentence(story.settling_says or "no health signal was read since")
        case _:
            return ""


def _sentence(says: str, *, capital: bool = True) -> str:
    text = prose(says.strip().rstrip("."), PROSE)
    return f"{text[:1].upper() if capital else text[:1]}{text[1:]}." if text else ""


def _news(told: ToldStory) -> str:
    story = told.story
    if story.taken_back is not None and story.because == TAKEN_BACK and story.settling is not Settling.DEGRADED:
        return render(phrases.taken_back(story), told.people)
    match story.settling:
        case Settling.SETTLED:
            at = f" {date(story.settled_at, TimeStyle.CLOCK)}" if story.settled_at else ""
            return f"{words.SETTLED} *Settled*{at}. {_sentence(story.settling_says)}"
        case Settling.DEGRADED:
            return f"{words.DEGRADED} *Not settled.* {_sentence(story.settling_says or 'it got worse')}"
        case Settling.UNVERIFIED:
            return _sentence(story.settling_says or "no health signal was read since")
        case _:
            # A person's word stands in the verdict already, with their name.
            said = told.headline.assessment.overrule is not None and told.headline.assessment.overrule.verdict is story.verdict
            because = f" {_sentence(story.because)}" if story.because and not said else ""
            return f"Now: {words.story_verdict(story, told.headline)}.{because}"


def _buttons(story: Story) -> Block:
    wanted = {
        Verdict.PLANNED: ((NOT_PLANNED, "Not planned"),),
        Verdict.UNPLANNED: ((PLANNED, "It was planned"),),
        Verdict.ROUTINE: ((NOT_PLANNED, "Not planned"),),
        Verdict.UNKNOWN: ((PLANNED, "It was planned"), (NOT_PLANNED, "It was not")),
    }[story.verdict]
    return kit.actions(
        kit.button("Details", DETAILS, story.id),
        *(kit.button(label, action, story.id) for action, label in wanted),
        kit.menu("Mute…", MUTE, [kit.option(label, value) for label, value in MUTES]),
        kit.button("Ask", ASK, story.id),
        block_id=f"story|{story.id}",
    )


def _fallback(told: ToldStory) -> str:
    story, resource = told.story, told.headline.resource
    what = f"{story.cause} ({story.event_count} changes)" if _many(story) and story.cause else f"{resource.kind} {words.name_of(resource)}"
    where = f"{phrases.environments(story.places)}: " if story.places else ""
    return f"{words.SAYS[story.verdict]}: {where}{what}"
