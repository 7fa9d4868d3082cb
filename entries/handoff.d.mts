// The types of handoff.mjs: the same names as the CommonJS module has.
export * from './handoff.js'
