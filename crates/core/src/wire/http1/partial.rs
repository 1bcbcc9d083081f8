//! The rare case of a head or trailer section that comes in several pieces.

use memchr::memchr;

use super::WireError;

/// What is kept of a grown buffer between responses: a usual head, so that a connection costs little when idle.
const KEPT_BYTES: usize = 4096;

/// Collects a section of lines until its parser finds the end. Whole sections are parsed in place and never copied.
#[derive(Debug, Default)]
pub(super) struct PartialSection {
    bytes: Vec<u8>,
}

impl PartialSection {
    /// Parses the section that consists of what was stored before and of `input`, of which at most `budget_bytes`
    /// are looked at. Returns what the parser found and how many bytes of `input` belong to it. `None`: all of the
    /// looked-at input is stored, more is needed; the caller refuses that when the budget is used up.
    #[inline]
    pub(super) fn read<T>(
        &mut self,
        input: &[u8],
        budget_bytes: usize,
        mut parse: impl FnMut(&[u8]) -> Result<Option<(T, usize)>, WireError>,
    ) -> Result<Option<(T, usize)>, WireError> {
        let input = &input[..input.len().min(budget_bytes)];
        if self.bytes.is_empty() {
            let found = parse(input)?;
            if found.is_none() {
                self.bytes.extend_from_slice(input);
            }
            return Ok(found);
        }
        self.bytes.extend_from_slice(input);
        // A section ends with a line feed. To parse only then bounds the work by the number of lines, of which the
        // parsers allow few; a peer that sends single bytes could make it quadratic in the number of bytes.
        if memchr(b'\n', input).is_none() && input.len() < budget_bytes {
            return Ok(None);
        }
        let Some((value, section_bytes)) = parse(&self.bytes)? else { return Ok(None) };
        let unused = self.bytes.len() - section_bytes;
        self.clear();
        Ok(Some((value, input.len() - unused)))
    }

    /// Parses what is stored although its end will never come: says what was wrong with it, if anything was.
    pub(super) fn check<T>(
        &self,
        parse: impl Fn(&[u8]) -> Result<Option<(T, usize)>, WireError>,
    ) -> Result<(), WireError> {
        parse(&self.bytes).map(|_| ())
    }

    pub(super) fn clear(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn until_empty_line(bytes: &[u8]) -> Result<Option<((), usize)>, WireError> {
        Ok(bytes.windows(2).position(|pair| pair == b"\n\n").map(|at| ((), at + 2)))
    }

    #[test]
    fn a_section_in_one_piece_is_not_stored() {
        let mut section = PartialSection::default();
        assert_eq!(section.read(b"a\n\nbody", 100, until_empty_line), Ok(Some(((), 3))));
        assert_eq!(section.bytes.capacity(), 0);
    }

    #[test]
    fn a_section_in_pieces_reports_what_of_the_last_piece_belongs_to_it() {
        let mut section = PartialSection::default();
        assert_eq!(section.read(b"ab\n", 100, until_empty_line), Ok(None));
        assert_eq!(section.read(b"\nbody", 97, until_empty_line), Ok(Some(((), 1))));
        assert!(section.bytes.is_empty());
    }

    #[test]
    fn bytes_past_the_budget_are_neither_parsed_nor_stored() {
        let mut section = PartialSection::default();
        assert_eq!(section.read(b"abcdef\n\n", 4, until_empty_line), Ok(None));
        assert_eq!(section.bytes, b"abcd");
    }

    #[test]
    fn pieces_without_line_feed_are_not_parsed_again() {
        let (mut section, parses) = (PartialSection::default(), Cell::new(0));
        for byte in [&b"a"[..]; 1000] {
            let found = section.read(byte, 5000, |bytes| {
                parses.set(parses.get() + 1);
                until_empty_line(bytes)
            });
            assert_eq!(found, Ok(None));
        }
        assert_eq!(parses.get(), 1);
    }

    #[test]
    fn a_grown_buffer_is_given_back() {
        let mut section = PartialSection::default();
        assert_eq!(section.read(&[b'a'; 60_000], 65_536, until_empty_line), Ok(None));
        section.clear();
        assert!(section.bytes.capacity() <= KEPT_BYTES);
    }
}
