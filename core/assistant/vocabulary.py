"""The words that questions are made of. Small letters throughout."""

import re
from collections.abc import Mapping
from enum import StrEnum

from core.assessment import Severity, Verdict
from core.event import ActorKind, ChangeType


class Wanted(StrEnum):
    """What is to be told."""

    WHAT = "what"
    WHO = "who"
    HOW_MANY = "how_many"
    STABLE = "stable"
    WHY = "why"
    SUSPECTS = "suspects"
    INCIDENT = "incident"
    SEEN = "seen"
    TO_COME = "to_come"
    LOG_INS = "log_ins"
    HELP = "help"


class End(StrEnum):
    """Which of several changes is asked for by its place in time."""

    LAST = "last"
    FIRST = "first"


_A_CHANGE = (
    r"(?:\w+ )?(?:change|event|update|edit|deploy|deployment|release|act)\b|(?:to )?(?:chang|touch|modif|updat|edit|delet|restart|scal)\w+"
)
ENDS = (
    (End.LAST, re.compile(rf"\b(?:last|latest|newest|most recent(?:ly)?) (?:{_A_CHANGE})|\blast$")),
    (End.FIRST, re.compile(rf"\b(?:first|earliest|oldest) (?:{_A_CHANGE})|\bfirst$")),
)
LEFT = re.compile(
    r"\bsince (?:i|we) (?:left|was away|logged off|last looked)\b|\bsince last time\b"
    r"|\bwhile i (?:was (?:away|out|gone|off|asleep|sleeping)|slept)\b|\bdid i miss\b"
)
# Where somebody is named: "by zoe", "what did zoe do".
SOMEONE = re.compile(r"(?:\bby |\bwhat (?:did|has) )([a-z][\w.@-]*[a-z])(?![\w-])")
# "Was that planned?": of the change that was spoken of last.
THAT_ONE = re.compile(r"^(?:was|is|were|are) (?:that|it|this|these|those|they)(?: \w+)? (?:planned|expected|routine|ok|normal|unplanned)\b")
STILL_OPEN = re.compile(
    r"\b(?:still |now )?(?:open|unresolved|unsettled)(?: (?:now|issues?|stories|items|questions))?$|\bneeds? (?:a look|attention)\b"
    r"|\b(?:unusual|strange|odd|weird|fishy)\b"
)
LOG_IN = re.compile(r"\b(?:log(?:ged|s|ging)?|sign(?:ed|s|ing)?)[ -]?(?:in|on)\b|\blogins?\b|\bsign-?ins?\b")
# Sayings and counts that name nothing, whose words would be taken for something.
IDIOMS = re.compile(
    r"\broot cause\b|\bon fire\b|\bburning\b|\b(?:anything|what(?:'s| is)) new\b|\b(?:last|top|first|latest) \d+\b(?= change| event)"
)
TO_NUMBER = re.compile(r"\bto (\d+)\b")
GOES_ON = re.compile(r"^(?:and|what about|how about|also|ok and)\b")
WANTED = (
    (Wanted.TO_COME, r"\b(?:tomorrow|next (?:week|month|year|(?:mon|tues|wednes|thurs|fri|satur|sun)day)|upcoming|coming up)\b"),
    (Wanted.LOG_INS, LOG_IN.pattern),
    (Wanted.HELP, r"\b(?:what can you|how do i|help me|who are you|what are you|what do you do)\b"),
    (
        Wanted.SEEN,
        r"\b(?:not|never|couldn't|didn't|haven't|wasn't|weren't|isn't|aren't) (?:be |been |you )?(?:see|seen|read|watch(?:ed)?)\b"
        r"|\bunread\b"
        r"|\bcoverage\b|\bread whole\b|\bblind spots?\b|\b(?:which|what) sources?\b|\b(?:any |the )gaps?\b"
        r"|\bwhat (?:do|are|did) you (?:watch|read|see)(?:ing)?$",
    ),
    (Wanted.HOW_MANY, r"\b(?:how many|how much|count|number of)\b"),
    (
        Wanted.SUSPECTS,
        r"\b(?:what (?:broke|caused|could have)|why (?:is|are|does|do) .*(?:down|slow|broken|fail\w*"
        r"|crash\w*|error\w*|red)|root cause)\b",
    ),
    (Wanted.INCIDENT, r"\b(?:outages?|incidents?)\b"),
    (Wanted.WHY, r"\bwhy\b|\bhow come\b|\breason\b|\bwhat makes you\b"),
    (
        Wanted.STABLE,
        r"\b(?:is|are|was)(?:n't)? .*\b(?:stable|ok|okay|healthy|fine|quiet|up|well|safe|calm|good|alright|settled)\b"
        r"|\b(?:has|have) .*\bbeen .*\b(?:stable|ok|okay|healthy|fine|quiet|well|calm|good|alright)\b"
        r"|\b(?:is|are|was|has|have) .*\b(?:unstable|unhealthy|unwell|degraded|failing|broken|down)$"
        r"|\bon fire\b|\bburning\b|\b(?:is|are) (?:anything|something|everything|it all|we) (?:broken|down|up|wrong|working)\b"
        r"|\bworr(?:y|ied|ying)\b|\b(?:should|must|need to|to) (?:i |we )?look at(?: first| now)?$"
        r"|\bstability\b|\bhealth\b|\bstatus\b|\bhow (?:is|are) (?:things|it|we|everything)\b",
    ),
    (Wanted.WHO, r"\bwho\b|\bwhose\b|\bby whom\b"),
)
# Whether something is wrong, where "yes" would be bad news.
DOUBTS = re.compile(
    r"\b(?:unstable|unhealthy|unwell|degraded|failing|broken|down|wrong|burning|on fire|look at|worr\w+)\b"
    r"|(?:\bnot|n't) (?:.* )?(?:stable|ok|okay|healthy|fine|quiet|up|well|safe|calm|good|alright)\b"
)
CHANGED = re.compile(
    r"\b(?:chang\w*|happen\w*|deploy\w*|appl(?:y|ied|ies)|did|does|do|done|touch\w*|modif\w*|creat\w*|delet\w*|remov\w*|add\w*|scal\w*|restart\w*|"
    r"roll\w*|updat\w*|open\w*|show|list|tell|catch|summar\w*|news|anything|something|history|latest|new|events?|activity|miss(?:ed)?)\b"
)
# Whether something was meant: what it asks for is the verdict, so that the word leaves out no change.
_A_VERDICT = r"(?:un)?(?:planned|scheduled|expected|routine)(?: or not)?$"
WHETHER = re.compile(
    rf"(?:^|\band )(?:was|were|is|are)(?:n't)? (?!any|some|there|all\b|every|what|nothing)[^,;]*\S {_A_VERDICT}"
    rf"|\b(?:was|were|is|are)(?:n't)? (?:it|that|this|they) {_A_VERDICT}"
)
VERDICTS: Mapping[str, Verdict] = {
    "planned": Verdict.PLANNED,
    "scheduled": Verdict.PLANNED,
    "unplanned": Verdict.UNPLANNED,
    "unexpected": Verdict.UNPLANNED,
    "suspicious": Verdict.UNPLANNED,
    "routine": Verdict.ROUTINE,
    "usual": Verdict.ROUTINE,
    "unknown": Verdict.UNKNOWN,
    "unexplained": Verdict.UNKNOWN,
    "unclear": Verdict.UNKNOWN,
}
TYPES: tuple[tuple[str, tuple[ChangeType, ...]], ...] = (
    (r"creat\w*|added|new", (ChangeType.CREATED,)),
    (r"delet\w*|remov\w*|destroy\w*", (ChangeType.DELETED,)),
    (r"replac\w*", (ChangeType.REPLACED,)),
    (r"scal(?:e|ed|ing)", (ChangeType.SCALED,)),
    (r"restart\w*|reboot\w*", (ChangeType.RESTARTED,)),
    (r"modif\w*|updat\w*|edit\w*", (ChangeType.MODIFIED,)),
    (r"refused|denied|attempt\w*|failed|tried", (ChangeType.ATTEMPTED,)),
    (r"exec\w*", (ChangeType.EXECUTED,)),
)
KINDS: Mapping[str, ActorKind] = {
    "by hand": ActorKind.HUMAN,
    "manually": ActorKind.HUMAN,
    "manual": ActorKind.HUMAN,
    "people": ActorKind.HUMAN,
    "humans": ActorKind.HUMAN,
    "automation": ActorKind.AUTOMATION,
    "automatically": ActorKind.AUTOMATION,
    "pipelines": ActorKind.AUTOMATION,
}
SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.CRITICAL,
    "severe": Severity.HIGH,
    "serious": Severity.HIGH,
    "important": Severity.HIGH,
    "dangerous": Severity.HIGH,
    "risky": Severity.HIGH,
    "urgent": Severity.HIGH,
}
# Words that name nothing here.
PLAIN = frozenset(
    re.findall(
        r"\w+",
        """
        a an the this that these those it its there here what which who whom whose when where why how many much is are was were
        be been being am do does did done doing has have had having can could would should will may might shall i you we they he
        she me us them my our your their and or but not no nor so if then than as of in on at by for from to with without about
        into over under between during since until till up down out off all any some every each both other anything something
        everything nothing everyone anyone someone one ones two lot lots change changed changes changing happen happened happens
        happening go going on gone went deploy deployed deploys deployment deployments apply applied applies touch touched
        touching modify modified show list tell give get got find see look looking please thanks thank hi hello hey wgo bot just
        only also too still now currently recently lately ago last past new latest most recent today event events activity
        history news thing things stuff resource resources infrastructure infra environment environments source sources team
        teams people person count number total time times ok okay stable stability healthy health fine quiet well safe calm good
        alright status settled wrong broken know known like want need mean means say said ask did miss missed catch summary
        summarize everybody affected related make made real really because reason reasons come came call called think verdict
        broke caused cause outage incident severity hand there's what's who's i'm open opened opening port kind kinds type
        types way back before after again ever actually exactly manual manually humans automation automatically pipelines
        run ran runs running using used use uses gave given gives somebody anybody nobody somewhere left because saw seen
        biggest most main disable disabled lose lost turn turned switch switched
        slept while day days first earliest oldest newest everywhere anywhere nowhere worry worried worrying working unstable
        unhealthy unwell degraded failing enough fully completely overall anymore yet already
        night hour hours week month year during we've i've he's she's they're being upon per via
        any more less than explain explained isn aren wasn weren don doesn didn hasn haven s t re ve d ll
        """,
    )
)
