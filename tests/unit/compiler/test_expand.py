"""A resolved project to its program: layers merged, templates filled in, macros symbolic, faults in one go."""

from __future__ import annotations

import pytest
from fakes.expansion import expand_text

from launchctl.addresses import Address, Kind
from launchctl.compiler.node import plain
from launchctl.compiler.program import CodeSource, FieldClass, ImageSource, Lifecycle, Priority, RetryPolicy
from launchctl.compiler.variables import VariableText

WHOLE = """
version: 1
project: Churn
entity: acme
author: ada
environment: [HOME]
variables:
  tag: {type: string, default: v1}
secrets:
  wandb: {env: WANDB_API_KEY}
  hf: {env: HF_TOKEN}
wandb: {api_key: wandb}
agents:
  box: {queues: [gpu], max_jobs: -1}
queues:
  gpu:
    resource: local-container
    prioritization: true
    max_jobs: 4
    config:
      gpus: "{{ gpus }}"
      shm-size: "{{ gpus }}g"
      volume: ["/data/${run_id}:/data"]
      label: {team: a, tier: b}
    templates:
      gpus: {type: integer, minimum: 1, maximum: 8, default: 1}
  local: {resource: process}
jobs:
  train:
    source: {image: "reg/churn:{{ var.tag }}"}
    command: [python, train.py, --gpus, "{{ gpus }}"]
    env: {A: "1", B: "b", C: 3}
    secrets: [hf]
    fields: {label.team: placement}
    inputs:
      config: {trainer: {lr: 0.01, batch: 32, note: null}, seed: 42}
      include: [trainer]
      exclude: [trainer.private]
  prepare:
    queue: local
    source: {code: ./code, ignore: ["*.tmp"]}
    command: [python, prepare.py]
    description: cleans the data
runs:
  baseline:
    job: train
    queue: gpu
    priority: high
    config: {trainer: {lr: 0.003}}
    files: {config.yaml: {epochs: 3}}
    templates: {gpus: 2}
    resource: {label: {team: x, tier: null}, memory: 2g}
    args: ["--fast", 3]
    env: [B=bb, {C: null}, HOME]
    timeout: 6h
    depends_on: [runs.prepare]
    retry: {max: 1, on: [preempted, any], backoff: 30s}
    lifecycle: {protect: true, on_change: keep}
    run_token: 7
  plain: {job: train, queue: gpu, command: ["${job_name}"]}
"""

HEAD = """
version: 1
project: churn
queues:
  gpu: {resource: docker, config: {}}
  local: {resource: process}
jobs:
  train: {source: {image: "reg/t:1"}}
  code: {source: {code: train}, command: [python, a.py]}
"""


def test_a_run_is_its_job_its_queue_and_what_it_says_itself() -> None:
    result = expand_text(WHOLE)
    assert result.said == []
    spec = result.run("baseline")
    assert spec.address == Address(Kind.RUNS, "baseline")
    assert (spec.job, spec.queue, spec.resource, spec.agents) == ("train", "gpu", "docker", ("box",))
    assert isinstance(spec.source, ImageSource)
    assert spec.source.image.value == "reg/churn:v1"
    assert plain(spec.command) == ["python", "train.py", "--gpus", "2"]
    assert plain(spec.args) == ["--fast", "3"]
    assert plain(spec.env) == {"A": "1", "B": "bb", "HOME": "${env:HOME}"}
    assert spec.inherit_env == ()
    assert sorted(spec.secrets) == ["HF_TOKEN", "WANDB_API_KEY"]
    assert plain(spec.inputs) == {"trainer": {"lr": 0.003, "batch": 32, "note": None}, "seed": 42}
    assert plain(spec.files) == {"config.yaml": {"epochs": 3}}
    assert plain(spec.config) == {
        "gpus": 2,
        "shm-size": "2g",
        "volume": ["/data/${run_id}:/data"],
        "label": {"team": "x"},
        "memory": "2g",
    }
    assert spec.classes == ((("label", "team"), FieldClass.PLACEMENT),)
    assert spec.priority is Priority.HIGH
    assert [str(found.address) for found in spec.depends_on] == ["runs.prepare"]
    assert spec.retry == RetryPolicy(1, ("preempted", "any"), 30.0)
    assert spec.lifecycle == Lifecycle(protect=True, on_change="keep")
    assert (spec.timeout, spec.run_token) == (21600.0, "7")
    assert spec.wandb["WANDB_CONFIG"] == '{"seed":42,"trainer":{"batch":32,"lr":0.003,"note":null}}'
    assert spec.wandb["WANDB_LAUNCH_FILE_OVERRIDES"] == '{"config.yaml":{"epochs":3}}'


