// The client of the case `npm-dbus`: a service on the bus that packages from npm call. It answers a call that brings two
// descriptors with one, and hands out inhibitor locks as logind does: the lock is the end of a FIFO, and whoever holds it
// has it until the last copy is closed.
import { constants, openSync, writeFileSync } from 'node:fs'
import { memfd, OwnedFd, pair } from '../index.js'
import { Bus, type Incoming } from './dbus/bus.js'
import { Writer } from './dbus/marshal.js'
import { METHOD_CALL, METHOD_RETURN } from './dbus/message.js'
import { environment } from './environment.js'

const SERVICE = 'org.freedesktop.login1'
const INTERFACES = `<node>
  <interface name="org.freedesktop.login1.Manager">
    <method name="Exchange">
      <arg type="h" direction="in"/><arg type="h" direction="in"/><arg type="h" direction="out"/>
    </method>
    <method name="Copy"><arg type="h" direction="in"/><arg type="h" direction="out"/></method>
    <method name="Inhibit">
      <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
      <arg type="h" direction="out"/>
    </method>
    <method name="ListInhibitors"><arg type="s" direction="out"/></method>
    <method name="WaitReleased"><arg type="s" direction="out"/></method>
  </interface>
</node>`

/** What is answered: text, or a descriptor, which is closed when it has been sent. */
type Answer = string | OwnedFd

interface Inhibitor {
  readonly why: string
  readonly fifo: OwnedFd
}

const inhibitors: Inhibitor[] = []
const seen = { read: '', nfds: 0, why: '' }

const methods: Record<string, (call: Incoming) => Answer | Promise<Answer>> = {
  Introspect: () => INTERFACES,
  Exchange: exchange,
  Copy: copy,
  Inhibit: inhibit,
  ListInhibitors: () => inhibitors.map(({ why }) => why).join(),
  WaitReleased: waitReleased,
}

serve().then(() => console.log(JSON.stringify({ ...seen, pid: process.pid })))

/** Until a lock has been released. */
async function serve(): Promise<void> {
  const bus = await Bus.connect(environment('SOCK'))
  await bus.authenticate(process.getuid?.() ?? 0)
  await bus.begin()
  await bus.ask('Hello')
  await bus.ask('RequestName', SERVICE, 0)
  writeFileSync(`${environment('DIR')}/service.ready`, '')
  for (let member = ''; member !== 'WaitReleased'; ) {
    const call = await bus.next()
    if (call.type !== METHOD_CALL) continue
    member = call.member ?? ''
    await reply(bus, call, await (methods[member] ?? refuse)(call))
    for (const fd of call.fds) fd.close()
  }
  // When this is answered, the daemon has taken our last reply.
  await bus.ask('GetId')
  await bus.close()
}

function refuse({ member }: Incoming): never {
  throw new Error(`Nobody should call ${member}`)
}

async function reply(bus: Bus, call: Incoming, answer: Answer): Promise<void> {
  const to = { replySerial: call.serial, destination: call.sender ?? '' }
  if (typeof answer === 'string') {
    await bus.send(METHOD_RETURN, { ...to, signature: 's', body: new Writer().string(answer).bytes() })
    return
  }
  await bus.send(METHOD_RETURN, { ...to, signature: 'h', body: new Writer().uint32(0).bytes(), fds: [answer] })
  answer.close()
}

/** Reads from the descriptor of the first argument and writes what it said into that of the second. */
async function exchange({ args, fds }: Incoming): Promise<OwnedFd> {
  const [input, output] = args.map((index) => fds[index as number])
  seen.read = String(await input?.read(100))
  seen.nfds = fds.length
  await output?.write(`svc:${seen.read}`)
  const [ours, theirs] = pair()
  await ours.send(`reply:${seen.read}`)
  await ours.close()
  return theirs.detach()
}

/** Another file with what is in the given one. */
async function copy({ fds: [file] }: Incoming): Promise<OwnedFd> {
  return memfd('copy', { data: (await file?.read(100)) ?? '' })
}

/** As logind: both ends of a FIFO, of which the caller gets the one for writing. */
function inhibit({ args }: Incoming): OwnedFd {
  const path = `${environment('DIR')}/inhibit`
  const fifo = OwnedFd.adopt(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
  inhibitors.push({ why: String(args[2]), fifo })
  return OwnedFd.adopt(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK))
}

/** Answers when the last copy of the other end is closed, while its holder lives and waits for the answer. */
async function waitReleased(): Promise<string> {
  const inhibitor = inhibitors.shift()
  if (inhibitor === undefined) throw new Error('Nobody holds a lock')
  while ((await inhibitor.fifo.read(100)) !== null);
  inhibitor.fifo.close()
  seen.why = inhibitor.why
  return inhibitor.why
}
