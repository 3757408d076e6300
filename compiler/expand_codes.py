"""What can be wrong with a project's variables, templates, macros and with what they make of a run."""

from __future__ import annotations

from launchctl.diagnostics import Code, Severity

UNKNOWN_MACRO = Code(
    "unknown-macro",
    'unknown macro "${{{name}}}"',
    "`${…}` in a text is a macro: `${project_name}`, `${entity_name}`, `${run_id}`, `${run_name}`, `${image_uri}`, "
    "`${author}`, `${job_name}`, `${queue_name}`, `${env:NAME}`, and in a sweep `${sweep_name}` and `${repeat}`. Any "
    "other name is an error, so that a misspelt macro never reaches a job as text. Write `$${` for a literal `${`, "
    "for example in a shell script.",
)
INVALID_MACRO = Code(
    "invalid-macro",
    'expected a macro such as "${{run_id}}", got "{macro}"',
    "A macro is `${` and a name and `}`, without spaces; `${env:NAME}` takes the name of an environment variable, and "
    "`${sweep_name:-TEXT}` and `${repeat:-TEXT}` a text that stands in outside of a sweep. Write `$${` for a literal "
    "`${`.",
)
MACRO_NOT_HERE = Code(
    "macro-not-here",
    '"{macro}" has a value in {where} alone',
    "The macros of W&B's sweep commands (`${program}`, `${args}`, …) and `${param:NAME}` are filled in for each trial, "
    "in the command of a sweep. `${sweep_name}` and `${repeat}` have a value for every trial; in what runs share with "
    "sweeps, write `${sweep_name:-TEXT}`.",
)
MACRO_WITHOUT_VALUE = Code(
    "macro-without-value",
    '"{macro}" has no value here',
    "The macro is known, but the project says nothing that it could stand for: `${author}` needs `author`, "
    "`${entity_name}` needs `entity`, and `${image_uri}` an image. A macro is never replaced by an empty text.",
)
ENV_NOT_LISTED = Code(
    "env-not-listed",
    'the project\'s `environment` does not list "{name}"',
    "`${env:NAME}` reads an environment variable where apply runs. Only the names in the project's `environment` may "
    "be read, so that no text can fetch a secret of the machine that applies it.",
)
ENV_NOT_HERE = Code(
    "env-not-here",
    '"{macro}" cannot stand in the inputs of a job',
    "The inputs of a job are part of what makes an experiment: they are known when it is compiled, and do not depend "
    "on the machine that applies it. What the machine knows reaches the job by `env`.",
)
KEY_WITH_PLACEHOLDER = Code(
    "key-with-placeholder",
    '{kind} are not filled in within a key, got "{key}"',
    "Templates `{{ … }}` and macros `${…}` are filled in within values. A key keeps its name.",
)
WRONG_VALUE_TYPE = Code(
    "wrong-value-type",
    "expected {expected}, got {got}",
    "A variable has a type: string, integer, number, boolean, quantity (such as 16Gi) or duration (such as 6h). A "
    "value of another type is refused wherever it comes from: the declaration itself, a run's `templates`, the "
    "command line.",
)
VALUE_OUT_OF_BOUNDS = Code(
    "value-out-of-bounds",
    "expected {expected}, got {got}",
    "The guard rails of a variable (`minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `enum`, `pattern`) "
    "hold for every value, wherever it comes from. The note shows where the bound is declared.",
)
EMPTY_RANGE = Code(
    "empty-range",
    "no value is between {low} and {high}",
    "The bounds of a variable contradict one another, so that no value could keep them.",
)
BOUND_WITHOUT_MEANING = Code(
    "bound-without-meaning",
    "`{bound}` means nothing for a {kind}",
    "`minimum`, `maximum` and their exclusive forms bound an integer, a number, a quantity or a duration; `pattern` "
    "bounds a string. Use `enum` to list the values that are allowed.",
)
INVALID_PATTERN = Code(
    "invalid-pattern",
    "expected a regular expression, got {pattern}",
    "`pattern` is a regular expression that the whole value must match. It is matched in linear time, so that no "
    "value can stall a compilation: back references and look-around are not available, and very large repetitions are "
    "refused.",
)
UNKNOWN_TEMPLATE_VARIABLE = Code(
    "unknown-template-variable",
    'unknown template variable "{name}"',
    "Inside `{{ … }}` stands the name of a template variable that the run's queue declares under `templates`, or "
    "`var.NAME` for a variable that the project declares under `variables`. Write `{{{{` for a literal `{{`.",
)
MISSING_TEMPLATE_VALUE = Code(
    "missing-template-value",
    'template variable "{name}" has no value; used by {paths}',
    "A template variable takes its value from the run's `templates`, or its declaration's `default`. A queue whose "
    "variable has no default asks every run for a value.",
)
UNUSED_TEMPLATE_VARIABLE = Code(
    "unused-template-variable",
    'nothing uses the template variable "{name}"',
    "The queue declares a variable that neither its own configuration nor any of its runs uses: a value for it would "
    "change nothing.",
    Severity.WARNING,
)
UNBALANCED_BRACES = Code(
    "unbalanced-braces",
    "the braces at character {place} are not closed or not opened: {text}",
    "A template is written `{{ NAME }}`, with two braces on either side. Write `{{{{` for a literal `{{`.",
)
INVALID_TEMPLATE = Code(
    "invalid-template",
    "expected `{{{{ NAME }}}}` or `{{{{ NAME | FILTER }}}}`, got {text}",
    "Inside a template stands one name, optionally followed by filters (`default`, `lower`, `upper`, `replace`, "
    "`int`, `tojson`) whose arguments are plain texts, numbers, true or false. There are no expressions and no "
    "statements. Write `{{{{` for a literal `{{`, for example in a chat template.",
)
UNKNOWN_FILTER = Code(
    "unknown-filter",
    'unknown filter "{name}"',
    "The filters of a template are `default`, `lower`, `upper`, `replace`, `int` and `tojson`, with Jinja's meaning.",
)
TEMPLATE_FAILED = Code(
    "template-failed",
    "cannot fill in {placeholder}: {reason}",
    "A filter does not fit the value that it is given, or is given the wrong number of arguments.",
)
TEMPLATE_RESULT_TOO_LONG = Code(
    "template-result-too-long",
    "the text is longer than {limit} characters once its templates are filled in",
    "What a template makes is bounded, so that a small file cannot make a large one.",
)
CODES: tuple[Code, ...] = (
    UNKNOWN_MACRO,
    INVALID_MACRO,
    MACRO_NOT_HERE,
    MACRO_WITHOUT_VALUE,
    ENV_NOT_LISTED,
    ENV_NOT_HERE,
    KEY_WITH_PLACEHOLDER,
    WRONG_VALUE_TYPE,
    VALUE_OUT_OF_BOUNDS,
    EMPTY_RANGE,
    BOUND_WITHOUT_MEANING,
    INVALID_PATTERN,
    UNKNOWN_TEMPLATE_VARIABLE,
    MISSING_TEMPLATE_VALUE,
    UNUSED_TEMPLATE_VARIABLE,
    UNBALANCED_BRACES,
    INVALID_TEMPLATE,
    UNKNOWN_FILTER,
    TEMPLATE_FAILED,
    TEMPLATE_RESULT_TOO_LONG,
)
