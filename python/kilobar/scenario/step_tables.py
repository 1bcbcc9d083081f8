"""The tables of steps: everything an iteration can do besides the inside of a request."""

from __future__ import annotations

from kilobar.scenario import tree
from kilobar.scenario.grammar import (
    ByShape,
    Condition,
    Field,
    Json,
    ListOf,
    MapOf,
    Named,
    Record,
    StepsFile,
    Variable,
    Variants,
)
from kilobar.scenario.request_tables import REQUEST
from kilobar.scenario.vocabulary import BRANCHES, DURATION, NAME, RUN_TEXT, THINK, TURNS

STEPS = ListOf(Named("step"))

_STEPS_FIELD = Field("steps", STEPS, "What is done, in order.", "[{get: /}]", required=True)

THINK_LAW = Record(
    "think law",
    "How long to wait, when it is more than a range.",
    (
        Field("exponential", DURATION, "Mean of exponentially distributed waits, as between independent events.", "1s"),
        Field("max", DURATION, "With `exponential`: longer waits are cut to this.", "5s", default="ten times the mean"),
        Field("pacing", DURATION, "Until so long after the start of the iteration.", "10s"),
    ),
    tree.ThinkLaw,
    exclusive=(("exponential", "pacing"), ("max", "pacing")),
    one_of=("exponential", "pacing"),
)
THINK_STEP = Record(
    "think step",
    "Waits, as a person does between clicks.",
    (
        Field(
            "think",
            ByShape(scalar=THINK, mapping=THINK_LAW),
            "How long; of a range, uniformly at random.",
            "200ms..800ms",
            required=True,
        ),
    ),
    tree.ThinkStep,
    selectors=("think",),
    example="think",
)
SET_STEP = Record(
    "set step",
    "Gives variables values. A text that is only `${x}` keeps the type of the value.",
    (Field("set", MapOf(RUN_TEXT, "variable"), "The variables.", '{page: 1, user: "${random.int(1, 9)}"}', True),),
    tree.SetStep,
    selectors=("set",),
    example="set",
)
IF_STEP = Record(
    "if step",
    "Executes steps when a condition holds, else others.",
    (
        Field("if", Condition(), "What decides.", '"${n} > 3"', required=True),
        Field("then", STEPS, "What is done when it holds.", "[{get: /}]", required=True),
        Field("else", STEPS, "What is done when it does not.", "[{get: /}]"),
    ),
    tree.IfStep,
    selectors=("if",),
    example="if",
)
REPEAT_STEP = Record(
    "repeat step",
    "Executes steps several times.",
    (
        Field("repeat", RUN_TEXT, "How often, 0 to 1,000,000.", "3", required=True),
        _STEPS_FIELD,
        Field("as", Variable(), "Variable that holds the number of the turn, from 1.", "turn"),
    ),
    tree.RepeatStep,
    selectors=("repeat",),
    example="repeat",
)
WHILE_STEP = Record(
    "while step",
    "Executes steps as long as a condition holds, which is looked at before each turn.",
    (
        Field("while", Condition(), "What decides.", '"${state} != done"', required=True),
        Field("max", TURNS, "When it still holds after so many turns, the iteration fails (class `script`).", "10",
              required=True),
        _STEPS_FIELD,
    ),
    tree.WhileStep,
    selectors=("while",),
    example="while",
)  # fmt: skip
FOR_EACH_STEP = Record(
    "for_each step",
    "Executes steps once for each entry of a list: a saved JSON array, or a list that stands here.",
    (
        Field("for_each", ByShape(scalar=RUN_TEXT, sequence=Json()), "The list; at most 100,000 entries.", '"${ids}"',
              required=True),
        Field("as", Variable(), "Variable that holds the entry.", "id", required=True),
        _STEPS_FIELD,
    ),
    tree.ForEachStep,
    selectors=("for_each",),
    example="for_each",
)  # fmt: skip
GROUP_STEP = Record(
    "group step",
    "Executes steps and counts them together under a name of their own, think times left out.",
    (
        Field("group", NAME, "The name in reports. Groups with the same name are counted together.", "checkout", True),
        _STEPS_FIELD,
    ),
    tree.GroupStep,
    selectors=("group",),
    example="group",
)
PARALLEL_STEP = Record(
    "parallel step",
    "Executes steps at the same time, as a browser loads a page. It ends when all have ended; a failure of one is its "
    "own. The steps see the variables as they were before; what they save is there afterwards.",
    (
        Field("parallel", STEPS, "The steps; use a `group` for several in a row.", "[{get: /a}, {get: /b}]", True),
        Field("max", BRANCHES, "How many at once.", "2", default="6, as browsers do"),
    ),
    tree.ParallelStep,
    selectors=("parallel",),
    example="parallel",
)
FAIL_STEP = Record(
    "fail step",
    "Ends the iteration as failed (class `script`).",
    (Field("fail", RUN_TEXT, "The reason, for the report.", '"no item for ${user}"', required=True),),
    tree.fail_step,
    selectors=("fail",),
    example="fail",
)
STOP_USER_STEP = Record(
    "stop_user step",
    "Ends the iteration and, in closed load, its user. Nothing failed.",
    (Field("stop_user", RUN_TEXT, "The reason, for the report.", "sold out", required=True),),
    tree.stop_user_step,
    selectors=("stop_user",),
    example="stop_user",
)
STOP_RUN_STEP = Record(
    "stop_run step",
    "Ends the whole run, as a person would stop it.",
    (Field("stop_run", RUN_TEXT, "The reason, for the report.", "the shop is closed", required=True),),
    tree.stop_run_step,
    selectors=("stop_run",),
    example="stop_run",
)
INCLUDE_STEP = Record(
    "include step",
    "The steps of another file, as if they stood here. The file is a list of steps, or a mapping whose key `steps` is.",
    (Field("include", StepsFile(), "The file, relative to the one this stands in.", "login.yaml", required=True),),
    tree.IncludeStep,
    selectors=("include",),
    example="include",
)
STEP = Variants(
    "step",
    "One thing that an iteration does. The first step that fails ends it.",
    (
        REQUEST,
        THINK_STEP,
        SET_STEP,
        IF_STEP,
        REPEAT_STEP,
        WHILE_STEP,
        FOR_EACH_STEP,
        GROUP_STEP,
        PARALLEL_STEP,
        FAIL_STEP,
        STOP_USER_STEP,
        STOP_RUN_STEP,
        INCLUDE_STEP,
    ),
)
INCLUDED_FILE = Record(
    "included file",
    "A file that only holds steps for `include`.",
    (_STEPS_FIELD,),
    tree.IncludedFile,
    keeps_going=True,
)
