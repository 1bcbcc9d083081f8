//! Whom requests may go to: the origins of the plan, and those that are found at run time.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use kilobar_core::plan::Origin;
use kilobar_core::stats::ErrorClass;

use crate::dial::Failure;

/// So many origins may be found at run time, in redirects and addresses that templates give.
pub const MAX_FOUND: usize = 1024;

/// The origins that a worker knows, by index; connections are kept under it. Those of the plan come first.
pub struct Origins {
    known: RefCell<Vec<Rc<Origin>>>,
    indexes: RefCell<HashMap<Rc<Origin>, usize>>,
    most: usize,
}

impl Origins {
    /// Those of a plan.
    pub fn of(plan: &[Origin]) -> Self {
        let known: Vec<Rc<Origin>> = plan.iter().cloned().map(Rc::new).collect();
        let indexes = known.iter().enumerate().rev().map(|(index, origin)| (Rc::clone(origin), index));
        Self {
            indexes: RefCell::new(indexes.collect()),
            most: known.len() + MAX_FOUND,
            known: RefCell::new(known),
        }
    }

    /// The one with this index.
    pub fn get(&self, index: usize) -> Rc<Origin> {
        Rc::clone(&self.known.borrow()[index])
    }

    /// The index of this one, a new one if it was not known.
    ///
    /// # Errors
    /// Class `script`, past [`MAX_FOUND`].
    pub fn index_of(&self, origin: &Origin) -> Result<usize, Failure> {
        if let Some(&index) = self.indexes.borrow().get(origin) {
            return Ok(index);
        }
        let mut known = self.known.borrow_mut();
        if known.len() >= self.most {
            let message = format!(
                "requests went to {MAX_FOUND} hosts that the scenario does not name, {} would be one more",
                origin.host
            );
            return Err(Failure::new(ErrorClass::Script, message));
        }
        let origin = Rc::new(origin.clone());
        self.indexes.borrow_mut().insert(Rc::clone(&origin), known.len());
        known.push(origin);
        Ok(known.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use kilobar_core::plan::Scheme;

    use super::*;

    fn origin(port: u16) -> Origin {
        Origin { scheme: Scheme::Http, host: "a.example".into(), port }
    }

    #[test]
    fn an_origin_has_one_index_whenever_it_is_asked_for() {
        let origins = Origins::of(&[origin(1), origin(2), origin(1)]);
        assert_eq!(origins.index_of(&origin(2)).unwrap(), 1);
        assert_eq!(origins.index_of(&origin(1)).unwrap(), 0);
        assert_eq!(origins.index_of(&origin(9)).unwrap(), 3);
        assert_eq!(origins.index_of(&origin(9)).unwrap(), 3);
        assert_eq!(*origins.get(3), origin(9));
    }

    #[test]
    fn the_number_of_found_origins_is_bounded() {
        let origins = Origins::of(&[origin(1)]);
        for port in 2..2 + MAX_FOUND as u16 {
            origins.index_of(&origin(port)).unwrap();
        }
        let failure = origins.index_of(&origin(60_000)).unwrap_err();
        assert_eq!(failure.class, ErrorClass::Script);
        assert!(failure.message.contains("1024 hosts"), "{}", failure.message);
        assert_eq!(origins.index_of(&origin(1)).unwrap(), 0, "known ones still are");
    }
}
