"""What a secret looks like inside a text, whatever its field is called: keys, tokens, passwords in URLs, assignments and headers. Pure.

Sources: GitHub's secret scanning formats, the plugins of detect-secrets, the rules of gitleaks, RFC 7468 (PEM), RFC 7519 (JWT), RFC 3986
(userinfo of URLs), RFC 7617 and RFC 6750 (Basic and Bearer credentials), and what each vendor says of its own tokens.
"""

import re
from collections.abc import Callable

Hide = Callable[[str], str]

# From BEGIN to END; where the text was cut, to its end.
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)"
    r"|PuTTY-User-Key-File-\d.*\Z|AGE-SECRET-KEY-1[0-9A-Z]+",
    re.DOTALL,
)
# With marks of their own. Looked for only where the mark is there, which costs a thirtieth of looking for all of them.
_TOKENS = tuple(
    (mark, re.compile(form))
    for marks, form in {
        ("AKIA", "ASIA"): r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"): r"\bgh[pousr]_[A-Za-z0-9]{30,}\b",
        ("github_pat_",): r"\bgithub_pat_[A-Za-z0-9_]{40,}\b",
        ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-"): r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{16,}",
        ("xox", "xapp-"): r"\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}\b",
        ("hooks.slack.com/", "/api/webhooks/", ".webhook.office.com/"): (
            r"(?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks|\.webhook\.office\.com)/[^\s\"'<>]+"
        ),
        ("_live_", "_test_", "whsec_"): r"\b(?:[srp]k_(?:live|test)_[A-Za-z0-9_]{8,}|whsec_[A-Za-z0-9]{16,})",
        ("sk-",): r"\bsk-[A-Za-z0-9_-]{20,}",
        ("AIza", "ya29.", "GOCSPX-"): r"\b(?:AIza[0-9A-Za-z_-]{35}\b|ya29\.[0-9A-Za-z_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,})",
        ("SG.",): r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        ("npm_", "pypi-", "dckr_"): r"\b(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{50,}|dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,})",
        ("hvs.", "hvb.", "hvr.", ".atlasv1."): r"\b(?:hv[sbr]\.[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{50,})",
        ("ATATT3", "lin_api_"): r"\b(?:ATATT3[A-Za-z0-9_=-]{50,}|lin_api_[A-Za-z0-9]{40})",
        ("dapi", "shpat_", "shpca_", "shppa_", "shpss_", "dop_v1_"): (
            r"\b(?:dapi[0-9a-f]{32}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|dop_v1_[0-9a-f]{64})\b"
        ),
        ("glsa_", "glc_", "hf_", "pul-"): (r"\b(?:glsa_[A-Za-z0-9_]{32,}|glc_[A-Za-z0-9+/=]{32,}|hf_[A-Za-z0-9]{30,}|pul-[0-9a-f]{40})"),
        ("sntrys_", "sntryu_", "NRAK-"): r"\b(?:sntry[su]_[A-Za-z0-9_=+/-]{30,}|NRAK-[A-Z0-9]{27})",
        ("eyJ",): r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+){0,2}",
    }.items()
    for mark in marks
)
_SHORTEST_TOKEN = 16
# A credential without a digit is a word: "Bearer authentication".
_CREDENTIAL = re.compile(r"(?i:\b(bearer|basic)\s+)(?!redacted:)(?=[^\s\"',;]*[0-9=])([A-Za-z0-9+/._~=-]{6,})")
# A user alone is a name (ssh://git@host), unless it is as long as a token; over HTTP it is mostly one. A port is none:
# host:8080/path?mail=x@y.
_USERINFO = re.compile(
    r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*+://)(?!\[)"
    r"(?:([^\s/:@\"'<>]{0,200}):(?!\d{1,5}(?:[/?#,;]|$))([^\s\"'<>]{0,500})|((?:(?<=https://)|(?<=http://))[^\s/:@\"'<>]{8,500}|[^\s/:@\"'<>]{16,500}))@(?=[\w\[%.-])",
    re.IGNORECASE,
)
_QUERY_SIGNATURE = re.compile(
    r"(?i)([?&](?:sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature|code|sas)=)([^\s&\"'#]{16,})"
)
# NAME=value anywhere; "name": value, at the beginning of a line name: value, and Some-Name: value, as JSON, YAML and headers have it.
# The value is looked at only where the name marks it: it may hold further names.
_NAMED = re.compile(
    r"(?<![\w.-])(?P<name>-{0,2}+[A-Za-z_][\w.-]{0,80}+)(?P<join>\s?=\s?|\\?[\"']\s{0,20}(?::|=>?)\s{0,20}|:[ \t]{1,20})(?:\\?[\"'])?(?=\S)"
)
_VALUE = re.compile(r"(?<=\")(?:[^\"\n\\]|\\(?!\"))+|(?<=')[^'\n]+|[^\s\"'&;,|<>\\]+")
_FLAG = re.compile(r"(?<![\w-])(?P<name>--[A-Za-z][\w-]*)\s{1,20}[\"']?(?P<value>[^\s\"'-][^\s\"']*)")
_AUTHORIZATION = re.compile(r"(?i)(\bauthorization[\"']?\s*[:=]\s*[\"']?(?:[a-z][a-z0-9-]*\s+)?)([^\s\"',;]+)")
# mysql takes a password with no space after -p. https://dev.mysql.com/doc/refman/8.4/en/command-line-options.html
_MYSQL = re.compile(r"(\b(?:mysql\w*|mariadb\w*|sshpass)\b[^\n|;&]{0,200}?\s-p)([^\s\"']+)")
_LINE_BEGINS, _LINE_ENDS = re.compile(r"[ \t]*(?:-[ \t]+)?"), re.compile(r"[\"' \t\r]*(?:\n|$)")
# What stands for a value that is elsewhere, or for none.
_ELSEWHERE = re.compile(
    r"^(?:\$|\{\{|<|%|\*+$|redacted:|arn:|projects/|/(?:var|run|etc|mnt|secrets?)/|(?:true|false|null|none|nil|yes|no|\d)$)", re.IGNORECASE
)


