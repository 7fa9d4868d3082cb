//! What may be said of every decoder whatever bytes it is given: one function per fuzz target, for the fuzzers in `fuzz/` and for
//! the seeded inputs of the tests here. It knows bytes only; no descriptor is opened, taken or closed.

use crate::address::{self, SocketAddress};
use crate::control::{self, ControlMessage};
use crate::credentials::Ucred;
use crate::credentials::{freebsd, illumos, macos, netbsd, openbsd, qnx, Credentials};
use crate::numbers::SCM_CREDENTIALS;
use crate::{inet, Errno};

/// Bytes of the header of a control message here.
const HEADER: usize = size_of::<libc::cmsghdr>();

/// The codec of control messages: as the kernel filled the buffer, and as the packed list of the binding.
pub fn control(data: &[u8]) {
    walked(data);
    unpacked(data);
}

/// As `receive` takes a buffer apart, without taking the descriptors.
fn walked(data: &[u8]) {
    let (mut count, mut payload) = (0, 0);
    for message in control::walk(data) {
        count += 1;
        payload += message.data.len();
        assert!(lies_within(message.data, data));
        match (message.level, message.kind) {
            (libc::SOL_SOCKET, libc::SCM_RIGHTS) => {
                assert_eq!(control::descriptors(message.data).count(), message.data.len() / 4);
            }
            (libc::SOL_SOCKET, SCM_CREDENTIALS) => {
                assert_eq!(Ucred::decode(message.data).is_some(), message.data.len() >= 12);
            }
            _ => {}
        }
    }
    assert!(count * HEADER + payload <= data.len());
}

/// What was packed is walked in the same order, whole; anything else is refused.
fn unpacked(data: &[u8]) {
    let expected = entries(data);
    match control::unpack(data, &[]) {
        Err(errno) => assert_eq!((errno, expected), (Errno::EINVAL, None)),
        Ok(encoded) => {
            assert_eq!(encoded.len() % size_of::<usize>(), 0);
            let walked: Vec<_> = control::walk(&encoded).collect();
            assert_eq!(Some(walked), expected);
        }
    }
}

/// The packed list read in another way; `None` where it is not whole.
fn entries(packed: &[u8]) -> Option<Vec<ControlMessage<'_>>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < packed.len() {
        let word = |index: usize| Some(i32::from_ne_bytes(*packed.get(at + 4 * index..)?.first_chunk()?));
        let (level, kind) = (word(0)?, word(1)?);
        let end = usize::try_from(word(2)?).ok()?.checked_add(at + 12)?;
        found.push(ControlMessage { level, kind, data: packed.get(at + 12..end)? });
        at = end;
    }
    Some(found)
}

/// The names of Unix sockets and the text of internet addresses.
pub fn address(data: &[u8]) {
    decoded(data);
    encoded(data);
    parsed(data);
}

/// A name that the kernel wrote is part of its address, and is the same when it is written again.
fn decoded(data: &[u8]) {
    let Some(name) = address::decode(data) else {
        return;
    };
    assert!(lies_within(name, data));
    assert!(name.first() == Some(&0) || !name.contains(&0));
    match SocketAddress::encode(name) {
        Ok(again) => assert_eq!(address::decode(again.as_bytes()), Some(name)),
        Err(errno) => assert_eq!((errno, name.len() > address::PATH_MAX), (Errno::ENAMETOOLONG, true)),
    }
}

/// A name that a user wrote is refused, or comes back as it was.
fn encoded(name: &[u8]) {
    let is_path = name.first().is_some_and(|&byte| byte != 0);
    match SocketAddress::encode(name) {
        Err(Errno::ENAMETOOLONG) => assert!(name.len() > address::PATH_MAX),
        Err(errno) => assert_eq!((errno, is_path && name.contains(&0)), (Errno::EINVAL, true)),
        Ok(address) => {
            assert!(name.len() <= address::PATH_MAX && !(is_path && name.contains(&0)));
            // One NUL alone is a wish, not a name: the kernel chooses.
            let expected = if name == [0] { &[] } else { name };
            assert_eq!(address::decode(address.as_bytes()), Some(expected));
        }
    }
}

/// What is accepted is written in one way, which is accepted again.
fn parsed(data: &[u8]) {
    let Some((port, text)) = data
        .split_first_chunk()
        .and_then(|(port, text)| Some((u16::from_ne_bytes(*port), std::str::from_utf8(text).ok()?)))
    else {
        return;
    };
    if let Ok(found) = inet::parse(text, port) {
        let written = inet::format(&found).expect("it is of the internet");
        let again = inet::parse(&written.0, written.1).expect("it was written by ourselves");
        assert_eq!((inet::format(&again), written.1), (Some(written), port));
    }
}

/// A decoder of one structure.
type Decoder = fn(&[u8]) -> Option<Credentials>;

const DECODERS: [Decoder; 12] = [
    freebsd::decode_xucred,
    freebsd::decode_cmsgcred,
    freebsd::decode_sockcred,
    freebsd::decode_sockcred2,
    macos::decode_xucred,
    macos::decode_peerpid,
    macos::decode_peertoken,
    netbsd::decode_unpcbid,
    netbsd::decode_sockcred,
    netbsd::decode_sockcred70,
    openbsd::decode_sockpeercred,
    qnx::decode_sockcred,
];

