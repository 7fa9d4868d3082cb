// A fresh temporary folder for the sockets of one spec file, with a short name because a socket's path is limited.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'anc-'))
}

/** Removes the folder; tells what was left in it. */
export function removeFolder(folder: string): string[] {
  const left = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  return left
}
