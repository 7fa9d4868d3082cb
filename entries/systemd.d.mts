// The types of systemd.mjs: the same names as the CommonJS module has.
export * from './systemd.js'
