"""What can be wrong with a project file up to its references: files, YAML, keys and values, names."""

from __future__ import annotations

from launchctl.diagnostics import Code, Severity

# --- files ---
NO_PROJECT_FILE = Code(
    "no-project-file",
    'there is no project file "{path}"',
    "A command takes a project file, or a folder that holds `project.yaml`; without one it takes the current folder.",
)
UNREADABLE_FILE = Code(
    "unreadable-file",
    'cannot read "{path}": {reason}',
    "The file exists, but the operating system does not give its contents.",
)
NOT_UTF8 = Code(
    "not-utf8",
    "expected UTF-8 text, got {found}",
    "Project files are UTF-8, with or without a byte order mark, so that they read the same on every machine.",
)
TOO_LARGE = Code(
    "too-large",
    'the files of a project may have 16 MiB together, and "{path}" goes beyond that',
    "A bound keeps a command quick whatever it is given. Data belongs beside the project file, not into it.",
)
OUTSIDE_PROJECT = Code(
    "outside-project",
    'the path "{path}" leaves the project\'s folder',
    "What a project consists of lies within its folder, so that a checkout is complete and a review sees all of it. "
    "Absolute paths, `..` and links that lead outside are refused.",
)
PATTERN_TOO_WIDE = Code(
    "pattern-too-wide",
    'the pattern "{pattern}" holds more than two `**`',
    "Each `**` stands for any number of folders. With several of them every way to share a path out among them is "
    "looked at, which takes longer than anybody waits.",
)
NO_INCLUDED_FILE = Code(
    "no-included-file",
    'there is no file "{path}" in the project\'s folder',
    "Each path under `include` names a file relative to the project's folder; patterns may hold `*`, `?` and `**`.",
)
INCLUDE_MATCHES_NOTHING = Code(
    "include-matches-nothing",
    'no file matches "{pattern}"',
    "A pattern under `include` that matches nothing is often a misspelt folder; patterns are relative to the folder "
    "of the project file.",
    Severity.WARNING,
)
INCLUDED_TWICE = Code(
    "included-twice",
    '"{path}" is included twice',
    "Every file is part of the project once. Two patterns, or a pattern and a path, name the same file: remove one.",
)
INCLUDE_LOOP = Code(
    "include-loop",
    '"{path}" includes itself',
    "A file may include others, but not one through which it was included.",
)

