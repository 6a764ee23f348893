"""What attacks look like from outside: their commands, and the names that their tools go by. Each is pure."""

import re
from collections.abc import Callable, Mapping

from core.kube.subject import Subject, containers, items

# A shell handed to an address, and programs and pools that mine: https://attack.mitre.org/techniques/T1059/004/ and
# https://attack.mitre.org/techniques/T1496/001/. In a script, a socket that becomes a shell's input and output:
# https://attack.mitre.org/techniques/T1059/006/
ATTACKERS_COMMANDS = re.compile(
    r"/dev/(tcp|udp)/[\w.${-]+/|\b(nc|ncat|netcat)\b.{0,80}\s(-\w*e|--exec|-c)\s+\S*sh\b|\bmkfifo\b.{0,120}\b(nc|ncat|telnet)\b"
    r"|\bsocat\b.{0,120}\bexec:|\bstratum\d?\+(tcp|ssl|tls)://|\b(xmrig|minerd|cpuminer|ccminer|ethminer|xmr-stak|nbminer)\b"
    r"|\b(minexmr|supportxmr|nanopool|moneroocean|nicehash)\."
    r"|\b(use\s+Socket|import\s+[\w, ]*socket|from\s+socket\s+import|fsockopen|TCPSocket|require\(.net.\))[\s\S]{0,300}"
    r"(\bdup2\b|\bpty\.spawn\b|\b(exec|shell_exec|system|passthru|popen|proc_open|spawn)\b.{0,12}\b(ba|da|k|z)?sh\b)",
    re.IGNORECASE,
)
# A script fetched from an address outside, without proof of who sent it, and run unseen: https://attack.mitre.org/techniques/T1105/
_INSIDE = r"(10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\."
_PIPED_DOWNLOAD = re.compile(
    rf"\b(curl|wget)\b[^|;&\n]{{0,300}}?(http://(?!{_INSIDE}|[^\s/]+\.(svc|local|internal)\b)[^\s/.]+\.\S+|https://(?!{_INSIDE})\d+\.\d+\.\d+\.\d+\b)"
    r"[^|;&\n]{0,200}\|\s*(sudo\s+)?(/\S*/)?(ba|da|k|z|a)?sh\b",
    re.IGNORECASE,
)
# Tools that are made for breaking out of containers and into clusters, wherever they come from; and what is named after doing so.
# https://cloud.google.com/security-command-center/docs/concepts-event-threat-detection-overview
_TOOLS = re.compile(
    r"(^|[/_.:-])(peirates|kubeletmein|kubesploit|kubestriker|deepce|metasploit(-framework)?|kali(linux|-linux|-rolling)|mimipenguin)([/_.:-]|$)"
    r"|\b(container|docker|runc)-(escape|breakout)\b|\bkernel-exploit\b",
    re.IGNORECASE,
)
# As a program; or a distribution's own build of kubectl, which says so where others name a commit.
_AGENTS = re.compile(
    r"^(peirates|kubeletmein|kubesploit|kubestriker|metasploit)\b|\bkubernetes/[\w.+~-]*(kali|parrot|blackarch)", re.IGNORECASE
)


def _lines(subject: Subject) -> list[str]:
    """What each container runs, its image before."""
    return [" ".join(map(str, (one.get("image"), *items(one, "command"), *items(one, "args")))) for one in containers(subject.after)]


def _command(subject: Subject) -> bool:
    return any(ATTACKERS_COMMANDS.search(line) for line in _lines(subject))


def _piped_download(subject: Subject) -> bool:
    return any(_PIPED_DOWNLOAD.search(line) for line in _lines(subject))


def _tool(subject: Subject) -> bool:
    found = list(containers(subject.after))
    names = [str(one.get(key) or "") for one in found for key in ("name", "image")]
    return any(map(_TOOLS.search, [*names, subject.name] if found else []))


def agent_of_attackers(subject: Subject) -> bool:
    return bool(_AGENTS.search(subject.agent))


CONDITIONS: Mapping[str, Callable[[Subject], bool]] = {
    "attackers_command": _command,
    "piped_download": _piped_download,
    "attackers_tool": _tool,
}
