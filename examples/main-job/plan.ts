/**
 * What both processes of the demo are told: where to meet, what kind of sockets to use, and the data to look for.
 */

export type Family = 'inet' | 'inet6'

export interface Plan {
  /** Where A listens. */
  path: string
  /** Random: what A reads with this in it was sent by B just now. */
  nonce: string
  /** Raw ICMP sockets; otherwise UDP. */
  raw: boolean
  /** Of the two sockets. */
  families: [Family, Family]
  /** Whom A is to become; null: it cannot become anybody else. */
  user: number | null
}

export const LOOPBACK = { inet: '127.0.0.1', inet6: '::1' } as const
export const PROTOCOL = { inet: 'icmp', inet6: 'icmp6' } as const

const PAYLOAD_SIZE = 56

/** As many bytes as ping(8) sends. */
export function payloadOf({ nonce }: Plan): Buffer {
  return Buffer.alloc(PAYLOAD_SIZE, `ancillary ${nonce} `)
}
