from kilobar.users.guest.stages import Piece, at_most, joined, plan_stages, ramp_and_plateau, ramps

S = 1_000_000_000


def test_users_and_a_spawn_rate_are_a_ramp_and_a_plateau() -> None:
    assert plan_stages(ramp_and_plateau(100, 10, 60)) == [
        {"kind": "users", "from": 0, "to": 100, "duration_ns": 10 * S},
        {"kind": "users", "from": 100, "to": 100, "duration_ns": 50 * S},
    ]


def test_users_that_are_spawned_within_a_second_are_there_at_once() -> None:
    assert plan_stages(ramp_and_plateau(10, 10, 5)) == [{"kind": "users", "from": 10, "to": 10, "duration_ns": 5 * S}]


def test_a_ramp_that_the_run_time_cuts_does_not_reach_its_users() -> None:
    assert plan_stages(ramp_and_plateau(100, 10, 4)) == [{"kind": "users", "from": 0, "to": 40, "duration_ns": 4 * S}]


def test_pieces_of_one_line_are_joined() -> None:
    pieces = [Piece(0, 1, 0, 2), Piece(1, 2, 2, 4), Piece(2, 3, 4, 4), Piece(3, 4, 4, 4)]
    assert joined(pieces) == [Piece(0, 2, 0, 4), Piece(2, 4, 4, 4)]


def test_a_staircase_becomes_ramps_that_stay_close_to_it() -> None:
    stairs = [Piece(second, second + 1, second // 2, second // 2) for second in range(2_000)]
    rough, off_users = at_most(stairs)
    assert len(rough) <= 500
    assert off_users == 1
    for piece in rough:
        for second in range(int(piece.start_s), int(piece.end_s)):
            level = piece.users_from + piece.slope * (second - piece.start_s)
            assert abs(level - second // 2) <= 1.001


def test_few_pieces_are_left_as_they_are() -> None:
    pieces = [Piece(0, 10, 5, 5), Piece(10, 20, 50, 50)]
    assert at_most(pieces) == (pieces, 0.0)


def test_times_of_stages_add_up_to_the_whole() -> None:
    pieces = joined([Piece(0, 1 / 3, 0, 1), Piece(1 / 3, 2, 1, 1)])
    assert sum(stage["duration_ns"] for stage in plan_stages(pieces)) == 2 * S


def test_the_end_of_every_climb_and_descent_is_known() -> None:
    pieces = [Piece(0, 5, 0, 10), Piece(5, 60, 10, 10), Piece(60, 90, 50, 50), Piece(90, 95, 50, 0)]
    assert ramps(pieces) == [(5, 10), (60, 50), (95, 0)]
