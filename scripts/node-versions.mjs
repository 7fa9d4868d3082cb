// Installs the newest Node.js of one major version beside the one in use and prints the path of its binary, so that
// the specs can run on each supported version: `node scripts/node-versions.mjs 24`.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import './run.mjs'

const major = process.argv[2]
if (!/^\d+$/.test(major ?? '')) throw new Error('usage: node scripts/node-versions.mjs MAJOR')
const name = `node-${process.platform}-${process.arch}`
const folder = `build/node-${major}`
const binary = resolve(folder, 'node_modules', name, 'bin/node')
if (!existsSync(binary)) {
  mkdirSync(folder, { recursive: true })
  const install = [
    'install',
    '--prefix',
    folder,
    '--no-save',
    '--no-package-lock',
    '--loglevel=error',
    `${name}@${major}`,
  ]
  execFileSync('npm', install, { stdio: ['ignore', 'ignore', 'inherit'] })
}
console.log(binary)
