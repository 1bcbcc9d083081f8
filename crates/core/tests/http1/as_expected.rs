//! Every response of the table comes out as expected, however its bytes are cut.

use crate::corpus::{Case, Expected, corpus};
use crate::replay::{Replayed, assert_cuts_do_not_matter, replay};

fn observed(case: &Case, replayed: Replayed) -> Expected {
    match replayed.result {
        Ok(used) => Expected::Done {
            status: replayed.status,
            body: replayed.body,
            leftover_bytes: case.bytes.len() - used,
            reusable: replayed.keep_alive,
        },
        Err(error) => Expected::Error(error),
    }
}

#[test]
fn each_response_comes_out_as_expected() {
    for case in corpus() {
        assert_eq!(observed(&case, replay(case.method, [&case.bytes[..]])), case.expected, "{}", case.name);
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = corpus().iter().map(|case| case.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_cut_at_any_byte_changes_nothing() {
    for case in corpus() {
        let whole = assert_cuts_do_not_matter(case.method, &case.bytes);
        // The large responses are runs of the same byte; their ends are where a cut could matter.
        let places = (0..=case.bytes.len()).filter(|at| *at < 300 || at + 300 > case.bytes.len());
        for at in places {
            let (left, right) = case.bytes.split_at(at);
            assert_eq!(replay(case.method, [left, right]), whole, "{} cut at {at}", case.name);
        }
    }
}
