"""What can be wrong with a sweep: its space, its search, its command, and the file that it is taken from."""

from __future__ import annotations

from launchctl.diagnostics import Code, Severity

GROUP_WITHOUT_PARAMETERS = Code(
    "group-without-parameters",
    '"{name}" holds parameters, but not under the key "parameters"',
    "A parameter of a sweep says which values it takes: `value`, `values`, `min` and `max`, or a `distribution`. A "
    "group of parameters, which the job gets nested, has the one key `parameters`, and its parameters stand below it.",
)
KEY_WITHOUT_MEANING = Code(
    "key-without-meaning",
    '"{key}" does not go with {what}',
    "Each distribution has keys of its own: `values` for a choice, `min` and `max` for a range, `mu` and `sigma` for "
    "the normal ones, `a` and `b` for the beta ones, `q` where the name begins with `q_`. A group has `parameters` "
    "alone.",
)
EXPONENT_BOUNDS = Code(
    "exponent-bounds",
    '"{name}" takes exponents of e as its bounds, which is deprecated',
    "`log_uniform`, `q_log_uniform` and `inv_log_uniform` read `min` and `max` as exponents: `min: -5` means e⁻⁵. The "
    "distributions whose names end in `_values` take the values themselves and are what nearly everybody means.",
)
EMPTY_BOUNDS = Code(
    "empty-bounds",
    "no value is between {low} and {high}",
    "`min` must be less than `max`. A parameter with one value alone is written `value: …`.",
)
NO_MULTIPLE = Code(
    "no-multiple",
    "no multiple of {q} is between {low} and {high}",
    "The distributions whose names begin with `q_` draw multiples of `q`, counted from 0, within `min` and `max`. "
    "Where there is none, every trial would get the multiple nearest to them, which is outside.",
)
PROBABILITIES = Code(
    "probabilities",
    "{problem}",
    "`probabilities` says how likely each of `values` is: as many numbers as there are values, none below 0, and 1 "
    "together.",
)
TEXT_LIKE_NUMBER = Code(
    "text-like-number",
    "the value {value} is a text, not a number",
    "The job gets a text: `run.config` holds one, and a script that does not convert it fails or compares wrongly. A "
    "number is written without quotes.",
    Severity.WARNING,
)
REPEATED_VALUE = Code(
    "repeated-value",
    "the value {value} stands here twice",
    "A grid has every point once, however often a value is listed, and 1 and 1.0 are one value. `repeats` runs each "
    "point several times.",
    Severity.WARNING,
)
UNKNOWN_PARAMETER = Code(
    "unknown-parameter",
    'the sweep has no parameter "{name}"',
    "`zip`, `exclude`, `when` and `${param:NAME}` name parameters of the same sweep; the parameter `lr` in the group "
    "`optimizer` is `optimizer.lr`.",
)
VALUE_NEVER_TAKEN = Code(
    "value-never-taken",
    '"{name}" never has the value {value}',
    "`exclude` and `when` name values that a parameter takes; one that it never takes would exclude nothing, or "
    "keep a parameter from ever existing. A parameter that is drawn from a continuous range takes no value as such.",
)
NOT_ZIPPED = Code(
    "not-zipped",
    "{problem}",
    "`zip` takes lists of parameters that vary together: each has `values`, equally many, and is in one list only.",
)
CONDITION_CYCLE = Code(
    "condition-cycle",
    "whether these parameters exist depends on themselves: {cycle}",
    "`when` says of a parameter that it exists only where another has a certain value, so the other one must be chosen "
    "first.",
)
NOT_FOR_METHOD = Code(
    "not-for-method",
    'a {method} search cannot take {what} of "{name}"',
    "A grid takes every value of every parameter in turn, so each has a `value`, `values`, integer bounds, or steps "
    "(`q_uniform`). A Bayesian search cannot take `probabilities`, since it learns itself which values are good.",
)
NOTHING_TO_SEARCH = Code(
    "nothing-to-search",
    "every parameter has one value alone, and a bayes search needs one that varies",
    "A Bayesian search chooses values from results; where nothing varies there is nothing to choose.",
)
NEEDS_METRIC = Code(
    "needs-metric",
    "{what} needs a metric",
    "A Bayesian search and early termination compare trials by a value that these log. Say which: "
    "`metric: {name: loss, goal: minimize}`.",
)
NO_BAND = Code(
    "no-band",
    "trials would never be compared: {reason}",
    "Hyperband compares trials at iterations: with `max_iter` and `s` at `max_iter` / `eta`, that again divided by "
    "`eta`, and so on, `s` times, as long as the result is 1 or more.",
)
NOT_SEARCHED = Code(
    "not-searched",
    "{what} is not searched by launchctl",
    "launchctl searches itself: `grid`, `random` and `bayes`. A search that a program of your own or another library "
    "directs (`method: custom`, the engines `optuna` and `ax`, W&B's scheduler jobs) is not among them.",
)
NO_TUNER = Code(
    "no-tuner",
    'the target "{resource}" has no tuner of its own',
    "`engine: native` hands the search to the target, where that can search. Everywhere else launchctl does.",
)
METRIC_PATTERN = Code(
    "metric-pattern",
    "{problem}",
    "A metric is found in a line of a log by a text with the two places `{name}` and `{value}`, or by a regular "
    "expression for each metric, with one group that holds the value. Expressions are those of RE2, which reads every "
    "line in linear time and therefore knows no look-around and no references back.",
)
SEVERAL_ARGUMENT_LISTS = Code(
    "several-argument-lists",
    '"{macro}" would give the job the parameters a second time',
    "A command has one place for the parameters: `${args}` or one of its other spellings. Single parameters may stand "
    "anywhere, as `${param:NAME}`.",
)
PROGRAM_NOT_IN_CODE = Code(
    "program-not-in-code",
    '"{program}" is not in {folder}',
    "A sweep with a `program` and without a `command` runs that program in place of its job's command, in the job's "
    "code folder, as does a command that names `${program}`. A file that is not there cannot be started.",
    Severity.WARNING,
)
SEVERAL_FLAGS = Code(
    "several-flags",
    "the job gets {text} as one argument",
    "Each item of a command reaches the job as one argument, with its spaces; there is no shell that would take it "
    "apart.",
    Severity.WARNING,
)
WITHOUT_MEANING_HERE = Code(
    "without-meaning-here",
    '"{key}" means nothing to launchctl',
    "The key configures a part of W&B that takes no part here: launchctl starts and searches the trials itself. It is "
    "read, and changes nothing.",
    Severity.WARNING,
)
NOT_FROM_FILE = Code(
    "not-from-file",
    'a file taken by `file` cannot say "{key}"',
    "`file` takes a W&B sweep configuration as it is, and the sweep's entry in the project lies over it. Which file "
    "that is, and which run the sweep extends, is said in the project.",
)

CODES = (
    GROUP_WITHOUT_PARAMETERS,
    KEY_WITHOUT_MEANING,
    EXPONENT_BOUNDS,
    EMPTY_BOUNDS,
    NO_MULTIPLE,
    PROBABILITIES,
    TEXT_LIKE_NUMBER,
    REPEATED_VALUE,
    UNKNOWN_PARAMETER,
    VALUE_NEVER_TAKEN,
    NOT_ZIPPED,
    CONDITION_CYCLE,
    NOT_FOR_METHOD,
    NOTHING_TO_SEARCH,
    NEEDS_METRIC,
    NO_BAND,
    NOT_SEARCHED,
    NO_TUNER,
    METRIC_PATTERN,
    SEVERAL_ARGUMENT_LISTS,
    PROGRAM_NOT_IN_CODE,
    SEVERAL_FLAGS,
    WITHOUT_MEANING_HERE,
    NOT_FROM_FILE,
)
