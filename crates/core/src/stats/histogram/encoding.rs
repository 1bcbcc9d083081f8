//! The forms in which a histogram travels.
//!
//! [`Histogram::encode`] writes HdrHistogram's V2 format, uncompressed: a header of 40 bytes, big endian, then every
//! counter from the first to the one of the highest value as a zigzag variable-length integer, in which a negative
//! number stands for that many zeros. It carries neither sum nor exact extremes.
//!
//! The serde form is therefore `{min_ns, max_ns, sum_ns, counts}`, with `counts` the V2 bytes, and nil when empty.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;

use super::{COUNTERS, HIGHEST_NS, Histogram, MAX_COUNT, highest_of, index_of, lowest_of, middle_of};

/// Identifies V2, with the word size (any, since counters are variable-length) that all implementations write.
const COOKIE: u32 = 0x1c84_9303 | 0x10;
const HEADER_LEN: usize = 40;
const PAYLOAD_LENGTH_AT: std::ops::Range<usize> = 4..8;
const SIGNIFICANT_DIGITS: u32 = 3;
const LOWEST_NS: u64 = 1;

/// Bytes that are not a histogram, or not one that can be merged with ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HistogramError {
    /// The first four bytes are others than those of the V2 format.
    #[error("not an uncompressed HdrHistogram V2: it begins with {cookie:#010x}, not {COOKIE:#010x}")]
    Cookie {
        /// What it begins with.
        cookie: u32,
    },
    /// Lowest value, digits, offset or unit differ, so that its counters mean other values.
    #[error("the histogram is not laid out for a unit of 1 ns and three significant digits")]
    Layout,
    /// It ends in its header or in a counter, or goes on after its last one.
    #[error("the histogram is shorter or longer than it says")]
    Length,
    /// It counts values above 2^42 - 1 ns.
    #[error("the histogram counts values above {HIGHEST_NS} ns")]
    Range,
    /// It counts more than 2^63 - 1 records.
    #[error("the histogram counts more than {MAX_COUNT} records")]
    Count,
    /// The minimum, maximum or sum that came with the counters cannot be theirs.
    #[error("the histogram's minimum, maximum or sum contradicts its counters")]
    Contradiction,
}

impl Histogram {
    /// The histogram in HdrHistogram's V2 format, uncompressed: 40 bytes and about two for each non-zero counter.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2 * HEADER_LEN);
        bytes.extend(COOKIE.to_be_bytes());
        bytes.extend([0; PAYLOAD_LENGTH_AT.end - PAYLOAD_LENGTH_AT.start]);
        bytes.extend(0_u32.to_be_bytes());
        bytes.extend(SIGNIFICANT_DIGITS.to_be_bytes());
        bytes.extend(LOWEST_NS.to_be_bytes());
        bytes.extend(HIGHEST_NS.to_be_bytes());
        bytes.extend(1_f64.to_be_bytes());
        let mut next = 0;
        for (index, count) in self.counters() {
            put_zeros(&mut bytes, (index - next) as u64);
            put_varint(&mut bytes, count << 1);
            next = index + 1;
        }
        if self.is_empty() {
            // Other implementations always write at least the counter of the value 0.
            put_zeros(&mut bytes, 1);
        }
        let payload_length = (bytes.len() - HEADER_LEN) as u32;
        bytes[PAYLOAD_LENGTH_AT].copy_from_slice(&payload_length.to_be_bytes());
        bytes
    }

    /// Reads the V2 format, from whatever implementation, if it has the same unit and digits.
    ///
    /// Mean, minimum and maximum of the result are then no longer exact: they come from the counters, and are those
    /// of the values in the middle, at the lower and at the upper end of them.
    pub fn decode(bytes: &[u8]) -> Result<Self, HistogramError> {
        let mut payload = payload_of(bytes)?;
        let mut histogram = Self::new();
        let mut index = 0;
        while !payload.is_empty() {
            let zigzag = take_varint(&mut payload)?;
            let (counters, count) = match zigzag & 1 {
                0 => (1, zigzag >> 1),
                _ => ((zigzag >> 1) + 1, 0),
            };
            if counters > (COUNTERS - index) as u64 {
                return Err(HistogramError::Range);
            }
            if count > MAX_COUNT - histogram.count {
                return Err(HistogramError::Count);
            }
            histogram.record_n(middle_of(index), count);
            index += counters as usize;
        }
        if !histogram.is_empty() {
            histogram.min_ns = lowest_of(index_of(histogram.min_ns));
            histogram.max_ns = highest_of(index_of(histogram.max_ns));
        }
        Ok(histogram)
    }

    /// Completes decoded counters with what the V2 format does not carry.
    fn with_exact(mut self, min_ns: u64, max_ns: u64, sum_ns: u128) -> Result<Self, HistogramError> {
        let mut lowest_sum_ns = 0;
        let mut highest_sum_ns = 0;
        for (index, count) in self.counters() {
            lowest_sum_ns += u128::from(lowest_of(index)) * u128::from(count);
            highest_sum_ns += u128::from(highest_of(index)) * u128::from(count);
        }
        let fits = !self.is_empty()
            && min_ns <= max_ns
            && max_ns <= HIGHEST_NS
            && index_of(min_ns) == index_of(self.min_ns)
            && index_of(max_ns) == index_of(self.max_ns)
            && (lowest_sum_ns..=highest_sum_ns).contains(&sum_ns);
        if !fits {
            return Err(HistogramError::Contradiction);
        }
        self.min_ns = min_ns;
        self.max_ns = max_ns;
        self.sum_ns = sum_ns;
        Ok(self)
    }
}

