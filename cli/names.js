"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.addressFrom = addressFrom;
exports.addressText = addressText;
exports.printable = printable;
exports.typeFor = typeFor;
exports.typeFrom = typeFrom;
exports.userText = userText;
exports.groupText = groupText;
// Names on the command line and on the screen: `@name` for an abstract socket, a path for any other; users and groups by name.
// Names come from others: what a terminal would take as a command is escaped.
const node_fs_1 = require("node:fs");
const index_js_1 = require("../index.js");
const usage_js_1 = require("./usage.js");
const TYPES = ['stream', 'seqpacket', 'dgram'];
/** What was typed, as an address. A file whose name begins with @ is `./@name`. */
function addressFrom(text) {
    if (text === '' || text === '@')
        throw new usage_js_1.UsageError('a path, or @ and an abstract name, must not be empty');
    return text.startsWith('@') ? `\0${text.slice(1)}` : text;
}
/** As it is typed. */
function addressText(address) {
    if (address === null)
        return '';
    if (typeof address === 'string')
        return printable(address.replace(/^\0/, '@'));
    if ('path' in address)
        return printable(String(address.path));
    return `@${printable(String(address.abstract))}`;
}
/** Control characters as `\x1b`: names and command lines of others must not drive the terminal. */
function printable(text) {
    return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
        const code = character.codePointAt(0);
        return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
    });
}
/** `--type`, or the type of the socket that has this name now; stream where nobody knows. */
function typeFor(address, wanted) {
    if (wanted !== undefined)
        return typeFrom(wanted);
    return bound(address)?.type ?? 'stream';
}
function typeFrom(wanted) {
    if (TYPES.includes(wanted))
        return wanted;
    throw new usage_js_1.UsageError(`--type must be one of ${TYPES.join(', ')}, not ${wanted}`);
}
/** Connections have the name of their listener, too. */
function bound(address) {
    try {
        const named = (0, index_js_1.inspectAll)().filter(({ localAddress }) => localAddress === address);
        return named.find(({ state, type }) => state === 'listening' || type === 'dgram');
    }
    catch {
        return undefined;
    }
}
const tables = new Map();
function table(path) {
    const known = tables.get(path);
    if (known !== undefined)
        return known;
    let lines = [];
    try {
        lines = (0, node_fs_1.readFileSync)(path, 'utf8').split('\n');
    }
    catch { }
    const found = new Map(lines.map((line) => line.split(':')).map(([name = '', , id]) => [Number(id), name]));
    tables.set(path, found);
    return found;
}
function idText(path, id) {
    if (id === null)
        return 'unknown';
    const name = table(path).get(id);
    return name === undefined ? String(id) : `${id} (${printable(name)})`;
}
function userText(uid) {
    return idText('/etc/passwd', uid);
}
function groupText(gid) {
    return idText('/etc/group', gid);
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoibmFtZXMuanMiLCJzb3VyY2VSb290IjoiIiwic291cmNlcyI6WyJuYW1lcy50cyJdLCJuYW1lcyI6W10sIm1hcHBpbmdzIjoiOztBQVNBLGtDQUdDO0FBR0Qsa0NBS0M7QUFHRCw4QkFLQztBQUdELDBCQUdDO0FBRUQsNEJBR0M7QUFnQ0QsNEJBRUM7QUFFRCw4QkFFQztBQTdFRCwrSEFBK0g7QUFDL0gsOEVBQThFO0FBQzlFLHFDQUFzQztBQUN0QywwQ0FBdUU7QUFDdkUseUNBQXVDO0FBRXZDLE1BQU0sS0FBSyxHQUFHLENBQUMsUUFBUSxFQUFFLFdBQVcsRUFBRSxPQUFPLENBQVUsQ0FBQTtBQUV2RCxtRkFBbUY7QUFDbkYsU0FBZ0IsV0FBVyxDQUFDLElBQVk7SUFDdEMsSUFBSSxJQUFJLEtBQUssRUFBRSxJQUFJLElBQUksS0FBSyxHQUFHO1FBQUUsTUFBTSxJQUFJLHFCQUFVLENBQUMsc0RBQXNELENBQUMsQ0FBQTtJQUM3RyxPQUFPLElBQUksQ0FBQyxVQUFVLENBQUMsR0FBRyxDQUFDLENBQUMsQ0FBQyxDQUFDLEtBQUssSUFBSSxDQUFDLEtBQUssQ0FBQyxDQUFDLENBQUMsRUFBRSxDQUFDLENBQUMsQ0FBQyxJQUFJLENBQUE7QUFDM0QsQ0FBQztBQUVELHNCQUFzQjtBQUN0QixTQUFnQixXQUFXLENBQUMsT0FBdUI7SUFDakQsSUFBSSxPQUFPLEtBQUssSUFBSTtRQUFFLE9BQU8sRUFBRSxDQUFBO0lBQy9CLElBQUksT0FBTyxPQUFPLEtBQUssUUFBUTtRQUFFLE9BQU8sU0FBUyxDQUFDLE9BQU8sQ0FBQyxPQUFPLENBQUMsS0FBSyxFQUFFLEdBQUcsQ0FBQyxDQUFDLENBQUE7SUFDOUUsSUFBSSxNQUFNLElBQUksT0FBTztRQUFFLE9BQU8sU0FBUyxDQUFDLE1BQU0sQ0FBQyxPQUFPLENBQUMsSUFBSSxDQUFDLENBQUMsQ0FBQTtJQUM3RCxPQUFPLElBQUksU0FBUyxDQUFDLE1BQU0sQ0FBQyxPQUFPLENBQUMsUUFBUSxDQUFDLENBQUMsRUFBRSxDQUFBO0FBQ2xELENBQUM7QUFFRCxtR0FBbUc7QUFDbkcsU0FBZ0IsU0FBUyxDQUFDLElBQVk7SUFDcEMsT0FBTyxJQUFJLENBQUMsT0FBTyxDQUFDLDhCQUE4QixFQUFFLENBQUMsU0FBUyxFQUFFLEVBQUU7UUFDaEUsTUFBTSxJQUFJLEdBQUcsU0FBUyxDQUFDLFdBQVcsQ0FBQyxDQUFDLENBQVcsQ0FBQTtRQUMvQyxPQUFPLElBQUksR0FBRyxLQUFLLENBQUMsQ0FBQyxDQUFDLE1BQU0sSUFBSSxDQUFDLFFBQVEsQ0FBQyxFQUFFLENBQUMsQ0FBQyxRQUFRLENBQUMsQ0FBQyxFQUFFLEdBQUcsQ0FBQyxFQUFFLENBQUMsQ0FBQyxDQUFDLE9BQU8sSUFBSSxDQUFDLFFBQVEsQ0FBQyxFQUFFLENBQUMsR0FBRyxDQUFBO0lBQ2hHLENBQUMsQ0FBQyxDQUFBO0FBQ0osQ0FBQztBQUVELDZGQUE2RjtBQUM3RixTQUFnQixPQUFPLENBQUMsT0FBZSxFQUFFLE1BQWU7SUFDdEQsSUFBSSxNQUFNLEtBQUssU0FBUztRQUFFLE9BQU8sUUFBUSxDQUFDLE1BQU0sQ0FBQyxDQUFBO0lBQ2pELE9BQU8sS0FBSyxDQUFDLE9BQU8sQ0FBQyxFQUFFLElBQUksSUFBSSxRQUFRLENBQUE7QUFDekMsQ0FBQztBQUVELFNBQWdCLFFBQVEsQ0FBQyxNQUFlO0lBQ3RDLElBQUksS0FBSyxDQUFDLFFBQVEsQ0FBQyxNQUFvQixDQUFDO1FBQUUsT0FBTyxNQUFvQixDQUFBO0lBQ3JFLE1BQU0sSUFBSSxxQkFBVSxDQUFDLHlCQUF5QixLQUFLLENBQUMsSUFBSSxDQUFDLElBQUksQ0FBQyxTQUFTLE1BQU0sRUFBRSxDQUFDLENBQUE7QUFDbEYsQ0FBQztBQUVELHdEQUF3RDtBQUN4RCxTQUFTLEtBQUssQ0FBQyxPQUFlO0lBQzVCLElBQUksQ0FBQztRQUNILE1BQU0sS0FBSyxHQUFHLElBQUEscUJBQVUsR0FBRSxDQUFDLE1BQU0sQ0FBQyxDQUFDLEVBQUUsWUFBWSxFQUFFLEVBQUUsRUFBRSxDQUFDLFlBQVksS0FBSyxPQUFPLENBQUMsQ0FBQTtRQUNqRixPQUFPLEtBQUssQ0FBQyxJQUFJLENBQUMsQ0FBQyxFQUFFLEtBQUssRUFBRSxJQUFJLEVBQUUsRUFBRSxFQUFFLENBQUMsS0FBSyxLQUFLLFdBQVcsSUFBSSxJQUFJLEtBQUssT0FBTyxDQUFDLENBQUE7SUFDbkYsQ0FBQztJQUFDLE1BQU0sQ0FBQztRQUNQLE9BQU8sU0FBUyxDQUFBO0lBQ2xCLENBQUM7QUFDSCxDQUFDO0FBRUQsTUFBTSxNQUFNLEdBQUcsSUFBSSxHQUFHLEVBQXVDLENBQUE7QUFFN0QsU0FBUyxLQUFLLENBQUMsSUFBWTtJQUN6QixNQUFNLEtBQUssR0FBRyxNQUFNLENBQUMsR0FBRyxDQUFDLElBQUksQ0FBQyxDQUFBO0lBQzlCLElBQUksS0FBSyxLQUFLLFNBQVM7UUFBRSxPQUFPLEtBQUssQ0FBQTtJQUNyQyxJQUFJLEtBQUssR0FBYSxFQUFFLENBQUE7SUFDeEIsSUFBSSxDQUFDO1FBQ0gsS0FBSyxHQUFHLElBQUEsc0JBQVksRUFBQyxJQUFJLEVBQUUsTUFBTSxDQUFDLENBQUMsS0FBSyxDQUFDLElBQUksQ0FBQyxDQUFBO0lBQ2hELENBQUM7SUFBQyxNQUFNLENBQUMsQ0FBQSxDQUFDO0lBQ1YsTUFBTSxLQUFLLEdBQUcsSUFBSSxHQUFHLENBQUMsS0FBSyxDQUFDLEdBQUcsQ0FBQyxDQUFDLElBQUksRUFBRSxFQUFFLENBQUMsSUFBSSxDQUFDLEtBQUssQ0FBQyxHQUFHLENBQUMsQ0FBQyxDQUFDLEdBQUcsQ0FBQyxDQUFDLENBQUMsSUFBSSxHQUFHLEVBQUUsRUFBRSxBQUFELEVBQUcsRUFBRSxDQUFDLEVBQUUsRUFBRSxDQUFDLENBQUMsTUFBTSxDQUFDLEVBQUUsQ0FBQyxFQUFFLElBQUksQ0FBQyxDQUFDLENBQUMsQ0FBQTtJQUMxRyxNQUFNLENBQUMsR0FBRyxDQUFDLElBQUksRUFBRSxLQUFLLENBQUMsQ0FBQTtJQUN2QixPQUFPLEtBQUssQ0FBQTtBQUNkLENBQUM7QUFFRCxTQUFTLE1BQU0sQ0FBQyxJQUFZLEVBQUUsRUFBaUI7SUFDN0MsSUFBSSxFQUFFLEtBQUssSUFBSTtRQUFFLE9BQU8sU0FBUyxDQUFBO0lBQ2pDLE1BQU0sSUFBSSxHQUFHLEtBQUssQ0FBQyxJQUFJLENBQUMsQ0FBQyxHQUFHLENBQUMsRUFBRSxDQUFDLENBQUE7SUFDaEMsT0FBTyxJQUFJLEtBQUssU0FBUyxDQUFDLENBQUMsQ0FBQyxNQUFNLENBQUMsRUFBRSxDQUFDLENBQUMsQ0FBQyxDQUFDLEdBQUcsRUFBRSxLQUFLLFNBQVMsQ0FBQyxJQUFJLENBQUMsR0FBRyxDQUFBO0FBQ3ZFLENBQUM7QUFFRCxTQUFnQixRQUFRLENBQUMsR0FBa0I7SUFDekMsT0FBTyxNQUFNLENBQUMsYUFBYSxFQUFFLEdBQUcsQ0FBQyxDQUFBO0FBQ25DLENBQUM7QUFFRCxTQUFnQixTQUFTLENBQUMsR0FBa0I7SUFDMUMsT0FBTyxNQUFNLENBQUMsWUFBWSxFQUFFLEdBQUcsQ0FBQyxDQUFBO0FBQ2xDLENBQUMifQ==