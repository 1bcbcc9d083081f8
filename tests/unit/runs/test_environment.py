from kilobar.model.plan import HttpPolicy, Origin
from kilobar.runs.environment import environment

from .intervals import plan


def test_a_reader_sees_the_machine_and_how_the_target_was_spoken_to() -> None:
    values = environment(plan(), "kilobar run x")
    assert values["targets"] == "http://127.0.0.1:8700"
    assert values["seed"] == "1"
    assert values["command"] == "kilobar run x"
    assert "cores" in values["machine"]
    assert values["kernel"].startswith("Linux ")
    assert "tls" not in values


def test_unverified_certificates_are_named() -> None:
    secure = plan(origins=(Origin("https", "::1", 443),), http=HttpPolicy(insecure=True, resumption="shared"))
    values = environment(secure, "")
    assert values["tls"] == "insecure: certificates are not verified; session resumption shared"
    assert values["targets"] == "https://[::1]:443"
    assert "command" not in values
