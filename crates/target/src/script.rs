//! What a connection does for a request, as a value.

/// The answer to one request. The bytes that a behaviour wrote to the output go first, the acts follow; most answers
/// have none.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply {
    /// The final status that was sent; `None` when what was sent is no response.
    pub(crate) status: Option<u16>,
    pub(crate) acts: Vec<Act>,
}

impl Reply {
    /// The output holds the whole answer and the connection stays open.
    pub(crate) fn sent(status: u16) -> Self {
        Reply { status: Some(status), acts: Vec::new() }
    }

    /// The output is followed by `acts`.
    pub(crate) fn then(status: impl Into<Option<u16>>, acts: Vec<Act>) -> Self {
        Reply { status: status.into(), acts }
    }

    /// Whether the last act ends the connection.
    pub(crate) fn ends_connection(&self) -> bool {
        matches!(self.acts.last(), Some(Act::Ignore | Act::Linger | Act::Close | Act::Reset))
    }
}

/// One thing that a connection does. Times are counted from the moment the request was received.
#[derive(Debug, PartialEq)]
pub(crate) enum Act {
    /// Waits this many nanoseconds.
    Wait(u64),
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends this many bytes of [`crate::response::FILLER`].
    Fill(u64),
    /// Sends `piece` so many times, each `every_ns` after the one before, the first one `every_ns` from now.
    Repeat { piece: Vec<u8>, times: u64, every_ns: u64 },
    /// Throws away whatever arrives until the client closes.
    Ignore,
    /// Ends our side of the connection, and throws away for a while what still arrives: closing at once would make the
    /// kernel send a reset, which destroys the answer on its way.
    Linger,
    /// Closes the connection.
    Close,
    /// Closes the connection with a TCP reset.
    Reset,
    /// Stops the whole server for so many nanoseconds.
    Stall(u64),
}
