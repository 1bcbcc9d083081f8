//! What the HTTP/1.1 tests share: a table of responses, and ways to replay them.

pub mod corpus;
pub mod replay;
