"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.hintOf = hintOf;
// What to do about the errors that people meet first. Knows codes, no command.
const HINTS = {
    ECONNREFUSED: 'the socket is there, but nobody listens',
    ENOENT: 'there is no such file',
    EADDRINUSE: 'something is there already; --replace takes the place of a dead server',
    EACCES: 'the permissions do not allow it',
    EPROTOTYPE: 'it is a socket of another type; see --type',
    ETIMEDOUT: 'the deadline has passed',
    EBADF: 'no such descriptor is open; a shell opens 3 for reading with 3<FILE',
    ERR_FDS_REFUSED: 'the receiver accepts no descriptors',
};
/** In brackets, or nothing. */
function hintOf(code) {
    const hint = HINTS[code ?? ''];
    return hint === undefined ? '' : ` (${hint})`;
}
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoiZmFpbHVyZXMuanMiLCJzb3VyY2VSb290IjoiIiwic291cmNlcyI6WyJmYWlsdXJlcy50cyJdLCJuYW1lcyI6W10sIm1hcHBpbmdzIjoiOztBQWFBLHdCQUdDO0FBaEJELCtFQUErRTtBQUMvRSxNQUFNLEtBQUssR0FBcUM7SUFDOUMsWUFBWSxFQUFFLHlDQUF5QztJQUN2RCxNQUFNLEVBQUUsdUJBQXVCO0lBQy9CLFVBQVUsRUFBRSx3RUFBd0U7SUFDcEYsTUFBTSxFQUFFLGlDQUFpQztJQUN6QyxVQUFVLEVBQUUsNENBQTRDO0lBQ3hELFNBQVMsRUFBRSx5QkFBeUI7SUFDcEMsS0FBSyxFQUFFLHFFQUFxRTtJQUM1RSxlQUFlLEVBQUUscUNBQXFDO0NBQ3ZELENBQUE7QUFFRCwrQkFBK0I7QUFDL0IsU0FBZ0IsTUFBTSxDQUFDLElBQXdCO0lBQzdDLE1BQU0sSUFBSSxHQUFHLEtBQUssQ0FBQyxJQUFJLElBQUksRUFBRSxDQUFDLENBQUE7SUFDOUIsT0FBTyxJQUFJLEtBQUssU0FBUyxDQUFDLENBQUMsQ0FBQyxFQUFFLENBQUMsQ0FBQyxDQUFDLEtBQUssSUFBSSxHQUFHLENBQUE7QUFDL0MsQ0FBQyJ9