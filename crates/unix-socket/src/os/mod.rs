//! The constants that differ between operating systems, one file per system, chosen by our own alias `unix_os`.

#[cfg_attr(any(unix_os = "linux", unix_os = "android"), path = "linux.rs")]
mod system;

pub(crate) use system::*;
