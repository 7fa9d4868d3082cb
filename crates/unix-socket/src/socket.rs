//! Sockets: opening, pairing, connecting, accepting, shutting down, and asking for names. No system call here waits.

use crate::address::{self, SocketAddress};
use crate::descriptor::{above_stdio, close_on_exec, set_nonblocking};
use crate::headroom;
use crate::os::{ABSENT, SYSTEM};
use crate::syscall::{self, retry, End};
use crate::{option, path, Errno, Result};
use nix::sys::socket::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

const FLAGS: i32 = SYSTEM.socket_flags;

/// socket(2), close-on-exec and non-blocking, never numbered 0 to 2. `EPROTONOSUPPORT`: macOS has no Unix socket of type seqpacket.
pub fn open(domain: i32, kind: i32, protocol: i32) -> Result<OwnedFd> {
    if domain == libc::AF_UNIX {
        check_kind(kind)?;
    }
    prepare(above_stdio(syscall::socket(domain, kind | FLAGS, protocol)?)?)
}

/// socketpair(2) of Unix sockets.
pub fn pair(kind: i32) -> Result<(OwnedFd, OwnedFd)> {
    if ![libc::SOCK_STREAM, libc::SOCK_SEQPACKET, libc::SOCK_DGRAM].contains(&kind) {
        return Err(Errno::ESOCKTNOSUPPORT);
    }
    check_kind(kind)?;
    let (left, right) = syscall::socketpair(kind | FLAGS)?;
    Ok((prepare(above_stdio(left)?)?, prepare(above_stdio(right)?)?))
}

/// The same answer from every call, and on systems that would only tell at the end.
fn check_kind(kind: i32) -> Result<()> {
    if kind == libc::SOCK_SEQPACKET && !SYSTEM.seqpacket {
        return Err(Errno::EPROTONOSUPPORT);
    }
    Ok(())
}

/// What the system could not do as it made the socket. A child that another thread starts in between has it.
fn prepare(fd: OwnedFd) -> Result<OwnedFd> {
    if FLAGS == 0 {
        close_on_exec(fd.as_fd())?;
        set_nonblocking(fd.as_fd(), true)?;
    }
    if SYSTEM.no_sigpipe != 0 {
        option::set_number(fd.as_fd(), SYSTEM.no_sigpipe, 1)?;
    }
    Ok(fd)
}

/// connect(2) to a name. `EAGAIN`: the backlog is full, try again later; poll cannot tell when.
///
/// Linux: a path that is too long for an address is opened first (O_PATH), and that very file is connected to.
pub fn connect(fd: BorrowedFd<'_>, name: &[u8]) -> Result<()> {
    if name.len() <= address::PATH_MAX || name[0] == 0 || !SYSTEM.paths_of_descriptors {
        return retry(|| syscall::connect(fd, SocketAddress::encode(name)?.as_bytes()));
    }
    let file = path::open_file(name)?;
    retry(|| syscall::connect(fd, SocketAddress::encode(&path::of_descriptor(file.as_fd()))?.as_bytes()))
}

/// accept4(2), close-on-exec and non-blocking, never numbered 0 to 2.
pub fn accept(fd: BorrowedFd<'_>) -> Result<OwnedFd> {
    let accepted = prepare(above_stdio(retry(|| syscall::accept(fd, FLAGS))?)?)?;
    headroom::taken(1);
    Ok(accepted)
}

/// shutdown(2): 0 read, 1 write, 2 both.
pub fn shutdown(fd: BorrowedFd<'_>, how: i32) -> Result<()> {
    let how = match how {
        0 => Shutdown::Read,
        1 => Shutdown::Write,
        _ => Shutdown::Both,
    };
    nix::sys::socket::shutdown(fd.as_raw_fd(), how)
}

/// getsockname(2) as a name of [`address`]; `EAFNOSUPPORT` where it is not a Unix socket's.
pub fn local_name(fd: BorrowedFd<'_>) -> Result<Vec<u8>> {
    name(fd, End::Local)
}

/// getpeername(2) as a name of [`address`]; `ENOTCONN` where there is no peer.
pub fn peer_name(fd: BorrowedFd<'_>) -> Result<Vec<u8>> {
    name(fd, End::Peer)
}

/// The family of a socket: SO_DOMAIN, or where the system has no such option that of its name, which every socket has.
pub fn family(fd: BorrowedFd<'_>) -> Result<i32> {
    if SYSTEM.domain == ABSENT {
        return family_of_name(fd);
    }
    option::get_number(fd, SYSTEM.domain)
}

fn family_of_name(fd: BorrowedFd<'_>) -> Result<i32> {
    let mut buffer = [0; address::BUFFER_SIZE];
    let length = syscall::name(fd, End::Local, &mut buffer)?.min(buffer.len());
    address::family(&buffer[..length]).map(i32::from).ok_or(Errno::EAFNOSUPPORT)
}

/// What a socket is ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum State {
    /// Accepting connections.
    Listening = 1,
    /// It has a peer, which may have gone.
    Connected,
    /// Neither.
    Unconnected,
}

/// The state of a socket of any family. `ENOTSOCK` for anything else.
pub fn state(fd: BorrowedFd<'_>) -> Result<State> {
    // Families that cannot listen may not know the option.
    if option::get_number(fd, libc::SO_TYPE).is_ok()
        && option::get_number(fd, libc::SO_ACCEPTCONN).is_ok_and(|on| on != 0)
    {
        return Ok(State::Listening);
    }
    match syscall::name(fd, End::Peer, &mut [0; address::BUFFER_SIZE]) {
        Ok(_) => Ok(State::Connected),
        Err(Errno::ENOTSOCK | Errno::EBADF) => Err(Errno::ENOTSOCK),
        Err(_) => Ok(State::Unconnected),
    }
}

fn name(fd: BorrowedFd<'_>, end: End) -> Result<Vec<u8>> {
    let mut buffer = [0; address::BUFFER_SIZE];
    let length = syscall::name(fd, end, &mut buffer)?.min(buffer.len());
    address::decode(&buffer[..length]).map(<[u8]>::to_vec).ok_or(Errno::EAFNOSUPPORT)
}

/// The events of poll(2) that hold right now, among those asked for and POLLERR, POLLHUP, POLLNVAL.
pub fn poll_now(fd: BorrowedFd<'_>, events: i16) -> Result<i16> {
    retry(|| syscall::poll_now(fd, events))
}

/// The same, asked again and again until something holds or the time is over. It never sleeps.
pub fn spin(fd: BorrowedFd<'_>, events: i16, time: Duration) -> Result<i16> {
    let begin = Instant::now();
    loop {
        let found = poll_now(fd, events)?;
        if found != 0 || begin.elapsed() >= time {
            return Ok(found);
        }
        std::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_family_as_the_option_does() {
        for (family, kind) in [(libc::AF_UNIX, libc::SOCK_DGRAM), (libc::AF_INET, libc::SOCK_STREAM)] {
            let socket = open(family, kind, 0).unwrap();
            assert_eq!(super::family(socket.as_fd()), Ok(family));
            assert_eq!(family_of_name(socket.as_fd()), Ok(family));
        }
        let file = OwnedFd::from(std::fs::File::open("/").unwrap());
        assert_eq!(super::family(file.as_fd()), Err(Errno::ENOTSOCK));
        assert_eq!(family_of_name(file.as_fd()), Err(Errno::ENOTSOCK));
    }
}
