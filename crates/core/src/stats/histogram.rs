//! Counts of durations with three significant digits, in the layout of HdrHistogram: mergeable without loss.
//!
//! Values below 2048 ns have a counter each. Above, every power of two is cut into 1024 counters of equal width, so
//! that a counter is never wider than 1/1024 of its values: the relative error is below 0.1 %.
//!
//! Counters are allocated a power of two at a time, on its first value. What a step takes usually spans a few of
//! them, and most phases of most steps are never seen at all.

mod encoding;
#[cfg(test)]
mod tests;

use std::fmt;

pub use encoding::HistogramError;

/// Counters in a chunk: those of one power of two.
const CHUNK_LEN: usize = 1024;
const CHUNK_BITS: u32 = CHUNK_LEN.ilog2();
/// Two chunks for the values below 2048, one for each further power of two up to 2^41.
const CHUNKS: usize = 33;
const COUNTERS: usize = CHUNKS * CHUNK_LEN;

/// The highest value that can be told apart, 73 minutes. What is longer counts as this long.
const HIGHEST_NS: u64 = (1 << 42) - 1;

/// The most records in a histogram: what the V2 encoding can carry. Those past it are not counted.
const MAX_COUNT: u64 = i64::MAX as u64;

type Chunk = Box<[u64; CHUNK_LEN]>;

/// Counts of durations in nanoseconds; relative error below 0.1 %, while count, mean, minimum and maximum are exact.
///
/// A value above 2^42 - 1 ns (73 minutes) is counted as that value. Memory is bounded: 304 bytes when new, and 8 KiB
/// for each power of two in which a value was seen, 33 of them at most.
#[derive(Clone)]
pub struct Histogram {
    chunks: [Option<Chunk>; CHUNKS],
    count: u64,
    /// `u64::MAX` when empty. All non-zero counters lie between those of `min_ns` and `max_ns`.
    min_ns: u64,
    max_ns: u64,
    /// At 200,000 records of 1 s each second, 64 bits would overflow within a day.
    sum_ns: u128,
}

