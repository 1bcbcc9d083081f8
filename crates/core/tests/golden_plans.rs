//! The golden plans, which Python writes, are plans for this side too.

use kilobar_core::plan::{PLAN_VERSION, Plan};

#[test]
fn every_golden_plan_is_read_whole() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/plans");
    let mut read = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let json = std::fs::read_to_string(&path).unwrap();
        let plan: Plan =
            serde_json::from_str(&json).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(plan.version, PLAN_VERSION, "{}", path.display());
        read += 1;
    }
    assert!(read > 5, "{directory} holds only {read} plans");
}