def test_a_run_may_leave_everything_to_its_job_and_its_queue() -> None:
    spec = expand_text(WHOLE).run("plain")
    assert plain(spec.command) == ["${job_name}"]
    assert plain(spec.config)["gpus"] == 1
    assert plain(spec.config)["label"] == {"team": "a", "tier": "b"}
    assert plain(spec.env) == {"A": "1", "B": "b", "C": "3"}
    assert (spec.priority, spec.retry, spec.lifecycle) == (Priority.MEDIUM, RetryPolicy(), Lifecycle())
    assert (spec.timeout, spec.run_token, spec.description) == (None, None, None)


def test_a_job_with_a_queue_is_a_run() -> None:
    spec = expand_text(WHOLE).run("prepare")
    assert isinstance(spec.source, CodeSource)
    assert (spec.source.path, spec.source.digest, spec.source.ignore) == ("./code", "sha256:./code*.tmp", ("*.tmp",))
    assert plain(spec.command) == ["python", "prepare.py"]
    assert spec.description == "cleans the data"
    assert "WANDB_DOCKER" not in spec.wandb


def test_queues_and_agents_say_how_many_run_at_once() -> None:
    program = expand_text(WHOLE).program
    assert {name: queue.max_jobs for name, queue in program.queues.items()} == {"gpu": 4, "local": 1}
    assert {name: queue.resource for name, queue in program.queues.items()} == {"gpu": "docker", "local": "process"}
    assert program.queues["gpu"].form["prioritization"] is True
    assert (program.agents["box"].max_jobs, program.agents["box"].queues) == (None, ("gpu",))
    assert (program.project, program.entity, program.author) == ("Churn", "acme", "ada")


def test_launches_are_in_the_order_of_their_addresses() -> None:
    assert [spec.address.name for spec in expand_text(WHOLE).program.launches] == ["baseline", "plain", "prepare"]


def test_runs_share_what_their_queue_and_job_say() -> None:
    result = expand_text(HEAD + "runs: {a: {job: train, queue: gpu}, b: {job: train, queue: gpu}}\n")
    a, b = result.program.launches
    assert a.config is b.config
    assert a.command is b.command
    assert a.env is b.env
    assert a.inputs is b.inputs
    assert a.wandb is b.wandb


@pytest.mark.parametrize(
    ("job", "run", "values", "inherited"),
    [
        ("[A]", "", {}, ("A",)),
        ("[A]", "env: [B]", {}, ("A", "B")),
        ("[A]", "env: {A: x}", {"A": "x"}, ()),
        ("{A: x}", "env: [A]", {}, ("A",)),
        ("[A, B=1]", "env: {A: null, B: null}", {}, ()),
        ("[A, {B: 1}, C=a=b]", "", {"B": "1", "C": "a=b"}, ("A",)),
    ],
)
def test_a_name_alone_is_inherited_where_the_target_can(
    job: str, run: str, values: dict[str, str], inherited: tuple[str, ...]
) -> None:
    text = (
        HEAD + f"  e: {{source: {{code: x}}, command: [a], env: {job}}}\nruns: {{a: {{job: e, queue: local, {run}}}}}\n"
    )
    spec = expand_text(text).run("a")
    assert (plain(spec.env), spec.inherit_env) == (values, inherited)


