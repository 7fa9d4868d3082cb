// The client of the case `sd-notify`, in the role of a service manager: a datagram socket to which services report their
// state. It tells what each message was, who sent it and how many descriptors came, and uses the descriptors: one that
// is a barrier is held for a while, those to be stored are read and answered.
import { readSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { type Address, bind, type Message, type OwnedFd } from '../index.js'
import { environment, number } from './environment.js'

/** The most that one message can bring. */
const MAX_FDS = 253
/** Anybody may report. */
const MODE = 0o777
const MSG_CTRUNC = 8

serve().then((seen) => console.log(JSON.stringify(seen)))

async function serve(): Promise<object> {
  const socket = bind(address(environment('SOCK')), { passCredentials: true, maxFds: MAX_FDS, mode: MODE })
  writeFileSync(`${environment('DIR')}/bound`, '')
  const msgs: object[] = []
  const stored: string[] = []
  for await (const message of socket) {
    const keys = keysOf(message)
    const fds = message.takeFds()
    msgs.push({ keys, ...facts(message), nfds: fds.length })
    if (keys.includes('BARRIER')) await setTimeout(number('HOLD') * 1000)
    if (keys.includes('FDSTORE')) stored.push(...(await useStored(fds)))
    for (const fd of fds) fd.close()
    if (keys.includes('STOPPING')) break
  }
  await socket.close()
  return { msgs, stored }
}

/** As in NOTIFY_SOCKET: a leading `@` means an abstract name. */
function address(text: string): Address {
  return text.startsWith('@') ? { abstract: text.slice(1) } : text
}

function keysOf({ data }: Message): string[] {
  const lines = data.toString().split('\n')
  return lines
    .filter((line) => line !== '')
    .map((line) => line.replace(/=.*/s, ''))
    .sort()
}

function facts({ data, credentials, fdsTruncated }: Message): object {
  if (credentials === null) throw new Error('A message came without credentials')
  const { pid, uid, gid } = credentials
  const text = data.toString('utf8', 0, 200)
  return { text, len: data.length, cred: [pid, uid, gid], flags: fdsTruncated ? MSG_CTRUNC : 0 }
}

/** A file that was written to its end, a pipe, and a socket to answer on. */
async function useStored([file, pipe, socket]: OwnedFd[]): Promise<string[]> {
  const bytes = Buffer.alloc(100)
  const length = readSync(file?.fd ?? -1, bytes, 0, bytes.length, 0)
  const piped = await pipe?.read(bytes.length)
  await socket?.write('from-client')
  return [bytes.toString('utf8', 0, length), String(piped), 'to-peer']
}
