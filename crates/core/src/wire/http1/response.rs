//! Reads one response after another on a connection.

use super::chunked::{BodySink, ChunkedDecoder};
use super::head::{Framing, Head, parse_head, parse_trailers};
use super::partial::PartialSection;
use super::{KeepHead, Limits, MAX_TRAILER_BYTES, Progress, RequestMethod, WireError};

/// What is kept of the memory for heads between responses.
const KEPT_HEAD_BYTES: usize = 4096;

#[derive(Debug, Clone, Copy)]
enum State {
    Head,
    Body { remaining_bytes: u64 },
    BodyUntilClose,
    ChunkedBody(ChunkedDecoder),
    Trailers { received_bytes: usize },
    Done,
    Failed(WireError),
}

/// Reads the responses of one connection, one exchange at a time.
///
/// A response that comes whole is neither copied nor does it allocate. Memory is bounded by the limits, and what a
/// large head in pieces needed is given back when it is complete.
#[derive(Debug)]
pub struct ResponseReader {
    limits: Limits,
    state: State,
    method: RequestMethod,
    status: u16,
    keep_alive: bool,
    informational: u32,
    continued: bool,
    sets_cookies: bool,
    keep_head: KeepHead,
    head_bytes: usize,
    body_bytes: u64,
    section: PartialSection,
    head: Vec<u8>,
}

