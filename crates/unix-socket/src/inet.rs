//! Internet addresses of descriptors that are not Unix sockets: sendto, recvfrom, bind and connect by address and port.

use crate::os::SYSTEM;
use crate::syscall::{self, retry};
use crate::{descriptor, Errno, Result};
use nix::sys::socket::{MsgFlags, SockaddrIn, SockaddrIn6, SockaddrLike, SockaddrStorage};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd};

/// Reads `192.0.2.1`, `2001:db8::1` or `fe80::1%eth0` and a port. `EINVAL` where it is none of them.
pub fn parse(address: &str, port: u16) -> Result<SockaddrStorage> {
    let (host, zone) = match address.split_once('%') {
        Some((host, zone)) => (host, Some(zone)),
        None => (address, None),
    };
    let socket = match (host.parse::<IpAddr>().map_err(|_| Errno::EINVAL)?, zone) {
        (IpAddr::V4(host), None) => SocketAddr::V4(SocketAddrV4::new(host, port)),
        (IpAddr::V4(_), Some(_)) => return Err(Errno::EINVAL),
        (IpAddr::V6(host), zone) => SocketAddr::V6(SocketAddrV6::new(host, port, 0, zone.map_or(Ok(0), scope)?)),
    };
    Ok(SockaddrStorage::from(socket))
}

/// The number of an interface, in digits and without a sign, or that of the interface with a name.
fn scope(zone: &str) -> Result<u32> {
    if zone.is_empty() {
        return Err(Errno::EINVAL);
    }
    if zone.bytes().all(|byte| byte.is_ascii_digit()) {
        return zone.parse().map_err(|_| Errno::EINVAL);
    }
    nix::net::if_::if_nametoindex(zone)
}

/// The text form of an address and its port; `None` for another family.
pub fn format(address: &SockaddrStorage) -> Option<(String, u16)> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some((v4.ip().to_string(), v4.port()));
    }
    let v6: &SockaddrIn6 = address.as_sockaddr_in6()?;
    let ip: Ipv6Addr = v6.ip();
    Some((if v6.scope_id() == 0 { ip.to_string() } else { format!("{ip}%{}", v6.scope_id()) }, v6.port()))
}

fn bytes(address: &SockaddrStorage) -> Vec<u8> {
    match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
        (Some(v4), _) => as_bytes::<SockaddrIn>(v4),
        (_, Some(v6)) => as_bytes::<SockaddrIn6>(v6),
        _ => Vec::new(),
    }
}

#[allow(unsafe_code)]
fn as_bytes<T: SockaddrLike>(address: &T) -> Vec<u8> {
    // SAFETY: a SockaddrLike points at `len` initialised bytes of itself.
    unsafe { std::slice::from_raw_parts(address.as_ptr().cast::<u8>(), address.len() as usize).to_vec() }
}

/// sendto(2) that never waits and never raises SIGPIPE.
pub fn send_to(fd: BorrowedFd<'_>, data: &[u8], to: &SockaddrStorage) -> Result<usize> {
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::from_bits_retain(SYSTEM.no_signal);
    retry(|| nix::sys::socket::sendto(fd.as_raw_fd(), data, to, flags))
}

/// recvfrom(2) that never waits. The name is `None` where the kernel gave none;
/// the length is the datagram's own, also where it did not fit.
pub fn receive_from(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<(usize, Option<(String, u16)>)> {
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
    let mut part = [std::io::IoSliceMut::new(buffer)];
    let message = retry(|| {
        nix::sys::socket::recvmsg::<SockaddrStorage>(fd.as_raw_fd(), &mut part, None, flags)
            .map(|message| (message.bytes, message.address))
    })?;
    Ok((message.0, message.1.as_ref().and_then(format)))
}

/// bind(2).
pub fn bind(fd: BorrowedFd<'_>, address: &SockaddrStorage) -> Result<()> {
    syscall::bind(fd, &bytes(address))
}

/// getsockname(2): the local address; `None` where the socket is of another family.
pub fn local(fd: BorrowedFd<'_>) -> Result<Option<(String, u16)>> {
    Ok(format(&nix::sys::socket::getsockname::<SockaddrStorage>(fd.as_raw_fd())?))
}

/// connect(2); on a stream it may go on in the background (`EINPROGRESS`).
pub fn connect(fd: BorrowedFd<'_>, address: &SockaddrStorage) -> Result<()> {
    // A blocking socket would wait here: it may be somebody else's, so the flag is put back.
    let before = descriptor::set_nonblocking(fd, true)?;
    let result = retry(|| syscall::connect(fd, &bytes(address)));
    descriptor::set_nonblocking(fd, before)?;
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_as_people_write_them() {
        for (text, port) in [("127.0.0.1", 53), ("::1", 0), ("fe80::1%1", 9)] {
            assert_eq!(format(&parse(text, port).unwrap()), Some((text.to_owned(), port)));
        }
    }

    #[test]
    fn names_and_nonsense_are_refused() {
        for text in ["localhost", "", "127.0.0.1%1", "127.0.0.1%", "::1%", "::1%+1", "::1%no-such-interface"] {
            assert!(parse(text, 1).is_err(), "{text}");
        }
    }
}
