//! Serves a target for benchmarks: `serve '{"port": 8700}'`. Prints where it listens, and runs until it is killed.

use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let text = std::env::args().nth(1).unwrap_or_else(|| "{}".to_owned());
    let announce = |ready: &kilobar_target::Ready| {
        let line = serde_json::to_string(ready).expect("ports and a path are plain values");
        // Whoever started us and does not listen any more is not a reason to stop serving.
        let _ = writeln!(std::io::stdout(), "{line}");
    };
    kilobar_target::serve(serde_json::from_str(&text)?, announce, || false)?;
    Ok(())
}