def test_a_name_alone_is_a_macro_where_the_target_cannot_inherit() -> None:
    text = HEAD + "runs: {a: {job: train, queue: gpu, env: [TEAM]}}\n"
    assert expand_text(text).said == ['10:42 env-not-listed: the project\'s `environment` does not list "TEAM"']
    assert plain(expand_text(text + "environment: [TEAM]\n").run("a").env) == {"TEAM": "${env:TEAM}"}


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ("false", []),
        ("[WANDB_RUN_ID, WANDB_CONFIG]", ["WANDB_RUN_ID", "WANDB_CONFIG"]),
        (
            "true",
            [
                "WANDB_BASE_URL",
                "WANDB_PROJECT",
                "WANDB_LAUNCH",
                "WANDB_RUN_ID",
                "WANDB_DOCKER",
                "WANDB_NAME",
                "WANDB_LAUNCH_QUEUE_NAME",
                "WANDB_RESUME",
                "WANDB_CONFIG",
                "WANDB_LAUNCH_FILE_OVERRIDES",
                "WANDB_ARTIFACTS",
            ],
        ),
    ],
)
def test_the_project_says_which_variables_launchctl_sets(environment: str, names: list[str]) -> None:
    result = expand_text(HEAD + f"wandb: {{environment: {environment}}}\nruns: {{a: {{job: train, queue: gpu}}}}\n")
    assert result.said == []
    assert list(result.run("a").wandb) == names


TAGGED = HEAD.replace("reg/t:1", "reg/t:{{ var.tag }}") + "runs: {a: {job: train, queue: gpu}}\n"


@pytest.mark.parametrize(
    ("declaration", "given", "image", "said"),
    [
        ("{default: v1}", {}, "reg/t:v1", []),
        ("{default: v1}", {"tag": VariableText("v2")}, "reg/t:v2", []),
        ("{}", {"tag": VariableText("a=b")}, "", ["8:27 bad-image: expected an image such as "
         'registry.example.com/team/name:tag, got "reg/t:a=b"']),
        ("{type: integer}", {"tag": VariableText("3")}, "reg/t:3", []),
        ("{default: v1}", {"tga": VariableText("x", "LAUNCHCTL_VAR_tga", is_ambient=True)}, "reg/t:v1", []),
        ("{default: v1}", {"tga": VariableText("x")}, "reg/t:v1",
         ['unknown-variable: --var sets the variable "tga", which the project does not declare']),
        ("{type: integer, maximum: 8}", {"tag": VariableText("9", "vars.yaml")}, "reg/t:9",
         ['bad-variable-value: vars.yaml sets the variable "tag": expected an integer of at most 8, got 9']),
        ("{type: integer}", {"tag": VariableText("many", "LAUNCHCTL_VAR_tag")}, "reg/t:many",
         ['bad-variable-value: LAUNCHCTL_VAR_tag sets the variable "tag": expected an integer, got "many"']),
    ],
)  # fmt: skip
def test_variables_from_outside_are_typed_by_their_declaration(
    declaration: str, given: dict[str, VariableText], image: str, said: list[str]
) -> None:
    result = expand_text(TAGGED + f"variables: {{tag: {declaration}}}\n", given)
    assert result.said == said
    if image:
        source = result.run("a").source
        assert isinstance(source, ImageSource)
        assert source.image.value == image


def test_a_variable_without_a_value_stops_what_uses_it_and_nothing_else() -> None:
    result = expand_text(
        TAGGED.replace("runs: {a", "runs: {b: {job: code, queue: local}, a") + "variables: {tag: {}}\n"
    )
    assert result.said == ['11:18 missing-variable: the variable "tag" has no value; used by image']
    assert [spec.address.name for spec in result.program.launches] == ["b"]


