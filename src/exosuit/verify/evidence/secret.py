"""Secrets in added lines: by the formats that issuers publish, and by how random a value is that is named as a secret.

A secret is never shown whole: its first four signs and its length.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from exosuit.verify.evidence.material import Material
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.touch import Touch, each
from exosuit.verify.plan.places import is_data, is_locked, is_prose, is_test

KIND = "secret"

LONGEST = 20_000
"""Longer lines are looked through for known formats only."""

_FORMATS = {
    "an AWS access key": rb"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
    "a GitHub token": rb"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,255})\b",
    "a GitLab token": rb"\bgl(?:pat|ptt|dt|rt|ft|soat|cbt|agent)-[A-Za-z0-9_-]{20,255}",
    "a Slack token": rb"\bxox[abeoprs]-[A-Za-z0-9-]{10,255}",
    "a Slack webhook": rb"hooks\.slack\.com/services/T[A-Z0-9]{6,12}/B[A-Z0-9]{6,12}/[A-Za-z0-9]{20,30}",
    "a Discord webhook": rb"discord(?:app)?\.com/api/webhooks/\d{15,20}/[\w-]{50,90}",
    "a Telegram bot token": rb"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b",
    "a Stripe key": rb"\b[sr]k_live_[A-Za-z0-9]{16,247}\b",
    "a Google API key": rb"\bAIza[A-Za-z0-9_-]{35}\b",
    "a Google OAuth secret": rb"\bGOCSPX-[A-Za-z0-9_-]{28}\b",
    "an Anthropic key": rb"\bsk-ant-[a-z0-9]{2,10}-[A-Za-z0-9_-]{20,255}",
    "an OpenAI key": rb"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}",
    "a Hugging Face token": rb"\bhf_[A-Za-z]{34}\b",
    "a PyPI token": rb"\bpypi-AgE[A-Za-z0-9_-]{50,1000}",
    "an npm token": rb"\bnpm_[A-Za-z0-9]{36}\b",
    "a SendGrid key": rb"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b",
    "a Twilio key": rb"\bSK[0-9a-f]{32}\b",
    "a Shopify token": rb"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b",
    "a DigitalOcean token": rb"\bdo[opr]_v1_[0-9a-f]{64}\b",
    "a Vault token": rb"\bhv[sbr]\.[A-Za-z0-9_-]{24,255}\b",
    "a Databricks token": rb"\bdapi[0-9a-f]{32}\b",
    "an Azure storage key": rb"AccountKey=[A-Za-z0-9+/]{86}==",
    "an age key": rb"\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b",
    "a Linear key": rb"\blin_api_[A-Za-z0-9]{40}\b",
    "a Doppler token": rb"\bdp\.(?:pt|st|ct|sa)\.[A-Za-z0-9]{40,44}\b",
    "a JSON web token": rb"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,1000}",
    "a private key": rb"-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----",
    "a password in an address": rb"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"<>{}$]{1,64}:(?P<value>[^\s:/@'\"<>{}$%()]{4,64})@[\w.-]+",
}  # fmt: skip
_KNOWN = re.compile(b"|".join(b"(?P<f%d>%s)" % (at, one) for at, one in enumerate(_FORMATS.values())))
_KNOWN_NAMES = list(_FORMATS)
_HINT = re.compile(
    rb"AKIA|ASIA|ABIA|ACCA|gh[pousr]_|github_pat_|gl[a-z]{2,5}-|xox|hooks\.slack|discord|:AA|k_live_|AIza|GOCSPX|sk-|hf_|pypi-|npm_"
    rb"|SG\.|SK[0-9a-f]|shp[a-z]{2}_|do[opr]_v1|hv[sbr]\.|dapi|AccountKey|AGE-SECRET|lin_api|dp\.|eyJ|PRIVATE KEY|://[^\s/]{0,140}@"
)

_NAMED = re.compile(
    rb"(?i)(?P<name>[\w.-]{0,40}(?:secret|passw(?:or)?d|passphrase|api[_-]?key|apikey|access[_-]?key|auth[_-]?token|token"
    rb"|credential|private[_-]?key|client[_-]?secret|signing[_-]?key|encryption[_-]?key)[\w-]{0,20})[\"']?\s{0,4}(?::=|=>|[:=])\s{0,4}"
    rb"(?:[\w.]{1,20}\()?[bru]{0,2}[\"'](?P<value>[^\"'\s]{12,200})[\"']"
)
_UNQUOTED = re.compile(
    rb"(?i)^\s{0,8}(?:export |ENV |ARG |set )?"
    rb"(?P<name>[\w.-]{0,40}(?:secret|passw(?:or)?d|api[_-]?key|access[_-]?key|token)"
    rb"[\w-]{0,20})\s{0,4}[=:]\s{0,4}(?P<value>[A-Za-z0-9+/_.=~-]{16,200})\s*$"
)
_SETTINGS = (b".env", b".ini", b".cfg", b".conf", b".yml", b".yaml", b".properties", b".sh", b".toml", b"Dockerfile")
_HEX = re.compile(rb"[0-9a-fA-F-]{32,}")
_NO_SECRET_NAME = re.compile(
    rb"(?i)public|pubkey|_id$|hash|digest|checksum|integrity|sha\d|url|uri|path|file|name|type|field|header|regex|pattern|prompt|label|help|count|limit|max|pad|bos|eos|unk|sep|mask|_re$"
)
_PLACEHOLDER = re.compile(
    rb"(?i)example|sample|dummy|fake|test|mock|placeholder|change[_-]?me|replace|redacted|insert|your|xxxx|\*\*\*\*|\.\.\.|<|\$\{"
    rb"|\{\{|%\(|\$\(|0{6}|1234567|abcdefg|deadbeef|foobar|secret|password|passwd|hunter2|letmein|lorem|todo|none|null|undefined|localhost"
)


def secret(material: Material) -> list[Evidence]:
    """Secrets that the head has and the base, in the files that the change touches, has not."""
    before = {
        value for touch in material.files for line in touch.removed for value in _values(touch.file.base_lines[line])
    }
    return each(material.files, KIND, lambda touch: _of_file(touch, before))


def _values(line: bytes) -> Iterator[bytes]:
    for _what, value in _known(line):
        yield value
    if len(line) <= LONGEST:
        for match in (*_NAMED.finditer(line), *_UNQUOTED.finditer(line)):
            yield match["value"]


def _of_file(touch: Touch, before: set[bytes]) -> Iterator[Evidence]:
    settings = touch.path.endswith(_SETTINGS) or touch.path.rpartition(b"/")[2].startswith(b".env")
    generic = not is_locked(touch.path) and not is_data(touch.path)
    aside = is_test(touch.path) or b"example" in touch.path.lower() or is_prose(touch.path)
    for line, text in touch.new_lines():
        known = [(what, value) for what, value in _known(text) if value not in before]
        for what, value in known:
            if not _is_made_up(what, value):
                yield _told(touch, line, what, value, "unknown" if aside else "against")
        if generic and not known and len(text) <= LONGEST:
            for name, value in _named(text, settings):
                if value in before:
                    continue
                title = f"a value that looks random, named `{name}`"
                yield _told(touch, line, title, value, "unknown" if aside else "against")


def _told(touch: Touch, line: int, what: str, value: bytes, strength: str) -> Evidence:
    masked = f"{value[:4].decode('ascii', 'replace')}… ({len(value):,} signs)"
    where = f"{touch.name}:{line + 1}"
    if strength == "unknown":
        title = f"{where} holds {what}: {masked}. In a test or a text it may be made up."
        return touch.evidence(KIND, "unknown", title, head=[line])
    return touch.evidence(KIND, "against", f"{where} holds {what}: {masked}.", head=[line])


def _known(line: bytes) -> Iterator[tuple[str, bytes]]:
    """What has the format of a secret, with what it is."""
    if not _HINT.search(line):
        return
    for match in _KNOWN.finditer(line):
        number = int((match.lastgroup or "f0").lstrip("f")) if match.lastgroup != "value" else len(_KNOWN_NAMES) - 1
        yield _KNOWN_NAMES[number], match["value"] or match[0]


def _is_made_up(what: str, value: bytes) -> bool:
    """Whether something with the format of a secret is there to show the format."""
    if what == "a private key":
        return False
    if what == "a password in an address":
        return (
            bool(_PLACEHOLDER.search(value))
            or value in (b"pass", b"pwd", b"user", b"token", b"guest", b"root", b"postgres", b"admin")
            or (len(value) < 8 and value.isalpha())
        )
    body = value[4:]
    return bool(_PLACEHOLDER.search(value.removeprefix(b"sk-").removeprefix(b"sk_live_"))) or len(set(body)) < 6


def _named(line: bytes, settings: bool) -> Iterator[tuple[str, bytes]]:
    """Values that are random enough, and named as a secret."""
    matches = list(_NAMED.finditer(line))
    if settings and not matches and (bare := _UNQUOTED.match(line)):
        matches = [bare]
    for match in matches:
        name, value = match["name"], match["value"]
        if not _NO_SECRET_NAME.search(name) and _is_random(value):
            yield name.decode("ascii", "replace"), value


def _is_random(value: bytes) -> bool:
    """Whether a value is more likely drawn than chosen: not a word, a name of something, a place to fill in."""
    if _PLACEHOLDER.search(value) or len(set(value)) < 8:
        return False
    if _HEX.fullmatch(value):
        return entropy(value) > 3.0
    if not _is_mixed(value):
        return False
    kinds = sum(bool(re.search(one, value)) for one in (rb"[a-z]", rb"[A-Z]", rb"[0-9]", rb"[^a-zA-Z0-9]"))
    if kinds < 2:
        return False
    return bool(re.search(rb"\d", value)) and entropy(value) > (3.5 if len(value) >= 20 else 3.2)


def _is_mixed(value: bytes) -> bool:
    """Whether small and large letters and digits alternate as they do where signs are drawn, not as in words."""
    plain = re.sub(rb"[^a-zA-Z0-9]", b"", value)
    kinds = [sign.isdigit() * 2 + sign.isupper() for sign in plain.decode("ascii")]
    changes = sum(a != b for a, b in pairwise(kinds))
    return bool(kinds) and changes >= 0.3 * len(kinds)


def entropy(value: bytes) -> float:
    """Shannon's entropy of the bytes of a value, in bits a byte."""
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
