//! Kept-alive connections, by origin, most recently used first.

use std::cell::RefCell;
use std::task::{Context, Waker};

use crate::connection::Connection;

/// Idle connections of one owner: a worker, or one user.
#[derive(Default)]
pub struct Pool {
    idle: RefCell<Vec<Vec<Connection>>>,
}

impl Pool {
    /// A connection to this origin that is still open, and how many the server had closed while they were idle.
    pub fn take(&self, origin: usize) -> (Option<Connection>, u64) {
        let mut idle = self.idle.borrow_mut();
        let mut closed = 0;
        let Some(idle) = idle.get_mut(origin) else { return (None, closed) };
        let mut nobody = Context::from_waker(Waker::noop());
        while let Some(mut connection) = idle.pop() {
            // Without an event on the socket this is a look at a flag, not a system call.
            if connection.poll_read(&mut nobody, &mut [0]).is_pending() {
                return (Some(connection), closed);
            }
            closed += 1;
        }
        (None, closed)
    }

    /// Keeps a connection for later. The number is bounded by the number of users, who put back what they took.
    pub fn put(&self, origin: usize, connection: Connection) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() <= origin {
            idle.resize_with(origin + 1, Vec::new);
        }
        idle[origin].push(connection);
    }

    /// Closes all of them and tells how many there were.
    pub fn clear(&self) -> u64 {
        self.idle.borrow_mut().drain(..).map(|idle| idle.len() as u64).sum()
    }
}
