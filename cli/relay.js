"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Totals = void 0;
exports.pump = pump;
exports.pass = pass;
// What comes from one socket goes to another, at its place: bytes, descriptors, credentials, the end. Prints each message. Knows
// two sockets, not where they come from.
const index_js_1 = require("../index.js");
const trace_js_1 = require("./trace.js");
/** What has gone through, both ways. */
class Totals {
    messages = 0;
    bytes = 0;
    fds = 0;
    add({ data, fds }) {
        this.messages++;
        this.bytes += data.length;
        this.fds += fds.length;
    }
    toString() {
        return `${this.messages} messages, ${this.bytes} bytes, ${this.fds} descriptors`;
    }
}
exports.Totals = Totals;
/** Everything from `from` to `to`, until the end. Rejects when one of them fails. */
async function pump(from, to, route) {
    for (;;) {
        const message = await from.recv();
        if (message === null)
            break;
        await pass(message, to, route);
    }
    route.print((0, trace_js_1.line)(route.connection, route.way, 'shutdown(SHUT_WR) = 0'));
    endOf(to);
}
/** One message, and its line: also when it could not be passed on. It is closed afterwards. */
async function pass(message, to, route, options = {}) {
    const { connection, way, limit, totals } = route;
    try {
        const text = `sendmsg(${(0, trace_js_1.messageText)(message, limit)})`;
        route.print((0, trace_js_1.line)(connection, way, text));
        totals.add(message);
        await send(message, to, route.claimed, options);
    }
    catch (error) {
        const { code, message: words } = error;
        route.print((0, trace_js_1.line)(connection, way, `= -1 ${code ?? 'ERR'} (${words})`));
        throw error;
    }
    finally {
        message.close();
    }
}
/** With the sender's credentials where we may; nothing has been sent when the kernel refuses them. */
async function send({ data, fds, credentials }, to, claimed, options) {
    const { pid, uid, gid } = credentials ?? { pid: null, uid: null, gid: null };
    if (!claimed || pid === null || uid === null || gid === null)
        return await to.send(data, { ...options, fds });
    try {
        await to.send(data, { ...options, fds, credentials: { pid, uid, gid } });
    }
    catch (error) {
        // The sender has ended, or is of another namespace.
        if (!(0, index_js_1.hasCode)(error, 'ESRCH') && !(0, index_js_1.hasCode)(error, 'EPERM'))
            throw error;
        await to.send(data, { ...options, fds });
    }
}
/** Who has closed already does not mind. */
function endOf(socket) {
    try {
        socket.shutdown('write');
    }
    catch (error) {
        if (!(0, index_js_1.hasCode)(error, 'ENOTCONN') && !(0, index_js_1.hasCode)(error, 'EPIPE') && !(0, index_js_1.hasCode)(error, 'ERR_SOCKET_CLOSED'))
            throw error;
    }
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoicmVsYXkuanMiLCJzb3VyY2VSb290IjoiIiwic291cmNlcyI6WyJyZWxheS50cyJdLCJuYW1lcyI6W10sIm1hcHBpbmdzIjoiOzs7QUFxQ0Esb0JBUUM7QUFHRCxvQkFjQztBQTlERCxpSUFBaUk7QUFDakkseUNBQXlDO0FBQ3pDLDBDQUFzRjtBQUN0Rix5Q0FBOEM7QUFROUMsd0NBQXdDO0FBQ3hDLE1BQWEsTUFBTTtJQUNqQixRQUFRLEdBQUcsQ0FBQyxDQUFBO0lBQ1osS0FBSyxHQUFHLENBQUMsQ0FBQTtJQUNULEdBQUcsR0FBRyxDQUFDLENBQUE7SUFFUCxHQUFHLENBQUMsRUFBRSxJQUFJLEVBQUUsR0FBRyxFQUFXO1FBQ3hCLElBQUksQ0FBQyxRQUFRLEVBQUUsQ0FBQTtRQUNmLElBQUksQ0FBQyxLQUFLLElBQUksSUFBSSxDQUFDLE1BQU0sQ0FBQTtRQUN6QixJQUFJLENBQUMsR0FBRyxJQUFJLEdBQUcsQ0FBQyxNQUFNLENBQUE7SUFDeEIsQ0FBQztJQUVELFFBQVE7UUFDTixPQUFPLEdBQUcsSUFBSSxDQUFDLFFBQVEsY0FBYyxJQUFJLENBQUMsS0FBSyxXQUFXLElBQUksQ0FBQyxHQUFHLGNBQWMsQ0FBQTtJQUNsRixDQUFDO0NBQ0Y7QUFkRCx3QkFjQztBQVVELHFGQUFxRjtBQUM5RSxLQUFLLFVBQVUsSUFBSSxDQUFDLElBQWdCLEVBQUUsRUFBYyxFQUFFLEtBQVk7SUFDdkUsU0FBUyxDQUFDO1FBQ1IsTUFBTSxPQUFPLEdBQUcsTUFBTSxJQUFJLENBQUMsSUFBSSxFQUFFLENBQUE7UUFDakMsSUFBSSxPQUFPLEtBQUssSUFBSTtZQUFFLE1BQUs7UUFDM0IsTUFBTSxJQUFJLENBQUMsT0FBTyxFQUFFLEVBQUUsRUFBRSxLQUFLLENBQUMsQ0FBQTtJQUNoQyxDQUFDO0lBQ0QsS0FBSyxDQUFDLEtBQUssQ0FBQyxJQUFBLGVBQUksRUFBQyxLQUFLLENBQUMsVUFBVSxFQUFFLEtBQUssQ0FBQyxHQUFHLEVBQUUsdUJBQXVCLENBQUMsQ0FBQyxDQUFBO0lBQ3ZFLEtBQUssQ0FBQyxFQUFFLENBQUMsQ0FBQTtBQUNYLENBQUM7QUFFRCwrRkFBK0Y7QUFDeEYsS0FBSyxVQUFVLElBQUksQ0FBQyxPQUFnQixFQUFFLEVBQWMsRUFBRSxLQUFZLEVBQUUsVUFBdUIsRUFBRTtJQUNsRyxNQUFNLEVBQUUsVUFBVSxFQUFFLEdBQUcsRUFBRSxLQUFLLEVBQUUsTUFBTSxFQUFFLEdBQUcsS0FBSyxDQUFBO0lBQ2hELElBQUksQ0FBQztRQUNILE1BQU0sSUFBSSxHQUFHLFdBQVcsSUFBQSxzQkFBVyxFQUFDLE9BQU8sRUFBRSxLQUFLLENBQUMsR0FBRyxDQUFBO1FBQ3RELEtBQUssQ0FBQyxLQUFLLENBQUMsSUFBQSxlQUFJLEVBQUMsVUFBVSxFQUFFLEdBQUcsRUFBRSxJQUFJLENBQUMsQ0FBQyxDQUFBO1FBQ3hDLE1BQU0sQ0FBQyxHQUFHLENBQUMsT0FBTyxDQUFDLENBQUE7UUFDbkIsTUFBTSxJQUFJLENBQUMsT0FBTyxFQUFFLEVBQUUsRUFBRSxLQUFLLENBQUMsT0FBTyxFQUFFLE9BQU8sQ0FBQyxDQUFBO0lBQ2pELENBQUM7SUFBQyxPQUFPLEtBQUssRUFBRSxDQUFDO1FBQ2YsTUFBTSxFQUFFLElBQUksRUFBRSxPQUFPLEVBQUUsS0FBSyxFQUFFLEdBQUcsS0FBOEIsQ0FBQTtRQUMvRCxLQUFLLENBQUMsS0FBSyxDQUFDLElBQUEsZUFBSSxFQUFDLFVBQVUsRUFBRSxHQUFHLEVBQUUsUUFBUSxJQUFJLElBQUksS0FBSyxLQUFLLEtBQUssR0FBRyxDQUFDLENBQUMsQ0FBQTtRQUN0RSxNQUFNLEtBQUssQ0FBQTtJQUNiLENBQUM7WUFBUyxDQUFDO1FBQ1QsT0FBTyxDQUFDLEtBQUssRUFBRSxDQUFBO0lBQ2pCLENBQUM7QUFDSCxDQUFDO0FBRUQsc0dBQXNHO0FBQ3RHLEtBQUssVUFBVSxJQUFJLENBQ2pCLEVBQUUsSUFBSSxFQUFFLEdBQUcsRUFBRSxXQUFXLEVBQVcsRUFDbkMsRUFBYyxFQUNkLE9BQWdCLEVBQ2hCLE9BQW9CO0lBRXBCLE1BQU0sRUFBRSxHQUFHLEVBQUUsR0FBRyxFQUFFLEdBQUcsRUFBRSxHQUFHLFdBQVcsSUFBSSxFQUFFLEdBQUcsRUFBRSxJQUFJLEVBQUUsR0FBRyxFQUFFLElBQUksRUFBRSxHQUFHLEVBQUUsSUFBSSxFQUFFLENBQUE7SUFDNUUsSUFBSSxDQUFDLE9BQU8sSUFBSSxHQUFHLEtBQUssSUFBSSxJQUFJLEdBQUcsS0FBSyxJQUFJLElBQUksR0FBRyxLQUFLLElBQUk7UUFBRSxPQUFPLE1BQU0sRUFBRSxDQUFDLElBQUksQ0FBQyxJQUFJLEVBQUUsRUFBRSxHQUFHLE9BQU8sRUFBRSxHQUFHLEVBQUUsQ0FBQyxDQUFBO0lBQzdHLElBQUksQ0FBQztRQUNILE1BQU0sRUFBRSxDQUFDLElBQUksQ0FBQyxJQUFJLEVBQUUsRUFBRSxHQUFHLE9BQU8sRUFBRSxHQUFHLEVBQUUsV0FBVyxFQUFFLEVBQUUsR0FBRyxFQUFFLEdBQUcsRUFBRSxHQUFHLEVBQUUsRUFBRSxDQUFDLENBQUE7SUFDMUUsQ0FBQztJQUFDLE9BQU8sS0FBSyxFQUFFLENBQUM7UUFDZixvREFBb0Q7UUFDcEQsSUFBSSxDQUFDLElBQUEsa0JBQU8sRUFBQyxLQUFLLEVBQUUsT0FBTyxDQUFDLElBQUksQ0FBQyxJQUFBLGtCQUFPLEVBQUMsS0FBSyxFQUFFLE9BQU8sQ0FBQztZQUFFLE1BQU0sS0FBSyxDQUFBO1FBQ3JFLE1BQU0sRUFBRSxDQUFDLElBQUksQ0FBQyxJQUFJLEVBQUUsRUFBRSxHQUFHLE9BQU8sRUFBRSxHQUFHLEVBQUUsQ0FBQyxDQUFBO0lBQzFDLENBQUM7QUFDSCxDQUFDO0FBRUQsNENBQTRDO0FBQzVDLFNBQVMsS0FBSyxDQUFDLE1BQWtCO0lBQy9CLElBQUksQ0FBQztRQUNILE1BQU0sQ0FBQyxRQUFRLENBQUMsT0FBTyxDQUFDLENBQUE7SUFDMUIsQ0FBQztJQUFDLE9BQU8sS0FBSyxFQUFFLENBQUM7UUFDZixJQUFJLENBQUMsSUFBQSxrQkFBTyxFQUFDLEtBQUssRUFBRSxVQUFVLENBQUMsSUFBSSxDQUFDLElBQUEsa0JBQU8sRUFBQyxLQUFLLEVBQUUsT0FBTyxDQUFDLElBQUksQ0FBQyxJQUFBLGtCQUFPLEVBQUMsS0FBSyxFQUFFLG1CQUFtQixDQUFDO1lBQUUsTUFBTSxLQUFLLENBQUE7SUFDbEgsQ0FBQztBQUNILENBQUMifQ==