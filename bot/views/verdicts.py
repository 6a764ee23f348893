"""Verdicts as they are told: a conclusion with how sure it is, a person's word with the person; and the mark before them."""

from dataclasses import replace

from bot.views import words
from bot.views.mrkdwn import user
from core.assessment import Assessment, Overrule, Verdict
from core.story import Settling, Story
from core.unified import UnifiedEvent

_EXPLAINED = (Verdict.PLANNED, Verdict.ROUTINE)


def of_story(story: Story, overrule: Overrule | None) -> str:
    """`overrule` is the word by which the story's verdict counts, where it is a person's."""
    return by(story.verdict, overrule.by) if overrule else words.verdict(story.verdict, story.confidence)


def of_event(one: UnifiedEvent) -> str:
    return of_assessment(one.assessment)


def of_assessment(one: Assessment) -> str:
    return by(one.verdict, one.overrule.by) if one.overrule else words.verdict(one.verdict, one.classification.confidence)


def by(verdict: Verdict, who: str) -> str:
    """A person's word has no number: how sure they are was not measured."""
    return f"{words.SAYS[verdict]} ({user(who)} said so)"


def mark(story: Story) -> str:
    """That it settled well explains nothing: what nobody explained keeps the mark of its verdict."""
    if story.settling is Settling.SETTLED and story.verdict not in _EXPLAINED:
        return words.mark(replace(story, settling=Settling.NOT_STARTED))
    return words.mark(story)
