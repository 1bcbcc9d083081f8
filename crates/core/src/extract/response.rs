//! A response as extractors and checks see it.

use std::cell::OnceCell;

use super::page::Page;
use super::{ExtractFailure, head, html};

/// Longest body that is read as HTML or XML.
const MAX_PAGE_BYTES: usize = 8 << 20;

/// A complete response. What several extractors need, such as the HTML tree, is made when the first one asks for it.
#[derive(Debug)]
pub struct Response<'a> {
    /// Status code.
    pub status: u16,
    /// Status line and header lines of the final response, as they were received.
    pub head: &'a [u8],
    /// The body, decoded.
    pub body: &'a [u8],
    /// From the first byte sent to the last one received, redirects included.
    pub elapsed_ns: u64,
    html: OnceCell<Result<scraper::Html, ExtractFailure>>,
    page: OnceCell<Result<Page, ExtractFailure>>,
}

impl<'a> Response<'a> {
    /// `head` and `body` may be empty if nothing asks for them.
    pub fn new(status: u16, head: &'a [u8], body: &'a [u8], elapsed_ns: u64) -> Self {
        Self { status, head, body, elapsed_ns, html: OnceCell::new(), page: OnceCell::new() }
    }

    /// The value of the first header with this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers(name).next()
    }

    /// The values of all headers with this name, whatever its case.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        head::values(self.head, name)
    }

    /// The body as an HTML document. Everything is one, as for a browser.
    pub(super) fn html(&self) -> Result<&scraper::Html, ExtractFailure> {
        if self.body.len() > MAX_PAGE_BYTES {
            return Err(too_long());
        }
        let parse = || html::parse(&String::from_utf8_lossy(self.body));
        self.html.get_or_init(parse).as_ref().map_err(Clone::clone)
    }

    /// The body as a tree for XPath.
    pub(super) fn page(&self) -> Result<&Page, ExtractFailure> {
        self.page.get_or_init(|| self.read_page()).as_ref().map_err(Clone::clone)
    }

    fn read_page(&self) -> Result<Page, ExtractFailure> {
        if self.body.len() > MAX_PAGE_BYTES {
            return Err(too_long());
        }
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.body);
        let xml = match self.is_xml(body) {
            Some(false) => None,
            _ => Some(read_xml(body)),
        };
        match xml {
            Some(Ok(page)) => Ok(page),
            Some(Err(failure)) if self.is_xml(body) == Some(true) => Err(failure),
            _ => self.html().map(Page::of_html),
        }
    }

    /// By what the response says about itself; `None` when it says nothing of either.
    fn is_xml(&self, body: &[u8]) -> Option<bool> {
        let media_type = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let media_type = String::from_utf8_lossy(&media_type);
        let media_type = media_type.split(';').next().unwrap_or_default().trim_end();
        if media_type.ends_with("html") || media_type.ends_with("xhtml+xml") {
            return Some(false);
        }
        let declared = body.trim_ascii_start().starts_with(b"<?xml");
        (declared || media_type.ends_with("/xml") || media_type.ends_with("+xml")).then_some(true)
    }
}

fn too_long() -> ExtractFailure {
    ExtractFailure::new(format!(
        "the body is longer than {} MiB, too long to be read as HTML or XML",
        MAX_PAGE_BYTES >> 20
    ))
}

fn read_xml(body: &[u8]) -> Result<Page, ExtractFailure> {
    let text = std::str::from_utf8(body).map_err(|_| {
        ExtractFailure::new("the response is not XML in UTF-8, the only encoding that is read")
    })?;
    // XML permits no space before its declaration; servers send it all the same.
    Page::of_xml(text.trim_start())
        .map_err(|error| ExtractFailure::new(format!("the response is not XML: {error}")))
}
