//! A request made ready for HTTP/2: what never changes is encoded once.

use kilobar_core::plan::{Origin, Scheme};
use kilobar_core::wire::http2::{Coding, RequestHead};

/// A request made ready for HTTP/2.
pub struct Http2Request {
    head: RequestHead,
    fixed: Option<Fixed>,
}

/// Header block and body of a request that is always the same.
struct Fixed {
    block: Box<[u8]>,
    body: Box<[u8]>,
}

impl Http2Request {
    /// `authority` is what HTTP/1.1 calls host; `names` are those of the header fields, in order.
    ///
    /// # Errors
    /// What cannot stand in a request, in words.
    pub fn new<'a>(
        method: &str,
        origin: &Origin,
        authority: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, String> {
        let scheme = match origin.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        let head = RequestHead::new(method, scheme, authority, names).map_err(|error| error.to_string())?;
        Ok(Self { head, fixed: None })
    }

    /// Remembers that path, values and body are always these.
    ///
    /// # Errors
    /// As [`Http2Request::write`].
    pub fn fix<'a>(
        &mut self,
        path: &str,
        value: impl Fn(usize) -> &'a str,
        body: Option<&str>,
    ) -> Result<(), String> {
        let mut block = Vec::new();
        self.head
            .write(path, value, body.map(str::len), Coding::Shortest, &mut block)
            .map_err(|error| error.to_string())?;
        let body = body.unwrap_or_default().as_bytes().into();
        self.fixed = Some(Fixed { block: block.into(), body });
        Ok(())
    }

    /// Header block and body, when they are always the same.
    #[inline]
    pub fn fixed(&self) -> Option<(&[u8], &[u8])> {
        self.fixed.as_ref().map(|fixed| (&*fixed.block, &*fixed.body))
    }

    /// Appends the header block to `out`; `value` gives the value of each header field.
    ///
    /// # Errors
    /// What cannot stand in a request, in words.
    pub fn write<'a>(
        &self,
        path: &str,
        value: impl Fn(usize) -> &'a str,
        body_len: Option<usize>,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        self.head.write(path, value, body_len, Coding::Plain, out).map_err(|error| error.to_string())
    }
}
