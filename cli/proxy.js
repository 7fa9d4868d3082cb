"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.command = void 0;
// `ancillary proxy`: stands between clients and a server, prints every message and relays it with all that it carries.
const index_js_1 = require("../index.js");
const names_js_1 = require("./names.js");
const processes_js_1 = require("./processes.js");
const relay_js_1 = require("./relay.js");
const relay_datagrams_js_1 = require("./relay-datagrams.js");
const terminal_js_1 = require("./terminal.js");
const trace_js_1 = require("./trace.js");
const usage_js_1 = require("./usage.js");
const FDS_MAX = 253;
exports.command = {
    summary: 'prints what goes through a socket, and relays all of it',
    takes: [2, 2],
    options: {
        type: { type: 'string', short: 't' },
        size: { type: 'string', short: 's' },
        mode: { type: 'string', short: 'm' },
        replace: { type: 'boolean' },
        once: { type: 'boolean', short: '1' },
    },
    help: `
Usage: ancillary proxy [OPTION...] PATH TARGET

Makes a socket at PATH. Who connects is connected to the socket at TARGET; every message is printed, as strace(1) would,
and relayed at its place with its descriptors: from the client (>) and from the server (<). Credentials are shown, and
relayed where we may claim those of others, as root may; else ours stand in their place. What the server asks about the
connection itself (SO_PEERCRED) is always us. Of datagrams, answers find back to senders that have a name.

PATH and TARGET may be @NAME, an abstract name. SIGINT or SIGTERM ends it, and removes the socket.

Options:
  -t, --type TYPE        stream, seqpacket or dgram; default what is at TARGET
  -s, --size BYTES       how much of a message is shown; default 64
  -m, --mode MODE        permissions of the socket in octal digits; default 600
      --replace          take the place of a server that is dead
  -1, --once             end with the first connection

Exit codes: 0 the connection of --once has ended, 1 failed, 2 wrong arguments, 128 + N ended by signal N.

Example:
  ancillary proxy /tmp/bus @/tmp/dbus-Xyz & DBUS_SESSION_BUS_ADDRESS=unix:path=/tmp/bus busctl --user list
`,
    run: proxy,
};
async function proxy({ values, positionals: [path = '', target = ''] }) {
    const can = (0, index_js_1.capabilities)();
    const plan = {
        target: (0, names_js_1.addressFrom)(target),
        own: { maxFds: FDS_MAX, passCredentials: true, fdsAt: can.fdsAtExact.available ? 'exact' : 'chunk' },
        claimed: can.claimCredentials.available,
        once: values.once === true,
        limit: (0, usage_js_1.wholeNumber)(values.size ?? '64', '--size', 0, 1 << 20),
        print: (text) => void process.stdout.write(text),
    };
    const address = (0, names_js_1.addressFrom)(path);
    const mode = (0, usage_js_1.wholeNumber)(values.mode ?? '600', '--mode', 0, 0o777, 8);
    const place = { ...(address.startsWith('\0') ? {} : { mode }), replace: values.replace ? 'stale' : 'never' };
    const type = (0, names_js_1.typeFor)(plan.target, values.type);
    const own = { ...plan.own, ...place };
    const socket = type === 'dgram' ? (0, index_js_1.bind)(address, own) : (0, index_js_1.listen)(address, { ...own, type });
    if (!plan.claimed)
        (0, terminal_js_1.remark)('credentials of others cannot be claimed here: the server sees ours');
    (0, terminal_js_1.remark)(`${(0, names_js_1.addressText)(address)} → ${(0, names_js_1.addressText)(plan.target)}, ${type}; Ctrl-C ends it`);
    return await untilSignal(socket, serving(socket, type, plan));
}
async function serving(socket, type, plan) {
    if (type === 'dgram')
        return await (0, relay_datagrams_js_1.relayDatagrams)(socket, plan.target, plan.own, plan);
    let made = 0;
    const running = new Set();
    for await (const client of socket) {
        const connection = relayConnection(client, ++made, plan).finally(() => running.delete(connection));
        running.add(connection);
        if (plan.once)
            break;
    }
    await Promise.all(running);
}
/** The path goes with the socket, whatever ends us. */
async function untilSignal(socket, served) {
    const signalled = new Promise((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
            process.once(signal, () => resolve((0, usage_js_1.signalCode)(signal)));
        }
    });
    const code = await Promise.race([served.then(() => usage_js_1.EXIT.done), signalled]);
    await socket.close();
    // Connections that still run end with the process.
    if (code !== usage_js_1.EXIT.done)
        process.exit(code);
    return code;
}
async function relayConnection(client, connection, plan) {
    const { print, target, own } = plan;
    const totals = new relay_js_1.Totals();
    print((0, trace_js_1.line)(connection, ' ', `connect from ${whoIs(client)}`));
    let server;
    try {
        server = await (0, index_js_1.connect)(target, { ...own, type: client.type });
        const route = { ...plan, connection, totals };
        await both(client, server, route);
    }
    catch (error) {
        const quiet = (0, index_js_1.hasCode)(error, 'EPIPE') || (0, index_js_1.hasCode)(error, 'ECONNRESET');
        print((0, trace_js_1.line)(connection, ' ', `${quiet ? 'the other end has gone' : error.message}`));
    }
    finally {
        await Promise.all([client.close(), server?.close()]);
        print((0, trace_js_1.line)(connection, ' ', `closed: ${totals}`));
    }
}
/** Where one way fails, the other is not waited for. */
async function both(client, server, route) {
    const ways = [(0, relay_js_1.pump)(client, server, { ...route, way: '>' }), (0, relay_js_1.pump)(server, client, { ...route, way: '<' })];
    try {
        await Promise.all(ways);
    }
    catch (error) {
        client.close();
        server.close();
        await Promise.allSettled(ways);
        throw error;
    }
}
function whoIs(client) {
    const { pid, uid, gid } = (0, index_js_1.peerCredentials)(client);
    const name = pid === null ? null : (0, processes_js_1.processName)(pid);
    return `process ${pid ?? '?'}${name === null ? '' : ` <${(0, names_js_1.printable)(name)}>`}, {uid=${uid ?? '?'}, gid=${gid ?? '?'}}`;
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoicHJveHkuanMiLCJzb3VyY2VSb290IjoiIiwic291cmNlcyI6WyJwcm94eS50cyJdLCJuYW1lcyI6W10sIm1hcHBpbmdzIjoiOzs7QUFBQSx1SEFBdUg7QUFDdkgsMENBV29CO0FBQ3BCLHlDQUF5RTtBQUN6RSxpREFBNEM7QUFDNUMseUNBQW9FO0FBQ3BFLDZEQUFxRDtBQUNyRCwrQ0FBc0M7QUFDdEMseUNBQWlDO0FBQ2pDLHlDQUFxRjtBQUVyRixNQUFNLE9BQU8sR0FBRyxHQUFHLENBQUE7QUFFTixRQUFBLE9BQU8sR0FBWTtJQUM5QixPQUFPLEVBQUUseURBQXlEO0lBQ2xFLEtBQUssRUFBRSxDQUFDLENBQUMsRUFBRSxDQUFDLENBQUM7SUFDYixPQUFPLEVBQUU7UUFDUCxJQUFJLEVBQUUsRUFBRSxJQUFJLEVBQUUsUUFBUSxFQUFFLEtBQUssRUFBRSxHQUFHLEVBQUU7UUFDcEMsSUFBSSxFQUFFLEVBQUUsSUFBSSxFQUFFLFFBQVEsRUFBRSxLQUFLLEVBQUUsR0FBRyxFQUFFO1FBQ3BDLElBQUksRUFBRSxFQUFFLElBQUksRUFBRSxRQUFRLEVBQUUsS0FBSyxFQUFFLEdBQUcsRUFBRTtRQUNwQyxPQUFPLEVBQUUsRUFBRSxJQUFJLEVBQUUsU0FBUyxFQUFFO1FBQzVCLElBQUksRUFBRSxFQUFFLElBQUksRUFBRSxTQUFTLEVBQUUsS0FBSyxFQUFFLEdBQUcsRUFBRTtLQUN0QztJQUNELElBQUksRUFBRTs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7O0NBcUJQO0lBQ0MsR0FBRyxFQUFFLEtBQUs7Q0FDWCxDQUFBO0FBU0QsS0FBSyxVQUFVLEtBQUssQ0FBQyxFQUFFLE1BQU0sRUFBRSxXQUFXLEVBQUUsQ0FBQyxJQUFJLEdBQUcsRUFBRSxFQUFFLE1BQU0sR0FBRyxFQUFFLENBQUMsRUFBVTtJQUM1RSxNQUFNLEdBQUcsR0FBRyxJQUFBLHVCQUFZLEdBQUUsQ0FBQTtJQUMxQixNQUFNLElBQUksR0FBUztRQUNqQixNQUFNLEVBQUUsSUFBQSxzQkFBVyxFQUFDLE1BQU0sQ0FBQztRQUMzQixHQUFHLEVBQUUsRUFBRSxNQUFNLEVBQUUsT0FBTyxFQUFFLGVBQWUsRUFBRSxJQUFJLEVBQUUsS0FBSyxFQUFFLEdBQUcsQ0FBQyxVQUFVLENBQUMsU0FBUyxDQUFDLENBQUMsQ0FBQyxPQUFPLENBQUMsQ0FBQyxDQUFDLE9BQU8sRUFBRTtRQUNwRyxPQUFPLEVBQUUsR0FBRyxDQUFDLGdCQUFnQixDQUFDLFNBQVM7UUFDdkMsSUFBSSxFQUFFLE1BQU0sQ0FBQyxJQUFJLEtBQUssSUFBSTtRQUMxQixLQUFLLEVBQUUsSUFBQSxzQkFBVyxFQUFDLE1BQU0sQ0FBQyxJQUFJLElBQUksSUFBSSxFQUFFLFFBQVEsRUFBRSxDQUFDLEVBQUUsQ0FBQyxJQUFJLEVBQUUsQ0FBQztRQUM3RCxLQUFLLEVBQUUsQ0FBQyxJQUFJLEVBQUUsRUFBRSxDQUFDLEtBQUssT0FBTyxDQUFDLE1BQU0sQ0FBQyxLQUFLLENBQUMsSUFBSSxDQUFDO0tBQ2pELENBQUE7SUFDRCxNQUFNLE9BQU8sR0FBRyxJQUFBLHNCQUFXLEVBQUMsSUFBSSxDQUFDLENBQUE7SUFDakMsTUFBTSxJQUFJLEdBQUcsSUFBQSxzQkFBVyxFQUFDLE1BQU0sQ0FBQyxJQUFJLElBQUksS0FBSyxFQUFFLFFBQVEsRUFBRSxDQUFDLEVBQUUsS0FBSyxFQUFFLENBQUMsQ0FBQyxDQUFBO0lBQ3JFLE1BQU0sS0FBSyxHQUFHLEVBQUUsR0FBRyxDQUFDLE9BQU8sQ0FBQyxVQUFVLENBQUMsSUFBSSxDQUFDLENBQUMsQ0FBQyxDQUFDLEVBQUUsQ0FBQyxDQUFDLENBQUMsRUFBRSxJQUFJLEVBQUUsQ0FBQyxFQUFFLE9BQU8sRUFBRSxNQUFNLENBQUMsT0FBTyxDQUFDLENBQUMsQ0FBQyxPQUFPLENBQUMsQ0FBQyxDQUFDLE9BQU8sRUFBVyxDQUFBO0lBQ3JILE1BQU0sSUFBSSxHQUFHLElBQUEsa0JBQU8sRUFBQyxJQUFJLENBQUMsTUFBTSxFQUFFLE1BQU0sQ0FBQyxJQUFJLENBQUMsQ0FBQTtJQUM5QyxNQUFNLEdBQUcsR0FBRyxFQUFFLEdBQUcsSUFBSSxDQUFDLEdBQUcsRUFBRSxHQUFHLEtBQUssRUFBRSxDQUFBO0lBQ3JDLE1BQU0sTUFBTSxHQUFHLElBQUksS0FBSyxPQUFPLENBQUMsQ0FBQyxDQUFDLElBQUEsZUFBSSxFQUFDLE9BQU8sRUFBRSxHQUFHLENBQUMsQ0FBQyxDQUFDLENBQUMsSUFBQSxpQkFBTSxFQUFDLE9BQU8sRUFBRSxFQUFFLEdBQUcsR0FBRyxFQUFFLElBQUksRUFBRSxDQUFDLENBQUE7SUFDeEYsSUFBSSxDQUFDLElBQUksQ0FBQyxPQUFPO1FBQUUsSUFBQSxvQkFBTSxFQUFDLG9FQUFvRSxDQUFDLENBQUE7SUFDL0YsSUFBQSxvQkFBTSxFQUFDLEdBQUcsSUFBQSxzQkFBVyxFQUFDLE9BQU8sQ0FBQyxNQUFNLElBQUEsc0JBQVcsRUFBQyxJQUFJLENBQUMsTUFBTSxDQUFDLEtBQUssSUFBSSxrQkFBa0IsQ0FBQyxDQUFBO0lBQ3hGLE9BQU8sTUFBTSxXQUFXLENBQUMsTUFBTSxFQUFFLE9BQU8sQ0FBQyxNQUFNLEVBQUUsSUFBSSxFQUFFLElBQUksQ0FBQyxDQUFDLENBQUE7QUFDL0QsQ0FBQztBQUVELEtBQUssVUFBVSxPQUFPLENBQUMsTUFBMEMsRUFBRSxJQUFnQixFQUFFLElBQVU7SUFDN0YsSUFBSSxJQUFJLEtBQUssT0FBTztRQUFFLE9BQU8sTUFBTSxJQUFBLG1DQUFjLEVBQUMsTUFBNkIsRUFBRSxJQUFJLENBQUMsTUFBTSxFQUFFLElBQUksQ0FBQyxHQUFHLEVBQUUsSUFBSSxDQUFDLENBQUE7SUFDN0csSUFBSSxJQUFJLEdBQUcsQ0FBQyxDQUFBO0lBQ1osTUFBTSxPQUFPLEdBQUcsSUFBSSxHQUFHLEVBQWlCLENBQUE7SUFDeEMsSUFBSSxLQUFLLEVBQUUsTUFBTSxNQUFNLElBQUksTUFBc0IsRUFBRSxDQUFDO1FBQ2xELE1BQU0sVUFBVSxHQUFHLGVBQWUsQ0FBQyxNQUFNLEVBQUUsRUFBRSxJQUFJLEVBQUUsSUFBSSxDQUFDLENBQUMsT0FBTyxDQUFDLEdBQUcsRUFBRSxDQUFDLE9BQU8sQ0FBQyxNQUFNLENBQUMsVUFBVSxDQUFDLENBQUMsQ0FBQTtRQUNsRyxPQUFPLENBQUMsR0FBRyxDQUFDLFVBQVUsQ0FBQyxDQUFBO1FBQ3ZCLElBQUksSUFBSSxDQUFDLElBQUk7WUFBRSxNQUFLO0lBQ3RCLENBQUM7SUFDRCxNQUFNLE9BQU8sQ0FBQyxHQUFHLENBQUMsT0FBTyxDQUFDLENBQUE7QUFDNUIsQ0FBQztBQUVELHVEQUF1RDtBQUN2RCxLQUFLLFVBQVUsV0FBVyxDQUFDLE1BQTBDLEVBQUUsTUFBcUI7SUFDMUYsTUFBTSxTQUFTLEdBQUcsSUFBSSxPQUFPLENBQVMsQ0FBQyxPQUFPLEVBQUUsRUFBRTtRQUNoRCxLQUFLLE1BQU0sTUFBTSxJQUFJLENBQUMsUUFBUSxFQUFFLFNBQVMsRUFBRSxRQUFRLENBQVUsRUFBRSxDQUFDO1lBQzlELE9BQU8sQ0FBQyxJQUFJLENBQUMsTUFBTSxFQUFFLEdBQUcsRUFBRSxDQUFDLE9BQU8sQ0FBQyxJQUFBLHFCQUFVLEVBQUMsTUFBTSxDQUFDLENBQUMsQ0FBQyxDQUFBO1FBQ3pELENBQUM7SUFDSCxDQUFDLENBQUMsQ0FBQTtJQUNGLE1BQU0sSUFBSSxHQUFHLE1BQU0sT0FBTyxDQUFDLElBQUksQ0FBQyxDQUFDLE1BQU0sQ0FBQyxJQUFJLENBQUMsR0FBRyxFQUFFLENBQUMsZUFBSSxDQUFDLElBQUksQ0FBQyxFQUFFLFNBQVMsQ0FBQyxDQUFDLENBQUE7SUFDMUUsTUFBTSxNQUFNLENBQUMsS0FBSyxFQUFFLENBQUE7SUFDcEIsbURBQW1EO0lBQ25ELElBQUksSUFBSSxLQUFLLGVBQUksQ0FBQyxJQUFJO1FBQUUsT0FBTyxDQUFDLElBQUksQ0FBQyxJQUFJLENBQUMsQ0FBQTtJQUMxQyxPQUFPLElBQUksQ0FBQTtBQUNiLENBQUM7QUFFRCxLQUFLLFVBQVUsZUFBZSxDQUFDLE1BQWtCLEVBQUUsVUFBa0IsRUFBRSxJQUFVO0lBQy9FLE1BQU0sRUFBRSxLQUFLLEVBQUUsTUFBTSxFQUFFLEdBQUcsRUFBRSxHQUFHLElBQUksQ0FBQTtJQUNuQyxNQUFNLE1BQU0sR0FBRyxJQUFJLGlCQUFNLEVBQUUsQ0FBQTtJQUMzQixLQUFLLENBQUMsSUFBQSxlQUFJLEVBQUMsVUFBVSxFQUFFLEdBQUcsRUFBRSxnQkFBZ0IsS0FBSyxDQUFDLE1BQU0sQ0FBQyxFQUFFLENBQUMsQ0FBQyxDQUFBO0lBQzdELElBQUksTUFBOEIsQ0FBQTtJQUNsQyxJQUFJLENBQUM7UUFDSCxNQUFNLEdBQUcsTUFBTSxJQUFBLGtCQUFPLEVBQUMsTUFBTSxFQUFFLEVBQUUsR0FBRyxHQUFHLEVBQUUsSUFBSSxFQUFFLE1BQU0sQ0FBQyxJQUFJLEVBQUUsQ0FBQyxDQUFBO1FBQzdELE1BQU0sS0FBSyxHQUF1QixFQUFFLEdBQUcsSUFBSSxFQUFFLFVBQVUsRUFBRSxNQUFNLEVBQUUsQ0FBQTtRQUNqRSxNQUFNLElBQUksQ0FBQyxNQUFNLEVBQUUsTUFBTSxFQUFFLEtBQUssQ0FBQyxDQUFBO0lBQ25DLENBQUM7SUFBQyxPQUFPLEtBQUssRUFBRSxDQUFDO1FBQ2YsTUFBTSxLQUFLLEdBQUcsSUFBQSxrQkFBTyxFQUFDLEtBQUssRUFBRSxPQUFPLENBQUMsSUFBSSxJQUFBLGtCQUFPLEVBQUMsS0FBSyxFQUFFLFlBQVksQ0FBQyxDQUFBO1FBQ3JFLEtBQUssQ0FBQyxJQUFBLGVBQUksRUFBQyxVQUFVLEVBQUUsR0FBRyxFQUFFLEdBQUcsS0FBSyxDQUFDLENBQUMsQ0FBQyx3QkFBd0IsQ0FBQyxDQUFDLENBQUUsS0FBZSxDQUFDLE9BQU8sRUFBRSxDQUFDLENBQUMsQ0FBQTtJQUNoRyxDQUFDO1lBQVMsQ0FBQztRQUNULE1BQU0sT0FBTyxDQUFDLEdBQUcsQ0FBQyxDQUFDLE1BQU0sQ0FBQyxLQUFLLEVBQUUsRUFBRSxNQUFNLEVBQUUsS0FBSyxFQUFFLENBQUMsQ0FBQyxDQUFBO1FBQ3BELEtBQUssQ0FBQyxJQUFBLGVBQUksRUFBQyxVQUFVLEVBQUUsR0FBRyxFQUFFLFdBQVcsTUFBTSxFQUFFLENBQUMsQ0FBQyxDQUFBO0lBQ25ELENBQUM7QUFDSCxDQUFDO0FBRUQsd0RBQXdEO0FBQ3hELEtBQUssVUFBVSxJQUFJLENBQUMsTUFBa0IsRUFBRSxNQUFrQixFQUFFLEtBQXlCO0lBQ25GLE1BQU0sSUFBSSxHQUFHLENBQUMsSUFBQSxlQUFJLEVBQUMsTUFBTSxFQUFFLE1BQU0sRUFBRSxFQUFFLEdBQUcsS0FBSyxFQUFFLEdBQUcsRUFBRSxHQUFHLEVBQUUsQ0FBQyxFQUFFLElBQUEsZUFBSSxFQUFDLE1BQU0sRUFBRSxNQUFNLEVBQUUsRUFBRSxHQUFHLEtBQUssRUFBRSxHQUFHLEVBQUUsR0FBRyxFQUFFLENBQUMsQ0FBQyxDQUFBO0lBQ3pHLElBQUksQ0FBQztRQUNILE1BQU0sT0FBTyxDQUFDLEdBQUcsQ0FBQyxJQUFJLENBQUMsQ0FBQTtJQUN6QixDQUFDO0lBQUMsT0FBTyxLQUFLLEVBQUUsQ0FBQztRQUNmLE1BQU0sQ0FBQyxLQUFLLEVBQUUsQ0FBQTtRQUNkLE1BQU0sQ0FBQyxLQUFLLEVBQUUsQ0FBQTtRQUNkLE1BQU0sT0FBTyxDQUFDLFVBQVUsQ0FBQyxJQUFJLENBQUMsQ0FBQTtRQUM5QixNQUFNLEtBQUssQ0FBQTtJQUNiLENBQUM7QUFDSCxDQUFDO0FBRUQsU0FBUyxLQUFLLENBQUMsTUFBa0I7SUFDL0IsTUFBTSxFQUFFLEdBQUcsRUFBRSxHQUFHLEVBQUUsR0FBRyxFQUFFLEdBQUcsSUFBQSwwQkFBZSxFQUFDLE1BQU0sQ0FBQyxDQUFBO0lBQ2pELE1BQU0sSUFBSSxHQUFHLEdBQUcsS0FBSyxJQUFJLENBQUMsQ0FBQyxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUMsSUFBQSwwQkFBVyxFQUFDLEdBQUcsQ0FBQyxDQUFBO0lBQ25ELE9BQU8sV0FBVyxHQUFHLElBQUksR0FBRyxHQUFHLElBQUksS0FBSyxJQUFJLENBQUMsQ0FBQyxDQUFDLEVBQUUsQ0FBQyxDQUFDLENBQUMsS0FBSyxJQUFBLG9CQUFTLEVBQUMsSUFBSSxDQUFDLEdBQUcsVUFBVSxHQUFHLElBQUksR0FBRyxTQUFTLEdBQUcsSUFBSSxHQUFHLEdBQUcsQ0FBQTtBQUN2SCxDQUFDIn0=