MISSING = 'template variable "gpus" has no value; used by config.gpus'
GUARDED = """
version: 1
project: churn
queues:
  gpu:
    resource: docker
    config: {gpus: "{{ gpus }}", shm-size: "{{ size }}"}
    templates:
      gpus: {type: integer, minimum: 1, maximum: 8}
      size: {type: quantity, maximum: 64Gi, default: 1Gi}
jobs:
  train: {source: {image: "reg/t:1"}}
runs:
  a:
    job: train
    queue: gpu
"""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("templates: {gpus: 8, size: 64Gi}", []),
        ("description: none", ["14:3 missing-template-value: " + MISSING]),
        ("templates: {size: 2Gi}", ["17:16 missing-template-value: " + MISSING]),
        ("templates: {gpus: null}", ["17:16 missing-template-value: " + MISSING]),
        ("templates: {gpus: 9}", ["17:23 value-out-of-bounds: expected an integer from 1 to 8, got 9"]),
        ("templates: {gpus: many}", ['17:23 wrong-value-type: expected an integer from 1 to 8, got "many"']),
        ("templates: {gpus: [1]}", ["17:23 wrong-value-type: expected an integer from 1 to 8, got a list"]),
        ("templates: {gpus: 1, size: 65Gi}", [
            '17:32 value-out-of-bounds: expected a quantity such as 16Gi of at most "64Gi", got "65Gi"']),
        ("templates: {gpus: 1, gpu: 2}", ['17:26 unknown-template-variable: unknown template variable "gpu"']),
        ("resource: {gpus: 4}", [
            '17:22 guard-rail-replaced: the queue gives "gpus" by its template variable "gpus": a run may not write '
            "another value over it"]),
        ("templates: {gpus: 2}\n    resource: {memory: '{{ memroy }}'}", [
            '18:25 unknown-template-variable: unknown template variable "memroy"']),
    ],
)  # fmt: skip
def test_guard_rails_hold_for_the_values_of_a_run(line: str, said: list[str]) -> None:
    result = expand_text(GUARDED + f"    {line}\n")
    assert result.said == said
    assert len(result.program.launches) == (0 if said else 1)


def test_a_value_may_come_from_a_variable_and_keeps_its_type_and_bounds() -> None:
    text = GUARDED + '    templates: {gpus: "{{ var.n }}"}\nvariables: {n: {type: integer, default: 4}}\n'
    assert plain(expand_text(text).run("a").config)["gpus"] == 4
    assert expand_text(text, {"n": VariableText("9")}).said == [
        "17:23 value-out-of-bounds: expected an integer from 1 to 8, got 9"
    ]


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        (
            "gpus: {type: integer, minimum: 9, maximum: 8, default: 1}",
            ["7:70 empty-range: no value is between 9 and 8"],
        ),
        (
            "gpus: {type: integer, maximum: 8, default: 9}",
            ["7:70 value-out-of-bounds: expected an integer of at most 8, got 9"],
        ),
        ("gpus: {pattern: '(', default: a}", ['7:43 invalid-pattern: expected a regular expression, got "("']),
    ],
)
def test_declarations_are_checked_themselves(declaration: str, said: list[str]) -> None:
    text = f"""
version: 1
project: churn
queues:
  gpu:
    resource: docker
    templates: {{          {declaration}}}
    config: {{gpus: "{{{{ gpus }}}}"}}
"""
    found = [line for line in expand_text(text).said if "unused" not in line and "wrong-value" not in line]
    assert found == said


