"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.command = void 0;
// `ancillary send`: one message with descriptors that the shell has opened.
const index_js_1 = require("../index.js");
const inherited_js_1 = require("./inherited.js");
const names_js_1 = require("./names.js");
const processes_js_1 = require("./processes.js");
const terminal_js_1 = require("./terminal.js");
const usage_js_1 = require("./usage.js");
exports.command = {
    summary: 'sends open descriptors to a socket',
    takes: [2, 254],
    options: {
        data: { type: 'string', short: 'd' },
        type: { type: 'string', short: 't' },
        credentials: { type: 'boolean' },
        timeout: { type: 'string' },
    },
    help: `
Usage: ancillary send [OPTION...] PATH FD...

Connects to the socket at PATH and sends one message with the open descriptors FD, 1 to 253 numbers. PATH may be @NAME,
an abstract name. It ends when the kernel has taken the message.

Options:
  -d, --data TEXT        what the message says; default one NUL byte
  -t, --type TYPE        stream, seqpacket or dgram; default what is at PATH
      --credentials      attach our process id, user and group
      --timeout SECONDS  give up after so long; default never

Exit codes: 0 the kernel took it, 1 failed, 2 wrong arguments, 124 too late.

Example:
  ancillary send /run/app.sock 3 4  3<input.txt 4>output.txt
`,
    run: send,
};
async function send({ values, positionals: [path = '', ...words] }) {
    const address = (0, names_js_1.addressFrom)(path);
    const data = dataOf(values.data);
    const wait = (0, usage_js_1.waitOf)(values);
    const fds = (0, inherited_js_1.inherited)(words);
    try {
        const type = (0, names_js_1.typeFor)(address, values.type);
        const work = () => deliver(address, type, { data, fds, credentials: values.credentials === true, wait });
        await (0, terminal_js_1.during)(`sending to ${(0, names_js_1.addressText)(address)}`, work);
        return usage_js_1.EXIT.done;
    }
    finally {
        for (const fd of fds)
            fd.close();
    }
}
function dataOf(text) {
    if (text === '')
        throw new usage_js_1.UsageError('--data must not be empty: on a stream, descriptors need a byte');
    return typeof text === 'string' ? text : '\0';
}
async function deliver(address, type, { data, fds, credentials, wait }) {
    const socket = await (0, index_js_1.connect)(address, { type, ...wait });
    try {
        await socket.send(data, { fds, credentials, ...wait });
        const pid = type === 'dgram' ? null : (0, index_js_1.peerCredentials)(socket).pid;
        const to = pid === null ? '' : ` of ${(0, names_js_1.printable)((0, processes_js_1.processName)(pid) ?? 'process')} (${pid})`;
        (0, terminal_js_1.remark)(`sent ${fds.map(({ kind }) => kind).join(', ')} to ${(0, names_js_1.addressText)(address)}${to}`);
    }
    finally {
        await socket.close();
    }
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoic2VuZC5qcyIsInNvdXJjZVJvb3QiOiIiLCJzb3VyY2VzIjpbInNlbmQudHMiXSwibmFtZXMiOltdLCJtYXBwaW5ncyI6Ijs7O0FBQUEsNEVBQTRFO0FBQzVFLDBDQUFxRjtBQUNyRixpREFBMEM7QUFDMUMseUNBQXlFO0FBQ3pFLGlEQUE0QztBQUM1QywrQ0FBOEM7QUFDOUMseUNBQWdGO0FBRW5FLFFBQUEsT0FBTyxHQUFZO0lBQzlCLE9BQU8sRUFBRSxvQ0FBb0M7SUFDN0MsS0FBSyxFQUFFLENBQUMsQ0FBQyxFQUFFLEdBQUcsQ0FBQztJQUNmLE9BQU8sRUFBRTtRQUNQLElBQUksRUFBRSxFQUFFLElBQUksRUFBRSxRQUFRLEVBQUUsS0FBSyxFQUFFLEdBQUcsRUFBRTtRQUNwQyxJQUFJLEVBQUUsRUFBRSxJQUFJLEVBQUUsUUFBUSxFQUFFLEtBQUssRUFBRSxHQUFHLEVBQUU7UUFDcEMsV0FBVyxFQUFFLEVBQUUsSUFBSSxFQUFFLFNBQVMsRUFBRTtRQUNoQyxPQUFPLEVBQUUsRUFBRSxJQUFJLEVBQUUsUUFBUSxFQUFFO0tBQzVCO0lBQ0QsSUFBSSxFQUFFOzs7Ozs7Ozs7Ozs7Ozs7O0NBZ0JQO0lBQ0MsR0FBRyxFQUFFLElBQUk7Q0FDVixDQUFBO0FBRUQsS0FBSyxVQUFVLElBQUksQ0FBQyxFQUFFLE1BQU0sRUFBRSxXQUFXLEVBQUUsQ0FBQyxJQUFJLEdBQUcsRUFBRSxFQUFFLEdBQUcsS0FBSyxDQUFDLEVBQVU7SUFDeEUsTUFBTSxPQUFPLEdBQUcsSUFBQSxzQkFBVyxFQUFDLElBQUksQ0FBQyxDQUFBO0lBQ2pDLE1BQU0sSUFBSSxHQUFHLE1BQU0sQ0FBQyxNQUFNLENBQUMsSUFBSSxDQUFDLENBQUE7SUFDaEMsTUFBTSxJQUFJLEdBQUcsSUFBQSxpQkFBTSxFQUFDLE1BQU0sQ0FBQyxDQUFBO0lBQzNCLE1BQU0sR0FBRyxHQUFHLElBQUEsd0JBQVMsRUFBQyxLQUFLLENBQUMsQ0FBQTtJQUM1QixJQUFJLENBQUM7UUFDSCxNQUFNLElBQUksR0FBRyxJQUFBLGtCQUFPLEVBQUMsT0FBTyxFQUFFLE1BQU0sQ0FBQyxJQUFJLENBQUMsQ0FBQTtRQUMxQyxNQUFNLElBQUksR0FBRyxHQUFrQixFQUFFLENBQy9CLE9BQU8sQ0FBQyxPQUFPLEVBQUUsSUFBSSxFQUFFLEVBQUUsSUFBSSxFQUFFLEdBQUcsRUFBRSxXQUFXLEVBQUUsTUFBTSxDQUFDLFdBQVcsS0FBSyxJQUFJLEVBQUUsSUFBSSxFQUFFLENBQUMsQ0FBQTtRQUN2RixNQUFNLElBQUEsb0JBQU0sRUFBQyxjQUFjLElBQUEsc0JBQVcsRUFBQyxPQUFPLENBQUMsRUFBRSxFQUFFLElBQUksQ0FBQyxDQUFBO1FBQ3hELE9BQU8sZUFBSSxDQUFDLElBQUksQ0FBQTtJQUNsQixDQUFDO1lBQVMsQ0FBQztRQUNULEtBQUssTUFBTSxFQUFFLElBQUksR0FBRztZQUFFLEVBQUUsQ0FBQyxLQUFLLEVBQUUsQ0FBQTtJQUNsQyxDQUFDO0FBQ0gsQ0FBQztBQUVELFNBQVMsTUFBTSxDQUFDLElBQWE7SUFDM0IsSUFBSSxJQUFJLEtBQUssRUFBRTtRQUFFLE1BQU0sSUFBSSxxQkFBVSxDQUFDLGdFQUFnRSxDQUFDLENBQUE7SUFDdkcsT0FBTyxPQUFPLElBQUksS0FBSyxRQUFRLENBQUMsQ0FBQyxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUMsSUFBSSxDQUFBO0FBQy9DLENBQUM7QUFTRCxLQUFLLFVBQVUsT0FBTyxDQUFDLE9BQWUsRUFBRSxJQUFnQixFQUFFLEVBQUUsSUFBSSxFQUFFLEdBQUcsRUFBRSxXQUFXLEVBQUUsSUFBSSxFQUFZO0lBQ2xHLE1BQU0sTUFBTSxHQUFHLE1BQU0sSUFBQSxrQkFBTyxFQUFDLE9BQU8sRUFBRSxFQUFFLElBQUksRUFBRSxHQUFHLElBQUksRUFBRSxDQUFDLENBQUE7SUFDeEQsSUFBSSxDQUFDO1FBQ0gsTUFBTSxNQUFNLENBQUMsSUFBSSxDQUFDLElBQUksRUFBRSxFQUFFLEdBQUcsRUFBRSxXQUFXLEVBQUUsR0FBRyxJQUFJLEVBQUUsQ0FBQyxDQUFBO1FBQ3RELE1BQU0sR0FBRyxHQUFHLElBQUksS0FBSyxPQUFPLENBQUMsQ0FBQyxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUMsSUFBQSwwQkFBZSxFQUFDLE1BQU0sQ0FBQyxDQUFDLEdBQUcsQ0FBQTtRQUNqRSxNQUFNLEVBQUUsR0FBRyxHQUFHLEtBQUssSUFBSSxDQUFDLENBQUMsQ0FBQyxFQUFFLENBQUMsQ0FBQyxDQUFDLE9BQU8sSUFBQSxvQkFBUyxFQUFDLElBQUEsMEJBQVcsRUFBQyxHQUFHLENBQUMsSUFBSSxTQUFTLENBQUMsS0FBSyxHQUFHLEdBQUcsQ0FBQTtRQUN6RixJQUFBLG9CQUFNLEVBQUMsUUFBUSxHQUFHLENBQUMsR0FBRyxDQUFDLENBQUMsRUFBRSxJQUFJLEVBQUUsRUFBRSxFQUFFLENBQUMsSUFBSSxDQUFDLENBQUMsSUFBSSxDQUFDLElBQUksQ0FBQyxPQUFPLElBQUEsc0JBQVcsRUFBQyxPQUFPLENBQUMsR0FBRyxFQUFFLEVBQUUsQ0FBQyxDQUFBO0lBQzFGLENBQUM7WUFBUyxDQUFDO1FBQ1QsTUFBTSxNQUFNLENBQUMsS0FBSyxFQUFFLENBQUE7SUFDdEIsQ0FBQztBQUNILENBQUMifQ==