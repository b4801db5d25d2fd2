/** The manifest that the peer sends to a runtime under test: the addresses and the expectations. */
export interface Manifest {
  readonly clerk: Clerk
  /** Responds according to the path: `/<runtime>/<scene>/<detail>/<call>`. */
  readonly faultServer: string
  /** Another such address for one case alone, which can then predict the next connection. */
  readonly quiet: string
  /** Every fault of a connection or a response, and the expected outcome on this runtime. */
  readonly faults: ReadonlyArray<FaultCase>
  /** Addresses where no connection can be made. */
  readonly unreachable: ReadonlyArray<Unreachable>
  readonly tokens: Tokens
  /** The same with TLS, where the runtime trusts the peer. */
  readonly secure?: Secure | undefined
}

export interface Secure {
  /** What the runtime speaks with a server that offers HTTP/2 as well as HTTP/1.1. */
  readonly protocol: "http/1.1" | "h2"
  /** The address of a server without faults. */
  readonly faultServer: string
  /** Whether the runtime may resend a read when the server closes its connection cleanly. */
  readonly resendsReads: boolean
  /** The address of a server that closes connections cleanly, for all its callers. */
  readonly closings: string
  readonly faults: ReadonlyArray<SecureFaultCase>
}

/** A fault on separate servers. Over HTTP/2 all requests to one server share a connection and its faults. */
export interface SecureFaultCase extends FaultCase {
  readonly faultServer: string
  /** Another server for one case alone. */
  readonly quiet: string
}

export type Outcome = Readonly<Record<string, unknown>>

/** A `GET`, a `PUT` and a `DELETE`, and a `POST` without a body. */
export type Resent = "read" | "put" | "delete" | "bare"

export interface FaultCase {
  readonly name: string
  readonly index: number
  readonly outcome: Outcome
  readonly again: "never" | "unless once" | "always"
  /** The server waits for the client to close the connection. */
  readonly closes: boolean
  /** The client notices it only by a timeout. */
  readonly isSlow: boolean
  /** The connection closes before there is a response. */
  readonly severs: boolean
  /** The requests that the runtime itself may resend before it reports a failure. */
  readonly resends: ReadonlyArray<Resent>
  /** A call can fail with the connection of another one, before its own request is sent. */
  readonly mayStayUnsent: boolean
  /** The requests that use a separate connection. */
  readonly unpooled: ReadonlyArray<Resent>
}

export interface Unreachable {
  readonly name: string
  readonly url: string
  readonly outcome: Outcome
}

/** The in-memory Clerk, on a socket. */
export interface Clerk {
  readonly url: string
  readonly secretKey: string
  readonly userId: string
  /** A template it has. */
  readonly template: string
  readonly browser: {
    readonly sessionId: string
    readonly expiredToken: string
    readonly refreshToken: string
    readonly origin: string
  }
}

export interface Tokens {
  readonly pem: string
  readonly issuer: string
  readonly publishableKey: string
  /** The name of the instance's own session cookie. */
  readonly sessionCookie: string
  readonly origin: string
  readonly userId: string
  readonly sessionId: string
  readonly good: string
  /** Valid for five seconds after the manifest was fetched. */
  readonly brief: string
  /** Tokens of another key, whose form and claims are valid. */
  readonly oddSignatures: {
    readonly pem: string
    readonly good: string
    readonly invalid: ReadonlyArray<{ readonly name: string; readonly token: string }>
  }
  /** Keys that `SigningKeys.layerPem` rejects. */
  readonly unfitKeys: ReadonlyArray<{ readonly name: string; readonly pem: string }>
  /** Whether the runtime verifies with `node:crypto`, and so without suspension. */
  readonly hasNodeCrypto: boolean
  /** Names a key that Clerk does not have. */
  readonly strange: string
  readonly refused: ReadonlyArray<{ readonly name: string; readonly token: string; readonly reason: string }>
}
