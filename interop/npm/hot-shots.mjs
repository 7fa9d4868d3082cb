// The package hot-shots as its users write it: metrics over a datagram socket, which it asks the package unix-dgram for.
import { StatsD } from 'hot-shots'

const statsd = new StatsD({
  protocol: 'uds',
  path: process.env.SOCK,
  prefix: 'app.',
  globalTags: { nonce: process.env.NONCE },
  // A datagram for each metric, and patience with a receiver that is full.
  maxBufferSize: 0,
  udsRetryOptions: { retries: 100, retryDelayMs: 10, maxRetryDelayMs: 50 },
})
await sent((done) => statsd.increment('started', done))
await sent((done) => statsd.timing('request', 42, { route: '/' }, done))
await sent((done) => statsd.gauge('open', 7, done))
await sent((done) => statsd.set('users', 'ada', done))
await sent((done) => statsd.event('title', 'x'.repeat(Number(process.env.TEXT)), {}, done))
const many = Array.from({ length: Number(process.env.MANY) }, (_, index) => index)
const sending = many.map((index) => sent((done) => statsd.gauge('many', index, done)))
// From now on the receiver reads.
console.log('all on their way')
await Promise.all(sending)
await sent((done) => statsd.close(done))
console.log(JSON.stringify({ pid: process.pid }))

function sent(start) {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())))
}
