//! The chunked transfer coding (RFC 9112, section 7.1) up to its trailers.
//!
//! ```text
//! Size --digit--> Size --SP/HTAB--> Padding --";"--> Extension        (SizeStart is Size before the first digit)
//!   |                        |                           |
//!   +-----------CR-----------+-----------CR--------------+--> SizeLf --LF--> Data | Trailers (size 0)
//!                                 Data --all its bytes--> DataCr --CR--> DataLf --LF--> SizeStart
//! ```

use super::{MAX_CHUNK_LINE_BYTES, WireError};

/// Where decoded body bytes go: counted always, copied only when somebody wants them.
pub(super) struct BodySink<'a> {
    pub(super) received_bytes: &'a mut u64,
    pub(super) max_bytes: u64,
    pub(super) copy: Option<&'a mut Vec<u8>>,
}

impl BodySink<'_> {
    pub(super) fn take(&mut self, bytes: &[u8]) {
        *self.received_bytes += bytes.len() as u64;
        if let Some(copy) = &mut self.copy {
            copy.extend_from_slice(bytes);
        }
    }

    pub(super) fn room_bytes(&self) -> u64 {
        self.max_bytes - *self.received_bytes
    }

    pub(super) fn too_large(&self) -> WireError {
        WireError::BodyTooLarge { limit_bytes: self.max_bytes }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    SizeStart,
    Size,
    Padding,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    Trailers,
}

/// A chunked body in progress.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChunkedDecoder {
    step: Step,
    /// In `Size` the size so far, in `Data` the bytes of the chunk that have not come yet.
    remaining_bytes: u64,
    line_bytes: usize,
}

impl ChunkedDecoder {
    pub(super) fn new() -> Self {
        Self { step: Step::SizeStart, remaining_bytes: 0, line_bytes: 0 }
    }

    /// Whether the last chunk has come, so that the trailer section is next.
    pub(super) fn at_trailers(&self) -> bool {
        self.step == Step::Trailers
    }

    /// Decodes until the input or the last chunk ends, whichever comes first; returns how many bytes that took.
    pub(super) fn decode(&mut self, input: &[u8], sink: &mut BodySink<'_>) -> Result<usize, WireError> {
        let mut used = 0;
        while used < input.len() && !self.at_trailers() {
            if self.step == Step::Data {
                used += self.take_data(&input[used..], sink);
            } else {
                self.take_framing(input[used], sink)?;
                used += 1;
            }
        }
        Ok(used)
    }

    fn take_data(&mut self, input: &[u8], sink: &mut BodySink<'_>) -> usize {
        let here = input.len().min(usize::try_from(self.remaining_bytes).unwrap_or(usize::MAX));
        sink.take(&input[..here]);
        self.remaining_bytes -= here as u64;
        if self.remaining_bytes == 0 {
            self.step = Step::DataCr;
        }
        here
    }

    fn take_framing(&mut self, byte: u8, sink: &BodySink<'_>) -> Result<(), WireError> {
        self.step = match (self.step, byte) {
            (Step::SizeStart | Step::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                self.append_digit(byte)?;
                Step::Size
            }
            (Step::Size | Step::Padding, b' ' | b'\t') => Step::Padding,
            (Step::Size | Step::Padding, b';') => Step::Extension,
            (Step::Size | Step::Padding | Step::Extension, b'\r') => Step::SizeLf,
            (Step::Extension, b'\n') => return Err(WireError::InvalidChunkExtension),
            (Step::Extension, _) => Step::Extension,
            (Step::SizeLf, b'\n') => return self.start_chunk(sink),
            (Step::DataCr, b'\r') => Step::DataLf,
            (Step::DataLf, b'\n') => Step::SizeStart,
            (Step::DataCr | Step::DataLf, _) => return Err(WireError::InvalidChunkEnd),
            (Step::SizeStart | Step::Size | Step::Padding | Step::SizeLf, _) => {
                return Err(WireError::InvalidChunkSize);
            }
            (Step::Data | Step::Trailers, _) => unreachable!("decode() takes these bytes otherwise"),
        };
        self.count_line_byte()
    }

