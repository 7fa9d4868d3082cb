/**
 * Shows a picture in a window of an X server without sending a pixel: the picture lies in memory that both map. The memory may be ours
 * (the server gets its descriptor) or the server's (we get one). This is MIT-SHM 1.2, the form with descriptors.
 */
import { memfd } from '../../index.js'
import { type Display, u16, u32 } from './display.js'

/** Requests of the core protocol. */
const CREATE_WINDOW = 1
const MAP_WINDOW = 8
const GET_INPUT_FOCUS = 43
const CREATE_GC = 55
const QUERY_EXTENSION = 98
/** Requests of the extension. */
const SHM_QUERY_VERSION = 0
const SHM_DETACH = 2
const SHM_PUT_IMAGE = 3
const SHM_ATTACH_FD = 6
const SHM_CREATE_SEGMENT = 7

const INPUT_OUTPUT = 1
/** Of a window: pixels where nothing is drawn; not moved about by a window manager. */
const BACKGROUND_PIXEL = 0x2
const OVERRIDE_REDIRECT = 0x200
const Z_PIXMAP = 2
/** For the server. */
const READ_ONLY = 1

export interface Picture {
  width: number
  height: number
  /** Red, green, blue; row by row. */
  pixels: Uint8Array
}

/** Whose memory it is. */
export type Owner = 'ours' | 'the server’s'

/** A window that shows one picture. */
export class PictureWindow {
  readonly #display: Display
  readonly #shm: number
  readonly #window: number
  readonly #context: number

  private constructor(display: Display, shm: number) {
    this.#display = display
    this.#shm = shm
    this.#window = display.newId()
    this.#context = display.newId()
  }

  static async open(display: Display, x: number, y: number, { width, height }: Picture): Promise<PictureWindow> {
    const made = new PictureWindow(display, await sharedMemory(display))
    const { root, visual, depth } = display.screen
    if (depth !== 24) throw new Error(`The screen has a depth of ${depth}; this example knows 24`)
    const place = [...u16(x), ...u16(y), ...u16(width), ...u16(height), ...u16(0), ...u16(INPUT_OUTPUT)]
    const values = [...u32(BACKGROUND_PIXEL | OVERRIDE_REDIRECT), ...u32(0), ...u32(1)]
    await display.request(CREATE_WINDOW, depth, [
      ...u32(made.#window),
      ...u32(root),
      ...place,
      ...u32(visual),
      ...values,
    ])
    await display.request(CREATE_GC, 0, [...u32(made.#context), ...u32(made.#window), ...u32(0)])
    await display.request(MAP_WINDOW, 0, u32(made.#window))
    return made
  }

  /** Resolves when the server has drawn it. */
  async show(picture: Picture, owner: Owner): Promise<void> {
    const segment = this.#display.newId()
    const pixels = toZPixmap(picture)
    if (owner === 'ours') await this.#lend(segment, pixels)
    else await this.#fill(segment, pixels)
    await this.#put(segment, picture)
    await this.#display.request(this.#shm, SHM_DETACH, u32(segment))
    await roundTrip(this.#display)
  }

  /** Our memory, for the server to read. */
  async #lend(segment: number, pixels: Buffer): Promise<void> {
    const memory = memfd('picture', { data: pixels })
    await this.#display.request(this.#shm, SHM_ATTACH_FD, [...u32(segment), READ_ONLY], [memory])
    memory.close()
  }

  /** The server's memory, for us to write. */
  async #fill(segment: number, pixels: Buffer): Promise<void> {
    await this.#display.request(this.#shm, SHM_CREATE_SEGMENT, [...u32(segment), ...u32(pixels.length), READ_ONLY])
    const { fds } = await this.#display.reply()
    const [memory] = fds
    if (memory === undefined) throw new Error('The server sent no descriptor')
    await memory.write(pixels)
    memory.close()
  }

  async #put(segment: number, { width, height }: Picture): Promise<void> {
    const size = [...u16(width), ...u16(height)]
    const nowhere = [...u16(0), ...u16(0)]
    const target = [...u32(this.#window), ...u32(this.#context)]
    const form = [this.#display.screen.depth, Z_PIXMAP, 0, 0]
    const parts = [...target, ...size, ...nowhere, ...size, ...nowhere, ...form, ...u32(segment), ...u32(0)]
    await this.#display.request(this.#shm, SHM_PUT_IMAGE, parts)
  }
}

/** The number of the extension; it must be new enough to pass descriptors. */
async function sharedMemory(display: Display): Promise<number> {
  const name = Buffer.from('MIT-SHM')
  await display.request(QUERY_EXTENSION, 0, [...u16(name.length), 0, 0, ...name])
  const { bytes } = await display.reply()
  if (bytes[8] !== 1) throw new Error('The X server has no shared memory')
  const opcode = bytes.readUInt8(9)
  await display.request(opcode, SHM_QUERY_VERSION, [])
  const { bytes: version } = await display.reply()
  if (version.readUInt16LE(8) * 100 + version.readUInt16LE(10) < 102)
    throw new Error('The X server passes no descriptors')
  return opcode
}

/** Blue, green, red, nothing. */
function toZPixmap({ pixels }: Picture): Buffer {
  const bytes = Buffer.alloc((pixels.length / 3) * 4)
  for (let from = 0, to = 0; from < pixels.length; from += 3, to += 4) {
    bytes[to] = pixels[from + 2] as number
    bytes[to + 1] = pixels[from + 1] as number
    bytes[to + 2] = pixels[from] as number
  }
  return bytes
}

/** When the server answers this, it has done all before; what went wrong is thrown. */
async function roundTrip(display: Display): Promise<void> {
  await display.request(GET_INPUT_FOCUS, 0, [])
  await display.reply()
}
