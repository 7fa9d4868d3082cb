// Where there is no native part: importing works, and the first call throws an error that says why and what to do. The other
// platforms are played: a program that says it runs on them.
import { unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { runThere } from './helpers/installed.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
const root = join(__dirname, '..')
const entries = ['index', 'entries/handoff', 'entries/systemd', 'entries/usocket', 'entries/unix-dgram']

/** What each call throws on that platform, as `name code message`, after every entry was imported. */
async function callsOn(platform: string, arch: string): Promise<string[]> {
  const program = `
    for (const [key, value] of Object.entries(${JSON.stringify({ platform, arch })})) Object.defineProperty(process, key, { value })
    const [ancillary] = ${JSON.stringify(entries.map((name) => join(root, name)))}.map((path) => require(path))
    const { pair, listen, bind, connect, openSocket, memfd, peerCredentials, capabilities, OwnedFd } = ancillary
    const calls = [pair, () => listen('x'), () => bind('x'), () => connect('x'), () => openSocket('inet', 'raw', 'icmp'),
      () => memfd('x'), () => peerCredentials(0), capabilities, () => OwnedFd.adopt(0)]
    const outcome = async (call) => { try { await call() } catch (e) { return [e.name, e.code, e.message].join(' ') } }
    Promise.all(calls.map(outcome)).then((lines) => console.log(JSON.stringify(lines)))`
  const { code, stdout, stderr } = await runThere(folder, ['-e', program])
  if (code !== 0) throw new Error(stderr)
  return [...new Set(JSON.parse(stdout) as string[])]
}

for (const [platform, arch] of [
  ['win32', 'x64'],
  ['aix', 'ppc64'],
  ['linux', 'mips'],
] as const) {
  test.serial(
    `on ${platform}-${arch} importing works and every first call throws one and the same error`,
    async (t) => {
      t.deepEqual(await callsOn(platform, arch), [
        `Error ERR_UNSUPPORTED_PLATFORM ancillary does not work on ${platform}-${arch}: there is no native part for it`,
      ])
    },
  )
}

for (const [platform, arch, wanted] of [
  ['darwin', 'arm64', /ancillary-darwin-arm64,/],
  ['freebsd', 'x64', /ancillary-freebsd-x64,/],
  ['linux', process.arch === 'arm64' ? 'x64' : 'arm64', /ancillary-linux-\w+-gnu or ancillary-linux-\w+-musl,/],
] as const) {
  test.serial(
    `a missing native part on ${platform}-${arch} names the package, the bug of npm and the remedy`,
    async (t) => {
      const [message = '', ...others] = await callsOn(platform, arch)
      t.deepEqual(others, [])
      for (const part of [
        /^Error ERR_UNSUPPORTED_PLATFORM /,
        wanted,
        /npm issue 4828/,
        /--omit=optional/,
        /npm install/,
      ]) {
        t.regex(message, part)
      }
    },
  )
}

test.serial('a native part that does not load says why', async (t) => {
  const path = join(folder, 'broken.node')
  writeFileSync(path, 'not a library')
  const program = `process.env.NAPI_RS_NATIVE_LIBRARY_PATH = ${JSON.stringify(path)}
    try { require(${JSON.stringify(join(root, 'index'))}).pair() } catch (e) { console.log(e.code, e.message) }`
  const { stdout } = await runThere(folder, ['-e', program])
  unlinkSync(path)
  t.regex(stdout, /^ERR_UNSUPPORTED_PLATFORM .*: its native part was found but does not load: .*broken\.node/)
})
