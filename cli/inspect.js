"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.command = void 0;
exports.stateText = stateText;
// `ancillary inspect`: the Unix sockets of the system, of a process or at a path, or one that the shell has opened for us.
const index_js_1 = require("../index.js");
const inherited_js_1 = require("./inherited.js");
const names_js_1 = require("./names.js");
const processes_js_1 = require("./processes.js");
const table_js_1 = require("./table.js");
const terminal_js_1 = require("./terminal.js");
const usage_js_1 = require("./usage.js");
exports.command = {
    summary: 'shows sockets: type, names, peers, what waits, options',
    takes: [0, 1],
    options: {
        fd: { type: 'string', short: 'f', multiple: true },
        listening: { type: 'boolean', short: 'l' },
        json: { type: 'boolean', short: 'j' },
    },
    help: `
Usage: ancillary inspect [OPTION...] [PATH | PID]
       ancillary inspect [OPTION...] --fd FD

Shows the Unix sockets of this system; with PATH those with that name, with PID those of that process. IN is the bytes
that can be received, OUT the memory of what was sent and not received, FDS the descriptors that wait in it; of a
listener, IN is the connections that wait and OUT how many may. Processes of others, and FDS, only root sees.

With --fd: a socket that the shell has opened for us, as 3<&0, with its options and with who is at the other end.

Options:
  -f, --fd FD            the socket with this number; may be repeated
  -l, --listening        listeners only
  -j, --json             for programs: an array; bytes, not text, as { "base64": … }

Exit codes: 0 there are some, 1 failed, 2 wrong arguments, 3 there are none.
`,
    run: inspect,
};
async function inspect({ values, positionals: [word] }) {
    const numbers = (values.fd ?? []);
    if (numbers.length > 0 && word !== undefined)
        throw new usage_js_1.UsageError('either --fd or an argument');
    const found = numbers.length > 0 ? ofNumbers(numbers) : ofSystem(word);
    const shown = values.listening ? found.filter(({ state }) => state === 'listening') : found;
    if (values.json)
        process.stdout.write(`${JSON.stringify(shown, plain, 2)}\n`);
    else if (shown.length === 0)
        process.stderr.write('ancillary: there are no such sockets\n');
    else
        process.stdout.write(numbers.length > 0 ? shown.map(detailed).join('\n') : overview(shown));
    return shown.length === 0 ? usage_js_1.EXIT.nothing : usage_js_1.EXIT.done;
}
/** Bytes are told from text. */
function plain(_key, value) {
    const buffer = value;
    return buffer?.type === 'Buffer' && buffer.data ? { base64: Buffer.from(buffer.data).toString('base64') } : value;
}
function ofNumbers(words) {
    const fds = (0, inherited_js_1.inherited)(words);
    try {
        return fds.map((fd, index) => ({ ...(0, index_js_1.inspect)(fd), fd: Number(words[index]), processes: [] }));
    }
    finally {
        for (const fd of fds)
            fd.close();
    }
}
function ofSystem(word) {
    const progress = new terminal_js_1.Progress('looking at the processes');
    try {
        const open = (0, processes_js_1.holders)((done, all) => progress.show(`looking at process ${done + 1} of ${all}`));
        return (0, index_js_1.inspectAll)()
            .map((socket) => seen(socket, open.get(socket.inode) ?? []))
            .filter(matching(word));
    }
    finally {
        progress.end();
    }
}
function seen(socket, open) {
    const [first] = open;
    return {
        ...socket,
        incomingFds: first === undefined ? null : (0, processes_js_1.queuedFds)(first),
        processes: open.map((holder) => ({ ...holder, name: (0, processes_js_1.processName)(holder.pid) ?? '' })),
    };
}
function matching(word) {
    if (word === undefined)
        return () => true;
    if (/^\d+$/.test(word)) {
        if ((0, processes_js_1.processFacts)(Number(word)) === null)
            throw new Error(`there is no process ${word}`);
        return ({ processes }) => processes.some(({ pid }) => pid === Number(word));
    }
    const text = (0, names_js_1.addressText)((0, names_js_1.addressFrom)(word));
    const named = (address) => (0, names_js_1.addressText)(address) === text;
    return ({ localAddress, peerAddress }) => named(localAddress) || named(peerAddress);
}
function stateText({ state, shutdown }) {
    return shutdown === null ? state : `${state}, no ${shutdown}`;
}
function count(number) {
    return number === null ? '-' : String(number);
}
function overview(sockets) {
    const rows = sockets.map((socket) => {
        const listening = socket.state === 'listening';
        return [
            socket.type,
            stateText(socket),
            count(listening ? socket.pending : socket.incomingBytes),
            count(listening ? socket.backlog : socket.outgoingBytes),
            count(socket.incomingFds),
            String(socket.inode),
            count(socket.peerInode),
            (0, names_js_1.addressText)(socket.localAddress) || (socket.peerAddress ? `→ ${(0, names_js_1.addressText)(socket.peerAddress)}` : '-'),
            socket.processes.map(({ pid, fd, name }) => `${(0, names_js_1.printable)(name)}(${pid}:${fd})`).join(' '),
        ];
    });
    return (0, table_js_1.table)(['TYPE', 'STATE', 'IN', 'OUT', 'FDS', 'INODE', 'PEER', 'NAME', 'PROCESSES'], rows);
}
function detailed(socket) {
    const listening = socket.state === 'listening';
    return (0, table_js_1.facts)([
        ['descriptor', String(socket.fd)],
        ['type', socket.type],
        ['state', stateText(socket)],
        ['inode', String(socket.inode)],
        ['name', (0, names_js_1.addressText)(socket.localAddress)],
        ['peer name', (0, names_js_1.addressText)(socket.peerAddress)],
        ['peer inode', socket.peerInode === null ? null : String(socket.peerInode)],
        ['peer', socket.peer && `process ${count(socket.peer.pid)}, user ${(0, names_js_1.userText)(socket.peer.uid)}`],
        ['waiting', listening ? `${count(socket.pending)} connections of ${count(socket.backlog)}` : null],
        ['incoming', listening ? null : `${count(socket.incomingBytes)} bytes, ${count(socket.incomingFds)} descriptors`],
        ['outgoing', listening ? null : `${count(socket.outgoingBytes)} bytes of memory`],
        ...Object.entries(socket.options ?? {}).map(([name, value]) => [name, value === null ? null : String(value)]),
    ]);
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoiaW5zcGVjdC5qcyIsInNvdXJjZVJvb3QiOiIiLCJzb3VyY2VzIjpbImluc3BlY3QudHMiXSwibmFtZXMiOltdLCJtYXBwaW5ncyI6Ijs7O0FBa0dBLDhCQUVDO0FBcEdELDJIQUEySDtBQUMzSCwwQ0FBNkY7QUFDN0YsaURBQTBDO0FBQzFDLHlDQUEwRTtBQUMxRSxpREFBMkY7QUFDM0YseUNBQXlDO0FBQ3pDLCtDQUF3QztBQUN4Qyx5Q0FBd0U7QUFFM0QsUUFBQSxPQUFPLEdBQVk7SUFDOUIsT0FBTyxFQUFFLHdEQUF3RDtJQUNqRSxLQUFLLEVBQUUsQ0FBQyxDQUFDLEVBQUUsQ0FBQyxDQUFDO0lBQ2IsT0FBTyxFQUFFO1FBQ1AsRUFBRSxFQUFFLEVBQUUsSUFBSSxFQUFFLFFBQVEsRUFBRSxLQUFLLEVBQUUsR0FBRyxFQUFFLFFBQVEsRUFBRSxJQUFJLEVBQUU7UUFDbEQsU0FBUyxFQUFFLEVBQUUsSUFBSSxFQUFFLFNBQVMsRUFBRSxLQUFLLEVBQUUsR0FBRyxFQUFFO1FBQzFDLElBQUksRUFBRSxFQUFFLElBQUksRUFBRSxTQUFTLEVBQUUsS0FBSyxFQUFFLEdBQUcsRUFBRTtLQUN0QztJQUNELElBQUksRUFBRTs7Ozs7Ozs7Ozs7Ozs7OztDQWdCUDtJQUNDLEdBQUcsRUFBRSxPQUFPO0NBQ2IsQ0FBQTtBQUtELEtBQUssVUFBVSxPQUFPLENBQUMsRUFBRSxNQUFNLEVBQUUsV0FBVyxFQUFFLENBQUMsSUFBSSxDQUFDLEVBQVU7SUFDNUQsTUFBTSxPQUFPLEdBQUcsQ0FBQyxNQUFNLENBQUMsRUFBRSxJQUFJLEVBQUUsQ0FBYSxDQUFBO0lBQzdDLElBQUksT0FBTyxDQUFDLE1BQU0sR0FBRyxDQUFDLElBQUksSUFBSSxLQUFLLFNBQVM7UUFBRSxNQUFNLElBQUkscUJBQVUsQ0FBQyw0QkFBNEIsQ0FBQyxDQUFBO0lBQ2hHLE1BQU0sS0FBSyxHQUFHLE9BQU8sQ0FBQyxNQUFNLEdBQUcsQ0FBQyxDQUFDLENBQUMsQ0FBQyxTQUFTLENBQUMsT0FBTyxDQUFDLENBQUMsQ0FBQyxDQUFDLFFBQVEsQ0FBQyxJQUFJLENBQUMsQ0FBQTtJQUN0RSxNQUFNLEtBQUssR0FBRyxNQUFNLENBQUMsU0FBUyxDQUFDLENBQUMsQ0FBQyxLQUFLLENBQUMsTUFBTSxDQUFDLENBQUMsRUFBRSxLQUFLLEVBQUUsRUFBRSxFQUFFLENBQUMsS0FBSyxLQUFLLFdBQVcsQ0FBQyxDQUFDLENBQUMsQ0FBQyxLQUFLLENBQUE7SUFDM0YsSUFBSSxNQUFNLENBQUMsSUFBSTtRQUFFLE9BQU8sQ0FBQyxNQUFNLENBQUMsS0FBSyxDQUFDLEdBQUcsSUFBSSxDQUFDLFNBQVMsQ0FBQyxLQUFLLEVBQUUsS0FBSyxFQUFFLENBQUMsQ0FBQyxJQUFJLENBQUMsQ0FBQTtTQUN4RSxJQUFJLEtBQUssQ0FBQyxNQUFNLEtBQUssQ0FBQztRQUFFLE9BQU8sQ0FBQyxNQUFNLENBQUMsS0FBSyxDQUFDLHdDQUF3QyxDQUFDLENBQUE7O1FBQ3RGLE9BQU8sQ0FBQyxNQUFNLENBQUMsS0FBSyxDQUFDLE9BQU8sQ0FBQyxNQUFNLEdBQUcsQ0FBQyxDQUFDLENBQUMsQ0FBQyxLQUFLLENBQUMsR0FBRyxDQUFDLFFBQVEsQ0FBQyxDQUFDLElBQUksQ0FBQyxJQUFJLENBQUMsQ0FBQyxDQUFDLENBQUMsUUFBUSxDQUFDLEtBQUssQ0FBQyxDQUFDLENBQUE7SUFDaEcsT0FBTyxLQUFLLENBQUMsTUFBTSxLQUFLLENBQUMsQ0FBQyxDQUFDLENBQUMsZUFBSSxDQUFDLE9BQU8sQ0FBQyxDQUFDLENBQUMsZUFBSSxDQUFDLElBQUksQ0FBQTtBQUN0RCxDQUFDO0FBRUQsZ0NBQWdDO0FBQ2hDLFNBQVMsS0FBSyxDQUFDLElBQVksRUFBRSxLQUFjO0lBQ3pDLE1BQU0sTUFBTSxHQUFHLEtBQW1ELENBQUE7SUFDbEUsT0FBTyxNQUFNLEVBQUUsSUFBSSxLQUFLLFFBQVEsSUFBSSxNQUFNLENBQUMsSUFBSSxDQUFDLENBQUMsQ0FBQyxFQUFFLE1BQU0sRUFBRSxNQUFNLENBQUMsSUFBSSxDQUFDLE1BQU0sQ0FBQyxJQUFJLENBQUMsQ0FBQyxRQUFRLENBQUMsUUFBUSxDQUFDLEVBQUUsQ0FBQyxDQUFDLENBQUMsS0FBSyxDQUFBO0FBQ25ILENBQUM7QUFFRCxTQUFTLFNBQVMsQ0FBQyxLQUF3QjtJQUN6QyxNQUFNLEdBQUcsR0FBRyxJQUFBLHdCQUFTLEVBQUMsS0FBSyxDQUFDLENBQUE7SUFDNUIsSUFBSSxDQUFDO1FBQ0gsT0FBTyxHQUFHLENBQUMsR0FBRyxDQUFDLENBQUMsRUFBRSxFQUFFLEtBQUssRUFBRSxFQUFFLENBQUMsQ0FBQyxFQUFFLEdBQUcsSUFBQSxrQkFBUyxFQUFDLEVBQUUsQ0FBQyxFQUFFLEVBQUUsRUFBRSxNQUFNLENBQUMsS0FBSyxDQUFDLEtBQUssQ0FBQyxDQUFDLEVBQUUsU0FBUyxFQUFFLEVBQUUsRUFBRSxDQUFDLENBQUMsQ0FBQTtJQUNoRyxDQUFDO1lBQVMsQ0FBQztRQUNULEtBQUssTUFBTSxFQUFFLElBQUksR0FBRztZQUFFLEVBQUUsQ0FBQyxLQUFLLEVBQUUsQ0FBQTtJQUNsQyxDQUFDO0FBQ0gsQ0FBQztBQUVELFNBQVMsUUFBUSxDQUFDLElBQXdCO0lBQ3hDLE1BQU0sUUFBUSxHQUFHLElBQUksc0JBQVEsQ0FBQywwQkFBMEIsQ0FBQyxDQUFBO0lBQ3pELElBQUksQ0FBQztRQUNILE1BQU0sSUFBSSxHQUFHLElBQUEsc0JBQU8sRUFBQyxDQUFDLElBQUksRUFBRSxHQUFHLEVBQUUsRUFBRSxDQUFDLFFBQVEsQ0FBQyxJQUFJLENBQUMsc0JBQXNCLElBQUksR0FBRyxDQUFDLE9BQU8sR0FBRyxFQUFFLENBQUMsQ0FBQyxDQUFBO1FBQzlGLE9BQU8sSUFBQSxxQkFBVSxHQUFFO2FBQ2hCLEdBQUcsQ0FBQyxDQUFDLE1BQU0sRUFBRSxFQUFFLENBQUMsSUFBSSxDQUFDLE1BQU0sRUFBRSxJQUFJLENBQUMsR0FBRyxDQUFDLE1BQU0sQ0FBQyxLQUFLLENBQUMsSUFBSSxFQUFFLENBQUMsQ0FBQzthQUMzRCxNQUFNLENBQUMsUUFBUSxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUE7SUFDM0IsQ0FBQztZQUFTLENBQUM7UUFDVCxRQUFRLENBQUMsR0FBRyxFQUFFLENBQUE7SUFDaEIsQ0FBQztBQUNILENBQUM7QUFFRCxTQUFTLElBQUksQ0FBQyxNQUFrQixFQUFFLElBQXVCO0lBQ3ZELE1BQU0sQ0FBQyxLQUFLLENBQUMsR0FBRyxJQUFJLENBQUE7SUFDcEIsT0FBTztRQUNMLEdBQUcsTUFBTTtRQUNULFdBQVcsRUFBRSxLQUFLLEtBQUssU0FBUyxDQUFDLENBQUMsQ0FBQyxJQUFJLENBQUMsQ0FBQyxDQUFDLElBQUEsd0JBQVMsRUFBQyxLQUFLLENBQUM7UUFDMUQsU0FBUyxFQUFFLElBQUksQ0FBQyxHQUFHLENBQUMsQ0FBQyxNQUFNLEVBQUUsRUFBRSxDQUFDLENBQUMsRUFBRSxHQUFHLE1BQU0sRUFBRSxJQUFJLEVBQUUsSUFBQSwwQkFBVyxFQUFDLE1BQU0sQ0FBQyxHQUFHLENBQUMsSUFBSSxFQUFFLEVBQUUsQ0FBQyxDQUFDO0tBQ3RGLENBQUE7QUFDSCxDQUFDO0FBRUQsU0FBUyxRQUFRLENBQUMsSUFBd0I7SUFDeEMsSUFBSSxJQUFJLEtBQUssU0FBUztRQUFFLE9BQU8sR0FBRyxFQUFFLENBQUMsSUFBSSxDQUFBO0lBQ3pDLElBQUksT0FBTyxDQUFDLElBQUksQ0FBQyxJQUFJLENBQUMsRUFBRSxDQUFDO1FBQ3ZCLElBQUksSUFBQSwyQkFBWSxFQUFDLE1BQU0sQ0FBQyxJQUFJLENBQUMsQ0FBQyxLQUFLLElBQUk7WUFBRSxNQUFNLElBQUksS0FBSyxDQUFDLHVCQUF1QixJQUFJLEVBQUUsQ0FBQyxDQUFBO1FBQ3ZGLE9BQU8sQ0FBQyxFQUFFLFNBQVMsRUFBRSxFQUFFLEVBQUUsQ0FBQyxTQUFTLENBQUMsSUFBSSxDQUFDLENBQUMsRUFBRSxHQUFHLEVBQUUsRUFBRSxFQUFFLENBQUMsR0FBRyxLQUFLLE1BQU0sQ0FBQyxJQUFJLENBQUMsQ0FBQyxDQUFBO0lBQzdFLENBQUM7SUFDRCxNQUFNLElBQUksR0FBRyxJQUFBLHNCQUFXLEVBQUMsSUFBQSxzQkFBVyxFQUFDLElBQUksQ0FBQyxDQUFDLENBQUE7SUFDM0MsTUFBTSxLQUFLLEdBQUcsQ0FBQyxPQUF1QixFQUFXLEVBQUUsQ0FBQyxJQUFBLHNCQUFXLEVBQUMsT0FBTyxDQUFDLEtBQUssSUFBSSxDQUFBO0lBQ2pGLE9BQU8sQ0FBQyxFQUFFLFlBQVksRUFBRSxXQUFXLEVBQUUsRUFBRSxFQUFFLENBQUMsS0FBSyxDQUFDLFlBQVksQ0FBQyxJQUFJLEtBQUssQ0FBQyxXQUFXLENBQUMsQ0FBQTtBQUNyRixDQUFDO0FBRUQsU0FBZ0IsU0FBUyxDQUFDLEVBQUUsS0FBSyxFQUFFLFFBQVEsRUFBYztJQUN2RCxPQUFPLFFBQVEsS0FBSyxJQUFJLENBQUMsQ0FBQyxDQUFDLEtBQUssQ0FBQyxDQUFDLENBQUMsR0FBRyxLQUFLLFFBQVEsUUFBUSxFQUFFLENBQUE7QUFDL0QsQ0FBQztBQUVELFNBQVMsS0FBSyxDQUFDLE1BQXFCO0lBQ2xDLE9BQU8sTUFBTSxLQUFLLElBQUksQ0FBQyxDQUFDLENBQUMsR0FBRyxDQUFDLENBQUMsQ0FBQyxNQUFNLENBQUMsTUFBTSxDQUFDLENBQUE7QUFDL0MsQ0FBQztBQUVELFNBQVMsUUFBUSxDQUFDLE9BQXdCO0lBQ3hDLE1BQU0sSUFBSSxHQUFHLE9BQU8sQ0FBQyxHQUFHLENBQUMsQ0FBQyxNQUFNLEVBQUUsRUFBRTtRQUNsQyxNQUFNLFNBQVMsR0FBRyxNQUFNLENBQUMsS0FBSyxLQUFLLFdBQVcsQ0FBQTtRQUM5QyxPQUFPO1lBQ0wsTUFBTSxDQUFDLElBQUk7WUFDWCxTQUFTLENBQUMsTUFBTSxDQUFDO1lBQ2pCLEtBQUssQ0FBQyxTQUFTLENBQUMsQ0FBQyxDQUFDLE1BQU0sQ0FBQyxPQUFPLENBQUMsQ0FBQyxDQUFDLE1BQU0sQ0FBQyxhQUFhLENBQUM7WUFDeEQsS0FBSyxDQUFDLFNBQVMsQ0FBQyxDQUFDLENBQUMsTUFBTSxDQUFDLE9BQU8sQ0FBQyxDQUFDLENBQUMsTUFBTSxDQUFDLGFBQWEsQ0FBQztZQUN4RCxLQUFLLENBQUMsTUFBTSxDQUFDLFdBQVcsQ0FBQztZQUN6QixNQUFNLENBQUMsTUFBTSxDQUFDLEtBQUssQ0FBQztZQUNwQixLQUFLLENBQUMsTUFBTSxDQUFDLFNBQVMsQ0FBQztZQUN2QixJQUFBLHNCQUFXLEVBQUMsTUFBTSxDQUFDLFlBQVksQ0FBQyxJQUFJLENBQUMsTUFBTSxDQUFDLFdBQVcsQ0FBQyxDQUFDLENBQUMsS0FBSyxJQUFBLHNCQUFXLEVBQUMsTUFBTSxDQUFDLFdBQVcsQ0FBQyxFQUFFLENBQUMsQ0FBQyxDQUFDLEdBQUcsQ0FBQztZQUN2RyxNQUFNLENBQUMsU0FBUyxDQUFDLEdBQUcsQ0FBQyxDQUFDLEVBQUUsR0FBRyxFQUFFLEVBQUUsRUFBRSxJQUFJLEVBQUUsRUFBRSxFQUFFLENBQUMsR0FBRyxJQUFBLG9CQUFTLEVBQUMsSUFBSSxDQUFDLElBQUksR0FBRyxJQUFJLEVBQUUsR0FBRyxDQUFDLENBQUMsSUFBSSxDQUFDLEdBQUcsQ0FBQztTQUMxRixDQUFBO0lBQ0gsQ0FBQyxDQUFDLENBQUE7SUFDRixPQUFPLElBQUEsZ0JBQUssRUFBQyxDQUFDLE1BQU0sRUFBRSxPQUFPLEVBQUUsSUFBSSxFQUFFLEtBQUssRUFBRSxLQUFLLEVBQUUsT0FBTyxFQUFFLE1BQU0sRUFBRSxNQUFNLEVBQUUsV0FBVyxDQUFDLEVBQUUsSUFBSSxDQUFDLENBQUE7QUFDakcsQ0FBQztBQUVELFNBQVMsUUFBUSxDQUFDLE1BQVk7SUFDNUIsTUFBTSxTQUFTLEdBQUcsTUFBTSxDQUFDLEtBQUssS0FBSyxXQUFXLENBQUE7SUFDOUMsT0FBTyxJQUFBLGdCQUFLLEVBQUM7UUFDWCxDQUFDLFlBQVksRUFBRSxNQUFNLENBQUMsTUFBTSxDQUFDLEVBQUUsQ0FBQyxDQUFDO1FBQ2pDLENBQUMsTUFBTSxFQUFFLE1BQU0sQ0FBQyxJQUFJLENBQUM7UUFDckIsQ0FBQyxPQUFPLEVBQUUsU0FBUyxDQUFDLE1BQU0sQ0FBQyxDQUFDO1FBQzVCLENBQUMsT0FBTyxFQUFFLE1BQU0sQ0FBQyxNQUFNLENBQUMsS0FBSyxDQUFDLENBQUM7UUFDL0IsQ0FBQyxNQUFNLEVBQUUsSUFBQSxzQkFBVyxFQUFDLE1BQU0sQ0FBQyxZQUFZLENBQUMsQ0FBQztRQUMxQyxDQUFDLFdBQVcsRUFBRSxJQUFBLHNCQUFXLEVBQUMsTUFBTSxDQUFDLFdBQVcsQ0FBQyxDQUFDO1FBQzlDLENBQUMsWUFBWSxFQUFFLE1BQU0sQ0FBQyxTQUFTLEtBQUssSUFBSSxDQUFDLENBQUMsQ0FBQyxJQUFJLENBQUMsQ0FBQyxDQUFDLE1BQU0sQ0FBQyxNQUFNLENBQUMsU0FBUyxDQUFDLENBQUM7UUFDM0UsQ0FBQyxNQUFNLEVBQUUsTUFBTSxDQUFDLElBQUksSUFBSSxXQUFXLEtBQUssQ0FBQyxNQUFNLENBQUMsSUFBSSxDQUFDLEdBQUcsQ0FBQyxVQUFVLElBQUEsbUJBQVEsRUFBQyxNQUFNLENBQUMsSUFBSSxDQUFDLEdBQUcsQ0FBQyxFQUFFLENBQUM7UUFDL0YsQ0FBQyxTQUFTLEVBQUUsU0FBUyxDQUFDLENBQUMsQ0FBQyxHQUFHLEtBQUssQ0FBQyxNQUFNLENBQUMsT0FBTyxDQUFDLG1CQUFtQixLQUFLLENBQUMsTUFBTSxDQUFDLE9BQU8sQ0FBQyxFQUFFLENBQUMsQ0FBQyxDQUFDLElBQUksQ0FBQztRQUNsRyxDQUFDLFVBQVUsRUFBRSxTQUFTLENBQUMsQ0FBQyxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUMsR0FBRyxLQUFLLENBQUMsTUFBTSxDQUFDLGFBQWEsQ0FBQyxXQUFXLEtBQUssQ0FBQyxNQUFNLENBQUMsV0FBVyxDQUFDLGNBQWMsQ0FBQztRQUNqSCxDQUFDLFVBQVUsRUFBRSxTQUFTLENBQUMsQ0FBQyxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUMsR0FBRyxLQUFLLENBQUMsTUFBTSxDQUFDLGFBQWEsQ0FBQyxrQkFBa0IsQ0FBQztRQUNqRixHQUFHLE1BQU0sQ0FBQyxPQUFPLENBQUMsTUFBTSxDQUFDLE9BQU8sSUFBSSxFQUFFLENBQUMsQ0FBQyxHQUFHLENBQ3pDLENBQUMsQ0FBQyxJQUFJLEVBQUUsS0FBSyxDQUFDLEVBQUUsRUFBRSxDQUFDLENBQUMsSUFBSSxFQUFFLEtBQUssS0FBSyxJQUFJLENBQUMsQ0FBQyxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUMsTUFBTSxDQUFDLEtBQUssQ0FBQyxDQUFVLENBQzFFO0tBQ0YsQ0FBQyxDQUFBO0FBQ0osQ0FBQyJ9