//! Linux: socket options and control message types, with those that the libc crate does not name.

/// Control message type of a pidfd (Linux 6.5).
pub(crate) const SCM_PIDFD: i32 = 4;
/// Socket option: may descriptors be received at all (Linux 6.16).
pub(crate) const SO_PASSRIGHTS: i32 = 83;
/// Socket option: the supplementary groups of the peer (Linux 4.13).
pub(crate) const SO_PEERGROUPS: i32 = 59;
/// Socket option: attach a pidfd of the sender to each message (Linux 6.5).
pub(crate) const SO_PASSPIDFD: i32 = 76;
/// Socket option: attach credentials to each message.
pub(crate) const SO_PASSCRED: i32 = 16;
/// Socket option: a pidfd of the peer (Linux 6.5).
pub(crate) const SO_PEERPIDFD: i32 = 77;
/// Socket option: attach the sender's security label to each message.
pub(crate) const SO_PASSSEC: i32 = 34;
pub(crate) const SO_COOKIE: i32 = 57;
/// Socket options: the family and the protocol.
pub(crate) const SO_DOMAIN: i32 = 39;
pub(crate) const SO_PROTOCOL: i32 = 38;
/// Socket option: the security label of the peer.
pub(crate) const SO_PEERSEC: i32 = 31;
/// Control message type of credentials.
pub(crate) const SCM_CREDENTIALS: i32 = 2;
/// Families of sockets that other systems lack, or number otherwise.
pub(crate) const AF_NETLINK: i32 = 16;
pub(crate) const AF_PACKET: i32 = 17;
pub(crate) const AF_VSOCK: i32 = 40;
/// The protocol of netlink that tells of sockets.
pub(crate) const NETLINK_SOCK_DIAG: i32 = 4;
/// A protocol number past those of the internet, which no other system has.
pub(crate) const IPPROTO_MPTCP: i32 = 262;
/// Opens a file without using it.
pub(crate) const O_PATH: i32 = 0o10_000_000;
/// Bits of `PidfdInfo::mask`.
pub(crate) const PIDFD_INFO_PID: u64 = 1;
pub(crate) const PIDFD_INFO_CREDS: u64 = 2;
pub(crate) const PIDFD_INFO_EXIT: u64 = 8;

/// `struct pidfd_info` as of Linux 6.13 (64 bytes): `mask` says what is asked for, then what was told.
#[derive(Default)]
#[repr(C)]
pub(crate) struct PidfdInfo {
    pub(crate) mask: u64,
    pub(crate) cgroup: u64,
    pub(crate) pid: u32,
    pub(crate) tgid: u32,
    pub(crate) ppid: u32,
    pub(crate) ruid: u32,
    pub(crate) rgid: u32,
    pub(crate) euid: u32,
    pub(crate) egid: u32,
    pub(crate) suid: u32,
    pub(crate) sgid: u32,
    pub(crate) fsuid: u32,
    pub(crate) fsgid: u32,
    pub(crate) exit_code: i32,
}
