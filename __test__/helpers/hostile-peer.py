# The peer of hostile.ts: for each line of JSON, a script of things to do to a socket, it does them and tells of each what the
# kernel said. It sends descriptors of every kind, bytes out of band, and may end itself in the middle. It checks nothing.
import errno, json, os, random, select, signal, socket, struct, sys

TYPES = {'stream': socket.SOCK_STREAM, 'seqpacket': socket.SOCK_SEQPACKET, 'dgram': socket.SOCK_DGRAM}

# Kinds that a flood brings.
FLOOD = 'null pipe writing_end folder path memory terminal event poller process udp listening'.split()


def payload(number, size):
    return (b'#%d:' % number).ljust(size, bytes([97 + number % 26])) if size > 0 else b''


class Peer:
    def __init__(self):
        self.socket = None
        # What has to stay open until the script is over.
        self.held = []

    def connect(self, kind, path):
        self.close()
        self.socket = socket.socket(socket.AF_UNIX, TYPES[kind])
        self.socket.connect(path)

    def bind(self, kind, path):
        self.close()
        self.socket = socket.socket(socket.AF_UNIX, TYPES[kind])
        self.socket.bind(path)

    # The same socket; what it has not read is gone.
    def turn_to(self, path):
        self.socket.connect(path)

    # Until there is something to read, which stays there.
    def await_data(self):
        select.select([self.socket], [], [], 20)

    def say(self, text):
        self.socket.send(text.encode())

    # So many messages, each with 0 to `most` descriptors of many kinds; who accepts none gets the bytes alone.
    def flood(self, count, size, seed, most=253):
        chance = random.Random(seed)
        pool = [fd for kind in FLOOD for fd in getattr(self, 'make_' + kind)()[1]]
        fds = chance.choices(pool, k=512)
        for number in range(count):
            start, some = chance.randrange(253), chance.randrange(most + 1)
            try:
                self.transmit(payload(number, size), fds[start:start + some])
            except PermissionError:
                self.transmit(payload(number, size), [])
        for fd in pool:
            os.close(fd)

    def send(self, number, size, kinds):
        fds, ours = [], []
        for kind in kinds:
            fd, more = getattr(self, 'make_' + kind)()
            fds.append(fd)
            ours += more
        try:
            self.transmit(payload(number, size), fds)
        finally:
            for fd in ours:
                os.close(fd)

    def transmit(self, data, fds):
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack('%di' % len(fds), *fds))] if fds else []
        taken = self.socket.sendmsg([data], control)
        if taken < len(data):
            self.socket.sendall(data[taken:])

    # Control messages that nobody in his senses sends: an empty list of descriptors, half a number, a level that does not exist.
    def odd(self, number, size, which):
        level, kind, data = [
            (socket.SOL_SOCKET, socket.SCM_RIGHTS, b''),
            (socket.SOL_SOCKET, socket.SCM_RIGHTS, b'\0\0\0'),
            (12345, 1, b'x' * 40),
        ][which]
        self.socket.sendmsg([payload(number, size)], [(level, kind, data)])

    def urgent(self):
        self.socket.send(b'!', socket.MSG_OOB)

    def shutdown(self, how):
        self.socket.shutdown({'read': socket.SHUT_RD, 'write': socket.SHUT_WR, 'both': socket.SHUT_RDWR}[how])

    # At most what has come by now.
    def read(self):
        self.socket.setblocking(False)
        try:
            self.socket.recv(65536)
        finally:
            self.socket.setblocking(True)

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def kill(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def over(self):
        self.close()
        for one in self.held:
            one.close()
        self.held = []

    # Each of these returns a descriptor and all that are to be closed once it has been sent.
    def make_null(self):
        fd = os.open('/dev/null', os.O_RDWR)
        return fd, [fd]

    def make_pipe(self):
        pair = list(os.pipe())
        return pair[0], pair

    def make_writing_end(self):
        pair = list(os.pipe())
        return pair[1], pair

    def make_folder(self):
        fd = os.open('/', os.O_RDONLY | os.O_DIRECTORY)
        return fd, [fd]

    def make_path(self):
        fd = os.open('/etc/passwd', os.O_PATH)
        return fd, [fd]

    def make_memory(self):
        fd = os.memfd_create('hostile')
        os.ftruncate(fd, 1 << 20)
        return fd, [fd]

    def make_terminal(self):
        pair = list(os.openpty())
        return pair[1], pair

    def make_event(self):
        fd = os.eventfd(0) if hasattr(os, 'eventfd') else os.memfd_create('hostile')
        return fd, [fd]

    def make_poller(self):
        poller = select.epoll()
        fd = os.dup(poller.fileno())
        poller.close()
        return fd, [fd]

    def make_process(self):
        fd = os.pidfd_open(os.getpid()) if hasattr(os, 'pidfd_open') else os.memfd_create('hostile')
        return fd, [fd]

    def make_udp(self):
        fd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM).detach()
        return fd, [fd]

    def make_listening(self):
        one = socket.socket(socket.AF_UNIX)
        one.bind('')
        one.listen()
        fd = one.detach()
        return fd, [fd]

    # The very socket that it travels through.
    def make_itself(self):
        return self.socket.fileno(), []

    # A socket in whose queue there are descriptors, and its own other end.
    def make_nested(self):
        left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        for fd in [right.fileno(), left.fileno(), sys.stdin.fileno()]:
            left.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack('i', fd))])
        pair = [left.detach(), right.detach()]
        return pair[1], pair

    # Whoever closes it last waits for a second, because nobody reads what it has to send.
    def make_lingering(self):
        with socket.create_server(('127.0.0.1', 0)) as server:
            client = socket.create_connection(server.getsockname())
            self.held.append(server.accept()[0])
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 1))
        client.setblocking(False)
        try:
            while client.send(bytes(65536)):
                pass
        except BlockingIOError:
            pass
        fd = client.detach()
        return fd, [fd]


def perform(peer, name, values):
    try:
        getattr(peer, name)(*values)
        return None
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    except AttributeError:
        # Its connection has failed before.
        if peer.socket is None:
            return 'ENOTCONN'
        raise


peer = Peer()
for line in sys.stdin:
    for name, *values in json.loads(line):
        # What was told before a kill must have left.
        if name == 'kill':
            print(json.dumps('killed'), flush=True)
        print(json.dumps(perform(peer, name, values)), flush=True)
    peer.over()
    print(json.dumps('over'), flush=True)
