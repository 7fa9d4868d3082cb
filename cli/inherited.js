"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.inherited = inherited;
// Descriptors that the shell has opened for this command (3<FILE), told from those that Node.js opens for itself.
const node_fs_1 = require("node:fs");
const index_js_1 = require("../index.js");
const usage_js_1 = require("./usage.js");
/** What only the runtime of this process has open. */
const OF_THE_RUNTIME = ['epoll', 'io_uring', 'eventfd'];
function target(fd) {
    try {
        return (0, node_fs_1.readlinkSync)(`/proc/self/fd/${fd}`);
    }
    catch {
        return '';
    }
}
/** Node.js has both ends of the pipes that it wakes itself with; a shell gives one. */
function isOwnPipe(number, { kind, access }) {
    if (kind !== 'pipe')
        return false;
    const pipe = target(number);
    const others = (0, node_fs_1.readdirSync)('/proc/self/fd').filter((name) => Number(name) > 2 && target(name) === pipe);
    return others.some((name) => accessOf(Number(name)) !== access);
}
function accessOf(number) {
    const fd = index_js_1.OwnedFd.dup(number);
    try {
        return fd.access;
    }
    finally {
        fd.close();
    }
}
/** A duplicate of each. Throws EBADF where nothing is open, a UsageError where it is Node's own. */
function inherited(words) {
    const taken = [];
    try {
        for (const number of words.map((word) => (0, usage_js_1.wholeNumber)(word, 'FD', 0, 0x7fffffff))) {
            const fd = index_js_1.OwnedFd.dup(number);
            taken.push(fd);
            if (number > 2 && (OF_THE_RUNTIME.includes(fd.kind) || isOwnPipe(number, fd)))
                throw belongsToNode(number);
        }
        return taken;
    }
    catch (error) {
        for (const fd of taken)
            fd.close();
        throw error;
    }
}
function belongsToNode(number) {
    return new usage_js_1.UsageError(`descriptor ${number} belongs to Node.js: the shell has not opened it for this command`);
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoiaW5oZXJpdGVkLmpzIiwic291cmNlUm9vdCI6IiIsInNvdXJjZXMiOlsiaW5oZXJpdGVkLnRzIl0sIm5hbWVzIjpbXSwibWFwcGluZ3MiOiI7O0FBa0NBLDhCQWFDO0FBL0NELGtIQUFrSDtBQUNsSCxxQ0FBbUQ7QUFDbkQsMENBQXFDO0FBQ3JDLHlDQUFvRDtBQUVwRCxzREFBc0Q7QUFDdEQsTUFBTSxjQUFjLEdBQUcsQ0FBQyxPQUFPLEVBQUUsVUFBVSxFQUFFLFNBQVMsQ0FBQyxDQUFBO0FBRXZELFNBQVMsTUFBTSxDQUFDLEVBQW1CO0lBQ2pDLElBQUksQ0FBQztRQUNILE9BQU8sSUFBQSxzQkFBWSxFQUFDLGlCQUFpQixFQUFFLEVBQUUsQ0FBQyxDQUFBO0lBQzVDLENBQUM7SUFBQyxNQUFNLENBQUM7UUFDUCxPQUFPLEVBQUUsQ0FBQTtJQUNYLENBQUM7QUFDSCxDQUFDO0FBRUQsdUZBQXVGO0FBQ3ZGLFNBQVMsU0FBUyxDQUFDLE1BQWMsRUFBRSxFQUFFLElBQUksRUFBRSxNQUFNLEVBQVc7SUFDMUQsSUFBSSxJQUFJLEtBQUssTUFBTTtRQUFFLE9BQU8sS0FBSyxDQUFBO0lBQ2pDLE1BQU0sSUFBSSxHQUFHLE1BQU0sQ0FBQyxNQUFNLENBQUMsQ0FBQTtJQUMzQixNQUFNLE1BQU0sR0FBRyxJQUFBLHFCQUFXLEVBQUMsZUFBZSxDQUFDLENBQUMsTUFBTSxDQUFDLENBQUMsSUFBSSxFQUFFLEVBQUUsQ0FBQyxNQUFNLENBQUMsSUFBSSxDQUFDLEdBQUcsQ0FBQyxJQUFJLE1BQU0sQ0FBQyxJQUFJLENBQUMsS0FBSyxJQUFJLENBQUMsQ0FBQTtJQUN2RyxPQUFPLE1BQU0sQ0FBQyxJQUFJLENBQUMsQ0FBQyxJQUFJLEVBQUUsRUFBRSxDQUFDLFFBQVEsQ0FBQyxNQUFNLENBQUMsSUFBSSxDQUFDLENBQUMsS0FBSyxNQUFNLENBQUMsQ0FBQTtBQUNqRSxDQUFDO0FBRUQsU0FBUyxRQUFRLENBQUMsTUFBYztJQUM5QixNQUFNLEVBQUUsR0FBRyxrQkFBTyxDQUFDLEdBQUcsQ0FBQyxNQUFNLENBQUMsQ0FBQTtJQUM5QixJQUFJLENBQUM7UUFDSCxPQUFPLEVBQUUsQ0FBQyxNQUFNLENBQUE7SUFDbEIsQ0FBQztZQUFTLENBQUM7UUFDVCxFQUFFLENBQUMsS0FBSyxFQUFFLENBQUE7SUFDWixDQUFDO0FBQ0gsQ0FBQztBQUVELG9HQUFvRztBQUNwRyxTQUFnQixTQUFTLENBQUMsS0FBd0I7SUFDaEQsTUFBTSxLQUFLLEdBQWMsRUFBRSxDQUFBO0lBQzNCLElBQUksQ0FBQztRQUNILEtBQUssTUFBTSxNQUFNLElBQUksS0FBSyxDQUFDLEdBQUcsQ0FBQyxDQUFDLElBQUksRUFBRSxFQUFFLENBQUMsSUFBQSxzQkFBVyxFQUFDLElBQUksRUFBRSxJQUFJLEVBQUUsQ0FBQyxFQUFFLFVBQVUsQ0FBQyxDQUFDLEVBQUUsQ0FBQztZQUNqRixNQUFNLEVBQUUsR0FBRyxrQkFBTyxDQUFDLEdBQUcsQ0FBQyxNQUFNLENBQUMsQ0FBQTtZQUM5QixLQUFLLENBQUMsSUFBSSxDQUFDLEVBQUUsQ0FBQyxDQUFBO1lBQ2QsSUFBSSxNQUFNLEdBQUcsQ0FBQyxJQUFJLENBQUMsY0FBYyxDQUFDLFFBQVEsQ0FBQyxFQUFFLENBQUMsSUFBSSxDQUFDLElBQUksU0FBUyxDQUFDLE1BQU0sRUFBRSxFQUFFLENBQUMsQ0FBQztnQkFBRSxNQUFNLGFBQWEsQ0FBQyxNQUFNLENBQUMsQ0FBQTtRQUM1RyxDQUFDO1FBQ0QsT0FBTyxLQUFLLENBQUE7SUFDZCxDQUFDO0lBQUMsT0FBTyxLQUFLLEVBQUUsQ0FBQztRQUNmLEtBQUssTUFBTSxFQUFFLElBQUksS0FBSztZQUFFLEVBQUUsQ0FBQyxLQUFLLEVBQUUsQ0FBQTtRQUNsQyxNQUFNLEtBQUssQ0FBQTtJQUNiLENBQUM7QUFDSCxDQUFDO0FBRUQsU0FBUyxhQUFhLENBQUMsTUFBYztJQUNuQyxPQUFPLElBQUkscUJBQVUsQ0FBQyxjQUFjLE1BQU0sbUVBQW1FLENBQUMsQ0FBQTtBQUNoSCxDQUFDIn0=