//! Names in the file system: exact modes, any length, stale files, and whose file is deleted.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use unix_socket::bind::{bind_path, BindOptions, BoundFile};
use unix_socket::{socket, Errno};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("anc-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

const LISTEN: BindOptions = BindOptions { mode: None, replace_stale: false, backlog: Some(5) };
const STALE: BindOptions = BindOptions { replace_stale: true, ..LISTEN };

fn listen(path: &Path, options: BindOptions) -> unix_socket::Result<(OwnedFd, BoundFile)> {
    use std::os::unix::ffi::OsStrExt;
    let fd = socket::open(libc::AF_UNIX, libc::SOCK_STREAM, 0)?;
    let file = bind_path(fd.as_fd(), path.as_os_str().as_bytes(), options)?;
    Ok((fd, file))
}

#[test]
fn the_mode_is_exact_whatever_the_umask() {
    let folder = Folder::new("mode");
    for mode in [0o600, 0o666, 0o777, 0] {
        let path = folder.path(&format!("{mode:o}"));
        let _server = listen(&path, BindOptions { mode: Some(mode), ..LISTEN }).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, mode);
    }
}

#[test]
fn any_length_of_path_can_be_bound_and_connected_to() {
    let folder = Folder::new("long");
    let mut deep = folder.0.clone();
    for _ in 0..30 {
        deep.push("d".repeat(200));
        nested(&deep);
    }
    for path in [folder.path(&"x".repeat(200)), deep.join("socket")] {
        let (_fd, file) = listen(&path, LISTEN).unwrap();
        let client = socket::open(libc::AF_UNIX, libc::SOCK_STREAM, 0).unwrap();
        use std::os::unix::ffi::OsStrExt;
        socket::connect(client.as_fd(), path.as_os_str().as_bytes()).unwrap();
        assert_eq!(file.unlink(), Ok(true));
        assert_eq!(socket::connect(client.as_fd(), path.as_os_str().as_bytes()), Err(Errno::ENOENT));
    }
}

/// mkdir(2) takes 4,095 bytes: go through a descriptor of the parent.
fn nested(path: &Path) {
    use std::os::unix::ffi::OsStrExt;
    let parent = unix_socket::path::open_directory(path.parent().unwrap().as_os_str().as_bytes()).unwrap();
    nix::sys::stat::mkdirat(&parent, path.file_name().unwrap(), nix::sys::stat::Mode::S_IRWXU).unwrap();
}

#[test]
fn whatever_is_at_the_path_is_left_alone() {
    let folder = Folder::new("taken");
    let file = folder.path("file");
    fs::write(&file, "precious").unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path("link")).unwrap();
    let live = folder.path("live");
    let _server = UnixListener::bind(&live).unwrap();
    let datagrams = folder.path("datagrams");
    let _receiver = UnixDatagram::bind(&datagrams).unwrap();
    for path in [&file, &folder.path("link"), &live, &datagrams] {
        for options in [LISTEN, STALE] {
            assert_eq!(listen(path, options).err(), Some(Errno::EADDRINUSE), "{path:?}");
        }
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    UnixStream::connect(&live).unwrap();
}

#[test]
fn a_stale_file_is_replaced_only_on_request() {
    let folder = Folder::new("stale");
    let path = folder.path("socket");
    drop(UnixListener::bind(&path).unwrap());
    assert_eq!(listen(&path, LISTEN).err(), Some(Errno::EADDRINUSE));
    let (_fd, file) = listen(&path, STALE).unwrap();
    UnixStream::connect(&path).unwrap();
    assert!(!folder.path("socket.lock").exists());
    assert_eq!(file.unlink(), Ok(true));
}

#[test]
fn a_server_that_holds_the_lock_is_not_disturbed() {
    let folder = Folder::new("lock");
    let path = folder.path("socket");
    let lock = fs::File::create(folder.path("socket.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(listen(&path, STALE).err(), Some(Errno::EADDRINUSE));
    drop(lock);
    assert!(listen(&path, STALE).is_ok());
    assert!(folder.path("socket.lock").exists(), "a lock file that we did not create stays");
}

#[test]
fn only_the_inode_that_was_bound_is_deleted() {
    let folder = Folder::new("inode");
    let path = folder.path("socket");
    let (_fd, first) = listen(&path, LISTEN).unwrap();
    fs::rename(&path, folder.path("moved")).unwrap();
    let _successor = UnixListener::bind(&path).unwrap();
    assert_eq!(first.unlink(), Ok(false));
    UnixStream::connect(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(first.unlink(), Ok(false));
}
