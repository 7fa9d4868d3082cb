/**
 * An X client that shows a picture and sends no pixel: picture and server meet in shared memory, whose descriptor is passed over the
 * socket. The upper picture lies in memory of this process, the lower one in memory of the server.
 *
 *     npm run example:x11-picture            the socket of DISPLAY; closes after three seconds
 */
import { setTimeout } from 'node:timers/promises'
import { Display } from './x11/display.js'
import { type Picture, PictureWindow } from './x11/shared-picture.js'

const [WIDTH, HEIGHT] = [320, 160]

main().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})

async function main(): Promise<void> {
  const name = process.env.DISPLAY
  if (name === undefined) throw new Error('There is no DISPLAY. Try: xvfb-run npm run example:x11-picture')
  const display = await Display.open(name)
  const picture = gradient()
  const upper = await PictureWindow.open(display, 40, 40, picture)
  await upper.show(picture, 'ours')
  console.log(`${WIDTH}x${HEIGHT} pixels from our memory`)
  const lower = await PictureWindow.open(display, 40, 40 + HEIGHT, picture)
  await lower.show(picture, 'the server’s')
  console.log(`${WIDTH}x${HEIGHT} pixels from the server’s memory`)
  await setTimeout(3000)
  await display.close()
}

function gradient(): Picture {
  const pixels = new Uint8Array(WIDTH * HEIGHT * 3)
  for (let at = 0; at < pixels.length; at += 3) {
    const [x, y] = [(at / 3) % WIDTH, Math.floor(at / 3 / WIDTH)]
    pixels.set([(x * 255) / WIDTH, (y * 255) / HEIGHT, 160], at)
  }
  return { width: WIDTH, height: HEIGHT, pixels }
}
