"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.pids = pids;
exports.processName = processName;
exports.processFacts = processFacts;
exports.socketsOf = socketsOf;
exports.holders = holders;
exports.queuedFds = queuedFds;
// What /proc tells of processes: what they are called, as whom they run, which sockets they have open. Of the processes of others
// nobody but root sees the descriptors. A number is not a process for good: this is for people who look, not for decisions.
const node_fs_1 = require("node:fs");
function text(path) {
    try {
        return (0, node_fs_1.readFileSync)(path, 'utf8');
    }
    catch {
        return null;
    }
}
function link(path) {
    try {
        return (0, node_fs_1.readlinkSync)(path);
    }
    catch {
        return null;
    }
}
function list(path) {
    try {
        return (0, node_fs_1.readdirSync)(path);
    }
    catch {
        return [];
    }
}
function pids() {
    return list('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number);
}
/** The short name of a process; null where there is none with this number. */
function processName(pid) {
    return text(`/proc/${pid}/comm`)?.trimEnd() ?? null;
}
/** null where there is no such process. */
function processFacts(pid) {
    const status = text(`/proc/${pid}/status`);
    if (status === null)
        return null;
    const numbers = (word) => (new RegExp(`^${word}:(.*)$`, 'm').exec(status)?.[1] ?? '').trim().split(/\s+/).filter(Boolean).map(Number);
    return {
        pid,
        name: processName(pid) ?? '',
        command: (text(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1),
        executable: link(`/proc/${pid}/exe`),
        // Real, effective, saved, of the file system.
        uid: numbers('Uid')[1] ?? null,
        gid: numbers('Gid')[1] ?? null,
        groups: numbers('Groups'),
    };
}
/** The sockets that a process has open: by inode number, the descriptors. */
function socketsOf(pid) {
    const found = new Map();
    for (const name of list(`/proc/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${name}`) ?? '')?.[1];
        if (inode !== undefined)
            found.set(Number(inode), [...(found.get(Number(inode)) ?? []), Number(name)]);
    }
    return found;
}
/** Which processes have which sockets open, as far as we may see. `onStep` is told of each process. */
function holders(onStep = () => { }) {
    const found = new Map();
    const all = pids();
    for (const [index, pid] of all.entries()) {
        onStep(index, all.length);
        for (const [inode, fds] of socketsOf(pid)) {
            found.set(inode, [...(found.get(inode) ?? []), ...fds.map((fd) => ({ pid, fd }))]);
        }
    }
    return found;
}
/** How many descriptors wait in a socket, from one who has it open; null where that is not told. */
function queuedFds({ pid, fd }) {
    const count = /^scm_fds:\s*(\d+)/m.exec(text(`/proc/${pid}/fdinfo/${fd}`) ?? '')?.[1];
    return count === undefined ? null : Number(count);
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoicHJvY2Vzc2VzLmpzIiwic291cmNlUm9vdCI6IiIsInNvdXJjZXMiOlsicHJvY2Vzc2VzLnRzIl0sIm5hbWVzIjpbXSwibWFwcGluZ3MiOiI7O0FBNENBLG9CQUlDO0FBR0Qsa0NBRUM7QUFHRCxvQ0FlQztBQUdELDhCQU9DO0FBR0QsMEJBVUM7QUFHRCw4QkFHQztBQXBHRCxrSUFBa0k7QUFDbEksNEhBQTRIO0FBQzVILHFDQUFpRTtBQWtCakUsU0FBUyxJQUFJLENBQUMsSUFBWTtJQUN4QixJQUFJLENBQUM7UUFDSCxPQUFPLElBQUEsc0JBQVksRUFBQyxJQUFJLEVBQUUsTUFBTSxDQUFDLENBQUE7SUFDbkMsQ0FBQztJQUFDLE1BQU0sQ0FBQztRQUNQLE9BQU8sSUFBSSxDQUFBO0lBQ2IsQ0FBQztBQUNILENBQUM7QUFFRCxTQUFTLElBQUksQ0FBQyxJQUFZO0lBQ3hCLElBQUksQ0FBQztRQUNILE9BQU8sSUFBQSxzQkFBWSxFQUFDLElBQUksQ0FBQyxDQUFBO0lBQzNCLENBQUM7SUFBQyxNQUFNLENBQUM7UUFDUCxPQUFPLElBQUksQ0FBQTtJQUNiLENBQUM7QUFDSCxDQUFDO0FBRUQsU0FBUyxJQUFJLENBQUMsSUFBWTtJQUN4QixJQUFJLENBQUM7UUFDSCxPQUFPLElBQUEscUJBQVcsRUFBQyxJQUFJLENBQUMsQ0FBQTtJQUMxQixDQUFDO0lBQUMsTUFBTSxDQUFDO1FBQ1AsT0FBTyxFQUFFLENBQUE7SUFDWCxDQUFDO0FBQ0gsQ0FBQztBQUVELFNBQWdCLElBQUk7SUFDbEIsT0FBTyxJQUFJLENBQUMsT0FBTyxDQUFDO1NBQ2pCLE1BQU0sQ0FBQyxDQUFDLElBQUksRUFBRSxFQUFFLENBQUMsT0FBTyxDQUFDLElBQUksQ0FBQyxJQUFJLENBQUMsQ0FBQztTQUNwQyxHQUFHLENBQUMsTUFBTSxDQUFDLENBQUE7QUFDaEIsQ0FBQztBQUVELDhFQUE4RTtBQUM5RSxTQUFnQixXQUFXLENBQUMsR0FBVztJQUNyQyxPQUFPLElBQUksQ0FBQyxTQUFTLEdBQUcsT0FBTyxDQUFDLEVBQUUsT0FBTyxFQUFFLElBQUksSUFBSSxDQUFBO0FBQ3JELENBQUM7QUFFRCwyQ0FBMkM7QUFDM0MsU0FBZ0IsWUFBWSxDQUFDLEdBQVc7SUFDdEMsTUFBTSxNQUFNLEdBQUcsSUFBSSxDQUFDLFNBQVMsR0FBRyxTQUFTLENBQUMsQ0FBQTtJQUMxQyxJQUFJLE1BQU0sS0FBSyxJQUFJO1FBQUUsT0FBTyxJQUFJLENBQUE7SUFDaEMsTUFBTSxPQUFPLEdBQUcsQ0FBQyxJQUFZLEVBQVksRUFBRSxDQUN6QyxDQUFDLElBQUksTUFBTSxDQUFDLElBQUksSUFBSSxRQUFRLEVBQUUsR0FBRyxDQUFDLENBQUMsSUFBSSxDQUFDLE1BQU0sQ0FBQyxFQUFFLENBQUMsQ0FBQyxDQUFDLElBQUksRUFBRSxDQUFDLENBQUMsSUFBSSxFQUFFLENBQUMsS0FBSyxDQUFDLEtBQUssQ0FBQyxDQUFDLE1BQU0sQ0FBQyxPQUFPLENBQUMsQ0FBQyxHQUFHLENBQUMsTUFBTSxDQUFDLENBQUE7SUFDN0csT0FBTztRQUNMLEdBQUc7UUFDSCxJQUFJLEVBQUUsV0FBVyxDQUFDLEdBQUcsQ0FBQyxJQUFJLEVBQUU7UUFDNUIsT0FBTyxFQUFFLENBQUMsSUFBSSxDQUFDLFNBQVMsR0FBRyxVQUFVLENBQUMsSUFBSSxFQUFFLENBQUMsQ0FBQyxLQUFLLENBQUMsSUFBSSxDQUFDLENBQUMsS0FBSyxDQUFDLENBQUMsRUFBRSxDQUFDLENBQUMsQ0FBQztRQUN0RSxVQUFVLEVBQUUsSUFBSSxDQUFDLFNBQVMsR0FBRyxNQUFNLENBQUM7UUFDcEMsOENBQThDO1FBQzlDLEdBQUcsRUFBRSxPQUFPLENBQUMsS0FBSyxDQUFDLENBQUMsQ0FBQyxDQUFDLElBQUksSUFBSTtRQUM5QixHQUFHLEVBQUUsT0FBTyxDQUFDLEtBQUssQ0FBQyxDQUFDLENBQUMsQ0FBQyxJQUFJLElBQUk7UUFDOUIsTUFBTSxFQUFFLE9BQU8sQ0FBQyxRQUFRLENBQUM7S0FDMUIsQ0FBQTtBQUNILENBQUM7QUFFRCw2RUFBNkU7QUFDN0UsU0FBZ0IsU0FBUyxDQUFDLEdBQVc7SUFDbkMsTUFBTSxLQUFLLEdBQUcsSUFBSSxHQUFHLEVBQW9CLENBQUE7SUFDekMsS0FBSyxNQUFNLElBQUksSUFBSSxJQUFJLENBQUMsU0FBUyxHQUFHLEtBQUssQ0FBQyxFQUFFLENBQUM7UUFDM0MsTUFBTSxLQUFLLEdBQUcsb0JBQW9CLENBQUMsSUFBSSxDQUFDLElBQUksQ0FBQyxTQUFTLEdBQUcsT0FBTyxJQUFJLEVBQUUsQ0FBQyxJQUFJLEVBQUUsQ0FBQyxFQUFFLENBQUMsQ0FBQyxDQUFDLENBQUE7UUFDbkYsSUFBSSxLQUFLLEtBQUssU0FBUztZQUFFLEtBQUssQ0FBQyxHQUFHLENBQUMsTUFBTSxDQUFDLEtBQUssQ0FBQyxFQUFFLENBQUMsR0FBRyxDQUFDLEtBQUssQ0FBQyxHQUFHLENBQUMsTUFBTSxDQUFDLEtBQUssQ0FBQyxDQUFDLElBQUksRUFBRSxDQUFDLEVBQUUsTUFBTSxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUMsQ0FBQTtJQUN4RyxDQUFDO0lBQ0QsT0FBTyxLQUFLLENBQUE7QUFDZCxDQUFDO0FBRUQsdUdBQXVHO0FBQ3ZHLFNBQWdCLE9BQU8sQ0FBQyxTQUE4QyxHQUFHLEVBQUUsR0FBRSxDQUFDO0lBQzVFLE1BQU0sS0FBSyxHQUFHLElBQUksR0FBRyxFQUFvQixDQUFBO0lBQ3pDLE1BQU0sR0FBRyxHQUFHLElBQUksRUFBRSxDQUFBO0lBQ2xCLEtBQUssTUFBTSxDQUFDLEtBQUssRUFBRSxHQUFHLENBQUMsSUFBSSxHQUFHLENBQUMsT0FBTyxFQUFFLEVBQUUsQ0FBQztRQUN6QyxNQUFNLENBQUMsS0FBSyxFQUFFLEdBQUcsQ0FBQyxNQUFNLENBQUMsQ0FBQTtRQUN6QixLQUFLLE1BQU0sQ0FBQyxLQUFLLEVBQUUsR0FBRyxDQUFDLElBQUksU0FBUyxDQUFDLEdBQUcsQ0FBQyxFQUFFLENBQUM7WUFDMUMsS0FBSyxDQUFDLEdBQUcsQ0FBQyxLQUFLLEVBQUUsQ0FBQyxHQUFHLENBQUMsS0FBSyxDQUFDLEdBQUcsQ0FBQyxLQUFLLENBQUMsSUFBSSxFQUFFLENBQUMsRUFBRSxHQUFHLEdBQUcsQ0FBQyxHQUFHLENBQUMsQ0FBQyxFQUFFLEVBQUUsRUFBRSxDQUFDLENBQUMsRUFBRSxHQUFHLEVBQUUsRUFBRSxFQUFFLENBQUMsQ0FBQyxDQUFDLENBQUMsQ0FBQTtRQUNwRixDQUFDO0lBQ0gsQ0FBQztJQUNELE9BQU8sS0FBSyxDQUFBO0FBQ2QsQ0FBQztBQUVELG9HQUFvRztBQUNwRyxTQUFnQixTQUFTLENBQUMsRUFBRSxHQUFHLEVBQUUsRUFBRSxFQUFVO0lBQzNDLE1BQU0sS0FBSyxHQUFHLG9CQUFvQixDQUFDLElBQUksQ0FBQyxJQUFJLENBQUMsU0FBUyxHQUFHLFdBQVcsRUFBRSxFQUFFLENBQUMsSUFBSSxFQUFFLENBQUMsRUFBRSxDQUFDLENBQUMsQ0FBQyxDQUFBO0lBQ3JGLE9BQU8sS0FBSyxLQUFLLFNBQVMsQ0FBQyxDQUFDLENBQUMsSUFBSSxDQUFDLENBQUMsQ0FBQyxNQUFNLENBQUMsS0FBSyxDQUFDLENBQUE7QUFDbkQsQ0FBQyJ9