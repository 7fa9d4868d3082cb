//! Names of Unix sockets as bytes: `[]` is unnamed, a leading NUL is abstract, anything else is a path.
//!
//! Encodes them for bind(2) and connect(2), and decodes what the kernel wrote, bounded by the buffer. No system calls here.

use crate::os::SUN_PATH_MAX;
use crate::{Errno, Result};

/// Longest path, in bytes, that fits an address without a detour.
pub const PATH_MAX: usize = SUN_PATH_MAX;
/// Longest abstract name, in bytes, with its leading NUL.
pub const ABSTRACT_MAX: usize = SUN_PATH_MAX;
/// Room for any address that a kernel writes: a 108-byte path comes back with a length of 111.
pub const BUFFER_SIZE: usize = 128;

const FAMILY_SIZE: usize = size_of::<libc::sa_family_t>();

/// An encoded `sockaddr_un` with its exact length.
#[derive(Debug, Clone)]
pub struct SocketAddress {
    bytes: [u8; BUFFER_SIZE],
    length: usize,
}

impl SocketAddress {
    /// Encodes a name. `ENAMETOOLONG` past the limit, `EINVAL` for a NUL inside a path.
    pub fn encode(name: &[u8]) -> Result<Self> {
        if name.len() > SUN_PATH_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        let is_path = !name.is_empty() && name[0] != 0;
        if is_path && name.contains(&0) {
            return Err(Errno::EINVAL);
        }
        let mut bytes = [0; BUFFER_SIZE];
        bytes[..FAMILY_SIZE].copy_from_slice(&(libc::AF_UNIX as libc::sa_family_t).to_ne_bytes());
        bytes[FAMILY_SIZE..FAMILY_SIZE + name.len()].copy_from_slice(name);
        // A path takes its NUL where it fits: SUN_LEN + 1, as other programs see it.
        let terminator = usize::from(is_path && name.len() < SUN_PATH_MAX);
        Ok(Self { bytes, length: FAMILY_SIZE + name.len() + terminator })
    }

    /// The bytes for the kernel.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The name in an address that the kernel wrote; `None` where the family is not AF_UNIX or the bytes end early.
///
/// Never reads past `bytes`, whatever length the kernel claimed.
pub fn decode(bytes: &[u8]) -> Option<&[u8]> {
    let (family, name) = bytes.split_at_checked(FAMILY_SIZE)?;
    if i32::from(libc::sa_family_t::from_ne_bytes(family.try_into().ok()?)) != libc::AF_UNIX {
        return None;
    }
    if name.first() == Some(&0) && name.len() > 1 {
        return Some(name);
    }
    let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
    Some(&name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(name: &[u8]) -> Vec<u8> {
        decode(SocketAddress::encode(name).unwrap().as_bytes()).unwrap().to_vec()
    }

    #[test]
    fn every_length_of_path_and_abstract_name_comes_back_as_it_was() {
        for length in 1..=SUN_PATH_MAX {
            let path = vec![b'p'; length];
            assert_eq!(round_trip(&path), path);
            let mut name = vec![b'a'; length];
            name[0] = 0;
            if length > 1 {
                assert_eq!(round_trip(&name), name);
            }
        }
    }

    #[test]
    fn trailing_and_inner_nul_of_an_abstract_name_are_kept() {
        assert_eq!(round_trip(b"\0ab"), b"\0ab");
        assert_eq!(round_trip(b"\0ab\0"), b"\0ab\0");
        assert_eq!(round_trip(b"\0a\0b"), b"\0a\0b");
    }

    #[test]
    fn an_unnamed_address_is_empty() {
        assert_eq!(round_trip(b""), b"");
        assert_eq!(SocketAddress::encode(b"").unwrap().as_bytes().len(), 2);
    }

    #[test]
    fn too_long_and_nul_are_refused() {
        assert_eq!(SocketAddress::encode(&[b'x'; 109]).unwrap_err(), Errno::ENAMETOOLONG);
        assert_eq!(SocketAddress::encode(&[0; 109]).unwrap_err(), Errno::ENAMETOOLONG);
        assert_eq!(SocketAddress::encode(b"a\0b").unwrap_err(), Errno::EINVAL);
    }

    #[test]
    fn decoding_any_bytes_stays_inside_them() {
        let mut bytes = [0xff; 130];
        bytes[..2].copy_from_slice(&1_u16.to_ne_bytes());
        for length in 0..bytes.len() {
            let name = decode(&bytes[..length]);
            assert_eq!(name.map(<[u8]>::len), length.checked_sub(2));
        }
        assert_eq!(decode(&[2, 0, 1, 2]), None);
    }
}
