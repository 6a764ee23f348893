"""What turns a question round: what it leaves out, what it compares, moments that no clock tells. Small letters throughout. Pure.

Where such a word is passed over, the answer is to the opposite question. So each is answered, or said not to be understood.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from core import when_grammar
from core.assistant import vocabulary
from core.assistant.naming import Names
from core.assistant.people import called
from core.assistant.vocabulary import Wanted
from core.subscription import EventFilter

# What follows the strong words is always left out; what follows the weak ones only where it is a name, or a sort of change.
_STRONG = (
    r"other than|rather than|instead of|except(?:ing)?(?: for)?|excluding|besides?|without|outside(?: of)?|(?:apart|aside) from"
    r"|ignoring|minus|skipping|leaving out|not counting|not including|neither"
    r"|not (?:by|in|from|on|with|through|via)|but not"
)
_WEAK = r"not|(?:is|are|was|were)n't|(?<!nothing )but|non"
_LEAVES_OUT = re.compile(rf"(?<![\w-])(?:(?P<strong>{_STRONG})|{_WEAK})(?=[\s-])(?! (?:only|just)\b)")
_ANY_OUT = re.compile(rf"(?<![\w-])(?:{_STRONG}|but|non)(?![\w'])")
_LEAD = re.compile(
    r"[\s-]*(?:(?:by|in|on|from|at|for|of|the|an?|any|all|part|named|called|made|done|caused|deployed|changed|run|applied|through|via) )*"
)
_AND = re.compile(r"\s*(?:,|,?\s(?:and|or|nor)\b)\s*(?:not )?(?:(?:by|in|on|from|the) )*")
_SHARED = re.compile(r"\b(?:shar(?:ed|es|ing)|expos(?:ed|es|ing)) outside\b")
_BEFORE_A_TIME = re.compile(rf"(?<![\w-])(?:{_STRONG}|not|but)(?: (?:on|in|at|during))?$")
_STATES = (
    (re.compile(r"\b(?:not (?:yet )?|(?:is|are|was|were|has|have)n't (?:yet )?(?:been )?)(?:settled|resolved)\b"), "unsettled"),
    (re.compile(r"\b(?:not (?:yet )?|(?:is|are|was|were|has|have)n't (?:yet )?(?:been )?)explained\b"), "unexplained"),
    (re.compile(r"\b(?:not|(?:is|are|was|were)n't) expected\b"), "unexpected"),
)
_COMPARES = re.compile(
    r"(?<!other )(?<!rather )\bthan\b|\bcompared?\b|\b(?:versus|vs)\b|\bas (?:many|much|stable|busy|often|healthy) as\b"
    r"|\bdifferen(?:ce|t) (?:between|from)\b|\b(?:in|de)creas(?:e|ed|ing)\b"
)
_NOT_DONE = re.compile(
    r"\b(?:what|who|which(?: \w+){1,2}?)(?: (?:did|do|does|has|have|had|was|were|is|are))?(?: [\w@.]+)?(?:n't| not| never)(?! \w+ed you)\b"
)
_NO_MOMENT = re.compile(r"\b(?:since|until|till|before|after|prior to|following|between|during|while)(?: [\w@'/.-]*\w){1,4}")
_NOT = re.compile(r"(?:\b(?:not|never|without|nor)|\b\w+n't)\b(?! (?:only|just)\b)")
_YES_OR_NO = re.compile(r"(?:did|do|does|has|have|had|is|are|was|were|why|can|could|should|i|nothing)(?:n't)?\b")
_OF_ALL = re.compile(r"(?:is|are|was|were|did|has|have)(?:n't)? (?:.*\bonly\b|everything\b|all\b|every\b)")
_UNTIL_NOW = re.compile(r"\b(?:until|till|up to|and|to) (?:right )?now\b")
_BETWEEN_AND_NOW = re.compile(r"\b(?:between|from) ((?:(?!\band\b).)+?) (?:and|to|until|till|up to) (?:right )?now\b")

ASK = "Ask for what you do want."
STANDS = "I can't leave anything out of how it stands: name the environment or the thing that you mean."


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """What a question does not ask for: the members of each criterion. `unclear` are sentences about what turns it round and can't be
    answered, `rest` are the words without what is left out."""

    rest: str
    filter: EventFilter = field(default_factory=EventFilter)
    unclear: tuple[str, ...] = ()


def straight(plain: str) -> str:
    """The same question in words that need no turning: "until now" says nothing, what is "not settled" is unsettled."""
    plain = _UNTIL_NOW.sub(" ", _BETWEEN_AND_NOW.sub(r"since \1", plain))
    for pattern, word in _STATES:
        plain = pattern.sub(word, plain)
    return plain


def turns(rest: str, before_time: str, wanted: Wanted, names: Names) -> LeftOut:
    """What the words of a question leave out, and what else turns it round. `before_time` are the words that its time follows. What was
    not seen is asked for with a "not" that turns nothing."""
    if wanted is Wanted.SEEN:
        return LeftOut(rest=rest)
    out = left_out(rest, names)
    stands = wanted is Wanted.STABLE and (out.filter != EventFilter() or _ANY_OUT.search(out.rest))
    unclear = (*_not_understood(out.rest, before_time), *out.unclear, *((STANDS,) if stands else ()))
    return replace(out, unclear=unclear)


def left_out(rest: str, names: Names) -> LeftOut:
    """The names and sorts of change that follow a word that leaves out."""
    found, unclear, at = EventFilter(), [], 0
    known = sorted(_sorts(names), key=lambda one: -len(one[0]))
    while turn := _LEAVES_OUT.search(rest, at):
        at = turn.end()
        lead = _LEAD.match(rest, at)
        end = lead.end() if lead else at
        held, end = _listed(rest, end, known)
        # Whose deletes are left out is no criterion: neither all of theirs nor all deletes are.
        whose = rest[:end].endswith("'s") and any(_named(form, rest, end + 1) for form, _ in known)
        if held == EventFilter() or whose:
            if (turn["strong"] or whose) and rest[at:].strip() and not _SHARED.search(rest[: turn.end()]):
                phrase = " ".join([turn[0], *rest[at:].split()[:3]])
                unclear.append(f"I can't leave out what “{phrase}” names: only people, places and sorts of change that I know. {ASK}")
            continue
        found = found.widened(held)
        rest, at = f"{rest[: turn.start()]} {rest[end:]}", turn.start()
    return LeftOut(rest=rest, filter=found, unclear=tuple(unclear))


def passed_over(rest: str) -> str:
    """A "not" that is still there, but where only yes or no is asked, which facts answer either way."""
    found = _NOT.search(rest)
    return found[0].strip() if found and not _YES_OR_NO.match(rest.strip()) else ""


def of_all(plain: str) -> bool:
    """Is it asked whether all that changed is of one sort? Then what is of another sort belongs to the answer."""
    return _OF_ALL.match(plain) is not None


def not_turned(word: str) -> str:
    return f"I don't know what “{word}” turns round here. {ASK}"


def _not_understood(rest: str, before_time: str) -> Iterator[str]:
    if _BEFORE_A_TIME.search(before_time.rstrip()):
        yield "I can't leave a time out: name the time that you want."
    if _COMPARES.search(rest):
        yield "I don't compare: I can tell of one time, place or person after the other."
    elif second := when_grammar.PHRASE.search(rest):
        yield f"I read one time in a question, and here is another: “{second[0].strip()}”. Say it as “between … and …”, or ask twice."
    elif moment := _NO_MOMENT.search(rest):
        yield f"I can't read a time in “{moment[0].strip()}”: name the day or the hour."
    if _NOT_DONE.search(rest):
        yield "I know what changed, and nothing of what did not."


def _listed(rest: str, end: int, known: list[tuple[str, EventFilter]]) -> tuple[EventFilter, int]:
    """The names that stand there one after the other, and where they end."""
    found, at = EventFilter(), end
    while one := next((one for one in known if _named(one[0], rest, at)), None):
        found, end = found.widened(one[1]), _named(one[0], rest, at)
        more = _AND.match(rest, end)
        if more is None:
            break
        at = more.end()
    return found, end


def _named(form: str, rest: str, at: int) -> int:
    """Where the form ends if it stands there, else 0."""
    found = re.compile(rf"(?:{form})(?:'s)?(?![\w@-]|\.\w)").match(rest, at)
    return found.end() if found else 0


def _sorts(names: Names) -> Iterator[tuple[str, EventFilter]]:
    """Patterns of what may be left out."""
    for name in names.environments:
        yield re.escape(name.lower()), EventFilter(environments=frozenset({name}))
    for name in names.sources:
        yield re.escape(name.lower()), EventFilter(sources=frozenset({name}))
    for name in names.providers:
        yield re.escape(name.lower()), EventFilter(providers=frozenset({name}))
    for actor in names.actors:
        yield re.escape(actor.lower()), EventFilter(actors=frozenset({actor}))
    for form, whom in called(names.actors).items():
        yield re.escape(form), EventFilter(actors=frozenset(whom))
    for word, verdict in vocabulary.VERDICTS.items():
        yield word, EventFilter(verdicts=frozenset({verdict}))
    for phrase, kind in vocabulary.KINDS.items():
        yield phrase, EventFilter(actor_kinds=frozenset({kind}))
        yield phrase.removeprefix("by "), EventFilter(actor_kinds=frozenset({kind}))
    for pattern, types in vocabulary.TYPES:
        yield pattern, EventFilter(change_types=frozenset(types))
