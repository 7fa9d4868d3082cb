//! What differs between operating systems beside credentials, one file per system: chosen by our own alias `unix_os`, so that each is
//! type-checked on Linux. Numbers are written down here, not taken from the libc crate, which has only those of the target.
//!
//! What a system has no number for is 0 or [`ABSENT`], and the callers do without.

use crate::control::Layout;

#[cfg(any(unix_os = "linux", unix_os = "android"))]
#[path = "linux_calls.rs"]
pub(crate) mod calls;
#[cfg(not(any(unix_os = "linux", unix_os = "android")))]
#[path = "other_calls.rs"]
pub(crate) mod calls;
pub(crate) mod linux;
#[cfg(all(unix_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
pub(crate) mod uncancelled;
#[cfg(not(all(unix_os = "linux", target_env = "gnu", target_pointer_width = "64")))]
pub(crate) use libc as uncancelled;
pub(crate) use linux::{PidfdInfo, PIDFD_INFO_CREDS, PIDFD_INFO_EXIT, PIDFD_INFO_PID};

/// The number of an option, a family or a message type that a system lacks. No kernel has it: it says so itself when asked.
pub(crate) const ABSENT: i32 = -1;

/// Where the calls and options that only Linux has may be used.
pub(crate) const IS_LINUX: bool = cfg!(any(unix_os = "linux", unix_os = "android"));

const fn of_linux(number: i32) -> i32 {
    if IS_LINUX {
        number
    } else {
        ABSENT
    }
}

// Elsewhere the same numbers mean something else: 16 is SO_DONTROUTE of the BSDs.
pub(crate) const SCM_PIDFD: i32 = of_linux(linux::SCM_PIDFD);
pub(crate) const SO_PASSCRED: i32 = of_linux(linux::SO_PASSCRED);
pub(crate) const SO_PASSPIDFD: i32 = of_linux(linux::SO_PASSPIDFD);
pub(crate) const SO_PASSRIGHTS: i32 = of_linux(linux::SO_PASSRIGHTS);
pub(crate) const SO_PASSSEC: i32 = of_linux(linux::SO_PASSSEC);
pub(crate) const SO_COOKIE: i32 = of_linux(linux::SO_COOKIE);
pub(crate) const SO_PEERGROUPS: i32 = of_linux(linux::SO_PEERGROUPS);
pub(crate) const SO_PEERPIDFD: i32 = of_linux(linux::SO_PEERPIDFD);
pub(crate) const SO_PEERSEC: i32 = of_linux(linux::SO_PEERSEC);
pub(crate) const SCM_CREDENTIALS: i32 = of_linux(linux::SCM_CREDENTIALS);
pub(crate) const AF_NETLINK: i32 = of_linux(linux::AF_NETLINK);
pub(crate) const AF_PACKET: i32 = of_linux(linux::AF_PACKET);
pub(crate) const NETLINK_SOCK_DIAG: i32 = of_linux(linux::NETLINK_SOCK_DIAG);

/// What a system is like.
pub(crate) struct System {
    /// Longest `sun_path`; a path of exactly this length is stored without its NUL.
    pub(crate) path_max: usize,
    /// Whether a socket address begins with its own length, in the first of the two bytes of the family.
    pub(crate) address_has_length: bool,
    /// `struct cmsghdr`.
    pub(crate) control: Layout,
    /// Most descriptors in one message.
    pub(crate) fds_max: usize,
    /// MSG_CMSG_CLOEXEC; 0: each received descriptor is made so afterwards, and a fork in between keeps it.
    pub(crate) cmsg_cloexec: i32,
    /// MSG_NOSIGNAL; 0: SO_NOSIGPIPE does that once for each socket.
    pub(crate) no_signal: i32,
    /// SO_NOSIGPIPE; 0: there is none.
    pub(crate) no_sigpipe: i32,
    /// SOCK_CLOEXEC and SOCK_NONBLOCK together; 0: fcntl(2) afterwards.
    pub(crate) socket_flags: i32,
    /// Whether Unix sockets may be of type seqpacket.
    pub(crate) seqpacket: bool,
    /// Whether recvmmsg(2) and sendmmsg(2) are used; else each message is a call.
    pub(crate) many: bool,
    /// Whether there are names that are no paths.
    pub(crate) abstract_names: bool,
    /// Whether `/proc/self/fd/N` is a path of an open file, so that a path of any length can be bound and connected to.
    pub(crate) paths_of_descriptors: bool,
    /// Opens a directory without the right to list it: O_PATH or O_SEARCH; 0: that right is needed.
    pub(crate) open_directory: i32,
    /// SO_DOMAIN, or [`ABSENT`].
    pub(crate) domain: i32,
    /// SO_PROTOCOL, or [`ABSENT`].
    pub(crate) protocol: i32,
    /// The request of ioctl(2) that tells how many bytes the peer has not read yet: TIOCOUTQ or FIONWRITE; 0: none.
    pub(crate) unsent: u32,
    /// The option that tells how long the next record is: SO_NREAD; 0: a peek with MSG_TRUNC tells it.
    pub(crate) next_length: i32,
}

const BSD_CONTROL: Layout = Layout { length: 4, header: 16, align: 8 };

