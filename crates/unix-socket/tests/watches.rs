//! A model of the sentry, the thread that waits for a poller: it, the event loop and whoever brings events, run through in every order
//! that there is. Each step is what a thread does between taking the lock and letting it go, or one system call. No event may be
//! left lying, no call may come before the last one was answered, and the thread must end when it is told to. To know that such a
//! fault is found, each rule that prevents one is also left out.

use std::collections::HashSet;

/// What comes from outside.
const EVENTS: u8 = 3;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Duty {
    Watch,
    Rest,
    End,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Thread {
    /// Before its look at its duty.
    Asking,
    /// In the condition variable; it hears a word only here.
    Waiting,
    /// In poll(2).
    Polling,
    /// Behind poll(2), which said that there is something.
    Found,
    Calling,
    /// Only where it calls before it rests.
    Called,
    Ended,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Loop {
    Idle,
    /// It was called, and takes the events of the poller.
    Collecting,
    Answering,
    /// It has told the thread to end, and not rung yet.
    Ending,
    Joining,
    Done,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct World {
    duty: Duty,
    thread: Thread,
    event_loop: Loop,
    /// Calls that the loop has not taken yet.
    calls: u8,
    /// Events that will come; events that lie in the poller, which is readable as long as there are some.
    coming: u8,
    lying: u8,
    rung: bool,
}

/// What the real code does; each can be left out.
#[derive(Clone, Copy)]
struct Rules {
    /// It rests before it calls: the answer may come at once.
    rests_first: bool,
    /// Who is answered is told.
    tells: bool,
    /// It does not poll while it rests, because the poller stays readable until the loop has come.
    rests: bool,
    /// Whoever ends it tells it, and rings.
    tells_the_end: bool,
    rings: bool,
}

const REAL: Rules = Rules { rests_first: true, tells: true, rests: true, tells_the_end: true, rings: true };

#[derive(Debug)]
enum Fault {
    /// Something lies in the poller, and nobody will ever come for it.
    Forgotten,
    /// It called again before it was answered.
    Impatient,
    /// The loop waits for its end for ever.
    Endless,
}

impl World {
    const fn new() -> Self {
        Self {
            duty: Duty::Watch,
            thread: Thread::Asking,
            event_loop: Loop::Idle,
            calls: 0,
            coming: EVENTS,
            lying: 0,
            rung: false,
        }
    }

    fn step_world(&self) -> Option<Self> {
        (self.coming > 0).then(|| Self { coming: self.coming - 1, lying: self.lying + 1, ..self.clone() })
    }

    fn step_thread(&self, rules: Rules) -> Option<Self> {
        let mut next = self.clone();
        next.thread = match self.thread {
            Thread::Asking => match self.duty {
                Duty::End => Thread::Ended,
                Duty::Rest if rules.rests => Thread::Waiting,
                Duty::Rest | Duty::Watch => Thread::Polling,
            },
            Thread::Polling if self.lying > 0 => Thread::Found,
            Thread::Polling if self.rung => Thread::Asking,
            Thread::Found if !rules.rests_first => Thread::Calling,
            Thread::Found | Thread::Called => {
                let watches = self.duty == Duty::Watch;
                next.duty = if watches { Duty::Rest } else { self.duty };
                let calls = self.thread == Thread::Found && self.duty != Duty::End;
                if calls {
                    Thread::Calling
                } else {
                    Thread::Asking
                }
            }
            Thread::Calling => {
                next.calls += 1;
                if rules.rests_first {
                    Thread::Asking
                } else {
                    Thread::Called
                }
            }
            Thread::Waiting | Thread::Polling | Thread::Ended => return None,
        };
        Some(next)
    }

    fn tell(&mut self) {
        if self.thread == Thread::Waiting {
            self.thread = Thread::Asking;
        }
    }

    fn step_loop(&self, rules: Rules) -> Option<Self> {
        let mut next = self.clone();
        next.event_loop = match self.event_loop {
            Loop::Idle if self.calls > 0 => {
                next.calls -= 1;
                Loop::Collecting
            }
            Loop::Collecting => {
                next.lying = 0;
                Loop::Answering
            }
            Loop::Answering => {
                if self.duty == Duty::Rest {
                    next.duty = Duty::Watch;
                    if rules.tells {
                        next.tell();
                    }
                }
                Loop::Idle
            }
            Loop::Ending => {
                next.rung = rules.rings;
                Loop::Joining
            }
            Loop::Joining if self.thread == Thread::Ended => Loop::Done,
            Loop::Idle | Loop::Joining | Loop::Done => return None,
        };
        Some(next)
    }

    /// The loop may end whenever nothing else keeps it busy.
    fn step_end(&self, rules: Rules) -> Option<Self> {
        if self.event_loop != Loop::Idle {
            return None;
        }
        let mut next = Self { duty: Duty::End, event_loop: Loop::Ending, ..self.clone() };
        if rules.tells_the_end {
            next.tell();
        }
        Some(next)
    }

    fn fault(&self, can_go_on: bool) -> Option<Fault> {
        if self.calls > 1 || (self.calls == 1 && self.event_loop == Loop::Collecting) {
            return Some(Fault::Impatient);
        }
        match self.event_loop {
            _ if can_go_on => None,
            Loop::Idle if self.lying > 0 => Some(Fault::Forgotten),
            Loop::Joining => Some(Fault::Endless),
            _ => None,
        }
    }
}

/// Goes through every order: how many states there are, or the first fault.
fn explore(rules: Rules) -> Result<usize, (Fault, World)> {
    let mut seen = HashSet::new();
    let mut open = vec![World::new()];
    while let Some(world) = open.pop() {
        if !seen.insert(world.clone()) {
            continue;
        }
        let next: Vec<World> =
            [world.step_world(), world.step_thread(rules), world.step_loop(rules)].into_iter().flatten().collect();
        if let Some(fault) = world.fault(!next.is_empty()) {
            return Err((fault, world));
        }
        open.extend(next);
        open.extend(world.step_end(rules));
    }
    Ok(seen.len())
}

#[test]
fn in_no_order_of_steps_is_an_event_forgotten_or_the_end_missed() {
    let states = explore(REAL).unwrap_or_else(|found| panic!("{found:?}"));
    assert!(states > 150, "{states} states are not all");
}

#[test]
fn the_model_finds_what_each_rule_prevents() {
    let fault = |rules: Rules| explore(rules).err().map(|(fault, _)| fault);
    assert!(matches!(fault(Rules { rests_first: false, ..REAL }), Some(Fault::Forgotten | Fault::Impatient)));
    assert!(matches!(fault(Rules { tells: false, ..REAL }), Some(Fault::Forgotten)));
    assert!(matches!(fault(Rules { rests: false, ..REAL }), Some(Fault::Impatient)));
    assert!(matches!(fault(Rules { tells_the_end: false, ..REAL }), Some(Fault::Endless)));
    assert!(matches!(fault(Rules { rings: false, ..REAL }), Some(Fault::Endless)));
}
