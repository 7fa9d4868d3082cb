// Watches which native functions are called, by standing in for each of them for a while.
import { native } from '../../lib/native.js'

type Functions = Record<string, (...values: unknown[]) => unknown>

/** The names of the native functions that `action` calls, in order. */
export async function nativeCalls(action: () => unknown): Promise<string[]> {
  const calls: string[] = []
  const functions = native as unknown as Functions
  const originals = Object.entries(functions).filter(([, value]) => typeof value === 'function')
  for (const [name, original] of originals) {
    functions[name] = (...values) => {
      calls.push(name)
      return original(...values)
    }
  }
  try {
    await action()
  } finally {
    Object.assign(functions, Object.fromEntries(originals))
  }
  return calls
}

/** Lets a native function answer `result` while `action` runs. */
export function withNativeResult(name: keyof typeof native, result: unknown, action: () => void): void {
  const functions = native as unknown as Functions
  const original = functions[name] as Functions[string]
  functions[name] = () => result
  try {
    action()
  } finally {
    functions[name] = original
  }
}