# --- YAML ---
SYNTAX = Code(
    "syntax",
    "{problem}",
    "The file is no YAML from this place on. Indentation is by spaces; a text that contains `: ` or ` #`, or begins "
    "with one of the characters {{ [ * & ! | > % @ ` ' \", stands in quotes.",
)
BAD_CHARACTER = Code(
    "bad-character",
    "the character {character} cannot stand {place}",
    "Control characters and the line separators of Unicode are invisible and read differently by different tools. In "
    'double quotes most of them can be written as an escape, such as "\\u2028".',
)
SEVERAL_DOCUMENTS = Code(
    "several-documents",
    "a second document begins here",
    "A project file is one YAML document. Put what follows `---` into a file of its own and name it under `include`.",
)
TAG = Code(
    "tag",
    'the tag "{tag}" is not supported',
    "Tags such as `!!str` or `!include` mean something else to every tool. A text is quoted, a number is written "
    "plainly, and other files are named under `include`.",
)
DUPLICATE_KEY = Code(
    "duplicate-key",
    'the key "{key}" stands here twice',
    "YAML lets most tools keep the last of two equal keys and forget the other without a word.",
)
KEY_NOT_TEXT = Code(
    "key-not-text",
    "expected a text as key, got {found}",
    "Keys are texts. A key that looks like a number, true, false or null is quoted; a template `{{ … }}` in a value "
    "is quoted as a whole.",
)
MERGE_KEY = Code(
    "merge-key",
    "expected a mapping or a list of mappings after `<<`, got {found}",
    "`<<: *name` takes the keys of another mapping, which this mapping may override.",
)
UNKNOWN_ANCHOR = Code(
    "unknown-anchor",
    'there is no anchor "&{name}" above',
    "`*name` repeats the value that was marked by `&name` earlier in the same file. A text that begins with `*` is "
    "quoted.",
)
RECURSIVE_ANCHOR = Code(
    "recursive-anchor",
    'the value "&{name}" contains itself',
    "A value that contains itself has no end.",
)
TOO_DEEP = Code(
    "too-deep",
    "nested deeper than {limit} levels",
    "A bound keeps a command quick whatever it is given, and no configuration that people write comes near it.",
)
TOO_MANY_VALUES = Code(
    "too-many-values",
    "{what} repeat more than {limit} values",
    "Aliases of aliases of aliases grow without bound, and so do runs that extend one another in a long row. The "
    "values that they stand for are counted, and too many are refused before they take any memory.",
)
TOO_MANY_FAULTS = Code(
    "too-many-faults",
    "more than {limit} errors in this file; the rest is not shown",
    "So many errors have one cause more often than not: mend the first ones and look again.",
)
NO_JSON_NUMBER = Code(
    "no-json-number",
    "{text} is not a number that every target can read",
    "Configurations travel as JSON, which knows no infinity and no `nan`, and integers up to 64 bits are safe "
    "everywhere. A text that looks like a number is quoted.",
)
AMBIGUOUS_VALUE = Code(
    "ambiguous-value",
    "{text} is {now} here, and {before} where a tool reads the file as YAML 1.1",
    "Project files are YAML 1.2. A plain `no` is a text, which a script takes for true; `012` is twelve, not ten; "
    "`1_000` and `1:30` are texts, not numbers. Since each of them silently changes what is trained, it must be "
    "written in a way that nobody can misread.",
)
OLD_VALUE = Code(
    "old-value",
    "{text} is {now} here, and {before} where a tool reads the file as YAML 1.1",
    "Project files are YAML 1.2, where dates and the letters `y` and `n` are texts. That is almost always what is "
    "meant; quotes say so to every tool.",
    Severity.WARNING,
)

# --- keys and values ---
UNKNOWN_KEY = Code(
    "unknown-key",
    'unknown key "{key}" in {where}',
    "Every key has a meaning, so a misspelt one is an error rather than silence. `launchctl explain KEY` documents "
    "one key.",
)
MISSING_KEY = Code(
    "missing-key",
    'missing key "{key}" in {where}',
    "The key is required: there is no value that could be assumed.",
)
WRONG_VALUE = Code(
    "wrong-value",
    "expected {expected}, got {found}",
    "The value has another type, or is not one of those that the key knows. `launchctl explain KEY` documents one key.",
)
TEMPLATE_NOT_HERE = Code(
    "template-not-here",
    'a template cannot stand in "{key}", got {found}',
    "Templates `{{ … }}` are filled in after the structure of the project is known: in an image, in commands, "
    "arguments, environment variables, in `config`, `files`, `resource` and in the values of `templates`. Names, "
    "references, numbers and choices that make up the structure are written out.",
)
LOST_SPELLING = Code(
    "lost-spelling",
    "this number would reach the job as the text {text}",
    "Arguments and environment variables are texts. A number whose spelling YAML does not keep (`1e-5`, `3.10`) is "
    "quoted, so that the job is given exactly what is written.",
)
BAD_NAME = Code(
    "bad-name",
    'the name "{name}" does not fit: expected a letter, then up to 62 letters, digits, "_" or "-"',
    "Names become parts of addresses, of names in clusters and of files, and so share what all of these allow.",
)
DUPLICATE_NAME = Code(
    "duplicate-name",
    '{kind} "{name}" is defined twice',
    "Names are unique over all included files and without regard to case, since some targets and file systems do not "
    "tell `Train` from `train`.",
)
SETTING_TWICE = Code(
    "setting-twice",
    '"{key}" is set in two files',
    "What concerns the project as a whole is said once; lists such as `environment` and `moved` are joined.",
)
NEWER_VERSION = Code(
    "newer-version",
    "the project file has version {found}, and this launchctl reads up to version {known}",
    "A newer launchctl wrote it. Reading it anyway could change what runs, so it is refused.",
)

