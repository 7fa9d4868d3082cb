//! What a descriptor is: fstat(2), the link in /proc/self/fd, and for sockets their domain, type and protocol.
//!
//! Every name that this file gives is public, as `OwnedFd.kind`.

use crate::os::{linux, IS_LINUX, SYSTEM};
use crate::{option, socket, Result};
use nix::sys::stat::{fstat, SFlag};
use std::os::fd::{AsRawFd, BorrowedFd};

/// The kind of a descriptor in one word, `unknown` where nothing fits.
pub fn of(fd: BorrowedFd<'_>) -> Result<String> {
    let mode = fstat(fd)?.st_mode;
    let kind = SFlag::from_bits_truncate(mode) & SFlag::S_IFMT;
    if kind == SFlag::S_IFSOCK {
        return Ok(of_socket(fd));
    }
    // Linux: anonymous inodes and memfds have no other mark than the text of their link.
    let link = std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())).unwrap_or_default();
    Ok(file(kind, &link.to_string_lossy(), is_terminal(fd)))
}

fn is_terminal(fd: BorrowedFd<'_>) -> bool {
    std::io::IsTerminal::is_terminal(&fd)
}

fn file(kind: SFlag, link: &str, terminal: bool) -> String {
    if let Some(name) = link.strip_prefix("anon_inode:") {
        return name.trim_matches(['[', ']']).replace("eventpoll", "epoll");
    }
    match kind {
        SFlag::S_IFREG if link.starts_with("/memfd:") => "memfd",
        SFlag::S_IFREG if link.starts_with("pidfd:") => "pidfd",
        SFlag::S_IFREG => "file",
        SFlag::S_IFDIR => "directory",
        SFlag::S_IFIFO if link.starts_with("pipe:") => "pipe",
        SFlag::S_IFIFO => "fifo",
        SFlag::S_IFCHR if terminal => "tty",
        SFlag::S_IFCHR => "char-device",
        SFlag::S_IFBLK => "block-device",
        SFlag::S_IFLNK => "symlink",
        _ => "unknown",
    }
    .to_owned()
}

fn of_socket(fd: BorrowedFd<'_>) -> String {
    let read = |name| option::get_number(fd, name).unwrap_or(-1);
    let family = socket::family(fd).unwrap_or(-1);
    socket_name(family, read(libc::SO_TYPE), read(SYSTEM.protocol)).to_owned()
}

fn socket_name(domain: i32, kind: i32, protocol: i32) -> &'static str {
    match (domain, kind, protocol) {
        (libc::AF_UNIX, libc::SOCK_STREAM, _) => "unix-stream",
        (libc::AF_UNIX, libc::SOCK_DGRAM, _) => "unix-dgram",
        (libc::AF_UNIX, libc::SOCK_SEQPACKET, _) => "unix-seqpacket",
        // Multipath TCP, which Go listens on, is TCP for everyone who uses it.
        (libc::AF_INET | libc::AF_INET6, libc::SOCK_STREAM, libc::IPPROTO_TCP | linux::IPPROTO_MPTCP | NOT_TOLD) => {
            "tcp"
        }
        (libc::AF_INET | libc::AF_INET6, libc::SOCK_DGRAM, libc::IPPROTO_UDP | NOT_TOLD) => "udp",
        (libc::AF_INET | libc::AF_INET6, libc::SOCK_DGRAM, libc::IPPROTO_ICMP | libc::IPPROTO_ICMPV6) => "ping",
        (libc::AF_INET | libc::AF_INET6, libc::SOCK_RAW, _) => "raw",
        _ => linux_family(domain),
    }
}

/// Families that other systems lack, or number otherwise.
fn linux_family(domain: i32) -> &'static str {
    match domain {
        linux::AF_NETLINK if IS_LINUX => "netlink",
        linux::AF_PACKET if IS_LINUX => "packet",
        linux::AF_VSOCK if IS_LINUX => "vsock",
        _ => "socket",
    }
}

/// Where the system does not tell the protocol, a socket of the internet is taken for what nearly all of its type are.
const NOT_TOLD: i32 = -1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_modes_tell_the_kind() {
        assert_eq!(file(SFlag::S_IFREG, "/memfd:x (deleted)", false), "memfd");
        assert_eq!(file(SFlag::S_IFREG, "/tmp/x", false), "file");
        assert_eq!(file(SFlag::S_IFIFO, "pipe:[1]", false), "pipe");
        assert_eq!(file(SFlag::S_IFIFO, "/tmp/fifo", false), "fifo");
        assert_eq!(file(SFlag::empty(), "anon_inode:[eventpoll]", false), "epoll");
        assert_eq!(file(SFlag::empty(), "anon_inode:inotify", false), "inotify");
        assert_eq!(file(SFlag::S_IFCHR, "/dev/pts/0", true), "tty");
    }

    #[test]
    fn sockets_are_named_by_what_they_speak() {
        assert_eq!(socket_name(libc::AF_INET6, libc::SOCK_DGRAM, libc::IPPROTO_UDP | NOT_TOLD), "udp");
        assert_eq!(socket_name(libc::AF_INET, libc::SOCK_RAW, 1), "raw");
        assert_eq!(socket_name(libc::AF_UNIX, libc::SOCK_SEQPACKET, 0), "unix-seqpacket");
        assert_eq!(socket_name(linux::AF_VSOCK, libc::SOCK_STREAM, 0), "vsock");
        assert_eq!(socket_name(libc::AF_INET, libc::SOCK_STREAM, NOT_TOLD), "tcp");
        assert_eq!(socket_name(999, 1, 0), "socket");
    }
}
