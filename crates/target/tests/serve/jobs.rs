use serde_json::json;

use crate::client::start;

#[test]
fn the_counter_counts_requests_and_a_reset_rewinds_it() {
    let target = start();
    let mut client = target.connect();
    let values = [(); 3].map(|()| client.get("/counter").json()["value"].clone());
    assert_eq!(json!(values), json!([1, 2, 3]));
    client.post("/_target/reset", "");
    assert_eq!(client.get("/counter").json(), json!({"value": 1}));
}

#[test]
fn a_job_is_done_at_the_third_look() {
    let target = start();
    let mut client = target.connect();
    let started = client.post("/jobs/start", "");
    assert_eq!((started.status(), started.header("location")), (202, Some("/jobs/1")));
    assert_eq!(started.json(), json!({"id": 1, "state": "working"}));
    let states = [(); 4].map(|()| client.get("/jobs/1").json()["state"].clone());
    assert_eq!(json!(states), json!(["working", "working", "done", "done"]));
    assert_eq!(client.post("/jobs/start", "").json()["id"], 2);
    for path in ["/jobs/3", "/jobs/0", "/jobs/x"] {
        assert_eq!(client.get(path).status(), 404, "{path}");
    }
    client.post("/_target/reset", "");
    assert_eq!(client.get("/jobs/1").status(), 404);
}
