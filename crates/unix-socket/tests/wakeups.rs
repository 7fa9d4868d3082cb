//! A model of the threads between the reaper, the waker and the event loop, run through in every order that there is. Each step is
//! what a thread does between taking the lock and letting it go. Nothing may get lost: the loop that waits for room wakes up without
//! its timer, and an idle thread is never needed to time out. To know that such a loss is found, each rule that prevents one is also
//! left out.

use std::collections::HashSet;

const THREADS: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Thread {
    Absent,
    /// Started, and it does not have the lock yet.
    Starting,
    /// Before the first look at the work; `late`: it has watched for longer than a close may take.
    Top {
        late: bool,
    },
    Idle {
        watching: bool,
    },
    /// Told, and it does not have the lock yet.
    Woken,
    /// In close(2); one that `blocks` never ends.
    Closing {
        blocks: bool,
    },
    /// Behind close(2), and it does not have the lock yet.
    Closed,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Loop {
    Giving,
    /// Counts the open descriptors; `announced`: after it has asked to be told of the next close.
    Looking {
        announced: bool,
    },
    Announcing,
    Sleeping,
    Done,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct World {
    /// What the loop will give to the reaper, one by one; true: its close blocks for ever.
    gifts: Vec<bool>,
    waiting: Vec<bool>,
    threads: [Thread; THREADS],
    /// Whose turn it is.
    turn: Option<usize>,
    told: bool,
    /// The loop's waker is registered.
    listening: bool,
    /// The eventfd is readable.
    rung: bool,
    open: usize,
    event_loop: Loop,
}

/// What the real code does; each can be left out.
#[derive(Clone, Copy)]
struct Rules {
    /// The loop looks again after it has asked to be told.
    looks_again: bool,
    /// The listeners are told after the close, not before.
    rings_after: bool,
    /// A thread that wakes takes back that one has been told.
    takes_back: bool,
    /// Who brings work while a close is under way wants a watcher.
    wants_watcher: bool,
}

const REAL: Rules = Rules { looks_again: true, rings_after: true, takes_back: true, wants_watcher: true };

impl World {
    fn new(gifts: &[bool]) -> Self {
        Self {
            gifts: gifts.to_vec(),
            waiting: Vec::new(),
            threads: [Thread::Absent; THREADS],
            turn: None,
            told: false,
            listening: false,
            rung: false,
            open: gifts.len(),
            event_loop: Loop::Giving,
        }
    }

    fn count(&self, is: impl Fn(&Thread) -> bool) -> usize {
        self.threads.iter().filter(|thread| is(thread)).count()
    }

    fn closing(&self) -> usize {
        self.count(|thread| matches!(thread, Thread::Closing { .. } | Thread::Closed))
    }

    fn idle(&self) -> usize {
        self.count(|thread| matches!(thread, Thread::Idle { watching: false } | Thread::Woken))
    }

    fn watchers(&self) -> usize {
        self.count(|thread| *thread == Thread::Idle { watching: true })
    }

    fn starting(&self) -> usize {
        self.count(|thread| *thread == Thread::Starting)
    }

    fn start(&mut self) {
        if let Some(free) = self.threads.iter_mut().find(|thread| **thread == Thread::Absent) {
            *free = Thread::Starting;
        }
    }

    /// notify_one: whichever of those that wait, but for those that watch.
    fn tell(self) -> Vec<Self> {
        if self.told {
            return vec![self];
        }
        let mut worlds = Vec::new();
        for at in 0..THREADS {
            if self.threads[at] == (Thread::Idle { watching: false }) {
                let mut world = self.clone();
                world.told = true;
                world.threads[at] = Thread::Woken;
                worlds.push(world);
            }
        }
        if worlds.is_empty() {
            worlds.push(Self { told: true, ..self });
        }
        worlds
    }

    fn want_watcher(mut self) -> Vec<Self> {
        if self.watchers() > 0 || self.starting() > 0 {
            return vec![self];
        }
        if self.idle() > 0 {
            return self.tell();
        }
        self.start();
        vec![self]
    }

    fn give(mut self, rules: Rules) -> Vec<Self> {
        if self.gifts.is_empty() {
            self.event_loop = Loop::Looking { announced: false };
            return vec![self];
        }
        let gift = self.gifts.remove(0);
        self.waiting.push(gift);
        if self.closing() > 0 {
            return if rules.wants_watcher { self.want_watcher() } else { vec![self] };
        }
        if self.idle() > 0 {
            return self.tell();
        }
        if self.starting() == 0 {
            self.start();
        }
        vec![self]
    }

    fn step_loop(mut self, rules: Rules, room_at: usize) -> Vec<Self> {
        self.event_loop = match self.event_loop {
            Loop::Giving => return self.give(rules),
            Loop::Looking { .. } if self.open <= room_at => Loop::Done,
            Loop::Looking { announced: false } => Loop::Announcing,
            Loop::Looking { announced: true } => Loop::Sleeping,
            Loop::Announcing => {
                self.listening = true;
                if rules.looks_again {
                    Loop::Looking { announced: true }
                } else {
                    Loop::Sleeping
                }
            }
            Loop::Sleeping if self.rung => {
                self.rung = false;
                Loop::Looking { announced: false }
            }
            Loop::Sleeping | Loop::Done => return Vec::new(),
        };
        vec![self]
    }

    fn ring(&mut self) {
        self.rung |= std::mem::take(&mut self.listening);
    }

    /// `work` and what comes behind it, up to where the lock is let go.
    fn work(mut self, at: usize, may_take: bool, rules: Rules) -> Vec<Self> {
        self.threads[at] = Thread::Top { late: false };
        if !may_take || self.waiting.is_empty() {
            let watching = self.closing() > 0 && !self.waiting.is_empty();
            self.threads[at] = Thread::Idle { watching };
            return vec![self];
        }
        let blocks = self.waiting.remove(0);
        self.threads[at] = Thread::Closing { blocks };
        self.turn = Some(at);
        if !rules.rings_after {
            self.ring();
        }
        if self.waiting.is_empty() {
            vec![self]
        } else {
            self.want_watcher()
        }
    }

    fn step_thread(mut self, at: usize, rules: Rules) -> Vec<Self> {
        match self.threads[at] {
            Thread::Absent | Thread::Closing { blocks: true } => Vec::new(),
            Thread::Starting => {
                self.threads[at] = Thread::Top { late: false };
                vec![self]
            }
            Thread::Top { late } => {
                let free = late || self.closing() == 0;
                self.work(at, free, rules)
            }
            Thread::Idle { watching: true } => {
                self.threads[at] = Thread::Top { late: true };
                vec![self]
            }
            // With work it would go on. That must not be needed.
            Thread::Idle { watching: false } if self.waiting.is_empty() => {
                self.told &= !rules.takes_back;
                self.threads[at] = Thread::Absent;
                vec![self]
            }
            Thread::Idle { watching: false } => Vec::new(),
            Thread::Woken => {
                self.told &= !rules.takes_back;
                self.threads[at] = Thread::Top { late: false };
                vec![self]
            }
            Thread::Closing { blocks: false } => {
                self.open -= 1;
                self.threads[at] = Thread::Closed;
                vec![self]
            }
            Thread::Closed => {
                self.threads[at] = Thread::Top { late: false };
                if rules.rings_after {
                    self.ring();
                }
                let mine = self.turn == Some(at) || self.closing() == 0;
                self.work(at, mine, rules)
            }
        }
    }
}

/// Goes through every order. A state in which nobody can go on before the loop has found room is a loss.
fn explore(gifts: &[bool], rules: Rules) -> Result<usize, World> {
    let room_at = gifts.iter().filter(|blocks| **blocks).count();
    let mut seen = HashSet::new();
    let mut open = vec![World::new(gifts)];
    while let Some(world) = open.pop() {
        if !seen.insert(world.clone()) {
            continue;
        }
        let mut next = world.clone().step_loop(rules, room_at);
        for at in 0..THREADS {
            next.extend(world.clone().step_thread(at, rules));
        }
        if next.is_empty() && world.event_loop != Loop::Done {
            return Err(world);
        }
        open.append(&mut next);
    }
    Ok(seen.len())
}

/// Descriptors of which some block, in every order.
fn cases() -> Vec<Vec<bool>> {
    (1..=4_u32)
        .flat_map(|length| (0..1_u32 << length).map(move |bits| (0..length).map(|at| bits >> at & 1 == 1).collect()))
        // One thread has to remain.
        .filter(|gifts: &Vec<bool>| gifts.iter().filter(|blocks| **blocks).count() < THREADS)
        .collect()
}

#[test]
fn in_no_order_of_steps_is_a_wake_up_lost() {
    let mut states = 0;
    for gifts in cases() {
        states += explore(&gifts, REAL).unwrap_or_else(|world| panic!("stuck: {world:?}"));
    }
    assert!(states > 10_000, "{states} states are not all");
}

#[test]
fn the_model_finds_what_each_rule_prevents() {
    let loses = |rules: Rules| cases().iter().any(|gifts| explore(gifts, rules).is_err());
    assert!(loses(Rules { looks_again: false, ..REAL }), "looks again");
    assert!(loses(Rules { rings_after: false, ..REAL }), "rings after the close");
    assert!(loses(Rules { takes_back: false, ..REAL }), "takes back");
    assert!(loses(Rules { wants_watcher: false, ..REAL }), "wants a watcher");
}
