import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.importers import Imported, ImportFailed, Options, import_bytes, import_file
from kilobar.importers.jmx import recognises
from kilobar.importers.jmx_ledger import Ledger
from kilobar.importers.jmx_tree import Node
from kilobar.importers.outcome import Notes
from kilobar.importers.source import Source
from kilobar.model.scenario import Request, Set
from kilobar.scenario.document import from_yaml

from .jmx import convert, element, group, http, in_group, notes_of, plan, request_of, steps_of, variables
from .test_any_input import BOUNDED

FOLDER = Path(__file__).parents[2] / "golden" / "imports" / "jmx"
FILES = sorted(FOLDER.glob("*.jmx"))
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["${", "${x}", "${x_1}", "${x_matchNr}", "${__P(a,1)}", "${__Random(1,2)}", "${__V(a${x})}", "a;b", "-1", "0", "1",
         "2.5", "$.a[*]", "$1$", "(.*)", "[", "(?=a)", "{a", "http://a.example:80/b", "a.example", "https", "\\t", "true",
         "${__jexl3(${x} == 1 && \"${y}\" != 'z',)}", "${__groovy(vars.get(\"x\") == null)}", "LAST", "P1D", "€", "\\"]
    ),
)  # fmt: skip
KINDS = st.sampled_from(
    ["HTTPSamplerProxy", "ThreadGroup", "SetupThreadGroup", "LoopController", "IfController", "WhileController",
     "ForeachController", "OnceOnlyController", "RandomController", "SwitchController", "ThroughputController",
     "ModuleController", "RegexExtractor", "JSONPostProcessor", "HtmlExtractor", "XPathExtractor", "BoundaryExtractor",
     "ResponseAssertion", "SizeAssertion", "DurationAssertion", "JSONPathAssertion", "ConstantTimer",
     "UniformRandomTimer", "PoissonRandomTimer", "ConstantThroughputTimer", "VariableThroughputTimer", "HeaderManager",
     "CookieManager", "AuthManager", "CSVDataSet", "UserParameters", "CounterConfig", "RandomVariableConfig", "Arguments",
     "ConfigTestElement", "TestAction", "TransactionController", "JSR223Sampler", "ParallelSampler", "RunTime",
     "org.apache.jmeter.GenericController", "UltimateThreadGroup", "SteppingThreadGroup", "ArrivalsThreadGroup",
     "OpenModelThreadGroup", "XPathAssertion", "hashTree"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["HTTPSampler.domain", "HTTPSampler.path", "HTTPSampler.port", "HTTPSampler.method", "HTTPSampler.protocol",
     "HTTPsampler.Arguments", "Arguments.arguments", "Argument.name", "Argument.value", "HTTPSampler.postBodyRaw",
     "HTTPSampler.DO_MULTIPART_POST", "HTTPsampler.Files", "HTTPFileArgs.files", "File.path", "LoopController.loops",
     "HTTPSampler.response_timeout", "IfController.condition", "WhileController.condition", "RegexExtractor.refname",
     "RegexExtractor.regex", "RegexExtractor.match_number", "JSONPostProcessor.referenceNames",
     "JSONPostProcessor.jsonPathExprs", "JSONPostProcessor.match_numbers", "HtmlExtractor.refname", "HtmlExtractor.expr",
     "Asserion.test_strings", "Assertion.test_field", "Assertion.test_type", "SizeAssertion.size", "RandomTimer.range",
     "ConstantTimer.delay", "throughput", "calcMode", "load_profile", "Header.name", "Header.value",
     "HeaderManager.headers", "filename", "variableNames", "delimiter", "ThreadGroup.num_threads",
     "ThreadGroup.ramp_time", "ThreadGroup.scheduler", "ThreadGroup.duration", "ultimatethreadgroupdata", "TargetLevel",
     "RampUp", "Hold", "Steps", "OpenModelThreadGroup.schedule", "CounterConfig.name", "variableName",
     "ForeachController.inputVal", "ForeachController.returnVal", "SwitchController.value", "JSON_PATH",
     "ThroughputController.style", "ThroughputController.percentThroughput", "ModuleController.node_path",
     "Start users count", "Stop users count", "flighttime", "Start users period", "ActionProcessor.action"]
)  # fmt: skip
VALUES = st.recursive(
    TEXTS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)), max_leaves=8
)
ELEMENTS = st.recursive(
    st.builds(lambda kind, values: element(kind, **values), KINDS, st.dictionaries(NAMES, VALUES, max_size=6)),
    lambda inner: st.builds(
        lambda kind, values, children, enabled: element(kind, *children, enabled=enabled, **values),
        KINDS, st.dictionaries(NAMES, VALUES, max_size=6), st.lists(inner, max_size=4), st.booleans(),
    ),
    max_leaves=12,
)  # fmt: skip


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
    ("text", "line"), [("<jmeterTestPlan>\n<hashTree>\n</a>", 3), ("\n<jmeterTestPlan><!DOCTYPE a></jmeterTestPlan>", 2)]
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
    extractor = element("JSONPostProcessor", **{"JSONPostProcessor.referenceNames": "page",
                        "JSONPostProcessor.jsonPathExprs": "$.next", "JSONPostProcessor.match_numbers": "1"})  # fmt: skip
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
    assert [(step.headers, step.redirects) for step in steps_of(result) if isinstance(step, Request)] == [({}, None)] * 2


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
def test_real_plans_are_imported_as_always(path: Path) -> None:
    text = import_file(path, Options(format="jmx")).to_yaml(path.name)
    golden = path.with_name(f"{path.name}.golden.yaml")
    if os.environ.get("KILOBAR_BLESS"):
        golden.write_text(text)
    assert text == golden.read_text()


def test_there_are_real_plans() -> None:
    assert len(FILES) >= 3


# Nothing is dropped in silence


def every(node: Node) -> list[Node]:
    return [node, *(inner for child in node.children for inner in every(child))]


def assert_all_accounted_for(data: bytes, monkeypatch: pytest.MonkeyPatch) -> Imported | None:
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
        try:
            result = import_bytes(data, "plan.jmx", Path("nowhere"), Options(format="jmx"))
        except ImportFailed as failed:
            assert failed.diagnostic.place is not None
            # A defect that the last guard caught would say so.
            assert "Error:" not in failed.diagnostic.message
            result = None
    for ledger, tree in zip(ledgers, plans, strict=True):
        left = [node.label for node in every(tree)[1:] if node not in ledger.used and node not in ledger.noted]
        assert left == []
    if result is not None:
        assert from_yaml(result.to_yaml("source")) == result.scenario
    return result


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_element_of_a_real_plan_is_used_or_noted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert assert_all_accounted_for(path.read_bytes(), monkeypatch) is not None


def test_an_element_that_nobody_knows_is_noted() -> None:
    ledger = Ledger(notes := Notes())
    ledger.close(Node("jmeterTestPlan", "", True, None, [Node("A", "a", True, None, [], "a")], ""))  # type: ignore[arg-type]
    assert [str(note) for note in notes.all()] == ["a: `A` has no meaning here; left out"]


@pytest.mark.filterwarnings("ignore")
@BOUNDED
@given(st.lists(ELEMENTS, max_size=4))
def test_any_plan_is_a_scenario_or_a_diagnostic_and_every_element_is_accounted_for(children: list[str]) -> None:
    data = plan(http(), *children, group(*children, http())).encode("utf-8", "xmlcharrefreplace")
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert_all_accounted_for(data, monkeypatch)


def test_a_plan_without_a_thread_group_fails_with_a_reason() -> None:
    with pytest.raises(ImportFailed, match="no request"):
        convert(http())
