//! Node-API glue over `unix_socket`: free functions over descriptor numbers that return a count or a negative errno.
//!
//! Everything here is called by `lib/native.ts` and by nobody else. No function waits, none throws for a system error, none makes
//! a JavaScript object per message. Policy (promises, queues, ownership rules) lives in TypeScript.

// #[napi] takes only `pub` functions, though nobody can import them from a cdylib.
#![allow(unreachable_pub)]

mod constants;
mod credentials;
mod delivery;
mod descriptor;
mod headroom;
mod inet;
mod memory;
mod memory_file;
mod poller;
mod process;
mod receiving;
mod sending;
mod socket;
mod state;
mod thread_waker;
mod uv;
mod uv_waker;
