import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.errors import Diagnostic
from kilobar.importers import Imported, ImportFailed, Options, import_bytes, import_file
from kilobar.importers.jmx import recognises
from kilobar.importers.jmx_ledger import Ledger
from kilobar.importers.jmx_tree import Node, Properties
from kilobar.importers.outcome import Notes
from kilobar.importers.source import Source
from kilobar.model.scenario import Request, Set
from kilobar.scenario.document import from_yaml

from .jmx import Value, convert, element, group, http, in_group, notes_of, plan, request_of, steps_of, variables
from .test_any_input import outcome

FOLDER = Path(__file__).parents[2] / "golden" / "imports" / "jmx"
FILES = sorted(FOLDER.glob("*.jmx"))
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=8),
    st.sampled_from(
        ["${", "${x}", "${x_1}", "${x_matchNr}", "${__P(a,1)}", "${__Random(1,2)}", "${__V(a${x})}", "a;b", "-1", "0",
         "1", "2.5", "$.a[*]", "$1$", "(.*)", "[", "(?=a)", "{a", "http://a.example:80/b", "a.example", "https", "true",
         "\\t", "${__jexl3(${x} == 1 && \"${y}\" != 'z',)}", "${__groovy(vars.get(\"x\") == null)}", "P1D", "\\"]
    ),
)  # fmt: skip
PROPERTIES = {
    "HTTPSamplerProxy": "HTTPSampler.: domain path port method protocol postBodyRaw DO_MULTIPART_POST response_timeout "
    "connect_timeout proxyHost follow_redirects image_parser contentEncoding use_keepalive",
    "ConfigTestElement": "HTTPSampler.: domain path port protocol response_timeout",
    "ThreadGroup": "ThreadGroup.: num_threads ramp_time scheduler duration delay on_sample_error",
    "SetupThreadGroup": "ThreadGroup.: num_threads",
    "PostThreadGroup": "ThreadGroup.: num_threads",
    "SteppingThreadGroup": "ThreadGroup.num_threads Start_users_count Stop_users_count flighttime rampUp",
    "UltimateThreadGroup": "ultimatethreadgroupdata",
    "ArrivalsThreadGroup": "TargetLevel RampUp Steps Hold Unit",
    "ConcurrencyThreadGroup": "TargetLevel RampUp Steps Hold Unit",
    "OpenModelThreadGroup": "OpenModelThreadGroup.schedule",
    "GenericController": "",
    "TransactionController": "TransactionController.includeTimers",
    "LoopController": "LoopController.loops",
    "IfController": "IfController.: condition useExpression evaluateAll",
    "WhileController": "WhileController.condition",
    "ForeachController": "ForeachController.: inputVal returnVal startIndex",
    "OnceOnlyController": "",
    "RandomController": "",
    "InterleaveControl": "",
    "RunTime": "",
    "ParallelSampler": "",
    "SwitchController": "SwitchController.value",
    "ThroughputController": "ThroughputController.: style percentThroughput maxThroughput",
    "ModuleController": "ModuleController.node_path",
    "IncludeController": "IncludeController.includepath",
    "RegexExtractor": "RegexExtractor.: refname regex template match_number default useHeaders",
    "JSONPostProcessor": "JSONPostProcessor.: referenceNames jsonPathExprs match_numbers defaultValues",
    "HtmlExtractor": "HtmlExtractor.: refname expr attribute match_number default",
    "XPathExtractor": "XPathExtractor.: refname xpathQuery matchNumber default",
    "BoundaryExtractor": "BoundaryExtractor.: refname lboundary rboundary match_number default",
    "ResponseAssertion": "Asserion.test_strings Assertion.test_field Assertion.test_type Assertion.assume_success",
    "SizeAssertion": "SizeAssertion.size SizeAssertion.operator",
    "DurationAssertion": "DurationAssertion.duration",
    "JSONPathAssertion": "JSON_PATH EXPECTED_VALUE JSONVALIDATION EXPECT_NULL INVERT ISREGEX",
    "XPathAssertion": "XPath.xpath XPath.negate",
    "ConstantTimer": "ConstantTimer.delay",
    "UniformRandomTimer": "ConstantTimer.delay RandomTimer.range",
    "GaussianRandomTimer": "ConstantTimer.delay RandomTimer.range",
    "PoissonRandomTimer": "ConstantTimer.delay RandomTimer.range",
    "ConstantThroughputTimer": "throughput calcMode",
    "VariableThroughputTimer": "load_profile",
    "HeaderManager": "HeaderManager.headers",
    "CookieManager": "CookieManager.cookies CookieManager.clearEachIteration",
    "AuthManager": "AuthManager.auth_list",
    "CSVDataSet": "filename variableNames delimiter recycle stopThread shareMode",
    "UserParameters": "UserParameters.names UserParameters.thread_values",
    "CounterConfig": "CounterConfig.: name start incr end",
    "RandomVariableConfig": "variableName minimumValue maximumValue",
    "Arguments": "Arguments.arguments",
    "TestAction": "ActionProcessor.: action target duration",
    "JSR223Sampler": "script",
    "org.apache.jmeter.GenericController": "",
    "hashTree": "",
}
"""Kind -> its properties; after `prefix:` without that."""
ROWS = st.lists(
    st.dictionaries(
        st.sampled_from(["Argument.name", "Argument.value", "HTTPArgument.always_encode", "Header.name", "Header.value",
                         "File.path", "File.paramname", "Authorization.username", "Authorization.url", "Cookie.value"]),
        TEXTS, min_size=2, max_size=4),
    max_size=3,
)  # fmt: skip
VALUES = st.one_of(
    TEXTS, TEXTS, TEXTS, st.lists(TEXTS, max_size=4), st.lists(st.lists(TEXTS, max_size=5), max_size=3), ROWS
)


