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
}

export function perSecond(operations: string): Unit {
  return { heading: `${operations}/s`, amountOf: (cost) => 1e9 / cost, text: rateText, isTime: true }
}

/** Megabytes in a second, where one operation carries so many bytes. */
export function megabytesPerSecond(bytes: number): Unit {
  return {
    heading: 'MB/s',
    amountOf: (cost) => (bytes * 1e3) / cost,
    text: (amount) => amount.toFixed(0),
    isTime: true,
  }
}

/** A cost that is no time. */
export function plain(heading: string, digits: number): Unit {
  return { heading, amountOf: (cost) => cost, text: (amount) => amount.toFixed(digits), isTime: false }
}