# --- references ---
UNKNOWN_NAME = Code(
    "unknown-name",
    'there is no {kind} "{name}"',
    "References are names of entries of the same project, in this file or an included one.",
)
BAD_ADDRESS = Code(
    "bad-address",
    'expected {expected}, got "{text}"',
    "Where more than one section could be meant, a reference is an address: `runs.NAME`, `sweeps.NAME` or, for one "
    "trial, `sweeps.NAME[KEY]`.",
)
UNKNOWN_RESOURCE = Code(
    "unknown-resource",
    'there is no target "{name}"',
    "The targets are `process`, `docker`, `kubernetes`, `sagemaker` and `vertex`, also by W&B's names "
    "`local-process`, `local-container` and `gcp-vertex`, and those that an installed plugin registers.",
)
DEPENDENCY_CYCLE = Code(
    "dependency-cycle",
    "these runs wait for one another: {cycle}",
    "A run starts once what it depends on has succeeded; in a circle none would ever start.",
)
EXTENDS_CYCLE = Code(
    "extends-cycle",
    "these runs extend one another: {cycle}",
    "`extends` takes another run's settings first; in a circle there is no first.",
)
RUN_AND_JOB = Code(
    "run-and-job",
    'run "{name}" is defined twice: job "{job}" has a queue of its own, and so is a run as well',
    "A job with a `queue` is also a run of the same name. Rename the run, or take the queue from the job.",
)
RUN_KEY_WITHOUT_QUEUE = Code(
    "run-key-without-queue",
    '"{key}" belongs to a run, and job "{name}" has no queue',
    "A job is a recipe. With a `queue` of its own it is also a run and takes every key of one; otherwise these keys "
    "stand in the runs that name the job.",
)
NO_PRIORITIES = Code(
    "no-priorities",
    'queue "{queue}" has no priorities',
    "`priority` has a meaning only in a queue with `prioritization: true`; elsewhere it is first in, first out.",
)
NAMELESS_SECRET = Code(
    "nameless-secret",
    'secret "{name}" needs the name of an environment variable',
    "A secret of kind `env` keeps its own name in the job. The other kinds have none, so the job says which variable "
    "carries them: `{VARIABLE: SECRET}`.",
)
VARIABLE_TWICE = Code(
    "variable-twice",
    'the environment variable "{name}" is set twice',
    "One environment variable has one value: either text or a secret.",
)
MOVED_AND_THERE = Code(
    "moved-and-there",
    '"{address}" has moved away, but is still there',
    "`moved` hands the history of one address to another. While the old one is still in use, both would claim it.",
)
MOVED_TWICE = Code(
    "moved-twice",
    '"{address}" is moved twice',
    "Every address moves from one place to one other.",
)
CODES: tuple[Code, ...] = (
    NO_PROJECT_FILE,
    UNREADABLE_FILE,
    NOT_UTF8,
    TOO_LARGE,
    OUTSIDE_PROJECT,
    PATTERN_TOO_WIDE,
    NO_INCLUDED_FILE,
    INCLUDE_MATCHES_NOTHING,
    INCLUDED_TWICE,
    INCLUDE_LOOP,
    SYNTAX,
    BAD_CHARACTER,
    SEVERAL_DOCUMENTS,
    TAG,
    DUPLICATE_KEY,
    KEY_NOT_TEXT,
    MERGE_KEY,
    UNKNOWN_ANCHOR,
    RECURSIVE_ANCHOR,
    TOO_DEEP,
    TOO_MANY_VALUES,
    TOO_MANY_FAULTS,
    NO_JSON_NUMBER,
    AMBIGUOUS_VALUE,
    OLD_VALUE,
    UNKNOWN_KEY,
    MISSING_KEY,
    WRONG_VALUE,
    TEMPLATE_NOT_HERE,
    LOST_SPELLING,
    BAD_NAME,
    DUPLICATE_NAME,
    SETTING_TWICE,
    NEWER_VERSION,
    UNKNOWN_NAME,
    BAD_ADDRESS,
    UNKNOWN_RESOURCE,
    DEPENDENCY_CYCLE,
    EXTENDS_CYCLE,
    RUN_AND_JOB,
    RUN_KEY_WITHOUT_QUEUE,
    NO_PRIORITIES,
    NAMELESS_SECRET,
    VARIABLE_TWICE,
    MOVED_AND_THERE,
    MOVED_TWICE,
)
