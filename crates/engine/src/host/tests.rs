use std::thread;

use super::*;

fn turn(user: u64, turn: u64) -> Order {
    Order::Turn { user, turn, class: 0, act: Act::Press, row: 0, intended_ns: 0 }
}

fn is_readable(fd: RawFd) -> bool {
    // SAFETY: the host that owns the descriptor lives as long as the test.
    let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
    let mut polled = [rustix::event::PollFd::new(&fd, rustix::event::PollFlags::IN)];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::event::poll(&mut polled, Some(&now)).unwrap() == 1
}

#[test]
fn orders_come_in_batches_after_one_wake() {
    let host = Host::default();
    host.order(turn(1, 1));
    let fd = host.orders_fd().unwrap();
    assert!(is_readable(fd), "what was ordered before anybody looked wakes too");
    host.order(turn(2, 2));
    assert_eq!(host.take_orders(), [turn(1, 1), turn(2, 2)]);
    assert!(!is_readable(fd));
    assert!(host.take_orders().is_empty());
    host.order(Order::Close);
    assert!(is_readable(fd));
}

#[test]
fn a_thread_hears_only_what_is_in_its_mailbox() {
    let host = Host::default();
    let (one, other) = (host.hire(7, 0), host.hire(8, 1));
    host.order_thread(one, turn(7, 1));
    host.order_thread(one, turn(7, 2));
    host.order_thread(other, turn(8, 3));
    let hired =
        [Order::Hire { mailbox: one, user: 7, class: 0 }, Order::Hire { mailbox: other, user: 8, class: 1 }];
    assert_eq!(host.take_orders(), hired);
    thread::scope(|scope| {
        let heard = scope.spawn(|| {
            let first = host.next_order(one);
            host.dismiss_thread(one);
            [first, host.next_order(one)]
        });
        assert_eq!(heard.join().unwrap(), [turn(7, 1), Order::Dismissed]);
    });
    assert_eq!(host.next_order(other), turn(8, 3));
}

#[test]
fn a_thread_that_waits_is_let_go() {
    let host = Host::default();
    let mailbox = host.hire(7, 0);
    thread::scope(|scope| {
        let waits = scope.spawn(|| host.next_order(mailbox));
        // The thread holds its mailbox from when it waits on.
        while Arc::strong_count(&lock(&host.mailboxes)[&mailbox]) == 1 {
            thread::yield_now();
        }
        host.dismiss_thread(mailbox);
        assert_eq!(waits.join().unwrap(), Order::Dismissed);
    });
}

#[test]
fn a_thread_that_was_given_up_before_it_came_never_hears_what_is_meant_for_its_successor() {
    let host = Host::default();
    let given_up = host.hire(7, 0);
    host.order_thread(given_up, turn(7, 1));
    host.dismiss_thread(given_up);
    let successor = host.hire(7, 1);
    host.order_thread(successor, turn(7, 2));
    assert_eq!(host.next_order(given_up), Order::Dismissed);
    assert_eq!(host.next_order(successor), turn(7, 2));
    host.order_thread(given_up, turn(7, 3));
    assert_eq!(host.next_order(given_up), Order::Dismissed, "an answer to what it has asked comes too late");
}

#[test]
fn everybody_is_let_go_at_the_end() {
    let host = Host::default();
    let mailbox = host.hire(7, 0);
    host.close();
    assert_eq!(host.take_orders(), [Order::Hire { mailbox, user: 7, class: 0 }, Order::Close]);
    assert_eq!(host.next_order(mailbox), Order::Dismissed, "its mailbox is gone before its thread came");
}

#[test]
fn the_engine_is_woken_once_for_many_words() {
    let host = Host::default();
    let fd = host.words_fd().unwrap().as_raw_fd();
    let _ = rustix::io::read(host.words_fd().unwrap(), &mut [0; 8]);
    host.mention(Word::Began);
    assert!(!is_readable(fd), "what is merely counted wakes nobody");
    host.say(Word::Began);
    host.say(Word::Closed);
    let mut count = [0; 8];
    assert!(is_readable(fd));
    rustix::io::read(host.words_fd().unwrap(), &mut count).unwrap();
    assert_eq!(u64::from_ne_bytes(count), 1);
    assert_eq!(host.take_words().len(), 3);
    host.say(Word::Closed);
    assert!(is_readable(fd), "once more, after it has taken them");
}

#[test]
fn code_is_handed_over_once_and_answered() {
    let host = Host::default();
    assert_eq!(host.loaded(), None);
    thread::scope(|scope| {
        let loader = scope.spawn(|| {
            let code = host.next_code();
            host.code_loaded(Loaded::Badly("no".into()));
            (code, host.next_code())
        });
        host.load("{}".into());
        while host.loaded().is_none() {
            thread::yield_now();
        }
        host.has_no_code();
        assert_eq!(loader.join().unwrap(), (Some("{}".to_owned()), None));
    });
    assert_eq!(host.loaded(), Some(Loaded::Badly("no".into())));
}
