//! Looking on while steps are executed: for `kilobar try`, and to say why `setup` failed.

use crate::dial::Failure;
use crate::iteration::{Engine, User};
use crate::ready_request::ReadyRequest;
use crate::secrets::Secrets;

/// Is told of every exchange and of every other step that fails.
pub trait Watch {
    /// The longest that a user thinks while it is looked at.
    fn longest_think_ns(&self) -> u64 {
        u64::MAX
    }

    /// An exchange has ended.
    fn exchanged(&self, engine: &Engine, user: &User, seen: &Seen<'_>);
    /// A step that is no request has failed. Secrets are hidden already.
    fn failed(&self, engine: &Engine, user: &User, failure: &Failure);
}

/// An exchange that has ended; when things happened stands in [`User::course`].
pub struct Seen<'a> {
    /// What was asked.
    pub request: &'a ReadyRequest,
    /// As it went out, as far as it is shown; secrets hidden.
    pub sent: String,
    /// What nobody may see of it, what it has saved included.
    pub secrets: Secrets,
    /// Why it failed, if it did.
    pub failure: Option<&'a Failure>,
}
