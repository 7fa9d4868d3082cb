//! Giving a socket a name in the file system: exact mode, any length, never in place of a live server, and taking it away again.
//!
//! The directory stays open from bind to unlink, so that a chdir or a moved parent changes nothing, and only the file that we
//! made (same device, same inode) is ever deleted.

use crate::address::{self, SocketAddress};
use crate::os::{calls, IS_LINUX, SYSTEM};
use crate::path::{self, Split};
use crate::syscall::{self, retry};
use crate::{option, socket, Errno, Result};
use nix::fcntl::{openat, AtFlags, Flock, FlockArg, OFlag};
use nix::sys::socket::Backlog;
use nix::sys::stat::{fchmod, fchmodat, fstat, fstatat, FchmodatFlags, FileStat, Mode, SFlag};
use nix::unistd::{geteuid, linkat, unlinkat, UnlinkatFlags};
use std::ffi::{CString, OsString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// How to bind.
#[derive(Debug, Clone, Copy, Default)]
pub struct BindOptions {
    /// Exact permission bits of the file, whatever the umask; `None` leaves them to the umask.
    pub mode: Option<u32>,
    /// Replace a file that a dead server left.
    pub replace_stale: bool,
    /// Also listen, with this backlog, before anybody can see that the old file has gone.
    pub backlog: Option<i32>,
}

/// The file of a bound socket: where it is, and which inode was ours.
#[derive(Debug)]
pub struct BoundFile {
    directory: OwnedFd,
    name: OsString,
    device: libc::dev_t,
    inode: libc::ino_t,
}

impl BoundFile {
    /// Deletes the file if it still is the one that bind made. `Ok(false)`: it was gone or somebody else's.
    pub fn unlink(&self) -> Result<bool> {
        let still_ours = match status(self.directory.as_fd(), &self.name) {
            Err(Errno::ENOENT) => return Ok(false),
            Err(errno) => return Err(errno),
            Ok(seen) => self.is(&seen),
        };
        if still_ours {
            unlinkat(self.directory.as_fd(), self.name.as_os_str(), UnlinkatFlags::NoRemoveDir)?;
        }
        Ok(still_ours)
    }

    fn is(&self, seen: &FileStat) -> bool {
        (seen.st_dev, seen.st_ino) == (self.device, self.inode)
    }

    fn assert_is(&self, seen: &FileStat) -> Result<()> {
        self.is(seen).then_some(()).ok_or(Errno::EADDRINUSE)
    }
}

/// Binds to a name that is not a path: abstract, or empty for one that the kernel chooses.
pub fn bind_name(fd: BorrowedFd<'_>, name: &[u8], backlog: Option<i32>) -> Result<()> {
    syscall::bind(fd, SocketAddress::encode(name)?.as_bytes())?;
    backlog.map_or(Ok(()), |backlog| listen(fd, backlog))
}

/// Binds to a path, and listens if asked. `EADDRINUSE` where anything that may be alive, or is no socket, has the path.
pub fn bind_path(fd: BorrowedFd<'_>, path: &[u8], options: BindOptions) -> Result<BoundFile> {
    let Split { directory, name } = path::split(path);
    if name.is_empty() || name == b"." || name == b".." {
        return Err(Errno::EADDRINUSE);
    }
    if name.len() > 255 {
        return Err(Errno::ENAMETOOLONG);
    }
    let directory = path::open_directory(directory)?;
    let name = OsString::from_vec(name.to_vec());
    // The lock lives until the socket listens: to another server that also asks, it never looks dead in between.
    let lock = if options.replace_stale { Some(StaleLock::take(directory.as_fd(), &name)?) } else { None };
    if options.replace_stale {
        remove_stale(fd, directory.as_fd(), &name, path)?;
    }
    if let Some(mode) = options.mode.filter(|_| IS_LINUX) {
        // Linux: the file takes the mode of the socket's own inode, less the umask: never wider than asked. Elsewhere sockets have no
        // mode, and the file has the umask's until it is set, before anybody can connect: the socket does not listen yet.
        fchmod(fd, bits(mode))?;
    }
    let bound = make_file(fd, directory, name, path)?;
    let ready = finish(fd, &bound, options);
    if ready.is_err() {
        let _ = bound.unlink();
    }
    drop(lock);
    ready.map(|()| bound)
}

fn bits(mode: u32) -> Mode {
    Mode::from_bits_truncate(mode as libc::mode_t)
}

fn finish(fd: BorrowedFd<'_>, bound: &BoundFile, options: BindOptions) -> Result<()> {
    if let Some(mode) = options.mode {
        widen(bound, mode)?;
    }
    options.backlog.map_or(Ok(()), |backlog| listen(fd, backlog))
}

/// listen(2). A backlog past the system's limit is cut to it by the kernel.
pub fn listen(fd: BorrowedFd<'_>, backlog: i32) -> Result<()> {
    nix::sys::socket::listen(&fd, Backlog::new(backlog.clamp(0, i32::from(u16::MAX)))?)
}

fn status(directory: BorrowedFd<'_>, name: &OsString) -> Result<FileStat> {
    fstatat(directory, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW)
}

fn is_socket(status: &FileStat) -> bool {
    SFlag::from_bits_truncate(status.st_mode) & SFlag::S_IFMT == SFlag::S_IFSOCK
}

/// bind(2) by the path itself where it fits, else under a short name that is then moved, without replacing anything.
fn make_file(fd: BorrowedFd<'_>, directory: OwnedFd, name: OsString, path: &[u8]) -> Result<BoundFile> {
    if path.len() <= address::PATH_MAX || !SYSTEM.paths_of_descriptors {
        syscall::bind(fd, SocketAddress::encode(path)?.as_bytes())?;
        return identify(directory, name);
    }
    if status(directory.as_fd(), &name).is_ok() {
        return Err(Errno::EADDRINUSE);
    }
    let short = bind_short(fd, directory.as_fd())?;
    if let Err(errno) = move_to(directory.as_fd(), &short, &name) {
        unlinkat(directory.as_fd(), short.as_os_str(), UnlinkatFlags::NoRemoveDir)?;
        return Err(if errno == Errno::EEXIST { Errno::EADDRINUSE } else { errno });
    }
    identify(directory, name)
}

/// Gives the file another name in the same directory, without replacing anything.
fn move_to(directory: BorrowedFd<'_>, from: &OsString, to: &OsString) -> Result<()> {
    let name = |name: &OsString| CString::new(name.as_bytes()).map_err(|_| Errno::EINVAL);
    match calls::rename_new(directory, &name(from)?, &name(to)?) {
        // Some file systems (NFS, FUSE) know no such flag; a second link refuses an existing name as well.
        Err(Errno::EINVAL | Errno::ENOSYS) => {
            linkat(directory, from.as_os_str(), directory, to.as_os_str(), AtFlags::empty())?;
            unlinkat(directory, from.as_os_str(), UnlinkatFlags::NoRemoveDir)
        }
        other => other,
    }
}

/// Binds under a short unused name, through `/proc/self/fd`, so that the length of the directory's path does not matter.
fn bind_short(fd: BorrowedFd<'_>, directory: BorrowedFd<'_>) -> Result<OsString> {
    for attempt in 0..1000 {
        let name = hidden_name(fd, attempt);
        let path = way_to(directory, &name, name.as_bytes());
        match syscall::bind(fd, SocketAddress::encode(&path)?.as_bytes()) {
            Err(Errno::EADDRINUSE) => {}
            other => return other.map(|()| name),
        }
    }
    Err(Errno::EADDRINUSE)
}

/// A name for a file that is moved or deleted at once; no other thread of this process holds the same number.
fn hidden_name(fd: BorrowedFd<'_>, attempt: u32) -> OsString {
    OsString::from(format!(".anc-{:x}-{:x}-{attempt:x}", std::process::id(), fd.as_raw_fd()))
}

fn identify(directory: OwnedFd, name: OsString) -> Result<BoundFile> {
    let seen = status(directory.as_fd(), &name)?;
    if !is_socket(&seen) || seen.st_uid != geteuid().as_raw() {
        return Err(Errno::EADDRINUSE);
    }
    Ok(BoundFile { directory, name, device: seen.st_dev, inode: seen.st_ino })
}

/// Gives back the bits that the umask took, on the inode that is ours and on no other.
fn widen(bound: &BoundFile, mode: u32) -> Result<()> {
    if !SYSTEM.paths_of_descriptors {
        return set_mode(bound, mode);
    }
    let flags = path::UNUSED | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let file = retry(|| openat(&bound.directory, bound.name.as_os_str(), flags, Mode::empty()))?;
    let seen = fstat(&file)?;
    bound.assert_is(&seen)?;
    if Mode::from_bits_truncate(seen.st_mode) == bits(mode) {
        return Ok(());
    }
    let path = OsString::from_vec(path::of_descriptor(file.as_fd()));
    fchmodat(nix::fcntl::AT_FDCWD, path.as_os_str(), bits(mode), FchmodatFlags::FollowSymlink)
}

/// Where no path leads to an inode: by name, which must be ours before and after.
fn set_mode(bound: &BoundFile, mode: u32) -> Result<()> {
    let check = || bound.assert_is(&status(bound.directory.as_fd(), &bound.name)?);
    check()?;
    fchmodat(&bound.directory, bound.name.as_os_str(), bits(mode), FchmodatFlags::NoFollowSymlink)?;
    check()
}

/// Deletes a socket file whose server is dead: a socket, of our owner, that refuses connections. The caller holds the lock.
fn remove_stale(fd: BorrowedFd<'_>, directory: BorrowedFd<'_>, name: &OsString, path: &[u8]) -> Result<()> {
    let seen = match status(directory, name) {
        Err(Errno::ENOENT) => return Ok(()),
        other => other?,
    };
    if !is_socket(&seen) || seen.st_uid != geteuid().as_raw() || is_alive(fd, &way_to(directory, name, path))? {
        return Err(Errno::EADDRINUSE);
    }
    let again = status(directory, name)?;
    if (again.st_dev, again.st_ino) != (seen.st_dev, seen.st_ino) {
        return Err(Errno::EADDRINUSE);
    }
    unlinkat(directory, name.as_os_str(), UnlinkatFlags::NoRemoveDir)
}

/// Probes with a socket of our own type; only a clear refusal says that nobody is there.
fn is_alive(fd: BorrowedFd<'_>, path: &[u8]) -> Result<bool> {
    let probe = socket::open(libc::AF_UNIX, option::get_number(fd, libc::SO_TYPE)?, 0)?;
    match socket::connect(probe.as_fd(), path) {
        Err(Errno::ECONNREFUSED) => Ok(false),
        Err(Errno::ENOENT) => Err(Errno::EADDRINUSE),
        _ => Ok(true),
    }
}

/// The path of a file in an open directory: through the directory, or as it was given where no path leads there.
fn way_to(directory: BorrowedFd<'_>, name: &OsString, given: &[u8]) -> Vec<u8> {
    if !SYSTEM.paths_of_descriptors {
        return given.to_vec();
    }
    let mut path = path::of_descriptor(directory);
    path.push(b'/');
    path.extend_from_slice(name.as_bytes());
    path
}

/// `NAME.lock`, held while one of several servers looks, deletes and binds.
struct StaleLock {
    directory: OwnedFd,
    name: OsString,
    file: Flock<OwnedFd>,
    created: bool,
}

impl StaleLock {
    fn take(directory: BorrowedFd<'_>, socket: &OsString) -> Result<Self> {
        let mut name = socket.clone();
        name.push(".lock");
        for _ in 0..100 {
            let (file, created) = match create_locked(directory, &name)? {
                Some(file) => (file, true),
                None => match open_locked(directory, &name) {
                    // Gone again before it could be opened.
                    Err(Errno::ENOENT) => continue,
                    other => (other?, false),
                },
            };
            let held = fstat(&*file)?;
            // The holder before us may have deleted the file between our open and our lock.
            if status(directory, &name).is_ok_and(|seen| (seen.st_dev, seen.st_ino) == (held.st_dev, held.st_ino)) {
                let directory = crate::descriptor::duplicate(directory)?;
                return Ok(Self { directory, name, file, created });
            }
        }
        Err(Errno::EADDRINUSE)
    }
}

impl Drop for StaleLock {
    fn drop(&mut self) {
        if self.created && fstat(&*self.file).is_ok() {
            let _ = unlinkat(&self.directory, self.name.as_os_str(), UnlinkatFlags::NoRemoveDir);
        }
    }
}

fn busy(errno: Errno) -> Errno {
    if errno == Errno::EWOULDBLOCK {
        Errno::EADDRINUSE
    } else {
        errno
    }
}

/// Makes the lock file, locked before anybody can see it: nobody else can hold what only its maker deletes. `None`: there is one.
fn create_locked(directory: BorrowedFd<'_>, name: &OsString) -> Result<Option<Flock<OwnedFd>>> {
    let flags = OFlag::O_RDWR | OFlag::O_CLOEXEC | OFlag::O_CREAT | OFlag::O_EXCL;
    for attempt in 0..1000 {
        let hidden = hidden_name(directory, attempt);
        let file = match openat(directory, hidden.as_os_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR) {
            Err(Errno::EEXIST) => continue,
            other => other?,
        };
        let made = lock(file).and_then(|file| {
            linkat(directory, hidden.as_os_str(), directory, name.as_os_str(), AtFlags::empty()).map(|()| file)
        });
        unlinkat(directory, hidden.as_os_str(), UnlinkatFlags::NoRemoveDir)?;
        return match made {
            Err(Errno::EEXIST) => Ok(None),
            other => other.map(Some),
        };
    }
    Err(Errno::EADDRINUSE)
}

fn open_locked(directory: BorrowedFd<'_>, name: &OsString) -> Result<Flock<OwnedFd>> {
    let flags = OFlag::O_RDWR | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    lock(openat(directory, name.as_os_str(), flags, Mode::empty())?)
}

/// `EADDRINUSE` where somebody holds it.
fn lock(file: OwnedFd) -> Result<Flock<OwnedFd>> {
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| busy(errno))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_that_is_set_by_name_is_set_on_our_file_only() {
        let folder = std::env::temp_dir().join(format!("ancillary-mode-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("s");
        let fd = socket::open(libc::AF_UNIX, libc::SOCK_STREAM, 0).unwrap();
        let bound = bind_path(fd.as_fd(), path.as_os_str().as_bytes(), BindOptions::default()).unwrap();
        set_mode(&bound, 0o631).unwrap();
        let seen = status(bound.directory.as_fd(), &bound.name).unwrap();
        assert_eq!(Mode::from_bits_truncate(seen.st_mode), bits(0o631));
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "").unwrap();
        let before = status(bound.directory.as_fd(), &bound.name).unwrap().st_mode;
        assert_eq!(set_mode(&bound, 0o777), Err(Errno::EADDRINUSE));
        assert_eq!(status(bound.directory.as_fd(), &bound.name).unwrap().st_mode, before);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
