//! Reads JSON text once, from front to back, checks all of it and remembers one place in it.
//!
//! It is not a serde_json visitor, because one has to let serde_json convert a scalar to learn that it is one, and that
//! refuses numbers that no `f64` holds and halves of surrogate pairs, which are JSON all the same. serde_json also
//! allocates while it skips. The speed is the same.

use super::Segment;
use super::string::spells;

/// How deep arrays and objects may nest: as deep as serde_json, our oracle, allows.
const MAX_DEPTH: u32 = 127;

/// Why the text is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Byte offset of the first byte that cannot stand where it stands.
    pub at: usize,
    pub message: &'static str,
}

/// The text of the value at `path`, if there is one, after all of `text` turned out to be one JSON value.
pub(super) fn find<'a>(text: &'a str, path: &[Segment]) -> Result<Option<&'a str>, Fault> {
    let mut scan = Scan { text, bytes: text.as_bytes(), at: 0, depth: 0, found: None };
    match scan.document(path) {
        Ok(()) => Ok(scan.found),
        Err(message) => Err(Fault { at: scan.at, message }),
    }
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// Offset of the next byte to read. When a read fails, this is the byte that cannot stand there.
    at: usize,
    /// Arrays and objects that are open.
    depth: u32,
    /// The value at the whole path, once it has been read.
    found: Option<&'a str>,
}

/// A path below the value at hand; `None` while nothing is looked for in it.
type Wanted<'p> = Option<&'p [Segment]>;

/// Fails with what is wrong at the next byte. Two words, so that it travels in registers.
type Read<T = ()> = Result<T, &'static str>;

impl<'a> Scan<'a> {
    fn document(&mut self, path: &[Segment]) -> Read {
        self.space();
        self.value(Some(path))?;
        self.space();
        if self.at < self.bytes.len() { Err("something follows the JSON value") } else { Ok(()) }
    }

    /// Reads one value, which starts at the next byte.
    fn value(&mut self, wanted: Wanted) -> Read {
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.object(wanted)?,
            Some(b'[') => self.array(wanted)?,
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal(b"true")?,
            Some(b'f') => self.literal(b"false")?,
            Some(b'n') => self.literal(b"null")?,
            _ => return Err("expected a value"),
        }
        if let Some([]) = wanted {
            self.found = Some(&self.text[start..self.at]);
        }
        Ok(())
    }

    fn object(&mut self, wanted: Wanted) -> Read {
        let (name, rest) = match wanted {
            Some([Segment::Name(name), rest @ ..]) => (Some(name), Some(rest)),
            _ => (None, None),
        };
        self.open()?;
        if self.close(b'}') {
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err("expected a name in quotes");
            }
            let key = self.at + 1;
            self.string()?;
            let key = key..self.at - 1;
            self.space();
            self.expect(b':', "expected ':'")?;
            self.space();
            if name.is_some_and(|name| spells(&self.text[key], name)) {
                // Of members with the same name the last one counts, even if the path ends nowhere in it.
                self.found = None;
                self.value(rest)?;
            } else {
                self.value(None)?;
            }
            self.space();
            if self.close(b'}') {
                return Ok(());
            }
            self.expect(b',', "expected ',' or '}'")?;
            self.space();
        }
    }

    fn array(&mut self, wanted: Wanted) -> Read {
        let Some([Segment::Index(index), rest @ ..]) = wanted else {
            return self.elements(None, None).map(drop);
        };
        if let Ok(index) = u64::try_from(*index) {
            return self.elements(Some(index), Some(rest)).map(drop);
        }
        // From the end: read once to know the length, then again to find the element.
        let start = self.at;
        let length = self.elements(None, None)?;
        let Some(index) = length.checked_sub(index.unsigned_abs()) else { return Ok(()) };
        self.at = start;
        self.elements(Some(index), Some(rest)).map(drop)
    }

    /// Reads an array; looks for `rest` in the element at `index`. Returns the number of elements.
    fn elements(&mut self, index: Option<u64>, rest: Wanted) -> Read<u64> {
        let mut length = 0;
        self.open()?;
        if self.close(b']') {
            return Ok(0);
        }
        loop {
            self.value(if index == Some(length) { rest } else { None })?;
            length += 1;
            self.space();
            if self.close(b']') {
                return Ok(length);
            }
            self.expect(b',', "expected ',' or ']'")?;
            self.space();
        }
    }

    /// Reads a string, quotes included.
    fn string(&mut self) -> Read {
        self.at += 1;
        loop {
            self.plain_text();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err("a control character in a string must be escaped"),
                None => return Err("expected '\"'"),
            }
        }
    }

    /// Steps to the next byte that is not simply part of a string: a quote, a backslash, a control character.
    ///
    /// Eight bytes at a time, because most of a document is inside strings. Each term of `special` has the high bit
    /// set in the lowest byte that it looks for ("Hacker's Delight", 6-1); what it has above that does not matter.
    fn plain_text(&mut self) {
        const ONES: u64 = u64::MAX / 0xff;
        const HIGH: u64 = ONES << 7;
        const fn zero_bytes(word: u64) -> u64 {
            word.wrapping_sub(ONES) & !word
        }
        while let Some((chunk, _)) = self.bytes[self.at..].split_first_chunk() {
            let word = u64::from_le_bytes(*chunk);
            let control = word.wrapping_sub(ONES * 0x20) & !word;
            let quote = zero_bytes(word ^ (ONES * b'"' as u64));
            let backslash = zero_bytes(word ^ (ONES * b'\\' as u64));
            let special = (control | quote | backslash) & HIGH;
            if special != 0 {
                self.at += special.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while self.peek().is_some_and(|byte| !matches!(byte, 0..=0x1f | b'"' | b'\\')) {
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Read {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err("expected four hexadecimal digits after '\\u'");
                    }
                    self.at += 1;
                }
            }
            _ => return Err("no escape starts like this"),
        }
        Ok(())
    }

    fn number(&mut self) -> Read {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Read {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err("expected a digit") } else { Ok(()) }
    }

    fn literal<const LENGTH: usize>(&mut self, word: &[u8; LENGTH]) -> Read {
        if self.bytes[self.at..].first_chunk() != Some(word) {
            return Err("expected a value");
        }
        self.at += LENGTH;
        Ok(())
    }

    /// Steps into an array or object and over the space that follows.
    fn open(&mut self) -> Read {
        if self.depth == MAX_DEPTH {
            return Err("nested deeper than 127 levels");
        }
        self.depth += 1;
        self.at += 1;
        self.space();
        Ok(())
    }

    /// Steps out of an array or object, if it ends here.
    fn close(&mut self, bracket: u8) -> bool {
        let ends = self.peek() == Some(bracket);
        if ends {
            self.depth -= 1;
            self.at += 1;
        }
        ends
    }

    fn expect(&mut self, byte: u8, message: &'static str) -> Read {
        if self.peek() != Some(byte) {
            return Err(message);
        }
        self.at += 1;
        Ok(())
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}