    fn append_digit(&mut self, digit: u8) -> Result<(), WireError> {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            _ => (digit | 0x20) - b'a' + 10,
        };
        self.remaining_bytes =
            self.remaining_bytes.checked_mul(16).ok_or(WireError::ChunkSizeOverflow)? + u64::from(value);
        Ok(())
    }

    fn count_line_byte(&mut self) -> Result<(), WireError> {
        match self.step {
            Step::Size | Step::Padding | Step::Extension if self.line_bytes == MAX_CHUNK_LINE_BYTES => {
                Err(WireError::ChunkLineTooLarge)
            }
            Step::Size | Step::Padding | Step::Extension => {
                self.line_bytes += 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn start_chunk(&mut self, sink: &BodySink<'_>) -> Result<(), WireError> {
        self.line_bytes = 0;
        if self.remaining_bytes > sink.room_bytes() {
            return Err(sink.too_large());
        }
        self.step = if self.remaining_bytes == 0 { Step::Trailers } else { Step::Data };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes with a limit of 100 body bytes: the body, the bytes used, whether the trailers are next.
    fn decode(input: &[u8]) -> Result<(Vec<u8>, usize, bool), WireError> {
        let (mut received_bytes, mut body) = (0, Vec::new());
        let mut sink =
            BodySink { received_bytes: &mut received_bytes, max_bytes: 100, copy: Some(&mut body) };
        let mut decoder = ChunkedDecoder::new();
        let used = decoder.decode(input, &mut sink)?;
        assert_eq!(received_bytes, body.len() as u64);
        Ok((body, used, decoder.at_trailers()))
    }

    #[test]
    fn chunks_are_joined_and_decoding_stops_before_the_trailers() {
        assert_eq!(decode(b"5\r\nhello\r\n1\r\n!\r\n0\r\nx: y\r\n\r\n"), Ok((b"hello!".to_vec(), 19, true)));
        assert_eq!(decode(b"5\r\nhel"), Ok((b"hel".to_vec(), 6, false)));
    }

    #[test]
    fn sizes_are_hexadecimal_in_either_case_with_padding_and_extensions() {
        let body = [b'x'; 0x1b];
        for size in ["1b", "1B", "01b", "1b ", "1b\t ;a", "1b;a=b;c=\"d;e\"", "1b;"] {
            let input = [size.as_bytes(), b"\r\n", &body, b"\r\n0;last\r\n"].concat();
            assert_eq!(decode(&input), Ok((body.to_vec(), input.len(), true)), "{size}");
        }
    }

    #[test]
    fn malformed_framing_is_named() {
        for (input, error) in [
            (&b"\r\n"[..], WireError::InvalidChunkSize),
            (b"\n", WireError::InvalidChunkSize),
            (b" 5\r\n", WireError::InvalidChunkSize),
            (b";x\r\n", WireError::InvalidChunkSize),
            (b"-5\r\n", WireError::InvalidChunkSize),
            (b"0x5\r\n", WireError::InvalidChunkSize),
            (b"5 5\r\n", WireError::InvalidChunkSize),
            (b"5\nhello", WireError::InvalidChunkSize),
            (b"5\rhello", WireError::InvalidChunkSize),
            (b"5;a\nhello", WireError::InvalidChunkExtension),
            (b"5\r\nhello!", WireError::InvalidChunkEnd),
            (b"5\r\nhello\n", WireError::InvalidChunkEnd),
            (b"5\r\nhello\r!", WireError::InvalidChunkEnd),
            (b"10000000000000000\r\n", WireError::ChunkSizeOverflow),
        ] {
            assert_eq!(decode(input), Err(error), "{}", input.escape_ascii());
        }
    }

    #[test]
    fn the_body_limit_holds_for_announced_and_summed_sizes() {
        let too_large = Err(WireError::BodyTooLarge { limit_bytes: 100 });
        assert_eq!(decode(b"ffffffffffffffff\r\n").map(|_| ()), too_large);
        assert_eq!(decode(b"65\r\n").map(|_| ()), too_large);
        assert_eq!(decode(b"64\r\n").map(|_| ()), Ok(()));
        let fifty = [b"32\r\n", &[b'x'; 50][..], b"\r\n"].concat();
        assert_eq!(decode(&[&fifty, &fifty, &b"0\r\n"[..]].concat()).map(|(body, ..)| body.len()), Ok(100));
        assert_eq!(decode(&[&fifty, &fifty, &b"1\r\n"[..]].concat()).map(|_| ()), too_large);
    }

    #[test]
    fn the_line_limit_counts_zeros_padding_and_extensions_of_each_line_alone() {
        for filler in ["0", " ", "x"] {
            let prefix = if filler == "x" { "1;" } else { "1" };
            let prefix = if filler == "0" { "" } else { prefix };
            let line = |bytes: usize| format!("{prefix}{}", filler.repeat(bytes - prefix.len()));
            let fits = line(MAX_CHUNK_LINE_BYTES) + "\r\n";
            assert!(decode(fits.as_bytes()).is_ok(), "{filler:?}");
            let over = line(MAX_CHUNK_LINE_BYTES + 1);
            assert_eq!(decode(over.as_bytes()).map(|_| ()), Err(WireError::ChunkLineTooLarge), "{filler:?}");
        }
        let chunk = format!("1;{}\r\nx\r\n", "e".repeat(10_000));
        assert_eq!(decode(chunk.repeat(3).as_bytes()).map(|(body, ..)| body.len()), Ok(3));
    }
}
