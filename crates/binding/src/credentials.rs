//! The peer of a connected socket as rows of numbers: who it is, who told each fact, and when that was true.
//!
//! A row of facts is FACTS numbers: pid, uid, gid, real uid and gid, effective uid and gid, saved uid and gid; then for pid, uid, gid,
//! real, effective, saved, groups and label the source, plus `WHEN_STEP` times the moment, 0 where it is not told; then the number of
//! groups and the length of the label.

use crate::memory::{copy, Out};
use crate::state::{borrow, negative};
use napi_derive::napi;
use unix_socket::credentials::{self, Credentials, Fact, Ids, Peer, Source};

/// Numbers in a row of facts.
pub(crate) const FACTS: usize = 19;
/// What separates the moment from the source.
pub(crate) const WHEN_STEP: i32 = 256;

/// Names of the sources, by number.
#[napi(catch_unwind)]
pub fn source_names() -> Vec<&'static str> {
    Source::NAMES.to_vec()
}

/// Everything that the kernel tells of the peer: 1, or the number of the reason why there is none.
#[napi(catch_unwind)]
pub fn peer_facts(
    fd: i32,
    #[napi(ts_arg_type = "Int32Array")] mut facts: Out<i32>,
    #[napi(ts_arg_type = "Uint32Array")] mut groups: Out<u32>,
    #[napi(ts_arg_type = "Uint8Array")] mut label: Out<u8>,
) -> i32 {
    match borrow(fd).and_then(credentials::peer) {
        Err(errno) => negative(errno),
        Ok(Peer::Absent(absence)) => absence as i32,
        Ok(Peer::Known(found)) => {
            write_facts(&found, &mut facts);
            facts[17] = copy(found.groups.as_ref().map_or(&[], |fact| &fact.value), &mut groups) as i32;
            facts[18] = copy(found.label.as_ref().map_or(&[], |fact| &fact.value), &mut label) as i32;
            1
        }
    }
}

fn write_facts(found: &Credentials, row: &mut [i32]) {
    row.fill(0);
    let mut number = |at: usize, told: usize, value: Option<(i32, i32)>| {
        if let Some((value, origin)) = value {
            row[at] = value;
            row[told] = origin;
        }
    };
    number(0, 9, found.pid.as_ref().map(|fact| (fact.value, origin(fact))));
    number(1, 10, found.uid.as_ref().map(|fact| (fact.value as i32, origin(fact))));
    number(2, 11, found.gid.as_ref().map(|fact| (fact.value as i32, origin(fact))));
    for (index, ids) in [&found.real, &found.effective, &found.saved].into_iter().enumerate() {
        write_ids(ids.as_ref(), row, 3 + 2 * index, 12 + index);
    }
    row[15] = found.groups.as_ref().map_or(0, origin);
    row[16] = found.label.as_ref().map_or(0, origin);
}

fn write_ids(fact: Option<&Fact<Ids>>, row: &mut [i32], at: usize, told: usize) {
    if let Some(fact) = fact {
        row[at] = fact.value.uid as i32;
        row[at + 1] = fact.value.gid as i32;
        row[told] = origin(fact);
    }
}

fn origin<T>(fact: &Fact<T>) -> i32 {
    fact.source as i32 + WHEN_STEP * fact.when as i32
}
