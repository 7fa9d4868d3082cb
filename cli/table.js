"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.table = table;
exports.facts = facts;
// Rows for people: columns as wide as their longest cell, the last one as long as it likes. Knows no sockets.
const node_util_1 = require("node:util");
const terminal_js_1 = require("./terminal.js");
function width(text) {
    return [...(0, node_util_1.stripVTControlCharacters)(text)].length;
}
function padded(cells, widths) {
    return cells
        .map((cell, column) => cell + ' '.repeat(widths[column] - width(cell)))
        .join('  ')
        .trimEnd();
}
/** A table with a line of headings. */
function table(headings, rows) {
    const widths = headings.map((heading, column) => Math.max(width(heading), ...rows.map((row) => width(row[column]))));
    const [first, ...others] = [headings, ...rows].map((cells) => padded(cells, widths));
    return `${[(0, terminal_js_1.paint)(process.stdout, 'bold', first), ...others].join('\n')}\n`;
}
/** A word and what is to be said about it, on each line; those without are left out. */
function facts(pairs) {
    const told = pairs.filter(([, value]) => value !== null && value !== '');
    const widest = Math.max(...told.map(([word]) => width(word)));
    return told.map(([word, value]) => `${(0, terminal_js_1.paint)(process.stdout, 'bold', word.padEnd(widest))}  ${value}\n`).join('');
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoidGFibGUuanMiLCJzb3VyY2VSb290IjoiIiwic291cmNlcyI6WyJ0YWJsZS50cyJdLCJuYW1lcyI6W10sIm1hcHBpbmdzIjoiOztBQWdCQSxzQkFNQztBQUdELHNCQUlDO0FBN0JELDhHQUE4RztBQUM5Ryx5Q0FBb0Q7QUFDcEQsK0NBQXFDO0FBRXJDLFNBQVMsS0FBSyxDQUFDLElBQVk7SUFDekIsT0FBTyxDQUFDLEdBQUcsSUFBQSxvQ0FBd0IsRUFBQyxJQUFJLENBQUMsQ0FBQyxDQUFDLE1BQU0sQ0FBQTtBQUNuRCxDQUFDO0FBRUQsU0FBUyxNQUFNLENBQUMsS0FBd0IsRUFBRSxNQUF5QjtJQUNqRSxPQUFPLEtBQUs7U0FDVCxHQUFHLENBQUMsQ0FBQyxJQUFJLEVBQUUsTUFBTSxFQUFFLEVBQUUsQ0FBQyxJQUFJLEdBQUcsR0FBRyxDQUFDLE1BQU0sQ0FBRSxNQUFNLENBQUMsTUFBTSxDQUFZLEdBQUcsS0FBSyxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUM7U0FDbEYsSUFBSSxDQUFDLElBQUksQ0FBQztTQUNWLE9BQU8sRUFBRSxDQUFBO0FBQ2QsQ0FBQztBQUVELHVDQUF1QztBQUN2QyxTQUFnQixLQUFLLENBQUMsUUFBMkIsRUFBRSxJQUFvQztJQUNyRixNQUFNLE1BQU0sR0FBRyxRQUFRLENBQUMsR0FBRyxDQUFDLENBQUMsT0FBTyxFQUFFLE1BQU0sRUFBRSxFQUFFLENBQzlDLElBQUksQ0FBQyxHQUFHLENBQUMsS0FBSyxDQUFDLE9BQU8sQ0FBQyxFQUFFLEdBQUcsSUFBSSxDQUFDLEdBQUcsQ0FBQyxDQUFDLEdBQUcsRUFBRSxFQUFFLENBQUMsS0FBSyxDQUFDLEdBQUcsQ0FBQyxNQUFNLENBQVcsQ0FBQyxDQUFDLENBQUMsQ0FDN0UsQ0FBQTtJQUNELE1BQU0sQ0FBQyxLQUFLLEVBQUUsR0FBRyxNQUFNLENBQUMsR0FBRyxDQUFDLFFBQVEsRUFBRSxHQUFHLElBQUksQ0FBQyxDQUFDLEdBQUcsQ0FBQyxDQUFDLEtBQUssRUFBRSxFQUFFLENBQUMsTUFBTSxDQUFDLEtBQUssRUFBRSxNQUFNLENBQUMsQ0FBQyxDQUFBO0lBQ3BGLE9BQU8sR0FBRyxDQUFDLElBQUEsbUJBQUssRUFBQyxPQUFPLENBQUMsTUFBTSxFQUFFLE1BQU0sRUFBRSxLQUFlLENBQUMsRUFBRSxHQUFHLE1BQU0sQ0FBQyxDQUFDLElBQUksQ0FBQyxJQUFJLENBQUMsSUFBSSxDQUFBO0FBQ3RGLENBQUM7QUFFRCx3RkFBd0Y7QUFDeEYsU0FBZ0IsS0FBSyxDQUFDLEtBQW9EO0lBQ3hFLE1BQU0sSUFBSSxHQUFHLEtBQUssQ0FBQyxNQUFNLENBQUMsQ0FBQyxDQUFDLEVBQUUsS0FBSyxDQUFDLEVBQUUsRUFBRSxDQUFDLEtBQUssS0FBSyxJQUFJLElBQUksS0FBSyxLQUFLLEVBQUUsQ0FBQyxDQUFBO0lBQ3hFLE1BQU0sTUFBTSxHQUFHLElBQUksQ0FBQyxHQUFHLENBQUMsR0FBRyxJQUFJLENBQUMsR0FBRyxDQUFDLENBQUMsQ0FBQyxJQUFJLENBQUMsRUFBRSxFQUFFLENBQUMsS0FBSyxDQUFDLElBQUksQ0FBQyxDQUFDLENBQUMsQ0FBQTtJQUM3RCxPQUFPLElBQUksQ0FBQyxHQUFHLENBQUMsQ0FBQyxDQUFDLElBQUksRUFBRSxLQUFLLENBQUMsRUFBRSxFQUFFLENBQUMsR0FBRyxJQUFBLG1CQUFLLEVBQUMsT0FBTyxDQUFDLE1BQU0sRUFBRSxNQUFNLEVBQUUsSUFBSSxDQUFDLE1BQU0sQ0FBQyxNQUFNLENBQUMsQ0FBQyxLQUFLLEtBQUssSUFBSSxDQUFDLENBQUMsSUFBSSxDQUFDLEVBQUUsQ0FBQyxDQUFBO0FBQ2xILENBQUMifQ==