def test_what_nothing_uses_is_a_warning() -> None:
    text = HEAD + (
        "variables: {used: {default: a}, idle: {default: b}}\n"
        "runs: {a: {job: train, queue: gpu, args: ['{{ var.used }}']}}\n"
    )
    queue = "config: {x: '{{ a }}'}, templates: {a: {default: '1'}, b: {default: '1'}}"
    result = expand_text(text.replace("config: {}", queue))
    assert [(one.code.name, one.severity.value, one.arguments["name"]) for one in result.found] == [
        ("unused-template-variable", "warning", "b"),
        ("unused-variable", "warning", "idle"),
    ]
    assert len(result.program.launches) == 1


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ("runs: {a: {job: train, queue: gpu, args: ['${run_di}']}}", [
            '10:44 unknown-macro: unknown macro "${run_di}"']),
        ("runs: {a: {job: train, queue: gpu, args: ['${env:HOME}']}}", [
            '10:44 env-not-listed: the project\'s `environment` does not list "HOME"']),
        ("runs: {a: {job: train, queue: gpu, config: {x: '${env:HOME}'}}}", [
            '10:49 env-not-here: "${env:HOME}" cannot stand in the inputs of a job']),
        ("runs: {a: {job: train, queue: gpu, args: ['${author}']}}", [
            '10:44 macro-without-value: "${author}" has no value here']),
        ("runs: {a: {job: code, queue: local, args: ['${image_uri}']}}", [
            '10:45 macro-without-value: "${image_uri}" has no value here']),
        ("runs: {a: {job: train, queue: gpu, args: ['${args}']}}", [
            '10:44 macro-not-here: "${args}" has a value in the command of a sweep alone']),
        ("runs: {a: {job: train, queue: gpu, resource: {'${run_id}': 1}}}", [
            '10:47 key-with-placeholder: macros `${…}` are not filled in within a key, got "${run_id}"']),
        ("runs: {a: {job: train, queue: gpu, args: ['${sweep_name:-none} $${HOME}']}}", []),
    ],
)  # fmt: skip
def test_macros_are_checked_and_stay_symbolic(runs: str, said: list[str]) -> None:
    result = expand_text(HEAD + runs + "\n")
    assert result.said == said
    if not said:
        assert plain(result.run("a").args) == ["${sweep_name:-none} $${HOME}"]


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ("{source: {git: 'https://x/y.git'}}", "a git repository as a source is not supported yet"),
        ("{source: {code: train, dockerfile: D}, command: [a]}", "building an image is not supported yet"),
        ("{source: {code: train}, command: [a]}", None),
        ("{source: {code: train}, command: [a], inputs: {schema: {type: object}}}",
         "a schema of inputs is not supported yet"),
        ("{source: {code: train}, command: [a], inputs: {files: {c.yaml: {schema: {type: object}}}}}",
         "a schema of inputs is not supported yet"),
        ("{source: {code: nowhere}, command: [a]}", 'the code folder "nowhere" does not exist'),
        ("{source: {code: train}}", "runs.a runs code and has no command"),
        ("{source: {image: x}}", 'the target "process" cannot run image as a source'),
    ],
)  # fmt: skip
def test_what_cannot_be_compiled_says_so_and_the_rest_is_compiled(job: str, said: str | None) -> None:
    text = HEAD + f"  other: {job}\nruns: {{a: {{job: other, queue: local}}, b: {{job: train, queue: gpu}}}}\n"
    result = expand_text(text)
    assert [one.message for one in result.found] == ([said] if said else [])
    assert [spec.address.name for spec in result.program.launches] == (["b"] if said else ["a", "b"])
    assert expand_text(HEAD + f"  other: {job}\n").said == []


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (
            "runs: {a: {job: code, queue: gpu}}",
            ['10:25 not-supported-yet: code on the target "docker" is not supported yet'],
        ),
        (
            "runs: {a: {job: train, queue: k8s}}",
            ['5:19 not-supported-yet: the target "kubernetes" is not supported yet'],
        ),
        ("runs: {b: {job: train, queue: gpu}}", []),
        ("sweeps: {s: {job: train, queue: gpu, method: grid, parameters: {x: {values: [1]}}}}", []),
    ],
)
def test_what_comes_later_says_so_where_it_would_be_compiled(runs: str, said: list[str]) -> None:
    text = HEAD.replace("queues:\n", "queues:\n  k8s: {resource: kubernetes}\n")
    assert expand_text(text + runs + "\n").said == said


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("env: {WANDB_PROJECT: x}", ['10:42 wandb-conflict: launchctl itself sets "WANDB_PROJECT"']),
        ("env: [WANDB_CONFIG_0=x]", ['10:42 wandb-conflict: launchctl itself sets "WANDB_CONFIG_0"']),
        ("env: {WANDB_MODE: offline}", []),
    ],
)
def test_a_variable_of_ours_is_never_overwritten_in_silence(run: str, said: list[str]) -> None:
    text = HEAD + f"runs: {{a: {{job: train, queue: gpu, {run}}}}}\n"
    assert expand_text(text).said == said
    assert expand_text(text + "wandb: {environment: [WANDB_RUN_ID]}\n").said == []


