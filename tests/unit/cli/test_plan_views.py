"""Plans as text, JSON, markdown and a page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from markdown_it import MarkdownIt

from launchctl.cli.views.plan_html import plan_html
from launchctl.cli.views.plan_json import plan_document
from launchctl.cli.views.plan_markdown import LONGEST, marker, plan_markdown
from launchctl.cli.views.plan_text import plan_lines
from launchctl.cli.views.text import plain
from launchctl.compiler.program import FieldClass
from launchctl.engine.plan import Action, Change, FieldChange, Plan, Reason
from launchctl.schemas import load
from launchctl.status import Status
from launchctl.values import pretty

MakePlan = Callable[..., Plan]
IsExpected = Callable[[str, str], bool]


def test_the_plan_of_the_tests_has_every_action_and_every_reason(every_change: Plan) -> None:
    assert {change.action for change in every_change.changes} == set(Action)
    assert {change.reason for change in every_change.changes} == {*Reason, None}


def test_text_leads_with_decisions_and_ends_with_one_summary_line(every_change: Plan, is_expected: IsExpected) -> None:
    text = plain(plan_lines(every_change))
    assert text.startswith("Needs a decision\n")
    assert text.splitlines()[-1] == (
        "Plan: 6 to start, 2 to retry, 2 to update, 1 to record, 1 to cancel, 1 to adopt, 1 to forget, 1 to build, "
        "2 blocked, 4 held, 1 waiting, 2 unchanged"
    )
    assert is_expected("plan.txt", text)


def test_markdown_shows_the_whole_plan(every_change: Plan, is_expected: IsExpected) -> None:
    assert is_expected("plan.md", plan_markdown(every_change))


def test_the_page_shows_the_whole_plan(every_change: Plan, is_expected: IsExpected) -> None:
    assert is_expected("plan.html", plan_html(every_change))


def test_json_is_the_contract(every_change: Plan, is_expected: IsExpected) -> None:
    import jsonschema

    document = plan_document(every_change)
    jsonschema.validate(json.loads(pretty(document)), load("plan"))
    assert is_expected("plan.json", pretty(document))


def test_json_counts_every_action_zero_too(make_plan: MakePlan) -> None:
    document: Any = plan_document(make_plan(Change("runs.a", Action.START, Reason.NEVER_RUN, 1, 1, "runs-a-1")))
    assert document["summary"] == {
        "start": 1,
        "retry": 0,
        "update": 0,
        "record": 0,
        "cancel": 0,
        "adopt": 0,
        "forget": 0,
        "build": 0,
        "blocked": 0,
        "held": 0,
        "waiting": 0,
        "no-op": 0,
    }


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ((), "Nothing to do: the project has no runs\n"),
        ((Change("runs.a", Action.NO_OP, None),), "Nothing to do: 1 run is as the project wants it\n"),
        (
            (Change("runs.a", Action.NO_OP, None), Change("runs.b", Action.NO_OP, None)),
            "Nothing to do: 2 runs are as the project wants them\n",
        ),
    ],
)
def test_nothing_to_do_is_said_in_one_sentence(make_plan: MakePlan, changes: tuple[Change, ...], sentence: str) -> None:
    assert plain(plan_lines(make_plan(*changes))) == sentence


def test_what_is_held_is_shown_though_nothing_is_to_be_done(make_plan: MakePlan) -> None:
    held = Change("runs.a", Action.HELD, Reason.FAILED, 1, 1, "runs-a-1", Status.FAILED)
    text = plain(plan_lines(make_plan(held, Change("runs.b", Action.NO_OP, None))))
    assert text == (
        "Held: not started again by itself\n  h runs.a  held: failed\n\nNothing to do: 1 held, 1 unchanged\n"
    )


def test_a_long_section_is_cut_and_counted(make_plan: MakePlan) -> None:
    changes = [Change(f"runs.r{number}", Action.START, Reason.NEVER_RUN, 1, 1, "x") for number in range(1000)]
    lines = plain(plan_lines(make_plan(*changes), limit=3)).splitlines()
    assert lines == [
        "Will happen",
        "  > runs.r0  start: never run",
        "  > runs.r1  start: never run",
        "  > runs.r2  start: never run",
        "  ... and 997 more (`--limit 0` shows all)",
        "",
        "Plan: 1,000 to start",
    ]
    assert len(plain(plan_lines(make_plan(*changes), limit=0)).splitlines()) == 1003


def test_many_fields_are_cut_and_counted(make_plan: MakePlan) -> None:
    fields = tuple(FieldChange(f"inputs.k{number}", FieldClass.INTENT, 1, 2) for number in range(14))
    change = Change("runs.a", Action.START, Reason.INTENT_CHANGED, 2, 1, "x", changes=fields)
    text = plain(plan_lines(make_plan(change)))
    assert text.count("inputs.k") == 10
    assert "... and 4 more fields" in text


def test_an_unrefreshed_plan_says_so(make_plan: MakePlan) -> None:
    plan = make_plan(Change("runs.a", Action.NO_OP, None), refreshed=False)
    assert plain(plan_lines(plan)).startswith("Not refreshed")
    assert "Not refreshed" in plan_markdown(plan)
    assert "Not refreshed" in plan_html(plan)


# What a user wrote must stay text.

NASTY = (
    "a|b",
    "a\\|b",
    "`code`",
    "``",
    "</code></td></tr></table></details><script>alert(1)</script>",
    "<!-- -->",
    "--> out",
    "@octocat @org/team",
    "#123 GH-1",
    "[click](javascript:alert(1))",
    "![x](https://example.com/pixel.png)",
    "https://example.com www.example.com",
    "a\n\n# heading\n| x |",
    "~~~\n```\n",
    "*bold* _under_ ~~strike~~",
    "&lt;b&gt; &#60;",
    "\x1b[2J\x1b]0;title\x07",
    "\u202eright to left",
    " spaces ",
    "이름과 値",
)


def _nasty_plan(make_plan: MakePlan, text: str) -> Plan:
    change = Change(
        "runs.a",
        Action.BLOCKED,
        Reason.INTENT_CHANGED,
        generation=1,
        attempt=1,
        run_id="runs-a-1",
        status=Status.RUNNING,
        changes=(FieldChange(f"env.{text}", FieldClass.INTENT, text, [text]),),
        message=text,
        options=(text,),
        affects=(text,),
    )
    return make_plan(change)


@pytest.mark.parametrize("text", NASTY)
def test_user_text_cannot_leave_its_place_in_markdown(make_plan: MakePlan, text: str) -> None:
    markdown = plan_markdown(_nasty_plan(make_plan, text))
    harmless = plan_markdown(_nasty_plan(make_plan, "harmless"))
    parser = MarkdownIt("gfm-like", {"linkify": False})
    found = [token.type for token in parser.parse(markdown) if token.type != "inline"]
    assert found == [token.type for token in parser.parse(harmless) if token.type != "inline"]
    rendered = re.sub(r"<code>.*?</code>", "", parser.render(markdown), flags=re.DOTALL)
    assert set(re.findall(r"<(\w+)", rendered)) <= {
        *("h3", "h4", "p", "strong", "br", "details", "summary"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    assert "octocat" not in rendered
    assert "example.com" not in rendered
    assert "\x1b" not in markdown


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes note of the tag."""
        self.tags.append((tag, tuple(attrs)))


