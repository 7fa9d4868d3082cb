// Which glibc a native part needs: the newest of the versions that its symbols name. Fails when that is newer than the
// baseline, 2.17: `node scripts/baseline.mjs FILE...`. It reads the bytes, so that any processor's file can be judged anywhere.
import { readFileSync } from 'node:fs'

const baseline = 17
const files = process.argv.slice(2)
if (files.length === 0) throw new Error('usage: node scripts/baseline.mjs FILE...')
for (const file of files) {
  const names = readFileSync(file, 'latin1').matchAll(/\bGLIBC_2\.(\d+)(\.\d+)?\0/g)
  const newest = Math.max(...[...names].map(([, minor]) => Number(minor)))
  console.log(`${file}: glibc 2.${newest}`)
  if (!(newest <= baseline)) process.exitCode = 1
}
