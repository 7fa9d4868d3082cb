// Load of autocannon until it is told to end, and an account of every request. Knows an address, nothing of restarts.
import autocannon, { type Client, type Result } from 'autocannon'

/** What went wrong is to be 0 in each line. */
export interface Account {
  readonly served: number
  readonly processes: number
  readonly refused: number
  readonly reset: number
  /** Errors of another kind. */
  readonly failed: number
  readonly timeouts: number
  readonly non2xx: number
  /** Answers that are not those of our server. */
  readonly wrong: number
  /** Sent, and the connection ended without an answer. */
  readonly unanswered: number
}

/** Private parts of autocannon's client. */
interface ClientParts {
  _doRequest(): void
  _connect(): void
}

export class Load {
  readonly #instance: autocannon.Instance
  readonly #result: Promise<Result>
  readonly #pids = new Set<string>()
  readonly #errors = { refused: 0, reset: 0, failed: 0 }
  #unanswered = 0

  /** @param where A path, or a port. */
  constructor(where: string, connections: number) {
    const at = /^\d+$/.test(where) ? { url: `http://127.0.0.1:${where}` } : { url: 'http://server', socketPath: where }
    let done: (error: unknown, result: Result) => void = () => {}
    this.#result = new Promise((resolve, reject) => {
      done = (error, result) => (error ? reject(error) : resolve(result))
    })
    this.#instance = autocannon(
      {
        ...at,
        connections,
        duration: 3600,
        sampleInt: 100,
        setupClient: (client) => this.#watch(client),
        verifyBody: (body) => this.#verify(String(body)),
      },
      done,
    )
    this.#instance.on('reqError', (error) => this.#count(error))
  }

  /** Where a connection ends instead of an answer, autocannon says nothing: it is watched. */
  #watch(client: Client): void {
    const parts = client as unknown as ClientParts
    const { _doRequest: request, _connect: connect } = parts
    let waiting = 0
    client.on('response', () => waiting--)
    parts._connect = () => {
      this.#unanswered += waiting
      waiting = 0
      connect.call(client)
    }
    parts._doRequest = () => {
      waiting++
      request.call(client)
    }
  }

  #verify(body: string): boolean {
    const [, pid] = /^(\d+) \d+\n$/.exec(body) ?? []
    if (pid !== undefined) this.#pids.add(pid)
    return pid !== undefined
  }

  #count({ code }: { code?: string }): void {
    if (code === 'ECONNREFUSED' || code === 'ENOENT') this.#errors.refused++
    else if (code === 'ECONNRESET' || code === 'EPIPE') this.#errors.reset++
    else if (code !== undefined) this.#errors.failed++
  }

  /** Stops asking. Requests that are under way at this moment do not count. */
  async end(): Promise<Account> {
    this.#instance.stop()
    const { '2xx': served, timeouts, non2xx, mismatches: wrong } = await this.#result
    return {
      served,
      processes: this.#pids.size,
      ...this.#errors,
      timeouts,
      non2xx,
      wrong,
      unanswered: this.#unanswered,
    }
  }
}
