"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.command = void 0;
// `ancillary peer`: who is behind a socket, or which process this is and which sockets it has.
const index_js_1 = require("../index.js");
const inspect_js_1 = require("./inspect.js");
const names_js_1 = require("./names.js");
const processes_js_1 = require("./processes.js");
const table_js_1 = require("./table.js");
const terminal_js_1 = require("./terminal.js");
const usage_js_1 = require("./usage.js");
exports.command = {
    summary: 'tells who is there: behind a socket, or which process',
    takes: [1, 1],
    options: {
        type: { type: 'string', short: 't' },
        json: { type: 'boolean', short: 'j' },
        timeout: { type: 'string' },
    },
    help: `
Usage: ancillary peer [OPTION...] PATH
       ancillary peer [OPTION...] PID

PATH: connects, and tells who the kernel says is there: the process that called listen(2). Its server sees a connection
that ends at once. Of a datagram socket the kernel names nobody; those who have it open are told. PATH may be @NAME, an
abstract name, and ./123 is a file of that name.

PID: tells as whom the process runs, and its Unix sockets with their other ends. Of processes of other users only root
sees that.

Options:
  -j, --json             for programs
  -t, --type TYPE        of the socket: stream, seqpacket or dgram; default what is there
      --timeout SECONDS  give up after so long, when the server's backlog is full; default never

Exit codes: 0 somebody is there, 1 failed, 2 wrong arguments, 3 nobody is there, 124 too late.
`,
    run: peer,
};
async function peer({ values, positionals: [word = ''] }) {
    const found = /^\d+$/.test(word) ? ofProcess(Number(word)) : await behind((0, names_js_1.addressFrom)(word), values);
    if (found === null) {
        process.stderr.write(`ancillary: nobody is there: ${(0, names_js_1.printable)(word)}\n`);
        return usage_js_1.EXIT.nothing;
    }
    process.stdout.write(values.json ? `${JSON.stringify(found.json, null, 2)}\n` : found.text());
    return usage_js_1.EXIT.done;
}
async function behind(address, values) {
    const type = (0, names_js_1.typeFor)(address, values.type);
    try {
        const open = () => (0, index_js_1.connect)(address, { type, ...(0, usage_js_1.waitOf)(values) });
        const socket = await (0, terminal_js_1.during)(`connecting to ${(0, names_js_1.addressText)(address)}`, open);
        try {
            return type === 'dgram' ? holdersOf(socket, address) : listenerOf(socket, address, type);
        }
        finally {
            await socket.close();
        }
    }
    catch (error) {
        if (['ECONNREFUSED', 'ENOENT'].includes(error.code ?? ''))
            return null;
        throw error;
    }
}
/** What the kernel recorded, and what /proc says of that process as long as it is the same one. */
function listenerOf(socket, address, type) {
    const who = (0, index_js_1.peerCredentials)(socket);
    const handle = livingPeer(socket);
    const details = who.pid === null ? null : (0, processes_js_1.processFacts)(who.pid);
    const alive = handle?.alive ?? null;
    handle?.close();
    const { command = [], executable = null } = alive === false ? {} : (details ?? {});
    const json = { address: (0, names_js_1.addressText)(address), type, ...who, alive, command, executable };
    const text = () => (0, table_js_1.facts)([
        ['socket', `${(0, names_js_1.addressText)(address)}, ${type}`],
        ['process', who.pid === null ? 'not in a namespace that we see' : String(who.pid)],
        ['command', commandText(command)],
        ['executable', executable && (0, names_js_1.printable)(executable)],
        ['user', (0, names_js_1.userText)(who.uid)],
        ['group', (0, names_js_1.groupText)(who.gid)],
        ['groups', who.groups?.map(names_js_1.groupText).join(', ') ?? null],
        ['label', who.label && (0, names_js_1.printable)(who.label)],
        ['running', alive === null ? null : alive ? 'yes' : 'no: others have its socket'],
    ]);
    return { json, text };
}
/** null: it has ended, or this kernel has no handles. */
function livingPeer(socket) {
    try {
        return (0, index_js_1.peerProcess)(socket);
    }
    catch {
        return null;
    }
}
function commandText(words) {
    return (0, names_js_1.printable)(words.join(' '));
}
function holdersOf(socket, address) {
    const { peerInode } = (0, index_js_1.inspect)(socket);
    const found = ((0, processes_js_1.holders)().get(peerInode ?? -1) ?? []).map((holder) => ({ ...holder, ...(0, processes_js_1.processFacts)(holder.pid) }));
    const rows = found.map(({ pid, fd, uid, command = [] }) => [
        String(pid),
        String(fd),
        (0, names_js_1.userText)(uid ?? null),
        commandText(command),
    ]);
    const title = (0, table_js_1.facts)([
        ['socket', `${(0, names_js_1.addressText)(address)}, dgram`],
        ['open in', rows.length === 0 ? 'processes that we may not see' : null],
    ]);
    const text = () => (rows.length === 0 ? title : `${title}\n${(0, table_js_1.table)(['PID', 'FD', 'USER', 'COMMAND'], rows)}`);
    return { json: { address: (0, names_js_1.addressText)(address), type: 'dgram', holders: found }, text };
}
function ofProcess(pid) {
    const details = (0, processes_js_1.processFacts)(pid);
    if (details === null)
        return null;
    const sockets = unixSocketsOf(pid);
    return { json: { ...details, sockets }, text: () => processText(details, sockets) };
}
function unixSocketsOf(pid) {
    const progress = new terminal_js_1.Progress('looking for the other ends');
    try {
        const all = new Map((0, index_js_1.inspectAll)().map((socket) => [socket.inode, socket]));
        const others = (0, processes_js_1.holders)((done, of) => progress.show(`looking for the other ends: process ${done + 1} of ${of}`));
        return [...(0, processes_js_1.socketsOf)(pid)].flatMap(([inode, fds]) => {
            const socket = all.get(inode);
            if (socket === undefined)
                return [];
            const ends = others.get(socket.peerInode ?? -1) ?? [];
            const peers = [...new Set(ends.map((end) => end.pid))];
            return fds.map((fd) => ({
                fd,
                type: socket.type,
                state: (0, inspect_js_1.stateText)(socket),
                name: (0, names_js_1.addressText)(socket.localAddress ?? socket.peerAddress),
                peer: peers.map((other) => ({ pid: other, name: (0, processes_js_1.processName)(other) ?? '' })),
            }));
        });
    }
    finally {
        progress.end();
    }
}
function processText(details, sockets) {
    const about = (0, table_js_1.facts)([
        ['process', `${details.pid} ${(0, names_js_1.printable)(details.name)}`],
        ['command', commandText(details.command)],
        ['executable', details.executable && (0, names_js_1.printable)(details.executable)],
        ['user', (0, names_js_1.userText)(details.uid)],
        ['group', (0, names_js_1.groupText)(details.gid)],
        ['groups', details.groups.map(names_js_1.groupText).join(', ')],
    ]);
    if (sockets.length === 0)
        return about;
    const rows = sockets.map(({ fd, type, state, name, peer: ends }) => {
        const others = ends.map((end) => `${end.pid} ${(0, names_js_1.printable)(end.name)}`).join(', ');
        return [String(fd), type, state, name, others];
    });
    return `${about}\n${(0, table_js_1.table)(['FD', 'TYPE', 'STATE', 'NAME', 'OTHER END'], rows)}`;
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoicGVlci5qcyIsInNvdXJjZVJvb3QiOiIiLCJzb3VyY2VzIjpbInBlZXIudHMiXSwibmFtZXMiOltdLCJtYXBwaW5ncyI6Ijs7O0FBQUEsK0ZBQStGO0FBQy9GLDBDQVFvQjtBQUNwQiw2Q0FBd0M7QUFDeEMseUNBQThGO0FBQzlGLGlEQUFpRztBQUNqRyx5Q0FBeUM7QUFDekMsK0NBQWdEO0FBQ2hELHlDQUFvRTtBQUV2RCxRQUFBLE9BQU8sR0FBWTtJQUM5QixPQUFPLEVBQUUsdURBQXVEO0lBQ2hFLEtBQUssRUFBRSxDQUFDLENBQUMsRUFBRSxDQUFDLENBQUM7SUFDYixPQUFPLEVBQUU7UUFDUCxJQUFJLEVBQUUsRUFBRSxJQUFJLEVBQUUsUUFBUSxFQUFFLEtBQUssRUFBRSxHQUFHLEVBQUU7UUFDcEMsSUFBSSxFQUFFLEVBQUUsSUFBSSxFQUFFLFNBQVMsRUFBRSxLQUFLLEVBQUUsR0FBRyxFQUFFO1FBQ3JDLE9BQU8sRUFBRSxFQUFFLElBQUksRUFBRSxRQUFRLEVBQUU7S0FDNUI7SUFDRCxJQUFJLEVBQUU7Ozs7Ozs7Ozs7Ozs7Ozs7O0NBaUJQO0lBQ0MsR0FBRyxFQUFFLElBQUk7Q0FDVixDQUFBO0FBRUQsS0FBSyxVQUFVLElBQUksQ0FBQyxFQUFFLE1BQU0sRUFBRSxXQUFXLEVBQUUsQ0FBQyxJQUFJLEdBQUcsRUFBRSxDQUFDLEVBQVU7SUFDOUQsTUFBTSxLQUFLLEdBQUcsT0FBTyxDQUFDLElBQUksQ0FBQyxJQUFJLENBQUMsQ0FBQyxDQUFDLENBQUMsU0FBUyxDQUFDLE1BQU0sQ0FBQyxJQUFJLENBQUMsQ0FBQyxDQUFDLENBQUMsQ0FBQyxNQUFNLE1BQU0sQ0FBQyxJQUFBLHNCQUFXLEVBQUMsSUFBSSxDQUFDLEVBQUUsTUFBTSxDQUFDLENBQUE7SUFDcEcsSUFBSSxLQUFLLEtBQUssSUFBSSxFQUFFLENBQUM7UUFDbkIsT0FBTyxDQUFDLE1BQU0sQ0FBQyxLQUFLLENBQUMsK0JBQStCLElBQUEsb0JBQVMsRUFBQyxJQUFJLENBQUMsSUFBSSxDQUFDLENBQUE7UUFDeEUsT0FBTyxlQUFJLENBQUMsT0FBTyxDQUFBO0lBQ3JCLENBQUM7SUFDRCxPQUFPLENBQUMsTUFBTSxDQUFDLEtBQUssQ0FBQyxNQUFNLENBQUMsSUFBSSxDQUFDLENBQUMsQ0FBQyxHQUFHLElBQUksQ0FBQyxTQUFTLENBQUMsS0FBSyxDQUFDLElBQUksRUFBRSxJQUFJLEVBQUUsQ0FBQyxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUMsS0FBSyxDQUFDLElBQUksRUFBRSxDQUFDLENBQUE7SUFDN0YsT0FBTyxlQUFJLENBQUMsSUFBSSxDQUFBO0FBQ2xCLENBQUM7QUFPRCxLQUFLLFVBQVUsTUFBTSxDQUFDLE9BQWUsRUFBRSxNQUF3QjtJQUM3RCxNQUFNLElBQUksR0FBRyxJQUFBLGtCQUFPLEVBQUMsT0FBTyxFQUFFLE1BQU0sQ0FBQyxJQUFJLENBQUMsQ0FBQTtJQUMxQyxJQUFJLENBQUM7UUFDSCxNQUFNLElBQUksR0FBRyxHQUF3QixFQUFFLENBQUMsSUFBQSxrQkFBTyxFQUFDLE9BQU8sRUFBRSxFQUFFLElBQUksRUFBRSxHQUFHLElBQUEsaUJBQU0sRUFBQyxNQUFNLENBQUMsRUFBRSxDQUFDLENBQUE7UUFDckYsTUFBTSxNQUFNLEdBQUcsTUFBTSxJQUFBLG9CQUFNLEVBQUMsaUJBQWlCLElBQUEsc0JBQVcsRUFBQyxPQUFPLENBQUMsRUFBRSxFQUFFLElBQUksQ0FBQyxDQUFBO1FBQzFFLElBQUksQ0FBQztZQUNILE9BQU8sSUFBSSxLQUFLLE9BQU8sQ0FBQyxDQUFDLENBQUMsU0FBUyxDQUFDLE1BQU0sRUFBRSxPQUFPLENBQUMsQ0FBQyxDQUFDLENBQUMsVUFBVSxDQUFDLE1BQU0sRUFBRSxPQUFPLEVBQUUsSUFBSSxDQUFDLENBQUE7UUFDMUYsQ0FBQztnQkFBUyxDQUFDO1lBQ1QsTUFBTSxNQUFNLENBQUMsS0FBSyxFQUFFLENBQUE7UUFDdEIsQ0FBQztJQUNILENBQUM7SUFBQyxPQUFPLEtBQUssRUFBRSxDQUFDO1FBQ2YsSUFBSSxDQUFDLGNBQWMsRUFBRSxRQUFRLENBQUMsQ0FBQyxRQUFRLENBQUUsS0FBK0IsQ0FBQyxJQUFJLElBQUksRUFBRSxDQUFDO1lBQUUsT0FBTyxJQUFJLENBQUE7UUFDakcsTUFBTSxLQUFLLENBQUE7SUFDYixDQUFDO0FBQ0gsQ0FBQztBQUVELG1HQUFtRztBQUNuRyxTQUFTLFVBQVUsQ0FBQyxNQUFrQixFQUFFLE9BQWUsRUFBRSxJQUFnQjtJQUN2RSxNQUFNLEdBQUcsR0FBRyxJQUFBLDBCQUFlLEVBQUMsTUFBTSxDQUFDLENBQUE7SUFDbkMsTUFBTSxNQUFNLEdBQUcsVUFBVSxDQUFDLE1BQU0sQ0FBQyxDQUFBO0lBQ2pDLE1BQU0sT0FBTyxHQUFHLEdBQUcsQ0FBQyxHQUFHLEtBQUssSUFBSSxDQUFDLENBQUMsQ0FBQyxJQUFJLENBQUMsQ0FBQyxDQUFDLElBQUEsMkJBQVksRUFBQyxHQUFHLENBQUMsR0FBRyxDQUFDLENBQUE7SUFDL0QsTUFBTSxLQUFLLEdBQUcsTUFBTSxFQUFFLEtBQUssSUFBSSxJQUFJLENBQUE7SUFDbkMsTUFBTSxFQUFFLEtBQUssRUFBRSxDQUFBO0lBQ2YsTUFBTSxFQUFFLE9BQU8sR0FBRyxFQUFFLEVBQUUsVUFBVSxHQUFHLElBQUksRUFBRSxHQUFHLEtBQUssS0FBSyxLQUFLLENBQUMsQ0FBQyxDQUFDLEVBQUUsQ0FBQyxDQUFDLENBQUMsQ0FBQyxPQUFPLElBQUksRUFBRSxDQUFDLENBQUE7SUFDbEYsTUFBTSxJQUFJLEdBQUcsRUFBRSxPQUFPLEVBQUUsSUFBQSxzQkFBVyxFQUFDLE9BQU8sQ0FBQyxFQUFFLElBQUksRUFBRSxHQUFHLEdBQUcsRUFBRSxLQUFLLEVBQUUsT0FBTyxFQUFFLFVBQVUsRUFBRSxDQUFBO0lBQ3hGLE1BQU0sSUFBSSxHQUFHLEdBQVcsRUFBRSxDQUN4QixJQUFBLGdCQUFLLEVBQUM7UUFDSixDQUFDLFFBQVEsRUFBRSxHQUFHLElBQUEsc0JBQVcsRUFBQyxPQUFPLENBQUMsS0FBSyxJQUFJLEVBQUUsQ0FBQztRQUM5QyxDQUFDLFNBQVMsRUFBRSxHQUFHLENBQUMsR0FBRyxLQUFLLElBQUksQ0FBQyxDQUFDLENBQUMsZ0NBQWdDLENBQUMsQ0FBQyxDQUFDLE1BQU0sQ0FBQyxHQUFHLENBQUMsR0FBRyxDQUFDLENBQUM7UUFDbEYsQ0FBQyxTQUFTLEVBQUUsV0FBVyxDQUFDLE9BQU8sQ0FBQyxDQUFDO1FBQ2pDLENBQUMsWUFBWSxFQUFFLFVBQVUsSUFBSSxJQUFBLG9CQUFTLEVBQUMsVUFBVSxDQUFDLENBQUM7UUFDbkQsQ0FBQyxNQUFNLEVBQUUsSUFBQSxtQkFBUSxFQUFDLEdBQUcsQ0FBQyxHQUFHLENBQUMsQ0FBQztRQUMzQixDQUFDLE9BQU8sRUFBRSxJQUFBLG9CQUFTLEVBQUMsR0FBRyxDQUFDLEdBQUcsQ0FBQyxDQUFDO1FBQzdCLENBQUMsUUFBUSxFQUFFLEdBQUcsQ0FBQyxNQUFNLEVBQUUsR0FBRyxDQUFDLG9CQUFTLENBQUMsQ0FBQyxJQUFJLENBQUMsSUFBSSxDQUFDLElBQUksSUFBSSxDQUFDO1FBQ3pELENBQUMsT0FBTyxFQUFFLEdBQUcsQ0FBQyxLQUFLLElBQUksSUFBQSxvQkFBUyxFQUFDLEdBQUcsQ0FBQyxLQUFLLENBQUMsQ0FBQztRQUM1QyxDQUFDLFNBQVMsRUFBRSxLQUFLLEtBQUssSUFBSSxDQUFDLENBQUMsQ0FBQyxJQUFJLENBQUMsQ0FBQyxDQUFDLEtBQUssQ0FBQyxDQUFDLENBQUMsS0FBSyxDQUFDLENBQUMsQ0FBQyw0QkFBNEIsQ0FBQztLQUNsRixDQUFDLENBQUE7SUFDSixPQUFPLEVBQUUsSUFBSSxFQUFFLElBQUksRUFBRSxDQUFBO0FBQ3ZCLENBQUM7QUFFRCx5REFBeUQ7QUFDekQsU0FBUyxVQUFVLENBQUMsTUFBa0I7SUFDcEMsSUFBSSxDQUFDO1FBQ0gsT0FBTyxJQUFBLHNCQUFXLEVBQUMsTUFBTSxDQUFDLENBQUE7SUFDNUIsQ0FBQztJQUFDLE1BQU0sQ0FBQztRQUNQLE9BQU8sSUFBSSxDQUFBO0lBQ2IsQ0FBQztBQUNILENBQUM7QUFFRCxTQUFTLFdBQVcsQ0FBQyxLQUF3QjtJQUMzQyxPQUFPLElBQUEsb0JBQVMsRUFBQyxLQUFLLENBQUMsSUFBSSxDQUFDLEdBQUcsQ0FBQyxDQUFDLENBQUE7QUFDbkMsQ0FBQztBQUVELFNBQVMsU0FBUyxDQUFDLE1BQWtCLEVBQUUsT0FBZTtJQUNwRCxNQUFNLEVBQUUsU0FBUyxFQUFFLEdBQUcsSUFBQSxrQkFBTyxFQUFDLE1BQU0sQ0FBQyxDQUFBO0lBQ3JDLE1BQU0sS0FBSyxHQUFHLENBQUMsSUFBQSxzQkFBTyxHQUFFLENBQUMsR0FBRyxDQUFDLFNBQVMsSUFBSSxDQUFDLENBQUMsQ0FBQyxJQUFJLEVBQUUsQ0FBQyxDQUFDLEdBQUcsQ0FBQyxDQUFDLE1BQU0sRUFBRSxFQUFFLENBQUMsQ0FBQyxFQUFFLEdBQUcsTUFBTSxFQUFFLEdBQUcsSUFBQSwyQkFBWSxFQUFDLE1BQU0sQ0FBQyxHQUFHLENBQUMsRUFBRSxDQUFDLENBQUMsQ0FBQTtJQUNsSCxNQUFNLElBQUksR0FBRyxLQUFLLENBQUMsR0FBRyxDQUFDLENBQUMsRUFBRSxHQUFHLEVBQUUsRUFBRSxFQUFFLEdBQUcsRUFBRSxPQUFPLEdBQUcsRUFBRSxFQUFFLEVBQUUsRUFBRSxDQUFDO1FBQ3pELE1BQU0sQ0FBQyxHQUFHLENBQUM7UUFDWCxNQUFNLENBQUMsRUFBRSxDQUFDO1FBQ1YsSUFBQSxtQkFBUSxFQUFDLEdBQUcsSUFBSSxJQUFJLENBQUM7UUFDckIsV0FBVyxDQUFDLE9BQU8sQ0FBQztLQUNyQixDQUFDLENBQUE7SUFDRixNQUFNLEtBQUssR0FBRyxJQUFBLGdCQUFLLEVBQUM7UUFDbEIsQ0FBQyxRQUFRLEVBQUUsR0FBRyxJQUFBLHNCQUFXLEVBQUMsT0FBTyxDQUFDLFNBQVMsQ0FBQztRQUM1QyxDQUFDLFNBQVMsRUFBRSxJQUFJLENBQUMsTUFBTSxLQUFLLENBQUMsQ0FBQyxDQUFDLENBQUMsK0JBQStCLENBQUMsQ0FBQyxDQUFDLElBQUksQ0FBQztLQUN4RSxDQUFDLENBQUE7SUFDRixNQUFNLElBQUksR0FBRyxHQUFXLEVBQUUsQ0FBQyxDQUFDLElBQUksQ0FBQyxNQUFNLEtBQUssQ0FBQyxDQUFDLENBQUMsQ0FBQyxLQUFLLENBQUMsQ0FBQyxDQUFDLEdBQUcsS0FBSyxLQUFLLElBQUEsZ0JBQUssRUFBQyxDQUFDLEtBQUssRUFBRSxJQUFJLEVBQUUsTUFBTSxFQUFFLFNBQVMsQ0FBQyxFQUFFLElBQUksQ0FBQyxFQUFFLENBQUMsQ0FBQTtJQUNySCxPQUFPLEVBQUUsSUFBSSxFQUFFLEVBQUUsT0FBTyxFQUFFLElBQUEsc0JBQVcsRUFBQyxPQUFPLENBQUMsRUFBRSxJQUFJLEVBQUUsT0FBTyxFQUFFLE9BQU8sRUFBRSxLQUFLLEVBQUUsRUFBRSxJQUFJLEVBQUUsQ0FBQTtBQUN6RixDQUFDO0FBRUQsU0FBUyxTQUFTLENBQUMsR0FBVztJQUM1QixNQUFNLE9BQU8sR0FBRyxJQUFBLDJCQUFZLEVBQUMsR0FBRyxDQUFDLENBQUE7SUFDakMsSUFBSSxPQUFPLEtBQUssSUFBSTtRQUFFLE9BQU8sSUFBSSxDQUFBO0lBQ2pDLE1BQU0sT0FBTyxHQUFHLGFBQWEsQ0FBQyxHQUFHLENBQUMsQ0FBQTtJQUNsQyxPQUFPLEVBQUUsSUFBSSxFQUFFLEVBQUUsR0FBRyxPQUFPLEVBQUUsT0FBTyxFQUFFLEVBQUUsSUFBSSxFQUFFLEdBQUcsRUFBRSxDQUFDLFdBQVcsQ0FBQyxPQUFPLEVBQUUsT0FBTyxDQUFDLEVBQUUsQ0FBQTtBQUNyRixDQUFDO0FBVUQsU0FBUyxhQUFhLENBQUMsR0FBVztJQUNoQyxNQUFNLFFBQVEsR0FBRyxJQUFJLHNCQUFRLENBQUMsNEJBQTRCLENBQUMsQ0FBQTtJQUMzRCxJQUFJLENBQUM7UUFDSCxNQUFNLEdBQUcsR0FBRyxJQUFJLEdBQUcsQ0FBQyxJQUFBLHFCQUFVLEdBQUUsQ0FBQyxHQUFHLENBQUMsQ0FBQyxNQUFNLEVBQUUsRUFBRSxDQUFDLENBQUMsTUFBTSxDQUFDLEtBQUssRUFBRSxNQUFNLENBQUMsQ0FBQyxDQUFDLENBQUE7UUFDekUsTUFBTSxNQUFNLEdBQUcsSUFBQSxzQkFBTyxFQUFDLENBQUMsSUFBSSxFQUFFLEVBQUUsRUFBRSxFQUFFLENBQUMsUUFBUSxDQUFDLElBQUksQ0FBQyx1Q0FBdUMsSUFBSSxHQUFHLENBQUMsT0FBTyxFQUFFLEVBQUUsQ0FBQyxDQUFDLENBQUE7UUFDL0csT0FBTyxDQUFDLEdBQUcsSUFBQSx3QkFBUyxFQUFDLEdBQUcsQ0FBQyxDQUFDLENBQUMsT0FBTyxDQUFDLENBQUMsQ0FBQyxLQUFLLEVBQUUsR0FBRyxDQUFDLEVBQUUsRUFBRTtZQUNsRCxNQUFNLE1BQU0sR0FBRyxHQUFHLENBQUMsR0FBRyxDQUFDLEtBQUssQ0FBQyxDQUFBO1lBQzdCLElBQUksTUFBTSxLQUFLLFNBQVM7Z0JBQUUsT0FBTyxFQUFFLENBQUE7WUFDbkMsTUFBTSxJQUFJLEdBQUcsTUFBTSxDQUFDLEdBQUcsQ0FBQyxNQUFNLENBQUMsU0FBUyxJQUFJLENBQUMsQ0FBQyxDQUFDLElBQUksRUFBRSxDQUFBO1lBQ3JELE1BQU0sS0FBSyxHQUFHLENBQUMsR0FBRyxJQUFJLEdBQUcsQ0FBQyxJQUFJLENBQUMsR0FBRyxDQUFDLENBQUMsR0FBRyxFQUFFLEVBQUUsQ0FBQyxHQUFHLENBQUMsR0FBRyxDQUFDLENBQUMsQ0FBQyxDQUFBO1lBQ3RELE9BQU8sR0FBRyxDQUFDLEdBQUcsQ0FBQyxDQUFDLEVBQUUsRUFBRSxFQUFFLENBQUMsQ0FBQztnQkFDdEIsRUFBRTtnQkFDRixJQUFJLEVBQUUsTUFBTSxDQUFDLElBQUk7Z0JBQ2pCLEtBQUssRUFBRSxJQUFBLHNCQUFTLEVBQUMsTUFBTSxDQUFDO2dCQUN4QixJQUFJLEVBQUUsSUFBQSxzQkFBVyxFQUFDLE1BQU0sQ0FBQyxZQUFZLElBQUksTUFBTSxDQUFDLFdBQVcsQ0FBQztnQkFDNUQsSUFBSSxFQUFFLEtBQUssQ0FBQyxHQUFHLENBQUMsQ0FBQyxLQUFLLEVBQUUsRUFBRSxDQUFDLENBQUMsRUFBRSxHQUFHLEVBQUUsS0FBSyxFQUFFLElBQUksRUFBRSxJQUFBLDBCQUFXLEVBQUMsS0FBSyxDQUFDLElBQUksRUFBRSxFQUFFLENBQUMsQ0FBQzthQUM3RSxDQUFDLENBQUMsQ0FBQTtRQUNMLENBQUMsQ0FBQyxDQUFBO0lBQ0osQ0FBQztZQUFTLENBQUM7UUFDVCxRQUFRLENBQUMsR0FBRyxFQUFFLENBQUE7SUFDaEIsQ0FBQztBQUNILENBQUM7QUFFRCxTQUFTLFdBQVcsQ0FBQyxPQUFxQixFQUFFLE9BQThCO0lBQ3hFLE1BQU0sS0FBSyxHQUFHLElBQUEsZ0JBQUssRUFBQztRQUNsQixDQUFDLFNBQVMsRUFBRSxHQUFHLE9BQU8sQ0FBQyxHQUFHLElBQUksSUFBQSxvQkFBUyxFQUFDLE9BQU8sQ0FBQyxJQUFJLENBQUMsRUFBRSxDQUFDO1FBQ3hELENBQUMsU0FBUyxFQUFFLFdBQVcsQ0FBQyxPQUFPLENBQUMsT0FBTyxDQUFDLENBQUM7UUFDekMsQ0FBQyxZQUFZLEVBQUUsT0FBTyxDQUFDLFVBQVUsSUFBSSxJQUFBLG9CQUFTLEVBQUMsT0FBTyxDQUFDLFVBQVUsQ0FBQyxDQUFDO1FBQ25FLENBQUMsTUFBTSxFQUFFLElBQUEsbUJBQVEsRUFBQyxPQUFPLENBQUMsR0FBRyxDQUFDLENBQUM7UUFDL0IsQ0FBQyxPQUFPLEVBQUUsSUFBQSxvQkFBUyxFQUFDLE9BQU8sQ0FBQyxHQUFHLENBQUMsQ0FBQztRQUNqQyxDQUFDLFFBQVEsRUFBRSxPQUFPLENBQUMsTUFBTSxDQUFDLEdBQUcsQ0FBQyxvQkFBUyxDQUFDLENBQUMsSUFBSSxDQUFDLElBQUksQ0FBQyxDQUFDO0tBQ3JELENBQUMsQ0FBQTtJQUNGLElBQUksT0FBTyxDQUFDLE1BQU0sS0FBSyxDQUFDO1FBQUUsT0FBTyxLQUFLLENBQUE7SUFDdEMsTUFBTSxJQUFJLEdBQUcsT0FBTyxDQUFDLEdBQUcsQ0FBQyxDQUFDLEVBQUUsRUFBRSxFQUFFLElBQUksRUFBRSxLQUFLLEVBQUUsSUFBSSxFQUFFLElBQUksRUFBRSxJQUFJLEVBQUUsRUFBRSxFQUFFO1FBQ2pFLE1BQU0sTUFBTSxHQUFHLElBQUksQ0FBQyxHQUFHLENBQUMsQ0FBQyxHQUFHLEVBQUUsRUFBRSxDQUFDLEdBQUcsR0FBRyxDQUFDLEdBQUcsSUFBSSxJQUFBLG9CQUFTLEVBQUMsR0FBRyxDQUFDLElBQUksQ0FBQyxFQUFFLENBQUMsQ0FBQyxJQUFJLENBQUMsSUFBSSxDQUFDLENBQUE7UUFDaEYsT0FBTyxDQUFDLE1BQU0sQ0FBQyxFQUFFLENBQUMsRUFBRSxJQUFJLEVBQUUsS0FBSyxFQUFFLElBQUksRUFBRSxNQUFNLENBQUMsQ0FBQTtJQUNoRCxDQUFDLENBQUMsQ0FBQTtJQUNGLE9BQU8sR0FBRyxLQUFLLEtBQUssSUFBQSxnQkFBSyxFQUFDLENBQUMsSUFBSSxFQUFFLE1BQU0sRUFBRSxPQUFPLEVBQUUsTUFBTSxFQUFFLFdBQVcsQ0FBQyxFQUFFLElBQUksQ0FBQyxFQUFFLENBQUE7QUFDakYsQ0FBQyJ9