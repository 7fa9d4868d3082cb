// What each runtime cannot do, by spec file, with the reason. A text alone: the whole file is not run, because its subject is not
// there. `'*'`: what fails in it counts as refused for that reason, and what passes has passed; `?TITLE`: the same for that test. A title: that test must fail; when
// it passes, this list is wrong, and test-runtimes.mjs says so.
const AVA = 'the spec needs what only ava or Node.js has'
const bun = {
  http: "Bun's http servers take no connections but their own",
  net: 'Bun makes a net.Socket of a descriptor, and nothing ever comes out of it',
  own: 'Bun opens descriptors of its own in the middle of it, which the spec counts',
  fields: 'Bun keeps the descriptor of this object where nobody can see it',
  hidden: 'Bun shows no descriptor of an http server and its connections: ERR_UNSUPPORTED_PLATFORM',
  child: "Bun's streams of a child are no sockets, and show no descriptor",
  udp: 'Bun makes no dgram.Socket of a descriptor: ERR_UNSUPPORTED_PLATFORM',
  tty: "Bun's streams of terminals neither write nor close: ERR_UNSUPPORTED_PLATFORM",
  pipe: 'Bun ends what a socket is piped into when the socket is destroyed',
  tls: "Bun's TLS over a duplex loses what comes after it has ended its own side",
  late: 'an error of the test before, which was refused, comes late',
}
const deno = {
  hidden: 'Deno shows no descriptor of what it makes of TCP, UDP and terminals: ERR_UNSUPPORTED_PLATFORM',
  fs: "Deno's fs knows only descriptors that it has opened itself: ERR_UNSUPPORTED_PLATFORM",
  udp: 'Deno makes no dgram.Socket of a descriptor: ERR_UNSUPPORTED_PLATFORM',
  ahead: 'Deno reads nothing ahead for a socket that is paused before anybody listens, and the spec waits for that',
  keep: "Deno's http server ends a connection that is no socket of its own after one answer",
  worker: 'Deno does not clean up the native part at the end of a worker: what was open there stays open',
  inherited:
    'what Deno gives to a child that is Deno belongs to the fs there (DENO_EXTRA_STDIO_FDS): adopted, it has another number',
  first: 'a thread wakes Deno, and sockets of its own may come first',
}
/** A hook that counts what is left: a test that was refused in its middle has closed nothing. */
const LEFT = '?nothing is left behind'
const UNFINISHED = 'a test that was refused has left its objects open'

