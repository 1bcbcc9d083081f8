//! The static table (RFC 7541, appendix A) and the dynamic one (section 2.3.2).

use std::collections::VecDeque;

use super::field::{Field, FieldKind};
use super::{HpackError, TABLE_BYTES};

/// What an entry counts more than its text.
const ENTRY_BYTES: usize = 32;

/// Name and value of the entries from index 1 on.
pub const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// Both tables, as one row of entries.
#[derive(Debug)]
pub struct Table {
    /// Oldest first.
    entries: VecDeque<Entry>,
    /// The texts of the entries, one after the other; those of evicted ones stand before them until they are cleared.
    text: Vec<u8>,
    size_bytes: usize,
    max_bytes: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u32,
    name_bytes: u32,
    value_bytes: u32,
    kind: FieldKind,
}

impl Entry {
    fn text_bytes(&self) -> usize {
        (self.name_bytes + self.value_bytes) as usize
    }
}

impl Default for Table {
    fn default() -> Self {
        Self { entries: VecDeque::new(), text: Vec::new(), size_bytes: 0, max_bytes: TABLE_BYTES }
    }
}

impl Table {
    /// The entry with this index: the static table from 1 on, then the dynamic one, newest first.
    ///
    /// # Errors
    /// When there is none.
    #[inline]
    pub fn get(&self, index: usize) -> Result<Field<'_>, HpackError> {
        if let Some(dynamic) = index.checked_sub(STATIC.len() + 1) {
            let place = self.entries.len().checked_sub(dynamic + 1).ok_or(HpackError::Index(index))?;
            let entry = &self.entries[place];
            let text = &self.text[entry.start as usize..entry.start as usize + entry.text_bytes()];
            let (name, value) = text.split_at(entry.name_bytes as usize);
            return Ok(Field { name, value, kind: entry.kind });
        }
        let (name, value) = index.checked_sub(1).map(|place| STATIC[place]).ok_or(HpackError::Index(0))?;
        let (name, value) = (name.as_bytes(), value.as_bytes());
        let kind = FieldKind::of(name, value);
        Ok(Field { name, value, kind })
    }

    /// Remembers a field whose name takes the first `name_bytes` of `text`. Older entries make room; a field that is too
    /// large for the table empties it.
    pub fn insert(&mut self, text: &[u8], name_bytes: usize, kind: FieldKind) {
        let size_bytes = text.len() + ENTRY_BYTES;
        self.evict_down_to(self.max_bytes.saturating_sub(size_bytes));
        if size_bytes > self.max_bytes {
            return;
        }
        // Texts move to the front only after at least as many bytes of others have passed.
        if self.text.len() + text.len() > 2 * TABLE_BYTES {
            self.move_to_the_front();
        }
        self.entries.push_back(Entry {
            start: self.text.len() as u32,
            name_bytes: name_bytes as u32,
            value_bytes: (text.len() - name_bytes) as u32,
            kind,
        });
        self.text.extend_from_slice(text);
        self.size_bytes += size_bytes;
    }

    /// Changes how many bytes are remembered at most.
    ///
    /// # Errors
    /// When it is over [`TABLE_BYTES`].
    pub fn resize(&mut self, max_bytes: usize) -> Result<(), HpackError> {
        if max_bytes > TABLE_BYTES {
            return Err(HpackError::TableSize(max_bytes));
        }
        self.max_bytes = max_bytes;
        self.evict_down_to(max_bytes);
        Ok(())
    }

    fn evict_down_to(&mut self, bytes: usize) {
        while self.size_bytes > bytes {
            let Some(entry) = self.entries.pop_front() else { return };
            self.size_bytes -= entry.text_bytes() + ENTRY_BYTES;
        }
        if self.entries.is_empty() {
            self.text.clear();
        }
    }

    fn move_to_the_front(&mut self) {
        let Some(oldest) = self.entries.front().map(|entry| entry.start) else { return };
        self.text.drain(..oldest as usize);
        for entry in &mut self.entries {
            entry.start -= oldest;
        }
    }

    /// Bytes that the entries count, as the RFC counts them.
    #[cfg(test)]
    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn insert(table: &mut Table, name: &str, value: &str) {
        table.insert(format!("{name}{value}").as_bytes(), name.len(), FieldKind::Regular);
    }

    fn field(table: &Table, index: usize) -> (String, String) {
        let field = table.get(index).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(field.name), text(field.value))
    }

    #[test]
    fn the_static_table_begins_at_one_and_has_its_meanings() {
        let table = Table::default();
        assert_eq!(field(&table, 1), (":authority".into(), String::new()));
        assert_eq!(field(&table, 61), ("www-authenticate".into(), String::new()));
        assert_eq!(table.get(8).unwrap().kind, FieldKind::Status(200));
        assert_eq!(table.get(0), Err(HpackError::Index(0)));
        assert_eq!(table.get(62), Err(HpackError::Index(62)));
    }

    #[test]
    fn a_field_that_is_too_large_empties_the_table() {
        let mut table = Table::default();
        insert(&mut table, "a", "b");
        insert(&mut table, "large", &"x".repeat(TABLE_BYTES));
        assert_eq!(table.get(62), Err(HpackError::Index(62)));
        assert_eq!(table.size_bytes(), 0);
    }

    #[test]
    fn a_smaller_table_forgets_the_oldest_and_a_larger_one_than_allowed_is_refused() {
        let mut table = Table::default();
        insert(&mut table, "a", "1");
        insert(&mut table, "b", "2");
        table.resize(34).unwrap();
        assert_eq!(field(&table, 62), ("b".into(), "2".into()));
        assert_eq!(table.get(63), Err(HpackError::Index(63)));
        assert_eq!(table.resize(TABLE_BYTES + 1), Err(HpackError::TableSize(TABLE_BYTES + 1)));
    }

    proptest! {
        /// Against the definition: a list of fields, newest first, cut where the sizes exceed the limit.
        #[test]
        fn the_newest_fields_that_fit_are_remembered(
            steps in prop::collection::vec((0usize..40, 0usize..1500, prop::option::weighted(0.1, 0..=TABLE_BYTES)), 0..200)
        ) {
            let mut table = Table::default();
            let mut model: VecDeque<(String, String)> = VecDeque::new();
            let mut max_bytes = TABLE_BYTES;
            for (number, (name, value, resize)) in steps.into_iter().enumerate() {
                if let Some(bytes) = resize {
                    max_bytes = bytes;
                    table.resize(bytes).unwrap();
                }
                let (name, value) = ("n".repeat(name), format!("{number}{}", "v".repeat(value)));
                insert(&mut table, &name, &value);
                model.push_front((name, value));
                let mut sum = 0;
                let fits = model.iter().take_while(|(name, value)| {
                    sum += name.len() + value.len() + ENTRY_BYTES;
                    sum <= max_bytes
                });
                let count = fits.count();
                model.truncate(count);
                for (place, expected) in model.iter().enumerate() {
                    prop_assert_eq!(&field(&table, 62 + place), expected);
                }
                prop_assert!(table.get(62 + model.len()).is_err());
                prop_assert!(table.text.len() <= 2 * TABLE_BYTES);
            }
        }
    }
}
