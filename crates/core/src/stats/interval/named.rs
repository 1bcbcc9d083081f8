//! Measurements that are kept by name, with a limit on the names.

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use std::{fmt, marker::PhantomData};

use super::MAX_SERIES;

/// Measurements under a name.
pub(in crate::stats) trait Named {
    type Name: Clone + PartialEq;

    fn name(&self) -> &Self::Name;

    /// Empty, under this name.
    fn with_name(name: Self::Name) -> Self;

    /// Adds everything of `other`, whatever its name.
    fn add(&mut self, other: &Self);

    /// The name under which an entry with this name counts when it is past the limit: one of few.
    fn others_of(name: &Self::Name) -> Self::Name;
}

/// The entry with this name, made if there is room for one more, or else that of the others of its sort.
///
/// The entry is probably at `guess`: the workers of a run count the same names in the same order, and a search for
/// each of 500 names would cost more than all that is added.
pub(super) fn entry_of<'a, T: Named>(entries: &'a mut Vec<T>, name: &T::Name, guess: usize) -> &'a mut T {
    let guessed = entries.get(guess).is_some_and(|entry| entry.name() == name);
    let found = if guessed { Some(guess) } else { entries.iter().position(|entry| entry.name() == name) };
    let at = match found {
        Some(at) => at,
        None if entries.len() < MAX_SERIES || *name == T::others_of(name) => {
            entries.push(T::with_name(name.clone()));
            entries.len() - 1
        }
        None => return entry_of(entries, &T::others_of(name), MAX_SERIES),
    };
    &mut entries[at]
}

/// Reads a sequence of entries. Those past the limit fold, so that no input can make us hold more than the limit.
pub(super) fn read<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Named + Deserialize<'de>,
{
    struct Entries<T>(PhantomData<T>);

    impl<'de, T: Named + Deserialize<'de>> Visitor<'de> for Entries<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("measurements by name")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = sequence.next_element::<T>()? {
                if entries.len() < MAX_SERIES {
                    entries.push(entry);
                } else {
                    entry_of(&mut entries, &T::others_of(entry.name()), MAX_SERIES).add(&entry);
                }
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_seq(Entries(PhantomData))
}
