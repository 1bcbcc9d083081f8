import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.importers.jmx_holes import Hole, names_in, parse_text
from kilobar.importers.jmx_texts import Texts
from kilobar.importers.jmx_times import engine_pattern, offset_of
from kilobar.importers.outcome import Notes
from kilobar.importers.secrets import Secrets


def texts() -> tuple[Texts, Notes]:
    notes = Notes()
    return Texts(notes, Secrets(notes)), notes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a${x}b", "a${x}b"),
        ("${user-id}", "${user_id}"),
        ("$${x}", "${env.DOLLAR:-$}${x}"),
        ("${", "$${"),
        ("${}", "$${}"),
        (r"\${x}", r"\$${x}"),
        (r"\${x} ${y}", "$${x} ${y}"),
        ("${__P(threads,50)}", "${env.THREADS:-50}"),
        ("${__P(threads)}", "${env.THREADS:-1}"),
        ("${__P(path,/a)}", "${env.JMETER_PATH:-/a}"),
        ("${__property(a.b)}", "${env.A_B:-a.b}"),
        ("${__env(HOME,,none)}", "${env.HOME:-none}"),
        ("${__Random(1,20)}", "${random.int(1, 20)}"),
        ("${__Random(1,${__P(max,9)},)}", "${random.int(1, ${env.MAX:-9})}"),
        ("${__RandomString(8,abc,)}", "${random.string(8, 'abc')}"),
        ("${__RandomString(8)}", "${random.string(8)}"),
        ("${__UUID}", "${uuid()}"),
        ("${__UUID()}", "${uuid()}"),
        ("${__time()}", "${now('unix_ms')}"),
        ("${__time(/1000,)}", "${now('unix')}"),
        ("${__time(yyyy-MM-dd'T'HH:mm:ss,)}", "${now('%Y-%m-%dT%H:%M:%S')}"),
        ("${__timeShift(dd/MM/yyyy,,P-1D,,)}", "${now('%d/%m/%Y', '-86400s')}"),
        ("${__counter(FALSE,)}", "${counter()}"),
        ("${__urlencode(a b)}", "${url.encode('a b')}"),
        ("${__base64Encode(${u}:${p})}", "${base64('${u}:${p}')}"),
        ("${__digest(SHA-256,${x},,true,)}", "${upper(sha256(x))}"),
        ("${__changeCase(${x},LOWER,)}", "${lower(x)}"),
        ("${__intSum(1,${n},total)}", "${add(1, n)}"),
        ("${__chooseRandom(a,b,c,picked)}", "${random.choice('a', 'b', 'c')}"),
        ("${__V(name)}", "${name}"),
        ("${__eval(${x})}", "${x}"),
        (r"${__urlencode(a\,b)}", "${url.encode('a,b')}"),
        ("${__groovy(1 + 1,)}", "$${__groovy(1 + 1,)}"),
        ("${__nothing(x)}", "$${__nothing(x)}"),
    ],
)
def test_texts_are_translated(text: str, expected: str) -> None:
    assert texts()[0].text(text) == expected


@pytest.mark.parametrize(
    "text",
    ["${__groovy(1,)}", "${__Random(9,1)}", "${__Random(a,1)}", "${__time(QQ,)}", "${__V(a_${i})}", "${__threadNum}"],
)
def test_what_cannot_be_computed_is_noted(text: str) -> None:
    translator, notes = texts()
    translator.text(text)
    assert notes.all()


def test_members_of_all_matches_are_entries_of_a_list() -> None:
    translator, _ = texts()
    translator.arrays.add("id")
    assert translator.text("${id_2} of ${id_matchNr}, ${other_2}") == "${id[1]} of ${length(id)}, ${other_2}"


def test_columns_are_known_only_where_their_data_set_is() -> None:
    translator, _ = texts()
    with translator.with_columns({"user": "accounts.user"}):
        assert translator.text("${user}") == "${accounts.user}"
        with translator.without_columns():
            assert translator.text("${user}") == "${user}"
    assert translator.text("${user}") == "${user}"


def test_values_before_the_run_follow_defaults_and_user_defined_variables() -> None:
    translator, _ = texts()
    translator.user_defined |= {"a": "${__P(a,${b})}", "b": "7", "loop": "${loop}"}
    assert translator.value("x${a}") == "x7"
    assert translator.value("${loop}") is None
    assert translator.value("${unknown}") is None


def test_the_variables_that_are_used_are_remembered() -> None:
    translator, _ = texts()
    with translator.collected() as outer:
        with translator.collected() as inner:
            translator.text("${__urlencode(${a})}${b}")
        translator.text("${c}")
    assert (inner, outer) == ({"a", "b"}, {"a", "b", "c"})


def test_names_are_found_at_any_depth() -> None:
    assert names_in(parse_text("${a}${__Random(1,${b})}${__V(c)}")) == ["a", "b", "c"]


@given(st.text(alphabet="${}()_,\\ab ", max_size=40))
def test_any_text_is_parsed_and_holes_keep_their_source(text: str) -> None:
    parts = parse_text(text)
    if not any(isinstance(part, Hole) for part in parts):
        assert "".join(map(str, parts)) == text
    for part in parts:
        assert isinstance(part, str) or part.source in text
    texts()[0].text(text)


@pytest.mark.parametrize(
    ("java", "expected"),
    [
        ("yyyyMMdd", "%Y%m%d"),
        ("h 'o''clock' a", None),
        ("hh 'o''clock' a", "%I o'clock %p"),
        ("", "unix_ms"),
        ("'x'", None),
    ],
)
def test_patterns_of_times(java: str, expected: str | None) -> None:
    assert engine_pattern(java) == expected


@pytest.mark.parametrize(("text", "expected"), [("P1DT-2H", "79200s"), ("-PT30M", "-1800s"), ("P", None), ("1d", None)])
def test_durations_of_iso_8601(text: str, expected: str | None) -> None:
    assert offset_of(text) == expected
