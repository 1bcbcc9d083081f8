from kilobar.scenario.yaml_text import Block, Lines, yaml_text


def test_what_fits_stands_on_one_line_and_what_does_not_has_lines_of_its_own() -> None:
    long = {f"key{number}": "value" for number in range(10)}
    lines = yaml_text(Block(short={"a": [1, "x, y"], "b": {}}, long=long)).splitlines()
    assert lines[0] == 'short: {a: [1, "x, y"], b: {}}'
    assert lines[1:3] == ["long:", "  key0: value"]
    assert all(len(line) <= 100 for line in lines)


def test_a_block_is_never_on_one_line_and_neither_is_a_list_that_holds_one() -> None:
    assert yaml_text(Block(a=[Block(b=1), Block(c={"d": 1})])) == "a:\n  - b: 1\n  - c: {d: 1}\n"
    assert yaml_text(Block(a=Lines([1, 2]))) == "a:\n  - 1\n  - 2\n"


def test_a_text_of_several_lines_keeps_mappings_apart() -> None:
    text = yaml_text(Block(a={"b": "x\n  y\n\nz\n", "c": ["p\nq"]}))
    assert text == "a:\n  b: |\n    x\n      y\n\n    z\n  c:\n    - |-\n      p\n      q\n"


def test_a_very_long_key_is_written_with_a_question_mark() -> None:
    key = "k" * 130
    assert yaml_text(Block({key: 1, "b": 2})) == f"? {key}\n: 1\nb: 2\n"


def test_nested_lists_and_nothing() -> None:
    assert yaml_text(Block(a=[["x" * 60, "y" * 60], []])) == f"a:\n  -\n    - {'x' * 60}\n    - {'y' * 60}\n  - []\n"
    assert yaml_text(Block()) == "{}\n"


def test_comments_are_printable_lines() -> None:
    assert yaml_text(Block(a=1), ["x\ny", ""]) == "# x y\n#\na: 1\n"
