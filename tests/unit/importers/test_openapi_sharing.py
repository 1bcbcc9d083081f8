from kilobar.importers.openapi_sharing import share
from kilobar.model.scenario import Auth, Request, Scenario, Step

A, B = Auth(bearer="a"), Auth(bearer="b")


def shared(*requests: Request) -> Scenario:
    steps: list[Step] = list(requests)
    scenario = Scenario(steps=steps)
    share(scenario)
    return scenario


def get(**more: object) -> Request:
    return Request(method="GET", url="/", **more)  # type: ignore[arg-type]


def test_the_most_common_credentials_are_those_of_the_scenario() -> None:
    requests = [get(auth=A), get(auth=Auth(bearer="a")), get(auth=B), get()]
    assert shared(*requests).auth == A
    assert [request.auth for request in requests] == [None, None, B, "none"]


def test_rare_credentials_stay_where_they_are() -> None:
    requests = [get(auth=A), get(), get()]
    assert shared(*requests).auth is None
    assert requests[0].auth == A


def test_headers_of_all_steps_are_those_of_the_scenario() -> None:
    requests = [get(headers={"accept": "x", "content-type": "y", "a": "1"}) for _ in range(2)]
    requests[1].headers["a"] = "2"
    assert shared(*requests).headers == {"accept": "x"}
    assert requests[0].headers == {"content-type": "y", "a": "1"}


def test_a_single_step_keeps_everything() -> None:
    assert shared(get(auth=A, headers={"a": "1"})).headers == {}
