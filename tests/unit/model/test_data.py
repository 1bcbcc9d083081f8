from kilobar.model.data import Csv, DataFile, DataSet, InlineRows, Jsonl


def test_a_file_has_the_form_that_the_engine_reads() -> None:
    source = DataFile("/data/a.csv", Csv(";", header=False), rows=3, bytes=12)
    data = DataSet("accounts", source, ("user", "password"), "unique", "user", "fail")
    assert data.to_json() == {
        "name": "accounts",
        "source": {
            "file": {
                "path": "/data/a.csv",
                "format": {"csv": {"delimiter": ";", "header": False}},
                "rows": 3,
                "bytes": 12,
            }
        },
        "columns": ["user", "password"],
        "pick": "unique",
        "per": "user",
        "when_exhausted": "fail",
    }


def test_rows_of_the_scenario_are_lists_of_json_texts() -> None:
    source = InlineRows((('"ann"', "1"), ('"bob"', "null")))
    assert source.rows == 2
    data = DataSet("d", source, ("a", "b"))
    assert data.to_json()["source"] == {"rows": [['"ann"', "1"], ['"bob"', "null"]]}
    assert (data.pick, data.per, data.when_exhausted) == ("sequential", "iteration", "recycle")


def test_json_lines_have_no_options() -> None:
    assert Jsonl().to_json() == "jsonl"
