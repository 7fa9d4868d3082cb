/**
 * What a connection costs in memory: how much more a process has with all of them than with the first few, each time after
 * the garbage collector has run.
 */
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { finish, settings } from './program.js'

/** These pay for what is needed once. */
const FIRST = 200

export class Memory {
  #count = 0
  #before = 0

  /** One more connection is open. */
  async take(): Promise<void> {
    this.#count++
    if (this.#count === FIRST) {
      this.#before = await residentBytes()
      // The client waits for this file.
      writeFileSync(`${settings.path}.go`, '')
    }
    if (this.#count < settings.connections + FIRST) return
    const more = (await residentBytes()) - this.#before
    finish({ value: more / settings.connections })
  }
}

async function residentBytes(): Promise<number> {
  for (let times = 0; times < 3; times++) {
    await sleep(20)
    globalThis.gc?.()
  }
  return process.memoryUsage.rss()
}