def without_secrets(text: str, hide: Hide, is_secret: Callable[[str], bool]) -> str:
    """The text with each secret in it replaced by what `hide` gives for it. `is_secret` tells whether a name marks its value."""
    if "-----BEGIN" in text or "KEY-" in text or "PuTTY" in text:
        text = _KEY_BLOCK.sub(lambda found: hide(found.group()), text)
    if len(text) >= _SHORTEST_TOKEN:
        for mark, form in _TOKENS:
            if mark in text:
                text = form.sub(lambda found: hide(found.group()), text)
    if "://" in text:
        text = _USERINFO.sub(lambda found: _without_user(found, hide), text)
        text = _QUERY_SIGNATURE.sub(lambda found: found[1] + _kept(found[2], hide), text)
    if "uthoriz" in text or "UTHORIZ" in text:
        text = _AUTHORIZATION.sub(lambda found: found[1] + _kept(found[2], hide), text)
    if " " in text:
        text = _CREDENTIAL.sub(lambda found: found.group()[: -len(found[2])] + hide(found[2]), text)
        if "--" in text:
            text = _FLAG.sub(lambda found: _flag(found, hide, is_secret), text)
        if "-p" in text:
            text = _MYSQL.sub(lambda found: found[1] + _kept(found[2], hide), text)
    if "=" in text or ":" in text:
        text = _without_assigned(text, hide, is_secret)
    return text


def _kept(value: str, hide: Hide) -> str:
    return value if _ELSEWHERE.match(value) else hide(value)


def _without_user(found: re.Match[str], hide: Hide) -> str:
    scheme, user, password, token = found.groups()
    if token is not None:
        return f"{scheme}{_kept(token, hide)}@"
    if not password or user == "redacted":  # A token that is hidden already.
        return found.group()
    return f"{scheme}{user}:{_kept(password, hide)}@"


def _flag(found: re.Match[str], hide: Hide, is_secret: Callable[[str], bool]) -> str:
    value = found["value"]
    return found.group()[: -len(value)] + _kept(value, hide) if is_secret(found["name"].lstrip("-")) else found.group()


def _without_assigned(text: str, hide: Hide, is_secret: Callable[[str], bool]) -> str:
    parts: list[str] = []
    kept = at = 0
    while found := _NAMED.search(text, at):
        at = found.end()
        value = _VALUE.match(text, at) if is_secret(found["name"].lstrip("-")) else None
        if value is None or _spoken(found, value):
            continue
        parts += [text[kept:at], _kept(value.group(), hide)]
        kept = at = value.end()
    return "".join((*parts, text[kept:])) if parts else text


def _spoken(found: re.Match[str], value: re.Match[str]) -> bool:
    """In prose a colon follows a word, and more words follow: "token: expired by the server". In YAML it is all that its line holds."""
    if not found["join"].startswith(":") or "-" in found["name"]:
        return False
    text, start = found.string, found.start()
    begins = text[text.rfind("\n", 0, start) + 1 : start]
    return not (_LINE_BEGINS.fullmatch(begins) and _LINE_ENDS.match(text, value.end()))