/// Checks the header and returns what follows it.
fn payload_of(mut bytes: &[u8]) -> Result<&[u8], HistogramError> {
    let bytes = &mut bytes;
    let cookie = u32::from_be_bytes(take(bytes)?);
    if cookie != COOKIE {
        return Err(HistogramError::Cookie { cookie });
    }
    let payload_length = u32::from_be_bytes(take(bytes)?);
    let normalizing_offset = u32::from_be_bytes(take(bytes)?);
    let significant_digits = u32::from_be_bytes(take(bytes)?);
    let lowest = u64::from_be_bytes(take(bytes)?);
    // Only bounds the counters that may follow, and those are checked one by one.
    let _highest = u64::from_be_bytes(take(bytes)?);
    let unit_ratio = f64::from_be_bytes(take(bytes)?);
    if normalizing_offset != 0
        || significant_digits != SIGNIFICANT_DIGITS
        || lowest != LOWEST_NS
        || unit_ratio != 1.0
    {
        return Err(HistogramError::Layout);
    }
    if bytes.len() as u64 != u64::from(payload_length) {
        return Err(HistogramError::Length);
    }
    Ok(bytes)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], HistogramError> {
    let (head, rest) = bytes.split_first_chunk().ok_or(HistogramError::Length)?;
    *bytes = rest;
    Ok(*head)
}

fn put_zeros(bytes: &mut Vec<u8>, counters: u64) {
    match counters {
        0 => {}
        1 => bytes.push(0),
        run => put_varint(bytes, (run << 1) - 1),
    }
}

/// LEB128 of which the ninth byte, the last, holds eight bits, so that 64 bits never need ten.
fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    for _ in 0..8 {
        if value < 0x80 {
            break;
        }
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Result<u64, HistogramError> {
    let mut value = 0;
    for shift in (0..56).step_by(7) {
        let [byte] = take(bytes)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    let [byte] = take(bytes)?;
    Ok(value | u64::from(byte) << 56)
}

#[derive(serde::Serialize)]
#[serde(rename = "Histogram")]
struct Written<'a> {
    min_ns: u64,
    max_ns: u64,
    #[serde(serialize_with = "write_sum")]
    sum_ns: u128,
    counts: WrittenCounts<'a>,
}

struct WrittenCounts<'a>(&'a Histogram);

#[derive(serde::Deserialize)]
#[serde(rename = "Histogram")]
struct Read {
    min_ns: u64,
    max_ns: u64,
    sum_ns: u128,
    counts: ReadCounts,
}

struct ReadCounts(Histogram);

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_empty() {
            return serializer.serialize_none();
        }
        let counts = WrittenCounts(self);
        serializer.serialize_some(&Written {
            min_ns: self.min_ns,
            max_ns: self.max_ns,
            sum_ns: self.sum_ns,
            counts,
        })
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Option::<Read>::deserialize(deserializer)? {
            Some(read) => {
                read.counts.0.with_exact(read.min_ns, read.max_ns, read.sum_ns).map_err(D::Error::custom)
            }
            None => Ok(Self::new()),
        }
    }
}

impl Serialize for WrittenCounts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0.encode())
    }
}

impl<'de> Deserialize<'de> for ReadCounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V2;
        impl Visitor<'_> for V2 {
            type Value = Histogram;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the bytes of an HdrHistogram V2")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Histogram, E> {
                Histogram::decode(bytes).map_err(E::custom)
            }
        }
        deserializer.deserialize_bytes(V2).map(Self)
    }
}

/// As a plain integer wherever it fits one: MessagePack has none of 128 bits, and writes those as 16 bytes.
fn write_sum<S: Serializer>(sum_ns: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    match u64::try_from(*sum_ns) {
        Ok(sum_ns) => serializer.serialize_u64(sum_ns),
        Err(_) => serializer.serialize_u128(*sum_ns),
    }
}