const LINUX: System = System {
    path_max: 108,
    address_has_length: false,
    control: Layout::LINUX,
    fds_max: 253,
    cmsg_cloexec: 0x4000_0000,
    no_signal: 0x4000,
    no_sigpipe: 0,
    socket_flags: 0o2_000_000 | 0o4000,
    seqpacket: true,
    many: true,
    abstract_names: true,
    paths_of_descriptors: true,
    open_directory: linux::O_PATH,
    domain: linux::SO_DOMAIN,
    protocol: linux::SO_PROTOCOL,
    unsent: 0x5411,
    next_length: 0,
};

/// Only so many fit the one cluster (2 KiB) of control data that a BSD kernel takes.
const CLUSTER_FDS: usize = 512;

const FREEBSD: System = System {
    path_max: 104,
    address_has_length: true,
    control: BSD_CONTROL,
    fds_max: CLUSTER_FDS,
    cmsg_cloexec: 0x40000,
    no_signal: 0x20000,
    no_sigpipe: 0,
    socket_flags: 0x1000_0000 | 0x2000_0000,
    seqpacket: true,
    many: false,
    abstract_names: false,
    paths_of_descriptors: false,
    open_directory: 0x40000,
    domain: 0x1019,
    protocol: 0x1016,
    unsent: 0x4004_6677,
    next_length: 0,
};

/// The flags of messages are those that DragonFly 5 brought.
const DRAGONFLY: System =
    System { cmsg_cloexec: 0x1000, no_signal: 0x400, domain: ABSENT, protocol: ABSENT, open_directory: 0, ..FREEBSD };

const NETBSD: System = System {
    cmsg_cloexec: 0x800,
    no_signal: 0x400,
    open_directory: 0x80_0000,
    domain: ABSENT,
    protocol: ABSENT,
    unsent: 0x4004_6679,
    ..FREEBSD
};

const OPENBSD: System = System {
    socket_flags: 0x8000 | 0x4000,
    open_directory: 0,
    domain: 0x1024,
    protocol: 0x1025,
    unsent: 0x4004_7473,
    ..NETBSD
};

/// No MSG_CMSG_CLOEXEC, no SOCK_CLOEXEC, no accept4(2), no seqpacket; control data is aligned to 4.
const MACOS: System = System {
    control: Layout { length: 4, header: 12, align: 4 },
    cmsg_cloexec: 0,
    no_signal: 0,
    no_sigpipe: 0x1022,
    socket_flags: 0,
    seqpacket: false,
    open_directory: 0x4010_0000,
    domain: ABSENT,
    protocol: ABSENT,
    unsent: 0,
    next_length: 0x1020,
    ..FREEBSD
};

const ILLUMOS: System = System {
    path_max: 108,
    address_has_length: false,
    control: Layout { length: 4, header: 12, align: 4 },
    cmsg_cloexec: 0x1000,
    no_signal: 0x200,
    socket_flags: 0x80000 | 0x10_0000,
    open_directory: 0x20_0000,
    domain: 0x100c,
    protocol: 0x1019,
    unsent: 0,
    ..FREEBSD
};

/// io-sock; SOCK_NONBLOCK does not exist, so that both are set afterwards.
const QNX: System =
    System { cmsg_cloexec: 0, no_signal: 0x20000, socket_flags: 0, open_directory: 0, unsent: 0, ..FREEBSD };

/// The one that this is built for.
pub(crate) const SYSTEM: System = if cfg!(any(unix_os = "linux", unix_os = "android")) {
    LINUX
} else if cfg!(unix_os = "netbsd") {
    NETBSD
} else if cfg!(unix_os = "openbsd") {
    OPENBSD
} else if cfg!(unix_os = "macos") {
    MACOS
} else if cfg!(unix_os = "illumos") {
    ILLUMOS
} else if cfg!(unix_os = "nto") {
    QNX
} else if cfg!(unix_os = "dragonfly") {
    DRAGONFLY
} else {
    FREEBSD
};

/// Layouts of all systems, for the tests of the codec.
#[cfg(test)]
pub(crate) const LAYOUTS: [Layout; 4] = [LINUX.control, FREEBSD.control, MACOS.control, ILLUMOS.control];

#[cfg(test)]
mod tests {
    use super::*;

    // Other systems lack some of these names.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn what_is_written_down_for_this_system_is_what_libc_says() {
        assert_eq!((SYSTEM.domain, SYSTEM.protocol), (libc::SO_DOMAIN, libc::SO_PROTOCOL));
        assert_eq!(SYSTEM.open_directory, libc::O_PATH);
        assert_eq!(SYSTEM.unsent as libc::Ioctl, libc::TIOCOUTQ);
        assert_eq!(SYSTEM.cmsg_cloexec, libc::MSG_CMSG_CLOEXEC);
        assert_eq!(SYSTEM.no_signal, libc::MSG_NOSIGNAL);
        assert_eq!(SYSTEM.socket_flags, libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK);
        // SAFETY: these compute with numbers only.
        #[allow(unsafe_code)]
        let (header, space) = unsafe { (libc::CMSG_LEN(0), libc::CMSG_SPACE(1) - libc::CMSG_SPACE(0)) };
        assert_eq!((SYSTEM.control.header, SYSTEM.control.align), (header as usize, space as usize));
    }

    #[test]
    fn every_flag_is_its_own_or_absent() {
        for system in [LINUX, FREEBSD, NETBSD, OPENBSD, MACOS, ILLUMOS, QNX] {
            assert_eq!(system.cmsg_cloexec & system.no_signal, 0);
            assert!(system.no_signal != 0 || system.no_sigpipe != 0, "a write must never raise a signal");
            assert!(system.fds_max * 4 + system.control.header < crate::control::BUFFER_SIZE);
        }
    }
}
