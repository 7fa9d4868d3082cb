"use strict";
// `ancillary recv`: receives one message with descriptors and starts a command that has them, as a service manager would.
Object.defineProperty(exports, "__esModule", { value: true });
exports.command = void 0;
const node_buffer_1 = require("node:buffer");
const node_child_process_1 = require("node:child_process");
const index_js_1 = require("../index.js");
const names_js_1 = require("./names.js");
const table_js_1 = require("./table.js");
const terminal_js_1 = require("./terminal.js");
const usage_js_1 = require("./usage.js");
const FDS_MAX = 253;
/** The number of the command is known only in its own process: a shell writes it down and becomes the command. */
const LAUNCHER = 'LISTEN_PID=$$ exec "$@"';
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
exports.command = {
    summary: 'receives descriptors and starts a command that has them',
    takes: [1, 1],
    takesCommand: true,
    options: {
        type: { type: 'string', short: 't' },
        count: { type: 'string', short: 'n' },
        connect: { type: 'boolean', short: 'c' },
        mode: { type: 'string', short: 'm' },
        replace: { type: 'boolean' },
        'any-user': { type: 'boolean' },
        timeout: { type: 'string' },
    },
    help: `
Usage: ancillary recv [OPTION...] PATH [-- COMMAND [ARGUMENT...]]

Makes a socket at PATH, waits for one message with descriptors, removes the socket and starts COMMAND with them: from
number 3 on, in their order, with LISTEN_FDS and LISTEN_PID as in sd_listen_fds(3). ANCILLARY_PID and ANCILLARY_UID
name the sender, ANCILLARY_DATA is what the message says, if that is text. Without a command it prints what came.

Only root and our own user may send. PATH may be @NAME, an abstract name.

Options:
  -t, --type TYPE        stream, seqpacket or dgram; default stream
  -n, --count COUNT      exactly so many descriptors; default 1 to 253
  -c, --connect          connect to PATH instead: its server sends
  -m, --mode MODE        permissions of the socket in octal digits; default 600
      --replace          take the place of a server that is dead
      --any-user         anybody may send who may connect
      --timeout SECONDS  give up after so long; default never

Exit codes: that of COMMAND; 128 + N when signal N ended it; 126 it cannot be executed, 127 it is not there; 1 failed,
2 wrong arguments, 124 too late.

Example:
  ancillary recv /tmp/passed.sock -- sh -c 'cat <&3'
`,
    run: recv,
};
async function recv({ values, positionals: [path = ''], rest }) {
    const address = (0, names_js_1.addressFrom)(path);
    const count = values.count === undefined ? null : (0, usage_js_1.wholeNumber)(values.count, '--count', 1, FDS_MAX);
    const work = () => receive(address, values);
    const delivery = await (0, terminal_js_1.during)(`waiting for descriptors at ${(0, names_js_1.addressText)(address)}`, work);
    const { message } = delivery;
    try {
        assertSender(delivery, values['any-user'] === true);
        if (message.fds.length === 0)
            throw new Error('the message had no descriptors');
        if (count !== null && message.fds.length !== count)
            throw new Error(`${message.fds.length} descriptors came, not ${count}`);
        return rest === null ? show(delivery) : await run(rest, delivery);
    }
    finally {
        message.close();
    }
}
async function receive(address, values) {
    const wait = (0, usage_js_1.waitOf)(values);
    const deadline = wait.timeout === undefined ? {} : { signal: AbortSignal.timeout(wait.timeout) };
    try {
        const socket = await open(address, values, deadline);
        try {
            const message = await socket.recv(deadline);
            if (message === null)
                throw new Error('the other end closed the connection without a message');
            return { message, ...senderOf(message, socket) };
        }
        finally {
            await socket.close();
        }
    }
    catch (error) {
        const late = error.code === 'ABORT_ERR';
        throw late ? Object.assign(new Error(`nothing came at ${(0, names_js_1.addressText)(address)}`), { code: 'ETIMEDOUT' }) : error;
    }
}
/** What a server sent before we could ask for credentials has none: then the one who is connected is the sender. */
function senderOf({ credentials }, socket) {
    const { pid, uid } = credentials ?? (socket.is('dgram') ? { pid: null, uid: null } : (0, index_js_1.peerCredentials)(socket));
    return { pid, uid };
}
async function open(address, values, deadline) {
    const own = { maxFds: FDS_MAX, passCredentials: true };
    if (values.connect)
        return await (0, index_js_1.connect)(address, { ...own, type: (0, names_js_1.typeFor)(address, values.type), ...deadline });
    const type = values.type === undefined ? 'stream' : (0, names_js_1.typeFrom)(values.type);
    const mode = (0, usage_js_1.wholeNumber)(values.mode ?? '600', '--mode', 0, 0o777, 8);
    const place = { ...(address.startsWith('\0') ? {} : { mode }), replace: values.replace ? 'stale' : 'never' };
    if (type === 'dgram')
        return (0, index_js_1.bind)(address, { ...own, ...place });
    const listener = (0, index_js_1.listen)(address, { ...own, ...place, type });
    try {
        return await listener.accept(deadline);
    }
    finally {
        await listener.close();
    }
}
function assertSender({ uid }, anyUser) {
    if (anyUser)
        return;
    if (uid !== 0 && uid !== process.geteuid?.())
        throw new Error(`user ${(0, names_js_1.userText)(uid)} may not send; see --any-user`);
}
function show({ message: { fds, data }, pid }) {
    const rows = fds.map(({ kind, access, state }, index) => [String(index + 3), kind, access, state ?? '']);
    process.stdout.write((0, table_js_1.table)(['FD', 'KIND', 'ACCESS', 'STATE'], rows));
    (0, terminal_js_1.remark)(`from process ${pid ?? 'unknown'}: ${(0, names_js_1.printable)(data.toString())}`);
    return usage_js_1.EXIT.done;
}
function environment({ message: { data, fds }, pid, uid }) {
    const { LISTEN_FDNAMES, LISTEN_PIDFDID, ...env } = process.env;
    const text = (0, node_buffer_1.isUtf8)(data) && !data.includes(0) ? { ANCILLARY_DATA: data.toString() } : {};
    const id = (value) => (value === null ? '' : String(value));
    const sender = { ANCILLARY_PID: id(pid), ANCILLARY_UID: id(uid) };
    return { ...env, ...text, ...sender, LISTEN_FDS: String(fds.length) };
}
/** Its standard streams are ours; signals that end us are for it. */
function run(words, delivery) {
    const child = (0, node_child_process_1.spawn)('/bin/sh', ['-c', LAUNCHER, 'sh', ...words], {
        stdio: ['inherit', 'inherit', 'inherit', ...delivery.message.fds.map(({ fd }) => fd)],
        env: environment(delivery),
    });
    delivery.message.close();
    const forward = (signal) => void child.kill(signal);
    for (const signal of FORWARDED)
        process.on(signal, forward);
    return new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code, signal) => {
            for (const name of FORWARDED)
                process.off(name, forward);
            resolve(signal === null ? (code ?? usage_js_1.EXIT.failed) : (0, usage_js_1.signalCode)(signal));
        });
    });
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoicmVjdi5qcyIsInNvdXJjZVJvb3QiOiIiLCJzb3VyY2VzIjpbInJlY3YudHMiXSwibmFtZXMiOltdLCJtYXBwaW5ncyI6IjtBQUFBLDBIQUEwSDs7O0FBRTFILDZDQUFvQztBQUNwQywyREFBMEM7QUFDMUMsMENBU29CO0FBQ3BCLHlDQUE2RjtBQUM3Rix5Q0FBa0M7QUFDbEMsK0NBQThDO0FBQzlDLHlDQUE2RjtBQUU3RixNQUFNLE9BQU8sR0FBRyxHQUFHLENBQUE7QUFDbkIsa0hBQWtIO0FBQ2xILE1BQU0sUUFBUSxHQUFHLHlCQUF5QixDQUFBO0FBQzFDLE1BQU0sU0FBUyxHQUFHLENBQUMsUUFBUSxFQUFFLFNBQVMsRUFBRSxRQUFRLEVBQUUsU0FBUyxFQUFFLFNBQVMsRUFBRSxTQUFTLENBQVUsQ0FBQTtBQUU5RSxRQUFBLE9BQU8sR0FBWTtJQUM5QixPQUFPLEVBQUUseURBQXlEO0lBQ2xFLEtBQUssRUFBRSxDQUFDLENBQUMsRUFBRSxDQUFDLENBQUM7SUFDYixZQUFZLEVBQUUsSUFBSTtJQUNsQixPQUFPLEVBQUU7UUFDUCxJQUFJLEVBQUUsRUFBRSxJQUFJLEVBQUUsUUFBUSxFQUFFLEtBQUssRUFBRSxHQUFHLEVBQUU7UUFDcEMsS0FBSyxFQUFFLEVBQUUsSUFBSSxFQUFFLFFBQVEsRUFBRSxLQUFLLEVBQUUsR0FBRyxFQUFFO1FBQ3JDLE9BQU8sRUFBRSxFQUFFLElBQUksRUFBRSxTQUFTLEVBQUUsS0FBSyxFQUFFLEdBQUcsRUFBRTtRQUN4QyxJQUFJLEVBQUUsRUFBRSxJQUFJLEVBQUUsUUFBUSxFQUFFLEtBQUssRUFBRSxHQUFHLEVBQUU7UUFDcEMsT0FBTyxFQUFFLEVBQUUsSUFBSSxFQUFFLFNBQVMsRUFBRTtRQUM1QixVQUFVLEVBQUUsRUFBRSxJQUFJLEVBQUUsU0FBUyxFQUFFO1FBQy9CLE9BQU8sRUFBRSxFQUFFLElBQUksRUFBRSxRQUFRLEVBQUU7S0FDNUI7SUFDRCxJQUFJLEVBQUU7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7O0NBdUJQO0lBQ0MsR0FBRyxFQUFFLElBQUk7Q0FDVixDQUFBO0FBRUQsS0FBSyxVQUFVLElBQUksQ0FBQyxFQUFFLE1BQU0sRUFBRSxXQUFXLEVBQUUsQ0FBQyxJQUFJLEdBQUcsRUFBRSxDQUFDLEVBQUUsSUFBSSxFQUFVO0lBQ3BFLE1BQU0sT0FBTyxHQUFHLElBQUEsc0JBQVcsRUFBQyxJQUFJLENBQUMsQ0FBQTtJQUNqQyxNQUFNLEtBQUssR0FBRyxNQUFNLENBQUMsS0FBSyxLQUFLLFNBQVMsQ0FBQyxDQUFDLENBQUMsSUFBSSxDQUFDLENBQUMsQ0FBQyxJQUFBLHNCQUFXLEVBQUMsTUFBTSxDQUFDLEtBQUssRUFBRSxTQUFTLEVBQUUsQ0FBQyxFQUFFLE9BQU8sQ0FBQyxDQUFBO0lBQ2xHLE1BQU0sSUFBSSxHQUFHLEdBQXNCLEVBQUUsQ0FBQyxPQUFPLENBQUMsT0FBTyxFQUFFLE1BQU0sQ0FBQyxDQUFBO0lBQzlELE1BQU0sUUFBUSxHQUFHLE1BQU0sSUFBQSxvQkFBTSxFQUFDLDhCQUE4QixJQUFBLHNCQUFXLEVBQUMsT0FBTyxDQUFDLEVBQUUsRUFBRSxJQUFJLENBQUMsQ0FBQTtJQUN6RixNQUFNLEVBQUUsT0FBTyxFQUFFLEdBQUcsUUFBUSxDQUFBO0lBQzVCLElBQUksQ0FBQztRQUNILFlBQVksQ0FBQyxRQUFRLEVBQUUsTUFBTSxDQUFDLFVBQVUsQ0FBQyxLQUFLLElBQUksQ0FBQyxDQUFBO1FBQ25ELElBQUksT0FBTyxDQUFDLEdBQUcsQ0FBQyxNQUFNLEtBQUssQ0FBQztZQUFFLE1BQU0sSUFBSSxLQUFLLENBQUMsZ0NBQWdDLENBQUMsQ0FBQTtRQUMvRSxJQUFJLEtBQUssS0FBSyxJQUFJLElBQUksT0FBTyxDQUFDLEdBQUcsQ0FBQyxNQUFNLEtBQUssS0FBSztZQUNoRCxNQUFNLElBQUksS0FBSyxDQUFDLEdBQUcsT0FBTyxDQUFDLEdBQUcsQ0FBQyxNQUFNLDBCQUEwQixLQUFLLEVBQUUsQ0FBQyxDQUFBO1FBQ3pFLE9BQU8sSUFBSSxLQUFLLElBQUksQ0FBQyxDQUFDLENBQUMsSUFBSSxDQUFDLFFBQVEsQ0FBQyxDQUFDLENBQUMsQ0FBQyxNQUFNLEdBQUcsQ0FBQyxJQUFJLEVBQUUsUUFBUSxDQUFDLENBQUE7SUFDbkUsQ0FBQztZQUFTLENBQUM7UUFDVCxPQUFPLENBQUMsS0FBSyxFQUFFLENBQUE7SUFDakIsQ0FBQztBQUNILENBQUM7QUFVRCxLQUFLLFVBQVUsT0FBTyxDQUFDLE9BQWUsRUFBRSxNQUFjO0lBQ3BELE1BQU0sSUFBSSxHQUFHLElBQUEsaUJBQU0sRUFBQyxNQUFNLENBQUMsQ0FBQTtJQUMzQixNQUFNLFFBQVEsR0FDWixJQUFJLENBQUMsT0FBTyxLQUFLLFNBQVMsQ0FBQyxDQUFDLENBQUMsRUFBRSxDQUFDLENBQUMsQ0FBQyxFQUFFLE1BQU0sRUFBRSxXQUFXLENBQUMsT0FBTyxDQUFDLElBQUksQ0FBQyxPQUFPLENBQUMsRUFBRSxDQUFBO0lBQ2pGLElBQUksQ0FBQztRQUNILE1BQU0sTUFBTSxHQUFHLE1BQU0sSUFBSSxDQUFDLE9BQU8sRUFBRSxNQUFNLEVBQUUsUUFBUSxDQUFDLENBQUE7UUFDcEQsSUFBSSxDQUFDO1lBQ0gsTUFBTSxPQUFPLEdBQUcsTUFBTSxNQUFNLENBQUMsSUFBSSxDQUFDLFFBQVEsQ0FBQyxDQUFBO1lBQzNDLElBQUksT0FBTyxLQUFLLElBQUk7Z0JBQUUsTUFBTSxJQUFJLEtBQUssQ0FBQyx1REFBdUQsQ0FBQyxDQUFBO1lBQzlGLE9BQU8sRUFBRSxPQUFPLEVBQUUsR0FBRyxRQUFRLENBQUMsT0FBTyxFQUFFLE1BQU0sQ0FBQyxFQUFFLENBQUE7UUFDbEQsQ0FBQztnQkFBUyxDQUFDO1lBQ1QsTUFBTSxNQUFNLENBQUMsS0FBSyxFQUFFLENBQUE7UUFDdEIsQ0FBQztJQUNILENBQUM7SUFBQyxPQUFPLEtBQUssRUFBRSxDQUFDO1FBQ2YsTUFBTSxJQUFJLEdBQUksS0FBK0IsQ0FBQyxJQUFJLEtBQUssV0FBVyxDQUFBO1FBQ2xFLE1BQU0sSUFBSSxDQUFDLENBQUMsQ0FBQyxNQUFNLENBQUMsTUFBTSxDQUFDLElBQUksS0FBSyxDQUFDLG1CQUFtQixJQUFBLHNCQUFXLEVBQUMsT0FBTyxDQUFDLEVBQUUsQ0FBQyxFQUFFLEVBQUUsSUFBSSxFQUFFLFdBQVcsRUFBRSxDQUFDLENBQUMsQ0FBQyxDQUFDLEtBQUssQ0FBQTtJQUNqSCxDQUFDO0FBQ0gsQ0FBQztBQUVELG9IQUFvSDtBQUNwSCxTQUFTLFFBQVEsQ0FBQyxFQUFFLFdBQVcsRUFBVyxFQUFFLE1BQWtCO0lBQzVELE1BQU0sRUFBRSxHQUFHLEVBQUUsR0FBRyxFQUFFLEdBQUcsV0FBVyxJQUFJLENBQUMsTUFBTSxDQUFDLEVBQUUsQ0FBQyxPQUFPLENBQUMsQ0FBQyxDQUFDLENBQUMsRUFBRSxHQUFHLEVBQUUsSUFBSSxFQUFFLEdBQUcsRUFBRSxJQUFJLEVBQUUsQ0FBQyxDQUFDLENBQUMsSUFBQSwwQkFBZSxFQUFDLE1BQU0sQ0FBQyxDQUFDLENBQUE7SUFDN0csT0FBTyxFQUFFLEdBQUcsRUFBRSxHQUFHLEVBQUUsQ0FBQTtBQUNyQixDQUFDO0FBRUQsS0FBSyxVQUFVLElBQUksQ0FBQyxPQUFlLEVBQUUsTUFBYyxFQUFFLFFBQWtDO0lBQ3JGLE1BQU0sR0FBRyxHQUFrQixFQUFFLE1BQU0sRUFBRSxPQUFPLEVBQUUsZUFBZSxFQUFFLElBQUksRUFBRSxDQUFBO0lBQ3JFLElBQUksTUFBTSxDQUFDLE9BQU87UUFBRSxPQUFPLE1BQU0sSUFBQSxrQkFBTyxFQUFDLE9BQU8sRUFBRSxFQUFFLEdBQUcsR0FBRyxFQUFFLElBQUksRUFBRSxJQUFBLGtCQUFPLEVBQUMsT0FBTyxFQUFFLE1BQU0sQ0FBQyxJQUFJLENBQUMsRUFBRSxHQUFHLFFBQVEsRUFBRSxDQUFDLENBQUE7SUFDL0csTUFBTSxJQUFJLEdBQWUsTUFBTSxDQUFDLElBQUksS0FBSyxTQUFTLENBQUMsQ0FBQyxDQUFDLFFBQVEsQ0FBQyxDQUFDLENBQUMsSUFBQSxtQkFBUSxFQUFDLE1BQU0sQ0FBQyxJQUFJLENBQUMsQ0FBQTtJQUNyRixNQUFNLElBQUksR0FBRyxJQUFBLHNCQUFXLEVBQUMsTUFBTSxDQUFDLElBQUksSUFBSSxLQUFLLEVBQUUsUUFBUSxFQUFFLENBQUMsRUFBRSxLQUFLLEVBQUUsQ0FBQyxDQUFDLENBQUE7SUFDckUsTUFBTSxLQUFLLEdBQUcsRUFBRSxHQUFHLENBQUMsT0FBTyxDQUFDLFVBQVUsQ0FBQyxJQUFJLENBQUMsQ0FBQyxDQUFDLENBQUMsRUFBRSxDQUFDLENBQUMsQ0FBQyxFQUFFLElBQUksRUFBRSxDQUFDLEVBQUUsT0FBTyxFQUFFLE1BQU0sQ0FBQyxPQUFPLENBQUMsQ0FBQyxDQUFDLE9BQU8sQ0FBQyxDQUFDLENBQUMsT0FBTyxFQUFXLENBQUE7SUFDckgsSUFBSSxJQUFJLEtBQUssT0FBTztRQUFFLE9BQU8sSUFBQSxlQUFJLEVBQUMsT0FBTyxFQUFFLEVBQUUsR0FBRyxHQUFHLEVBQUUsR0FBRyxLQUFLLEVBQUUsQ0FBQyxDQUFBO0lBQ2hFLE1BQU0sUUFBUSxHQUFHLElBQUEsaUJBQU0sRUFBQyxPQUFPLEVBQUUsRUFBRSxHQUFHLEdBQUcsRUFBRSxHQUFHLEtBQUssRUFBRSxJQUFJLEVBQUUsQ0FBQyxDQUFBO0lBQzVELElBQUksQ0FBQztRQUNILE9BQU8sTUFBTSxRQUFRLENBQUMsTUFBTSxDQUFDLFFBQVEsQ0FBQyxDQUFBO0lBQ3hDLENBQUM7WUFBUyxDQUFDO1FBQ1QsTUFBTSxRQUFRLENBQUMsS0FBSyxFQUFFLENBQUE7SUFDeEIsQ0FBQztBQUNILENBQUM7QUFFRCxTQUFTLFlBQVksQ0FBQyxFQUFFLEdBQUcsRUFBWSxFQUFFLE9BQWdCO0lBQ3ZELElBQUksT0FBTztRQUFFLE9BQU07SUFDbkIsSUFBSSxHQUFHLEtBQUssQ0FBQyxJQUFJLEdBQUcsS0FBSyxPQUFPLENBQUMsT0FBTyxFQUFFLEVBQUU7UUFBRSxNQUFNLElBQUksS0FBSyxDQUFDLFFBQVEsSUFBQSxtQkFBUSxFQUFDLEdBQUcsQ0FBQywrQkFBK0IsQ0FBQyxDQUFBO0FBQ3JILENBQUM7QUFFRCxTQUFTLElBQUksQ0FBQyxFQUFFLE9BQU8sRUFBRSxFQUFFLEdBQUcsRUFBRSxJQUFJLEVBQUUsRUFBRSxHQUFHLEVBQVk7SUFDckQsTUFBTSxJQUFJLEdBQUcsR0FBRyxDQUFDLEdBQUcsQ0FBQyxDQUFDLEVBQUUsSUFBSSxFQUFFLE1BQU0sRUFBRSxLQUFLLEVBQUUsRUFBRSxLQUFLLEVBQUUsRUFBRSxDQUFDLENBQUMsTUFBTSxDQUFDLEtBQUssR0FBRyxDQUFDLENBQUMsRUFBRSxJQUFJLEVBQUUsTUFBTSxFQUFFLEtBQUssSUFBSSxFQUFFLENBQUMsQ0FBQyxDQUFBO0lBQ3hHLE9BQU8sQ0FBQyxNQUFNLENBQUMsS0FBSyxDQUFDLElBQUEsZ0JBQUssRUFBQyxDQUFDLElBQUksRUFBRSxNQUFNLEVBQUUsUUFBUSxFQUFFLE9BQU8sQ0FBQyxFQUFFLElBQUksQ0FBQyxDQUFDLENBQUE7SUFDcEUsSUFBQSxvQkFBTSxFQUFDLGdCQUFnQixHQUFHLElBQUksU0FBUyxLQUFLLElBQUEsb0JBQVMsRUFBQyxJQUFJLENBQUMsUUFBUSxFQUFFLENBQUMsRUFBRSxDQUFDLENBQUE7SUFDekUsT0FBTyxlQUFJLENBQUMsSUFBSSxDQUFBO0FBQ2xCLENBQUM7QUFFRCxTQUFTLFdBQVcsQ0FBQyxFQUFFLE9BQU8sRUFBRSxFQUFFLElBQUksRUFBRSxHQUFHLEVBQUUsRUFBRSxHQUFHLEVBQUUsR0FBRyxFQUFZO0lBQ2pFLE1BQU0sRUFBRSxjQUFjLEVBQUUsY0FBYyxFQUFFLEdBQUcsR0FBRyxFQUFFLEdBQUcsT0FBTyxDQUFDLEdBQUcsQ0FBQTtJQUM5RCxNQUFNLElBQUksR0FBRyxJQUFBLG9CQUFNLEVBQUMsSUFBSSxDQUFDLElBQUksQ0FBQyxJQUFJLENBQUMsUUFBUSxDQUFDLENBQUMsQ0FBQyxDQUFDLENBQUMsQ0FBQyxFQUFFLGNBQWMsRUFBRSxJQUFJLENBQUMsUUFBUSxFQUFFLEVBQUUsQ0FBQyxDQUFDLENBQUMsRUFBRSxDQUFBO0lBQ3pGLE1BQU0sRUFBRSxHQUFHLENBQUMsS0FBb0IsRUFBVSxFQUFFLENBQUMsQ0FBQyxLQUFLLEtBQUssSUFBSSxDQUFDLENBQUMsQ0FBQyxFQUFFLENBQUMsQ0FBQyxDQUFDLE1BQU0sQ0FBQyxLQUFLLENBQUMsQ0FBQyxDQUFBO0lBQ2xGLE1BQU0sTUFBTSxHQUFHLEVBQUUsYUFBYSxFQUFFLEVBQUUsQ0FBQyxHQUFHLENBQUMsRUFBRSxhQUFhLEVBQUUsRUFBRSxDQUFDLEdBQUcsQ0FBQyxFQUFFLENBQUE7SUFDakUsT0FBTyxFQUFFLEdBQUcsR0FBRyxFQUFFLEdBQUcsSUFBSSxFQUFFLEdBQUcsTUFBTSxFQUFFLFVBQVUsRUFBRSxNQUFNLENBQUMsR0FBRyxDQUFDLE1BQU0sQ0FBQyxFQUFFLENBQUE7QUFDdkUsQ0FBQztBQUVELHFFQUFxRTtBQUNyRSxTQUFTLEdBQUcsQ0FBQyxLQUF3QixFQUFFLFFBQWtCO0lBQ3ZELE1BQU0sS0FBSyxHQUFHLElBQUEsMEJBQUssRUFBQyxTQUFTLEVBQUUsQ0FBQyxJQUFJLEVBQUUsUUFBUSxFQUFFLElBQUksRUFBRSxHQUFHLEtBQUssQ0FBQyxFQUFFO1FBQy9ELEtBQUssRUFBRSxDQUFDLFNBQVMsRUFBRSxTQUFTLEVBQUUsU0FBUyxFQUFFLEdBQUcsUUFBUSxDQUFDLE9BQU8sQ0FBQyxHQUFHLENBQUMsR0FBRyxDQUFDLENBQUMsRUFBRSxFQUFFLEVBQUUsRUFBRSxFQUFFLENBQUMsRUFBRSxDQUFDLENBQUM7UUFDckYsR0FBRyxFQUFFLFdBQVcsQ0FBQyxRQUFRLENBQUM7S0FDM0IsQ0FBQyxDQUFBO0lBQ0YsUUFBUSxDQUFDLE9BQU8sQ0FBQyxLQUFLLEVBQUUsQ0FBQTtJQUN4QixNQUFNLE9BQU8sR0FBRyxDQUFDLE1BQXNCLEVBQVEsRUFBRSxDQUFDLEtBQUssS0FBSyxDQUFDLElBQUksQ0FBQyxNQUFNLENBQUMsQ0FBQTtJQUN6RSxLQUFLLE1BQU0sTUFBTSxJQUFJLFNBQVM7UUFBRSxPQUFPLENBQUMsRUFBRSxDQUFDLE1BQU0sRUFBRSxPQUFPLENBQUMsQ0FBQTtJQUMzRCxPQUFPLElBQUksT0FBTyxDQUFDLENBQUMsT0FBTyxFQUFFLE1BQU0sRUFBRSxFQUFFO1FBQ3JDLEtBQUssQ0FBQyxJQUFJLENBQUMsT0FBTyxFQUFFLE1BQU0sQ0FBQyxDQUFBO1FBQzNCLEtBQUssQ0FBQyxJQUFJLENBQUMsTUFBTSxFQUFFLENBQUMsSUFBSSxFQUFFLE1BQU0sRUFBRSxFQUFFO1lBQ2xDLEtBQUssTUFBTSxJQUFJLElBQUksU0FBUztnQkFBRSxPQUFPLENBQUMsR0FBRyxDQUFDLElBQUksRUFBRSxPQUFPLENBQUMsQ0FBQTtZQUN4RCxPQUFPLENBQUMsTUFBTSxLQUFLLElBQUksQ0FBQyxDQUFDLENBQUMsQ0FBQyxJQUFJLElBQUksZUFBSSxDQUFDLE1BQU0sQ0FBQyxDQUFDLENBQUMsQ0FBQyxJQUFBLHFCQUFVLEVBQUMsTUFBTSxDQUFDLENBQUMsQ0FBQTtRQUN2RSxDQUFDLENBQUMsQ0FBQTtJQUNKLENBQUMsQ0FBQyxDQUFBO0FBQ0osQ0FBQyJ9