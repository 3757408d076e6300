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
    "`${env:NAME}` reads an environment variable where apply runs, and so does `env: [NAME]`, without a value, in the "
    "configuration of a container. Only the names in the project's `environment` may "
    "be read, so that no text can fetch a secret of the machine that applies it.",
)
ENV_NOT_HERE = Code(
    "env-not-here",
    '"{macro}" cannot stand in {where}',
    "The image and the inputs of a job are part of what makes an experiment: they are known when it is compiled, and "
    "do not depend on the machine that applies it. What the machine knows reaches the job by `env`.",
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
    "{what} longer than {limit} characters once {whose} templates are filled in",
    "What templates make is bounded, for one text and for all texts of a project together, so that a small file "
    "cannot make a large one.",
)
UNKNOWN_VARIABLE = Code(
    "unknown-variable",
    '{origin} sets the variable "{name}", which the project does not declare',
    "Values from outside are for the entries of `variables`. A name that nothing declares is an error, so that a "
    "misspelt one does not leave a default in place.",
)
BAD_VARIABLE_VALUE = Code(
    "bad-variable-value",
    '{origin} sets the variable "{name}": expected {expected}, got {got}',
    "A value from outside is text, which the declaration of its variable gives a type and bounds. They hold wherever "
    "the value comes from.",
)
MISSING_VARIABLE = Code(
    "missing-variable",
    'the variable "{name}" has no value; used by {paths}',
    "A variable without a default takes its value from `--var NAME=VALUE`, `--var-file` or the environment variable "
    "`LAUNCHCTL_VAR_NAME`.",
)
UNUSED_VARIABLE = Code(
    "unused-variable",
    'nothing uses the variable "{name}"',
    "The project declares a variable that no `{{ var.NAME }}` mentions: a value for it would change nothing.",
    Severity.WARNING,
)
BAD_INPUT_PATH = Code(
    "bad-input-path",
    'expected a path such as "trainer.lr", got "{text}"',
    "`include`, `exclude` and `fields` name values by the keys that lead to them, with a dot between two keys. "
    "A backslash takes its meaning from a dot that belongs to a key: `a\\.b`. No part may be empty.",
)
BAD_FILE_NAME = Code(
    "bad-file-name",
    'expected the path of a JSON or YAML file within the job\'s folder, got "{name}"',
    "Configuration files are named relative to the folder in which the job runs, end in `.json`, `.yaml` or `.yml`, "
    "and do not lead out of it.",
)
UNKNOWN_FILE = Code(
    "unknown-file",
    'the job offers no configuration file "{name}"',
    "A job that lists `inputs.files` offers these files and no others; the name must be written as the job writes it.",
)
NOT_AN_INPUT = Code(
    "not-an-input",
    '"{path}" is not an input of the job',
    "`include` and `exclude` of a job's inputs say which values a run may change; `exclude` wins.",
)
NOT_SUPPORTED_YET = Code(
    "not-supported-yet",
    "{what} is not supported yet",
    "The language has it, and this version of launchctl reads and checks it, but does not compile it. What does not "
    "need it is not affected.",
)
SOURCE_NOT_SUPPORTED = Code(
    "source-not-supported",
    'the target "{resource}" cannot run {kind} as a source',
    "Every target runs certain kinds of source: `process` runs a folder of code, `docker` an image.",
)
UNREADABLE_CODE = Code(
    "unreadable-code",
    "{reason}",
    "The code of a job is a folder of the project. Its files are read when it is compiled, since their digest is part "
    "of what makes an experiment.",
)
EMPTY_COMMAND = Code(
    "empty-command",
    "{address} runs code and has no command",
    "An image can say itself what it runs, a folder of code cannot: the job or the run needs a `command`.",
)
SECRET_NOT_SUPPORTED = Code(
    "secret-not-supported",
    'the target "{resource}" cannot inject the secret "{name}" of kind {kind}',
    "A secret is a reference that the target itself resolves: a variable of the environment where apply runs, a Secret "
    "of a cluster, an entry of a cloud's secret manager. Not every target can reach each of them.",
)
WANDB_CONFLICT = Code(
    "wandb-conflict",
    'launchctl itself sets "{name}"',
    "The variables of W&B Launch connect a job to its run. One that the project sets as well would be overwritten, or "
    "would break that connection, so it is an error. The project's `wandb.environment` says which of them launchctl "
    "sets: `true`, `false` or a list of names.",
)
UNKNOWN_WANDB_VARIABLE = Code(
    "unknown-wandb-variable",
    'launchctl sets no variable "{name}"',
    "`wandb.environment` lists which of the variables of W&B Launch a job is given. Other variables are given to a job "
    "by its `env`, the API key by `wandb.api_key`.",
)
SAME_SLUG = Code(
    "same-slug",
    "{address} and {other} are both called {slug} at the target",
    "The name of a container or cluster object holds lower-case letters, digits and hyphens alone. These two runs "
    "would be told apart by the last ten digits of their ids and by nothing that a reader could remember.",
    Severity.WARNING,
)
BAD_IMAGE = Code(
    "bad-image",
    "expected an image such as registry.example.com/team/name:tag, got {image}",
    "An image is a reference: optionally a registry, a name, and a tag or a digest.",
)
SECRET_IN_TEXT = Code(
    "secret-in-text",
    'the value of "{name}" is a secret and must not stand in a project',
    "What stands in a project file ends up in version control, in plans, in manifests and in the job's definition at "
    "the target. A secret is declared by name under `secrets`, and its value is read where apply runs or by the target "
    "itself.",
    is_sensitive=True,
)
TEXT_LIKE_SECRET = Code(
    "text-like-secret",
    "this text looks like an access key",
    "The text has the form in which a well-known service issues its keys. If it is one, withdraw it there: it stands "
    "in a file. Then declare it by name under `secrets`.",
    is_sensitive=True,
)
RAIL_REPLACED = Code(
    "guard-rail-replaced",
    'the queue gives "{path}" by its template variable "{name}": a run may not write another value over it',
    "A queue's `templates` say what a run may change, and within which bounds. A run's `resource` is merged over the "
    "queue's configuration; where it would replace a value that the queue gives by a template, it would go around the "
    "bounds. Give the run a value by `templates`, or let the queue's administrator write the value without a template. "
    "`policies: {run: open}` allows it.",
)

CODES: tuple[Code, ...] = (
    RAIL_REPLACED,
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
    UNKNOWN_VARIABLE,
    BAD_VARIABLE_VALUE,
    MISSING_VARIABLE,
    UNUSED_VARIABLE,
    BAD_INPUT_PATH,
    BAD_FILE_NAME,
    UNKNOWN_FILE,
    NOT_AN_INPUT,
    NOT_SUPPORTED_YET,
    SOURCE_NOT_SUPPORTED,
    UNREADABLE_CODE,
    EMPTY_COMMAND,
    SECRET_NOT_SUPPORTED,
    WANDB_CONFLICT,
    UNKNOWN_WANDB_VARIABLE,
    SAME_SLUG,
    BAD_IMAGE,
    SECRET_IN_TEXT,
    TEXT_LIKE_SECRET,
)
