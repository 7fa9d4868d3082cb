// The types of unix-dgram.mjs: the same names as the CommonJS module has.
export * from './unix-dgram.js'
