"""What questions are about that no column tells: what an action does, a port, a value. Small letters throughout. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.event import Actor, Event, FieldChange, Via
from core.json import canonical
from core.trait import Trait
from core.unified import UnifiedEvent

_OPENS = frozenset({Trait.OPENS_NETWORK, Trait.EXPOSES_PUBLICLY, Trait.ADMITS_FEW})
_PUBLIC = frozenset({Trait.EXPOSES_PUBLICLY})
_OUTSIDE = frozenset({Trait.SHARES_OUTSIDE, Trait.INVITES_OUTSIDE, Trait.EXPORTS_DATA})
_ACCESS = frozenset(
    {
        Trait.GRANTS_ACCESS,
        Trait.GRANTS_USE,
        Trait.GRANTS_ADMIN,
        Trait.REVOKES_ACCESS,
        Trait.CREATES_IDENTITY,
        Trait.INVITES_OUTSIDE,
        Trait.CHANGES_TRUST,
    }
)
_SECRETS = frozenset(
    {
        Trait.CREATES_CREDENTIAL,
        Trait.CHANGES_CREDENTIAL,
        Trait.CREATES_KEY_PAIR,
        Trait.WEAKENS_AUTHENTICATION,
        Trait.READS_SECRET,
        Trait.CHANGES_SECRET,
        Trait.READS_CREDENTIAL,
        Trait.ROTATES,
    }
)
_WATCHING = frozenset({Trait.STOPS_LOGGING, Trait.STOPS_DETECTION, Trait.RETIRES_DETECTION})
_SECURITY = (
    _OPENS
    | _OUTSIDE
    | _ACCESS
    | (_SECRETS - {Trait.ROTATES})
    | _WATCHING
    | frozenset(
        {
            Trait.CLOSES_NETWORK,
            Trait.REMOVES_NETWORK_GUARD,
            Trait.RETIRES_NETWORK_GUARD,
            Trait.DESTROYS_BACKUP,
            Trait.WEAKENS_PROTECTION,
            Trait.CHANGES_ENCRYPTION_KEY,
            Trait.DESTROYS_ENCRYPTION_KEY,
            Trait.EXECUTES_IN_WORKLOAD,
            Trait.TUNNELS_INTO_WORKLOAD,
            Trait.PRIVILEGED_WORKLOAD,
            Trait.RUNS_FOREIGN_CODE,
        }
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """A change is about it that has one of the traits, was made that way, or whose resource, action or tool holds one of the names."""

    says: str
    pattern: str
    traits: frozenset[Trait] = frozenset()
    via: Via | None = None
    named: tuple[str, ...] = ()

    def holds(self, event: Event, actor: Actor) -> bool:
        named = f"{event.resource.key} {event.native_action} {actor.tool}".lower()
        return bool(self.traits & event.traits) or actor.via is self.via or any(name in named for name in self.named)


TOPICS = (
    Topic(says="what is public", pattern=r"(?:to |on )?(?:the )?(?:public(?:ly)?|internet|world)|expos\w+", traits=_PUBLIC),
    Topic(says="sharing outside", pattern=r"shar(?:ed|es|ing) (?:outside|externally)|(?:an? )?(?:outsiders?|external\w*)", traits=_OUTSIDE),
    Topic(says="security", pattern=r"security(?! ?-?groups?\b)(?:[- ](?:relevant|sensitive|related))?", traits=_SECURITY),
    Topic(says="access rights", pattern=r"iam|permissions?|privileges?|access(?! keys?)|rights|grant\w*", traits=_ACCESS, named=("iam",)),
    Topic(
        says="secrets",
        pattern=r"secrets?|credentials?|passwords?|(?:access|api) keys?|tokens?",
        traits=_SECRETS,
        named=("secret", "credential", "accesskey"),
    ),
    Topic(
        says="logging",
        pattern=r"(?:(?:audit|flow) )?logs?|logging|detection|monitoring",
        traits=_WATCHING,
        named=("flowlog", "trail", "logging"),
    ),
    Topic(says="Terraform", pattern=r"terraform|opentofu|tofu", named=("terraform", "tofu")),
    Topic(says="the console", pattern=r"(?:in |from |with |through |via |by )?(?:the )?(?:web )?console", via=Via.CONSOLE),
    Topic(
        says="a command line", pattern=r"(?:in |from |with |through |via |by |a |the )*(?:kubectl|cli|command line|terminal)", via=Via.CLI
    ),
)
# Actors of these names are tools in somebody's hand: what was applied is asked for, not what bears the name.
TOOLS = frozenset({"terraform", "opentofu", "tofu"})
# Sorts of things under names that no resource need bear: only where nothing is called by the word itself.
KINDS = (
    Topic(says="databases", pattern=r"databases?|dbs?", named=("rds", "sql", "database", "dynamodb", "spanner", "redis", "db-")),
    Topic(says="buckets", pattern=r"buckets?", named=("bucket", "s3")),
    Topic(
        says="backups",
        pattern=r"backups?|snapshots?",
        traits=frozenset({Trait.DESTROYS_BACKUP}),
        named=("backup", "snapshot"),
    ),
)
OPENING = Topic(says="opening", pattern=r"open(?:ed|s|ing)?|allow(?:ed|s|ing)?", traits=_OPENS)
_PORT = re.compile(r"(?:\bto |\bon )?\bports? (\d{1,5})\b")
_PROTOCOLS = ((re.compile(r"\bssh\b(?! ?keys?)"), 22), (re.compile(r"\brdp\b"), 3389))
# Where the ports of a rule stand, whoever's rule it is.
_RULES = re.compile(r"ingress|egress|allowed|denied|port|rules?\b|cidr|permissions", re.IGNORECASE)
_RANGE = re.compile(r"(?<![\w./])(\d{1,5})(?:-(\d{1,5}))?(?![\w./])")
_NUMBER = re.compile(r"[\d.,:/-]*\d[\d.,:/-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sought:
    """What a change must hold, all of it. `words` are looked for anywhere in it: names, people, actions, values."""

    topics: tuple[Topic, ...] = ()
    ports: tuple[int, ...] = ()
    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.topics or self.ports or self.words)

    @property
    def says(self) -> str:
        ports = [f"port {port}" for port in self.ports]
        return " and ".join((*(topic.says for topic in self.topics), *ports, *(f"“{word}”" for word in self.words)))

    def also(self, words: Iterable[str]) -> "Sought":
        """With words that nothing is called by: as sorts of things, else to be looked for anywhere."""
        topics, left = list(self.topics), list(self.words)
        for word in words:
            kind = next((one for one in KINDS if re.fullmatch(one.pattern, word)), None)
            if kind is not None:
                topics.append(kind)
            else:
                left.append(word)
        return Sought(topics=tuple(dict.fromkeys(topics)), ports=self.ports, words=tuple(dict.fromkeys(left)))

    def parts(self) -> tuple["Sought", ...]:
        """Each of what is sought by itself, what an action does first."""
        return (
            *(Sought(topics=(topic,)) for topic in self.topics if topic.traits),
            *(Sought(ports=(port,)) for port in self.ports),
            *(Sought(words=(word,)) for word in self.words),
            *(Sought(topics=(topic,)) for topic in self.topics if not topic.traits),
        )

    def holds(self, one: UnifiedEvent) -> bool:
        event = one.event
        if not all(topic.holds(event, one.actor) for topic in self.topics):
            return False
        if not all(any(_lets_through(port, change) for change in event.changes) for port in self.ports):
            return False
        held = _all_of(one) if self.words else ""
        return all(word_in(word, held) for word in self.words)


def sought(rest: str) -> tuple[Sought, str]:
    """What the words of a question are about, and the words that are left."""
    topics: list[Topic] = []
    ports = [int(port) for port in _PORT.findall(rest)]
    rest = _PORT.sub(" ", rest)
    for pattern, port in _PROTOCOLS:
        if pattern.search(rest):
            ports.append(port)
            rest = pattern.sub(" ", rest)
    for topic in (*((OPENING,) if ports else ()), *TOPICS):
        pattern = re.compile(rf"(?<![\w/.-])(?:{topic.pattern})(?![\w/.-]*\w)")
        if pattern.search(rest):
            topics.append(topic)
            rest = pattern.sub(" ", rest)
    return Sought(topics=tuple(topics), ports=tuple(dict.fromkeys(ports))), rest


def is_number(word: str) -> bool:
    """A count, a port, an address: it says nothing as a part of another number."""
    return _NUMBER.fullmatch(word) is not None


def word_in(word: str, text: str) -> bool:
    """Where a name begins; a number only as a whole."""
    if is_number(word):
        return re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-]|\.\d)", text) is not None
    return re.search(rf"(?<![a-z0-9]){re.escape(singular(word))}", text) is not None


def singular(word: str) -> str:
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word


def _lets_through(port: int, change: FieldChange) -> bool:
    """Is it a rule about this port, alone, in a range or among all?"""
    if not _RULES.search(change.path):
        return False
    for side in (change.before, change.after):
        text = side if isinstance(side, str) else canonical(side) if side is not None else ""
        ends = re.search(r'"from_port":(\d+).*?"to_port":(\d+)', text)
        if ends and int(ends[1]) <= port <= int(ends[2]):
            return True
        if any(int(low) <= port <= int(high or low) for low, high in _RANGE.findall(text)):
            return True
        if re.match(r"(?:all|-1)\b", text) or '"IPProtocol":"all"' in text:
            return True
    return False


def _all_of(one: UnifiedEvent) -> str:
    event = one.event
    values = (
        side if isinstance(side, str) else canonical(side)
        for change in event.changes
        for side in (change.before, change.after)
        if side is not None
    )
    known = (
        event.resource.key,
        event.native_action,
        event.source,
        one.actor.name,
        one.actor.id,
        *(change.path for change in event.changes),
    )
    return " ".join((*known, *values)).lower()
