//! Open load: starts iterations when they are due, whether or not earlier ones have ended.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::now_ns;
use kilobar_core::schedule::{Arrival, Arrivals};

use crate::exchange::Alarm;
use crate::iteration::{Ends, Turn, User};
use crate::rows::number_in_seat;
use crate::worker::Run;

/// The users that serve arrivals: an arrival takes an idle one, or a new one while there may be more.
#[derive(Default)]
pub struct Seats {
    idle: RefCell<Vec<Rc<Seat>>>,
    taken: Cell<u32>,
    /// Whoever waits for an arrival leaves.
    closed: Cell<bool>,
}

impl Seats {
    /// Sends away everybody who waits for an arrival.
    pub fn close(&self) {
        self.closed.set(true);
        for seat in self.idle.borrow().iter() {
            seat.alarm.wake();
        }
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.taken.get() == 0
    }
}

struct Seat {
    /// Of its user.
    number: u64,
    /// The flow that its user has executed last. A user that Python executes is of one class.
    flow: Cell<usize>,
    alarm: Rc<Alarm>,
    turn: Cell<Option<Turn>>,
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
    let turn = Turn {
        number: arrival.number,
        flow: run.engine.program.choose(arrival.number),
        sequence: run.sequence_of_arrival(arrival.number),
        intended_ns: run.engine.start_ns + arrival.at_ns,
        due: true,
    };
    let has_classes = run.engine.program.plan.code.is_some();
    if let Some(seat) = seats.idle_for(run, &turn, |seat| !has_classes || seat.flow.get() == turn.flow) {
        return seat.serves(run, turn);
    }
    let taken = seats.taken.get();
    let number = number_in_seat(taken, run.worker, run.workers);
    if taken < run.max_in_flight.get() && run.engine.has_rows(number, &turn) {
        run.engine.starts(&turn);
        seats.taken.set(taken + 1);
        let (alarm, flow) = (run.engine.new_alarm(), Cell::new(turn.flow));
        let seat = Rc::new(Seat { number, flow, alarm, turn: Cell::new(Some(turn)) });
        tokio::task::spawn_local(serve(Rc::clone(run), seat));
    } else if let Some(seat) = seats.idle_for(run, &turn, |_| has_classes) {
        // There is no room for one more, but one of another class makes way.
        seat.serves(run, turn);
    } else {
        run.engine.recorder.dropped();
    }
}

impl Seats {
    /// An idle seat that this turn can be taken in: mostly the last one, only rows and classes that belong to users make
    /// a difference between them.
    fn idle_for(&self, run: &Run, turn: &Turn, suits: impl Fn(&Seat) -> bool) -> Option<Rc<Seat>> {
        let mut idle = self.idle.borrow_mut();
        let place = idle.iter().rposition(|seat| suits(seat) && run.engine.has_rows(seat.number, turn))?;
        Some(idle.remove(place))
    }
}

impl Seat {
    fn serves(&self, run: &Run, turn: Turn) {
        run.engine.starts(&turn);
        self.turn.set(Some(turn));
        self.alarm.wake();
    }
}

async fn serve(run: Rc<Run>, seat: Rc<Seat>) {
    poll_fn(|context| {
        seat.alarm.belongs_to(context);
        Poll::Ready(())
    })
    .await;
    let mut user = run.engine.user(Rc::clone(&seat.alarm), 0);
    user.number = seat.number;
    let seats = &run.seats;
    let has_code = run.engine.program.plan.code.is_some();
    loop {
        let next = poll_fn(|_| match seat.turn.take() {
            Some(turn) => Poll::Ready(Some(turn)),
            None if seats.closed.get() => Poll::Ready(None),
            None => Poll::Pending,
        });
        let Some(turn) = next.await else { break };
        if seat.flow.replace(turn.flow) != turn.flow && has_code {
            user = another(&run, &seat, user).await;
        }
        run.engine.reseed(&mut user, turn.number);
        let ended = run.engine.iterate(&mut user, turn).await;
        run.ended();
        match ended.ends {
            Ends::Run(reason) => run.ask_to_stop(&reason),
            Ends::User if has_code => user = another(&run, &seat, user).await,
            Ends::User | Ends::Nothing => {}
        }
        seats.idle.borrow_mut().push(Rc::clone(&seat));
    }
    run.engine.leave(user).await;
    seats.taken.set(seats.taken.get() - 1);
    run.left();
}

/// Lets the user of a seat go, and has another one take it.
async fn another(run: &Run, seat: &Seat, user: User) -> User {
    run.engine.leave(user).await;
    let mut user = run.engine.user(Rc::clone(&seat.alarm), 0);
    user.number = seat.number;
    user
}