/// The structures with credentials of every system. The first byte chooses the type of the control message.
pub fn credentials(data: &[u8]) {
    for decode in DECODERS {
        plausible(decode(data), data);
    }
    plausible(qnx::decode_unpcbid(data), data);
    assert_eq!(Ucred::decode(data).is_some(), data.len() >= 12);
    sound(data);
    if let Some((&kind, data)) = data.split_first() {
        received(i32::from(kind), data);
    }
}

/// Nothing is told that the bytes have no room for, and no process has the number 0 or less.
fn plausible(found: Option<Credentials>, data: &[u8]) {
    let Some(found) = found else {
        return;
    };
    assert!(found.groups.is_none_or(|groups| groups.value.len() * 4 <= data.len()));
    assert!(found.pid.is_none_or(|pid| pid.value > 0));
}

/// Where a `ucred_t` is called sound, all that libc reads lies within it: six ids, the count of groups, and the groups.
fn sound(data: &[u8]) {
    if !illumos::is_sound(data) {
        return;
    }
    let word = |at: usize| i32::from_ne_bytes(*data[at..].first_chunk().expect("it is sound"));
    let (size, at) = (word(0) as usize, word(4) as usize);
    assert!(size <= data.len());
    assert!(at == 0 || at + 28 + 4 * word(at + 24) as usize <= size);
}

fn received(kind: i32, data: &[u8]) {
    for form in [freebsd::Form::Cmsgcred, freebsd::Form::Sockcred, freebsd::Form::Either] {
        plausible(freebsd::received(freebsd::LEVEL_SOCKET, kind, data, form), data);
    }
    plausible(netbsd::received(netbsd::LEVEL_SOCKET, kind, data), data);
    plausible(qnx::received(qnx::LEVEL_SOCKET, kind, data), data);
    assert_eq!(macos::received(freebsd::LEVEL_SOCKET, kind, data), None);
    assert_eq!(openbsd::received(openbsd::LEVEL_SOCKET, kind, data), None);
}

fn lies_within(part: &[u8], whole: &[u8]) -> bool {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    whole.start <= part.start && part.end <= whole.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{catch_unwind, AssertUnwindSafe};
    use std::path::Path;

    const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

    /// Random numbers that are the same each time (xorshift).
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        fn below(&mut self, limit: usize) -> usize {
            (self.next() >> 11) as usize % limit
        }
    }

    /// Inputs that somebody thought of, or a fuzzer found.
    fn corpus(name: &str) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| std::fs::read(file).unwrap()).collect()
    }

    /// One of the corpus with some of its bytes or words changed, its end cut off or another's end put on; or any bytes.
    fn mutate(corpus: &[Vec<u8>], random: &mut Random, input: &mut Vec<u8>) {
        input.clear();
        input.extend_from_slice(&corpus[random.below(corpus.len())]);
        for _ in 0..=random.below(3) {
            change(corpus, random, input);
        }
    }

    fn change(corpus: &[Vec<u8>], random: &mut Random, input: &mut Vec<u8>) {
        let at = random.below(input.len() + 1);
        match random.below(6) {
            0 => input.truncate(at),
            1 => {
                let other = &corpus[random.below(corpus.len())];
                input.truncate(at);
                input.extend_from_slice(&other[random.below(other.len() + 1)..]);
            }
            2 => input.resize_with(at + random.below(64), || random.next() as u8),
            3 => overwrite(input, at, &[random.next() as u8]),
            4 => overwrite(input, at & !3, &(random.below(40) as u32).to_ne_bytes()),
            _ => overwrite(input, at & !3, &[i32::MAX, i32::MIN, -1, 1 << 30, 4096, 0][random.below(6)].to_ne_bytes()),
        }
    }

    fn overwrite(input: &mut [u8], at: usize, bytes: &[u8]) {
        for (old, new) in input.iter_mut().skip(at).zip(bytes) {
            *old = *new;
        }
    }

    fn survives(name: &str, target: fn(&[u8]), input: &[u8]) {
        if catch_unwind(AssertUnwindSafe(|| target(input))).is_err() {
            panic!("{name}: {input:02x?}");
        }
    }

    fn run(name: &str, target: fn(&[u8]), rounds: usize) {
        let corpus = corpus(name);
        for input in &corpus {
            survives(name, target, input);
        }
        let (mut random, mut input) = (Random(SEED), Vec::new());
        for _ in 0..rounds {
            mutate(&corpus, &mut random, &mut input);
            survives(name, target, &input);
        }
    }

    // A million in all.

    #[test]
    fn control_messages_survive_any_bytes() {
        run("control", control, 400_000);
    }

    #[test]
    fn addresses_survive_any_bytes() {
        run("address", address, 300_000);
    }

    #[test]
    fn credentials_survive_any_bytes() {
        run("credentials", credentials, 300_000);
    }
}
