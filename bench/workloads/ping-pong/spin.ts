// How long both sides of the spinning ping-pong ask again and again before they sleep. A file of its own: both are programs.

/** Microseconds. */
export const SPIN = 60
