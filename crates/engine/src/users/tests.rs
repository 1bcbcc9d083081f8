use super::*;

#[test]
fn a_user_that_comes_back_goes_on_behind_its_iterations() {
    let crowd = Crowd::default();
    assert_eq!(crowd.iterations_of(3, false), 0);
    (1..=5).for_each(|iterations| crowd.has_executed(iterations));
    crowd.has_stopped(3, 5);
    assert_eq!((crowd.iterations_of(3, false), crowd.iterations_of(3, true)), (5, 5));
}

#[test]
fn one_that_began_elsewhere_goes_on_far_behind_all_that_are_here_now() {
    let crowd = Crowd::default();
    crowd.has_executed(40);
    assert!(crowd.iterations_of(7, true) > 80, "also of users that have not stopped yet");
    assert_eq!(crowd.iterations_of(7, false), 0);
}

#[test]
fn a_user_is_wanted_until_it_is_dismissed_or_has_left() {
    let crowd = Crowd::default();
    crowd.wanted.set(2);
    crowd.gone.borrow_mut().insert(0);
    assert_eq!([0, 1, 2].map(|number| crowd.wants(number)), [false, true, false]);
    crowd.dismiss_all();
    assert!(!crowd.wants(1));
}

#[test]
fn a_load_has_ended_when_all_own_users_have_left_and_none_is_to_come() {
    let crowd = Crowd::default();
    assert!(!crowd.has_ended(2, |_| true), "nobody has been there yet");
    crowd.gone.borrow_mut().insert(0);
    assert!(!crowd.has_ended(2, |_| true));
    assert!(crowd.has_ended(2, |number| number == 0));
    crowd.gone.borrow_mut().insert(1);
    assert!(crowd.has_ended(2, |_| true));
    crowd.running.borrow_mut().insert(1);
    assert!(!crowd.has_ended(2, |_| true), "it is still on its way out");
}
