#![allow(unsafe_code)]
//! Receiving a batch of messages into a slab of slots, with their facts in an Int32Array.
//!
//! `meta` is rows of META_STRIDE numbers. Row 0 tells how the batch ended; row 1 + i describes message i, whose data is in slot i,
//! whose descriptors are in `fds` from i * 253 on, and whose raw control messages and name are in `extra` from i * EXTRA_SIZE on.

use crate::headroom;
use crate::memory::{Kept, Out};
use crate::process::write_ids;
use crate::state::{self, borrow, code, failed, negative, State};
use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;
use std::cell::RefCell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use unix_socket::closing;
use unix_socket::control::{self, FDS_MAX};
use unix_socket::exact::{self, Reach};
use unix_socket::headroom::Room;
use unix_socket::process::{self, ProcessIds};
use unix_socket::receive::{self, Look, Place, Received};
use unix_socket::spare::Spare;
use unix_socket::{address, Errno};

/// Messages of one batch.
pub(crate) const SLOTS: usize = 32;
/// Bytes of a slot.
pub(crate) const SLOT_SIZE: usize = 65_536;
/// Bytes of spare memory behind each slot, for longer records.
pub(crate) const SPARE_SIZE: usize = 1 << 20;
/// Bytes beside each slot: raw control messages, then the sender's name.
pub(crate) const EXTRA_SIZE: usize = control::BUFFER_SIZE + address::BUFFER_SIZE;
/// Numbers in a row of `meta`.
pub(crate) const META_STRIDE: usize = 24;
/// Added to the type of a stream socket: see [`receive`].
pub(crate) const EXACT: i32 = 0x100;
/// Added to the type of a socket that accepts descriptors: it waits while too few are free.
pub(crate) const GAUGED: i32 = 0x200;
/// Where a row tells whether there is more than data.
const SPECIAL: usize = 19;
/// Where row 0 tells what is asked for: each argument of a native function costs as much as a tenth of a small message.
pub(crate) const ASKED: usize = 3;

/// Where the facts of received messages go, registered once by each environment.
pub(crate) struct Memory {
    meta: Kept<i32>,
    fds: Kept<i32>,
    extra: Kept<u8>,
    /// The slab of receives that name no other.
    slab: Kept<u8>,
    batch: receive::Batch,
    places: Vec<Place>,
    spare: Option<Spare>,
}

/// Registers the arrays that every `receive` writes facts into, and the slab of those that name no other. They are never given to
/// anybody else, so that nobody detaches them.
#[napi(catch_unwind, ts_args_type = "meta: Int32Array, fds: Int32Array, extra: Uint8Array, slab: Uint8Array")]
pub fn register_memory(env: Env, meta: Object<'_>, fds: Object<'_>, extra: Object<'_>, slab: Object<'_>) -> Result<()> {
    let memory = Memory {
        meta: Kept::new(&env, &meta)?,
        fds: Kept::new(&env, &fds)?,
        extra: Kept::new(&env, &extra)?,
        slab: Kept::new(&env, &slab)?,
        batch: receive::Batch::new(SLOTS),
        places: Vec::with_capacity(SLOTS),
        spare: None,
    };
    if memory.meta.len() < (SLOTS + 1) * META_STRIDE
        || memory.fds.len() < SLOTS * FDS_MAX
        || memory.extra.len() < SLOTS * EXTRA_SIZE
        || memory.slab.len() < SLOTS * SLOT_SIZE
    {
        return Err(failed("registering arrays that are too small"));
    }
    let _ = state::of(&env)?.memory.set(RefCell::new(memory));
    Ok(())
}

/// What a socket's messages look like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Stream,
    Seqpacket,
    Datagram,
}

/// Receives up to `want` messages of at most `limit` bytes into the registered slab. Returns how many came, or a negative errno
/// when none did. `kind` is a socket type, with EXACT added where a stream's message with descriptors begins at the byte to which they
/// were attached, and with GAUGED where NO_ROOM may be returned: too few descriptors are free.
///
/// Row 0: \[errno that ended the batch or 0, 1 at the end of the stream, 1 if a row is special, and what is asked for: descriptor of
/// the socket, kind, want, limit, most descriptors of a message].
/// Other rows: \[copied, length, fds, refused, truncated, has credentials, pid, uid, gid, control bytes, name bytes or -1,
/// pidfd or negative errno or 0, ids told, real uid and gid, effective uid and gid, saved uid and gid, special].
/// A row that is not special has data that came whole, and nothing else: only its first two numbers and the last are set.
#[napi(catch_unwind)]
pub fn receive(env: Env) -> Result<i32> {
    Ok(perform(&*state::of(&env)?, |memory| Rooms::Slab(memory.slab.whole())))
}

