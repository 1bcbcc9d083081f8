"""How a missing module is to be installed."""

from pathlib import Path

import pytest

from kilobar.users.install_hint import install_hint


@pytest.mark.parametrize(
    ("module", "hint"),
    [
        ("yaml_nope", "pip install yaml-nope"),
        ("PIL", "pip install pillow"),
        ("grpc", "pip install grpcio"),
        ("google.protobuf", "pip install protobuf"),
        ("locust", "pip install 'kilobar[locust]'"),
        ("pyarrow.parquet", "pip install 'kilobar[parquet]'"),
        ("json.nope", "`json` is installed but has no `json.nope`"),
    ],
)
def test_for_a_missing_module_it_is_told_how_to_install_it(module: str, hint: str) -> None:
    assert install_hint(module).startswith(hint)


def test_a_module_in_src_is_to_be_installed_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src" / "my_shop").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    hint = install_hint("my_shop.api")
    assert "pip install -e ." in hint
    assert str(tmp_path / "src") in hint
