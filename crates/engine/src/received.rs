//! The response that a user read last, the same for all who look at it, over whichever version of HTTP it came.

use kilobar_core::wire::http1::field_values;

use crate::iteration::User;
use crate::secrets::SHOWN_BYTES;

/// What came over HTTP/2. Over HTTP/1.1, it is with the [`ResponseReader`](kilobar_core::wire::http1::ResponseReader).
#[derive(Default)]
pub struct Http2Head {
    /// Status code; 0 if no final head came.
    pub status: u16,
    /// The final head as HTTP/1.1 would have it, without the empty line.
    pub lines: Vec<u8>,
}

impl User {
    /// Status code of the last response; 0 if no final head came.
    #[inline]
    pub fn status(&self) -> u16 {
        if self.course.is_http2 { self.http2_head.status } else { self.reader.status() }
    }

    /// Status line and header lines of the last response, if the request keeps them
    /// ([`ReadyRequest::keeps_head`](crate::ready_request::ReadyRequest)).
    #[inline]
    pub fn response_head(&self) -> &[u8] {
        if self.course.is_http2 { &self.http2_head.lines } else { self.reader.head() }
    }

    /// Whether the last response has cookies for us.
    #[inline]
    pub fn response_sets_cookies(&self) -> bool {
        if self.course.is_http2 {
            field_values(&self.http2_head.lines, "set-cookie").next().is_some()
        } else {
            self.reader.sets_cookies()
        }
    }

    /// Keeps the beginning of an HTTP/2 response in [`User::kept`], as it would be in HTTP/1.1.
    #[cold]
    pub(crate) fn keep_http2(&mut self) {
        self.kept.clear();
        if self.http2_head.lines.is_empty() {
            return;
        }
        for part in [&self.http2_head.lines[..], b"\r\n", &self.body] {
            let room = SHOWN_BYTES.saturating_sub(self.kept.len()).min(part.len());
            self.kept.extend_from_slice(&part[..room]);
        }
    }
}
