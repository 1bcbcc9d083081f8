//! Which row iteration or user number n gets.

use super::Permutation;
use crate::plan::{DataSet, DataSource, Exhausted, Pick, Plan};
use crate::random::{Random, mix};

/// Keeps the seeds of data sets apart from those of iterations, which are `mix(seed, number)`.
const DATA_STREAM: u64 = 0x6461_7461_726f_7773;

/// What a number gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dealt {
    /// The row at this index.
    Row(u64),
    /// No row is left; [`DataSet::when_exhausted`] says what that means.
    Exhausted,
}

/// Deals the rows of one data set by arithmetic: the same number gets the same row on every worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dealer {
    pick: Pick,
    rows: u64,
    recycles: bool,
    seed: u64,
    /// Of the current turn through the rows, because numbers mostly come one after the other.
    shuffle: Option<(u64, Permutation)>,
}

impl Dealer {
    /// Deals `rows` rows. `seed` decides what `shuffle` and `random` give.
    pub fn new(pick: Pick, rows: u64, when_exhausted: Exhausted, seed: u64) -> Self {
        Self { pick, rows, recycles: when_exhausted == Exhausted::Recycle, seed, shuffle: None }
    }

    /// Deals the rows of data set number `index` of a plan. Each has a seed of its own.
    pub fn of(plan: &Plan, index: usize) -> Self {
        let data = &plan.data[index];
        let seed = mix(mix(plan.seed, DATA_STREAM), index as u64);
        Self::new(data.pick, data.rows(), data.when_exhausted, seed)
    }

    /// What iteration or user `number` gets.
    pub fn deal(&mut self, number: u64) -> Dealt {
        if self.rows == 0 {
            return Dealt::Exhausted;
        }
        let (turn, place) = (number / self.rows, number % self.rows);
        match self.pick {
            Pick::Unique | Pick::Sequential if turn > 0 && !self.recycles => Dealt::Exhausted,
            Pick::Unique | Pick::Sequential => Dealt::Row(place),
            Pick::Shuffle => Dealt::Row(self.permutation(turn).apply(place)),
            Pick::Random => Dealt::Row(Random::new(mix(self.seed, number)).below(self.rows)),
        }
    }

    fn permutation(&mut self, turn: u64) -> Permutation {
        match self.shuffle {
            Some((current, permutation)) if current == turn => permutation,
            _ => {
                let permutation = Permutation::new(self.rows, mix(self.seed, turn));
                self.shuffle = Some((turn, permutation));
                permutation
            }
        }
    }
}

impl DataSet {
    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        match &self.source {
            DataSource::File { rows, .. } => *rows,
            DataSource::Rows(rows) => rows.len() as u64,
        }
    }
}

/// The number of iteration `iteration` of user `user` in a closed load that never has more than `users` users: no other
/// iteration of the run has it. In an open load the number of the arrival is the number of the iteration.
pub fn number_of_iteration(user: u64, users: u64, iteration: u64) -> u64 {
    debug_assert!(user < users, "user {user} of {users}");
    iteration.saturating_mul(users).saturating_add(user)
}

