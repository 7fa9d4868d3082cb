"use strict";
// How every command takes its arguments: options by node:util, numbers and words checked, help, exit codes. Knows no command.
Object.defineProperty(exports, "__esModule", { value: true });
exports.UsageError = exports.EXIT = void 0;
exports.helpOf = helpOf;
exports.parse = parse;
exports.wholeNumber = wholeNumber;
exports.waitOf = waitOf;
exports.signalCode = signalCode;
const node_os_1 = require("node:os");
const node_util_1 = require("node:util");
/** What the command ends with. */
exports.EXIT = {
    done: 0,
    failed: 1,
    usage: 2,
    nothing: 3,
    late: 124,
    notExecutable: 126,
    notFound: 127,
    signal: 128,
};
/** What was typed cannot be understood. */
class UsageError extends Error {
    command;
}
exports.UsageError = UsageError;
const HELP = `  -h, --help             this text\n`;
function helpOf({ help }) {
    return `${help.trim()}\n`.replace(/^Options:\n/m, (line) => `${line}${HELP}`);
}
function parse(name, command, args) {
    const end = args.indexOf('--');
    const own = end < 0 ? args : args.slice(0, end);
    const rest = end < 0 ? null : args.slice(end + 1);
    try {
        const { values, positionals } = (0, node_util_1.parseArgs)({
            args: [...own],
            options: { ...command.options, help: { type: 'boolean', short: 'h' } },
            allowPositionals: true,
        });
        const parsed = { values: values, positionals, rest };
        if (!parsed.values.help)
            checkCounts(command, parsed);
        return parsed;
    }
    catch (error) {
        throw named(error, name);
    }
}
function checkCounts({ takes: [least, most], takesCommand = false }, { positionals, rest }) {
    if (positionals.length < least)
        throw new UsageError('an argument is missing');
    if (positionals.length > most)
        throw new UsageError(`one argument too many: ${positionals[most]}`);
    if (rest !== null && !takesCommand)
        throw new UsageError('nothing may stand behind --');
    if (rest?.length === 0)
        throw new UsageError('a command is missing behind --');
}
function named(error, command) {
    const [first = ''] = error.message.split('\n');
    return Object.assign(new UsageError(first.replace(/\. To specify.*$/, '')), { command });
}
/** A whole number of an option or argument. */
function wholeNumber(text, name, min, max, base = 10) {
    const digits = base === 8 ? /^[0-7]+$/ : /^\d+$/;
    const number = typeof text === 'string' && digits.test(text) ? Number.parseInt(text, base) : Number.NaN;
    if (number >= min && number <= max)
        return number;
    throw new UsageError(`${name} must be a number from ${min.toString(base)} to ${max.toString(base)}, not ${text}`);
}
/** `--timeout`: seconds on the command line, milliseconds for us; nothing where it was not given. */
function waitOf(values) {
    if (values.timeout === undefined)
        return {};
    const seconds = Number(values.timeout);
    if (!(seconds > 0 && seconds < 1e6))
        throw new UsageError(`--timeout must be seconds, not ${values.timeout}`);
    return { timeout: Math.ceil(seconds * 1000) };
}
/** The exit code of a program that a signal has ended, as a shell tells it. */
function signalCode(signal) {
    return exports.EXIT.signal + (node_os_1.constants.signals[signal] ?? 0);
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoidXNhZ2UuanMiLCJzb3VyY2VSb290IjoiIiwic291cmNlcyI6WyJ1c2FnZS50cyJdLCJuYW1lcyI6W10sIm1hcHBpbmdzIjoiO0FBQUEsOEhBQThIOzs7QUE2QzlILHdCQUVDO0FBRUQsc0JBZ0JDO0FBZUQsa0NBS0M7QUFHRCx3QkFLQztBQUdELGdDQUVDO0FBaEdELHFDQUFtQztBQUNuQyx5Q0FBMkQ7QUFFM0Qsa0NBQWtDO0FBQ3JCLFFBQUEsSUFBSSxHQUFHO0lBQ2xCLElBQUksRUFBRSxDQUFDO0lBQ1AsTUFBTSxFQUFFLENBQUM7SUFDVCxLQUFLLEVBQUUsQ0FBQztJQUNSLE9BQU8sRUFBRSxDQUFDO0lBQ1YsSUFBSSxFQUFFLEdBQUc7SUFDVCxhQUFhLEVBQUUsR0FBRztJQUNsQixRQUFRLEVBQUUsR0FBRztJQUNiLE1BQU0sRUFBRSxHQUFHO0NBQ1osQ0FBQTtBQUVELDJDQUEyQztBQUMzQyxNQUFhLFVBQVcsU0FBUSxLQUFLO0lBQ25DLE9BQU8sQ0FBb0I7Q0FDNUI7QUFGRCxnQ0FFQztBQXVCRCxNQUFNLElBQUksR0FBRyxzQ0FBc0MsQ0FBQTtBQUVuRCxTQUFnQixNQUFNLENBQUMsRUFBRSxJQUFJLEVBQVc7SUFDdEMsT0FBTyxHQUFHLElBQUksQ0FBQyxJQUFJLEVBQUUsSUFBSSxDQUFDLE9BQU8sQ0FBQyxjQUFjLEVBQUUsQ0FBQyxJQUFJLEVBQUUsRUFBRSxDQUFDLEdBQUcsSUFBSSxHQUFHLElBQUksRUFBRSxDQUFDLENBQUE7QUFDL0UsQ0FBQztBQUVELFNBQWdCLEtBQUssQ0FBQyxJQUFZLEVBQUUsT0FBZ0IsRUFBRSxJQUF1QjtJQUMzRSxNQUFNLEdBQUcsR0FBRyxJQUFJLENBQUMsT0FBTyxDQUFDLElBQUksQ0FBQyxDQUFBO0lBQzlCLE1BQU0sR0FBRyxHQUFHLEdBQUcsR0FBRyxDQUFDLENBQUMsQ0FBQyxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUMsSUFBSSxDQUFDLEtBQUssQ0FBQyxDQUFDLEVBQUUsR0FBRyxDQUFDLENBQUE7SUFDL0MsTUFBTSxJQUFJLEdBQUcsR0FBRyxHQUFHLENBQUMsQ0FBQyxDQUFDLENBQUMsSUFBSSxDQUFDLENBQUMsQ0FBQyxJQUFJLENBQUMsS0FBSyxDQUFDLEdBQUcsR0FBRyxDQUFDLENBQUMsQ0FBQTtJQUNqRCxJQUFJLENBQUM7UUFDSCxNQUFNLEVBQUUsTUFBTSxFQUFFLFdBQVcsRUFBRSxHQUFHLElBQUEscUJBQVMsRUFBQztZQUN4QyxJQUFJLEVBQUUsQ0FBQyxHQUFHLEdBQUcsQ0FBQztZQUNkLE9BQU8sRUFBRSxFQUFFLEdBQUcsT0FBTyxDQUFDLE9BQU8sRUFBRSxJQUFJLEVBQUUsRUFBRSxJQUFJLEVBQUUsU0FBUyxFQUFFLEtBQUssRUFBRSxHQUFHLEVBQUUsRUFBRTtZQUN0RSxnQkFBZ0IsRUFBRSxJQUFJO1NBQ3ZCLENBQUMsQ0FBQTtRQUNGLE1BQU0sTUFBTSxHQUFHLEVBQUUsTUFBTSxFQUFFLE1BQTBCLEVBQUUsV0FBVyxFQUFFLElBQUksRUFBRSxDQUFBO1FBQ3hFLElBQUksQ0FBQyxNQUFNLENBQUMsTUFBTSxDQUFDLElBQUk7WUFBRSxXQUFXLENBQUMsT0FBTyxFQUFFLE1BQU0sQ0FBQyxDQUFBO1FBQ3JELE9BQU8sTUFBTSxDQUFBO0lBQ2YsQ0FBQztJQUFDLE9BQU8sS0FBSyxFQUFFLENBQUM7UUFDZixNQUFNLEtBQUssQ0FBQyxLQUFjLEVBQUUsSUFBSSxDQUFDLENBQUE7SUFDbkMsQ0FBQztBQUNILENBQUM7QUFFRCxTQUFTLFdBQVcsQ0FBQyxFQUFFLEtBQUssRUFBRSxDQUFDLEtBQUssRUFBRSxJQUFJLENBQUMsRUFBRSxZQUFZLEdBQUcsS0FBSyxFQUFXLEVBQUUsRUFBRSxXQUFXLEVBQUUsSUFBSSxFQUFVO0lBQ3pHLElBQUksV0FBVyxDQUFDLE1BQU0sR0FBRyxLQUFLO1FBQUUsTUFBTSxJQUFJLFVBQVUsQ0FBQyx3QkFBd0IsQ0FBQyxDQUFBO0lBQzlFLElBQUksV0FBVyxDQUFDLE1BQU0sR0FBRyxJQUFJO1FBQUUsTUFBTSxJQUFJLFVBQVUsQ0FBQywwQkFBMEIsV0FBVyxDQUFDLElBQUksQ0FBQyxFQUFFLENBQUMsQ0FBQTtJQUNsRyxJQUFJLElBQUksS0FBSyxJQUFJLElBQUksQ0FBQyxZQUFZO1FBQUUsTUFBTSxJQUFJLFVBQVUsQ0FBQyw2QkFBNkIsQ0FBQyxDQUFBO0lBQ3ZGLElBQUksSUFBSSxFQUFFLE1BQU0sS0FBSyxDQUFDO1FBQUUsTUFBTSxJQUFJLFVBQVUsQ0FBQyxnQ0FBZ0MsQ0FBQyxDQUFBO0FBQ2hGLENBQUM7QUFFRCxTQUFTLEtBQUssQ0FBQyxLQUFZLEVBQUUsT0FBZTtJQUMxQyxNQUFNLENBQUMsS0FBSyxHQUFHLEVBQUUsQ0FBQyxHQUFHLEtBQUssQ0FBQyxPQUFPLENBQUMsS0FBSyxDQUFDLElBQUksQ0FBQyxDQUFBO0lBQzlDLE9BQU8sTUFBTSxDQUFDLE1BQU0sQ0FBQyxJQUFJLFVBQVUsQ0FBQyxLQUFLLENBQUMsT0FBTyxDQUFDLGtCQUFrQixFQUFFLEVBQUUsQ0FBQyxDQUFDLEVBQUUsRUFBRSxPQUFPLEVBQUUsQ0FBQyxDQUFBO0FBQzFGLENBQUM7QUFFRCwrQ0FBK0M7QUFDL0MsU0FBZ0IsV0FBVyxDQUFDLElBQWEsRUFBRSxJQUFZLEVBQUUsR0FBVyxFQUFFLEdBQVcsRUFBRSxJQUFJLEdBQUcsRUFBRTtJQUMxRixNQUFNLE1BQU0sR0FBRyxJQUFJLEtBQUssQ0FBQyxDQUFDLENBQUMsQ0FBQyxVQUFVLENBQUMsQ0FBQyxDQUFDLE9BQU8sQ0FBQTtJQUNoRCxNQUFNLE1BQU0sR0FBRyxPQUFPLElBQUksS0FBSyxRQUFRLElBQUksTUFBTSxDQUFDLElBQUksQ0FBQyxJQUFJLENBQUMsQ0FBQyxDQUFDLENBQUMsTUFBTSxDQUFDLFFBQVEsQ0FBQyxJQUFJLEVBQUUsSUFBSSxDQUFDLENBQUMsQ0FBQyxDQUFDLE1BQU0sQ0FBQyxHQUFHLENBQUE7SUFDdkcsSUFBSSxNQUFNLElBQUksR0FBRyxJQUFJLE1BQU0sSUFBSSxHQUFHO1FBQUUsT0FBTyxNQUFNLENBQUE7SUFDakQsTUFBTSxJQUFJLFVBQVUsQ0FBQyxHQUFHLElBQUksMEJBQTBCLEdBQUcsQ0FBQyxRQUFRLENBQUMsSUFBSSxDQUFDLE9BQU8sR0FBRyxDQUFDLFFBQVEsQ0FBQyxJQUFJLENBQUMsU0FBUyxJQUFJLEVBQUUsQ0FBQyxDQUFBO0FBQ25ILENBQUM7QUFFRCxxR0FBcUc7QUFDckcsU0FBZ0IsTUFBTSxDQUFDLE1BQXdCO0lBQzdDLElBQUksTUFBTSxDQUFDLE9BQU8sS0FBSyxTQUFTO1FBQUUsT0FBTyxFQUFFLENBQUE7SUFDM0MsTUFBTSxPQUFPLEdBQUcsTUFBTSxDQUFDLE1BQU0sQ0FBQyxPQUFPLENBQUMsQ0FBQTtJQUN0QyxJQUFJLENBQUMsQ0FBQyxPQUFPLEdBQUcsQ0FBQyxJQUFJLE9BQU8sR0FBRyxHQUFHLENBQUM7UUFBRSxNQUFNLElBQUksVUFBVSxDQUFDLGtDQUFrQyxNQUFNLENBQUMsT0FBTyxFQUFFLENBQUMsQ0FBQTtJQUM3RyxPQUFPLEVBQUUsT0FBTyxFQUFFLElBQUksQ0FBQyxJQUFJLENBQUMsT0FBTyxHQUFHLElBQUksQ0FBQyxFQUFFLENBQUE7QUFDL0MsQ0FBQztBQUVELCtFQUErRTtBQUMvRSxTQUFnQixVQUFVLENBQUMsTUFBc0I7SUFDL0MsT0FBTyxZQUFJLENBQUMsTUFBTSxHQUFHLENBQUMsbUJBQVMsQ0FBQyxPQUFPLENBQUMsTUFBTSxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUE7QUFDdkQsQ0FBQyJ9