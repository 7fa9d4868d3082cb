// The types of index.mjs: the same names as the CommonJS module has.
export * from './index.js'
