//! Kept-alive connections, by origin, most recently used first.

use std::cell::RefCell;

use crate::connection::Connection;

/// Idle connections of one owner: a worker, or one user.
#[derive(Default)]
pub struct Pool {
    idle: RefCell<Vec<Vec<Connection>>>,
}

/// What became of the idle connections that were looked at.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Discarded {
    /// The server had closed them while they were idle, which it may.
    pub closed_idle: u64,
}

impl Pool {
    /// A connection to this origin that the server has not closed, and how many it had.
    pub fn take(&self, origin: usize) -> (Option<Connection>, Discarded) {
        let mut idle = self.idle.borrow_mut();
        let mut discarded = Discarded::default();
        let Some(idle) = idle.get_mut(origin) else { return (None, discarded) };
        while let Some(mut connection) = idle.pop() {
            // Without an event on the socket this is a look at a flag, not a system call.
            match connection.try_read(&mut [0]) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return (Some(connection), discarded);
                }
                _ => discarded.closed_idle += 1,
            }
        }
        (None, discarded)
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
