"""What a question asks for, from its words: a time, a place, people, verdicts, kinds of change, and what is to be told. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core import when_grammar
from core.assessment import Severity, Verdict
from core.assistant import negation, topics, vocabulary
from core.assistant.naming import Names
from core.assistant.people import people, plainly
from core.assistant.topics import Sought
from core.assistant.vocabulary import End, Wanted
from core.event import ActorKind, ChangeType
from core.subscription import EventFilter


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """`when` is the time phrase, `left` asks from where the reader left off, `words` are what may be names of resources, `sought` is
    what else a change must hold, `left_out` what is not asked for, `end` whether the last or the first is meant.

    `unclear` are sentences about what turns the question round and can't be answered, `passed_over` is a word that may turn it,
    `doubts` is set where it asks whether something is wrong. `strangers` are people who were asked about and are not known, `shared`
    names that fit several people. `goes_on` is set where it only makes sense after another question.
    """

    wanted: Wanted = Wanted.WHAT
    when: str = ""
    left: bool = False
    filter: EventFilter = field(default_factory=EventFilter)
    words: tuple[str, ...] = ()
    sought: Sought = field(default_factory=Sought)
    left_out: EventFilter = field(default_factory=EventFilter)
    end: End | None = None
    unclear: tuple[str, ...] = ()
    passed_over: str = ""
    strangers: tuple[str, ...] = ()
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    doubts: bool = False
    goes_on: bool = False
    clear: bool = True


def asked(text: str, names: Names) -> Asked:
    """What the words ask for, as far as they are understood."""
    plain = " ".join(plainly(text).replace("’", "'").split()).rstrip("?!. ")
    plain = negation.straight(plain)
    goes_on = bool(vocabulary.GOES_ON.search(plain))
    left = bool(vocabulary.LEFT.search(plain))
    plain = vocabulary.LEFT.sub(" ", plain)
    phrase = when_grammar.PHRASE.search(plain)
    rest = f"{plain[: phrase.start()]} {plain[phrase.end() :]}" if phrase else plain
    wanted = next((kind for kind, pattern in vocabulary.WANTED if re.search(pattern, rest)), Wanted.WHAT)
    if vocabulary.THAT_ONE.search(plain):
        return Asked(wanted=Wanted.WHY, goes_on=True)
    out = negation.turns(vocabulary.IDIOMS.sub(" ", rest), plain[: phrase.start()] if phrase else "", wanted, names)
    held, rest = _places(out.rest, names)
    named = people(rest, names.actors)
    about, rest = topics.sought(named.rest)
    held, rest = _narrowed(replace(held, actors=named.actors), rest)
    whether = bool(vocabulary.WHETHER.search(" ".join(out.rest.split())))
    if negation.of_all(plain) or whether:
        held = replace(held, verdicts=frozenset())
    passed_over = negation.passed_over(out.rest) if wanted is not Wanted.SEEN else ""
    unclear = (*out.unclear, negation.not_turned(passed_over)) if passed_over and held != EventFilter() else out.unclear
    found = [word for word in re.findall(r"[\w./:@-]*\w", rest) if word not in vocabulary.PLAIN and len(word) > 1]
    # A number is no part of a name: 22 is not in an account's id.
    numbers = [*(word for word in found if topics.is_number(word)), *vocabulary.TO_NUMBER.findall(rest)]
    words = tuple(dict.fromkeys(word for word in found if word not in numbers))
    about = about.also(numbers)
    meant = (
        held != EventFilter() or out.filter != EventFilter() or bool(unclear) or bool(about) or bool(phrase) or left or goes_on or whether
    )
    told = bool(vocabulary.CHANGED.search(plain)) or wanted is not Wanted.WHAT or meant
    return Asked(
        wanted=wanted,
        when=phrase[0] if phrase else "",
        left=left,
        filter=held,
        words=words,
        sought=about,
        left_out=out.filter,
        end=next((end for end, pattern in vocabulary.ENDS if pattern.search(out.rest.strip())), None),
        unclear=unclear,
        passed_over=passed_over,
        strangers=named.strangers,
        shared=named.shared,
        doubts=bool(vocabulary.DOUBTS.search(plain)),
        goes_on=goes_on,
        clear=told,
    )


def after(question: Asked, before: Asked) -> Asked:
    """A question that goes on from another: what it does not say itself is taken from there."""
    mine, theirs = question.filter, before.filter
    said = {name: getattr(mine, name) for name in EventFilter.__dataclass_fields__ if getattr(mine, name) != getattr(EventFilter(), name)}
    # Who asks for everything but prod does not go on about prod.
    dropped = {name: getattr(EventFilter(), name) for name in EventFilter.__dataclass_fields__ if getattr(question.left_out, name)}
    joined = replace(theirs, **{**dropped, **said})
    return replace(
        question,
        wanted=before.wanted if question.wanted is Wanted.WHAT else question.wanted,
        when=question.when or before.when,
        left=question.left or (before.left and not question.when),
        filter=joined,
        left_out=question.left_out if question.left_out != EventFilter() else before.left_out,
        words=question.words or before.words,
        sought=question.sought or before.sought,
        clear=True,
    )


def _places(rest: str, names: Names) -> tuple[EventFilter, str]:
    found: dict[str, set[str]] = {"environments": set(), "sources": set(), "providers": set()}
    for which in found:
        for name in sorted(getattr(names, which), key=len, reverse=True):
            pattern = rf"(?<![\w-])(?:in |on |from )?{re.escape(name.lower())}(?:'s)?(?![\w-])"
            if name and re.search(pattern, rest):
                found[which].add(name)
                rest = re.sub(pattern, " ", rest)
    return EventFilter(**{which: frozenset(held) for which, held in found.items()}), rest  # type: ignore[arg-type]


def _narrowed(held: EventFilter, rest: str) -> tuple[EventFilter, str]:
    verdicts: set[Verdict] = set()
    if vocabulary.STILL_OPEN.search(rest):
        verdicts, rest = {Verdict.UNPLANNED, Verdict.UNKNOWN}, vocabulary.STILL_OPEN.sub(" ", rest)
    types: set[ChangeType] = set()
    kinds: set[ActorKind] = set()
    least = Severity.INFO
    for word, verdict in vocabulary.VERDICTS.items():
        if re.search(rf"\b{word}\b", rest):
            verdicts.add(verdict)
            rest = re.sub(rf"\b{word}\b", " ", rest)
    for phrase, kind in vocabulary.KINDS.items():
        if re.search(rf"\b{phrase}\b", rest):
            kinds.add(kind)
            rest = re.sub(rf"\b{phrase}\b", " ", rest)
    for pattern, meant in vocabulary.TYPES:
        if re.search(rf"\b(?:{pattern})\b", rest):
            types.update(meant)
            rest = re.sub(rf"\b(?:{pattern})\b", " ", rest)
    for word, severity in vocabulary.SEVERITIES.items():
        if re.search(rf"\b{word}\b", rest):
            least, rest = severity, re.sub(rf"\b{word}\b", " ", rest)
    narrowed = replace(held, verdicts=frozenset(verdicts), change_types=frozenset(types), actor_kinds=frozenset(kinds), min_severity=least)
    return narrowed, rest
