//! The memory in which a user writes its requests.

use kilobar_core::template::Value;

use crate::message::Message;

/// After a larger request a user gives the memory back.
const KEPT_REQUEST_BYTES: usize = 16 * 1024;
/// The index of the path among the templates of a request; headers follow.
pub const PATH: usize = 0;

/// Memory in which requests are written, used again for each.
#[derive(Default)]
pub struct Draft {
    /// The request as it goes over the wire.
    pub message: Message,
    /// The request was written there; otherwise [`crate::ready_request::ReadyRequest::fixed`] is sent.
    pub is_written: bool,
    /// The header block of an HTTP/2 request.
    pub block: Vec<u8>,
    /// The `cookie` header.
    pub cookies: String,
    /// The values of the variables that the request saves, in their order, from before its response was judged.
    pub replaced: Vec<Option<Value>>,
    /// What the templates of the request were rendered to, one behind the other.
    pub values: Vec<u8>,
    /// Where each of them ends.
    pub ends: Vec<usize>,
}

impl Draft {
    /// The path, or absolute address, as it was rendered.
    pub fn path(&self) -> &str {
        self.value(PATH)
    }

    /// Gives back what a large request took.
    #[inline]
    pub fn give_back_memory(&mut self) {
        if self.values.capacity() > KEPT_REQUEST_BYTES {
            self.values = Vec::new();
            self.ends.clear();
        }
        self.message.give_back_memory(KEPT_REQUEST_BYTES);
    }

    /// What a template was rendered to. Only for what [`crate::ready_request::ReadyRequest::fill`] has rendered and
    /// found to be text.
    pub fn value(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        std::str::from_utf8(&self.values[start..self.ends[index]]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_behind_each_other_and_the_first_is_the_path() {
        let draft = Draft { values: b"/pathtext".to_vec(), ends: vec![5, 5, 9], ..Draft::default() };
        assert_eq!((draft.path(), draft.value(1), draft.value(2)), ("/path", "", "text"));
    }

    #[test]
    fn only_large_values_are_given_back() {
        let mut draft = Draft { values: vec![b'a'; 100], ends: vec![100], ..Draft::default() };
        draft.give_back_memory();
        assert_eq!(draft.path().len(), 100);
        draft.values = vec![b'a'; KEPT_REQUEST_BYTES + 1];
        draft.give_back_memory();
        assert_eq!((draft.values.capacity(), draft.ends.len()), (0, 0));
    }
}
