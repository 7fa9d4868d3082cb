// The tests of the codec and of the decoders on another processor, in emulation: big-endian or 32 bits. They do no system call
// that an emulator would have to know. It needs the target of Rust (`rustup target add`), its C compiler and qemu-user:
// `node scripts/foreign.mjs s390x-unknown-linux-gnu`. Further arguments go to cargo.
import { runOrExit } from './run.mjs'

const targets = {
  's390x-unknown-linux-gnu': { tools: 's390x-linux-gnu', emulator: 'qemu-s390x-static' },
  'armv7-unknown-linux-gnueabihf': { tools: 'arm-linux-gnueabihf', emulator: 'qemu-arm-static' },
  'aarch64-unknown-linux-gnu': { tools: 'aarch64-linux-gnu', emulator: 'qemu-aarch64-static' },
}
const modules = ['address', 'control', 'credentials', 'inet', 'os']
const [target, ...extra] = process.argv.slice(2)
if (!(target in targets)) throw new Error(`usage: node scripts/foreign.mjs ${Object.keys(targets).join('|')}`)

const { tools, emulator } = targets[target]
const variable = `CARGO_TARGET_${target.toUpperCase().replaceAll('-', '_')}`
process.env[`${variable}_LINKER`] = `${tools}-gcc`
process.env[`${variable}_RUNNER`] = `${emulator} -L /usr/${tools}`
const test = ['test', '-p', 'unix-socket', '--lib', '--target', target, ...extra, '--']
runOrExit('cargo', [...test, ...modules.map((name) => `${name}::`)])
