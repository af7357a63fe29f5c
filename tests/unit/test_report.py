"""Reports: every form of one, from changes whose paths, code and titles try to be something else."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from exosuit.commands.catalogue import load
from exosuit.commands.report_markdown import quoted
from exosuit.commands.report_sarif import message
from exosuit.commands.session import Session
from exosuit.faces.human import render
from tests.repository import Repository

EVIL = 'a"><img src=x onerror=alert(1)>|`*_[l](u).py'
CODE = "def f(a):\n    return a\n"
WORSE = (
    "def f(a):\n    # </pre><script>alert(1)</script> \u202e ![x](http://e.example) @everyone {0}\n    return eval(a)\n"
)


def has(**parts: Any) -> dict[str, Any]:
    """The schema of an object with these parts, all of which it needs."""
    return {"type": "object", "required": list(parts), "properties": parts}


def many(part: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": part}


COUNT = {"type": "integer", "minimum": 1}
PLACE = has(
    physicalLocation=has(
        artifactLocation=has(uri={"type": "string", "pattern": "^[A-Za-z0-9_.~/%-]+$"}),
        region=has(startLine=COUNT, endLine=COUNT),
    )
)
RESULT = has(
    ruleId={"type": "string"},
    ruleIndex={"type": "integer", "minimum": 0},
    level={"enum": ["none", "note", "warning", "error"]},
    message=has(text={"type": "string", "minLength": 1}),
    locations=many(PLACE),
)
TOOL = has(driver=has(name={"type": "string"}, rules={**many(has(id={"type": "string"})), "uniqueItems": True}))
RUN = has(tool=TOOL, columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]}, results=many(RESULT))
SARIF = has(version={"const": "2.1.0"}, runs=many(RUN))
"""The parts of the standard's schema that a host refuses a file without."""


