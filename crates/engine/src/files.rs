//! Files that are sent as bodies: read once, before the run, and shared by all requests.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::rc::Rc;

/// All files of a plan together may have so many bytes.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// The files of a plan.
pub struct Files {
    found: HashMap<String, Rc<[u8]>>,
    room_bytes: u64,
}

impl Default for Files {
    fn default() -> Self {
        Self { found: HashMap::new(), room_bytes: MAX_FILE_BYTES }
    }
}

impl Files {
    /// The content of the file at this path, which is read only the first time.
    ///
    /// # Errors
    /// In words, when it cannot be read or there is no room for it.
    pub fn read(&mut self, path: &str) -> Result<Rc<[u8]>, String> {
        if let Some(bytes) = self.found.get(path) {
            return Ok(Rc::clone(bytes));
        }
        let cannot = |reason: &dyn std::fmt::Display| format!("cannot read the body file {path}: {reason}");
        let file = File::open(path).map_err(|error| cannot(&error))?;
        let about = file.metadata().map_err(|error| cannot(&error))?;
        // A pipe or a device may never end, or have nothing left when the next worker reads it.
        if !about.is_file() {
            return Err(cannot(&"it is not a regular file"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(about.len().min(self.room_bytes)).unwrap_or(0));
        file.take(self.room_bytes + 1).read_to_end(&mut bytes).map_err(|error| cannot(&error))?;
        let Some(room_bytes) = self.room_bytes.checked_sub(bytes.len() as u64) else {
            let limit_mib = MAX_FILE_BYTES >> 20;
            return Err(cannot(&format!("all body files together may have {limit_mib} MiB")));
        };
        self.room_bytes = room_bytes;
        let bytes: Rc<[u8]> = bytes.into();
        self.found.insert(path.to_owned(), Rc::clone(&bytes));
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_of(name: &str, content: &[u8]) -> String {
        let path = std::env::temp_dir().join(format!("kilobar-files-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_file_is_read_once_and_shared() {
        let path = path_of("once", b"content");
        let mut files = Files::default();
        let first = files.read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let second = files.read(&path).unwrap();
        assert!(Rc::ptr_eq(&first, &second));
        assert_eq!(&*first, b"content");
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_path() {
        let missing = Files::default().read("/no/such/file").unwrap_err();
        assert!(missing.starts_with("cannot read the body file /no/such/file: "), "{missing}");
        let folder = Files::default().read("/").unwrap_err();
        assert_eq!(folder, "cannot read the body file /: it is not a regular file");
    }

    #[test]
    fn files_over_the_limit_are_refused() {
        let (small, large) = (path_of("small", b"1234"), path_of("large", b"12345"));
        let mut files = Files { room_bytes: 8, ..Files::default() };
        files.read(&small).unwrap();
        let refused = files.read(&large).unwrap_err();
        assert!(refused.ends_with("all body files together may have 256 MiB"), "{refused}");
        assert_eq!(files.room_bytes, 4);
        for path in [small, large] {
            std::fs::remove_file(path).unwrap();
        }
    }
}