/// The same into memory that is not registered.
#[napi(catch_unwind)]
pub fn receive_into(env: Env, #[napi(ts_arg_type = "Uint8Array")] slab: Out<u8>) -> Result<i32> {
    Ok(perform(&*state::of(&env)?, |_| Rooms::Slab(slab)))
}

/// The same of a stream, each chunk into memory of its own; so many at most. No block may be there twice.
#[napi(catch_unwind)]
pub fn receive_into_each(env: Env, #[napi(ts_arg_type = "Uint8Array[]")] blocks: Vec<Out<u8>>) -> Result<i32> {
    Ok(perform(&*state::of(&env)?, |_| Rooms::Blocks(blocks)))
}

/// Where the bytes of messages go.
enum Rooms {
    /// One slot after the other.
    Slab(Out<u8>),
    /// A block for each.
    Blocks(Vec<Out<u8>>),
}

impl Rooms {
    /// How many there are of a size.
    fn count(&self, size: usize) -> usize {
        match self {
            Self::Slab(slab) => slab.len() / size.max(1),
            Self::Blocks(blocks) => blocks.len(),
        }
    }

    /// At most `most` bytes of one of them.
    fn room(&mut self, slot: usize, size: usize, most: usize) -> &mut [u8] {
        let room = match self {
            Self::Slab(slab) => &mut slab[slot * size..][..size],
            Self::Blocks(blocks) => &mut blocks[slot][..],
        };
        let length = room.len().min(most);
        &mut room[..length]
    }
}

/// What a receive is to bring, and how.
struct Asked {
    fd: i32,
    style: Style,
    exact: bool,
    gauged: bool,
    want: usize,
    limit: usize,
    max_fds: usize,
}

impl Asked {
    fn of(memory: &Memory) -> Self {
        let asked = &memory.meta[ASKED..META_STRIDE];
        let (fd, kind) = (asked[0], asked[1]);
        let style = match kind & !(EXACT | GAUGED) {
            libc::SOCK_STREAM => Style::Stream,
            libc::SOCK_SEQPACKET => Style::Seqpacket,
            _ => Style::Datagram,
        };
        let (exact, gauged) = (kind & EXACT != 0 && style == Style::Stream, kind & GAUGED != 0);
        let [want, limit, max_fds] = [asked[2], asked[3], asked[4]].map(|number| number as u32 as usize);
        Self { fd, style, exact, gauged, want, limit, max_fds }
    }
}

fn perform(state: &State, rooms: impl FnOnce(&Memory) -> Rooms) -> i32 {
    let Some(memory) = state.memory.get() else { return negative(Errno::ENOSYS) };
    let memory = &mut *memory.borrow_mut();
    let mut asked = Asked::of(memory);
    if asked.gauged {
        let is_stream = asked.style == Style::Stream;
        match borrow(asked.fd).and_then(|fd| headroom::for_messages(state, fd, is_stream, asked.max_fds)) {
            Ok(Room::Messages(most)) => asked.want = asked.want.min(most),
            Ok(Room::One(bytes)) => {
                asked.want = 1;
                asked.limit = if is_stream { asked.limit.min(bytes) } else { asked.limit };
            }
            Ok(Room::None) => return headroom::NO_ROOM,
            Err(errno) => return negative(errno),
        }
    }
    let rooms = rooms(memory);
    let received = bring(state, memory, &asked, rooms);
    state.brought(received.unwrap_or(0));
    code(received)
}

