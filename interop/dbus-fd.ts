// The client of the case `dbus-fd`, in both its roles: a service on the bus that is called with two descriptors and
// answers with one, and its caller. dbus-daemon relays them and tells who it thinks the two are.
import { writeFileSync } from 'node:fs'
import { OwnedFd, pair } from '../index.js'
import { Bus, type Incoming } from './dbus/bus.js'
import { Writer } from './dbus/marshal.js'
import { METHOD_CALL, METHOD_RETURN } from './dbus/message.js'
import { environment, number } from './environment.js'
import { becomeUser } from './user.js'

const SERVICE = 'org.example.FdPeer'
const OTHER_UID = 4242

if (process.env.AS_UID !== undefined) becomeUser(number('AS_UID'))
const play = environment('ROLE') === 'service' ? serve : callService
play().then((seen) => console.log(JSON.stringify({ ...seen, pid: process.pid })))

/** Connects as ourselves; also gives the daemon's id and the name that it gave us. */
async function join(): Promise<{ bus: Bus; guid: string; unique: string }> {
  const bus = await Bus.connect(environment('SOCK'))
  const answer = await bus.authenticate(process.getuid?.() ?? 0)
  if (!answer.startsWith('OK ')) throw new Error(`The daemon does not believe us: ${answer}`)
  await bus.begin()
  return { bus, guid: answer.slice(3), unique: String(await bus.ask('Hello')) }
}

async function serve(): Promise<object> {
  const { bus } = await join()
  if ((await bus.ask('RequestName', SERVICE, 0)) !== 1) throw new Error('The name is taken')
  writeFileSync(`${environment('DIR')}/service.ready`, '')
  const call = await nextCall(bus)
  const text = await useDescriptors(call)
  await answerWithDescriptor(bus, call, `reply:${text}`)
  // When this is answered, the daemon has taken our reply.
  await bus.ask('GetId')
  await bus.close()
  return { read: text, nfds: call.fds.length }
}

async function nextCall(bus: Bus): Promise<Incoming> {
  for (;;) {
    const message = await bus.next()
    if (message.type === METHOD_CALL) return message
    for (const fd of message.fds) fd.close()
  }
}

/** Reads from the descriptor of the first argument and writes what it said into that of the second. */
async function useDescriptors({ args, fds }: Incoming): Promise<string> {
  const [input, output] = args.map((index) => fds[index as number])
  const text = String(await input?.read(100))
  await output?.write(`svc:${text}`)
  for (const fd of fds) fd.close()
  return text
}

async function answerWithDescriptor(bus: Bus, call: Incoming, text: string): Promise<void> {
  const [ours, theirs] = pair()
  await ours.send(text)
  await ours.close()
  const to = { replySerial: call.serial, destination: call.sender ?? '' }
  await bus.send(METHOD_RETURN, { ...to, signature: 'h', body: new Writer().uint32(0).bytes(), fds: [theirs] })
  await theirs.close()
}

async function callService(): Promise<object> {
  const { bus, guid, unique } = await join()
  const creds_service = await bus.ask('GetConnectionCredentials', SERVICE)
  const creds_self = await bus.ask('GetConnectionCredentials', unique)
  const pid_service = await bus.ask('GetConnectionUnixProcessID', SERVICE)
  const reply = await exchange(bus)
  const wrong_uid = await refusedAs(OTHER_UID)
  const { stray } = bus
  await bus.close()
  return { guid, unique, ...reply, stray, creds_service, creds_self, pid_service, wrong_uid }
}

/** Calls the service with the two descriptors that the harness gave us; reads from the one it answers with. */
async function exchange(bus: Bus): Promise<object> {
  const sent = environment('SEND_FDS')
    .split(',')
    .map((fd) => OwnedFd.adopt(Number(fd)))
  const body = new Writer().uint32(0).uint32(1).bytes()
  const target = { destination: SERVICE, path: '/', interface: SERVICE, member: 'Exchange' }
  const { fds } = await bus.call({ ...target, signature: 'hh', body, fds: sent })
  const text = await fds[0]?.read(100)
  for (const fd of [...sent, ...fds]) fd.close()
  return { reply_read: text?.toString(), reply_nfds: fds.length }
}

/** What the daemon says to a client that claims to be somebody else. */
async function refusedAs(uid: number): Promise<string> {
  const bus = await Bus.connect(environment('SOCK'))
  try {
    return await bus.authenticate(uid)
  } finally {
    await bus.close()
  }
}
