//! Open load: starts iterations when they are due, whether or not earlier ones have ended.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::now_ns;
use kilobar_core::schedule::{Arrival, Arrivals};

use crate::exchange::Alarm;
use crate::worker::Run;

/// The users that serve arrivals: an arrival takes an idle one, or a new one while there may be more.
#[derive(Default)]
pub struct Seats {
    idle: RefCell<Vec<Rc<Seat>>>,
    taken: Cell<u32>,
}

struct Seat {
    alarm: Rc<Alarm>,
    arrival: Cell<Option<Arrival>>,
}

/// Fires every arrival that belongs to this worker, until the load ends.
pub async fn fire(run: Rc<Run>) {
    /// After so many without a pause the others get their turn: commands must be heard also by a worker that is late.
    const AT_ONCE: u32 = 1024;
    /// Arrivals that are due sooner after the last ones wait for each other: to wake up for each costs more than to
    /// send, and at such rates a tenth of a millisecond is far below what a verdict allows.
    const GRAIN_NS: u64 = 100_000;
    let mut cursor = Arrivals::new(&run.schedule.borrow());
    // What the cursor passes because it belongs to others may still become ours, if their worker dies in time. From
    // here on nothing was fired; whose an arrival was at its own time decides, so none is fired twice.
    let mut fired_until = cursor.clone();
    let mut at_once = 0;
    let mut woken_ns = 0;
    loop {
        let next = cursor.peek(&run.schedule.borrow());
        match next {
            Some(arrival) if !run.owns(arrival.number, arrival.at_ns) => cursor.advance(),
            Some(arrival) if run.engine.start_ns + arrival.at_ns <= now_ns() => {
                cursor.advance();
                fired_until = cursor.clone();
                seat(&run, arrival);
                at_once += 1;
                if at_once == AT_ONCE {
                    at_once = 0;
                    tokio::task::yield_now().await;
                }
            }
            _ => {
                at_once = 0;
                let time_ns = match next {
                    Some(arrival) => arrival.at_ns.max(woken_ns + GRAIN_NS),
                    None => run.end_ns(),
                };
                let woken = run.wait_until(time_ns).await;
                woken_ns = run.time_ns();
                if !woken {
                    cursor = fired_until.clone();
                } else if next.is_none() && run.time_ns() >= run.end_ns() {
                    return;
                }
            }
        }
    }
}

fn seat(run: &Rc<Run>, arrival: Arrival) {
    let seats = &run.seats;
    if let Some(seat) = seats.idle.borrow_mut().pop() {
        run.engine.recorder.started();
        seat.arrival.set(Some(arrival));
        seat.alarm.wake();
    } else if seats.taken.get() < run.max_in_flight.get() {
        run.engine.recorder.started();
        seats.taken.set(seats.taken.get() + 1);
        let alarm = run.new_alarm();
        let seat = Rc::new(Seat { alarm, arrival: Cell::new(Some(arrival)) });
        tokio::task::spawn_local(serve(Rc::clone(run), seat));
    } else {
        run.engine.recorder.dropped();
    }
}

async fn serve(run: Rc<Run>, seat: Rc<Seat>) {
    poll_fn(|context| {
        seat.alarm.belongs_to(context);
        Poll::Ready(())
    })
    .await;
    let mut user = run.engine.user(Rc::clone(&seat.alarm), 0);
    loop {
        let arrival = poll_fn(|_| seat.arrival.take().map_or(Poll::Pending, Poll::Ready)).await;
        run.engine.reseed(&mut user, arrival.number);
        let intended_ns = run.engine.start_ns + arrival.at_ns;
        run.engine.iterate(&mut user, arrival.number, intended_ns, true).await;
        run.ended();
        run.seats.idle.borrow_mut().push(Rc::clone(&seat));
    }
}
