#!/usr/bin/env node
"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
// The command `ancillary`: finds the command that is asked for, runs it, and turns what it throws into a message and an exit code.
// Like every file of this folder it uses the public surface of the package only.
const demo_js_1 = require("./demo.js");
const failures_js_1 = require("./failures.js");
const inspect_js_1 = require("./inspect.js");
const names_js_1 = require("./names.js");
const peer_js_1 = require("./peer.js");
const proxy_js_1 = require("./proxy.js");
const recv_js_1 = require("./recv.js");
const send_js_1 = require("./send.js");
const terminal_js_1 = require("./terminal.js");
const usage_js_1 = require("./usage.js");
const commands = { demo: demo_js_1.command, send: send_js_1.command, recv: recv_js_1.command, peer: peer_js_1.command, inspect: inspect_js_1.command, proxy: proxy_js_1.command };
const OVERVIEW = `Usage: ancillary COMMAND [ARGUMENT...]

Unix sockets with everything they carry: bytes, file descriptors and credentials.

Commands:
${Object.entries(commands)
    .map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`)
    .join('\n')}

  --help     after a command: what it takes and how it ends
  --version  the version of the package

Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 nobody or nothing is there, 124 too late, 128 + N ended by signal N.
`;
main(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
}, (error) => {
    process.exitCode = report(error);
});
async function main([name, ...args]) {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help')
        return overview(name, args[0]);
    if (name === '--version')
        return print(`${require('../package.json').version}\n`);
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined)
        throw new usage_js_1.UsageError(`there is no command ${name}`);
    const parsed = (0, usage_js_1.parse)(name, command, args);
    if (parsed.values.help)
        return print((0, usage_js_1.helpOf)(command));
    try {
        return await command.run(parsed);
    }
    catch (error) {
        if (error instanceof usage_js_1.UsageError)
            error.command ??= name;
        throw error;
    }
}
function overview(asked, about) {
    const command = asked === 'help' && about !== undefined ? commands[about] : undefined;
    print(command === undefined ? OVERVIEW : (0, usage_js_1.helpOf)(command));
    return asked === undefined ? usage_js_1.EXIT.usage : usage_js_1.EXIT.done;
}
function print(text) {
    process.stdout.write(text);
    return usage_js_1.EXIT.done;
}
function report(error) {
    const { message = String(error), code } = error;
    const usage = error instanceof usage_js_1.UsageError;
    process.stderr.write(`${(0, terminal_js_1.paint)(process.stderr, 'red', 'ancillary:')} ${(0, names_js_1.printable)(message)}${(0, failures_js_1.hintOf)(code)}\n`);
    if (usage)
        process.stderr.write(`Try: ancillary ${error.command ?? ''}${error.command ? ' ' : ''}--help\n`);
    if (usage)
        return usage_js_1.EXIT.usage;
    return code === 'ETIMEDOUT' ? usage_js_1.EXIT.late : usage_js_1.EXIT.failed;
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoibWFpbi5qcyIsInNvdXJjZVJvb3QiOiIiLCJzb3VyY2VzIjpbIm1haW4udHMiXSwibmFtZXMiOltdLCJtYXBwaW5ncyI6Ijs7O0FBQ0EsbUlBQW1JO0FBQ25JLGlGQUFpRjtBQUNqRix1Q0FBMkM7QUFDM0MsK0NBQXNDO0FBQ3RDLDZDQUFpRDtBQUNqRCx5Q0FBc0M7QUFDdEMsdUNBQTJDO0FBQzNDLHlDQUE2QztBQUM3Qyx1Q0FBMkM7QUFDM0MsdUNBQTJDO0FBQzNDLCtDQUFxQztBQUNyQyx5Q0FBdUY7QUFFdkYsTUFBTSxRQUFRLEdBQXNDLEVBQUUsSUFBSSxFQUFKLGlCQUFJLEVBQUUsSUFBSSxFQUFKLGlCQUFJLEVBQUUsSUFBSSxFQUFKLGlCQUFJLEVBQUUsSUFBSSxFQUFKLGlCQUFJLEVBQUUsT0FBTyxFQUFQLG9CQUFPLEVBQUUsS0FBSyxFQUFMLGtCQUFLLEVBQUUsQ0FBQTtBQUU5RixNQUFNLFFBQVEsR0FBRzs7Ozs7RUFLZixNQUFNLENBQUMsT0FBTyxDQUFDLFFBQVEsQ0FBQztLQUN2QixHQUFHLENBQUMsQ0FBQyxDQUFDLElBQUksRUFBRSxFQUFFLE9BQU8sRUFBRSxDQUFDLEVBQUUsRUFBRSxDQUFDLEtBQUssSUFBSSxDQUFDLE1BQU0sQ0FBQyxDQUFDLENBQUMsR0FBRyxPQUFPLEVBQUUsQ0FBQztLQUM3RCxJQUFJLENBQUMsSUFBSSxDQUFDOzs7Ozs7Q0FNWixDQUFBO0FBRUQsSUFBSSxDQUFDLE9BQU8sQ0FBQyxJQUFJLENBQUMsS0FBSyxDQUFDLENBQUMsQ0FBQyxDQUFDLENBQUMsSUFBSSxDQUM5QixDQUFDLElBQUksRUFBRSxFQUFFO0lBQ1AsT0FBTyxDQUFDLFFBQVEsR0FBRyxJQUFJLENBQUE7QUFDekIsQ0FBQyxFQUNELENBQUMsS0FBSyxFQUFFLEVBQUU7SUFDUixPQUFPLENBQUMsUUFBUSxHQUFHLE1BQU0sQ0FBQyxLQUFLLENBQUMsQ0FBQTtBQUNsQyxDQUFDLENBQ0YsQ0FBQTtBQUVELEtBQUssVUFBVSxJQUFJLENBQUMsQ0FBQyxJQUFJLEVBQUUsR0FBRyxJQUFJLENBQVc7SUFDM0MsSUFBSSxJQUFJLEtBQUssU0FBUyxJQUFJLElBQUksS0FBSyxRQUFRLElBQUksSUFBSSxLQUFLLElBQUksSUFBSSxJQUFJLEtBQUssTUFBTTtRQUFFLE9BQU8sUUFBUSxDQUFDLElBQUksRUFBRSxJQUFJLENBQUMsQ0FBQyxDQUFDLENBQUMsQ0FBQTtJQUMvRyxJQUFJLElBQUksS0FBSyxXQUFXO1FBQUUsT0FBTyxLQUFLLENBQUMsR0FBRyxPQUFPLENBQUMsaUJBQWlCLENBQUMsQ0FBQyxPQUFPLElBQUksQ0FBQyxDQUFBO0lBQ2pGLE1BQU0sT0FBTyxHQUFHLE1BQU0sQ0FBQyxNQUFNLENBQUMsUUFBUSxFQUFFLElBQUksQ0FBQyxDQUFDLENBQUMsQ0FBQyxRQUFRLENBQUMsSUFBSSxDQUFDLENBQUMsQ0FBQyxDQUFDLFNBQVMsQ0FBQTtJQUMxRSxJQUFJLE9BQU8sS0FBSyxTQUFTO1FBQUUsTUFBTSxJQUFJLHFCQUFVLENBQUMsdUJBQXVCLElBQUksRUFBRSxDQUFDLENBQUE7SUFDOUUsTUFBTSxNQUFNLEdBQVcsSUFBQSxnQkFBSyxFQUFDLElBQUksRUFBRSxPQUFPLEVBQUUsSUFBSSxDQUFDLENBQUE7SUFDakQsSUFBSSxNQUFNLENBQUMsTUFBTSxDQUFDLElBQUk7UUFBRSxPQUFPLEtBQUssQ0FBQyxJQUFBLGlCQUFNLEVBQUMsT0FBTyxDQUFDLENBQUMsQ0FBQTtJQUNyRCxJQUFJLENBQUM7UUFDSCxPQUFPLE1BQU0sT0FBTyxDQUFDLEdBQUcsQ0FBQyxNQUFNLENBQUMsQ0FBQTtJQUNsQyxDQUFDO0lBQUMsT0FBTyxLQUFLLEVBQUUsQ0FBQztRQUNmLElBQUksS0FBSyxZQUFZLHFCQUFVO1lBQUUsS0FBSyxDQUFDLE9BQU8sS0FBSyxJQUFJLENBQUE7UUFDdkQsTUFBTSxLQUFLLENBQUE7SUFDYixDQUFDO0FBQ0gsQ0FBQztBQUVELFNBQVMsUUFBUSxDQUFDLEtBQXlCLEVBQUUsS0FBeUI7SUFDcEUsTUFBTSxPQUFPLEdBQUcsS0FBSyxLQUFLLE1BQU0sSUFBSSxLQUFLLEtBQUssU0FBUyxDQUFDLENBQUMsQ0FBQyxRQUFRLENBQUMsS0FBSyxDQUFDLENBQUMsQ0FBQyxDQUFDLFNBQVMsQ0FBQTtJQUNyRixLQUFLLENBQUMsT0FBTyxLQUFLLFNBQVMsQ0FBQyxDQUFDLENBQUMsUUFBUSxDQUFDLENBQUMsQ0FBQyxJQUFBLGlCQUFNLEVBQUMsT0FBTyxDQUFDLENBQUMsQ0FBQTtJQUN6RCxPQUFPLEtBQUssS0FBSyxTQUFTLENBQUMsQ0FBQyxDQUFDLGVBQUksQ0FBQyxLQUFLLENBQUMsQ0FBQyxDQUFDLGVBQUksQ0FBQyxJQUFJLENBQUE7QUFDckQsQ0FBQztBQUVELFNBQVMsS0FBSyxDQUFDLElBQVk7SUFDekIsT0FBTyxDQUFDLE1BQU0sQ0FBQyxLQUFLLENBQUMsSUFBSSxDQUFDLENBQUE7SUFDMUIsT0FBTyxlQUFJLENBQUMsSUFBSSxDQUFBO0FBQ2xCLENBQUM7QUFFRCxTQUFTLE1BQU0sQ0FBQyxLQUFjO0lBQzVCLE1BQU0sRUFBRSxPQUFPLEdBQUcsTUFBTSxDQUFDLEtBQUssQ0FBQyxFQUFFLElBQUksRUFBRSxHQUFHLEtBQThCLENBQUE7SUFDeEUsTUFBTSxLQUFLLEdBQUcsS0FBSyxZQUFZLHFCQUFVLENBQUE7SUFDekMsT0FBTyxDQUFDLE1BQU0sQ0FBQyxLQUFLLENBQUMsR0FBRyxJQUFBLG1CQUFLLEVBQUMsT0FBTyxDQUFDLE1BQU0sRUFBRSxLQUFLLEVBQUUsWUFBWSxDQUFDLElBQUksSUFBQSxvQkFBUyxFQUFDLE9BQU8sQ0FBQyxHQUFHLElBQUEsb0JBQU0sRUFBQyxJQUFJLENBQUMsSUFBSSxDQUFDLENBQUE7SUFDNUcsSUFBSSxLQUFLO1FBQUUsT0FBTyxDQUFDLE1BQU0sQ0FBQyxLQUFLLENBQUMsa0JBQWtCLEtBQUssQ0FBQyxPQUFPLElBQUksRUFBRSxHQUFHLEtBQUssQ0FBQyxPQUFPLENBQUMsQ0FBQyxDQUFDLEdBQUcsQ0FBQyxDQUFDLENBQUMsRUFBRSxVQUFVLENBQUMsQ0FBQTtJQUMzRyxJQUFJLEtBQUs7UUFBRSxPQUFPLGVBQUksQ0FBQyxLQUFLLENBQUE7SUFDNUIsT0FBTyxJQUFJLEtBQUssV0FBVyxDQUFDLENBQUMsQ0FBQyxlQUFJLENBQUMsSUFBSSxDQUFDLENBQUMsQ0FBQyxlQUFJLENBQUMsTUFBTSxDQUFBO0FBQ3ZELENBQUMifQ==