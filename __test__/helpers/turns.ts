// Turns of the event loop, whether a Promise has settled by now, and whether the loop is idle.
import { setTimeout as delay, setImmediate } from 'node:timers/promises'

/** Lets the event loop go round a few times: what could happen has happened. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

/** `'pending'`, or how the Promise ended; after some turns of the event loop. */
export async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'fulfilled' | 'rejected'> {
  let state: 'pending' | 'fulfilled' | 'rejected' = 'pending'
  promise.then(
    () => (state = 'fulfilled'),
    () => (state = 'rejected'),
  )
  await turns()
  return state
}

/** The share of a while with nothing to do in which the event loop was busy: near 0, or near 1 when it spins. */
export async function busyShare(): Promise<number> {
  // Bun and Deno do not measure their event loop; one that spins uses up a processor.
  if (typeof performance.eventLoopUtilization !== 'function') return processorShare()
  const before = performance.eventLoopUtilization()
  await delay(200)
  return performance.eventLoopUtilization(before).utilization
}

async function processorShare(): Promise<number> {
  const [before, start] = [process.cpuUsage(), performance.now()]
  await delay(200)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / (performance.now() - start)
}
