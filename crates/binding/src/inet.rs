//! Internet addresses for descriptors that are not Unix sockets.

use crate::memory::Out;
use crate::state::{borrow, code, done, negative};
use napi_derive::napi;
use unix_socket::inet;

/// Where a datagram came from.
#[napi(object)]
pub struct ReceivedFrom {
    /// Bytes received, or a negative errno.
    pub count: i32,
    /// The sender's address, where there is one.
    pub address: Option<String>,
    /// The sender's port.
    pub port: u32,
}

/// sendto(2): the bytes taken.
#[napi(catch_unwind)]
pub fn send_to(fd: i32, data: &[u8], address: String, port: u16) -> i32 {
    code(borrow(fd).and_then(|fd| inet::send_to(fd, data, &inet::parse(&address, port)?)))
}

/// recvfrom(2).
#[napi(catch_unwind)]
pub fn receive_from(fd: i32, #[napi(ts_arg_type = "Uint8Array")] mut out: Out<u8>) -> ReceivedFrom {
    found(borrow(fd).and_then(|fd| inet::receive_from(fd, &mut out)))
}

fn found(result: unix_socket::Result<(usize, Option<(String, u16)>)>) -> ReceivedFrom {
    match result {
        Err(errno) => ReceivedFrom { count: negative(errno), address: None, port: 0 },
        Ok((count, None)) => ReceivedFrom { count: count as i32, address: None, port: 0 },
        Ok((count, Some((address, port)))) => {
            ReceivedFrom { count: count as i32, address: Some(address), port: u32::from(port) }
        }
    }
}

/// bind(2).
#[napi(catch_unwind)]
pub fn bind_inet(fd: i32, address: String, port: u16) -> i32 {
    done(borrow(fd).and_then(|fd| inet::bind(fd, &inet::parse(&address, port)?)))
}

/// getsockname(2): `count` is 0, or a negative errno.
#[napi(catch_unwind)]
pub fn local_inet(fd: i32) -> ReceivedFrom {
    found(borrow(fd).and_then(|fd| inet::local(fd).map(|address| (0, address))))
}

/// connect(2).
#[napi(catch_unwind)]
pub fn connect_inet(fd: i32, address: String, port: u16) -> i32 {
    done(borrow(fd).and_then(|fd| inet::connect(fd, &inet::parse(&address, port)?)))
}
