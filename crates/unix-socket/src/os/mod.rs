//! The constants that differ between operating systems. So far all but the credentials is written for Linux alone, whatever our own
//! alias `unix_os` says; that is how the credentials of other systems are type-checked here.

mod linux;

pub(crate) use linux::*;
