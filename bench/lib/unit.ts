/**
 * In what the rows of a bench are shown. A row keeps what one operation costs; people ask how many there are in a second.
 */
import { rateText } from './table.js'

export interface Unit {
  heading: string
  /** What is shown of a cost. */
  amountOf(cost: number): number
  text(amount: number): string
  /** The cost is nanoseconds, and is shown beside it. */
  isTime: boolean
  /** How many of what is shown one operation has. */
  each: number
}

export function perSecond(things: string, each = 1): Unit {
  return { heading: `${things}/s`, amountOf: (cost) => (each * 1e9) / cost, text: rateText, isTime: true, each }
}

/** Megabytes in a second, where one operation carries so many bytes. */
export function megabytesPerSecond(bytes: number): Unit {
  return {
    heading: 'MB/s',
    amountOf: (cost) => (bytes * 1e3) / cost,
    text: (amount) => amount.toFixed(0),
    isTime: true,
    each: 1,
  }
}

/** A cost that is no time. */
export function plain(heading: string, digits: number): Unit {
  return { heading, amountOf: (cost) => cost, text: (amount) => amount.toFixed(digits), isTime: false, each: 1 }
}
