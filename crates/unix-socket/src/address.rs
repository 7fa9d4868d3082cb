//! Names of Unix sockets as bytes: `[]` is unnamed, a leading NUL is abstract, anything else is a path.
//!
//! Encodes them for bind(2) and connect(2), and decodes what the kernel wrote, bounded by the buffer. No system calls here.

use crate::os::SYSTEM;
use crate::{Errno, Result};

/// Longest path, in bytes, that fits an address without a detour.
pub const PATH_MAX: usize = SYSTEM.path_max;
/// Longest abstract name, in bytes, with its leading NUL.
pub const ABSTRACT_MAX: usize = SYSTEM.path_max;
/// Room for any address that a kernel writes: a 108-byte path comes back with a length of 111.
pub const BUFFER_SIZE: usize = 128;

/// The family, or its length and the family in one byte each.
const FAMILY_SIZE: usize = 2;

/// AF_UNIX of every system.
const FAMILY: u8 = 1;

/// An encoded `sockaddr_un` with its exact length.
#[derive(Debug, Clone)]
pub struct SocketAddress {
    bytes: [u8; BUFFER_SIZE],
    length: usize,
}

impl SocketAddress {
    /// Encodes a name. `ENAMETOOLONG` past the limit, `EINVAL` for a NUL inside a path, `EOPNOTSUPP` for an abstract name where the
    /// system has none: elsewhere a NUL at the beginning would be taken for an empty path.
    pub fn encode(name: &[u8]) -> Result<Self> {
        if name.first() == Some(&0) && !SYSTEM.abstract_names {
            return Err(Errno::EOPNOTSUPP);
        }
        Self::encode_as(name, PATH_MAX, SYSTEM.address_has_length)
    }

    fn encode_as(name: &[u8], path_max: usize, has_length: bool) -> Result<Self> {
        if name.len() > path_max {
            return Err(Errno::ENAMETOOLONG);
        }
        let is_path = !name.is_empty() && name[0] != 0;
        if is_path && name.contains(&0) {
            return Err(Errno::EINVAL);
        }
        // A path takes its NUL where it fits: SUN_LEN + 1, as other programs see it.
        let terminator = usize::from(is_path && name.len() < path_max);
        let length = FAMILY_SIZE + name.len() + terminator;
        let mut bytes = [0; BUFFER_SIZE];
        let family = if has_length { [length as u8, FAMILY] } else { u16::from(FAMILY).to_ne_bytes() };
        bytes[..FAMILY_SIZE].copy_from_slice(&family);
        bytes[FAMILY_SIZE..FAMILY_SIZE + name.len()].copy_from_slice(name);
        Ok(Self { bytes, length })
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
    decode_as(bytes, SYSTEM.address_has_length)
}

/// The family in an address that the kernel wrote; `None` where the bytes end early.
pub(crate) fn family(bytes: &[u8]) -> Option<u16> {
    family_as(bytes, SYSTEM.address_has_length)
}

/// The length byte is not believed: a kernel may have cut the address, or have left the byte as it was.
fn family_as(bytes: &[u8], has_length: bool) -> Option<u16> {
    let (family, _) = bytes.split_first_chunk::<FAMILY_SIZE>()?;
    Some(if has_length { family[1].into() } else { u16::from_ne_bytes(*family) })
}

fn decode_as(bytes: &[u8], has_length: bool) -> Option<&[u8]> {
    if family_as(bytes, has_length)? != u16::from(FAMILY) {
        return None;
    }
    let name = &bytes[FAMILY_SIZE..];
    if !has_length && name.first() == Some(&0) && name.len() > 1 {
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
    fn the_family_stands_where_the_system_has_it() {
        assert_eq!(family_as(&[16, 2, 0, 0], true), Some(2));
        assert_eq!(family_as(&7_u16.to_ne_bytes(), false), Some(7));
        assert_eq!(family_as(&[16], true), None);
        assert_eq!(family_as(&[], false), None);
    }

    #[test]
    fn every_length_of_path_and_abstract_name_comes_back_as_it_was() {
        for length in 1..=PATH_MAX {
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
    fn where_addresses_begin_with_their_length_it_is_written_and_not_believed() {
        let encoded = SocketAddress::encode_as(b"/run/a", 104, true).unwrap();
        assert_eq!(encoded.as_bytes(), b"\x09\x01/run/a\0");
        assert_eq!(decode_as(encoded.as_bytes(), true), Some(&b"/run/a"[..]));
        assert_eq!(decode_as(b"\xff\x01/run", true), Some(&b"/run"[..]));
        // macOS tells an unnamed peer with sixteen bytes of nothing.
        assert_eq!(decode_as(&[16, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], true), Some(&b""[..]));
        assert_eq!(decode_as(&[16, 2, 0, 0], true), None);
        assert_eq!(SocketAddress::encode_as(&[b'x'; 104], 104, true).unwrap().as_bytes().len(), 106);
        assert_eq!(SocketAddress::encode_as(&[b'x'; 105], 104, true).unwrap_err(), Errno::ENAMETOOLONG);
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
