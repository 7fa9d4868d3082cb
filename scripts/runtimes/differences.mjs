// What each runtime cannot do, by spec file, with the reason. A text alone: the whole file is not run, because its subject is not
// there. `'*'`: what fails in it counts as refused for that reason, and what passes has passed; `?TITLE`: the same for that test. A title: that test must fail; when
// it passes, this list is wrong, and test-runtimes.mjs says so.
const AVA = 'the spec needs what only ava or Node.js has'
const bun = {
  http: "Bun's http servers take no connections but their own",
  net: 'Bun makes a net.Socket of a descriptor, and nothing ever comes out of it',
  own: 'Bun opens descriptors of its own in the middle of it, which the spec counts',
  fields: 'Bun keeps the descriptor of this object where nobody can see it',
}
const deno = {
  fs: "Deno's fs knows only descriptors that it has opened itself",
  own: 'Deno opens descriptors of its own in the middle of it, which the spec counts',
  fields: 'Deno keeps the descriptor of this object where nobody can see it',
  child: 'Deno starts a child with other arguments or descriptors than Node.js does',
}

export const differences = {
  'node-thread': {},
  bun: {
    ...leavingSomething(bun.own, 'authorization-functions descriptor-internet descriptor-reading identity-absent'),
    'authorization-servers': bun.http,
    'blocking-close': bun.net,
    conversions: { '*': bun.net },
    'conversions-objects': { '*': bun.net },
    credentials: { '*': bun.fields },
    detaching: { '*': bun.net },
    'detaching-kinds': { '*': bun.fields },
    'detaching-refusals': { '*': bun.fields },
    'duplex-fds': { '*': bun.own },
    'duplex-like-net': "it compares with Node's net.Socket; Bun's has other events",
    'duplex-servers': { '*': bun.http },
    errors: { '*': "it compares with the errors of Node's net; Bun's have another errno" },
    examples: { '*': bun.http },
    guide: { '*': bun.http },
    handoff: { '*': bun.http },
    'handoff-connections': bun.http,
    'handoff-kept': bun.http,
    'handoff-load': bun.http,
    'handoff-types': { '*': bun.net },
    names: { '*': "Bun's process.chdir fails beyond PATH_MAX, where the specs of long paths begin" },
    readiness: { '*': bun.net },
    readme: { '*': bun.http },
    'seeds-qnx-messages': { '*': bun.own },
    source: { '*': bun.fields },
    'systemd-examples': bun.http,
    'systemd-listen': { '*': bun.http },
    workers: { '*': 'Bun lets go of the descriptors of a terminated worker late' },
  },
  deno: {
    address: { '*': "Deno's fs does not show names that are not UTF-8" },
    credentials: { '*': deno.fields },
    detaching: { '*': deno.fields },
    'detaching-kinds': { '*': deno.fields },
    'detaching-refusals': { '*': deno.fields },
    'duplex-servers': { '*': "Deno's http client opens another connection than Node's" },
    ...sameFor(
      deno.fs,
      'conversions conversions-objects descriptor descriptor-reading descriptors-in-order duplex-fds fds-at-exact kinds lent ' +
        'memory-file message receiving-abort receiving-end receiving-limits sending sending-datagrams',
    ),
    ...leavingSomething(
      deno.own,
      'connect credentials-messages identity identity-claimed names names-mode process process-messages receiving sending-queue ' +
        'socket-states',
    ),
  },
}
function sameFor(reason, files) {
  return Object.fromEntries(files.split(' ').map((file) => [file, { '*': reason }]))
}

function leavingSomething(reason, files) {
  return Object.fromEntries(files.split(' ').map((file) => [file, { '?nothing is left behind': reason }]))
}

// Files about the tools, not about the package.
for (const runtime of ['bun', 'deno']) {
  for (const file of ['contract', 'layering', 'bench-found', 'package']) differences[runtime][file] = AVA
}
