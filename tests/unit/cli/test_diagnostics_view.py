"""Diagnostics as people and tools see them."""

from __future__ import annotations

import pytest

from launchctl.cli.views.diagnostics import as_github, as_json, as_sarif, render_text
from launchctl.diagnostics import Code, Diagnostic, Note, Severity, Span

WRONG = Code("wrong-value", "expected {expected}, got {found}", "Why.")
OLD = Code("old-value", "old", "Why not.", Severity.WARNING)


def at(line: int, column: int, end: int, *, end_line: int | None = None) -> Diagnostic:
    span = Span("p.yaml", line, column, end_line or line, end)
    return Diagnostic(WRONG, span, {"expected": "a text", "found": "3"})


def test_a_diagnostic_is_a_line_that_editors_jump_to() -> None:
    found = Diagnostic(
        WRONG,
        Span("p.yaml", 2, 4, 2, 5),
        {"expected": "a text", "found": "3"},
        (Note("it began here", Span("q.yaml", 1, 2, 1, 3)), Note("and that is all")),
        "put it in quotes",
    )
    assert render_text((found,), {"p.yaml": "a: 1\nb: 3\n"}) == (
        "p.yaml:2:4: error: expected a text, got 3 [wrong-value]\n"
        "  b: 3\n"
        "     ^\n"
        "  note: it began here: q.yaml:1:2\n"
        "  note: and that is all\n"
        "  hint: put it in quotes\n"
    )


def test_a_diagnostic_without_a_place_begins_with_its_severity() -> None:
    assert render_text((Diagnostic(OLD, None),), {}) == "warning: old [old-value]\n"


def test_without_the_source_there_is_no_excerpt() -> None:
    assert render_text((at(1, 1, 2),), {}) == "p.yaml:1:1: error: expected a text, got 3 [wrong-value]\n"


@pytest.mark.parametrize(
    ("text", "column", "end", "shown", "mark"),
    [
        ("name: 한국어: x", 7, 10, "name: 한국어: x", "      ^^^^^^"),
        ("한국어: abc", 6, 9, "한국어: abc", "        ^^^"),
        ("e\u0301a: b", 6, 7, "e\u0301a: b", "    ^"),
        ("a:\tb", 4, 5, "a: b", "   ^"),
        ("a:", 3, 3, "a:", "  ^"),
        ("🐍: b", 4, 5, "🐍: b", "    ^"),
    ],
)
def test_the_caret_stands_under_the_fault_in_display_cells(
    text: str, column: int, end: int, shown: str, mark: str
) -> None:
    lines = render_text((at(1, column, end),), {"p.yaml": text}).splitlines()
    assert lines[1:] == [f"  {shown}", f"  {mark}"]


def test_a_value_of_several_lines_is_marked_on_its_first() -> None:
    found = render_text((at(1, 4, 3, end_line=3),), {"p.yaml": "a: {b,\n c,\n d}"})
    assert found.splitlines()[1:] == ["  a: {b,", "     ^^^"]


def test_a_long_line_is_shown_around_the_fault() -> None:
    text = "x" * 500 + "!" + "y" * 500
    excerpt, mark = render_text((at(1, 501, 502),), {"p.yaml": text}).splitlines()[1:]
    assert excerpt == "  " + "x" * 60 + "!" + "y" * 59
    assert mark == "  " + " " * 60 + "^"


def test_a_place_beyond_the_end_of_the_file_has_no_excerpt() -> None:
    assert len(render_text((at(9, 1, 2),), {"p.yaml": "a: 1"}).splitlines()) == 1


def test_text_of_a_project_cannot_command_a_terminal() -> None:
    found = Diagnostic(WRONG, None, {"expected": "a text", "found": '"\x1b[2J"'})
    assert render_text((found,), {}) == 'error: expected a text, got "\\x1b[2J" [wrong-value]\n'


def test_json_has_every_field_of_the_contract() -> None:
    found = Diagnostic(
        OLD, Span("p.yaml", 1, 2, 3, 4), {}, (Note("there", Span("q.yaml", 5, 6, 7, 8)), Note("so")), "do"
    )
    nowhere = {"file": None, "line": None, "column": None, "end_line": None, "end_column": None}
    assert as_json((found,)) == {
        "format_version": "1",
        "diagnostics": [
            {
                "code": "old-value",
                "severity": "warning",
                "message": "old",
                "file": "p.yaml",
                "line": 1,
                "column": 2,
                "end_line": 3,
                "end_column": 4,
                "notes": [
                    {"message": "there", "file": "q.yaml", "line": 5, "column": 6, "end_line": 7, "end_column": 8},
                    {"message": "so", **nowhere},
                ],
                "hint": "do",
            }
        ],
    }


def test_a_github_annotation_is_one_escaped_line() -> None:
    found = Diagnostic(
        WRONG, Span("a,b:c.yaml", 1, 2, 1, 4), {"expected": "100%", "found": "a\nb\x1b[2J"}, (Note("there"),), "do"
    )
    assert as_github((found, Diagnostic(OLD, None))) == (
        "::error file=a%2Cb%3Ac.yaml,line=1,endLine=1,col=2,endColumn=4,title=wrong-value"
        "::expected 100%25, got a%0Ab\\x1b[2J%0Athere%0Ahint: do\n"
        "::warning title=old-value::old\n"
    )


def test_sarif_names_rules_places_and_levels() -> None:
    found = Diagnostic(OLD, Span("ü.yaml", 1, 2, 1, 4), {}, (Note("there", Span("q.yaml", 5, 6, 7, 8)),))
    run = as_sarif((found, at(1, 1, 2)), "0.1.0")["runs"][0]
    assert run["tool"]["driver"]["version"] == "0.1.0"
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in run["tool"]["driver"]["rules"]] == [
        ("old-value", "warning"),
        ("wrong-value", "error"),
    ]
    assert run["results"][0] == {
        "ruleId": "old-value",
        "level": "warning",
        "message": {"text": "old"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "%C3%BC.yaml"},
                    "region": {"startLine": 1, "startColumn": 2, "endLine": 1, "endColumn": 4},
                }
            }
        ],
        "relatedLocations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "q.yaml"},
                    "region": {"startLine": 5, "startColumn": 6, "endLine": 7, "endColumn": 8},
                },
                "message": {"text": "there"},
            }
        ],
    }


def test_a_line_that_holds_a_secret_is_shown_for_no_diagnostic() -> None:
    secret = Code("secret", "a secret", "", is_sensitive=True)
    there = Span("p.yaml", 2, 8, 2, 14)
    text = render_text(
        (Diagnostic(secret, there), Diagnostic(OLD, there), Diagnostic(OLD, Span("p.yaml", 1, 1, 1, 2))),
        {"p.yaml": "a: 1\nb: {k: hunter}\n"},
    )
    assert text == (
        "p.yaml:2:8: error: a secret [secret]\np.yaml:2:8: warning: old [old-value]\n"
        "p.yaml:1:1: warning: old [old-value]\n  a: 1\n  ^\n"
    )
