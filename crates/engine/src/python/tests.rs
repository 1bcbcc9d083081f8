use std::rc::Rc;

use super::*;
use crate::once::alone;

/// Serves this many calls with what `answer` says, as the interpreter's thread does.
fn interpreter(
    calls: usize,
    answer: impl Fn(&Call) -> Answer + Send + 'static,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut served = 0;
        while served < calls {
            let waiting = BRIDGE.next_calls().expect("nobody closes the bridge");
            served += waiting.len();
            BRIDGE.answer(waiting.iter().map(|call| (call.id, answer(call))).collect());
        }
    })
}

// One test, because a process has one bridge.
#[test]
fn calls_come_back_to_whoever_made_them_and_late_answers_to_nobody() {
    let thread = interpreter(101, |call| match call.function.as_str() {
        "m.refuse" => Err("ValueError: no".to_owned()),
        _ => Ok(call.arguments.clone()),
    });
    let results = alone(async {
        let python = Rc::new(Python::default());
        // What nobody waits for any more, for example of an earlier run.
        BRIDGE.answer(vec![(u64::MAX, Ok("1".to_owned()))]);
        let calls: Vec<_> = (0..100)
            .map(|number| {
                let python = Rc::clone(&python);
                let argument = [Value::from_json_text(&number.to_string()), Value::from_text(*b"a\"b")];
                tokio::task::spawn_local(async move { python.call(None, "m.echo", &argument).await })
            })
            .collect();
        let mut results = Vec::new();
        for call in calls {
            results.push(call.await.unwrap());
        }
        results.push(python.call(Some(&"/d".to_owned()), "m.refuse", &[]).await);
        Ok(results)
    })
    .unwrap();
    thread.join().unwrap();
    for (number, result) in results[..100].iter().enumerate() {
        let value = result.as_ref().unwrap();
        assert_eq!((value.text(), value.is_json()), (format!("[{number},\"a\\\"b\"]").as_bytes(), true));
    }
    assert_eq!(results[100].as_ref().unwrap_err(), "ValueError: no");
}