impl Histogram {
    /// An empty histogram. Allocates nothing.
    pub const fn new() -> Self {
        Self { chunks: [const { None }; CHUNKS], count: 0, min_ns: u64::MAX, max_ns: 0, sum_ns: 0 }
    }

    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value_ns: u64) {
        self.record_n(value_ns, 1);
    }

    /// Counts a value `count` times.
    #[inline]
    pub fn record_n(&mut self, value_ns: u64, count: u64) {
        let count = count.min(MAX_COUNT - self.count);
        if count == 0 {
            return;
        }
        let value_ns = value_ns.min(HIGHEST_NS);
        let index = index_of(value_ns);
        self.chunk_mut(index)[index % CHUNK_LEN] += count;
        self.count += count;
        self.min_ns = self.min_ns.min(value_ns);
        self.max_ns = self.max_ns.max(value_ns);
        self.sum_ns += u128::from(value_ns) * u128::from(count);
    }

    /// Adds everything that `other` has counted. Exact, commutative and associative.
    pub fn merge(&mut self, other: &Self) {
        if other.count > MAX_COUNT - self.count {
            return self.merge_what_fits(other);
        }
        for (first, theirs) in other.touched() {
            let mine = &mut self.chunk_mut(first)[first % CHUNK_LEN..];
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                *mine += theirs;
            }
        }
        self.count += other.count;
        self.min_ns = self.min_ns.min(other.min_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        self.sum_ns += other.sum_ns;
    }

    /// Forgets all records and keeps the memory. Costs only what the range of recorded values costs.
    pub fn clear(&mut self) {
        for chunk in 0..CHUNKS {
            let (from, to) = self.touched_in(chunk);
            if let Some(counts) = &mut self.chunks[chunk] {
                counts[from..to].fill(0);
            }
        }
        self.count = 0;
        self.min_ns = u64::MAX;
        self.max_ns = 0;
        self.sum_ns = 0;
    }

    /// Whether nothing was recorded.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Values that were recorded.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The mean in ns, from the exact sum; 0 when empty.
    pub fn mean(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.sum_ns as f64 / self.count as f64 }
    }

    /// The exact lowest value in ns; 0 when empty.
    pub const fn min(&self) -> u64 {
        if self.is_empty() { 0 } else { self.min_ns }
    }

    /// The exact highest value in ns; 0 when empty.
    pub const fn max(&self) -> u64 {
        self.max_ns
    }

    /// The value in ns at or below which the fraction `q` of the records lie; 0 when empty.
    ///
    /// It is the highest value that shares the counter of that record, never above [`Self::max`]. A `q` of 0 or less
    /// gives [`Self::min`], as does one that is not a number; 1 or more gives [`Self::max`].
    pub fn quantile(&self, q: f64) -> u64 {
        if self.is_empty() || q.is_nan() || q <= 0.0 {
            return self.min();
        }
        if q >= 1.0 {
            return self.max_ns;
        }
        // The next lower number, because q * count may be rounded up past the whole number that it is: 0.07 * 100.
        let rank = ((q.next_down() * self.count as f64).ceil() as u64).clamp(1, self.count);
        let mut below = 0;
        for (first, counts) in self.touched() {
            let here: u64 = counts.iter().sum();
            if below + here < rank {
                below += here;
                continue;
            }
            for (index, count) in (first..).zip(counts) {
                below += count;
                if below >= rank {
                    return highest_of(index).clamp(self.min_ns, self.max_ns);
                }
            }
        }
        self.max_ns
    }

    /// Records that are certainly above a value: those in counters above the value's own.
    pub fn count_above(&self, value_ns: u64) -> u64 {
        let of_value = index_of(value_ns.min(HIGHEST_NS));
        self.counters().filter(|(index, _)| *index > of_value).map(|(_, count)| count).sum()
    }

    #[inline]
    fn chunk_mut(&mut self, index: usize) -> &mut [u64; CHUNK_LEN] {
        self.chunks[index / CHUNK_LEN].get_or_insert_with(new_chunk)
    }

    /// Keeps every counter, the count and the sum consistent when not all of `other` can be counted any more.
    #[cold]
    fn merge_what_fits(&mut self, other: &Self) {
        for (index, count) in other.counters() {
            self.record_n(middle_of(index).clamp(other.min_ns, other.max_ns), count);
        }
    }

    /// The counters that are not zero, in ascending order.
    fn counters(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.touched()
            .flat_map(|(first, counts)| (first..).zip(counts.iter().copied()))
            .filter(|(_, count)| *count > 0)
    }

    /// Every stretch of counters that may be non-zero, with the index of its first.
    fn touched(&self) -> impl Iterator<Item = (usize, &[u64])> {
        self.chunks.iter().enumerate().filter_map(|(chunk, counts)| {
            let (from, to) = self.touched_in(chunk);
            (from < to).then_some((chunk * CHUNK_LEN + from, &counts.as_ref()?[from..to]))
        })
    }

    /// The part of a chunk, from and to, that may hold other counters than zeros.
    fn touched_in(&self, chunk: usize) -> (usize, usize) {
        if self.is_empty() {
            return (0, 0);
        }
        let first = chunk * CHUNK_LEN;
        let from = index_of(self.min_ns).saturating_sub(first).min(CHUNK_LEN);
        let to = (index_of(self.max_ns) + 1).saturating_sub(first).min(CHUNK_LEN);
        (from, to)
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

/// By what was recorded, whatever memory is held for it.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        (self.count, self.min_ns, self.max_ns, self.sum_ns)
            == (other.count, other.min_ns, other.max_ns, other.sum_ns)
            && self.counters().eq(other.counters())
    }
}

impl Eq for Histogram {}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count)
            .field("min_ns", &self.min())
            .field("p50_ns", &self.quantile(0.5))
            .field("p99_ns", &self.quantile(0.99))
            .field("max_ns", &self.max())
            .finish_non_exhaustive()
    }
}

#[cold]
#[inline(never)]
fn new_chunk() -> Chunk {
    Box::new([0; CHUNK_LEN])
}

/// Halvings after which a value fits the 2048 values that the two lowest chunks tell apart.
#[inline]
const fn shift_of(value_ns: u64) -> u32 {
    const LOWEST_BITS: u32 = CHUNK_BITS + 1;
    (u64::BITS - LOWEST_BITS) - (value_ns | ((1 << LOWEST_BITS) - 1)).leading_zeros()
}

/// The counter of a value, which is at most [`HIGHEST_NS`].
#[inline]
const fn index_of(value_ns: u64) -> usize {
    let shift = shift_of(value_ns);
    ((shift as usize) << CHUNK_BITS) + (value_ns >> shift) as usize
}

/// The lowest value of a counter, and how many values share it.
const fn span_of(index: usize) -> (u64, u64) {
    let shift = (index / CHUNK_LEN).saturating_sub(1);
    (((index - (shift << CHUNK_BITS)) as u64) << shift, 1 << shift)
}

const fn lowest_of(index: usize) -> u64 {
    span_of(index).0
}

const fn middle_of(index: usize) -> u64 {
    let (lowest_ns, width) = span_of(index);
    lowest_ns + width / 2
}

const fn highest_of(index: usize) -> u64 {
    let (lowest_ns, width) = span_of(index);
    lowest_ns + (width - 1)
}