fn bring(state: &State, memory: &mut Memory, asked: &Asked, rooms: Rooms) -> unix_socket::Result<usize> {
    let Asked { style, limit, max_fds, .. } = *asked;
    let size = match &rooms {
        Rooms::Slab(slab) if limit > SLOT_SIZE + SPARE_SIZE => slab.len(),
        _ => SLOT_SIZE,
    };
    let want = asked.want.min(SLOTS).min(rooms.count(size));
    memory.meta[..ASKED].fill(0);
    let mut receiver = Receiver { state, memory, style, limit, size, max_fds, rooms };
    let fd = borrow(asked.fd)?;
    if asked.exact {
        receiver.one_by_one(fd, want)
    } else {
        receiver.together(fd, want)
    }
}

/// 0 where `exact` works on this kernel, else a negative errno.
#[napi(catch_unwind)]
pub fn exact_works() -> i32 {
    state::done(exact::works())
}

/// The length of the next record, without taking it.
#[napi(catch_unwind)]
pub fn next_length(fd: i32) -> i32 {
    code(borrow(fd).and_then(receive::next_length))
}

/// Copies what a long record left in the spare memory of its slot.
#[napi(catch_unwind)]
pub fn take_spare(env: Env, slot: u32, #[napi(ts_arg_type = "Uint8Array")] mut out: Out<u8>) -> Result<()> {
    let state = state::of(&env)?;
    let Some(memory) = state.memory.get() else { return Ok(()) };
    if let Some(spare) = &mut memory.borrow_mut().spare {
        spare.take(slot as usize * SPARE_SIZE, &mut out);
    }
    Ok(())
}

struct Receiver<'a> {
    state: &'a State,
    memory: &'a mut Memory,
    style: Style,
    limit: usize,
    /// Bytes of one slot of a slab.
    size: usize,
    max_fds: usize,
    rooms: Rooms,
}

