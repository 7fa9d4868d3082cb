//! Linux: socket options and control message types, with those that the libc crate does not name.

/// Longest `sun_path`; a path of exactly this length is stored without its NUL.
pub(crate) const SUN_PATH_MAX: usize = 108;
/// Control message type of a pidfd (Linux 6.5).
pub(crate) const SCM_PIDFD: i32 = 4;
/// Socket option: may descriptors be received at all (Linux 6.16).
pub(crate) const SO_PASSRIGHTS: i32 = 83;
/// Socket option: the supplementary groups of the peer (Linux 4.13).
pub(crate) const SO_PEERGROUPS: i32 = 59;