class Tags(HTMLParser):
    """The elements of a page, and its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def call(session: Session, name: str, **fields: Any) -> Any:
    return load().dispatch(name, session, fields)


@pytest.fixture
def session(workspace: Repository) -> Session:
    workspace.commit("one", {"m.py": CODE, "test_m.py": "def test_f():\n    assert f(1) == 1\n"})
    workspace.commit("two", {EVIL: WORSE, "m.py": WORSE, "test_m.py": "def test_f():\n    pass\n"})
    opened = Session(workspace.path)
    call(opened, "change.import", revisions="HEAD~1..HEAD", title="<b>big</b> | `x` \u202e")
    return opened


def test_the_page_holds_no_markup_of_the_change_and_asks_for_nothing(session: Session) -> None:
    text = call(session, "change.report", change="last", format="html").text
    page = Tags()
    page.feed(text)
    assert not {"script", "img", "a", "link", "iframe", "b-"} & page.tags
    assert not any(name.startswith("on") or name in ("src", "href") for name in page.attributes)
    assert "default-src 'none'" in text
    assert "<script>alert(1)</script>" in page.text
    assert "\u202e" not in text
    assert "\\u202e" in page.text


def test_markdown_shows_what_the_change_says_and_reads_none_of_it(session: Session) -> None:
    text = call(session, "change.report", change="last", format="md").text
    outside = re.sub(r"<code>[^<]*</code>", "", text)
    assert "alert" not in outside
    assert not re.search(r"<(?!/?code>|br>)", text)
    inside = "".join(re.findall(r"<code>([^<]*)</code>", text))
    assert set(re.sub(r"&#\d+;", "", inside)) <= set("…") | {sign for sign in inside if sign.isalnum() or sign == " "}
    assert "| against |" in text
    for row in (line for line in text.splitlines() if re.match(r"\| \d", line)):
        assert row.count("|") == 6


@pytest.mark.parametrize("text", ["a|b", "@who", "#12", "x\ny", "<!--", "`", "www.e.example", "\u202e", "\udcff"])
def test_a_quoted_text_is_letters_and_numbers_only(text: str) -> None:
    quoted(text).encode("utf-8")
    assert re.fullmatch(r"<code>(?:[A-Za-z0-9 ]|&#\d+;)*</code>", quoted(text))


def test_sarif_is_what_hosts_take_and_names_the_lines(session: Session) -> None:
    found = json.loads(call(session, "change.report", change="last", format="sarif").text)
    jsonschema.validate(found, SARIF)
    (run,) = found["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in run["results"])
    assert {"exosuit/hidden-text", "exosuit/capability"} <= set(rules) or "exosuit/capability" in rules
    places = [
        one["locations"][0]["physicalLocation"] for one in run["results"] if one["ruleId"] == "exosuit/capability"
    ]
    assert ("m.py", 3) in {(place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in places}
    assert {one["level"] for one in run["results"]} <= {"error", "warning", "note"}


def test_the_text_of_a_message_has_no_placeholders_and_no_links() -> None:
    assert message("{0} [a](b) \\") == "{{0}} \\[a\\](b) \\\\"


def test_json_has_each_group_in_order_with_its_evidence(session: Session, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    told = call(session, "change.report", change="last", format="json", out=str(out))
    assert (told.text, told.out) == ("", str(out))
    found = json.loads(out.read_text("utf-8"))
    made = call(session, "change.plan", change="last", increments=False)
    assert [group["id"] for group in found["groups"]] == made.order
    known = {one["id"] for one in found["evidence"]}
    assert all(set(group["evidence"]) <= known for group in found["groups"])
    assert sum(found["tally"].values()) == found["lines_added"] + found["lines_removed"]


@pytest.mark.parametrize(
    ("policy", "fails"), [("against", True), ("differs", True), ("unknown", True), ("never", False)]
)
def test_a_pipeline_fails_by_its_policy(session: Session, policy: str, fails: bool) -> None:
    ran = call(session, "ci.run", revisions="HEAD~1..HEAD", fail_on=policy)
    assert (ran.failed, ran.is_failure, ran.worst) == (fails, fails, "against")
    assert bool(ran.why) == bool(ran.failing) == fails


def test_a_pipeline_passes_on_what_is_proved_and_writes_what_was_asked(workspace: Repository) -> None:
    workspace.commit("one", {"m.py": CODE})
    workspace.commit("two", {"m.py": "# A comment.\n" + CODE})
    opened = Session(workspace.path)
    ran = call(opened, "ci.run", revisions="HEAD~1...HEAD", fail_on="unknown", sarif="s.sarif", summary="s.md")
    assert (ran.failed, ran.worst, ran.why) == (False, "proved", "")
    assert json.loads(workspace.read("s.sarif"))["runs"][0]["results"] == []
    assert b"| proved | 1 |" in workspace.read("s.md")


def test_a_pipeline_passes_where_nothing_changed_and_its_files_are_there(workspace: Repository) -> None:
    workspace.commit("one", {"m.py": CODE})
    opened = Session(workspace.path)
    ran = call(opened, "ci.run", revisions="HEAD...HEAD", fail_on="unknown", sarif="s.sarif", summary="s.md")
    assert (ran.failed, ran.worst, ran.change) == (False, None, "")
    jsonschema.validate(json.loads(workspace.read("s.sarif")), SARIF)
    assert workspace.read("s.md") == b"Nothing changed.\n"


def test_a_change_of_a_mode_alone_has_every_report(workspace: Repository) -> None:
    workspace.commit("one", {"m.py": CODE})
    (workspace.path / "m.py").chmod(0o755)
    workspace.commit("two")
    opened = Session(workspace.path)
    call(opened, "change.import", revisions="HEAD~1..HEAD")
    for form in ("md", "html", "json", "sarif"):
        assert call(opened, "change.report", change="last", format=form).text


def test_a_terminal_is_told_in_words_that_cannot_steer_it(session: Session) -> None:
    ran = call(session, "ci.run", revisions="HEAD~1..HEAD")
    told = render(ran, colour=False).decode("utf-8")
    assert "failed" in told.splitlines()[0]
    first = call(session, "change.why", change=ran.change, group=ran.first[0].id)
    words = render(first, colour=False).decode("utf-8")
    assert f"1 of {first.of} to look at" in words
    assert not {"\x1b", "\u202e"} & set(told + words)