impl Receiver<'_> {
    /// One recvmmsg(2). An error behind the first message is the kernel's to tell to the next call.
    fn together(&mut self, fd: BorrowedFd<'_>, want: usize) -> unix_socket::Result<usize> {
        self.lay_out(want)?;
        // Out of `self` for a while: what it brings is recorded there.
        let mut batch = std::mem::take(&mut self.memory.batch);
        let look = self.look();
        // SAFETY: the places lie in the rooms and in our spare memory, both exclusively borrowed until the call returns.
        let received = unsafe { batch.receive(fd, &mut self.memory.places, look) };
        let count = received.map(|received| self.record_until_end(received));
        self.memory.meta[0] = batch.take_late().map_or(0, |errno| errno as i32);
        self.memory.batch = batch;
        count
    }

    fn record_until_end(&mut self, received: impl Iterator<Item = Received>) -> usize {
        let mut count = 0;
        for one in received {
            if self.is_end(&one) {
                self.memory.meta[1] = 1;
                break;
            }
            self.record(count, one);
            count += 1;
        }
        count
    }

    /// Streams with `exact`: before each read a look.
    fn one_by_one(&mut self, fd: BorrowedFd<'_>, want: usize) -> unix_socket::Result<usize> {
        let mut reach = Reach::default();
        for slot in 0..want {
            match self.one(fd, slot, &mut reach) {
                Err(errno) if slot == 0 => return Err(errno),
                Err(errno) => {
                    self.memory.meta[0] = errno as i32;
                    return Ok(slot);
                }
                Ok(received) if self.is_end(&received) => {
                    self.memory.meta[1] = 1;
                    return Ok(slot);
                }
                Ok(received) => self.record(slot, received),
            }
        }
        Ok(want)
    }

    fn one(&mut self, fd: BorrowedFd<'_>, slot: usize, reach: &mut Reach) -> unix_socket::Result<Received> {
        let room = self.rooms.room(slot, self.size, self.limit);
        let length = reach.next(fd, room)?;
        // SAFETY: the place lies in a room, which is exclusively borrowed.
        let received = unsafe { receive::receive(fd, receive::place(&mut room[..length]), Look::default()) }?;
        reach.took(received.length);
        Ok(received)
    }

    fn look(&self) -> Look {
        Look {
            whole: self.style != Style::Stream,
            name: self.style == Style::Datagram,
            hide_timestamp: self.style == Style::Seqpacket,
        }
    }

    /// A place for each message: its slot, and for records longer than that some spare memory.
    fn lay_out(&mut self, want: usize) -> unix_socket::Result<()> {
        let beyond = self.limit.saturating_sub(self.size).min(SPARE_SIZE);
        let Memory { places, spare, .. } = self.memory;
        places.clear();
        for slot in 0..want {
            places.push(receive::place(self.rooms.room(slot, self.size, self.limit)));
        }
        if beyond > 0 && self.style != Style::Stream {
            if spare.is_none() {
                *spare = Some(Spare::new(SLOTS * SPARE_SIZE)?);
            }
            let spare = spare.as_mut().ok_or(Errno::ENOMEM)?;
            for (slot, place) in places.iter_mut().enumerate() {
                let part = spare.part(slot * SPARE_SIZE, beyond);
                place[1] = libc::iovec { iov_base: part.as_mut_ptr().cast(), iov_len: part.len() };
            }
        }
        Ok(())
    }

    /// Linux: a seqpacket record has at least the timestamp that we asked for; the end has nothing.
    fn is_end(&self, received: &Received) -> bool {
        received.length == 0
            && match self.style {
                Style::Stream => true,
                Style::Seqpacket => !received.any_control,
                Style::Datagram => false,
            }
    }

    fn record(&mut self, slot: usize, received: Received) {
        let row = &mut self.memory.meta[(slot + 1) * META_STRIDE..(slot + 2) * META_STRIDE];
        row[0] = received.copied as i32;
        row[1] = received.length as i32;
        let special = is_special(&received);
        row[SPECIAL] = i32::from(special);
        if special {
            self.memory.meta[2] = 1;
            self.record_special(slot, received);
        }
    }

    fn record_special(&mut self, slot: usize, received: Received) {
        let brought = received.fds.len();
        let refused = brought > self.max_fds;
        let mut given = received.fds;
        if refused {
            closing::close(given.drain(..));
        }
        let Memory { meta, fds, extra, .. } = self.memory;
        let row = &mut meta[(slot + 1) * META_STRIDE..(slot + 2) * META_STRIDE];
        row[2] = given.len() as i32;
        row[3] = if refused { brought as i32 } else { 0 };
        row[4] = i32::from(received.fds_truncated);
        row[5] = i32::from(received.credentials.is_some());
        if let Some(ucred) = received.credentials {
            row[6..9].copy_from_slice(&[ucred.pid, ucred.uid as i32, ucred.gid as i32]);
        }
        let extra = &mut extra[slot * EXTRA_SIZE..(slot + 1) * EXTRA_SIZE];
        row[9] = pack(&received.others, extra) as i32;
        row[10] = received.from.map_or(-1, |name| {
            extra[control::BUFFER_SIZE..][..name.len()].copy_from_slice(&name);
            name.len() as i32
        });
        record_process(self.state, row, received.pidfd);
        for (place, fd) in fds[slot * FDS_MAX..].iter_mut().zip(given) {
            *place = self.state.give(fd);
        }
    }
}

/// Whether there is anything to tell beside data that came whole.
fn is_special(received: &Received) -> bool {
    received.copied != received.length
        || received.fds_truncated
        || !received.fds.is_empty()
        || received.credentials.is_some()
        || received.pidfd.is_some()
        || received.from.is_some()
        || !received.others.is_empty()
}

fn record_process(state: &State, row: &mut [i32], pidfd: Option<std::result::Result<OwnedFd, i32>>) {
    row[12..19].fill(0);
    row[11] = match pidfd {
        None => 0,
        Some(Err(errno)) => -errno,
        Some(Ok(pidfd)) => {
            write_ids(ids_of(pidfd.as_fd()), &mut row[12..19]);
            state.give(pidfd)
        }
    };
}

/// What is known of the sender at this moment, which may be the last at which anything is.
fn ids_of(pidfd: BorrowedFd<'_>) -> Option<ProcessIds> {
    process::info(pidfd).ok()?.ids
}

/// Control messages as level, type, length and payload; the kernel's own headers were longer, so they fit.
fn pack(messages: &[(i32, i32, Vec<u8>)], out: &mut [u8]) -> usize {
    let mut at = 0;
    for (level, kind, data) in messages {
        for word in [*level, *kind, data.len() as i32] {
            out[at..at + 4].copy_from_slice(&word.to_ne_bytes());
            at += 4;
        }
        out[at..at + data.len()].copy_from_slice(data);
        at += data.len();
    }
    at
}
