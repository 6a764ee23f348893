"""Holds what a model wrote against the facts it was given. One number, name or comfort too much, and the text is dropped. Pure."""

import re
from collections.abc import Mapping

from core.assessment import Verdict

LONGEST = 700
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:[:.]\d+)*")
_COUNTING = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORDS = {word: number for number, word in enumerate(_COUNTING, 2)}
_VAGUE = re.compile(
    r"\b(dozens?|hundreds?|thousands?|millions?|twice|thrice|half|double|triple|percent|several|numerous)\b|%", re.IGNORECASE
)
_NAME = re.compile(r"`[^`]+`|“[^”]+”|\"[^\"]+\"|\b[\w@]+(?:[-_./:@][\w]+)+|\b[A-Z]\w*(?:['’]s)?|\b[a-z]+[A-Z0-9]\w*")
_MARKUP = re.compile(r"https?:|[<>{}|*#\[\]]|!|(?<!\w)@\w")
_CALM = re.compile(
    r"\b(nothing (?:else |more |further )?(?:changed|happened|to worry|to see|needs|requires|unusual|stands out)"
    r"|no (?:issues?|problems?|concerns?|gaps?|action|impact|risk)|all (?:is )?(?:quiet|good|well|clear|fine|calm)|everything|safe(?:ly)?"
    r"|harmless|benign|fine|healthy|stable|quiet|calm|reassuring|rest assured|under control|(?:as )?expected|normal(?:ly)?"
    r"|successful(?:ly)?|resolved|fixed)\b",
    re.IGNORECASE,
)
_KINDS = (
    "service|deployment|bucket|role|database|cluster|namespace|instance|user|team|account|function|queue|table|policy|node|pod"
    "|engineer|colleague"
)
_NEXT_TO_KIND = re.compile(rf"\b([a-z]\w*) (?:{_KINDS})\b|\b(?:{_KINDS}) (?:named |called )([a-z]\w*)\b")
_OF_VERDICT = re.compile(rf"(\d[\d,]*|\b(?:one|{'|'.join(_COUNTING)})\b) (planned|unplanned|routine|unknown)\b")
# Words that name nothing.
_PLAIN = frozenset(
    re.findall(
        r"\w+",
        """
        a an the this that these those its their his her one each every all both other another no any some same and or of in on by for
        with from to at was were is are be been had has have not new old affected changed unplanned planned routine unknown unexplained
        remaining rest also still since after before during while when where which who what why how there here it they i you your we our
        nobody nothing most first second third last two three four five six seven eight nine ten eleven twelve separate single security
        critical high medium low production staging please worth look check ask see read as but however meanwhile otherwise only apart
        besides overall because
        """,
    )
)


def unfounded(text: str, facts: str, counts: Mapping[Verdict, int], *, calm_is_earned: bool) -> str:
    """What in the text is not in the facts, in a few words for the log; empty where all of it is."""
    if len(text) > LONGEST:
        return "it is too long"
    if found := _MARKUP.search(text):
        return f"mark-up: {found[0]}"
    if found := _VAGUE.search(text):
        return f"an amount that was not counted: {found[0]}"
    if number := _strange_number(text, facts, counts):
        return f"a number that is not in the report: {number}"
    if name := _strange_name(text, facts):
        return f"a name that is not in the report: {name}"
    calm = _CALM.search(text)
    if calm and not calm_is_earned and calm[0].lower() not in facts.lower():
        return f"a comfort that was not earned: {calm[0]}"
    return ""


def _strange_number(text: str, facts: str, counts: Mapping[Verdict, int]) -> str:
    held = {_bare(one) for one in _NUMBER.findall(facts)}
    for one in _NUMBER.findall(text):
        if _bare(one) not in held:
            return str(one)
    for word, value in _WORDS.items():
        if re.search(rf"\b{word}\b", text, re.IGNORECASE) and str(value) not in held:
            return word
    for many, verdict in _OF_VERDICT.findall(text.lower()):
        value = int(_bare(many)) if many[0].isdigit() else _WORDS.get(many, 1)
        if counts.get(Verdict(verdict), 0) != value:
            return f"{many} {verdict}"
    return ""


def _bare(number: str) -> str:
    return number.replace(",", "").rstrip(".")


def _strange_name(text: str, facts: str) -> str:
    held = facts.lower()
    for found in _NAME.finditer(text):
        name = found[0].strip('`“”"').removesuffix("'s").removesuffix("’s").rstrip(".:,").lower()
        if name and not _holds(held, name) and name not in _PLAIN and not _NUMBER.fullmatch(name):
            return found[0]
    for before, after in _NEXT_TO_KIND.findall(text):
        name = before or after
        if name not in _PLAIN and not _holds(held, name):
            return str(name)
    return ""


def _holds(facts: str, name: str) -> bool:
    """As a whole word: "api" is not in "rapid"."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", facts) is not None