def test_a_variable_of_ours_is_not_inherited_either() -> None:
    result = expand_text(HEAD + "runs: {a: {job: code, queue: local, env: [WANDB_PROJECT]}}\n")
    assert result.said == ['10:43 wandb-conflict: launchctl itself sets "WANDB_PROJECT"']


def test_a_secret_that_the_target_cannot_inject_is_an_error() -> None:
    result = expand_text(
        HEAD + "secrets: {t: {aws: 'arn:x'}}\nruns: {a: {job: train, queue: gpu, secrets: [{TOKEN: t}]}}\n"
    )
    assert [one.message for one in result.found] == ['the target "docker" cannot inject the secret "t" of kind aws']
    assert [one.hint for one in result.found] == ["it takes secrets of kind env"]


@pytest.mark.parametrize(
    ("inputs", "run", "said"),
    [
        ("{include: [trainer]}", "config: {trainer: {lr: 1}}", []),
        ("{include: [trainer]}", "config: {seed: 1}", ['not-an-input: "seed" is not an input of the job']),
        ("{exclude: [trainer.private]}", "config: {trainer: {lr: 1, private: {k: 1}}}",
         ['not-an-input: "trainer.private.k" is not an input of the job']),
        ("{include: [a..b]}", "config: {}", ['bad-input-path: expected a path such as "trainer.lr", got "a..b"']),
        ("{files: {c.yaml: {}}}", "files: {c.yaml: {x: 1}}", []),
        ("{files: {c.yaml: {}}}", "files: {d.yaml: {x: 1}}",
         ['unknown-file: the job offers no configuration file "d.yaml"']),
        ("{files: {c.yaml: {include: [z]}}}", "files: {c.yaml: {x: 1}}",
         ['not-an-input: "x" is not an input of the job']),
        ("{}", "files: {../c.yaml: {x: 1}}",
         ['bad-file-name: expected the path of a JSON or YAML file within the job\'s folder, got "../c.yaml"']),
        ("{}", "files: {c.txt: {x: 1}}",
         ['bad-file-name: expected the path of a JSON or YAML file within the job\'s folder, got "c.txt"']),
    ],
)  # fmt: skip
def test_a_run_changes_nothing_but_the_inputs_of_its_job(inputs: str, run: str, said: list[str]) -> None:
    text = (
        f"{HEAD}  other: {{source: {{image: x}}, inputs: {inputs}}}\nruns: {{a: {{job: other, queue: gpu, {run}}}}}\n"
    )
    assert [f"{one.code.name}: {one.message}" for one in expand_text(text).found] == said


@pytest.mark.parametrize("policy", ["restricted", "wandb-hardened", "{file: p.yaml}"])
def test_a_policy_that_is_not_enforced_is_not_accepted(policy: str) -> None:
    text = HEAD + f"policies: {{run: {policy}}}\n"
    assert expand_text(text).said == []
    assert expand_text(text + "runs: {a: {job: train, queue: gpu}}\n").said == [
        "10:17 not-supported-yet: this policy is not supported yet"
    ]


def test_a_name_that_launchctl_never_sets_is_no_variable_of_its() -> None:
    result = expand_text(HEAD + "wandb: {environment: [WANDB_PROJET, WANDB_API_KEY]}\n")
    assert [(one.message, one.hint) for one in result.found] == [
        ('launchctl sets no variable "WANDB_PROJET"', 'did you mean "WANDB_PROJECT"?'),
        ('launchctl sets no variable "WANDB_API_KEY"', "name its secret: `wandb: {api_key: SECRET}`"),
    ]


def test_the_configuration_of_a_queue_without_runs_is_checked() -> None:
    text = HEAD.replace("config: {}", "config: {a: '{{ nope }}', b: '${nope}'}")
    assert expand_text(text).codes == ["unknown-template-variable", "unknown-macro"]


def test_all_faults_of_all_runs_are_found_in_one_go() -> None:
    runs = "".join(
        f"  r{n}: {{job: train, queue: gpu, args: ['${{bad{n}}}', '{{{{ worse{n} }}}}']}}\n" for n in range(3)
    )
    assert expand_text(HEAD + "runs:\n" + runs).codes == ["unknown-macro", "unknown-template-variable"] * 3