export const differences = {
  'node-thread': {},
  bun: {
    ...leavingSomething(bun.own, 'authorization-functions descriptor-internet identity-absent'),
    'authorization-servers': bun.http,
    'blocking-close': bun.net,
    'conversions-objects': {
      'an http server serves a connection that came as a descriptor': bun.net,
      'an http server sees the bytes first that were read before': bun.net,
      'an http server listens on a descriptor': bun.http,
      'allowHalfOpen says whether the end of the other side ends both': bun.net,
      'a UnixSocket becomes a net.Socket, and one of another type does not': bun.net,
      'what a conversion has taken is not closed by its first owner': bun.udp,
      [LEFT]: UNFINISHED,
    },
    credentials: {
      'req.socket of an HTTP server tells who asks': bun.hidden,
      '?a client process of user 0 is known by its pid, uid and gid': bun.late,
      [LEFT]: UNFINISHED,
    },
    detaching: {
      'a socket that is piped somewhere gives what that has not got, and does not end it': bun.pipe,
      'a connection goes on in another process, from the byte that nobody has seen': bun.net,
      'a descriptor that was taken is a duplicate with its own number, of the same connection': bun.net,
      [LEFT]: UNFINISHED,
    },
    'detaching-kinds': {
      'an http.Server on TCP goes on accepting through its descriptor, and its connections live on': bun.hidden,
      'a connection of an http.Server that idles between two requests lives on': bun.hidden,
      'the streams of a child give theirs, and the child does not notice': bun.child,
      [LEFT]: UNFINISHED,
    },
    'detaching-refusals': { '*': bun.fields },
    'duplex-fds': { '?those that nobody listens for are closed, with one warning': bun.own, [LEFT]: UNFINISHED },
    'duplex-like-net': "it compares with Node's net.Socket; Bun's has other events",
    'duplex-servers': {
      'an http server and an http client talk over duplexes, and keep their connection': bun.http,
      'large bodies pass both ways': bun.http,
      'a request can bring descriptors, and the server knows who asks': bun.http,
      'an upgrade hands the duplex over': bun.http,
      'a request that never ends is cut off, as in a server that listens': bun.http,
      'https over duplexes': bun.http,
      'TLS between two duplexes': bun.tls,
      'who may connect is judged before the server sees it': bun.http,
      [LEFT]: UNFINISHED,
    },
    errors: { '*': "it compares with the errors of Node's net; Bun's have another errno" },
    examples: { '*': bun.http },
    guide: { '*': bun.http },
    handoff: {
      'before ready() the old process serves, after it the successor, at the same two addresses at once': bun.hidden,
      'what is asked on a connection that was kept is answered with Connection: close, and that drains': bun.http,
      [LEFT]: UNFINISHED,
    },
    'handoff-connections': bun.http,
    'handoff-kept': bun.http,
    'handoff-load': bun.http,
    'handoff-types': {
      'a net.Socket (TCP) goes with the bytes that Node had read, and then those of the kernel': bun.net,
      'a net.Socket (TCP) goes with a megabyte unread, of which the kernel has the most': bun.net,
      'a net.Socket (Unix) goes with the bytes that Node had read, and then those of the kernel': bun.net,
      'a net.Socket (Unix) goes with a megabyte unread, of which the kernel has the most': bun.net,
      'a net.Socket that flows goes without losing what comes meanwhile': bun.net,
      'an http.Server goes as its listening socket, and its open connections are served here to their end': bun.http,
      'a dgram.Socket goes with its port': bun.udp,
      '?a UnixSocket (stream) goes, with what the kernel holds for it': bun.late,
      'a terminal goes with what its user has typed': bun.tty,
      'the stdio of a child goes: the child talks to the receiver': bun.child,
      [LEFT]: UNFINISHED,
    },
    readiness: {
      'promises and nextTick have run before the next callback of the same turn': bun.net,
      [LEFT]: UNFINISHED,
    },
    readme: { '*': bun.http },
    'seeds-qnx-messages': { '*': bun.own },
    source: { '*': bun.fields },
    'systemd-examples': bun.http,
    'systemd-listen': { 'a passed TCP listener becomes an http server': bun.http, [LEFT]: UNFINISHED },
  },
  deno: {
    'conversions-objects': {
      'a child writes to a descriptor that is its standard output': deno.fs,
      'what a conversion has taken is not closed by its first owner': deno.udp,
      [LEFT]: UNFINISHED,
    },
    credentials: {
      'a connected TCP socket has no identity to give: ERR_NO_IDENTITY': deno.hidden,
      'a UDP socket has no identity to give: ERR_NO_IDENTITY': deno.hidden,
    },
    detaching: {
      'the descriptor of a socket that was accepted over tcp is taken, and its peer goes on': deno.hidden,
      'the descriptor of a socket that was connected over tcp is taken, and its peer goes on': deno.hidden,
      'bytes that Node has read over unix come along, and what follows is in the kernel': deno.ahead,
      'bytes that Node has read over tcp come along, and what follows is in the kernel': deno.ahead,
      'a mebibyte over tcp to a flowing socket that was paused arrives whole, and once': deno.hidden,
      'the end that Node has not told yet is read from the descriptor': deno.ahead,
      'a connection goes on in another process, from the byte that nobody has seen': deno.ahead,
      [LEFT]: UNFINISHED,
    },
    'detaching-kinds': {
      'a net.Server on TCP goes on accepting through its descriptor, and its connections live on': deno.hidden,
      'an http.Server on TCP goes on accepting through its descriptor, and its connections live on': deno.hidden,
      'a connection of an http.Server that idles between two requests lives on': deno.hidden,
      'a dgram.Socket gives its descriptor, and is closed': deno.hidden,
      [LEFT]: UNFINISHED,
    },
    'duplex-servers': {
      'an http server and an http client talk over duplexes, and keep their connection': deno.keep,
      [LEFT]: UNFINISHED,
    },
    handoff: {
      'a successor that gives up changes nothing: onFailed is told, and the next one succeeds': deno.hidden,
      [LEFT]: UNFINISHED,
    },
    'handoff-types': {
      'a net.Socket (TCP) goes with the bytes that Node had read, and then those of the kernel': deno.hidden,
      'a net.Socket (TCP) goes with a megabyte unread, of which the kernel has the most': deno.hidden,
      'a net.Server on TCP goes: its port answers from there, and a client that waited is served': deno.hidden,
      'a dgram.Socket goes with its port': deno.hidden,
      'a FileHandle, an OwnedFd and a number go, each with its position': deno.fs,
      'streams of fs go, a ReadStream with what it had read': deno.fs,
      'a terminal goes with what its user has typed': deno.hidden,
      [LEFT]: UNFINISHED,
    },
    readiness: { '?promises and nextTick have run before the next callback of the same turn': deno.first },
    'systemd-listen': {
      'passed descriptors come in their order, with their names, once': deno.inherited,
      'closed and owned descriptors are errors, and then none is taken': deno.inherited,
      'a passed TCP listener becomes an http server': deno.hidden,
      [LEFT]: UNFINISHED,
    },
    workers: {
      '15 workers terminated amid receives that wait leave no descriptor and no file': deno.worker,
      '15 workers terminated amid accepts that wait, on a path that is then gone leave no descriptor and no file':
        deno.worker,
      '15 workers terminated amid sends that are queued with descriptors leave no descriptor and no file': deno.worker,
      '15 workers terminated amid reads on threads leave no descriptor': deno.worker,
      'a worker that ends by itself with sockets open closes them, and its peers see the end': deno.worker,
      [LEFT]: deno.worker,
    },
  },
}

function leavingSomething(reason, files) {
  return Object.fromEntries(files.split(' ').map((file) => [file, { [LEFT]: reason }]))
}

// Files about the tools, not about the package.
for (const runtime of ['bun', 'deno']) {
  for (const file of ['contract', 'layering', 'bench-found', 'package']) differences[runtime][file] = AVA
}