def properties_of(kind: str) -> st.SearchStrategy[dict[str, Value]]:
    prefix, colon, rest = PROPERTIES[kind].partition(": ")
    names = [
        prefix + name if colon else name.replace("_users_", " users ") for name in (rest if colon else prefix).split()
    ]
    found: dict[str, st.SearchStrategy[Value]] = dict.fromkeys(names, VALUES)
    if kind in ("HTTPSamplerProxy", "ConfigTestElement"):
        found["HTTPsampler.Arguments"] = st.builds(lambda rows: {"Arguments.arguments": rows}, ROWS)
        found["HTTPsampler.Files"] = st.builds(lambda rows: {"HTTPFileArgs.files": rows}, ROWS)
    return st.fixed_dictionaries({}, optional=found)


def elements_with(children: st.SearchStrategy[list[str]]) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(PROPERTIES)).flatmap(
        lambda kind: st.builds(
            lambda values, inner, enabled: element(kind, *inner, enabled=enabled, **values),
            properties_of(kind), children, st.sampled_from([True, True, True, False]),
        )
    )  # fmt: skip


ELEMENTS = st.recursive(
    elements_with(st.just([])), lambda inner: elements_with(st.lists(inner, max_size=4)), max_leaves=16
)


def source(text: str | bytes) -> Source:
    return Source("plan.jmx", Path("nowhere"), text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (plan(), True),
        (b"\xef\xbb\xbf" + plan().encode(), True),
        (plan().replace("UTF-8", "UTF-16").encode("utf-16"), True),
        (b"<jmeterTestPlan", True),
        (b"<a/>", False),
        (b'{"jmeterTestPlan": 1}', False),
        (b"", False),
    ],
)
def test_a_plan_is_recognised_by_its_first_element(data: str | bytes, expected: bool) -> None:
    assert recognises(source(data)) is expected


@pytest.mark.parametrize(
    ("text", "line"),
    [("<jmeterTestPlan>\n<hashTree>\n</a>", 3), ("\n<jmeterTestPlan><!DOCTYPE a></jmeterTestPlan>", 2)],
)
def test_malformed_xml_is_said_with_its_position(text: str, line: int) -> None:
    with pytest.raises(ImportFailed) as failed:
        import_bytes(text.encode(), "plan.jmx", Path("nowhere"), Options(format="jmx"))
    assert failed.value.diagnostic.place is not None
    assert failed.value.diagnostic.place.line == line


def test_entities_are_never_read_from_elsewhere() -> None:
    text = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><jmeterTestPlan>&b;</jmeterTestPlan>'
    with pytest.raises(ImportFailed, match="document type"):
        import_bytes(text.encode(), "plan.jmx", Path("nowhere"), Options(format="jmx"))


def test_user_defined_variables_are_constants_and_secrets_among_them_are_hidden() -> None:
    result = in_group(variables(host="b.example", password="s3cret", size="${__P(size,3)}"), http(domain="${host}"))
    scenario = result.scenario
    assert scenario.variables == {
        "host": "b.example",
        "password": "${env.PASSWORD:-not-set}",
        "size": "${env.SIZE:-3}",
    }
    assert scenario.target == "http://${host}"


def test_a_variable_that_is_computed_or_set_later_gets_its_first_value_once_in_setup() -> None:
    values = {"referenceNames": "page", "jsonPathExprs": "$.next", "match_numbers": "1"}
    extractor = element("JSONPostProcessor", **{f"JSONPostProcessor.{name}": value for name, value in values.items()})
    result = in_group(variables(page="1", run="${__UUID}"), http(extractor, path="/${page}/${run}"))
    assert result.scenario.setup == [Set(set={"page": "1", "run": "${uuid()}"})]
    assert result.scenario.variables == {}


def test_a_variable_that_nothing_sets_comes_from_the_environment() -> None:
    result = in_group(http(path="/${item}"), http(domain="${server}", port="${port}", path="/${path}"))
    assert result.scenario.variables == {
        "item": "${env.ITEM:-not-set}",
        "path": "${env.JMETER_PATH:-not-set}",
        "port": "${env.PORT:-80}",
        "server": "${env.SERVER:-not-set}",
    }
    assert any("set the environment variable ITEM" in note for note in notes_of(result))


