/**
 * Checks what users pass in, before any system call: numbers in range, data as bytes.
 * Knows no sockets and no descriptors.
 */
import { types } from 'node:util'
import { invalidType, invalidValue, outOfRange } from './errors.js'

/** What can be sent: a string is sent as UTF-8; an array of views is gathered into one message, not copied. */
export type Data = string | NodeJS.ArrayBufferView | readonly NodeJS.ArrayBufferView[]

/** An integer from `min` to `max`, both included. */
export function integer(value: unknown, name: string, min: number, max: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value)
  if (!Number.isInteger(value) || value < min || value > max)
    throw outOfRange(name, `an integer from ${min} to ${max}`, value)
  return value
}

/** As {@link integer}, or `fallback` where nothing was given. */
export function optionalInteger(value: unknown, name: string, min: number, max: number, fallback: number): number {
  return value === undefined ? fallback : integer(value, name, min, max)
}

/** A boolean, or `fallback` where nothing was given. */
export function optionalBoolean(value: unknown, name: string, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value)
  return value
}

/** A string, or undefined where nothing was given. */
export function optionalString(value: unknown, name: string): string | undefined {
  if (value !== undefined && typeof value !== 'string') throw invalidType(name, 'of type string', value)
  return value
}

/** One of some words. */
export function oneOf<T extends string>(value: unknown, name: string, words: readonly T[]): T {
  if (!words.includes(value as T)) throw invalidValue(name, `must be one of ${words.join(', ')}`, value)
  return value as T
}

/** An options object, `{}` where nothing was given. */
export function optionsObject<T extends object>(value: T | undefined, name = 'options'): T | Record<string, never> {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null) throw invalidType(name, 'of type object', value)
  return value
}

/** The bytes of one view. Memory that may change or shrink under us (shared, resizable) is copied. */
function viewBytes(view: NodeJS.ArrayBufferView, name: string): Uint8Array {
  if (isLost(view)) throw invalidValue(name, 'must not be a view of a detached or shrunk buffer', view.buffer)
  const buffer = view.buffer as ArrayBuffer & { resizable?: boolean }
  const bytes = view instanceof Uint8Array ? view : new Uint8Array(buffer, view.byteOffset, view.byteLength)
  return buffer.resizable === true || !(buffer instanceof ArrayBuffer) ? Uint8Array.from(bytes) : bytes
}

/** Whether its buffer was transferred or has shrunk: an array then seems to be empty, and most of its methods throw. */
function isLost(view: NodeJS.ArrayBufferView): boolean {
  try {
    if (view.byteLength === 0 && !types.isDataView(view)) (view as Uint8Array).at(0)
    return false
  } catch {
    return true
  }
}

/** Data as one or more pieces of memory, none of them copied where that is safe. */
export function bytesOf(data: unknown, name = 'data'): Uint8Array | Uint8Array[] {
  if (typeof data === 'string') return Buffer.from(data)
  if (ArrayBuffer.isView(data)) return viewBytes(data as NodeJS.ArrayBufferView, name)
  if (!Array.isArray(data)) throw invalidType(name, 'a string, a Buffer, a view or an array of views', data)
  // Array.from, because map skips holes.
  return Array.from(data, (part, index) => {
    if (!ArrayBuffer.isView(part)) throw invalidType(`${name}[${index}]`, 'a Buffer or a view', part)
    return viewBytes(part as NodeJS.ArrayBufferView, `${name}[${index}]`)
  })
}

/** Data as one piece of memory. */
export function oneBuffer(data: unknown, name = 'data'): Uint8Array {
  const bytes = bytesOf(data, name)
  return Array.isArray(bytes) ? Buffer.concat(bytes) : bytes
}
