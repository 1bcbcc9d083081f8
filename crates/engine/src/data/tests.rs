use super::*;
use kilobar_core::plan::{Exhausted, Pick, RowPer};
use kilobar_core::random::Random;
use kilobar_core::stats::ErrorClass;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

const CSV: DataFormat = DataFormat::Csv { delimiter: ',', header: true };

/// A file that is removed at the end of its test.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(content: &[u8]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kilobar-data-{}-{number}", std::process::id()));
        fs::write(&path, content).unwrap();
        Self(path)
    }

    /// The data set that a check of this file makes.
    fn data(&self, format: DataFormat) -> DataSet {
        let (found, bytes) = inspect_data(&self.0, &format, &[]).unwrap();
        let path = self.0.to_str().unwrap().to_owned();
        data_set(DataSource::File { path, format, rows: found.rows, bytes }, found.columns)
    }

    /// Writes as an editor does that keeps the file: a second later than it was written before.
    fn rewrite(&self, content: &[u8]) {
        fs::write(&self.0, content).unwrap();
        let later = SystemTime::now() + Duration::from_secs(1);
        File::options().write(true).open(&self.0).unwrap().set_modified(later).unwrap();
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn data_set(source: DataSource, columns: Vec<String>) -> DataSet {
    let (pick, per, when_exhausted) = (Pick::Unique, RowPer::Iteration, Exhausted::Stop);
    DataSet {
        name: "accounts".to_owned(),
        source,
        columns,
        secret_columns: Vec::new(),
        pick,
        per,
        when_exhausted,
    }
}

fn texts(row: &Row) -> Vec<String> {
    row.iter().map(|value| String::from_utf8_lossy(value.text()).into_owned()).collect()
}

/// Rows `0,"row, 0"` and so on; every tenth has a line break in it.
fn large_csv(rows: u64) -> String {
    let mut text = "id,name\r\n".to_owned();
    for row in 0..rows {
        let line_break = if row.is_multiple_of(10) { "\n" } else { " " };
        write!(text, "{row},\"row,{line_break}\"\"{row}\"\"\"\r\n").unwrap();
    }
    text + "\r\n\r\n"
}

fn expected_row(row: u64) -> Vec<String> {
    vec![row.to_string(), format!("row,{}\"{row}\"", if row.is_multiple_of(10) { "\n" } else { " " })]
}

#[test]
fn each_row_of_a_large_file_is_the_one_that_was_asked_for_in_any_order() {
    const ROWS: u64 = 300_000;
    let file = TemporaryFile::new(large_csv(ROWS).as_bytes());
    let data = file.data(CSV);
    assert_eq!(data.rows(), ROWS);
    let tables = Tables::open(&[data]).unwrap();
    let check = |row| assert_eq!(texts(&tables.row(0, row).unwrap()), expected_row(row));
    (0..ROWS).for_each(check);
    (0..ROWS).rev().step_by(97).for_each(check);
    let mut random = Random::new(1);
    (0..5_000).for_each(|_| check(random.below(ROWS)));
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let file = TemporaryFile::new(large_csv(700_000).as_bytes());
    let data = file.data(CSV);
    let DataSource::File { path, format, rows, bytes } = &data.source else { unreachable!() };
    let table = FileTable::open(&data, path, format, *rows, *bytes).unwrap();
    assert!(*bytes > 2 * file::CACHE_BYTES);
    for row in (0..*rows).step_by(13) {
        table.row(row).unwrap();
    }
    let kept = table.kept_bytes();
    assert!(kept > file::CACHE_BYTES / 2 && kept <= file::CACHE_BYTES, "{kept}");
}

#[test]
fn pages_grow_with_the_file_so_that_their_index_stays_small() {
    assert_eq!(pages::page_bytes(0), 4 * 1024);
    assert_eq!(pages::page_bytes(1 << 30), 4 * 1024);
    assert_eq!(pages::page_bytes(1 << 40), 4 << 20);
}

#[test]
fn rows_longer_than_a_page_are_read_too() {
    let long = "x".repeat(100_000);
    let lines: String = (0..30).map(|row| format!("{{\"id\": {row}, \"text\": \"{long}\"}}\n")).collect();
    let file = TemporaryFile::new(lines.as_bytes());
    let tables = Tables::open(&[file.data(DataFormat::Jsonl)]).unwrap();
    for row in (0..30).chain((0..30).rev()) {
        let found = tables.row(0, row).unwrap();
        assert_eq!((texts(&found)[0].clone(), found[0].is_json()), (row.to_string(), true));
        assert_eq!(found[1].text().len(), long.len());
    }
}

#[test]
fn a_file_that_is_changed_during_the_run_is_a_failure_and_never_wrong_data() {
    let content = large_csv(200_000);
    let file = TemporaryFile::new(content.as_bytes());
    let tables = Tables::open(&[file.data(CSV)]).unwrap();
    tables.row(0, 0).unwrap();
    file.rewrite(&content.as_bytes()[..content.len() / 2]);
    let failure = tables.row(0, 100_000).unwrap_err();
    assert_eq!(failure.class, ErrorClass::Data);
    assert!(failure.message.ends_with("it has changed during the run"), "{}", failure.message);
    assert!(failure.message.contains("kilobar-data-"), "{}", failure.message);
}

#[test]
fn another_content_of_the_same_size_is_noticed_even_when_all_rows_are_in_memory() {
    let file = TemporaryFile::new(b"a\n1\n2\n");
    let tables = Tables::open(&[file.data(CSV)]).unwrap();
    tables.row(0, 0).unwrap();
    file.rewrite(b"a\n1\n3\n");
    let rows: Vec<_> = (0..5_000).map(|_| tables.row(0, 1)).collect();
    assert!(rows.iter().any(Result::is_err));
    assert!(rows.iter().flatten().all(|row| texts(row) == ["2"]));
}

#[test]
fn a_file_that_is_not_the_one_of_the_plan_is_refused_at_the_start() {
    let file = TemporaryFile::new(b"a,b\n1,2\n3,4\n");
    let data = file.data(CSV);
    for (content, words) in [
        (&b"a,b\n1,2\n"[..], "it had 12 bytes, now it has 8"),
        (b"a,b\n\"1\n\",22\n", "it had 2 rows, now it has 1"),
        (b"a,c\n1,2\n3,4\n", "line 1, column 1: the columns are not those of the plan"),
        (b"a,b\n1,2\n3333", "line 3, column 1: expected 2 fields, found 1"),
    ] {
        file.rewrite(content);
        let error = Tables::open(std::slice::from_ref(&data)).err().unwrap();
        assert!(matches!(error, TableError::Changed { .. }));
        assert!(error.to_string().ends_with(words), "{error}");
    }
    fs::remove_file(&file.0).unwrap();
    assert!(matches!(Tables::open(&[data]).err(), Some(TableError::Unreadable { .. })));
}

#[test]
fn what_cannot_be_read_as_rows_is_refused() {
    let directory = inspect_data(&std::env::temp_dir(), &CSV, &[]).unwrap_err();
    assert!(matches!(directory, InspectError::Io(_)), "{directory}");
    let file = TemporaryFile::new(b"a,b\n1\n");
    let ragged = inspect_data(&file.0, &CSV, &[]).unwrap_err();
    assert_eq!(ragged.to_string(), "line 2, column 1: expected 2 fields, found 1");
    let quoted = DataFormat::Csv { delimiter: '"', header: true };
    assert!(matches!(inspect_data(&file.0, &quoted, &[]), Err(InspectError::Format(_))));
}

#[test]
fn errors_far_into_a_file_have_the_right_line() {
    let mut content = large_csv(200_000);
    let lines = content.trim_end().lines().count();
    content.truncate(content.trim_end().len());
    content += "\n1,2,3\n";
    let file = TemporaryFile::new(content.as_bytes());
    let error = inspect_data(&file.0, &CSV, &[]).unwrap_err();
    assert_eq!(error.to_string(), format!("line {}, column 1: expected 2 fields, found 3", lines + 1));
}

#[test]
fn a_row_that_is_not_there_is_a_failure() {
    let file = TemporaryFile::new(b"a\n1\n");
    let inline = data_set(DataSource::Rows(vec![vec!["1".to_owned()]]), vec!["a".to_owned()]);
    let tables = Tables::open(&[file.data(CSV), inline]).unwrap();
    for data in [0, 1] {
        assert_eq!(tables.row(data, 1).unwrap_err().class, ErrorClass::Data);
        assert_eq!(tables.row(data, u64::MAX).unwrap_err().class, ErrorClass::Data);
    }
}

#[test]
fn inline_rows_keep_the_type_of_their_values() {
    let rows = [["\"ann\"", "12345678901234567890"], ["\"\"", "[1, 2]"]];
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
    let columns = vec!["name".to_owned(), "id".to_owned()];
    let tables = Tables::open(&[data_set(DataSource::Rows(rows), columns)]).unwrap();
    let row = tables.row(0, 0).unwrap();
    assert_eq!(texts(&row), ["ann", "12345678901234567890"]);
    assert_eq!((row[0].is_json(), row[1].is_json()), (false, true));
    assert_eq!(texts(&tables.row(0, 1).unwrap()), ["", "[1, 2]"]);
}

#[test]
fn inline_rows_that_do_not_fit_are_a_mistake_of_the_plan() {
    for (row, words) in [(vec!["1", "2"], "has 2 values, not 1"), (vec!["ann"], "is not JSON")] {
        let rows = vec![row.into_iter().map(str::to_owned).collect()];
        let error = Tables::open(&[data_set(DataSource::Rows(rows), vec!["a".to_owned()])]).err().unwrap();
        assert!(error.to_string().contains(words), "{error}");
    }
}
