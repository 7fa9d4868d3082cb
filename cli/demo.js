"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.command = void 0;
// `ancillary demo`: two processes and everything that a Unix socket carries between them, in a temporary folder, in one second.
const node_child_process_1 = require("node:child_process");
const node_events_1 = require("node:events");
const node_fs_1 = require("node:fs");
const node_os_1 = require("node:os");
const node_path_1 = require("node:path");
const index_js_1 = require("../index.js");
const names_js_1 = require("./names.js");
const terminal_js_1 = require("./terminal.js");
const usage_js_1 = require("./usage.js");
const WAIT = { timeout: 30_000 };
const PAGE = 'written in the helper, read here, in no file system\n';
exports.command = {
    summary: 'shows what it is about, with two processes',
    takes: [0, 0],
    options: { helper: { type: 'string' } },
    help: `
Usage: ancillary demo

Starts a second process and shows what a Unix socket carries: bytes, an open file that has no name, the identity of the
one who connected and of the one who wrote. It uses a temporary folder, and leaves nothing behind.

Options:

Exit codes: 0 everything came as it should, 1 it did not.
`,
    run: demo,
};
async function demo({ values }) {
    if (typeof values.helper === 'string')
        return await help(values.helper);
    const folder = (0, node_fs_1.mkdtempSync)((0, node_path_1.join)((0, node_os_1.tmpdir)(), 'ancillary-'));
    const listener = (0, index_js_1.listen)((0, node_path_1.join)(folder, 'demo.sock'), {
        type: 'seqpacket',
        maxFds: 1,
        passCredentials: true,
        mode: 0o600,
    });
    try {
        return await show(listener);
    }
    finally {
        await listener.close();
        (0, node_fs_1.rmSync)(folder, { recursive: true });
    }
}
/** The second process: sends a page that only it has. */
async function help(path) {
    const socket = await (0, index_js_1.connect)(path, { type: 'seqpacket', ...WAIT });
    const page = (0, index_js_1.memfd)('page', { data: PAGE, seals: ['shrink', 'grow', 'write', 'seal'] });
    await socket.send('here is a page', { fds: [page], credentials: true, ...WAIT });
    page.close();
    await socket.recv(WAIT);
    await socket.close();
    return usage_js_1.EXIT.done;
}
function say(mark, text) {
    process.stdout.write(`${(0, terminal_js_1.paint)(process.stdout, 'bold', mark.padEnd(12))}${text}\n`);
}
async function show(listener) {
    say('socket', `${listener.address}, seqpacket, mode 600`);
    const progress = new terminal_js_1.Progress('starting a second process');
    const helper = (0, node_child_process_1.spawn)(process.execPath, [(0, node_path_1.join)(__dirname, 'main.js'), 'demo', '--helper', String(listener.address)], {
        stdio: ['ignore', 'inherit', 'inherit'],
    });
    const ended = (0, node_events_1.once)(helper, 'close');
    const socket = await listener.accept(WAIT).finally(() => progress.end());
    const good = await look(socket, helper.pid);
    await socket.send('thank you');
    await socket.close();
    const [code] = await ended;
    const all = good && code === 0;
    say('done', all ? (0, terminal_js_1.paint)(process.stdout, 'green', 'everything came as it should') : 'something is wrong');
    return all ? usage_js_1.EXIT.done : usage_js_1.EXIT.failed;
}
async function look(socket, helper) {
    const who = (0, index_js_1.peerCredentials)(socket);
    say('connected', `process ${who.pid}, user ${(0, names_js_1.userText)(who.uid)}: the kernel says so`);
    await socket.readable(WAIT);
    const { incomingBytes, incomingFds } = (0, index_js_1.inspect)(socket);
    say('waiting', `${incomingBytes} bytes and ${incomingFds} descriptor`);
    const message = await socket.recv(WAIT);
    if (message === null)
        return false;
    const [page] = message.takeFds(1);
    say('message', `“${message.data}”, sent by process ${message.credentials?.pid}`);
    say('descriptor', `${page.kind}, sealed against ${page.seals?.join(', ')}`);
    const text = String(await page.read(1024));
    page.close();
    say('it says', text.trimEnd());
    return who.pid === helper && message.credentials?.pid === helper && text === PAGE;
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoiZGVtby5qcyIsInNvdXJjZVJvb3QiOiIiLCJzb3VyY2VzIjpbImRlbW8udHMiXSwibmFtZXMiOltdLCJtYXBwaW5ncyI6Ijs7O0FBQUEsZ0lBQWdJO0FBQ2hJLDJEQUEwQztBQUMxQyw2Q0FBa0M7QUFDbEMscUNBQTZDO0FBQzdDLHFDQUFnQztBQUNoQyx5Q0FBZ0M7QUFDaEMsMENBQWtIO0FBQ2xILHlDQUFxQztBQUNyQywrQ0FBK0M7QUFDL0MseUNBQTREO0FBRTVELE1BQU0sSUFBSSxHQUFHLEVBQUUsT0FBTyxFQUFFLE1BQU0sRUFBRSxDQUFBO0FBQ2hDLE1BQU0sSUFBSSxHQUFHLHVEQUF1RCxDQUFBO0FBRXZELFFBQUEsT0FBTyxHQUFZO0lBQzlCLE9BQU8sRUFBRSw0Q0FBNEM7SUFDckQsS0FBSyxFQUFFLENBQUMsQ0FBQyxFQUFFLENBQUMsQ0FBQztJQUNiLE9BQU8sRUFBRSxFQUFFLE1BQU0sRUFBRSxFQUFFLElBQUksRUFBRSxRQUFRLEVBQUUsRUFBRTtJQUN2QyxJQUFJLEVBQUU7Ozs7Ozs7OztDQVNQO0lBQ0MsR0FBRyxFQUFFLElBQUk7Q0FDVixDQUFBO0FBRUQsS0FBSyxVQUFVLElBQUksQ0FBQyxFQUFFLE1BQU0sRUFBVTtJQUNwQyxJQUFJLE9BQU8sTUFBTSxDQUFDLE1BQU0sS0FBSyxRQUFRO1FBQUUsT0FBTyxNQUFNLElBQUksQ0FBQyxNQUFNLENBQUMsTUFBTSxDQUFDLENBQUE7SUFDdkUsTUFBTSxNQUFNLEdBQUcsSUFBQSxxQkFBVyxFQUFDLElBQUEsZ0JBQUksRUFBQyxJQUFBLGdCQUFNLEdBQUUsRUFBRSxZQUFZLENBQUMsQ0FBQyxDQUFBO0lBQ3hELE1BQU0sUUFBUSxHQUFHLElBQUEsaUJBQU0sRUFBQyxJQUFBLGdCQUFJLEVBQUMsTUFBTSxFQUFFLFdBQVcsQ0FBQyxFQUFFO1FBQ2pELElBQUksRUFBRSxXQUFXO1FBQ2pCLE1BQU0sRUFBRSxDQUFDO1FBQ1QsZUFBZSxFQUFFLElBQUk7UUFDckIsSUFBSSxFQUFFLEtBQUs7S0FDWixDQUFDLENBQUE7SUFDRixJQUFJLENBQUM7UUFDSCxPQUFPLE1BQU0sSUFBSSxDQUFDLFFBQVEsQ0FBQyxDQUFBO0lBQzdCLENBQUM7WUFBUyxDQUFDO1FBQ1QsTUFBTSxRQUFRLENBQUMsS0FBSyxFQUFFLENBQUE7UUFDdEIsSUFBQSxnQkFBTSxFQUFDLE1BQU0sRUFBRSxFQUFFLFNBQVMsRUFBRSxJQUFJLEVBQUUsQ0FBQyxDQUFBO0lBQ3JDLENBQUM7QUFDSCxDQUFDO0FBRUQseURBQXlEO0FBQ3pELEtBQUssVUFBVSxJQUFJLENBQUMsSUFBWTtJQUM5QixNQUFNLE1BQU0sR0FBRyxNQUFNLElBQUEsa0JBQU8sRUFBQyxJQUFJLEVBQUUsRUFBRSxJQUFJLEVBQUUsV0FBVyxFQUFFLEdBQUcsSUFBSSxFQUFFLENBQUMsQ0FBQTtJQUNsRSxNQUFNLElBQUksR0FBRyxJQUFBLGdCQUFLLEVBQUMsTUFBTSxFQUFFLEVBQUUsSUFBSSxFQUFFLElBQUksRUFBRSxLQUFLLEVBQUUsQ0FBQyxRQUFRLEVBQUUsTUFBTSxFQUFFLE9BQU8sRUFBRSxNQUFNLENBQUMsRUFBRSxDQUFDLENBQUE7SUFDdEYsTUFBTSxNQUFNLENBQUMsSUFBSSxDQUFDLGdCQUFnQixFQUFFLEVBQUUsR0FBRyxFQUFFLENBQUMsSUFBSSxDQUFDLEVBQUUsV0FBVyxFQUFFLElBQUksRUFBRSxHQUFHLElBQUksRUFBRSxDQUFDLENBQUE7SUFDaEYsSUFBSSxDQUFDLEtBQUssRUFBRSxDQUFBO0lBQ1osTUFBTSxNQUFNLENBQUMsSUFBSSxDQUFDLElBQUksQ0FBQyxDQUFBO0lBQ3ZCLE1BQU0sTUFBTSxDQUFDLEtBQUssRUFBRSxDQUFBO0lBQ3BCLE9BQU8sZUFBSSxDQUFDLElBQUksQ0FBQTtBQUNsQixDQUFDO0FBRUQsU0FBUyxHQUFHLENBQUMsSUFBWSxFQUFFLElBQVk7SUFDckMsT0FBTyxDQUFDLE1BQU0sQ0FBQyxLQUFLLENBQUMsR0FBRyxJQUFBLG1CQUFLLEVBQUMsT0FBTyxDQUFDLE1BQU0sRUFBRSxNQUFNLEVBQUUsSUFBSSxDQUFDLE1BQU0sQ0FBQyxFQUFFLENBQUMsQ0FBQyxHQUFHLElBQUksSUFBSSxDQUFDLENBQUE7QUFDcEYsQ0FBQztBQUVELEtBQUssVUFBVSxJQUFJLENBQUMsUUFBbUM7SUFDckQsR0FBRyxDQUFDLFFBQVEsRUFBRSxHQUFHLFFBQVEsQ0FBQyxPQUFPLHVCQUF1QixDQUFDLENBQUE7SUFDekQsTUFBTSxRQUFRLEdBQUcsSUFBSSxzQkFBUSxDQUFDLDJCQUEyQixDQUFDLENBQUE7SUFDMUQsTUFBTSxNQUFNLEdBQUcsSUFBQSwwQkFBSyxFQUFDLE9BQU8sQ0FBQyxRQUFRLEVBQUUsQ0FBQyxJQUFBLGdCQUFJLEVBQUMsU0FBUyxFQUFFLFNBQVMsQ0FBQyxFQUFFLE1BQU0sRUFBRSxVQUFVLEVBQUUsTUFBTSxDQUFDLFFBQVEsQ0FBQyxPQUFPLENBQUMsQ0FBQyxFQUFFO1FBQ2pILEtBQUssRUFBRSxDQUFDLFFBQVEsRUFBRSxTQUFTLEVBQUUsU0FBUyxDQUFDO0tBQ3hDLENBQUMsQ0FBQTtJQUNGLE1BQU0sS0FBSyxHQUFHLElBQUEsa0JBQUksRUFBQyxNQUFNLEVBQUUsT0FBTyxDQUFDLENBQUE7SUFDbkMsTUFBTSxNQUFNLEdBQUcsTUFBTSxRQUFRLENBQUMsTUFBTSxDQUFDLElBQUksQ0FBQyxDQUFDLE9BQU8sQ0FBQyxHQUFHLEVBQUUsQ0FBQyxRQUFRLENBQUMsR0FBRyxFQUFFLENBQUMsQ0FBQTtJQUN4RSxNQUFNLElBQUksR0FBRyxNQUFNLElBQUksQ0FBQyxNQUFNLEVBQUUsTUFBTSxDQUFDLEdBQUcsQ0FBQyxDQUFBO0lBQzNDLE1BQU0sTUFBTSxDQUFDLElBQUksQ0FBQyxXQUFXLENBQUMsQ0FBQTtJQUM5QixNQUFNLE1BQU0sQ0FBQyxLQUFLLEVBQUUsQ0FBQTtJQUNwQixNQUFNLENBQUMsSUFBSSxDQUFDLEdBQUcsTUFBTSxLQUFLLENBQUE7SUFDMUIsTUFBTSxHQUFHLEdBQUcsSUFBSSxJQUFJLElBQUksS0FBSyxDQUFDLENBQUE7SUFDOUIsR0FBRyxDQUFDLE1BQU0sRUFBRSxHQUFHLENBQUMsQ0FBQyxDQUFDLElBQUEsbUJBQUssRUFBQyxPQUFPLENBQUMsTUFBTSxFQUFFLE9BQU8sRUFBRSw4QkFBOEIsQ0FBQyxDQUFDLENBQUMsQ0FBQyxvQkFBb0IsQ0FBQyxDQUFBO0lBQ3hHLE9BQU8sR0FBRyxDQUFDLENBQUMsQ0FBQyxlQUFJLENBQUMsSUFBSSxDQUFDLENBQUMsQ0FBQyxlQUFJLENBQUMsTUFBTSxDQUFBO0FBQ3RDLENBQUM7QUFFRCxLQUFLLFVBQVUsSUFBSSxDQUFDLE1BQWtCLEVBQUUsTUFBMEI7SUFDaEUsTUFBTSxHQUFHLEdBQUcsSUFBQSwwQkFBZSxFQUFDLE1BQU0sQ0FBQyxDQUFBO0lBQ25DLEdBQUcsQ0FBQyxXQUFXLEVBQUUsV0FBVyxHQUFHLENBQUMsR0FBRyxVQUFVLElBQUEsbUJBQVEsRUFBQyxHQUFHLENBQUMsR0FBRyxDQUFDLHNCQUFzQixDQUFDLENBQUE7SUFDckYsTUFBTSxNQUFNLENBQUMsUUFBUSxDQUFDLElBQUksQ0FBQyxDQUFBO0lBQzNCLE1BQU0sRUFBRSxhQUFhLEVBQUUsV0FBVyxFQUFFLEdBQUcsSUFBQSxrQkFBTyxFQUFDLE1BQU0sQ0FBQyxDQUFBO0lBQ3RELEdBQUcsQ0FBQyxTQUFTLEVBQUUsR0FBRyxhQUFhLGNBQWMsV0FBVyxhQUFhLENBQUMsQ0FBQTtJQUN0RSxNQUFNLE9BQU8sR0FBRyxNQUFNLE1BQU0sQ0FBQyxJQUFJLENBQUMsSUFBSSxDQUFDLENBQUE7SUFDdkMsSUFBSSxPQUFPLEtBQUssSUFBSTtRQUFFLE9BQU8sS0FBSyxDQUFBO0lBQ2xDLE1BQU0sQ0FBQyxJQUFJLENBQUMsR0FBRyxPQUFPLENBQUMsT0FBTyxDQUFDLENBQUMsQ0FBQyxDQUFBO0lBQ2pDLEdBQUcsQ0FBQyxTQUFTLEVBQUUsSUFBSSxPQUFPLENBQUMsSUFBSSxzQkFBc0IsT0FBTyxDQUFDLFdBQVcsRUFBRSxHQUFHLEVBQUUsQ0FBQyxDQUFBO0lBQ2hGLEdBQUcsQ0FBQyxZQUFZLEVBQUUsR0FBRyxJQUFJLENBQUMsSUFBSSxvQkFBb0IsSUFBSSxDQUFDLEtBQUssRUFBRSxJQUFJLENBQUMsSUFBSSxDQUFDLEVBQUUsQ0FBQyxDQUFBO0lBQzNFLE1BQU0sSUFBSSxHQUFHLE1BQU0sQ0FBQyxNQUFNLElBQUksQ0FBQyxJQUFJLENBQUMsSUFBSSxDQUFDLENBQUMsQ0FBQTtJQUMxQyxJQUFJLENBQUMsS0FBSyxFQUFFLENBQUE7SUFDWixHQUFHLENBQUMsU0FBUyxFQUFFLElBQUksQ0FBQyxPQUFPLEVBQUUsQ0FBQyxDQUFBO0lBQzlCLE9BQU8sR0FBRyxDQUFDLEdBQUcsS0FBSyxNQUFNLElBQUksT0FBTyxDQUFDLFdBQVcsRUFBRSxHQUFHLEtBQUssTUFBTSxJQUFJLElBQUksS0FBSyxJQUFJLENBQUE7QUFDbkYsQ0FBQyJ9