//! Which descriptor is ready, without asking the kernel's queue: in a conversation it is the one that was ready the last times.
//!
//! A guess costs nothing when it is right, and one receive in vain when it is wrong: then the queue, which still has the true event,
//! is asked. It is made only while each wake-up brings one message or connection, so that nobody waits long for being asked about.

use super::{Event, READABLE};

/// How often the same descriptor must have been ready alone before it is expected to be.
const PATIENCE: u8 = 4;
/// Guesses in a row, before the queue is asked whether somebody else has been forgotten.
const RUN: u8 = 15;

/// What the last wake-ups have taught.
#[derive(Default)]
pub(super) struct Guess {
    last: Option<Event>,
    /// How often in a row it was ready, and nobody else.
    streak: u8,
    /// Guesses since the queue was asked.
    run: u8,
    /// Since the last wake-up one receive or accept has brought one.
    brought_one: bool,
}

impl Guess {
    /// What is ready, if that is clear.
    pub(super) fn next(&mut self) -> Option<Event> {
        let is_clear = std::mem::take(&mut self.brought_one) && self.streak >= PATIENCE && self.run < RUN;
        if !is_clear {
            return None;
        }
        self.run += 1;
        self.last
    }

    /// The queue was asked, and said this.
    pub(super) fn asked(&mut self, events: &[Event]) {
        let alone = match events {
            [event] if event.mask == READABLE => Some(*event),
            _ => None,
        };
        // A guess that brought nothing was wrong, though the same descriptor is ready now.
        let was_wrong = (1..RUN).contains(&self.run);
        let goes_on = alone.is_some() && alone == self.last && !was_wrong;
        self.streak = if goes_on { (self.streak + 1).min(PATIENCE) } else { 0 };
        self.last = alone;
        self.run = 0;
        self.brought_one = false;
    }

    /// A receive or an accept has brought so many.
    pub(super) fn brought(&mut self, count: usize) {
        self.brought_one = count == 1;
    }

    /// Somebody has come, gone or changed what he waits for.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::super::WRITABLE;
    use super::*;

    const FIRST: Event = Event { key: 1, mask: READABLE };
    const SECOND: Event = Event { key: 2, mask: READABLE };

    /// After a conversation that has lasted for a while.
    fn taught() -> Guess {
        let mut guess = Guess::default();
        for _ in 0..=PATIENCE {
            assert_eq!(guess.next(), None);
            guess.asked(&[FIRST]);
            guess.brought(1);
        }
        guess
    }

    #[test]
    fn who_was_ready_alone_again_and_again_is_guessed_and_now_and_then_the_queue_is_asked() {
        let mut guess = taught();
        for _ in 0..3 {
            for _ in 0..RUN {
                assert_eq!(guess.next(), Some(FIRST));
                guess.brought(1);
            }
            assert_eq!(guess.next(), None);
            guess.asked(&[FIRST]);
            guess.brought(1);
        }
    }

    #[test]
    fn a_wake_up_that_brought_nothing_or_much_asks() {
        for messages in [0, 2, 32] {
            let mut guess = taught();
            guess.brought(messages);
            assert_eq!(guess.next(), None);
        }
        let mut guess = taught();
        assert_eq!(guess.next(), Some(FIRST));
        assert_eq!(guess.next(), None, "nothing was received since");
    }

    #[test]
    fn a_wrong_guess_must_be_learned_anew() {
        let mut guess = taught();
        assert_eq!(guess.next(), Some(FIRST));
        assert_eq!(guess.next(), None);
        for _ in 0..=PATIENCE {
            guess.asked(&[FIRST]);
            guess.brought(1);
            if guess.streak < PATIENCE {
                assert_eq!(guess.next(), None);
            }
        }
        assert_eq!(guess.next(), Some(FIRST));
    }

    #[test]
    fn two_who_take_turns_two_at_once_and_other_events_are_never_guessed() {
        let writable = Event { key: 1, mask: READABLE | WRITABLE };
        for turns in [[vec![FIRST], vec![SECOND]], [vec![FIRST], vec![FIRST, SECOND]], [vec![writable], vec![writable]]]
        {
            let mut guess = Guess::default();
            for turn in turns.iter().cycle().take(20) {
                assert_eq!(guess.next(), None);
                guess.asked(turn);
                guess.brought(1);
            }
        }
    }

    #[test]
    fn a_change_of_what_is_watched_makes_it_forget() {
        let mut guess = taught();
        guess.forget();
        guess.brought(1);
        assert_eq!(guess.next(), None);
    }
}
