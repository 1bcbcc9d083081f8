//! Whose arrival it is: arrivals and users are dealt to slots by their number, and slots belong to workers.
//!
//! See `docs/design/002-worker-protocol.md`. When a worker dies only its slots change hands, so healthy
//! workers keep their users and their arrivals.

use super::ScheduleError;

/// Slots per worker at the start of a run. 60 can be dealt evenly to 1, 2, 3, 4, 5, 6, 10, 12, 15 and more
/// survivors.
pub const SLOTS_PER_WORKER: usize = 60;

/// The owner, a worker index, of each slot. Arrival k belongs to slot k modulo the number of slots. Never
/// empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots(Vec<u32>);

impl Slots {
    /// The slots at the start of a run: worker i owns the arrivals k = i (mod `workers`). No workers count as
    /// one.
    pub fn initial(workers: u32) -> Self {
        let workers = workers.max(1);
        Self((0..SLOTS_PER_WORKER).flat_map(|_| 0..workers).collect())
    }

    /// Slots as a controller dealt them.
    ///
    /// # Errors
    /// [`ScheduleError::NoSlots`] when there is none.
    pub fn from_owners(owners: Vec<u32>) -> Result<Self, ScheduleError> {
        if owners.is_empty() { Err(ScheduleError::NoSlots) } else { Ok(Self(owners)) }
    }

    /// The owner of each slot.
    pub fn owners(&self) -> &[u32] {
        &self.0
    }

    /// Who owns arrival or user `number`.
    #[inline]
    pub fn owner(&self, number: u64) -> u32 {
        self.0[(number % self.0.len() as u64) as usize]
    }

    /// The slots after the death of a worker: its own are dealt to the survivors in turn, all others stay.
    /// Without survivors nothing changes.
    pub fn after_loss(&self, dead: u32, survivors: &[u32]) -> Self {
        let mut heirs = survivors.iter().copied().filter(|worker| *worker != dead).cycle();
        let owners =
            self.0.iter().map(|&owner| if owner == dead { heirs.next().unwrap_or(dead) } else { owner });
        Self(owners.collect())
    }
}

/// The part of a plan that one worker executes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    owned: Vec<bool>,
}

impl Share {
    /// What these slots give to this worker.
    pub fn new(slots: &Slots, worker: u32) -> Self {
        Self { owned: slots.0.iter().map(|owner| *owner == worker).collect() }
    }

    /// Whether arrival or user `number` belongs to the worker.
    #[inline]
    pub fn owns(&self, number: u64) -> bool {
        self.owned[(number % self.owned.len() as u64) as usize]
    }

    /// How many of the numbers 0 to `count` - 1 belong to the worker: its users when the load asks for
    /// `count`.
    pub fn of(&self, count: u64) -> u64 {
        owned_below(&self.owned, count)
    }

    /// For each slot, whether it belongs to the worker: the form that [`super::Schedule::planned_of`] takes.
    pub fn owned(&self) -> &[bool] {
        &self.owned
    }
}

/// How many numbers k below `count` have `owned[k % owned.len()]`. `owned` is not empty.
pub(super) fn owned_below(owned: &[bool], count: u64) -> u64 {
    let rounds = count / owned.len() as u64;
    let rest = (count % owned.len() as u64) as usize;
    let in_slots = |slots: &[bool]| slots.iter().filter(|owned| **owned).count() as u64;
    rounds * in_slots(owned) + in_slots(&owned[..rest])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn at_first_worker_i_owns_every_nth_arrival() {
        let slots = Slots::initial(7);
        assert_eq!(slots.owners().len(), 7 * SLOTS_PER_WORKER);
        assert!((0..10_000).all(|number| u64::from(slots.owner(number)) == number % 7));
        assert_eq!(Slots::initial(0), Slots::initial(1));
    }

    #[test]
    fn survivors_inherit_in_turn_and_evenly() {
        let slots = Slots::initial(4).after_loss(1, &[0, 2, 3]);
        let inherited: Vec<u32> = (0..6).map(|turn| slots.owner(turn * 4 + 1)).collect();
        assert_eq!(inherited, [0, 2, 3, 0, 2, 3]);
        for worker in [0, 2, 3] {
            assert_eq!(Share::new(&slots, worker).of(240), 80);
        }
    }

    #[test]
    fn the_dead_inherit_nothing_and_without_survivors_nothing_changes() {
        let slots = Slots::initial(3);
        assert!(slots.after_loss(1, &[1, 2]).owners().iter().all(|owner| *owner != 1));
        assert_eq!(slots.after_loss(1, &[]), slots);
        assert_eq!(Slots::from_owners(Vec::new()), Err(ScheduleError::NoSlots));
    }

    proptest! {
        #[test]
        fn a_loss_moves_only_what_the_dead_one_owned(
            workers in 2..20_u32, deaths in prop::collection::vec(0..20_u32, 1..6),
        ) {
            let mut slots = Slots::initial(workers);
            let mut alive: Vec<u32> = (0..workers).collect();
            for death in deaths {
                if alive.len() == 1 { break; }
                let dead = alive.remove(death as usize % alive.len());
                let after = slots.after_loss(dead, &alive);
                for (old, new) in slots.owners().iter().zip(after.owners()) {
                    let as_it_should_be = if *old == dead { alive.contains(new) } else { old == new };
                    prop_assert!(as_it_should_be, "{old} became {new} when {dead} died");
                }
                slots = after;
            }
        }

        #[test]
        fn shares_count_what_they_own(owned in prop::collection::vec(any::<bool>(), 1..100), count in 0..1000_u64) {
            let share = Share { owned };
            prop_assert_eq!(share.of(count), (0..count).filter(|number| share.owns(*number)).count() as u64);
        }
    }
}
