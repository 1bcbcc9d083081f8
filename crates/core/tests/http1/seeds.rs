//! The fuzzer's seeds are the small responses of the table, and all of them pass what the fuzzer checks.
//!
//! `KILOBAR_BLESS=1 cargo test -p kilobar-core --test http1 seeds` writes them after a change of the table.
#![allow(clippy::disallowed_methods, reason = "the ban on files is for core itself, not for its tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::corpus::corpus;
use crate::replay::{assert_cuts_do_not_matter, split_seed};

const MAX_SEED_BYTES: usize = 1024;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/http1_response")
}

fn expected_seeds() -> BTreeMap<String, Vec<u8>> {
    let small = corpus().into_iter().filter(|case| case.bytes.len() <= MAX_SEED_BYTES);
    small.map(|case| (case.name.to_owned(), [case.method.as_bytes(), b"\n", &case.bytes].concat())).collect()
}

fn stored_seeds() -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder()).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    paths
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read(&path).expect("a readable seed"),
            )
        })
        .collect()
}

#[test]
fn seeds_are_the_small_responses_of_the_table() {
    let expected = expected_seeds();
    if std::env::var_os("KILOBAR_BLESS").is_some() {
        let _ = fs::remove_dir_all(folder());
        fs::create_dir_all(folder()).unwrap();
        for (name, bytes) in &expected {
            fs::write(folder().join(name), bytes).unwrap();
        }
    }
    assert!(
        stored_seeds() == expected,
        "run the tests with KILOBAR_BLESS=1 and commit fuzz/seeds/http1_response"
    );
}

#[test]
fn each_seed_passes_what_the_fuzzer_checks() {
    for bytes in stored_seeds().values() {
        let (method, response) = split_seed(bytes);
        assert_cuts_do_not_matter(method, response);
    }
}
