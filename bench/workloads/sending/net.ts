/**
 * Sends a stream with node:net.
 */
import { connect } from 'node:net'
import { settings } from '../../lib/program.js'
import { writeAll } from './write-all.js'

const socket = connect(settings.path, () => writeAll(socket))