@pytest.mark.parametrize("text", NASTY)
def test_user_text_cannot_leave_its_place_in_the_page(make_plan: MakePlan, text: str) -> None:
    found, harmless = _Tags(), _Tags()
    found.feed(plan_html(_nasty_plan(make_plan, text)))
    harmless.feed(plan_html(_nasty_plan(make_plan, "harmless")))
    assert found.tags == harmless.tags


@pytest.mark.parametrize("text", NASTY)
def test_user_text_cannot_command_a_terminal_or_forge_a_line(make_plan: MakePlan, text: str) -> None:
    shown = plain(plan_lines(_nasty_plan(make_plan, text)))
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown) is None
    assert len(shown.splitlines()) == len(plain(plan_lines(_nasty_plan(make_plan, "harmless"))).splitlines())


@pytest.mark.parametrize("count", [10, 300, 10_000])
def test_markdown_is_bounded_whatever_the_size(make_plan: MakePlan, count: int) -> None:
    text = "|`<@x>\u200d" * 1000
    blocked = tuple(
        Change(f"runs.b{number}", Action.BLOCKED, Reason.INTENT_CHANGED, message=text, options=(text,) * 3)
        for number in range(count)
    )
    fields = tuple(FieldChange(text, FieldClass.INTENT, text, {text: text}) for _ in range(3))
    started = tuple(
        Change(f"runs.s{number}", Action.START, Reason.INTENT_CHANGED, 2, 1, changes=fields) for number in range(count)
    )
    markdown = plan_markdown(make_plan(*blocked, *started))
    assert len(markdown) <= LONGEST < 65_000
    assert markdown.count("<details>") == markdown.count("</details>") == 1
    assert "runs.b0" in markdown
    assert "runs.s0" in markdown
    assert "rows are left out here" in markdown


@pytest.mark.parametrize(
    ("project", "workspace", "line"),
    [
        ("churn", "default", "<!-- launchctl plan: churn/default -->"),
        ("a --> b", "x", "<!-- launchctl plan: a-b/x -->"),
        ("a--b", "x", "<!-- launchctl plan: a-b/x -->"),
    ],
)
def test_the_first_line_of_markdown_is_stable(project: str, workspace: str, line: str) -> None:
    assert marker(project, workspace) == line
