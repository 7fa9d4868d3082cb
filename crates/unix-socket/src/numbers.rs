//! Numbers of this system for callers who name options, families and message types themselves. What the system lacks is
//! [`ABSENT`]: asked for it, every kernel says that there is no such thing.

use crate::os;

/// Stands for what does not exist here.
pub const ABSENT: i32 = os::ABSENT;
/// SO_PASSCRED.
pub const SO_PASSCRED: i32 = os::SO_PASSCRED;
/// SO_PASSPIDFD.
pub const SO_PASSPIDFD: i32 = os::SO_PASSPIDFD;
/// SO_PASSRIGHTS.
pub const SO_PASSRIGHTS: i32 = os::SO_PASSRIGHTS;
/// SO_COOKIE.
pub const SO_COOKIE: i32 = os::SO_COOKIE;
/// SO_PASSSEC.
pub const SO_PASSSEC: i32 = os::SO_PASSSEC;
/// SO_PEERGROUPS.
pub const SO_PEERGROUPS: i32 = os::SO_PEERGROUPS;
/// SO_PEERSEC.
pub const SO_PEERSEC: i32 = os::SO_PEERSEC;
/// SCM_CREDENTIALS.
pub const SCM_CREDENTIALS: i32 = os::SCM_CREDENTIALS;
/// AF_NETLINK.
pub const AF_NETLINK: i32 = os::AF_NETLINK;
/// AF_PACKET.
pub const AF_PACKET: i32 = os::AF_PACKET;
/// NETLINK_SOCK_DIAG.
pub const NETLINK_SOCK_DIAG: i32 = os::NETLINK_SOCK_DIAG;
/// O_PATH among the status flags of a descriptor; 0 where there are no such descriptors.
pub const O_PATH: i32 = if os::IS_LINUX { os::linux::O_PATH } else { 0 };
/// FIONREAD, the request of ioctl(2) for the bytes that can be read; its type is another one in each C library.
#[allow(clippy::unnecessary_cast)]
pub const UNREAD: u32 = libc::FIONREAD as u32;
/// The request of ioctl(2) for the bytes that a peer has not read: TIOCOUTQ or FIONWRITE; 0 where none is known.
pub const UNSENT: u32 = os::SYSTEM.unsent;
