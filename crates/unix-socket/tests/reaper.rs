#![allow(unsafe_code)]
//! Closes that block, each test alone with the one reaper of the process: they share a lock.

use nix::fcntl::FcntlArg;
use nix::sys::socket::{setsockopt, sockopt};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;
use std::time::Duration;
use unix_socket::reaper;

static ALONE: Mutex<()> = Mutex::new(());
const LONG: Duration = Duration::from_secs(20);

/// A socket whose last close takes two seconds: it has unsent data, and lingers. The peer keeps it so.
fn blocking() -> (OwnedFd, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let peer = listener.accept().unwrap().0;
    stream.set_nonblocking(true).unwrap();
    while stream.write(&[0; 65_536]).is_ok() {}
    setsockopt(&stream, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 2 }).unwrap();
    (stream.into(), peer)
}

#[test]
fn a_close_that_blocks_holds_up_neither_us_nor_other_closes() {
    let _alone = ALONE.lock().unwrap();
    let (fd, _peer) = blocking();
    let (mut reader, writer) = std::io::pipe().unwrap();
    reaper::close([fd, writer.into()]);
    assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), 0);
    assert!(!reaper::wait_quiet(Duration::ZERO), "the blocking close has not ended before the other one");
    assert!(reaper::wait_quiet(LONG));
}

#[test]
fn while_a_close_is_stuck_others_do_not_wait_for_one_another() {
    let _alone = ALONE.lock().unwrap();
    let (fd, _peer) = blocking();
    let (mut reader, writer) = std::io::pipe().unwrap();
    reaper::close([fd]);
    reaper::close((0..200).map(|_| writer.try_clone().unwrap().into()));
    drop(writer);
    assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), 0);
    assert!(!reaper::wait_quiet(Duration::ZERO), "the blocking close has not ended before the others");
    assert!(reaper::wait_quiet(LONG));
}

#[test]
fn what_comes_while_every_thread_is_stuck_waits_and_is_closed_then() {
    let _alone = ALONE.lock().unwrap();
    let (fds, _peers): (Vec<_>, Vec<_>) = (0..reaper::THREADS_MAX).map(|_| blocking()).unzip();
    let (mut reader, writer) = std::io::pipe().unwrap();
    reaper::close(fds);
    reaper::close([writer.into()]);
    assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), 0);
    assert!(reaper::wait_quiet(LONG));
}

#[test]
fn thousands_of_descriptors_are_closed() {
    let _alone = ALONE.lock().unwrap();
    let (mut reader, writer) = std::io::pipe().unwrap();
    for _ in 0..100 {
        reaper::close((0..5).map(|_| writer.try_clone().unwrap().into()));
    }
    drop(writer);
    assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), 0);
    assert!(reaper::wait_quiet(LONG));
}

#[test]
fn who_asks_is_told_when_the_number_is_free_and_not_before() {
    let _alone = ALONE.lock().unwrap();
    let (fd, _peer) = blocking();
    let number = fd.as_raw_fd();
    let (tell, told) = std::sync::mpsc::channel();
    // SAFETY: nothing is done with the number but to ask whether it is open.
    let is_open = move || nix::fcntl::fcntl(unsafe { BorrowedFd::borrow_raw(number) }, FcntlArg::F_GETFD).is_ok();
    reaper::close_then(fd, move || tell.send(is_open()).unwrap());
    assert!(told.try_recv().is_err(), "the blocking close has not ended");
    assert_eq!(told.recv_timeout(LONG), Ok(false));
    assert!(reaper::wait_quiet(LONG));
}
