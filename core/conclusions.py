"""What the bridge concludes from one batch; committed whole with it."""

from dataclasses import dataclass

from core.assessment import Assessment
from core.baseline import Activity, Baseline, Metric
from core.story import FollowUp, Story, StoryLink


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusions:
    """`assessments` holds the new events' first revisions and later revisions of earlier events.

    `activities` are increments to add; everything else replaces the row of its key.
    """

    assessments: tuple[Assessment, ...] = ()
    stories: tuple[Story, ...] = ()
    links: tuple[StoryLink, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    activities: tuple[Activity, ...] = ()
    metrics: tuple[Metric, ...] = ()
