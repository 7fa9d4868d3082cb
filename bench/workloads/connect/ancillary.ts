/**
 * Connections that are made and closed, with ancillary, both sides. The server closes at once; the client connects again
 * when it has seen the end.   ancillary server|client
 */
import { connect, listen } from '../../../index.js'
import { fail, method, onStop, ready, settings, tell } from '../../lib/program.js'
import { Turns } from '../../lib/turns.js'

const work = method === 'server' ? serve : play
work().catch((error: Error) => fail(error.stack ?? error.message))

async function serve(): Promise<void> {
  let accepted = 0
  onStop(() => tell({ accepted }))
  const listener = listen(settings.path)
  ready()
  for await (const socket of listener) {
    accepted++
    socket.close()
  }
}

async function play(): Promise<void> {
  for (const turns = new Turns(); ; turns.take()) {
    const socket = await connect(settings.path)
    if ((await socket.recv()) !== null) fail('the server sends nothing, and something came')
    await socket.close()
  }
}
