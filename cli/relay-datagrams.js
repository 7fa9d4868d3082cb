"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.relayDatagrams = relayDatagrams;
// Datagrams through a proxy: each sender with a name gets a socket of its own at the other side, so that answers find back.
const index_js_1 = require("../index.js");
const names_js_1 = require("./names.js");
const relay_js_1 = require("./relay.js");
const trace_js_1 = require("./trace.js");
/** The one that was made first makes room for a new one. */
const SENDERS_MAX = 256;
/** Until `socket` is closed. */
async function relayDatagrams(socket, target, own, { claimed, ...printing }) {
    const senders = new Map();
    let made = 0;
    const open = (from) => {
        const peer = (0, index_js_1.bind)(null, { ...own, peer: target, autobind: from !== null });
        const route = { ...printing, claimed, connection: ++made, way: '>', totals: new relay_js_1.Totals() };
        const name = from === null ? 'an unnamed socket' : (0, names_js_1.addressText)(from);
        printing.print((0, trace_js_1.line)(route.connection, ' ', `datagrams from ${name}`));
        if (from !== null)
            answer(peer, socket, from, { ...route, way: '<' });
        return { socket: peer, route };
    };
    try {
        for await (const message of socket.messages()) {
            const key = JSON.stringify(message.from);
            const sender = senders.get(key) ?? open(message.from);
            senders.set(key, sender);
            makeRoom(senders);
            // Its line says what happened; the next datagram may do better.
            await (0, relay_js_1.pass)(message, sender.socket, sender.route).catch(() => { });
        }
    }
    finally {
        await Promise.all([...senders.values()].map(({ socket: peer }) => peer.close()));
    }
}
function makeRoom(senders) {
    if (senders.size <= SENDERS_MAX)
        return;
    const [[key, { socket }]] = senders;
    senders.delete(key);
    void socket.close();
}
/** What the target answers goes to the sender, from the name that it has written to. */
async function answer(peer, socket, to, route) {
    try {
        for await (const message of peer.messages())
            await (0, relay_js_1.pass)(message, socket, route, { to }).catch(() => { });
    }
    catch {
        // The socket was closed to make room.
    }
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoicmVsYXktZGF0YWdyYW1zLmpzIiwic291cmNlUm9vdCI6IiIsInNvdXJjZXMiOlsicmVsYXktZGF0YWdyYW1zLnRzIl0sIm5hbWVzIjpbXSwibWFwcGluZ3MiOiI7O0FBZUEsd0NBNEJDO0FBM0NELDRIQUE0SDtBQUM1SCwwQ0FBcUY7QUFDckYseUNBQXdDO0FBQ3hDLHlDQUFvRTtBQUNwRSx5Q0FBaUM7QUFFakMsNERBQTREO0FBQzVELE1BQU0sV0FBVyxHQUFHLEdBQUcsQ0FBQTtBQU92QixnQ0FBZ0M7QUFDekIsS0FBSyxVQUFVLGNBQWMsQ0FDbEMsTUFBMkIsRUFDM0IsTUFBYyxFQUNkLEdBQWtCLEVBQ2xCLEVBQUUsT0FBTyxFQUFFLEdBQUcsUUFBUSxFQUFtQztJQUV6RCxNQUFNLE9BQU8sR0FBRyxJQUFJLEdBQUcsRUFBa0IsQ0FBQTtJQUN6QyxJQUFJLElBQUksR0FBRyxDQUFDLENBQUE7SUFDWixNQUFNLElBQUksR0FBRyxDQUFDLElBQW9CLEVBQVUsRUFBRTtRQUM1QyxNQUFNLElBQUksR0FBRyxJQUFBLGVBQUksRUFBQyxJQUFJLEVBQUUsRUFBRSxHQUFHLEdBQUcsRUFBRSxJQUFJLEVBQUUsTUFBTSxFQUFFLFFBQVEsRUFBRSxJQUFJLEtBQUssSUFBSSxFQUFFLENBQUMsQ0FBQTtRQUMxRSxNQUFNLEtBQUssR0FBVSxFQUFFLEdBQUcsUUFBUSxFQUFFLE9BQU8sRUFBRSxVQUFVLEVBQUUsRUFBRSxJQUFJLEVBQUUsR0FBRyxFQUFFLEdBQUcsRUFBRSxNQUFNLEVBQUUsSUFBSSxpQkFBTSxFQUFFLEVBQUUsQ0FBQTtRQUNqRyxNQUFNLElBQUksR0FBRyxJQUFJLEtBQUssSUFBSSxDQUFDLENBQUMsQ0FBQyxtQkFBbUIsQ0FBQyxDQUFDLENBQUMsSUFBQSxzQkFBVyxFQUFDLElBQUksQ0FBQyxDQUFBO1FBQ3BFLFFBQVEsQ0FBQyxLQUFLLENBQUMsSUFBQSxlQUFJLEVBQUMsS0FBSyxDQUFDLFVBQVUsRUFBRSxHQUFHLEVBQUUsa0JBQWtCLElBQUksRUFBRSxDQUFDLENBQUMsQ0FBQTtRQUNyRSxJQUFJLElBQUksS0FBSyxJQUFJO1lBQUUsTUFBTSxDQUFDLElBQUksRUFBRSxNQUFNLEVBQUUsSUFBSSxFQUFFLEVBQUUsR0FBRyxLQUFLLEVBQUUsR0FBRyxFQUFFLEdBQUcsRUFBRSxDQUFDLENBQUE7UUFDckUsT0FBTyxFQUFFLE1BQU0sRUFBRSxJQUFJLEVBQUUsS0FBSyxFQUFFLENBQUE7SUFDaEMsQ0FBQyxDQUFBO0lBQ0QsSUFBSSxDQUFDO1FBQ0gsSUFBSSxLQUFLLEVBQUUsTUFBTSxPQUFPLElBQUksTUFBTSxDQUFDLFFBQVEsRUFBRSxFQUFFLENBQUM7WUFDOUMsTUFBTSxHQUFHLEdBQUcsSUFBSSxDQUFDLFNBQVMsQ0FBQyxPQUFPLENBQUMsSUFBSSxDQUFDLENBQUE7WUFDeEMsTUFBTSxNQUFNLEdBQUcsT0FBTyxDQUFDLEdBQUcsQ0FBQyxHQUFHLENBQUMsSUFBSSxJQUFJLENBQUMsT0FBTyxDQUFDLElBQUksQ0FBQyxDQUFBO1lBQ3JELE9BQU8sQ0FBQyxHQUFHLENBQUMsR0FBRyxFQUFFLE1BQU0sQ0FBQyxDQUFBO1lBQ3hCLFFBQVEsQ0FBQyxPQUFPLENBQUMsQ0FBQTtZQUNqQixnRUFBZ0U7WUFDaEUsTUFBTSxJQUFBLGVBQUksRUFBQyxPQUFPLEVBQUUsTUFBTSxDQUFDLE1BQU0sRUFBRSxNQUFNLENBQUMsS0FBSyxDQUFDLENBQUMsS0FBSyxDQUFDLEdBQUcsRUFBRSxHQUFFLENBQUMsQ0FBQyxDQUFBO1FBQ2xFLENBQUM7SUFDSCxDQUFDO1lBQVMsQ0FBQztRQUNULE1BQU0sT0FBTyxDQUFDLEdBQUcsQ0FBQyxDQUFDLEdBQUcsT0FBTyxDQUFDLE1BQU0sRUFBRSxDQUFDLENBQUMsR0FBRyxDQUFDLENBQUMsRUFBRSxNQUFNLEVBQUUsSUFBSSxFQUFFLEVBQUUsRUFBRSxDQUFDLElBQUksQ0FBQyxLQUFLLEVBQUUsQ0FBQyxDQUFDLENBQUE7SUFDbEYsQ0FBQztBQUNILENBQUM7QUFFRCxTQUFTLFFBQVEsQ0FBQyxPQUE0QjtJQUM1QyxJQUFJLE9BQU8sQ0FBQyxJQUFJLElBQUksV0FBVztRQUFFLE9BQU07SUFDdkMsTUFBTSxDQUFDLENBQUMsR0FBRyxFQUFFLEVBQUUsTUFBTSxFQUFFLENBQUMsQ0FBQyxHQUFHLE9BQXdDLENBQUE7SUFDcEUsT0FBTyxDQUFDLE1BQU0sQ0FBQyxHQUFHLENBQUMsQ0FBQTtJQUNuQixLQUFLLE1BQU0sQ0FBQyxLQUFLLEVBQUUsQ0FBQTtBQUNyQixDQUFDO0FBRUQsd0ZBQXdGO0FBQ3hGLEtBQUssVUFBVSxNQUFNLENBQ25CLElBQXlCLEVBQ3pCLE1BQTJCLEVBQzNCLEVBQVcsRUFDWCxLQUFZO0lBRVosSUFBSSxDQUFDO1FBQ0gsSUFBSSxLQUFLLEVBQUUsTUFBTSxPQUFPLElBQUksSUFBSSxDQUFDLFFBQVEsRUFBRTtZQUFFLE1BQU0sSUFBQSxlQUFJLEVBQUMsT0FBTyxFQUFFLE1BQU0sRUFBRSxLQUFLLEVBQUUsRUFBRSxFQUFFLEVBQVcsQ0FBQyxDQUFDLEtBQUssQ0FBQyxHQUFHLEVBQUUsR0FBRSxDQUFDLENBQUMsQ0FBQTtJQUNsSCxDQUFDO0lBQUMsTUFBTSxDQUFDO1FBQ1Asc0NBQXNDO0lBQ3hDLENBQUM7QUFDSCxDQUFDIn0=