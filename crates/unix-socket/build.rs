//! Sets our own operating-system alias, so that a foreign branch can be type-checked on Linux with ANCILLARY_OS=name, and `poller`,
//! which says what kind of queue that system has.

fn main() {
    let target = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let os = std::env::var("ANCILLARY_OS").unwrap_or(target);
    println!("cargo::rerun-if-env-changed=ANCILLARY_OS");
    println!("cargo::rustc-check-cfg=cfg(unix_os, values(\"linux\", \"android\", \"freebsd\", \"dragonfly\", \"netbsd\", \"openbsd\", \"macos\", \"nto\", \"illumos\"))");
    println!("cargo::rustc-check-cfg=cfg(fuzzing)");
    println!("cargo::rustc-cfg=unix_os=\"{os}\"");
    println!("cargo::rustc-check-cfg=cfg(poller, values(\"epoll\", \"kqueue\", \"none\"))");
    println!("cargo::rustc-cfg=poller=\"{}\"", poller_of(&os));
}

fn poller_of(os: &str) -> &'static str {
    match os {
        "linux" | "android" => "epoll",
        "macos" | "freebsd" | "dragonfly" | "netbsd" | "openbsd" => "kqueue",
        _ => "none",
    }
}
