// The types of usocket.mjs: the same names as the CommonJS module has.
export * from './usocket.js'
