// The client of the case `swtpm-data`: a TPM in software gets the channel for its commands as a descriptor over its control socket.
// Then it is started, and asked for random bytes, over that channel.
import { connect, pair, type UnixSocket } from '../index.js'
import { environment } from './environment.js'

const INIT = 0x02
const SET_DATAFD = 0x10
const TAG = 0x8001
const STARTUP = 0x144
const GET_RANDOM = 0x17b
const HEAD = 10

run().then((seen) => console.log(JSON.stringify(seen)))

async function run(): Promise<object> {
  const control = await connect(environment('SOCK'))
  const [ours, theirs] = pair()
  const setDatafd = await order(control, u32(SET_DATAFD), [theirs])
  await theirs.close()
  const init = await order(control, Buffer.concat([u32(INIT), u32(0)]))
  const startup = await ask(ours, STARTUP, u16(0))
  const random = await ask(ours, GET_RANDOM, u16(Number(environment('COUNT'))))
  await ours.close()
  await control.close()
  // Behind the number of bytes.
  return { setDatafd, init, startup: startup.code, random: random.body.subarray(2).toString('hex') }
}

/** A command of the control channel; its answer is a number, 0 for success. */
async function order(
  control: UnixSocket<'stream'>,
  bytes: Buffer,
  fds: UnixSocket[] = [],
): Promise<number | undefined> {
  await control.send(bytes, { fds })
  return (await control.recv())?.data.readUInt32BE()
}

/** A command of the TPM. */
async function ask(tpm: UnixSocket<'stream'>, command: number, body: Buffer): Promise<{ code: number; body: Buffer }> {
  await tpm.send(Buffer.concat([u16(TAG), u32(HEAD + body.length), u32(command), body]))
  let answer = Buffer.alloc(0)
  while (answer.length < HEAD || answer.length < answer.readUInt32BE(2)) {
    const message = await tpm.recv()
    if (message === null) throw new Error('The TPM closed its channel')
    answer = Buffer.concat([answer, message.data])
  }
  return { code: answer.readUInt32BE(6), body: answer.subarray(HEAD) }
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}

function u32(value: number): Buffer {
  return Buffer.concat([u16(value >>> 16), u16(value & 0xffff)])
}
