// The client of the case `xvfb`: it shows two pictures in windows of an X server, which reads them from shared memory whose descriptor
// goes one way and the other. It stays until it is told that they have been looked at.
import { readFileSync } from 'node:fs'
import { Display } from '../examples/x11/display.js'
import { type Owner, type Picture, PictureWindow } from '../examples/x11/shared-picture.js'
import { environment, number } from './environment.js'

show()

async function show(): Promise<void> {
  const display = await Display.open(environment('DISPLAY'))
  await place(display, 'ours', number('OURS_X'))
  await place(display, 'the server’s', number('THEIRS_X'))
  console.log(JSON.stringify({ depth: display.screen.depth }))
  process.stdin.once('end', () => display.close()).resume()
}

async function place(display: Display, owner: Owner, x: number): Promise<void> {
  const picture = read(environment(owner === 'ours' ? 'OURS' : 'THEIRS'))
  const window = await PictureWindow.open(display, x, number('Y'), picture)
  await window.show(picture, owner)
}

/** A picture of the case: width and height on a line, then the pixels. */
function read(path: string): Picture {
  const bytes = readFileSync(path)
  const end = bytes.indexOf('\n')
  const [width = 0, height = 0] = bytes.toString('latin1', 0, end).split(' ').map(Number)
  return { width, height, pixels: bytes.subarray(end + 1) }
}