def test_a_variable_that_is_used_before_it_is_saved_begins_as_its_own_name() -> None:
    extractor = element("RegexExtractor", **{"RegexExtractor.refname": "id", "RegexExtractor.regex": "a(.)",
                        "RegexExtractor.template": "$1$", "RegexExtractor.match_number": "1"})  # fmt: skip
    first, *_ = steps_of(in_group(http(path="/${id}"), http(extractor)))
    assert first == Set(set={"id": "$${id}"})


def test_what_all_requests_have_is_said_once() -> None:
    manager = element("HeaderManager", **{"HeaderManager.headers": [{"Header.name": "Accept", "Header.value": "a/b"}]})
    result = in_group(manager, http(follow_redirects=True), http(follow_redirects=True, path="/y"))
    assert result.scenario.headers == {"Accept": "a/b"}
    assert result.scenario.redirects == 20
    assert [(step.headers, step.redirects) for step in steps_of(result) if isinstance(step, Request)] == [
        ({}, None)
    ] * 2


def test_users_have_connections_of_their_own_and_no_cookies_without_a_manager() -> None:
    scenario = in_group(http()).scenario
    assert (scenario.connections, scenario.cookies, scenario.target) == ("per_user", "off", "http://a.example")


@pytest.mark.parametrize(("clear", "expected"), [(True, "per_iteration"), (False, "per_user")])
def test_a_cookie_manager_keeps_cookies(clear: bool, expected: str) -> None:
    manager = element("CookieManager", **{"CookieManager.clearEachIteration": clear})
    assert in_group(manager, http()).scenario.cookies == expected


def test_disabled_elements_are_left_out_and_noted() -> None:
    sampler = http(name="off").replace('enabled="true"', 'enabled="false"')
    result = in_group(http(), sampler)
    assert len(steps_of(result)) == 1
    assert "Plan.Users.off: it is disabled; left out" in notes_of(result)


def test_old_names_of_classes_are_known() -> None:
    text = plan(group(http()))
    for name in ("ThreadGroup", "HTTPSamplerProxy", "TestPlan"):
        text = text.replace(f"<{name} ", f"<org.apache.jmeter.old.{name} ")
        text = text.replace(f"</{name}>", f"</org.apache.jmeter.old.{name}>")
    result = import_bytes(text.encode(), "plan.jmx", Path("nowhere"), Options(format="jmx"))
    assert request_of(result).url == "/x"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_whole_plan_is_imported_as_always(path: Path) -> None:
    text = import_file(path, Options(format="jmx")).to_yaml(path.name)
    golden = path.with_name(f"{path.name}.golden.yaml")
    if os.environ.get("KILOBAR_BLESS"):
        golden.write_text(text)
    assert text == golden.read_text()


def test_there_is_a_whole_plan() -> None:
    assert FILES


# Nothing is dropped in silence


def every(node: Node) -> list[Node]:
    return [node, *(inner for child in node.children for inner in every(child))]


def assert_all_accounted_for(data: bytes, monkeypatch: pytest.MonkeyPatch) -> Imported | Diagnostic:
    """Everything is used or noted, and what comes out can be written and read."""
    ledgers: list[Ledger] = []
    plans: list[Node] = []
    close = Ledger.close

    def closing(self: Ledger, plan: Node) -> None:
        close(self, plan)
        ledgers.append(self)
        plans.append(plan)

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "close", closing)
        result = outcome(data, "jmx")
    if isinstance(result, Diagnostic):
        assert result.place is not None
        # A defect that the last guard caught would say so.
        assert "Error:" not in result.message
    for ledger, tree in zip(ledgers, plans, strict=True):
        left = [node.label for node in every(tree)[1:] if node not in ledger.used and node not in ledger.noted]
        assert left == []
    if isinstance(result, Imported):
        assert from_yaml(result.to_yaml("source")) == result.scenario
    return result


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_element_of_a_whole_plan_is_used_or_noted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(assert_all_accounted_for(path.read_bytes(), monkeypatch), Imported)


def test_an_element_that_nobody_knows_is_noted() -> None:
    ledger = Ledger(notes := Notes())
    unknown = Node("A", "a", True, Properties(), [], "a")
    ledger.close(Node("jmeterTestPlan", "", True, Properties(), [unknown]))
    assert [str(note) for note in notes.all()] == ["a: `A` has no meaning here; left out"]


@pytest.mark.filterwarnings("ignore")
@given(st.lists(ELEMENTS, max_size=4))
def test_any_plan_is_a_scenario_or_a_diagnostic_and_every_element_is_accounted_for(children: list[str]) -> None:
    data = plan(http(), *children, group(*children, http())).encode("utf-8", "xmlcharrefreplace")
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert_all_accounted_for(data, monkeypatch)


def test_a_plan_without_a_thread_group_fails_with_a_reason() -> None:
    with pytest.raises(ImportFailed, match="no request"):
        convert(http())