impl ResponseReader {
    /// A reader that waits for the response to a request of any ordinary method.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Head,
            method: RequestMethod::Other,
            status: 0,
            keep_alive: false,
            informational: 0,
            continued: false,
            sets_cookies: false,
            keep_head: KeepHead::Never,
            head_bytes: 0,
            body_bytes: 0,
            section: PartialSection::default(),
            head: Vec::new(),
        }
    }

    /// Prepares for the response to a request of this method; whatever was left of another response is forgotten.
    #[inline]
    pub fn begin(&mut self, method: RequestMethod) {
        self.state = State::Head;
        self.method = method;
        self.status = 0;
        self.keep_alive = false;
        self.informational = 0;
        self.continued = false;
        self.sets_cookies = false;
        self.keep_head = KeepHead::Never;
        self.head_bytes = 0;
        self.body_bytes = 0;
        self.section.clear();
    }

    /// Asks for the head of the final response to be there afterwards, see [`head`](Self::head). To be said after
    /// [`begin`](Self::begin), for each exchange: a head that is kept costs a copy.
    #[inline]
    pub fn keep_head(&mut self, keep: KeepHead) {
        self.keep_head = keep;
        self.head.clear();
        self.head.shrink_to(KEPT_HEAD_BYTES);
    }

    /// The head of the final response, status line included, if [`keep_head`](Self::keep_head) asked for it; empty
    /// until it is complete. See [`fields`](super::fields).
    pub fn head(&self) -> &[u8] {
        if self.keep_head == KeepHead::Never { &[] } else { &self.head }
    }

    /// Whether the head of the final response has a `set-cookie` field; known without keeping the head.
    #[inline]
    pub fn sets_cookies(&self) -> bool {
        self.sets_cookies
    }

    /// Whether the server has said `100 Continue`.
    pub fn continued(&self) -> bool {
        self.continued
    }

    /// Takes bytes as they came, in pieces of any size. Decoded body bytes are appended to `body`, or only counted.
    ///
    /// After [`Progress::Done`] nothing more is used, after an error the same error is returned, until
    /// [`begin`](Self::begin).
    ///
    /// # Errors
    /// What is wrong with the response, or the limit that it exceeds. Limits are checked as early as possible: a body
    /// that is announced as too large is refused before it comes.
    #[inline]
    pub fn feed(&mut self, input: &[u8], body: Option<&mut Vec<u8>>) -> Result<Progress, WireError> {
        let progress = self.advance(input, body);
        if let Err(error) = progress {
            self.fail(error);
        }
        progress
    }

    /// The peer closed its side. Completes a body that ends with the connection.
    ///
    /// # Errors
    /// What was missing, or what was wrong with the bytes that had come.
    pub fn end_of_stream(&mut self) -> Result<Progress, WireError> {
        let received_bytes = self.body_bytes;
        let missing = match self.state {
            State::BodyUntilClose | State::Done => {
                self.state = State::Done;
                return Ok(Progress::Done { used: 0 });
            }
            State::Failed(error) => return Err(error),
            State::Head if self.head_bytes == 0 => WireError::ClosedBeforeResponse,
            State::Head => {
                let truncated = WireError::ClosedInHead { received_bytes: self.head_bytes as u64 };
                self.section.check(parse_head).err().unwrap_or(truncated)
            }
            State::Body { remaining_bytes } => {
                WireError::ClosedInBody { received_bytes, announced_bytes: received_bytes + remaining_bytes }
            }
            State::ChunkedBody(_) => WireError::ClosedInChunkedBody { received_bytes },
            State::Trailers { .. } => {
                let truncated = WireError::ClosedInChunkedBody { received_bytes };
                self.section.check(parse_trailers).err().unwrap_or(truncated)
            }
        };
        self.fail(missing);
        Err(missing)
    }

    /// The status code of the final response; 0 until its head is complete.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the connection can carry another exchange once this response is complete.
    pub fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// Decoded body bytes so far.
    pub fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// Bytes of heads so far, informational responses and an incomplete head included.
    pub fn head_bytes(&self) -> u64 {
        self.head_bytes as u64
    }

    /// Whether any byte of this response has come.
    pub fn started(&self) -> bool {
        self.head_bytes > 0
    }

    /// How many informational (1xx) responses came before the final one.
    pub fn informational(&self) -> u32 {
        self.informational
    }

    #[inline]
    fn advance(&mut self, input: &[u8], body: Option<&mut Vec<u8>>) -> Result<Progress, WireError> {
        let mut used = 0;
        while let State::Head = self.state {
            match self.read_head(&input[used..])? {
                Some(head_bytes) => used += head_bytes,
                None => return Ok(Progress::More),
            }
        }
        used += self.read_body(&input[used..], body)?;
        Ok(if let State::Done = self.state { Progress::Done { used } } else { Progress::More })
    }

    /// Reads one head, informational or final. `None`: more bytes are needed.
    #[inline]
    fn read_head(&mut self, input: &[u8]) -> Result<Option<usize>, WireError> {
        let budget_bytes = self.limits.max_head_bytes - self.head_bytes;
        let (keep_head, kept) = (self.keep_head, &mut self.head);
        let parse = |bytes: &[u8]| {
            let parsed = parse_head(bytes)?;
            if let Some((head, used)) = &parsed
                && keep_head.keeps(head)
            {
                kept.extend_from_slice(&bytes[..*used]);
            }
            Ok(parsed)
        };
        let Some((head, used)) = self.section.read(input, budget_bytes, parse)? else {
            if input.len() >= budget_bytes {
                return Err(WireError::HeadTooLarge { limit_bytes: self.limits.max_head_bytes });
            }
            self.head_bytes += input.len();
            return Ok(None);
        };
        self.head_bytes += used;
        if head.is_informational() {
            if head.status == 101 {
                return Err(WireError::UnexpectedUpgrade);
            }
            self.informational += 1;
            self.continued |= head.status == 100;
        } else {
            self.start_body(&head)?;
        }
        Ok(Some(used))
    }

    #[inline]
    fn start_body(&mut self, head: &Head) -> Result<(), WireError> {
        self.status = head.status;
        self.sets_cookies = head.sets_cookies;
        let (framing, keep_alive) = head.framing(self.method)?;
        self.keep_alive = keep_alive;
        self.state = match framing {
            Framing::Length(length) if length > self.limits.max_body_bytes => {
                return Err(WireError::BodyTooLarge { limit_bytes: self.limits.max_body_bytes });
            }
            Framing::Length(remaining_bytes) => State::Body { remaining_bytes },
            Framing::Chunked => State::ChunkedBody(ChunkedDecoder::new()),
            Framing::UntilClose => State::BodyUntilClose,
        };
        Ok(())
    }

    /// Reads body and trailers; returns how many bytes of the input belong to them.
    #[inline]
    fn read_body(&mut self, input: &[u8], copy: Option<&mut Vec<u8>>) -> Result<usize, WireError> {
        let max_bytes = self.limits.max_body_bytes;
        let mut sink = BodySink { received_bytes: &mut self.body_bytes, max_bytes, copy };
        match &mut self.state {
            State::Body { remaining_bytes } => {
                let here = input.len().min(usize::try_from(*remaining_bytes).unwrap_or(usize::MAX));
                sink.take(&input[..here]);
                *remaining_bytes -= here as u64;
                if *remaining_bytes == 0 {
                    self.state = State::Done;
                }
                Ok(here)
            }
            State::BodyUntilClose => {
                let here = input.len().min(usize::try_from(sink.room_bytes()).unwrap_or(usize::MAX));
                sink.take(&input[..here]);
                if here < input.len() { Err(sink.too_large()) } else { Ok(here) }
            }
            State::ChunkedBody(decoder) => {
                let used = decoder.decode(input, &mut sink)?;
                if !decoder.at_trailers() {
                    return Ok(used);
                }
                self.state = State::Trailers { received_bytes: 0 };
                Ok(used + self.read_trailers(&input[used..], 0)?)
            }
            State::Trailers { received_bytes } => {
                let received_bytes = *received_bytes;
                self.read_trailers(input, received_bytes)
            }
            State::Failed(error) => Err(*error),
            State::Head | State::Done => Ok(0),
        }
    }

    fn read_trailers(&mut self, input: &[u8], received_bytes: usize) -> Result<usize, WireError> {
        let budget_bytes = MAX_TRAILER_BYTES - received_bytes;
        if let Some(((), used)) = self.section.read(input, budget_bytes, parse_trailers)? {
            self.state = State::Done;
            return Ok(used);
        }
        if input.len() >= budget_bytes {
            return Err(WireError::TrailersTooLarge);
        }
        self.state = State::Trailers { received_bytes: received_bytes + input.len() };
        Ok(input.len())
    }

    #[cold]
    fn fail(&mut self, error: WireError) {
        self.keep_alive = false;
        self.state = State::Failed(error);
        self.section.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader() -> ResponseReader {
        ResponseReader::new(Limits { max_head_bytes: 100, max_body_bytes: 10 })
    }

    #[test]
    fn one_reader_serves_many_exchanges() {
        let mut reader = reader();
        for (method, response, status, body_bytes) in [
            (RequestMethod::Other, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", 200, 2),
            (RequestMethod::Head, "HTTP/1.1 404 No\r\ncontent-length: 2\r\n\r\n", 404, 0),
            (
                RequestMethod::Other,
                "HTTP/1.1 201 Made\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                201,
                0,
            ),
        ] {
            reader.begin(method);
            assert_eq!(reader.feed(response.as_bytes(), None), Ok(Progress::Done { used: response.len() }));
            assert_eq!(
                (reader.status(), reader.body_bytes(), reader.keep_alive()),
                (status, body_bytes, true)
            );
        }
    }

    #[test]
    fn counters_follow_the_response_as_it_comes() {
        let mut reader = reader();
        assert_eq!((reader.started(), reader.head_bytes(), reader.status()), (false, 0, 0));
        for (piece, head_bytes, informational, status, body_bytes) in [
            ("HTTP/1.1 100 Go\r\n", 17, 0, 0, 0),
            ("\r\nHTTP/1.1 200", 31, 1, 0, 0),
            (" OK\r\ncontent-length: 5\r\n\r\nhel", 57, 1, 200, 3),
        ] {
            assert_eq!(reader.feed(piece.as_bytes(), None), Ok(Progress::More));
            assert!(reader.started());
            assert_eq!((reader.head_bytes(), reader.informational()), (head_bytes, informational));
            assert_eq!((reader.status(), reader.body_bytes()), (status, body_bytes));
        }
        assert_eq!(reader.feed(b"lo!", None), Ok(Progress::Done { used: 2 }));
        assert_eq!(reader.end_of_stream(), Ok(Progress::Done { used: 0 }));
    }

    #[test]
    fn the_final_head_is_there_when_it_was_asked_for_whatever_the_pieces() {
        let interim = "HTTP/1.1 100 Go\r\n\r\n";
        let head = "HTTP/1.1 200 OK\r\nx: y\r\ncontent-length: 2\r\n\r\n";
        let response = format!("{interim}{head}hi");
        for piece_bytes in [1, 7, 1000] {
            let mut reader = reader();
            reader.begin(RequestMethod::Other);
            reader.keep_head(KeepHead::Always);
            for piece in response.as_bytes().chunks(piece_bytes) {
                reader.feed(piece, None).unwrap();
            }
            assert_eq!((reader.head(), reader.continued()), (head.as_bytes(), true), "{piece_bytes}");
            reader.begin(RequestMethod::Other);
            assert_eq!((reader.head(), reader.continued()), (&b""[..], false));
            reader.feed(head.as_bytes(), None).unwrap();
            assert_eq!(reader.head(), b"", "nobody asked");
        }
    }

    #[test]
    fn of_the_notable_heads_only_those_with_cookies_or_a_redirect_are_kept() {
        for (head, sets_cookies, is_kept) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", false, false),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nSet-Cookie: a=1\r\n\r\n", true, true),
            ("HTTP/1.1 302 Go\r\ncontent-length: 0\r\n\r\n", false, true),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nset-cookies: 1\r\n\r\n", false, false),
        ] {
            let mut reader = reader();
            for piece_bytes in [5, 1000] {
                reader.begin(RequestMethod::Other);
                reader.keep_head(KeepHead::WhenNotable);
                for piece in head.as_bytes().chunks(piece_bytes) {
                    reader.feed(piece, None).unwrap();
                }
                let kept = if is_kept { head.as_bytes() } else { b"" };
                assert_eq!((reader.sets_cookies(), reader.head()), (sets_cookies, kept), "{head}");
            }
            reader.begin(RequestMethod::Other);
            assert!(!reader.sets_cookies(), "that was another response");
        }
    }

    #[test]
    fn an_error_stays_until_the_next_exchange_begins() {
        let mut reader = reader();
        let response = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        assert_eq!(reader.feed(b"garbage", None), Err(WireError::InvalidVersion));
        assert_eq!(reader.feed(response, None), Err(WireError::InvalidVersion));
        assert_eq!(reader.end_of_stream(), Err(WireError::InvalidVersion));
        reader.begin(RequestMethod::Other);
        assert_eq!(reader.feed(response, None), Ok(Progress::Done { used: response.len() }));
    }

    #[test]
    fn what_an_abandoned_response_left_is_forgotten() {
        let mut reader = reader();
        assert_eq!(reader.feed(b"HTTP/1.1 500 Oh no\r\ncontent-le", None), Ok(Progress::More));
        reader.begin(RequestMethod::Other);
        assert_eq!(reader.end_of_stream(), Err(WireError::ClosedBeforeResponse));
    }

    #[test]
    fn limits_are_applied_before_the_bytes_come() {
        let mut reader = reader();
        let announced = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n";
        assert_eq!(reader.feed(announced, None), Err(WireError::BodyTooLarge { limit_bytes: 10 }));
        reader.begin(RequestMethod::Head);
        assert_eq!(reader.feed(announced, None), Ok(Progress::Done { used: announced.len() }));
        reader.begin(RequestMethod::Other);
        let endless = ["HTTP/1.1 200 OK\r\nx: ", &"y".repeat(1000)].concat();
        assert_eq!(reader.feed(endless.as_bytes(), None), Err(WireError::HeadTooLarge { limit_bytes: 100 }));
    }
}
