/**
 * The peer whose identity is looked up: a process of its own, so that its pid is not the asker's. It connects to the
 * given path as often as it is told, and otherwise sleeps.
 */
import { connect } from 'node:net'

const path = process.argv[2] ?? ''

process.on('message', (count: number) => {
  for (let made = 0; made < count; made++) connect(path).resume()
})
process.once('disconnect', () => process.exit())
