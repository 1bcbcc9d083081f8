//! merge(split(plan, n)) == plan, whatever is changed while it runs.

use super::*;

/// What happens at an instant of the run, given as a part of its length.
#[derive(Debug, Clone)]
enum Event {
    Rescale(f64),
    Die(usize),
    End,
}

fn event() -> impl Strategy<Value = (f64, Event)> {
    let event = prop_oneof![
        4 => prop_oneof![Just(0.5), Just(1.1), 0.0..3.0].prop_map(Event::Rescale),
        3 => (0..100_usize).prop_map(Event::Die),
        1 => Just(Event::End),
    ];
    (0.0..1.0_f64, event)
}

/// One worker: its own cursor, schedule and share, changed by the same commands as those of all others.
struct Worker {
    index: u32,
    arrivals: Arrivals,
    schedule: Schedule,
    share: Share,
    fired: Vec<Arrival>,
}

impl Worker {
    fn fire_until(&mut self, t_ns: u64) {
        while let Some(arrival) = self.arrivals.peek(&self.schedule).filter(|arrival| arrival.at_ns < t_ns) {
            self.arrivals.advance();
            if self.share.owns(arrival.number) {
                self.fired.push(arrival);
            }
        }
    }
}

proptest! {
    #[test]
    fn every_arrival_is_fired_by_exactly_one_worker(
        stages in stages(), law in law(), workers in 1..9_u32,
        mut events in prop::collection::vec(event(), 0..8),
    ) {
        let mut schedule = Schedule::new(&stages, law, 11).unwrap();
        let mut slots = Slots::initial(workers);
        let mut alive: Vec<Worker> = (0..workers)
            .map(|index| Worker {
                index, arrivals: Arrivals::new(&schedule), schedule: schedule.clone(), share: Share::new(&slots, index),
                fired: Vec::new(),
            })
            .collect();
        let mut fired = Vec::new();
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
        let length_ns = schedule.duration_ns();
        for (part, event) in events {
            let at_ns = (length_ns as f64 * part) as u64;
            // Even before they hear of a change, workers fire no arrival past its instant.
            alive.iter_mut().for_each(|worker| worker.fire_until(at_ns));
            match event {
                Event::Rescale(factor) => schedule = schedule.rescaled(at_ns, factor),
                Event::End => schedule = schedule.ended_at(at_ns),
                Event::Die(which) if alive.len() > 1 => {
                    let dead = alive.remove(which % alive.len());
                    let survivors: Vec<u32> = alive.iter().map(|worker| worker.index).collect();
                    slots = slots.after_loss(dead.index, &survivors);
                    fired.extend(dead.fired);
                }
                Event::Die(_) => {}
            }
            for worker in &mut alive {
                worker.schedule = schedule.clone();
                worker.share = Share::new(&slots, worker.index);
            }
        }
        for mut worker in alive {
            worker.fire_until(u64::MAX);
            fired.extend(worker.fired);
        }
        fired.sort_by_key(|arrival| arrival.number);
        prop_assert_eq!(fired, all(&schedule));
    }

    #[test]
    fn what_is_due_before_a_change_is_untouched(
        stages in stages(), law in law(), part in 0.0..1.1_f64, factor in 0.0..3.0_f64, again in 0.0..1.1_f64,
    ) {
        let original = Schedule::new(&stages, law, 5).unwrap();
        let (first_ns, second_ns) = (in_range(&original, part.min(again)), in_range(&original, part.max(again)));
        let once = original.rescaled(first_ns, factor);
        // A second change may come before or after the first.
        for (old, at_ns) in [(&original, first_ns), (&once, second_ns), (&original.rescaled(second_ns, factor), first_ns)] {
            let mut same = all(old);
            same.retain(|arrival| arrival.at_ns < at_ns);
            for changed in [old.ended_at(at_ns), old.rescaled(at_ns, factor)] {
                let arrivals = all(&changed);
                prop_assert_eq!(&arrivals[..same.len()], &same[..]);
                prop_assert!(arrivals[same.len()..].iter().all(|arrival| arrival.at_ns >= at_ns));
                prop_assert_eq!(changed.planned_until(at_ns), same.len() as u64);
            }
        }
    }

    #[test]
    fn a_factor_multiplies_what_is_still_to_come(
        stages in stages(), part in 0.0..1.0_f64, factor in 0.1..3.0_f64, later in 0.0..1.0_f64,
    ) {
        let original = uniform(&stages);
        let at_ns = in_range(&original, part);
        let changed = original.rescaled(at_ns, factor);
        let later_ns = at_ns + ((original.duration_ns() - at_ns) as f64 * later) as u64;
        prop_assert!((changed.rate_at(later_ns) - original.rate_at(later_ns) * factor).abs() < 1e-9 * 600.0);
        let expected =
            integrated_rate(&stages, at_ns) * (1.0 - factor) + integrated_rate(&stages, later_ns) * factor;
        prop_assert!((changed.planned_until(later_ns) as f64 - expected).abs() <= 1.0 + 1e-6);
    }

    #[test]
    fn many_changes_agree_with_the_sum_of_their_parts(
        stages in stages(), changes in prop::collection::vec((0.0..1.0_f64, 0.5..2.0_f64), 1..40),
    ) {
        let mut schedule = uniform(&stages);
        let mut instants: Vec<(u64, f64)> =
            changes.iter().map(|(part, factor)| (in_range(&schedule, *part), *factor)).collect();
        instants.sort_by_key(|change| change.0);
        let (mut expected, mut factor, mut last_ns) = (0.0, 1.0, 0);
        for (at_ns, change) in instants {
            expected += (integrated_rate(&stages, at_ns) - integrated_rate(&stages, last_ns)) * factor;
            schedule = schedule.rescaled(at_ns, change);
            (factor, last_ns) = (factor * change, at_ns);
        }
        expected += (integrated_rate(&stages, schedule.duration_ns()) - integrated_rate(&stages, last_ns)) * factor;
        let planned = schedule.planned_until(u64::MAX) as f64;
        prop_assert!((planned - expected).abs() <= 1.0 + expected * 1e-9, "{planned} {expected}");
    }
}
