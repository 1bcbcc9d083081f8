//! hyper's client sees every response of the table as Kilobar does, but for the differences that the table explains.

use kilobar_core::wire::http1::{Progress, RequestMethod, ResponseReader};

use crate::corpus::{Case, corpus};
use crate::hyper_client::{Ending, Seen, exchange};
use crate::replay::LIMITS;

/// What Kilobar's reader makes of a response, in the same words.
fn ours(case: &Case, ending: Ending) -> Seen {
    let mut reader = ResponseReader::new(LIMITS);
    reader.begin(RequestMethod::of(case.method));
    let mut body = Vec::new();
    let mut progress = reader.feed(&case.bytes, Some(&mut body));
    if progress == Ok(Progress::More) && ending == Ending::Closed {
        progress = reader.end_of_stream();
    }
    match progress {
        Ok(Progress::More) => Seen::Waiting,
        Ok(Progress::Done { used }) => {
            let reusable = ending == Ending::Open && reader.keep_alive() && used == case.bytes.len();
            Seen::Done { status: reader.status(), body, reusable }
        }
        Err(_) => Seen::Error,
    }
}

#[test]
fn hyper_agrees_except_where_the_table_says_why_not() {
    let mut wrong = Vec::new();
    for case in corpus() {
        let mut differs = false;
        for (ending, piece_bytes) in
            [(Ending::Closed, usize::MAX), (Ending::Open, usize::MAX), (Ending::Closed, 1), (Ending::Open, 1)]
        {
            let (ours, theirs) =
                (ours(&case, ending), exchange(case.method, &case.bytes, piece_bytes, ending));
            differs |= ours != theirs;
            if ours != theirs && case.unlike_hyper.is_none() {
                wrong.push(format!(
                    "{} ({ending:?}, {piece_bytes}): ours {ours:?}, hyper's {theirs:?}",
                    case.name
                ));
            }
        }
        if !differs && case.unlike_hyper.is_some() {
            wrong.push(format!("{}: hyper agrees now; the reason in the table is out of date", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