/// The number of a user of an open load: seat `seat` of worker `worker` of the `workers` that started the run. No seat of
/// another worker has it. In a closed load users are numbered already.
pub fn number_of_seat(seat: u64, worker: u32, workers: u32) -> u64 {
    debug_assert!(worker < workers, "worker {worker} of {workers}");
    seat.saturating_mul(u64::from(workers)).saturating_add(u64::from(worker))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    const PICKS: [Pick; 4] = [Pick::Unique, Pick::Sequential, Pick::Shuffle, Pick::Random];

    fn dealt(pick: Pick, rows: u64, when_exhausted: Exhausted, numbers: u64) -> Vec<Dealt> {
        let mut dealer = Dealer::new(pick, rows, when_exhausted, 7);
        (0..numbers).map(|number| dealer.deal(number)).collect()
    }

    fn row(dealt: Dealt) -> u64 {
        match dealt {
            Dealt::Row(index) => index,
            Dealt::Exhausted => panic!("exhausted"),
        }
    }

    #[test]
    fn unique_and_sequential_rows_come_in_order_and_end() {
        use Dealt::{Exhausted as None, Row};
        for pick in [Pick::Unique, Pick::Sequential] {
            for when_exhausted in [Exhausted::Stop, Exhausted::Fail] {
                assert_eq!(dealt(pick, 3, when_exhausted, 5), [Row(0), Row(1), Row(2), None, None]);
            }
            assert_eq!(dealt(pick, 2, Exhausted::Recycle, 5), [Row(0), Row(1), Row(0), Row(1), Row(0)]);
        }
    }

    #[test]
    fn shuffle_and_random_never_run_out() {
        for pick in [Pick::Shuffle, Pick::Random] {
            assert!(!dealt(pick, 3, Exhausted::Stop, 100).contains(&Dealt::Exhausted));
        }
    }

    #[test]
    fn each_turn_of_a_shuffle_gives_all_rows_in_an_order_of_its_own() {
        let rows: Vec<u64> =
            dealt(Pick::Shuffle, 100, Exhausted::Recycle, 300).into_iter().map(row).collect();
        let turns: Vec<&[u64]> = rows.chunks(100).collect();
        for turn in &turns {
            assert_eq!(turn.iter().collect::<HashSet<_>>().len(), 100);
        }
        assert!(turns[0] != turns[1] && turns[1] != turns[2] && turns[0] != turns[2]);
    }

    #[test]
    fn random_rows_are_spread_evenly_and_repeat() {
        let mut counts = [0_u32; 10];
        dealt(Pick::Random, 10, Exhausted::Stop, 10_000).into_iter().for_each(|dealt| {
            counts[row(dealt) as usize] += 1;
        });
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn without_rows_there_is_nothing_to_deal() {
        for pick in PICKS {
            assert_eq!(dealt(pick, 0, Exhausted::Recycle, 2), [Dealt::Exhausted; 2]);
        }
    }

    #[test]
    fn iterations_of_all_users_and_seats_of_all_workers_are_numbered_without_gaps() {
        let iterations: HashSet<u64> = (0..20)
            .flat_map(|iteration| (0..5).map(move |user| number_of_iteration(user, 5, iteration)))
            .collect();
        assert_eq!(iterations, (0..100).collect());
        let seats: HashSet<u64> =
            (0..20).flat_map(|seat| (0..5).map(move |worker| number_of_seat(seat, worker, 5))).collect();
        assert_eq!(seats, (0..100).collect());
    }

    proptest! {
        #[test]
        fn a_number_gets_its_row_whatever_was_dealt_before(
            pick in prop::sample::select(&PICKS), rows in 1_u64..50, seed: u64, numbers in prop::collection::vec(0_u64..500, 1..50),
        ) {
            let fresh = Dealer::new(pick, rows, Exhausted::Stop, seed);
            let mut used = fresh;
            for number in numbers {
                prop_assert_eq!(used.deal(number), fresh.clone().deal(number));
            }
        }

        #[test]
        fn workers_together_give_each_unique_row_exactly_once(rows in 0_u64..500, workers in 1_u64..9, arrivals in 0_u64..800) {
            let mut given = Vec::new();
            for worker in 0..workers {
                let mut dealer = Dealer::new(Pick::Unique, rows, Exhausted::Stop, 1);
                let mine = (worker..arrivals).step_by(workers as usize).map(|number| dealer.deal(number));
                given.extend(mine.filter(|dealt| *dealt != Dealt::Exhausted).map(row));
            }
            given.sort_unstable();
            prop_assert_eq!(given, (0..rows.min(arrivals)).collect::<Vec<_>>());
        }

        #[test]
        fn any_number_gets_a_row_that_exists(pick in prop::sample::select(&PICKS), rows in 1..=u64::MAX, seed: u64, number: u64) {
            match Dealer::new(pick, rows, Exhausted::Recycle, seed).deal(number) {
                Dealt::Row(index) => prop_assert!(index < rows),
                Dealt::Exhausted => prop_assert!(false),
            }
        }
    }
}
