from pathlib import Path

from kilobar.model.scenario import Data

from .jmx import convert, element, group, http, in_group, notes_of, request_of


def csv(**values: str | bool) -> str:
    return element("CSVDataSet", **{"filename": "users.csv", "recycle": True, **values})


def test_a_csv_file_is_data_and_its_variables_are_columns(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("ann,1\nbob,2\n")
    result = in_group(csv(variableNames="user,id"), http(path="/${user}/${id}"), directory=tmp_path)
    assert result.scenario.data == {
        "users_csv": Data(file="users.csv", columns=["user", "id"], when_exhausted="recycle")
    }
    assert request_of(result).url == "/${users_csv.user}/${users_csv.id}"


def test_names_come_from_the_first_line_when_none_are_given(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("user\tmail\nann\tx\n")
    result = in_group(csv(delimiter="\\t"), http(path="/${mail}"), directory=tmp_path)
    assert result.scenario.data["users_csv"] == Data(file="users.csv", delimiter="\t", when_exhausted="recycle")
    assert request_of(result).url == "/${users_csv.mail}"


def test_a_first_line_that_is_ignored_names_the_columns(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("User Name,id\nann,1\n")
    sampler = http(path="/${u}/${i}")
    result = in_group(csv(variableNames="u,i", ignoreFirstLine=True), sampler, directory=tmp_path)
    assert request_of(result).url == '/${users_csv["User%20Name"]}/${users_csv.id}'.replace("%20", " ")


def test_each_row_once_ends_the_users_after_the_last(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("ann\n")
    result = in_group(csv(variableNames="u", recycle=False, stopThread=True), http(path="/${u}"), directory=tmp_path)
    assert (result.scenario.data["users_csv"].pick, result.scenario.data["users_csv"].when_exhausted) == (
        "unique",
        "stop",
    )


def test_a_missing_file_has_a_stand_in_and_is_noted() -> None:
    result = in_group(csv(variableNames="u"), http(path="/${u}"))
    assert result.scenario.data["users_csv"] == Data(rows=[{"u": "not-set"}], when_exhausted="recycle")
    assert any("users.csv is not beside the source" in note for note in notes_of(result))


def test_columns_are_known_only_beside_and_below_their_data_set() -> None:
    inner = element("GenericController", csv(variableNames="u"), http(path="/${u}"))
    result = in_group(inner, http(path="/${u}"))
    urls = [step.url for step in result.scenario.flows[0].steps if hasattr(step, "url")]
    assert urls == ["/${users_csv.u}", "/${u}"]


def test_setup_has_no_rows() -> None:
    result = convert(csv(variableNames="u"), group(http(path="/${u}"), kind="SetupThreadGroup"), group(http()))
    assert result.scenario.setup[0].url == "/${u}"  # type: ignore[union-attr]


def test_user_parameters_are_rows_of_users() -> None:
    parameters = element(
        "UserParameters", **{"UserParameters.names": ["u"], "UserParameters.thread_values": [["ann"], ["bob"]]}
    )
    result = in_group(parameters, http(path="/${u}"))
    expected = Data(rows=[{"u": "ann"}, {"u": "bob"}], per="user", pick="sequential", when_exhausted="recycle")
    assert list(result.scenario.data.values()) == [expected]


def test_counters_and_random_variables_are_set_in_each_iteration() -> None:
    counter = element("CounterConfig", **{"CounterConfig.name": "n", "CounterConfig.start": "5"})
    drawn = element("RandomVariableConfig", variableName="r", minimumValue="1", maximumValue="6")
    result = in_group(counter, drawn, http(path="/${n}/${r}"))
    sets = [step.set for step in result.scenario.flows[0].steps if hasattr(step, "set")]
    assert sets == [{"n": "${counter(5, 1)}"}, {"r": "${random.int(1, 6)}"}]
