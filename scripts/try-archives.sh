#!/bin/sh
# Installs the packed packages into an empty folder, without scripts, as a user would, and sends a descriptor: the last test of
# the very files that are published. `scripts/try-archives.sh FOLDER`; it needs node and npm and nothing else.
set -eu
archives=$(cd "$1" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
root=$(ls "$archives"/ancillary-[0-9]*.tgz)
platform=$(node -p '
  const libc = process.platform === "linux" ? (process.report.getReport().header.glibcVersionRuntime ? "gnu" : "musl") : ""
  const abi = process.arch === "arm" ? "eabihf" : "";
  [process.platform, process.arch, libc && libc + abi].filter(Boolean).join("-")')
npm install --ignore-scripts --no-audit --no-fund --offline "$root" "$archives/ancillary-$platform"-[0-9]*.tgz
cat >program.cjs <<'PROGRAM'
const { pair } = require('ancillary')
const { openSync } = require('node:fs')
async function main() {
  const [left, right] = pair('stream', { maxFds: 1 })
  await left.send('hello', { fds: [openSync('/dev/null')] })
  const message = await right.recv()
  const [received] = message.takeFds(1)
  if (message.data.toString() !== 'hello' || received.kind !== 'char-device') throw new Error('not what was sent')
  received.close()
  left.close()
  right.close()
  console.log('sent a descriptor')
}
main()
PROGRAM
node program.cjs
